"""The figure of `scaling extrapolate`: the forecast with its fan and targets, and how such forecasts did before."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from scaling_cli.numbers.format import amount, group_name, percent
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.results.fit import Curve
from scaling_cli.results.forecast import Extrapolation

FAN = (0.8, 0.5)  # levels inside that of the interval
NORMAL = ("rolling+bootstrap", "bootstrap+spread")  # intervals that are quantiles of a normal distribution of log loss


def extrapolate_panels(result: Extrapolation, charts: Sequence[Chart]) -> Panels:
    """The terminal's chart with a fan, error bars and names, and the track record beside it."""
    if not charts:
        return []
    (chart,) = charts
    row = [_detailed(chart, result)]
    if result.track:
        row.append(_track(result))
    return [row]


def _detailed(chart: Chart, result: Extrapolation) -> Chart:
    (line,) = chart.lines
    line = replace(line, fan=_fan(line.curve, result))
    levels = [percent(level, 4) for level in (result.interval.level, *(FAN if line.fan else ()))]
    rules = [Rule(chart.edge.name, float(chart.edge.x[0]))] if chart.edge else []
    series = [_runs(chart.series[0], result), *(_with_errors(one, result) for one in chart.series[1:])]
    name = group_name(result.group)
    title = f"{name}: forecast of larger runs" if name else "Forecast of larger runs"
    band = f"{', '.join(levels)} of new runs"
    return replace(chart, series=series, lines=[line], rules=rules, edge=None, title=title, band=band)


def _runs(series: Series, result: Extrapolation) -> Series:
    names = result.observations.names if result.observations else ()
    return replace(series, labels=names if len(names) == len(series.x) else ())


def _fan(curve: Curve, result: Extrapolation) -> tuple[Curve, ...]:
    """Bands at lower levels, where the distribution behind the interval is known."""
    if curve.low is None or curve.high is None or result.interval.method not in NORMAL:
        return ()
    normal = NormalDist()
    whole = normal.inv_cdf(0.5 + result.interval.level / 2)
    y, low, high = (np.log(np.array(values)) for values in (curve.y, curve.low, curve.high))
    bands = []
    for level in FAN:
        share = normal.inv_cdf(0.5 + level / 2) / whole
        ends = (np.exp(y + share * (end - y)) for end in (low, high))
        bands.append(Curve(curve.x, curve.y, *(tuple(end.tolist()) for end in ends)))
    return tuple(bands) if FAN[0] < result.interval.level else ()


def _with_errors(series: Series, result: Extrapolation) -> Series:
    """Targets with the interval of a new run, and their names."""
    if series.name != "forecast":
        return replace(series, stands_out=series.name == "observed")
    by_x = {float(x): row for row in result.predictions for x in row.at.values()}
    rows = [by_x.get(float(x)) for x in series.x]
    low, high = (
        tuple(np.nan if row is None or (end := getattr(row.prediction, side)) is None else end for row in rows)
        for side in ("low", "high")
    )
    labels = tuple("" if row is None else row.name or _place(row.at) for row in rows)
    return replace(series, low=low, high=high, labels=labels, stands_out=True)


def _place(at: dict[str, float]) -> str:
    if next(iter(at), "") == "compute":
        return f"{amount('compute', at['compute'])} FLOPs"
    roles = [role for role in at if role in ("params", "tokens")] or list(at)
    return ", ".join(
        f"{amount(role, at[role])} {role}" if role != "compute" else amount(role, at[role]) for role in roles
    )


def _track(result: Extrapolation) -> Chart:
    """The error of such forecasts on the runs that there are, by how far they reached."""
    rows = sorted(result.track, key=lambda record: record.reach)
    x, y = [record.reach for record in rows], [100 * record.rmse_log for record in rows]
    labels = tuple(f"fitted to {record.trained}, tested on {record.held_out}" for record in rows)
    return Chart(
        series=[Series("", x, y, labels=labels)],
        lines=[Line("", Curve(tuple(x), tuple(y)))] if len(x) > 1 else [],
        x=Axis("times beyond the runs used", "times"),
        y=Axis("error on larger runs (%)", is_log=False),
        title="Track record on these runs",
        rules=[Rule("", 0.0, is_level=True)],
    )
