"""The rows of each section of a coverage report: numbers as text, before any format draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from scaling_cli.numbers.format import MISSING, escape, figure, flops, percent, rounded
from scaling_cli.report.pages.page import Section, group_columns
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.coverage import CoverageResult, Purchase
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Report

CoverageReport: TypeAlias = Report[CoverageResult]
Row: TypeAlias = tuple[str, ...]
Rows: TypeAlias = Callable[[CoverageResult], Iterator[Row]]


def sections(report: CoverageReport) -> list[Section]:
    """Title and rows of each part of the report that has any."""
    results = report.results
    interval = f"{percent(results[0].level, 4)} interval" if results else "interval"
    parts: list[tuple[str, Row, Rows]] = [
        ("Coverage", ("k", "coverage", interval, "error over problems", "over attempts"), _coverage),
        *([("All of k succeed (pass^k)", ("k", "share"), _all_succeed)] if report.options.get("all_succeed") else []),
        ("Laws", ("law", "parameter", "estimate", interval), _laws),
        ("Forecast", ("k", "law", "coverage", interval), _forecasts),
        ("Track record on this log", ("law", "fitted to", "scored at", "mean error", "mean size"), _records),
        ("Choosing one attempt", ("k", "method", "accuracy", interval, "coverage"), _selections),
        ("Verifier as assumed", ("accepts correct", "accepts wrong", "ceiling", "unsolvable that pass"), _verifier),
        ("Budgets (* by forecast)", ("question", "k", "coverage", interval, "cost", "best"), _budgets),
        ("Paired differences", ("less", "k", "problems", "difference", interval, "verdict"), _comparisons),
        ("Mixes", ("with", "budget", "k", "k of it", "coverage", "alone", "it alone"), _mixes),
        ("Exchange of training for attempts", ("k", "times", "attempts", "coverage"), _exchanges),
    ]
    if len(results) > 1:
        parts.insert(0, ("Data", ("problems", "attempts", "never solved", "design"), _data))
    found = []
    for title, header, rows_of in parts:
        keys = group_columns(report)
        rows = [
            (*(escape(result.group.get(key, "")) for key in keys), *row)
            for result in results
            for row in rows_of(result)
        ]
        if rows:
            sheet = Sheet((*(escape(key) for key in keys), *header), tuple(rows), symbols=-1)
            found.append(Section(title, _trimmed(sheet, len(keys))))
    return found


def _trimmed(sheet: Sheet, keys: int) -> Sheet:
    """The sheet without columns in which no row has anything."""
    keep = [i for i in range(len(sheet.header)) if i < keys or any(row[i] not in ("", MISSING) for row in sheet.rows)]
    return Sheet(
        tuple(sheet.header[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in sheet.rows), sheet.symbols
    )


def _data(result: CoverageResult) -> Iterator[Row]:
    attempts = result.attempts
    span = f"{attempts.min:,}" if attempts.min == attempts.max else f"{attempts.min:,} to {attempts.max:,}"
    yield f"{result.problems:,}", span, f"{result.unsolved:,}", design(result)


def _pair(estimate: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    shown = rounded(Estimate(estimate, low, high))
    return shown.estimate, shown.interval


def _coverage(result: CoverageResult) -> Iterator[Row]:
    for row in result.coverage:
        problems, attempts = figure(row.se_problems, 3), figure(row.se_attempts, 3)
        yield f"{row.k:,}", *_pair(row.estimate, row.low, row.high), problems, attempts


def _all_succeed(result: CoverageResult) -> Iterator[Row]:
    for row in result.coverage:
        if row.all_succeed is not None:
            yield f"{row.k:,}", figure(row.all_succeed)


def _laws(result: CoverageResult) -> Iterator[Row]:
    for name, law in result.fits.items():
        lead = name
        for parameter, value in law.parameters.items():
            yield lead, parameter, *_pair(value.estimate, value.low, value.high)
            lead = ""
        yield "", f"slope, k {law.slope.start:,} to {law.slope.end:,}", figure(law.slope.estimate), ""
        if law.dropped:
            yield "", "points left out, near 0 or 1", str(law.dropped), ""
        if law.p_value is not None:
            yield "", "p-value of none unsolvable", figure(law.p_value, 2), ""


def _forecasts(result: CoverageResult) -> Iterator[Row]:
    if all(row.low is None for row in result.forecast):
        return  # a caveat says why, and empty rows would say nothing
    for row in result.forecast:
        yield f"{row.k:,}", row.law, *_pair(row.estimate, row.low, row.high)


def _records(result: CoverageResult) -> Iterator[Row]:
    for row in result.backtest:
        yield row.law, f"{row.trained:,}", f"{row.held_out:,}", _signed(row.bias), figure(row.mean_absolute_error, 2)


def _signed(value: float | None) -> str:
    return MISSING if value is None else f"{'+' if value > 0 else ''}{figure(value, 2)}"


def _selections(result: CoverageResult) -> Iterator[Row]:
    for row in result.selection:
        yield f"{row.k:,}", row.method, *_pair(row.estimate, row.low, row.high), figure(row.oracle)


def _verifier(result: CoverageResult) -> Iterator[Row]:
    if result.verifier is not None:
        rates = result.verifier
        shares = (rates.true_positive, rates.false_positive, rates.ceiling, rates.floor)
        yield tuple(figure(share) for share in shares)


def _budgets(result: CoverageResult) -> Iterator[Row]:
    for row in result.budgets:
        most = result.attempts.min if result.batch is None else result.attempts.max
        # An end beyond what any forecast reaches is more than a hundred times the attempts.
        most = 100 * most if row.is_forecast else most
        is_refused = row.is_forecast and row.k is not None and row.coverage == Estimate(None)
        bought = _whole(row.k, most) + ("*" if row.is_forecast and row.k is not None and not is_refused else "")
        if row.question == "target":
            bought += f" [{_whole(row.k_low, most)}, {_whole(row.k_high, most)}]"
        coverage = _pair(row.coverage.estimate, row.coverage.low, row.coverage.high)
        coverage = ("not forecast", MISSING) if is_refused else coverage
        best = percent(row.best_probability) if row.best_probability is not None else ""
        yield _question(row), bought, *coverage, _cost(row, result), best


def _whole(value: int | None, most: int) -> str:
    """A number of attempts; one that the attempts made do not show is more than they are."""
    return f"> {most:,}" if value is None else f"{value:,}"


def _question(row: Purchase) -> str:
    stop = ", stopping" if row.policy == "stop" else ""
    if row.question in ("target", "marginal"):
        word = "reach" if row.question == "target" else "gain at least"
        return f"{word} {figure(row.amount)}{stop}"
    word = "budget" if row.question == "budget" else "solved is worth"
    return f"{word} {money(row.amount, row.unit)}{stop}"


def money(amount: float, unit: str) -> str:
    """An amount with its unit."""
    return f"{flops(amount)} FLOPs" if unit == "flops" else f"{figure(amount)} USD"


def _cost(row: Purchase, result: CoverageResult) -> str:
    if row.cost is None:
        return MISSING
    unit = row.unit if row.unit in ("usd", "flops") else _unit_of(result)
    return money(row.cost, unit)


def _unit_of(result: CoverageResult) -> str:
    """The unit that a question about coverage is priced in: that of the other questions, or the size of its cost."""
    named = [row.unit for row in result.budgets if row.unit in ("usd", "flops")]
    sizes = [row.cost for row in result.budgets if row.cost is not None]
    return named[0] if named else "flops" if sizes and max(sizes) > 1e6 else "usd"


def _comparisons(result: CoverageResult) -> Iterator[Row]:
    for row in result.comparisons:
        value = row.difference
        shown = _pair(value.estimate, value.low, value.high)
        yield escape(row.other), f"{row.k:,}", f"{row.problems:,}", *shown, row.verdict


def _mixes(result: CoverageResult) -> Iterator[Row]:
    for row in result.mixes:
        shares = (figure(row.coverage), figure(row.alone), figure(row.other_alone))
        yield escape(row.other), money(row.budget, row.unit), f"{row.k:,}", f"{row.other_k:,}", *shares


def _exchanges(result: CoverageResult) -> Iterator[Row]:
    for row in result.exchange:
        yield f"{row.k:,}", figure(row.factor), f"{row.attempts:,}", figure(row.coverage)


def design(result: CoverageResult) -> str:
    """How attempts were made, with the size of a batch where they stopped at a success."""
    return result.design if result.batch is None else f"{result.design} in batches of {result.batch:,}"
