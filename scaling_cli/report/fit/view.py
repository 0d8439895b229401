"""What `scaling fit` says: a page about one law, or a table of groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from scaling_cli.numbers.format import escape
from scaling_cli.report.fit.facts import FitReport, fit_details, fit_facts, shared_details, shared_facts
from scaling_cli.report.fit.rows import difference_sections, estimates, left_out_sections, parameter_section
from scaling_cli.report.pages.page import Page, Row, grouped
from scaling_cli.results.fit import FitResult

if TYPE_CHECKING:
    from scaling_cli.analysis.drawn_fit import Sketch
    from scaling_cli.report.charts.chart import Chart, Panels

HEADER = ("law", "runs", "points", "parameter", "kind", "estimate", "low", "high", "level", "method")


def pages(report: FitReport) -> list[Page]:
    """One page, with the facts of the fit, or those that all groups share."""
    if not report.results:
        return []
    section = parameter_section(report)
    if len(report.results) > 1:
        sections = [section, *difference_sections(report), *left_out_sections(report)]
        return [Page(shared_facts(report), sections, details=shared_details(report))]
    (result,) = report.results
    return [Page(fit_facts(result, report.columns), [section, *left_out_sections(report)], details=fit_details(result))]


def records(report: FitReport) -> Iterable[Row]:
    """One row per group and parameter."""
    return grouped(report, HEADER, _records)


def charts(report: FitReport) -> list[Chart]:
    """Points and laws of all groups."""
    return _charts(report, _sketches(report))


def panels(report: FitReport) -> Panels:
    """The law among its runs, observed against predicted loss, and residuals."""
    from scaling_cli.report.fit.panels import fit_panels

    drawn = _sketches(report)
    return fit_panels(_charts(report, drawn), report.results, drawn, report.columns.get("loss", "loss"))


def _charts(report: FitReport, drawn: Sequence[Sketch | None]) -> list[Chart]:
    from scaling_cli.report.fit.plot import fit_charts

    roles = report.columns
    return fit_charts(report.results, drawn, roles.get("loss", "loss"), roles.get("compute", "compute"))


def _sketches(report: FitReport) -> list[Sketch | None]:
    """What to draw of each result; None for one that cannot be drawn."""
    from scaling_cli.analysis.drawn_fit import sketches
    from scaling_cli.flops import SIX_ND, flops_rule

    return sketches(report.results, flops_rule(str(report.options.get("flops_rule", SIX_ND))))


def _records(result: FitResult) -> Iterator[Row]:
    about = (escape(result.law), result.runs, result.points)
    how = (result.interval.level, result.interval.method)
    for name, value in estimates(result).items():
        kind = "fitted" if name in result.parameters else "derived"
        yield (*about, escape(name), kind, value.estimate, value.low, value.high, *how)
    for kind, values in (("difference", result.differences), ("loss to loss", result.loss_to_loss)):
        for name, value in values.items():
            yield (*about, escape(name), kind, value.estimate, value.low, value.high, *how)
