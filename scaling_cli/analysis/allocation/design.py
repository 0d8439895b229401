"""Whether a design can answer how to split compute, asked before anything is fitted, and what to run if not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.isoflop.budgets import FEWEST_SIZES, Budget, Points
from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.numbers.format import count, flops

FIXED_RATIO = 1.25  # tokens per param that span less than this count as fixed
ONE_BUDGET = 1.5  # compute that spans less than this counts as one budget
SIDE_STEPS = (2.0, 4.0)
AROUND = (0.25, 0.5, 1.0, 2.0, 4.0)


def require_spread(points: Points) -> None:
    """Refuse designs whose surface no estimator could tell: one budget, or tokens that follow params.

    Raises:
        FitError: With the runs to add.
    """
    logs = points.log_compute
    ratio = points.log_tokens - points.log_params
    middle = float(np.exp(np.mean(points.log_params[np.argsort(logs)[len(logs) // 2 :]])))
    if np.ptp(logs) < np.log(ONE_BUDGET):
        raise FitError(
            f"All runs spend about {flops(float(np.exp(logs.mean())))} FLOPs, and one budget shows no exponent.",
            hint=more_budgets(float(np.exp(logs.mean())), float(np.exp(points.log_params[np.argmin(points.loss)]))),
        )
    if np.ptp(ratio) < np.log(FIXED_RATIO):
        largest = float(np.exp(logs.max()))
        tokens_per_param = float(np.exp(np.median(ratio)))
        size = float(np.sqrt(largest / 6 / tokens_per_param))
        raise FitError(
            f"All runs have about {tokens_per_param:.3g} tokens per param, so nothing tells whether other splits are "
            "better.",
            hint=f"Add runs of the same compute with fewer and more params: {runs_at(largest, size)}; and the same "
            f"around {count(middle / 4)} params.",
        )


def require_both_sides(points: Points, law: Chinchilla) -> None:
    """Refuse a surface whose best split lies beyond every run.

    Raises:
        FitError: With the runs to add.
    """
    best = law.log_scale[0] + law.params_exponent[0] * (points.log_compute - np.log(6))
    offset = points.log_params - best
    if (offset < 0).any() and (offset > 0).any():
        return
    few, wanted = ("fewer", "larger") if (offset < 0).all() else ("more", "smaller")
    at = int(np.argmax(points.log_compute))
    size = float(np.exp(best[at]))
    raise FitError(
        f"Every run has {few} params than the law calls best for its compute, so the best split is a guess.",
        hint=f"Add {wanted} models: {runs_at(float(np.exp(points.log_compute[at])), size)}.",
    )


def require_minima(budgets: Sequence[Budget], points: Points, refused: Sequence[str]) -> None:
    """Refuse curves from which fewer than two minima follow.

    Raises:
        FitError: With the runs to add.
    """
    if not budgets:
        raise FitError(
            f"No compute is shared by runs of {FEWEST_SIZES} sizes, so there is no IsoFLOP curve.",
            hint=f"Add runs at shared budgets: {_grid(points)}; or use --approach parametric.",
        )
    usable = [budget for budget, why in zip(budgets, refused, strict=True) if not why]
    if len(usable) >= 2:
        return
    told = "; ".join(
        f"{flops(budget.compute)} FLOPs {why}" for budget, why in zip(budgets, refused, strict=True) if why
    )
    lacking = [mend(budget, points) for budget, why in zip(budgets, refused, strict=True) if why]
    if lacking:
        raise FitError(
            f"Of {len(budgets)} budgets, {len(usable)} shows a minimum ({told}); two are needed for an exponent.",
            hint="; ".join(["Add runs", *lacking[:2]]).replace("runs; ", "runs: ", 1) + ".",
        )
    best = usable[0].index[np.argmin(points.loss[usable[0].index])]
    raise FitError(
        f"All IsoFLOP runs share one budget, {flops(usable[0].compute)} FLOPs, and one budget shows no exponent.",
        hint=more_budgets(usable[0].compute, float(np.exp(points.log_params[best]))),
    )


def mend(budget: Budget, points: Points) -> str:
    """Runs that would bracket the minimum of one budget."""
    sizes, loss = points.log_params[budget.index], points.loss[budget.index]
    lowest = int(np.argmin(loss))
    if lowest >= len(sizes) / 2:
        wanted = [float(np.exp(sizes[-1])) * step for step in SIDE_STEPS]
    else:
        wanted = [float(np.exp(sizes[0])) / step for step in SIDE_STEPS]
    return f"at {flops(budget.compute)} FLOPs " + _listed(budget.compute, wanted)


def more_budgets(compute: float, params: float) -> str:
    """Two more budgets, each around the size that a square-root rule expects."""
    told = [
        f"at {flops(compute * step)} FLOPs " + _listed(compute * step, [params * step**0.5 * each for each in AROUND])
        for step in (1 / 10, 1 / 100)
    ]
    return f"Add smaller budgets: {'; '.join(told)}."


def runs_at(compute: float, params: float) -> str:
    """Runs of one budget on both sides of a size."""
    return _listed(compute, [params * step for step in AROUND if step != 1.0])


def _listed(compute: float, sizes: Sequence[float]) -> str:
    return ", ".join(f"{count(size)} params on {count(compute / 6 / size)} tokens" for size in sizes)


def _grid(points: Points) -> str:
    logs: Array = points.log_compute
    middle, size = float(np.exp(np.median(logs))), float(np.exp(np.median(points.log_params)))
    return f"at {flops(middle)} FLOPs {runs_at(middle, size)}, and likewise at 3 and 10 times that"
