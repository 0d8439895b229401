"""The tables of `scaling inference-coverage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from scaling_cli.analysis.coverage.printed import COMBINED
from scaling_cli.numbers.format import MISSING, asked, decimal, figure, percent, rounded, signed
from scaling_cli.report.pages.page import Section, group_cells, group_columns, group_headings
from scaling_cli.report.pages.sheet import Cells, Column, Sheet, numbers, words
from scaling_cli.results.coverage import CoverageResult, Purchase
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Report
from scaling_cli.sentences.inference_coverage import money, turn_words, unit_of

CoverageReport: TypeAlias = Report[CoverageResult]
Rows: TypeAlias = Callable[[CoverageResult], Iterator[Cells]]

DETAILS = ("Data", "Laws", "Forecasts of each law", "Track record on this log")
SPLITS = "Best solutions and verifications per problem (budget in solutions)"
ALL_SUCCEED = "All of k succeed (pass^k)"


def sections(report: CoverageReport) -> list[Section]:
    """Every table of the report that has rows; with several groups, each row starts with its group."""
    results = report.results
    interval = f"{percent(results[0].level, 4)} interval" if results else "interval"
    tables = _tables(Column(interval, "interval"))
    if len(results) < 2:
        tables.pop("Data")
    if not report.options.get("all_succeed"):
        tables.pop(ALL_SUCCEED)
    made = [
        Section(title, _sheet(report, columns, rows_of), is_detail=title in DETAILS)
        for title, (columns, rows_of) in tables.items()
    ]
    return [section for section in made if section.sheet.rows]


def _tables(interval: Column) -> dict[str, tuple[tuple[Column, ...], Rows]]:
    """Title, columns and rows of each table, in the order in which to read them."""
    k, law, coverage = numbers("k"), words("law"), (Column("coverage", "number", is_bold=True), interval)
    errors = (Column(name, "number", is_detail=True) for name in ("error over problems", "over attempts"))
    return {
        "Data": ((*numbers("problems", "attempts", "never solved"), *words("design")), _data),
        "Coverage": ((*k, *coverage, *errors), _coverage),
        ALL_SUCCEED: ((*k, *numbers("share")), _all_succeed),
        "Forecast": ((*k, *coverage), _combined),
        "Laws": ((*law, *words("parameter"), *numbers("estimate"), interval), _laws),
        "Forecasts of each law": ((*k, *law, *coverage), _forecasts),
        "Track record on this log": (
            (*law, *numbers("fitted to", "scored at", "mean error", "mean absolute error")), _backtest),
        "Choosing one attempt": (
            (*k, *words("method"), *numbers("accuracy"), interval, *coverage[:1]), _selections),
        "Assumed verifier": (
            numbers("accepts correct", "accepts wrong", "ceiling", "accepts at unsolvable"), _verifier),
        "Budgets (* from a forecast)": (
            (*words("question"), Column("k", "estimate"), *coverage, *numbers("cost", "best")), _budgets),
        "Paired differences": (
            (*words("minus"), *numbers("k", "problems", "difference"), interval, *words("verdict")), _comparisons),
        "Mixes": (
            (*words("other"), *numbers("budget", "k", "other's k", "coverage", "alone", "other alone")), _mixes),
        "Attempts for the compute of a larger model": (
            (*numbers("k", "times larger", "attempts", "coverage"), *words("larger model"), *numbers("its coverage"),
             *numbers("difference"), interval, *words("better"),
             Column("larger model better above", "estimate")), _exchanges),
        SPLITS: (
            (*numbers("budget"), Column("solutions", "estimate"), Column("verifications of each", "estimate"),
             Column("accuracy", "estimate"), *words("at an end")), _splits),
        "Where coverage curves cross": (
            (*words("other"), *numbers("k"), interval, *words("higher before")), _crossings),
    }  # fmt: skip


def _sheet(report: CoverageReport, columns: tuple[Column, ...], rows_of: Rows) -> Sheet:
    """The rows of all groups, without columns that are empty in all of them."""
    keys = group_columns(report)
    rows = ((*group_cells(keys, result), *row) for result in report.results for row in rows_of(result))
    return Sheet((*group_headings(keys), *columns), tuple(rows)).without_empty(empty=("", MISSING))


def _splits(result: CoverageResult) -> Iterator[Cells]:
    for row in result.split.budgets if result.split else ():
        values = (rounded(value).whole for value in (row.solutions, row.verifications, row.accuracy))
        asked = "" if row.amount is None else f" ({money(row.amount, row.unit)})"
        yield f"{figure(row.budget, 3)}{asked}", *values, f"{row.end} solutions" if row.end else ""


def _data(result: CoverageResult) -> Iterator[Cells]:
    attempts = result.attempts
    span = f"{attempts.min:,}" if attempts.min == attempts.max else f"{attempts.min:,} to {attempts.max:,}"
    yield f"{result.problems:,}", span, f"{result.unsolved:,}", design(result)


def _pair(estimate: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    shown = rounded(Estimate(estimate, low, high))
    return shown.estimate, shown.interval


def _coverage(result: CoverageResult) -> Iterator[Cells]:
    for row in result.coverage:
        problems, attempts = decimal(row.se_problems, 4), decimal(row.se_attempts, 4)
        estimate, interval = _pair(row.estimate, row.low, row.high)
        if row.estimate is None and row.low is not None:  # bounds, which say nothing of other problems
            estimate, interval = interval.strip("[]").replace(", ", " to "), MISSING
        yield f"{row.k:,}", estimate, interval, problems, attempts


def _all_succeed(result: CoverageResult) -> Iterator[Cells]:
    for row in result.coverage:
        if row.all_succeed is not None:
            yield f"{row.k:,}", figure(row.all_succeed)


def _laws(result: CoverageResult) -> Iterator[Cells]:
    for name, law in result.fits.items():
        lead = name
        for parameter, value in law.parameters.items():
            yield lead, parameter, *_pair(value.estimate, value.low, value.high)
            lead = ""
        yield "", f"slope, k {law.slope.start:,} to {law.slope.end:,}", figure(law.slope.estimate), ""
        if law.dropped:
            yield "", "points left out, near 0 or 1", str(law.dropped), ""
        if law.p_value is not None:
            yield "", "p-value for no unsolvable problems", figure(law.p_value, 2), ""


def _combined(result: CoverageResult) -> Iterator[Cells]:
    for row in result.forecast:
        if row.law == COMBINED and row.low is not None:
            yield f"{row.k:,}", *_pair(row.estimate, row.low, row.high)


def _forecasts(result: CoverageResult) -> Iterator[Cells]:
    if all(row.low is None for row in result.forecast):
        return  # a caveat says why, and empty rows would say nothing
    for row in result.forecast:
        yield f"{row.k:,}", row.law, *_pair(row.estimate, row.low, row.high)


def _backtest(result: CoverageResult) -> Iterator[Cells]:
    for row in result.backtest:
        yield row.law, f"{row.trained:,}", f"{row.held_out:,}", signed(row.bias, 3), decimal(row.mean_absolute_error, 3)


def _selections(result: CoverageResult) -> Iterator[Cells]:
    for row in result.selection:
        yield f"{row.k:,}", row.method, *_pair(row.estimate, row.low, row.high), figure(row.oracle)


def _verifier(result: CoverageResult) -> Iterator[Cells]:
    if result.verifier is not None:
        rates = result.verifier
        shares = (rates.true_positive, rates.false_positive, rates.ceiling, rates.floor)
        yield tuple(figure(share) for share in shares)


def _budgets(result: CoverageResult) -> Iterator[Cells]:
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
    """A number of attempts; None means more than the attempts made."""
    return f"> {most:,}" if value is None else f"{value:,}"


def _question(row: Purchase) -> str:
    stop = ", stopping" if row.policy == "stop" else ""
    if row.question in ("target", "marginal"):
        word = "reach" if row.question == "target" else "gain at least"
        return f"{word} {asked(row.amount)}{stop}"
    word = "budget" if row.question == "budget" else "a solution is worth"
    return f"{word} {money(row.amount, row.unit)}{stop}"


def _cost(row: Purchase, result: CoverageResult) -> str:
    if row.cost is None:
        return MISSING
    unit = row.unit if row.unit in ("usd", "flops") else unit_of(result)
    return money(row.cost, unit)


def _comparisons(result: CoverageResult) -> Iterator[Cells]:
    for row in result.comparisons:
        value = row.difference
        shown = _pair(value.estimate, value.low, value.high)
        yield row.other, f"{row.k:,}", f"{row.problems:,}", *shown, row.verdict


def _mixes(result: CoverageResult) -> Iterator[Cells]:
    for row in result.mixes:
        shares = (figure(row.coverage), figure(row.alone), figure(row.other_alone))
        yield row.other, money(row.budget, row.unit), f"{row.k:,}", f"{row.other_k:,}", *shares


def _exchanges(result: CoverageResult) -> Iterator[Cells]:
    for row in result.exchange:
        difference = row.difference or Estimate(None)
        shown = _pair(difference.estimate, difference.low, difference.high)
        size = figure(row.factor if not row.against else row.model_ratio)
        yield (
            f"{row.k:,}", size, f"{row.attempts:,}", figure(row.coverage), row.against, figure(row.other),
            *shown, row.verdict or MISSING, turn_words(row),
        )  # fmt: skip


def _crossings(result: CoverageResult) -> Iterator[Cells]:
    for row in result.crossings:
        if row.k is None:
            yield row.other, MISSING, f"not up to k = {row.up_to:,}", row.leads or MISSING
            continue
        low = "1" if row.k.low is None else figure(row.k.low, 3)
        high = f"beyond {row.up_to:,}" if row.k.high is None else figure(row.k.high, 3)
        yield row.other, figure(row.k.estimate, 3), f"[{low}, {high}]", row.leads


def design(result: CoverageResult) -> str:
    """How attempts were made, with the size of a batch where they stopped at a success."""
    return result.design if result.batch is None else f"{result.design} in batches of {result.batch:,}"
