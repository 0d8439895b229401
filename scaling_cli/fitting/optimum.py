"""The best fit of a law to a problem: all starts polished, and what they agree on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, SMALLEST_DELTA, Objective, robust_scale
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, minimise
from scaling_cli.fitting.starts import starts
from scaling_cli.laws import Array

AGREEMENT = 1e-6  # relative: two objectives closer than this are the same optimum
RIVAL = 0.01  # relative: optima this close to the best are reported
SAME_PLACE = 1e-3  # in coordinates: closer optima are one
SCALE_PASSES = 20  # of the fixed point between the fit and its own robust scale; most need three
SCALE_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Fitted:
    """The global optimum of one objective.

    `theta` `(k,)` are coordinates on centred inputs; `delta` is what the solver used; `polished` are all the starts'
    ends.
    """

    problem: Problem
    objective: Objective
    theta: Array
    delta: float
    value: float
    log_residuals: Array
    polished: Solution

    @property
    def agreeing(self) -> int:
        """How many starts reached the best objective."""
        return int(np.sum(self.polished.value <= self._within(AGREEMENT)))

    @property
    def rivals(self) -> list[int]:
        """One start for each distinct optimum within 1 % of the best, best first."""
        kept: list[int] = []
        for index in np.argsort(self.polished.value, kind="stable"):
            place = self.polished.theta[index]
            is_new = all(np.abs(place - self.polished.theta[other]).max() > SAME_PLACE for other in kept)
            if self.polished.value[index] <= self._within(RIVAL) and is_new:
                kept.append(int(index))
        return kept

    @property
    def noise(self) -> float:
        """Robust standard deviation of the log residuals."""
        return robust_scale(self.log_residuals, len(self.theta))

    def _within(self, share: float) -> float:
        # Exact data end at rounding noise, where relative differences mean nothing.
        rounding = 1e-24 * len(self.log_residuals)
        return float(self.polished.value.min()) * (1 + share) + rounding


def optimum(problem: Problem, objective: Objective) -> Fitted:
    """Fit from a blind start.

    Raises:
        FitError: No start led to a finite objective.
    """
    first = starts(problem)
    if objective.name == "huber" and objective.delta is not None:
        delta, polished = objective.delta, minimise(problem, first, delta=objective.delta)
    else:
        polished = minimise(problem, first, delta=np.inf)
        delta, polished = _continue(problem, objective, polished)
    if not np.isfinite(polished.value).any():
        raise FitError(
            f"No start gave {problem.law.name} a finite objective.",
            hint="Look for points far off the rest, or try another --law.",
        )
    theta = polished.theta[np.argmin(polished.value)]
    residuals = problem.residuals(theta[None])[0]
    value = float(objective.value(residuals, problem.weights, delta)[0])
    log_residuals = np.log(problem.observed) - problem.log_predictions(theta[None])[0]
    return Fitted(problem, objective, theta, delta, value, log_residuals, polished)


def _continue(problem: Problem, objective: Objective, polished: Solution) -> tuple[float, Solution]:
    """From least squares to the objective asked for."""
    if objective.name == "least-squares":
        return np.inf, polished
    delta = _scale(problem, polished)
    if objective.name == "lad":
        return LAD_DELTA, minimise_absolute(problem, polished.theta, first_delta=delta)
    for _ in range(SCALE_PASSES):
        polished = minimise(problem, polished.theta, delta=delta)
        latest = _scale(problem, polished)
        if abs(latest / delta - 1) < SCALE_TOLERANCE:
            break
        delta = latest
    return delta, polished


def _scale(problem: Problem, polished: Solution) -> float:
    best = polished.theta[np.argmin(polished.value)][None]
    residuals = problem.residuals(best)[0][0]
    return max(HUBER_EFFICIENCY * robust_scale(residuals, best.shape[1]), SMALLEST_DELTA)


def minimise_absolute(problem: Problem, theta: Array, *, first_delta: float, weights: Array | None = None) -> Solution:
    """Least absolute deviations, as Huber's function with a delta that falls tenfold from one fit to the next."""
    delta = first_delta
    while delta > LAD_DELTA:
        theta = minimise(problem, theta, delta=delta, weights=weights).theta
        delta /= 10
    return minimise(problem, theta, delta=LAD_DELTA, weights=weights)
