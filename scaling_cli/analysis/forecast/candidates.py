"""The laws that a forecast averages, and how each is fitted to all points and at every rolling origin.

The fit that predicts larger runs best is not the one that describes the given runs best. Points are weighted by a power
of their scale, because the largest runs say most about still larger ones. Weak priors stabilise laws with many
parameters on few points. Huber's function, linear above 1.345 robust scales, limits the influence of a bad run. Laws of
one input also include a plain fit of the simplest law, without priors and with milder weights: if runs do follow one
law, this forecasts best, and its rolling errors show it.

A rolling origin is a row of weights that are zero for the points it does not use, so all origins of a law, each from
several starts, form one batch of the solver. They share the noise scale of the whole fit and the
bounds and priors of the coordinates, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.recipe import DEFAULT, Recipe
from scaling_cli.analysis.forecast.windows import ForecastPoints, Window
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import Ask, Asking
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, SMALLEST_DELTA, robust_scale
from scaling_cli.fitting.prior import ParameterPrior, correlation_inflation, strength
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.starts import starts
from scaling_cli.fitting.uncertainty import CHUNK_VALUES
from scaling_cli.laws import Law, find_law
from scaling_cli.record import Record, replace

STARTS = 5
PASSES = 3  # iterations between a fit and the noise scale of its residuals
GAIN = 1e-7  # relative: predictions converge long before parameters do
MOST_STEPS = 80
REPLICATE_GAIN, REPLICATE_STEPS = 1e-5, 30  # replicates start close to their optimum, and only their spread is used
CURVE_LAWS = ("power-constant", "m3", "m4", "bnsl-monotone")
SURFACE_LAWS = ("chinchilla", "general")  # the second has the first as a special case
PLAIN_LAW = "power-constant"
CURVE_POWER, PLAIN_POWER, SURFACE_POWER = 1.5, 0.5, 0.5  # of scale, in a point's weight
PLAIN_SPARE = 2  # points beyond its parameters, so that a fit without priors does not pass through all points

SMALLEST_EXPONENT = 1e-3  # absolute value: at zero a prior in logs has no gradient
CLEAR = 3.0  # standard errors of a slope

# Priors from published laws, as value and spread of the log: exponents, and floors as a share of the lowest loss.
CURVE_EXPONENT, CURVE_FLOOR = (0.35, 0.7), (0.5, 1.0)
SURFACE_EXPONENT, SURFACE_FLOOR = (0.4, 0.5), (0.67, 0.5)
GAMMA = (1.0, 1.0)  # a narrower one keeps the loss of large runs too high


class ForecastCandidate(Record):
    """A law of a forecast: points are weighted by their scale to the `power`; with weak priors unless it `is_plain`."""

    law: Law
    power: float
    is_plain: bool = False
    recipe: Recipe = DEFAULT

    @property
    def name(self) -> str:
        """The name of the law, marked if it is fitted plainly."""
        if self.is_plain and self.recipe.objective == "least-squares" and self.power == 0:
            return f"{self.law.name} (least squares)"
        return f"{self.law.name} (plain)" if self.is_plain else self.law.name

    @property
    def has_priors(self) -> bool:
        """Whether it is fitted with weak priors."""
        return not self.is_plain if self.recipe.prior is None else self.recipe.prior == "weak"

    @property
    def fewest(self) -> int:
        """The fewest points to which it is fitted."""
        return len(self.law.names) + (PLAIN_SPARE if self.is_plain else 1)


class FittedCandidate(Record):
    """A candidate's coordinates `(k,)` fitted to all points, and `(windows, k)` at the rolling origins.

    `delta` and `strength` are the values that the solver used; replicates use them as well.
    """

    candidate: ForecastCandidate
    problem: Problem
    theta: Array
    at_origins: Array
    scale: float
    delta: float
    strength: float

    @property
    def law(self) -> Law:
        """The law."""
        return self.problem.law


def candidates(
    inputs: Sequence[str], laws: Sequence[Law] = (), recipe: Recipe = DEFAULT
) -> tuple[ForecastCandidate, ...]:
    """The candidates for these inputs: the default laws, or the laws given."""

    def candidate(law: Law, power: float, *, is_plain: bool = False) -> ForecastCandidate:
        return ForecastCandidate(law, power if recipe.power is None else recipe.power, is_plain, recipe)

    if len(inputs) > 1:
        return tuple(candidate(law, SURFACE_POWER) for law in laws or _found(SURFACE_LAWS))
    return (
        *(candidate(law, CURVE_POWER) for law in laws or _found(CURVE_LAWS)),
        *(candidate(law, PLAIN_POWER, is_plain=True) for law in laws or _found((PLAIN_LAW,))),
    )


def _found(names: Sequence[str]) -> tuple[Law, ...]:
    return tuple(find_law(name) for name in names)


def law_priors(law: Law, lowest: float) -> tuple[ParameterPrior, ...]:
    """Weak priors on the parameters of a law, where `lowest` is the lowest loss."""
    exponent, floor = (CURVE_EXPONENT, CURVE_FLOOR) if len(law.inputs) == 1 else (SURFACE_EXPONENT, SURFACE_FLOOR)
    priors = []
    for parameter in law.parameters:
        if parameter.kind == "exponent":
            priors.append(ParameterPrior(parameter.name, *exponent))
        elif parameter.kind == "floor":
            priors.append(ParameterPrior(parameter.name, lowest * floor[0], floor[1]))
        elif parameter.name == "gamma" and parameter.positive and len(law.inputs) > 1:
            priors.append(ParameterPrior(parameter.name, *GAMMA))
    return tuple(priors)


def unweighted(candidate: ForecastCandidate) -> ForecastCandidate:
    """The candidate with equal weights at all scales, unless the user chose their power."""
    return replace(candidate, power=candidate.recipe.power or 0.0)


def fit_asking(
    candidate: ForecastCandidate, points: ForecastPoints, origins: Sequence[Window]
) -> Asking[FittedCandidate]:
    """Fit the candidate's law to all points and at every origin.

    Raises:
        FitError: No start led to a finite objective.
    """
    law = candidate.law
    problem = _falling(
        problem_from_arrays(
            law,
            {name: points.columns[name] for name in law.inputs},
            points.observed,
            points.runs,
            weights=points.weighted(candidate.power),
            priors=law_priors(law, float(points.observed.min())) if candidate.has_priors else (),
        )
    )
    ends, theta, scale, delta, weight = yield from _whole(problem, candidate.recipe)
    rows = [origin_weights(problem, origin) for origin in origins]
    at_origins = (yield from _origins(problem, ends, rows, delta, weight)) if rows else np.empty((0, len(theta)))
    return FittedCandidate(candidate, problem, theta, at_origins, scale, delta, weight)


def _falling(problem: Problem) -> Problem:
    """The problem with signed exponents limited to a falling loss, unless the points clearly rise.

    If noise hides the fall in a few points, a rising law fits them as well, and its predictions far beyond are absurd.
    """
    signed = np.array([parameter.is_signed for parameter in problem.law.parameters])
    if not signed.any() or _rises(problem):
        return problem
    return replace(problem, high=np.where(signed, np.minimum(problem.high, -SMALLEST_EXPONENT), problem.high))


def _rises(problem: Problem) -> bool:
    """Whether the slope of log loss in the log of the input is positive by `CLEAR` standard errors."""
    (values,) = problem.columns.values()
    across, above = np.log(values) - np.log(values).mean(), problem.target - problem.target.mean()
    slope = (across @ above) / (across @ across)
    error = np.sqrt(np.sum((above - slope * across) ** 2) / (len(values) - 2) / (across @ across))
    return bool(slope > CLEAR * error)


def origin_weights(problem: Problem, origin: Window) -> Array:
    """Weights `(n,)` that are zero except at the trained points, where their mean is 1."""
    weights = problem.weights * origin.trained
    scaled: Array = weights * (origin.trained.sum() / weights.sum())
    return scaled


def fit_parts(fitted: FittedCandidate, parts: Sequence[Window]) -> Asking[Array]:
    """Coordinates `(parts, k)` of fits to parts of the points, each started from the whole fit."""
    rows = [origin_weights(fitted.problem, part) for part in parts]
    return (yield from _origins(fitted.problem, fitted.theta[None], rows, fitted.delta, fitted.strength))


def fit_replicates(
    fitted: FittedCandidate, resampling: Resampling, part: Window | None = None, start: Array | None = None
) -> Asking[Array]:
    """Coordinates `(replicates, k)` of fits to resampled runs, in batches.

    Args:
        part: Points to fit to, by default all; replicate i resamples equal runs for every part.
        start: Coordinates `(k,)` to start from; by default those of the whole fit.
    """
    problem = fitted.problem
    theta = problem.off_zero((fitted.theta if start is None else start)[None])
    weights = problem.weights if part is None else origin_weights(problem, part)
    size = max(1, CHUNK_VALUES // len(problem.observed))
    coordinates = []
    for first in range(0, resampling.replicates, size):
        rows = range(first, min(first + size, resampling.replicates))
        solution = yield Ask(
            problem,
            np.tile(theta, (len(rows), 1)),
            fitted.delta,
            weights=run_weights(resampling, rows, problem.runs) * weights,
            strength=fitted.strength,
            gain=REPLICATE_GAIN,
            most_steps=REPLICATE_STEPS,
        )
        coordinates.append(solution.theta)
    return np.concatenate(coordinates)


def _whole(problem: Problem, recipe: Recipe) -> Asking[tuple[Array, Array, float, float, float]]:
    """The end of each start, the best coordinates, the noise scale, and delta and strength consistent with it."""
    first = starts(problem, STARTS)
    scale, inflated = _scales(problem, first[0])
    solution = yield Ask(problem, first, np.inf, strength=strength(inflated, np.inf), gain=GAIN, most_steps=MOST_STEPS)
    if not np.isfinite(solution.value).any():
        raise FitError(
            f"{problem.law.name} cannot be fitted: its objective is not finite at any starting value.",
            hint="Check the data for extreme values.",
        )
    ends = solution.theta[np.argsort(solution.value, kind="stable")]
    theta = ends[:2]
    delta = weight = 0.0
    for _ in range(PASSES):
        scale, inflated = _scales(problem, theta[0])
        delta = recipe.delta_at(scale)
        weight = strength(inflated, delta)
        solution = yield Ask(problem, theta, delta, strength=weight, gain=GAIN, most_steps=MOST_STEPS)
        theta = solution.theta[np.argsort(solution.value, kind="stable")]
    return ends, theta[0], scale, delta, weight


def _scales(problem: Problem, theta: Array) -> tuple[float, float]:
    """Robust scale of the residuals at `theta` `(k,)`, and that scale inflated for their correlation."""
    residuals = problem.residuals(theta[None])[0][0]
    scale = max(robust_scale(residuals, len(theta), problem.weights), SMALLEST_DELTA / HUBER_EFFICIENCY)
    along = np.argsort(problem.predictions(theta[None])[0], kind="stable")
    return scale, scale * correlation_inflation(residuals * np.sqrt(problem.weights), along)


def _origins(problem: Problem, ends: Array, rows: Sequence[Array], delta: float, weight: float) -> Asking[Array]:
    """The best coordinates over all starts at every origin `(windows, k)`, in one batch."""
    count = len(ends)
    theta = np.tile(problem.off_zero(ends), (len(rows), 1))
    weights = np.repeat(np.stack(rows), count, axis=0)
    solution = yield Ask(problem, theta, delta, weights=weights, strength=weight, gain=GAIN, most_steps=MOST_STEPS)
    value = np.where(np.isfinite(solution.value), solution.value, np.inf).reshape(len(rows), count)
    best = value.argmin(axis=1)
    chosen: Array = solution.theta.reshape(len(rows), count, -1)[np.arange(len(rows)), best]
    return chosen
