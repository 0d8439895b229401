"""What `scaling fit` says: a page about one law, or a table of groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaling_cli.numbers.format import escape, rounded
from scaling_cli.report.charts.chart import Chart
from scaling_cli.report.fit.facts import FitReport, fit_facts, shared_facts
from scaling_cli.report.fit.rows import estimates, parameter_section
from scaling_cli.report.pages.facts import number_of
from scaling_cli.report.pages.page import Page, Row, grouped
from scaling_cli.results.fit import FitResult

HEADER = ("law", "runs", "points", "parameter", "kind", "estimate", "low", "high", "level", "method")


def pages(report: FitReport) -> list[Page]:
    """One page, with the facts of the fit, or those that all groups share."""
    if not report.results:
        return []
    is_alone = len(report.results) == 1
    facts = fit_facts(report.results[0], report.columns) if is_alone else shared_facts(report)
    return [Page(facts, [parameter_section(report)])]


def records(report: FitReport) -> Iterable[Row]:
    """One row per group and parameter."""
    return grouped(report, HEADER, _records)


def charts(report: FitReport) -> list[Chart]:
    """Points and laws of all groups."""
    from scaling_cli.analysis.drawn_fit import sketches
    from scaling_cli.flops import SIX_ND, flops_rule
    from scaling_cli.report.fit.plot import fit_charts

    drawn = sketches(report.results, flops_rule(str(report.options.get("flops_rule", SIX_ND))))
    roles = report.columns
    return fit_charts(report.results, drawn, roles.get("loss", "loss"), roles.get("compute", "compute"))


def line(result: FitResult) -> str:
    """The law and its parameters."""
    values = ", ".join(f"{escape(name)} {rounded(value).whole}" for name, value in result.parameters.items())
    return f"{escape(result.law)}, {number_of(result.runs, 'run')}: {values}"


def _records(result: FitResult) -> Iterator[Row]:
    about = (escape(result.law), result.runs, result.points)
    how = (result.interval.level, result.interval.method)
    for name, value in estimates(result).items():
        kind = "fitted" if name in result.parameters else "derived"
        yield (*about, escape(name), kind, value.estimate, value.low, value.high, *how)
