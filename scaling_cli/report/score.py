"""What `scaling score` says below its answer: each run beside its forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from scaling_cli.numbers.format import MISSING, amount, escape, figure, number_of, percent, rounded, signed_percent
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.report.pages.facts import stated
from scaling_cli.report.pages.page import Facts, Page, Row, Section, grouped
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words
from scaling_cli.results.fit import Curve
from scaling_cli.results.report import Report
from scaling_cli.results.score import Scored, ScoreResult

HEADER = (
    "forecast", "run", "params", "tokens", "compute", "predicted", "low", "high", "observed", "error_log", "inside",
    "running_coverage", "loss",
)  # fmt: skip
ROLES = ("params", "tokens", "compute")
INSIDE = {True: "inside", False: "outside", None: MISSING}

ScoreReport: TypeAlias = Report[ScoreResult]


def pages(report: ScoreReport) -> Iterator[Page]:
    """One page."""
    return (Page(_facts(result), [Section("", _sheet(result))]) for result in report.results)


def records(report: ScoreReport) -> Iterable[Row]:
    """One row per run and forecast."""
    return grouped(report, HEADER, lambda result: map(_record, result.scored))


def charts(report: ScoreReport) -> list[Chart]:
    """Observed against forecast losses, with the line where they are equal."""
    found = []
    for result in report.results:
        predicted = [row.predicted.estimate or 0.0 for row in result.scored]
        observed = [row.observed for row in result.scored]
        ends = (min(*predicted, *observed), max(*predicted, *observed)) if predicted else (1.0, 1.0)
        found.append(
            Chart(
                series=[Series("runs", predicted, observed)], lines=[Line("equal", Curve(ends, ends))],
                x=Axis("forecast loss"), y=Axis("observed loss"), title="Forecasts and what the runs reached",
            )
        )  # fmt: skip
    return found


def _facts(result: ScoreResult) -> Facts:
    left = f"{number_of(result.unmatched, 'forecast')} without a run" if result.unmatched else ""
    judged = sum(row.inside is not None for row in result.scored)
    few = 0 < result.independent < judged
    counted = number_of(result.independent, "forecast")
    alike = f"counts {counted}; the others share a fit or a run with those counted" if few else ""
    return stated(("not scored", left), ("interval of the share", alike))


def _sheet(result: ScoreResult) -> Sheet:
    columns = (
        *words("forecast", "run", "loss"), *numbers(*ROLES), Column("predicted", "estimate"),
        *numbers("observed", "over predicted"), *words("interval"), *numbers("inside so far"),
    )  # fmt: skip
    return Sheet(columns, tuple(map(_cells, result.scored))).without_empty()


def _cells(row: Scored) -> tuple[str, ...]:
    return (
        escape(row.forecast),
        escape(row.run),
        escape(row.loss or ""),
        *("" if role not in row.at else amount(role, row.at[role]) for role in ROLES),
        rounded(row.predicted).whole,
        figure(row.observed, 5),
        signed_percent(row.error_log, 2),
        INSIDE[row.inside],
        percent(row.running),
    )


def _record(row: Scored) -> Row:
    return [
        escape(row.forecast), escape(row.run), *(row.at.get(role) for role in ROLES), row.predicted.estimate,
        row.predicted.low, row.predicted.high, row.observed, row.error_log, row.inside, row.running,
        escape(row.loss or ""),
    ]  # fmt: skip
