"""Checks whether the runs can show how to split compute, and names the runs to add if they cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import FEWEST_SIZES, AllocationPoints, Budget
from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.identifiability import ONE_BUDGET
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import count, flops

FIXED_RATIO = 1.25  # tokens per param that span a smaller factor count as fixed
SIDE_STEPS = (2.0, 4.0)
AROUND = (0.25, 0.5, 1.0, 2.0, 4.0)


def require_spread(points: AllocationPoints) -> None:
    """Refuse designs from which no surface can be estimated: one budget, or a fixed ratio of tokens to params.

    Raises:
        FitError: The design is such; the hint names the runs to add.
    """
    logs = points.log_compute
    ratio = points.log_tokens - points.log_params
    middle = float(np.exp(np.mean(points.log_params[np.argsort(logs)[len(logs) // 2 :]])))
    if np.ptp(logs) < np.log(ONE_BUDGET):
        raise FitError(
            f"All runs use about {flops(float(np.exp(logs.mean())))} FLOPs, but an exponent needs several budgets.",
            hint=more_budgets(float(np.exp(logs.mean())), float(np.exp(points.log_params[np.argmin(points.loss)]))),
        )
    if np.ptp(ratio) < np.log(FIXED_RATIO):
        largest = float(np.exp(logs.max()))
        tokens_per_param = float(np.exp(np.median(ratio)))
        size = float(np.sqrt(largest / FLOPS_A_PARAM_AND_TOKEN / tokens_per_param))
        raise FitError(
            f"All runs have about {tokens_per_param:.3g} tokens per param, so they do not show whether another split "
            "is better.",
            hint=f"Add runs of equal compute with fewer and more params: {runs_at(largest, size)}; and likewise around "
            f"{count(middle / 4)} params.",
        )


def require_both_sides(points: AllocationPoints, law: Chinchilla) -> None:
    """Refuse a surface whose best split lies outside the runs.

    Raises:
        FitError: The best split is outside; the hint names the runs to add.
    """
    best = law.log_scale[0] + law.params_exponent[0] * (points.log_compute - np.log(6))
    offset = points.log_params - best
    if (offset < 0).any() and (offset > 0).any():
        return
    few, wanted = ("fewer", "larger") if (offset < 0).all() else ("more", "smaller")
    at = int(np.argmax(points.log_compute))
    size = float(np.exp(best[at]))
    raise FitError(
        f"Every run has {few} params than the law's optimum for its compute, so the optimum lies outside the data.",
        hint=f"Add {wanted} models: {runs_at(float(np.exp(points.log_compute[at])), size)}.",
    )


def require_minima(budgets: Sequence[Budget], points: AllocationPoints, refused: Sequence[str]) -> None:
    """Refuse IsoFLOP curves with fewer than two minima.

    Raises:
        FitError: There are fewer than two; the hint names the runs to add.
    """
    if not budgets:
        raise FitError(
            f"No compute budget has runs of {FEWEST_SIZES} sizes, so there are no IsoFLOP curves.",
            hint=f"Add runs at shared budgets: {_grid(points)}; or use --approach parametric.",
        )
    usable = [budget for budget, why in zip(budgets, refused, strict=True) if not why]
    if len(usable) >= 2:
        return
    reasons = "; ".join(
        f"{flops(budget.compute)} FLOPs {why}" for budget, why in zip(budgets, refused, strict=True) if why
    )
    lacking = [mend(budget, points) for budget, why in zip(budgets, refused, strict=True) if why]
    if lacking:
        raise FitError(
            f"{len(usable)} of {len(budgets)} budgets {'shows' if len(usable) == 1 else 'show'} a minimum ({reasons}); "
            "an exponent needs two.",
            hint="; ".join(["Add runs", *lacking[:2]]).replace("runs; ", "runs: ", 1) + ".",
        )
    best = usable[0].index[np.argmin(points.loss[usable[0].index])]
    raise FitError(
        f"All IsoFLOP runs share one budget, {flops(usable[0].compute)} FLOPs, but an exponent needs two budgets.",
        hint=more_budgets(usable[0].compute, float(np.exp(points.log_params[best]))),
    )


def mend(budget: Budget, points: AllocationPoints) -> str:
    """Runs to add so that the runs of one budget enclose its minimum."""
    sizes, loss = points.log_params[budget.index], points.loss[budget.index]
    lowest = int(np.argmin(loss))
    if lowest >= len(sizes) / 2:
        wanted = [float(np.exp(sizes[-1])) * step for step in SIDE_STEPS]
    else:
        wanted = [float(np.exp(sizes[0])) / step for step in SIDE_STEPS]
    return f"at {flops(budget.compute)} FLOPs " + _listed(budget.compute, wanted)


def more_budgets(compute: float, params: float) -> str:
    """Runs to add at two smaller budgets, each around the size that a square-root rule gives."""
    budgets = [
        f"at {flops(compute * step)} FLOPs "
        + _listed(compute * step, [params * step**0.5 * factor for factor in AROUND])
        for step in (1 / 10, 1 / 100)
    ]
    return f"Add smaller budgets: {'; '.join(budgets)}."


def runs_at(compute: float, params: float) -> str:
    """Runs to add at one budget on both sides of a size."""
    return _listed(compute, [params * step for step in AROUND if step != 1.0])


def _listed(compute: float, sizes: Sequence[float]) -> str:
    return ", ".join(
        f"{count(size)} params on {count(compute / FLOPS_A_PARAM_AND_TOKEN / size)} tokens" for size in sizes
    )


def _grid(points: AllocationPoints) -> str:
    logs: Array = points.log_compute
    middle, size = float(np.exp(np.median(logs))), float(np.exp(np.median(points.log_params)))
    return f"at {flops(middle)} FLOPs {runs_at(middle, size)}, and likewise at 3 and 10 times that"
