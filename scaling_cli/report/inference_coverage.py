"""What `scaling inference-coverage` found, in every format: sections of rows first, drawing after.

A report is a few facts and a few sections, each a sheet of text with a title: coverage, laws, forecasts, track record,
and whatever was asked about verifiers and budgets. With several groups, each row starts with its group.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from scaling_cli.analysis.coverage_laws import COMBINED
from scaling_cli.coverage.result import Backtest, CoverageResult, Purchase
from scaling_cli.document.report import Report
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.fitting.result import Estimate
from scaling_cli.report.look import Look
from scaling_cli.report.notes import caveat_lines, failure_lines
from scaling_cli.report.numbers import MISSING, escape, figure, flops, group_name, percent, rounded
from scaling_cli.report.sheet import Sheet, aligned, latex, markdown, markdown_text

FORMATS = ("table", "plain", "json", "jsonl", "csv", "md", "latex")
CoverageReport: TypeAlias = Report[CoverageResult]
Row: TypeAlias = tuple[str, ...]
Rows: TypeAlias = Callable[[CoverageResult], Iterator[Row]]


def render(report: CoverageReport, format: str, *, look: Look, draws: bool = True) -> str:
    """The results as text that ends in a newline; `render_notes` has what is left to say.

    Raises:
        UsageError: There is no such format.
    """
    if format == "json":
        return to_json(report, draws=draws)
    if format == "jsonl":
        return "".join(line + "\n" for line in to_json_lines(report))
    if format == "csv":
        return tidy_csv(report)
    if format == "table":
        from scaling_cli.report.inference_coverage_table import coverage_table

        return coverage_table(report, look)
    if format == "plain":
        return facts_text(report) + "\n" + "\n".join(f"{title}\n{aligned(sheet)}" for title, sheet in sections(report))
    if format == "md":
        return _markdown_page(report)
    if format == "latex":
        comments = "".join(f"% {line}\n" for line in facts_text(report).splitlines() if line)
        return comments + "\n".join(f"% {title}\n{latex(sheet)}" for title, sheet in sections(report))
    raise UsageError(f"There is no format {format!r}.", hint=f"Choose one of {', '.join(FORMATS)}.")


def render_notes(report: CoverageReport, format: str, look: Look) -> str:
    """What belongs on stderr beside the result: caveats, and failures that the format has no place for."""
    if format in ("json", "jsonl", "md"):
        return ""
    return failure_lines(report.failures, look) + caveat_lines(report.caveats, look)


def render_plot(report: CoverageReport, look: Look) -> str:
    """Coverage of all groups against attempts, with forecasts, for the terminal."""
    from scaling_cli.report.inference_coverage_plot import coverage_plot

    return coverage_plot(report.results, look=look)


def facts(report: CoverageReport) -> list[tuple[str, str]]:
    """What was read and how intervals were made, as label and sentence."""
    results = report.results
    found = [("data", data_sentence(results[0]))] if len(results) == 1 else []
    columns = ", ".join(f"{role} from {escape(name)}" for role, name in report.columns.items() if role != name)
    if results:
        found.append(("read as", results[0].layout + (f"; {columns}" if columns else "")))
        found.append(("design", ", ".join(dict.fromkeys(_design(each) for each in results))))
        intervals = dict.fromkeys(f"{percent(each.level, 4)}, {each.interval}" for each in results)
        found.append(("interval", "; ".join(intervals)))
    return found


def data_sentence(result: CoverageResult) -> str:
    """Problems, attempts at each, and how many were never solved."""
    attempts = result.attempts
    each = f"{attempts.min:,} attempts each"
    if attempts.min < attempts.max:
        each = f"{attempts.min:,} to {attempts.max:,} attempts each (median {attempts.median:,.0f})"
    clusters = f" in {result.clusters:,} clusters" if result.clusters else ""
    return f"{result.problems:,} problems{clusters}, {each}, {result.unsolved:,} never solved"


def _design(result: CoverageResult) -> str:
    return result.design if result.batch is None else f"{result.design} in batches of {result.batch:,}"


def facts_text(report: CoverageReport) -> str:
    """Facts as `label: sentence` lines."""
    return "".join(f"{label}: {said}\n" for label, said in facts(report))


def sections(report: CoverageReport) -> list[tuple[str, Sheet]]:
    """Title and rows of each part of the report that has any."""
    results = report.results
    interval = f"{percent(results[0].level, 4)} interval" if results else "interval"
    parts: list[tuple[str, Row, Rows]] = [
        ("Coverage", ("k", "coverage", interval, "error over problems", "over attempts"), _coverage),
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
        keys = _keys(report)
        rows = [
            (*(escape(result.group.get(key, "")) for key in keys), *row)
            for result in results
            for row in rows_of(result)
        ]
        if rows:
            sheet = Sheet((*(escape(key) for key in keys), *header), tuple(rows), symbols=-1)
            found.append((title, _trimmed(sheet, len(keys))))
    return found


def _keys(report: CoverageReport) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for each in report.results for key in each.group))


def _trimmed(sheet: Sheet, keys: int) -> Sheet:
    """The sheet without columns in which no row has anything."""
    keep = [i for i in range(len(sheet.header)) if i < keys or any(row[i] not in ("", MISSING) for row in sheet.rows)]
    return Sheet(
        tuple(sheet.header[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in sheet.rows), sheet.symbols
    )


def _data(result: CoverageResult) -> Iterator[Row]:
    attempts = result.attempts
    span = f"{attempts.min:,}" if attempts.min == attempts.max else f"{attempts.min:,} to {attempts.max:,}"
    yield f"{result.problems:,}", span, f"{result.unsolved:,}", _design(result)


def _pair(estimate: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    shown = rounded(Estimate(estimate, low, high))
    return shown.estimate, shown.interval


def _coverage(result: CoverageResult) -> Iterator[Row]:
    for row in result.coverage:
        problems, attempts = figure(row.se_problems, 3), figure(row.se_attempts, 3)
        yield f"{row.k:,}", *_pair(row.estimate, row.low, row.high), problems, attempts


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
        bought = _whole(row.k, most) + ("*" if row.is_forecast and row.k is not None else "")
        if row.question == "target":
            bought += f" [{_whole(row.k_low, most)}, {_whole(row.k_high, most)}]"
        coverage = _pair(row.coverage.estimate, row.coverage.low, row.coverage.high)
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


def tidy_csv(report: CoverageReport) -> str:
    """One row a number at full precision, for data frames."""
    keys = _keys(report)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*map(escape, keys), "section", "name", "k", "estimate", "low", "high"])
    for result in report.results:
        group = [escape(result.group.get(key, "")) for key in keys]
        for row in _numbers(result):
            writer.writerow([*group, *row])
    return text.getvalue()


def _numbers(result: CoverageResult) -> Iterator[tuple[object, ...]]:
    for each in result.coverage:
        yield "coverage", "coverage", each.k, each.estimate, each.low, each.high
        yield "coverage", "se_problems", each.k, each.se_problems, None, None
        yield "coverage", "se_attempts", each.k, each.se_attempts, None, None
    for name, law in result.fits.items():
        for parameter, value in law.parameters.items():
            yield "fits", f"{name}.{parameter}", None, value.estimate, value.low, value.high
    for row in result.forecast:
        yield "forecast", row.law, row.k, row.estimate, row.low, row.high
    for record in result.backtest:
        yield "backtest", record.law, record.trained, record.mean_absolute_error, None, None
    for choice in result.selection:
        yield "selection", choice.method, choice.k, choice.estimate, choice.low, choice.high
    for answer in result.budgets:
        value = answer.coverage
        yield "budgets", f"{answer.question} {answer.amount:g} {answer.unit}", answer.k, *_ends(value)
    for pair in result.comparisons:
        yield "comparisons", escape(pair.other), pair.k, *_ends(pair.difference)


def _ends(value: Estimate) -> tuple[float | None, float | None, float | None]:
    return value.estimate, value.low, value.high


def headline(result: CoverageResult) -> str:
    """The furthest forecast and its record, in one sentence; empty without one."""
    combined = [row for row in result.forecast if row.law == COMBINED and row.estimate is not None]
    if not combined:
        return ""
    row, shown = combined[-1], rounded(Estimate(combined[-1].estimate, combined[-1].low, combined[-1].high))
    record = next((each for each in result.backtest if each.law == COMBINED), None)
    return f"coverage at k = {row.k:,}: {shown.estimate} {shown.interval}{_record_sentence(record)}"


def _record_sentence(record: Backtest | None) -> str:
    if record is None or record.mean_absolute_error is None:
        return ""
    size = figure(record.mean_absolute_error, 2)
    return f"; fitted to {record.trained:,} attempts it missed k = {record.held_out:,} by {size} on average"


def _markdown_page(report: CoverageReport) -> str:
    parts = ["".join(f"- {markdown_text(f'{label}: {said}')}\n" for label, said in facts(report))]
    parts += [f"### {title}\n\n{markdown(sheet)}" for title, sheet in sections(report)]
    notes = [_note("Caveat", each.message, each.group, f" ({each.code})") for each in report.caveats]
    notes += [_note("Failed", each.error, each.group, f" {each.hint}") for each in report.failures]
    return "\n".join(part for part in (*parts, "".join(notes)) if part)


def _note(label: str, said: str, group: dict[str, str] | None, after: str) -> str:
    where = f" ({group_name(group)})" if group else ""
    return f"- **{label}**{markdown_text(where)}: {markdown_text(escape(said + after))}\n"


def group_labels(results: Sequence[CoverageResult]) -> list[str]:
    """A name for each group, for legends."""
    return [group_name(result.group) or "coverage" for result in results]
