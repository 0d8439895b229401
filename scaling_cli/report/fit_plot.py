"""The plot of `scaling fit`: loss as it was observed against what one would spend to lower it.

For a law of one input that is the input. For a law of params and tokens it is compute, with the law at its
compute-optimal split: the picture in which a budget is planned, where a run under the line speaks against it.
"""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.fitting.result import Curve, FitResult, Observations
from scaling_cli.report.chart import Axis, Chart, Line, Series
from scaling_cli.report.numbers import group_name, percent

FLOPS_A_TOKEN = 6  # times params: forward and backward pass, Kaplan et al. 2020, section 2.1
MOST_GROUPS = 8  # each needs a marker that the eye tells apart
AXIS_LABELS = {"compute": "compute (FLOPs)"}


def fit_charts(results: Sequence[FitResult], curves: Sequence[Curve | None], loss: str = "loss") -> list[Chart]:
    """Points and law of each group, in one chart; none where there is nothing that can be drawn.

    Args:
        results: Fits; those without observations and those beyond `MOST_GROUPS` are left out.
        curves: The law of each result along `plot_axis`, or None where it has none.
        loss: What the y axis shows.
    """
    pairs = [(each, curve) for each, curve in zip(results, curves, strict=True) if each.observations]
    pairs.sort(key=lambda pair: pair[1] is None)  # so that a curve has the colour of its points
    if not pairs:
        return []
    first = pairs[0][0]
    role = plot_axis(first)
    pairs = [pair for pair in pairs if plot_axis(pair[0]) == role][:MOST_GROUPS]
    chart = Chart(
        series=[_series(each) for each, _ in pairs],
        lines=_lines(pairs),
        x=Axis(AXIS_LABELS.get(role, role), role),
        y=Axis(loss),
        title=f"{len(pairs)} of {len(results)} groups" if len(pairs) < len(results) else "",
        band=f"{percent(first.interval.level, 4)} interval",
    )
    return [chart]


def plot_axis(result: FitResult) -> str:
    """The role on the x axis: the input of a law of one, compute where params and tokens are inputs."""
    if {"params", "tokens"} <= result.inputs.keys():
        return "compute"
    return next(iter(result.inputs.values()))


def _series(result: FitResult) -> Series:
    assert result.observations is not None
    name = group_name(result.group) or "runs"
    pairs = zip(_x(result.observations, plot_axis(result)), result.observations.observed, strict=True)
    drawn = [(x, y) for x, y in pairs if x > 0 and y > 0]
    return Series(name, tuple(x for x, _ in drawn), tuple(y for _, y in drawn))


def _x(observations: Observations, role: str) -> tuple[float, ...]:
    inputs = observations.inputs
    if role != "compute" or len(inputs) == 1:
        return next(iter(inputs.values()))
    return tuple(FLOPS_A_TOKEN * n * d for n, d in zip(inputs["params"], inputs["tokens"], strict=True))


def _lines(pairs: Sequence[tuple[FitResult, Curve | None]]) -> list[Line]:
    """One entry in the legend for all of them, since each runs through the points of its group."""
    result = pairs[0][0]
    law = result.law if len({each.law for each, _ in pairs}) == 1 else "law"
    name = law if len(result.inputs) == 1 else f"{law}, compute-optimal"
    drawn = [curve for _, curve in pairs if curve is not None]
    return [Line(name if i == 0 else "", curve) for i, curve in enumerate(drawn)]
