"""What `scaling compare-exponents` says: a table of groups, one of pairs, and each verdict in words."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.numbers.format import escape, figure, group_name
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Chart, Panels, Series
from scaling_cli.report.compare_exponents.factor_rows import factor_records, factor_sections
from scaling_cli.report.compare_exponents.facts import (
    SURFACE_COMPUTE,
    CompareReport,
    details,
    facts,
    sentences,
)
from scaling_cli.report.compare_exponents.rows import differences, sections, size_of
from scaling_cli.report.pages.page import Page, Row
from scaling_cli.results.comparison import Comparison, ComparisonResult
from scaling_cli.results.fit import Estimate

HEADER = (
    "left", "right", "exponent", "estimate", "low", "high", "margin", "minimum_detectable_difference", "statistic",
    "p_value", "p_adjusted", "equivalence_p_value", "method", "verdict", "crossover", "crossover_low",
    "crossover_high", "crossover_probability",
)  # fmt: skip


def pages(report: CompareReport) -> list[Page]:
    """One page about all groups."""
    (result,) = report.results
    if result.factors:
        said = [escape(effect.sentence) for effect in result.factors]
        return [Page(facts(report), factor_sections(result), said, details(result))]
    return [Page(facts(report), sections(result), sentences(report), details(result))]


def records(report: CompareReport) -> Iterator[Row]:
    """One row for each pair and exponent, or for each factor and parameter."""
    if any(result.factors for result in report.results):
        yield from factor_records(report.results)
        return
    yield HEADER
    for result in report.results:
        for pair in result.comparisons:
            for name, value in differences(pair).items():
                yield _csv_row(pair, name, name or result.exponents[0], value)


def charts(report: CompareReport) -> list[Chart]:
    """Points and laws of all groups."""
    return _laws(report, None)


def panels(report: CompareReport) -> Panels:
    """Laws to --to, multipliers, and exponents."""
    from scaling_cli.report.compare_exponents.panels import compare_panels

    (result,) = report.results
    return compare_panels(result, _laws(report, result.margin.to))


def _laws(report: CompareReport, to: float | None) -> list[Chart]:
    from scaling_cli.analysis.drawn_fit import sketches
    from scaling_cli.report.fit.plot import fit_charts

    fits = report.results[0].fits
    is_surface = len(fits[0].inputs) > 1  # multipliers and crossovers are then of 6 * params * tokens
    compute = SURFACE_COMPUTE if is_surface else report.columns.get("compute", "compute")
    drawn = fit_charts(fits, sketches(fits, to=to), report.columns.get("loss", "loss"), compute)
    return [replace(chart, series=[_labelled(series, report.results[0]) for series in chart.series]) for chart in drawn]


def _labelled(series: Series, result: ComparisonResult) -> Series:
    """The points of a group, with its exponent in the legend if the law has one."""
    named = [group for group in result.groups if group_name(group.group) == series.name]
    if len(result.exponents) != 1 or not named:
        return series
    (exponent,) = result.exponents
    return replace(series, name=f"{series.name}, {exponent} {figure(named[0].parameters[exponent].estimate, 3)}")


def _csv_row(pair: Comparison, name: str, exponent: str, value: Estimate) -> Row:
    crossing = pair.crossover
    ends = (None, None, None) if crossing is None else (crossing.estimate, crossing.low, crossing.high)
    sizes = (size_of(pair.margin, name), size_of(pair.minimum_detectable_difference, name))
    tested = (pair.statistic, pair.p_value, pair.p_adjusted, pair.equivalence_p_value, pair.method, pair.verdict)
    names = (escape(pair.left), escape(pair.right), exponent)
    return [*names, value.estimate, value.low, value.high, *sizes, *tested, *ends, pair.crossover_probability]
