"""Allocations along power laws of compute, their curves for plots, and caveats on how compute is counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.lines import Losses, PowerLine
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
FEWEST_NEAR = 5  # runs whose compute shows what a split of similar size takes


def line_allocation(
    approach: str,
    plan: AllocationPlan,
    compute: float,
    params_line: PowerLine,
    tokens_line: PowerLine,
    losses: Losses | None,
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
    allocations: Sequence[Allocation],
    rates: tuple[float, float],
    group: dict[str, str] | None,
    rate: float = FLOPS_A_PARAM_AND_TOKEN,
) -> list[Caveat]:
    """Caveats on budgets far beyond the runs, and on splits that do not spend their budget.

    `rates` are the least and the largest compute per param and token of the runs: params times tokens times a rate in
    between spends the budget. `rate` is that of the rule by which compute is counted.
    """
    caveats = [
        caveat("far-reach", group, compute=flops(row.compute), reach=row.reach)
        for row in allocations
        if row.reach is not None and row.reach > FAR
    ]
    off = [(share, row) for row in allocations if (share := _spent(row, rate)) is not None]
    if off:
        share, worst = max(off, key=lambda pair: abs(np.log(pair[0])))
        caveats.append(
            caveat(
                "split-off-budget", group, approach=worst.approach, compute=flops(worst.compute), share=share,
                rates=_in_words(rates),
            )
        )  # fmt: skip
    return caveats


def _spent(row: Allocation, rate: float) -> float | None:
    """`rate` * params * tokens as a share of the budget, where that is not the budget; None where it is."""
    params, tokens = row.params.estimate, row.tokens.estimate
    if row.compute is None or params is None or tokens is None:
        return None
    share = rate * params * tokens / row.compute
    return share if abs(np.log(share)) > NOTABLE_GAP else None


def _in_words(rates: tuple[float, float]) -> str:
    least, most = (f"{rate:.3g}" for rate in rates)
    return least if least == most else f"{least} to {most}"


def counting_doubts(
    allocations: Sequence[Allocation], points: AllocationPoints, group: dict[str, str] | None
) -> list[Caveat]:
    """A caveat if splits by 6 * params * tokens cost something else as the compute column of the runs counts it.

    What a split costs by the column is read off the runs of similar size.
    """
    rates = points.log_compute - points.log_params - points.log_tokens
    near = max(FEWEST_NEAR, len(rates) // 4)
    shares = []
    for row in allocations:
        if row.params.estimate is None:
            continue
        nearest = np.argsort(np.abs(points.log_params - np.log(row.params.estimate)), kind="stable")[:near]
        shares.append((float(np.exp(np.median(rates[nearest]))) / FLOPS_A_PARAM_AND_TOKEN, row))
    share, worst = max(shares, key=lambda pair: abs(np.log(pair[0])), default=(1.0, None))
    if worst is None or abs(np.log(share)) <= NOTABLE_GAP:
        return []
    least, most = points.rates
    is_one = np.log(most / least) < NOTABLE_GAP
    rule = f"'{share * FLOPS_A_PARAM_AND_TOKEN:.3g} * params * tokens'" if is_one else "FORMULA"
    return [
        caveat(
            "split-by-6nd", group, compute=flops(worst.training_compute or worst.compute), share=share,
            rates=_in_words(points.rates), rule=f"--flops-rule {rule}",
        )
    ]  # fmt: skip


def line_curve(line: PowerLine, budgets: Sequence[float], level: float) -> Curve:
    """Best params over compute with a band, for plots."""
    grid = np.geomspace(min(budgets), max(budgets), FRONTIER_POINTS)
    return banded(grid, [estimated(line.at(compute), level) for compute in grid])
