"""The answer of the IsoFLOP approach: power laws of compute through the minima, and splits of budgets along them."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.along_lines import line_allocation, line_curve, line_doubts
from scaling_cli.analysis.allocation.isoflop.curves import Curves
from scaling_cli.analysis.allocation.isoflop.fit import SharedShape
from scaling_cli.analysis.allocation.isoflop.profile import profile_shape
from scaling_cli.analysis.allocation.isoflop.tables import isoflop_doubts
from scaling_cli.analysis.allocation.lines import loss_line
from scaling_cli.analysis.allocation.plan import (
    WASTES,
    AllocationPlan,
    ApproachAnswer,
    estimated,
)
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN


def isoflop_answer(
    curves: Curves, plan: AllocationPlan, largest: float, group: dict[str, str] | None
) -> ApproachAnswer:
    """Splits of the plan's budgets along the power laws through the minima."""
    minima = curves.minima
    params, tokens = minima.params_line(), minima.tokens_line()
    losses = loss_line(minima.log_compute, minima.loss)
    waste = None if curves.shape is None else _waste_factors(curves.shape)
    allocations = tuple(
        line_allocation("isoflop", plan, compute, params, tokens, losses, waste, compute / largest)
        for compute in plan.budgets
    )
    ends = np.exp([curves.budgets[0].log_compute, curves.budgets[-1].log_compute])
    return ApproachAnswer(
        allocations=allocations,
        exponents={"params": estimated(params.exponent, plan.level), "tokens": estimated(tokens.exponent, plan.level)},
        frontier=line_curve(params, [*plan.budgets, *ends.tolist()], plan.level),
        caveats=(
            *isoflop_doubts(curves, plan, group),
            *line_doubts(allocations, curves.rates, group, plan.costs.rate or FLOPS_A_PARAM_AND_TOKEN),
        ),
    )


def _waste_factors(shape: SharedShape) -> dict[str, tuple[float, float]]:
    """Factors on the best params between which at most a share of compute is wasted; they hold at every budget."""
    alpha, beta = float(shape.alpha[0]), float(shape.beta[0])
    gamma = alpha * beta / (alpha + beta)
    # Fine enough for six digits by linear interpolation of the crossing.
    offsets = np.linspace(0.0, 20.0, 200_001)
    factors = {}
    for waste in WASTES:
        ceiling = (1 - waste) ** -gamma
        low, high = (
            float(np.interp(ceiling, profile_shape(alpha, beta, sign * offsets), offsets)) for sign in (-1.0, 1.0)
        )
        factors[f"{waste:.2f}"] = (float(np.exp(-low)), float(np.exp(high)))
    return factors
