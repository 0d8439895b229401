"""The best fit of a law to a problem: all starts polished, and what they agree on."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, SMALLEST_DELTA, Objective, robust_scale
from scaling_cli.fitting.prior import correlation_inflation, strength
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, minimise
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record

AGREEMENT = 1e-6  # relative: two objectives closer than this are the same optimum
RIVAL = 0.01  # relative: optima this close to the best are reported
SAME_PLACE = 1e-3  # in coordinates: closer optima are one
NARROW_DELTA = 0.01  # robust scales: a wide delta passes over outliers only slowly, a narrow one may miss the basin
SCALE_PASSES = 20  # of the fixed point between the fit and its own robust scale; most need three
SCALE_TOLERANCE = 1e-4


class Fitted(Record):
    """The global optimum of one objective.

    `theta` `(k,)` are coordinates on centred inputs; `delta` is what the solver used, and `scale` of the residuals
    what beliefs are weighed by; `polished` are all the starts' ends. `log_residuals` are those of the points that have
    logs, as all do but in linear space.
    """

    problem: Problem
    objective: Objective
    theta: Array
    delta: float
    value: float
    log_residuals: Array
    polished: Solution
    scale: float

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
        rounding = 1e-24 * len(self.problem.observed)
        return float(self.polished.value.min()) * (1 + share) + rounding


def optimum(problem: Problem, objective: Objective) -> Fitted:
    """Fit from a blind start.

    Raises:
        FitError: No start led to a finite objective.
    """
    first = starts(problem)
    delta = objective.delta if objective.name == "huber" and objective.delta is not None else np.inf
    polished = minimise(problem, first, delta=delta, strength=strength(_scales(problem, first)[1], delta))
    delta, scale, polished = _tuned(problem, objective, delta, polished, first)
    if not np.isfinite(polished.value).any():
        raise FitError(
            f"No start gave {problem.law.name} a finite objective.",
            hint="Look for points far off the rest, or try another --law.",
        )
    theta = polished.theta[np.argmin(polished.value)]
    residuals = problem.residuals(theta[None])[0]
    value = float(objective.value(residuals, problem.weights, delta)[0])
    predicted = problem.predictions(theta[None])[0]
    has_logs = (problem.observed > 0) & (predicted > 0)
    log_residuals = np.log(problem.observed[has_logs]) - np.log(predicted[has_logs])
    return Fitted(problem, objective, theta, delta, value, log_residuals, polished, scale)


def _tuned(
    problem: Problem, objective: Objective, delta: float, polished: Solution, blind: Array
) -> tuple[float, float, Solution]:
    """Delta and the scale for beliefs that agree with the fit they make, from a first fit, and that fit.

    Each fit is made from the blind starts again: least squares, which came first, draws all starts to one place where
    outliers are, and their agreement there would say nothing about the objective asked for.
    """
    scale, belief_scale = _scales(problem, _best(polished))
    is_automatic = objective.name != "least-squares" and objective.delta is None
    if is_automatic or problem.penalty is not None:
        for _ in range(SCALE_PASSES):
            delta = HUBER_EFFICIENCY * scale if is_automatic else delta
            anew = np.concatenate([blind[: len(blind) - 1], _best(polished)])
            polished = minimise(problem, anew, delta=delta, strength=strength(belief_scale, delta))
            earlier = scale
            scale, belief_scale = _scales(problem, _best(polished))
            if abs(scale / earlier - 1) < SCALE_TOLERANCE:
                break
    if objective.name == "lad":
        anew = np.concatenate([blind[: len(blind) - 1], _best(polished)])
        wide, narrow = HUBER_EFFICIENCY * scale, NARROW_DELTA * scale
        ends = [minimise_absolute(problem, anew, first_delta=first, scale=belief_scale) for first in (wide, narrow)]
        delta, polished = LAD_DELTA, _better(*ends)
    return delta, belief_scale, polished


def _better(left: Solution, right: Solution) -> Solution:
    """The lower end of each start."""
    is_right = right.value < left.value
    return Solution(
        np.where(is_right[:, None], right.theta, left.theta),
        np.where(is_right, right.value, left.value),
        left.steps + right.steps,
        np.where(is_right, right.is_settled, left.is_settled),
    )


def _best(polished: Solution) -> Array:
    return polished.theta[[np.argmin(polished.value)]]


def _scales(problem: Problem, theta: Array) -> tuple[float, float]:
    """Robust scale of the residuals at the first of `theta`, and the same inflated by their correlation."""
    residuals = problem.residuals(theta[:1])[0][0]
    weights = problem.weights if np.ptp(problem.weights) > 0 else None
    scale = max(robust_scale(residuals, theta.shape[1], weights), SMALLEST_DELTA / HUBER_EFFICIENCY)
    if problem.penalty is None:
        return scale, scale
    along = np.argsort(problem.predictions(theta[:1])[0], kind="stable")
    return scale, scale * correlation_inflation(residuals * np.sqrt(problem.weights), along)


def minimise_absolute(
    problem: Problem,
    theta: Array,
    *,
    first_delta: float,
    weights: Array | None = None,
    target: Array | None = None,
    scale: float = SMALLEST_DELTA,
) -> Solution:
    """Least absolute deviations, as Huber's function with a delta that falls tenfold from one fit to the next."""
    delta = first_delta
    while delta > LAD_DELTA:
        pull = strength(scale, delta)
        theta = minimise(problem, theta, delta=delta, weights=weights, target=target, strength=pull).theta
        delta /= 10
    pull = strength(scale, LAD_DELTA)
    return minimise(problem, theta, delta=LAD_DELTA, weights=weights, target=target, strength=pull)
