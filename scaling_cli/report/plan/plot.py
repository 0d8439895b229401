"""The plots of `scaling plan`: the design over the runs that there are, and how the interval narrows."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.report.charts.chart import Axis, Chart, Line, Series
from scaling_cli.results.plan import PlanResult

PURPOSES = {"goal": "to answer the goals", "test": "to test the law"}


def plan_charts(result: PlanResult) -> Iterator[Chart]:
    """Both plots, as far as there is something to draw."""
    if not result.runs:
        return
    name = group_name(result.group)
    lead = f"{name}: " if name else ""
    series = [Series("present", *result.present)] if result.present[0] else []
    for purpose, label in PURPOSES.items():
        runs = [run for run in result.runs if run.purpose == purpose]
        if runs:
            series.append(Series(label, [run.params for run in runs], [run.tokens for run in runs]))
    lines = [Line("best split", result.best, is_dashed=True, is_plain=True)] if result.best is not None else []
    yield Chart(
        series=series, lines=lines, x=Axis("params", "params"), y=Axis("tokens", "tokens"),
        title=f"{lead}Runs to train",
    )  # fmt: skip
    if result.fall is not None and result.goals:
        goal = result.goals[0]
        unit = " (decades)" if goal.is_log else ""
        yield Chart(
            series=[], lines=[Line("this plan", result.fall)], x=Axis("compute (FLOPs)", "compute"),
            y=Axis(f"width of the interval{unit}"), title=f"{lead}Expected width of {escape(goal.goal)}",
        )  # fmt: skip
