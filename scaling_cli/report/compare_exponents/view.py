"""What `scaling compare-exponents` found, in every format: one row a group, one a pair, and the verdict in words."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.numbers.format import escape
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.compare_exponents.facts import (
    SURFACE_COMPUTE,
    CompareReport,
    _of,
    differences,
    equals,
    facts,
    sentences,
    sheets_of,
)
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import LINE_ANSWERS, Page, Row, Section, more
from scaling_cli.results.comparison import Comparison, ComparisonResult
from scaling_cli.results.fit import Estimate

HEADER = (
    "left", "right", "exponent", "estimate", "low", "high", "margin", "minimum_detectable_difference", "statistic",
    "p_value", "p_adjusted", "equivalence_p_value", "method", "verdict", "crossover", "crossover_low",
    "crossover_high", "crossover_probability",
)  # fmt: skip


def pages(report: CompareReport) -> list[Page]:
    """One page: a comparison is of all groups."""
    return [Page(facts(report), [Section("", each) for each in sheets_of(report)], sentences(report))]


def table(report: CompareReport, look: Look) -> str:
    """The rich tables."""
    from scaling_cli.report.compare_exponents.table import compare_table

    return compare_table(report, look=look)


def records(report: CompareReport) -> Iterator[Row]:
    """One row for each pair and exponent."""
    yield HEADER
    for result in report.results:
        for each in result.comparisons:
            for name, value in differences(each).items():
                yield _csv_row(each, name, name or result.exponents[0], value)


def charts(report: CompareReport) -> list[Chart]:
    """Points and laws of all groups."""
    from scaling_cli.analysis.drawn_fit import sketches
    from scaling_cli.report.fit.plot import fit_charts

    fits = report.results[0].fits
    is_surface = len(fits[0].inputs) > 1  # multipliers and crossovers are then of 6 * params * tokens
    compute = SURFACE_COMPUTE if is_surface else report.columns.get("compute", "compute")
    return fit_charts(fits, sketches(fits), report.columns.get("loss", "loss"), compute)


def line(result: ComparisonResult) -> str:
    """The first verdicts."""
    told = [
        f"{escape(each.left)} - {escape(each.right)}: {each.verdict} (p {equals(each.p_adjusted)})"
        for each in result.comparisons[:LINE_ANSWERS]
    ]
    return "; ".join(told) + more(len(result.comparisons))


def _csv_row(each: Comparison, name: str, exponent: str, value: Estimate) -> list[object]:
    crossed = each.crossover
    ends = (None, None, None) if crossed is None else (crossed.estimate, crossed.low, crossed.high)
    sizes = (_of(each.margin, name), _of(each.minimum_detectable_difference, name))
    tested = (each.statistic, each.p_value, each.p_adjusted, each.equivalence_p_value, each.method, each.verdict)
    pair = (escape(each.left), escape(each.right), exponent, value.estimate, value.low, value.high)
    return [*pair, *sizes, *tested, *ends, each.crossover_probability]
