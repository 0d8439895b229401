"""How well a law that is fitted without a group of points predicts it: for each group in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import numbered_columns
from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import replace
from scaling_cli.results.fit import LeftOut


def left_out(problem: Problem, labels: Sequence[str], objective: Objective) -> tuple[LeftOut, ...]:
    """The errors on the points of each label, by the fit to all others; without errors where that fit fails."""
    places = np.array(labels)
    found = []
    for label in dict.fromkeys(labels):
        is_out = places == label
        kept = np.flatnonzero(~is_out)
        rmse = bias = mean = None
        if len(kept) > len(problem.law.names):
            part = problem.subset(kept)
            part = replace(part, runs=numbered_columns(part.runs[None].astype(float)))
            try:
                theta = optimum(part, objective).theta[None]
            except FitError:
                theta = None
            if theta is not None:
                predicted = problem.predictions(theta)[0][is_out]
                observed = problem.observed[is_out]
                mean = _finite(float(np.sqrt(np.mean((observed - predicted) ** 2))))
                with np.errstate(invalid="ignore", divide="ignore"):
                    off = np.log(observed) - np.log(predicted)
                rmse, bias = _finite(float(np.sqrt(np.mean(off**2)))), _finite(float(off.mean()))
        found.append(LeftOut(label, int(is_out.sum()), rmse, bias, mean))
    return tuple(found)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
