"""The steps at which the curves of runs reach given losses, as sweeps over batch sizes need them.

For each batch size, the number of steps to a target loss shows what a larger batch saves (McCandlish et al. 2018,
arXiv:1812.06162, section 2.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import DataError

TARGET, STEPS = "target_loss", "steps_to_target"


def steps_to(frame: pl.DataFrame, targets: Sequence[float]) -> tuple[pl.DataFrame, list[Caveat]]:
    """A row for each run and each loss that it reaches, with the columns of the run, and a caveat about the others.

    Args:
        frame: All rows of the runs, with `run_id`, `step` and `loss`.
        targets: The losses.

    Raises:
        DataError: No run reaches one of the losses within its rows.
    """
    if not {"run_id", "step"} <= set(frame.columns):
        raise DataError("--steps-to needs the run and the step of each row.", hint="Name them with --run and --step.")
    parts, missed, runs = [], 0, 0
    for run in frame.drop_nulls(["run_id", "step", "loss"]).sort("step").partition_by("run_id", maintain_order=True):
        runs += 1
        at = np.array([crossing(run["step"].to_numpy(), run["loss"].to_numpy(), target) for target in targets])
        missed += int(np.isnan(at).sum())
        ends = run.tail(1).drop("step", "loss")
        parts += [
            ends.with_columns(pl.lit(target).alias(TARGET), pl.lit(step).alias(STEPS))
            for target, step in zip(targets, at.tolist(), strict=True)
            if not np.isnan(step)
        ]
    if not parts:
        losses = frame["loss"].drop_nulls().to_numpy()
        span = f" between {losses.min():.4g} and {losses.max():.4g}" if len(losses) else ""
        raise DataError(
            "No run reaches one of the losses of --steps-to between its first and its last row.",
            hint=f"Give losses{span} that most runs reach.",
        )
    total = runs * len(targets)
    facts = {"missed": f"{missed:,}", "total": f"{total:,}"}
    return pl.concat(parts), [caveat("unreached-losses", None, **facts)] if missed else []


def crossing(steps: Array, losses: Array, target: float) -> float:
    """The step at which a curve `(n,)` first falls to a loss, by a straight line in logs; nan if it does not."""
    below = np.flatnonzero(losses <= target)
    if not len(below) or below[0] == 0 or steps[below[0] - 1] <= 0:
        return float("nan")
    end = int(below[0])
    share = np.log(losses[end - 1] / target) / np.log(losses[end - 1] / losses[end])
    return float(np.exp(np.log(steps[end - 1]) + share * np.log(steps[end] / steps[end - 1])))
