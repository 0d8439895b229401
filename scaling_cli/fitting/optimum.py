"""The best fit of a law to a problem, from several starts, and how many of the starts reach it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import Ask, Asking, alone
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, SMALLEST_DELTA, Objective, robust_scale
from scaling_cli.fitting.prior import correlation_inflation, strength
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import Solution, joined
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record, replace

AGREEMENT = 1e-6  # relative: two objectives closer than this are the same optimum
RIVAL = 0.01  # relative: other optima with an objective this close to the best are reported
SAME_PLACE = 1e-3  # in coordinates: closer optima count as one
NARROW_DELTA = 0.01  # robust scales: a wide delta is slow to ignore outliers, a narrow one may miss the basin
SCALE_PASSES = 20  # most iterations between the fit and the robust scale of its residuals; most fits need three
SCALE_TOLERANCE = 1e-4
MANY_POINTS, PART = 50_000, 10_000  # points above which starts are first taken to the optimum of a part of the points


class Fitted(Record, dict=True):
    """The global optimum of one objective.

    `theta` `(k,)` are coordinates on centred inputs. `delta` is the value that the solver used. `scale` is the scale of
    the residuals by which priors are weighted. `polished` holds the ends of all starts. `log_residuals` are the log
    residuals of the points where observed and predicted values are positive (in log space, all of them).
    """

    problem: Problem
    objective: Objective
    theta: Array
    delta: float
    value: float
    log_residuals: Array
    polished: Solution
    scale: float

    @cached_property
    def linearised(self) -> tuple[Array, Array]:
        """The residuals `(n,)` at the optimum, and the Jacobian of the predictions `(n, k)`."""
        residuals, jacobian = self.problem.residuals(self.theta[None])
        residuals.flags.writeable = jacobian.flags.writeable = False
        return residuals[0], jacobian[0]

    @property
    def agreeing(self) -> int:
        """How many starts reached the best objective."""
        return int(np.sum(self.polished.value <= self._within(AGREEMENT)))

    @cached_property
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
    def has_logs(self) -> bool:
        """Whether most points have log residuals, so that errors in percent describe the fit."""
        return 2 * len(self.log_residuals) > len(self.problem.observed)

    @property
    def noise(self) -> float:
        """Robust standard deviation of the log residuals; NaN where most losses have no logarithm."""
        if not self.has_logs:
            return float("nan")
        return robust_scale(self.log_residuals, len(self.theta))

    def _within(self, share: float) -> float:
        # Exact data end at rounding noise, where relative differences mean nothing.
        rounding = 1e-24 * len(self.problem.observed)
        return float(self.polished.value.min()) * (1 + share) + rounding


def optimum(problem: Problem, objective: Objective) -> Fitted:
    """The best fit, without a starting value from the user.

    Raises:
        FitError: No start led to a finite objective.
    """
    return alone(optimum_asking(problem, objective))


def optimum_asking(problem: Problem, objective: Objective) -> Asking[Fitted]:
    """`optimum`, as work that asks the solver."""
    first, part = starts(problem), _part(problem)
    delta = objective.delta if objective.name == "huber" and objective.delta is not None else np.inf
    polished = yield from _polished(problem, part, first, delta, strength(_scales(problem, first)[1], delta))
    if problem.law.escapes:
        from scaling_cli.fitting.escapes import escaped

        polished = yield from escaped(problem, polished, delta)
        first = problem.off_zero(polished.theta)
    delta, scale, polished = yield from _tuned(problem, part, objective, delta, polished, first)
    if not np.isfinite(polished.value).any():
        raise FitError(
            f"{problem.law.name} cannot be fitted: its objective is not finite at any starting value.",
            hint="Check the data for extreme values, or choose another --law.",
        )
    polished = replace(polished, theta=problem.law.in_order(polished.theta))
    theta = polished.theta[np.argmin(polished.value)]
    residuals = problem.misses(theta[None])
    value = float(objective.value(residuals, problem.weights, delta)[0])
    predicted = problem.predictions(theta[None])[0]
    has_logs = (problem.observed > 0) & (predicted > 0)
    log_residuals = np.log(problem.observed[has_logs]) - np.log(predicted[has_logs])
    return Fitted(problem, objective, theta, delta, value, log_residuals, polished, scale)


def _part(problem: Problem) -> Problem | None:
    """A part of the points, from the lowest loss to the highest; None where they are not very many."""
    return problem.subset(problem.spread(PART)) if len(problem.observed) > MANY_POINTS else None


def _polished(problem: Problem, part: Problem | None, first: Array, delta: float, pull: float) -> Asking[Solution]:
    """The end of each start.

    Where there are very many points, starts first go to the optimum of a part of them. Those that meet there go on to
    that of all points together, as one.
    """
    if part is None:
        return (yield Ask(problem, first, delta, strength=pull))
    rough = yield Ask(part, first, delta, strength=pull * len(part.observed) / len(problem.observed))
    ends: list[Solution] = []
    met = np.empty(len(first), dtype=np.intp)
    for row, place in enumerate(rough.theta):
        same = [i for i in range(row) if np.abs(place - rough.theta[i]).max() <= SAME_PLACE]
        met[row] = met[same[0]] if same else len(ends)
        if not same:
            ends.append((yield Ask(problem, place[None], delta, strength=pull)))
    return joined(ends).rows(met)


def _tuned(
    problem: Problem, part: Problem | None, objective: Objective, delta: float, polished: Solution, blind: Array
) -> Asking[tuple[float, float, Solution]]:
    """Delta and the scale for priors, consistent with the fit that they lead to, and that fit.

    The `polished` fit that comes in is by least squares. From its best end, delta and the fit are brought to agree.
    Then the search begins at the blind starts again: least squares may pull all starts to one point near outliers, and
    their agreement there would not mean that they agree under the objective asked for. If one of them ends lower, delta
    and the fit are brought to agree from there.
    """
    scale, prior_scale = _scales(problem, _best(polished))
    is_automatic = objective.name not in ("least-squares", "binomial") and objective.delta is None
    if is_automatic or problem.penalty is not None:
        agreed: list[float] = []
        for _ in range(SCALE_PASSES):
            near = _best(polished)
            for _ in range(SCALE_PASSES):
                delta = HUBER_EFFICIENCY * scale if is_automatic else delta
                pull, earlier = strength(prior_scale, delta), scale
                followed = yield Ask(problem, near, delta, strength=pull)
                near = followed.theta
                scale, prior_scale = _scales(problem, near)
                if abs(scale / earlier - 1) < SCALE_TOLERANCE:
                    break
            restarts = np.concatenate([blind[: len(blind) - 1], near])
            polished = yield from _polished(problem, part, restarts, delta, pull)
            if not (polished.value.min() < followed.value[0] * (1 - AGREEMENT)):
                break
            if any(abs(scale / before - 1) < SCALE_TOLERANCE for before in agreed):
                break  # the lower end leads back to a scale at which they agreed before, so it would again
            agreed.append(scale)
            scale, prior_scale = _scales(problem, _best(polished))
    if objective.name == "lad":
        restarts = np.concatenate([blind[: len(blind) - 1], _best(polished)])
        wide, narrow = HUBER_EFFICIENCY * scale, NARROW_DELTA * scale
        ends = []
        for width in (wide, narrow):
            end = yield from absolute_asking(problem, restarts, first_delta=width, scale=prior_scale)
            ends.append(end)
        delta, polished = LAD_DELTA, _better(*ends)
    return delta, prior_scale, polished


def _better(left: Solution, right: Solution) -> Solution:
    """For each start, the solution with the lower objective."""
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
    """Robust scale of the residuals at the first row of `theta`, and that scale inflated for their correlation."""
    residuals = problem.misses(theta[:1])[0]
    weights = problem.weights if np.ptp(problem.weights) > 0 else None
    scale = max(robust_scale(residuals, theta.shape[1], weights), SMALLEST_DELTA / HUBER_EFFICIENCY)
    if problem.penalty is None:
        return scale, scale
    along = np.argsort(problem.predictions(theta[:1])[0], kind="stable")
    return scale, scale * correlation_inflation(residuals * np.sqrt(problem.weights), along)


def absolute_asking(
    problem: Problem,
    theta: Array,
    *,
    first_delta: float,
    weights: Array | None = None,
    target: Array | None = None,
    scale: float = SMALLEST_DELTA,
) -> Asking[Solution]:
    """Least absolute deviations, by Huber's function with a delta that falls tenfold from fit to fit.

    Like `minimise`, but as work that asks the solver.
    """
    delta = first_delta
    while delta > LAD_DELTA:
        pull = strength(scale, delta)
        theta = (yield Ask(problem, theta, delta, weights=weights, target=target, strength=pull)).theta
        delta /= 10
    pull = strength(scale, LAD_DELTA)
    return (yield Ask(problem, theta, LAD_DELTA, weights=weights, target=target, strength=pull))
