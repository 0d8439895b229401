"""The figure of `scaling plan`: the runs, the fall of the interval with compute, and usual designs beside the plan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scaling_cli.numbers.format import escape, group_name
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.report.plan.plot import plan_charts
from scaling_cli.results.fit import Curve
from scaling_cli.results.plan import PlanResult

MOST_GOALS = 4  # in the legend of the designs
THIS_PLAN = "this plan"


def plan_panels(result: PlanResult) -> Panels:
    """The runs beside the fall of the interval, and below them the width that each design gives."""
    above = [_with_designs(chart, result) if i else chart for i, chart in enumerate(plan_charts(result))]
    return [row for row in (above, list(_designs(result))) if row]


def _with_designs(fall: Chart, result: PlanResult) -> Chart:
    """The fall of the first goal's interval, with the usual designs and the width of today."""
    goal = result.goals[0]
    shown = [design for design in result.usual if design.widths and np.isfinite(design.widths[0])]
    series = [Series(escape(design.name), [design.compute], [design.widths[0]], color=i)
              for i, design in enumerate(shown, 1)]  # fmt: skip
    lines, ends = list(fall.lines), (fall.lines[0].curve.x[0], fall.lines[0].curve.x[-1])
    is_known = goal.width_before is not None and np.isfinite(goal.width_before)
    if is_known and result.source != "published":
        today = float(goal.width_before or 0.0)
        lines.append(Line("today", Curve(ends, (today, today)), is_dashed=True, is_plain=True))
    return replace(fall, series=series, lines=lines)


def _designs(result: PlanResult) -> Iterator[Chart]:
    """How wide the intervals of usual designs of the same cost are, as multiples of those of the plan."""
    goals = [(i, goal) for i, goal in enumerate(result.goals) if np.isfinite(goal.width_after) and goal.width_after > 0]
    designs = [design for design in result.usual if len(design.widths) == len(result.goals)]
    series = []
    for i, goal in goals[:MOST_GOALS]:
        ratios = [1.0, *(design.widths[i] / goal.width_after for design in designs)]
        known = [(ratio, place) for place, ratio in enumerate(ratios) if np.isfinite(ratio)]
        name = escape(goal.goal) if len(goals) > 1 else ""
        series.append(Series(name, [ratio for ratio, _ in known], [place for _, place in known]))
    if not designs or not series:
        return
    name = group_name(result.group)
    yield Chart(
        series=series,
        lines=[],
        x=Axis("times the width of this plan", "factor"),
        y=Axis("", names=(THIS_PLAN, *(escape(design.name) for design in designs)), is_log=False),
        title=f"{name}: Designs of the same cost" if name else "Designs of the same cost",
        rules=[Rule("", 1.0)],
    )
