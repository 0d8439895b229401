"""Problems of one law as one problem, with rows padded to equal lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.prior import Penalty
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import Law
from scaling_cli.record import Record


class Stack(Record):
    """Problems of one law in one space; every array has a row for each replicate.

    `inputs` are `(replicates, n)`, as are `target` and `weights`; `low` and `high` are `(replicates, k)`.
    """

    law: Law
    inputs: Mapping[str, Array]
    space: str
    target: Array
    weights: Array
    low: Array
    high: Array
    penalty: Penalty | None

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Target less prediction `(replicates, n)`, and the prediction's Jacobian `(replicates, n, k)`."""
        evaluate = self.law.evaluate_linear if self.space == "linear" else self.law.evaluate
        prediction, jacobian = evaluate(theta, self.inputs)
        return (self.target if target is None else target) - prediction, jacobian

    def kept(self, replicates: Flags) -> Stack:
        """The problems of some of the replicates."""
        return Stack(
            self.law,
            {name: values[replicates] for name, values in self.inputs.items()},
            self.space, self.target[replicates], self.weights[replicates],
            self.low[replicates], self.high[replicates], self.penalty,
        )  # fmt: skip


def stacked(problems: Sequence[Problem], owner: Indices) -> Stack:
    """The problems side by side; `owner` `(replicates,)` is the index of each replicate's problem.

    The penalty keeps one row per replicate of the whole stack, since the solver asks for it by number.
    """
    first = problems[0]
    most = max(len(problem.observed) for problem in problems)
    return Stack(
        first.law,
        {name: padded([problem.inputs[name] for problem in problems], most)[owner] for name in first.inputs},
        first.space,
        padded([problem.target for problem in problems], most)[owner],
        padded([problem.weights for problem in problems], most, last=0.0)[owner],
        np.stack([problem.low for problem in problems])[owner],
        np.stack([problem.high for problem in problems])[owner],
        _penalties(problems, owner),
    )


def padded(rows: Sequence[Array], most: int, *, last: float | None = None) -> Array:
    """Rows `(n,)` or blocks `(replicates, n)` below each other, each filled up to `most` points.

    They are filled with their first value, or with `last`.
    """
    if all(row.shape[-1] == most for row in rows):
        return np.stack(rows) if rows[0].ndim == 1 else np.concatenate(rows)
    full = np.empty((sum(1 if row.ndim == 1 else len(row) for row in rows), most))
    place = 0
    for row in rows:
        block = np.atleast_2d(row)
        here, n = slice(place, place + len(block)), block.shape[1]
        full[here, :n], full[here, n:] = block, block[:, :1] if last is None else last
        place += len(block)
    return full


def _penalties(problems: Sequence[Problem], owner: Indices) -> Penalty | None:
    penalties = [problem.penalty for problem in problems if problem.penalty is not None]
    if not penalties:
        return None
    mean, spread = (np.stack([getattr(each, name) for each in penalties])[owner] for name in ("mean", "spread"))
    return Penalty(penalties[0].index, penalties[0].is_log, mean, spread)
