"""Allocations along power laws of compute, and their curves for plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.lines import LossLine, PowerLine
from scaling_cli.analysis.allocation.plan import (
    FRONTIER_POINTS,
    AllocationPlan,
    banded,
    estimated,
    log_correlation,
)
from scaling_cli.results.allocation import Allocation
from scaling_cli.results.fit import Curve


def line_allocation(
    approach: str,
    plan: AllocationPlan,
    compute: float,
    params_line: PowerLine,
    tokens_line: PowerLine,
    losses: LossLine | None,
    waste: dict[str, tuple[float, float]] | None,
    reach: float,
) -> Allocation:
    """The split of one budget, with params and tokens from power laws of compute."""
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
    """Best params over compute with a band, for plots."""
    grid = np.geomspace(min(budgets), max(budgets), FRONTIER_POINTS)
    return banded(grid, [estimated(line.at(compute), level) for compute in grid])
