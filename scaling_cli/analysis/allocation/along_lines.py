"""Allocations along power laws of compute, and their curves for plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.lines import LossLine, PowerLine
from scaling_cli.analysis.allocation.plan import (
    FAR,
    FRONTIER_POINTS,
    AllocationPlan,
    banded,
    estimated,
    log_correlation,
)
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import flops
from scaling_cli.results.allocation import Allocation
from scaling_cli.results.fit import Curve

NOTABLE_GAP = 0.05  # in logs: params and tokens of a split that spend a budget this far from the one asked for


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
    within = None if waste is None else {share: (best * low, best * high) for share, (low, high) in waste.items()}
    return Allocation(
        approach=approach,
        compute=compute,
        params=estimated(params, plan.level),
        tokens=estimated(tokens, plan.level),
        tokens_per_param=estimated(tokens / params, plan.level),
        loss=estimated(loss, plan.level),
        params_within_waste=within,
        training_compute=compute,
        reach=reach,
        log_correlation=log_correlation(params, tokens),
        bill=plan.hardware.bill(np.array([compute])) if plan.hardware else None,
    )


def line_doubts(
    allocations: Sequence[Allocation], rates: tuple[float, float], group: dict[str, str] | None
) -> list[Caveat]:
    """Caveats on budgets far beyond the runs, and on splits that do not spend their budget.

    `rates` are the least and the largest compute per param and token of the runs: params times tokens times a rate in
    between spends the budget.
    """
    caveats = [
        caveat("far-reach", group, compute=flops(row.compute), reach=row.reach)
        for row in allocations
        if row.reach is not None and row.reach > FAR
    ]
    off = [(share, row) for row in allocations if (share := _spent(row)) is not None]
    if off:
        share, worst = max(off, key=lambda pair: abs(np.log(pair[0])))
        least, most = (f"{rate:.3g}" for rate in rates)
        caveats.append(
            caveat(
                "split-off-budget", group, approach=worst.approach, compute=flops(worst.compute), share=share,
                rates=least if least == most else f"{least} to {most}",
            )
        )  # fmt: skip
    return caveats


def _spent(row: Allocation) -> float | None:
    """6 * params * tokens as a share of the budget, where that is not the budget; None where it is."""
    params, tokens = row.params.estimate, row.tokens.estimate
    if row.compute is None or params is None or tokens is None:
        return None
    share = FLOPS_A_PARAM_AND_TOKEN * params * tokens / row.compute
    return share if abs(np.log(share)) > NOTABLE_GAP else None


def line_curve(line: PowerLine, budgets: Sequence[float], level: float) -> Curve:
    """Best params over compute with a band, for plots."""
    grid = np.geomspace(min(budgets), max(budgets), FRONTIER_POINTS)
    return banded(grid, [estimated(line.at(compute), level) for compute in grid])
