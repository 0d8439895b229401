"""The designs that others would train with an equal number of runs and equal FLOPs: IsoFLOP grids, and a ladder."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.plan.limits import USUAL_RATIO, Candidates
from scaling_cli.arrays import Array
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN

SIZES = 7  # at each budget of an IsoFLOP grid
WIDTHS = (0.75, 1.2)  # decades of params to either side of 20 tokens per param
BISECTIONS = 60
ROUNDING = 1 + 1e-9


def usual_designs(runs: int, compute: float, smallest: float, *, is_surface: bool) -> dict[str, Candidates]:
    """Designs of so many runs that take `compute` FLOPs in all, from runs of `smallest` FLOPs on; by name.

    A grid has at least four runs, so there is none where the compute does not pay for four of the smallest.
    """
    designs = {}
    budgets = max(2, round(runs / SIZES))
    sizes = max(2, runs // budgets)
    if is_surface and budgets * sizes * smallest <= compute * ROUNDING:
        levels = spread(budgets, compute / sizes, smallest)
        for width in WIDTHS:
            decades = np.linspace(-width, width, sizes)
            designs[f"IsoFLOP grid of +-{width:g} decades"] = _grid(levels, decades)
    designs[f"ladder at {USUAL_RATIO:g} tokens per param"] = _grid(spread(runs, compute, smallest), np.zeros(1))
    return designs


def _grid(levels: Array, decades: Array) -> Candidates:
    budgets, steps = (grid.ravel() for grid in np.meshgrid(levels, decades, indexing="ij"))
    params = np.sqrt(budgets / FLOPS_A_PARAM_AND_TOKEN / USUAL_RATIO) * 10**steps
    return Candidates(params, budgets / FLOPS_A_PARAM_AND_TOKEN / params)


def spread(count: int, total: float, smallest: float) -> Array:
    """Budgets `(count,)`, even in logs from the smallest on, that add up to `total`; equal if it is too little."""
    if total <= count * smallest:
        return np.full(count, total / count)
    low, high = 0.0, float(np.log(total / smallest))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_less = smallest * np.exp(np.linspace(0, middle, count)).sum() < total
        low, high = (middle, high) if is_less else (low, middle)
    levels: Array = smallest * np.exp(np.linspace(0, low, count))
    return levels
