"""The plot of `scaling fit`: loss as it was observed against what one would spend to lower it.

For a law of one input that is the input. For a law of several it is compute, with the law at its compute-optimal split:
the picture in which a budget is planned, and where a run far under the line speaks against the law.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.fitting.result import FitResult, Observations
from scaling_cli.report.look import Look
from scaling_cli.report.numbers import group_name, percent
from scaling_cli.report.plot import Axis, Curve, Numbers, Series, log_log_plot

FLOPS_A_TOKEN = 6  # times params: forward and backward pass, Kaplan et al. 2020, section 2.1
MOST_GROUPS = 8  # each needs a marker that the eye tells apart
UNITS = {"compute": "compute (FLOPs)"}


def fit_plot(
    results: Sequence[FitResult],
    curves: Sequence[Curve | None],
    *,
    look: Look,
    height: int = 20,
    loss: str = "loss",
) -> str:
    """Points and law of each group on log axes; empty where there is nothing that can be drawn.

    Args:
        results: Fits, of which those without observations, and those after the first `MOST_GROUPS`, are left out.
        curves: The law of each result along `plot_axis`, or None where it has none.
        look: The place of output.
        height: Lines to draw on.
        loss: What the y axis shows.
    """
    pairs = [(each, curve) for each, curve in zip(results, curves, strict=True) if _drawable(each)][:MOST_GROUPS]
    if not pairs:
        return ""
    role = plot_axis(pairs[0][0])
    pairs = [pair for pair in pairs if plot_axis(pair[0]) == role]
    left_out = len(results) - len(pairs)
    first = pairs[0][0]
    return log_log_plot(
        series=[_series(each) for each, _ in pairs],
        curves=[curve for _, curve in pairs if curve is not None],
        x=Axis(UNITS.get(role, role), role),
        y=Axis(loss),
        look=look,
        height=height,
        title=_title(first, left_out),
    )
