"""What `scaling inference-coverage` says: coverage, laws, forecasts, track record, verifiers and budgets.

With several groups, each row of a table starts with its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaling_cli.analysis.coverage.laws import COMBINED
from scaling_cli.numbers.format import escape, figure, percent, rounded
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.inference_coverage.rows import CoverageReport, design, sections
from scaling_cli.report.pages.page import Facts, Page, Row, grouped
from scaling_cli.results.coverage import Backtest, CoverageResult
from scaling_cli.results.fit import Estimate


def pages(report: CoverageReport) -> list[Page]:
    """One page about all groups."""
    return [Page(facts(report), sections(report))]


def records(report: CoverageReport) -> Iterable[Row]:
    """One row per number."""
    return grouped(report, ("section", "name", "k", "estimate", "low", "high"), _numbers)


def charts(report: CoverageReport) -> list[Chart]:
    """Coverage of all groups against attempts, with forecasts."""
    from scaling_cli.report.inference_coverage.plot import coverage_charts

    return coverage_charts(report.results)


def line(result: CoverageResult) -> str:
    """Coverage at the first and the last k, and the furthest forecast."""
    ends = dict.fromkeys(result.coverage[:1] + result.coverage[-1:])
    parts = [f"{result.problems:,} problems"]
    parts += [f"coverage at k = {row.k:,}: {rounded(Estimate(row.estimate, row.low, row.high)).whole}" for row in ends]
    forecast = headline(result)
    return "; ".join([*parts, f"forecast of {forecast}"] if forecast else parts)


def facts(report: CoverageReport) -> Facts:
    """What was read, how intervals were made, and for one group its furthest forecast."""
    results = report.results
    if not results:
        return []
    is_alone = len(results) == 1
    columns = ", ".join(f"{role} from {escape(name)}" for role, name in report.columns.items() if role != name)
    designs = dict.fromkeys(design(result) for result in results)
    intervals = dict.fromkeys(f"{percent(result.level, 4)}, {result.interval}" for result in results)
    facts = [
        ("data", data_sentence(results[0]) if is_alone else ""),
        ("read as", results[0].layout + (f"; {columns}" if columns else "")),
        ("design", ", ".join(designs)),
        ("interval", "; ".join(intervals)),
        ("forecast", headline(results[0]) if is_alone else ""),
    ]
    return [(label, sentence) for label, sentence in facts if sentence]


def data_sentence(result: CoverageResult) -> str:
    """Problems, attempts at each, and how many were never solved."""
    attempts = result.attempts
    made = f"{attempts.min:,} attempts each"
    if attempts.min < attempts.max:
        made = f"{attempts.min:,} to {attempts.max:,} attempts each (median {attempts.median:,.0f})"
    clusters = f" in {result.clusters:,} clusters" if result.clusters else ""
    return f"{result.problems:,} problems{clusters}, {made}, {result.unsolved:,} never solved"


def _numbers(result: CoverageResult) -> Iterator[Row]:
    for point in result.coverage:
        yield "coverage", "coverage", point.k, point.estimate, point.low, point.high
        yield "coverage", "se_problems", point.k, point.se_problems, None, None
        yield "coverage", "se_attempts", point.k, point.se_attempts, None, None
        yield "coverage", "all_succeed", point.k, point.all_succeed, None, None
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
    record = next((scored for scored in result.backtest if scored.law == COMBINED), None)
    return f"coverage at k = {row.k:,}: {shown.estimate} {shown.interval}{_record_sentence(record)}"


def _record_sentence(record: Backtest | None) -> str:
    if record is None or record.mean_absolute_error is None:
        return ""
    size = figure(record.mean_absolute_error, 2)
    place = f"k = {record.held_out:,}"
    return f"; when fitted to {record.trained:,} attempts, it missed coverage at {place} by {size} on average"
