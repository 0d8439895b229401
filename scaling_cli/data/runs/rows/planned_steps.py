"""Runs that end before the steps that were planned for them: they are still running, or were stopped."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import listing, normalise
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.sanity import quoted_condition

PLANNED = "__planned"  # column with the planned steps of the run of each point
NAMES = r"(max|total|planned|target|num_train|num_training|train|training)_(steps|iters|iterations|train_steps|updates)"
DONE = 0.95  # of the planned steps: the last evaluation may come before the last step


def planned_column(names: Sequence[str]) -> str | None:
    """The column with the planned number of steps, or None."""
    return next((name for name in names if re.fullmatch(NAMES, normalise(re.split(r"[./]", name)[-1]))), None)


def short_of_plan(points: pl.DataFrame, plan: Plan) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points without `PLANNED`, and the caveat about runs that ended far before their planned steps.

    If no run reaches them, they are a limit, or are counted in another way.
    """
    if PLANNED not in points.columns:
        return points, ()
    planned, points = points[PLANNED], points.drop(PLANNED)
    step, column = plan.chosen.get("step"), plan.keep[PLANNED]
    if step is None or "step" not in points.columns or not planned.dtype.is_numeric():
        return points, ()
    share = points["step"] / planned
    short = points.filter((share < DONE).fill_null(value=False))["run_id"].unique(maintain_order=True)
    if short.is_empty() or not (share >= DONE).any():
        return points, ()
    facts = {"count": f"{len(short):,}", "total": f"{points['run_id'].n_unique():,}", "column": column}
    condition = quoted_condition(step.column, f">= {DONE:g} *", column)
    return points, (caveat("short-of-plan", None, **facts, names=listing(short.to_list()), condition=condition),)
