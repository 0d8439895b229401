"""What IsoFLOP curves answer: power laws of compute through their minima, and splits of budgets from these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation_lines import LossLine, PowerLine, loss_line
from scaling_cli.analysis.allocation_plan import (
    FRONTIER_POINTS,
    WASTES,
    Answer,
    Plan,
    banded,
    estimated,
    log_correlation,
)
from scaling_cli.analysis.allocation_result import Allocation
from scaling_cli.analysis.isoflop import Shape
from scaling_cli.analysis.isoflop_curves import Curves
from scaling_cli.analysis.isoflop_profile import profile_shape
from scaling_cli.analysis.isoflop_tables import isoflop_doubts
from scaling_cli.fitting.result import Curve


def isoflop_answer(curves: Curves, plan: Plan, largest: float, group: dict[str, str] | None) -> Answer:
    """Splits of the plan's budgets along the lines through the minima."""
    minima = curves.minima
    params, tokens = minima.params_line(), minima.tokens_line()
    losses = loss_line(minima.log_compute, minima.loss)
    waste = None if curves.shape is None else _waste_factors(curves.shape)
    allocations = tuple(
        line_allocation("isoflop", plan, compute, params, tokens, losses, waste, compute / largest)
        for compute in plan.budgets
    )
    ends = np.exp([curves.budgets[0].log_compute, curves.budgets[-1].log_compute])
    return Answer(
        allocations=allocations,
        exponents={"params": estimated(params.exponent, plan.level), "tokens": estimated(tokens.exponent, plan.level)},
        frontier=line_curve(params, [*plan.budgets, *ends.tolist()], plan.level),
        caveats=tuple(isoflop_doubts(curves, plan, group)),
    )


def line_allocation(
    approach: str,
    plan: Plan,
    compute: float,
    params_line: PowerLine,
    tokens_line: PowerLine,
    losses: LossLine | None,
    waste: dict[str, tuple[float, float]] | None,
    reach: float,
) -> Allocation:
    """The split of one budget along power laws of compute."""
    params, tokens = params_line.at(compute), tokens_line.at(compute)
    loss = np.full(len(params), np.nan) if losses is None else losses.at(compute)
    best = float(params[0])
    return Allocation(
        approach=approach,
        compute=compute,
        params=estimated(params, plan.level),
        tokens=estimated(tokens, plan.level),
        tokens_per_param=estimated(tokens / params, plan.level),
        loss=estimated(loss, plan.level),
        params_within_waste=None
        if waste is None
        else {share: (best * low, best * high) for share, (low, high) in waste.items()},
        training_compute=compute,
        reach=reach,
        log_correlation=log_correlation(params, tokens),
        bill=plan.hardware.bill(compute) if plan.hardware else None,
    )


def line_curve(line: PowerLine, budgets: Sequence[float], level: float) -> Curve:
    """Best params over compute, with their band, for drawing."""
    grid = np.geomspace(min(budgets), max(budgets), FRONTIER_POINTS)
    return banded(grid, [estimated(line.at(compute), level) for compute in grid])


def _waste_factors(shape: Shape) -> dict[str, tuple[float, float]]:
    """Factors on best params between which no more than a share of compute is wasted: the same at every budget."""
    alpha, beta = float(shape.alpha[0]), float(shape.beta[0])
    gamma = alpha * beta / (alpha + beta)
    # Fine enough that linear interpolation of the crossing is good to six digits.
    offsets = np.linspace(0.0, 20.0, 200_001)
    found = {}
    for waste in WASTES:
        ceiling = (1 - waste) ** -gamma
        low, high = (
            float(np.interp(ceiling, profile_shape(alpha, beta, sign * offsets), offsets)) for sign in (-1.0, 1.0)
        )
        found[f"{waste:.2f}"] = (float(np.exp(-low)), float(np.exp(high)))
    return found
