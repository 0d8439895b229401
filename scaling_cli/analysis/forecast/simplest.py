"""How much of a forecast belongs to the simplest law, fitted by least squares to all runs.

If runs follow one law, no other forecast is better than its plain fit. If they do not, that fit misses most. The weight
of the simplest law P is therefore its posterior probability against rivals that can bend where P cannot. Beforehand,
it is as probable that P holds, that another law holds, or that none does. Rivals of one kind share its probability, so
that a longer list of rivals takes nothing from P (Scott and Berger 2010):

    weight = 1 / (1 + mean Bayes factor of the other laws + mean Bayes factor of the bends that belong to no law),

where rivals that so few points cannot determine are left out. A rival with p parameters more than the k of P has the
Bayes factor of Zellner's g-prior with g = n, the unit information prior (Liang et al. 2008, section 2), with P in the
place of the intercept. n is the number of points, S the sum of squared residuals of log loss of P, and R S that of the
rival:

    BF = (1 + n)^(-p / 2) ((S0 + S) / (S0 + S (1 + n R) / (1 + n)))^((n - k + v) / 2),   0 where n - k <= p.

The variance of the noise has an inverse gamma prior with v = `KNOWN` degrees of freedom about `NOISE`^2, S0 = v
`NOISE`^2 (conjugate; v = 0 gives the formula of Liang et al.): seeds of published sweeps differ by 0.2 to 0.5 %. Five
or six points alone cannot tell noise of 2 % from a bend, but noise of 2 % is rare.

On curves the other laws have a plateau or a break. On surfaces it is the law with a power gamma, and bends are P with
the squares, or the squares and cubes, of the logs of params and tokens. On curves a bend must take few points to
determine: it is P plus a smooth function of log x, which is a Gaussian process with
squared-exponential correlation over the whole range, `AMPLITUDE` times as large as the noise (Rasmussen and Williams
2006, chapter 2). Its likelihood ratio to P has a closed form once the noise is integrated out.

A few points can also make P flatten with an exponent of 2 or 3 that no curve of losses has. On curves, the sum of the
Bayes factors is therefore multiplied by exp(z^2 / 2), with z = ln(exponent / 0.35) / 0.7 where that is above 0: the
prior that the exponents of the other laws have.

On surfaces only `SURFACE_SHARE` of the probability counts: however probable P was on the smaller runs of public sets,
it was never the better forecast of their larger ones, and the other laws of the forecast already include it.

Both look at the points alone, and a law that fits them may still break at the largest runs. The weight is therefore
divided by a power of the ratio of the errors of P at the rolling origins to those of the other laws, if that is above
1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations_with_replacement
from math import exp, inf, log, log1p

import numpy as np

from scaling_cli.analysis.forecast.candidates import (
    CURVE_EXPONENT,
    FittedCandidate,
    ForecastCandidate,
    fit_asking,
)
from scaling_cli.analysis.forecast.recipe import Recipe
from scaling_cli.analysis.forecast.stack import SMALLEST_ERROR, Stack, rolling_errors
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import Asking, certain, side_by_side
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum_asking
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LEAST_SQUARES = "least-squares"
CURVE_LAW, SURFACE_LAW = "power-constant", "chinchilla"
RIVALS = {CURVE_LAW: ("m4", "bnsl-monotone"), SURFACE_LAW: ("general",)}
BENDS = (2, 3)  # highest powers of the logs of params and tokens
SURFACE_SHARE = 0.5  # chosen on five families of public runs, in sight of simulated surfaces of one law
AMPLITUDE = 30.0  # of the smooth function, in standard deviations of the noise
FAILED = 1.5  # power of a ratio of errors: 1 errs more on minima of IsoFLOP curves, 2 where one law holds
NODES = 16  # at which the smooth function is known, far more than it has bends
TESTED = 2  # points for each parameter of P that an origin needs to count
NOISE, KNOWN = 0.003, 6.0  # of log loss between runs of one size, and how many residuals this knowledge is worth
ROUNDING = 1e-7  # of log loss: smaller residuals are those of the solver, and show no rival
RANK = 1e-9  # of the largest singular value
MOST_LOG = 600.0  # of a Bayes factor, so that its exponential is finite


def with_simplest(averaged: Stack) -> Asking[Stack]:
    """The stack with the simplest law as its last; the same if there are too few points, or it cannot be fitted."""
    points = averaged.points
    name = CURVE_LAW if len(points.columns) == 1 else SURFACE_LAW
    candidate = ForecastCandidate(find_law(name), 0.0, is_plain=True, recipe=Recipe(LEAST_SQUARES))
    if len(points) < candidate.fewest:
        return averaged
    try:
        fit = yield from fit_asking(candidate, points, averaged.origins)
    except FitError:
        return averaged
    errors = np.array(rolling_errors(fit, points, averaged.origins))
    trusted = 1.0 if name == CURVE_LAW else SURFACE_SHARE
    weight = trusted * (yield from probability(fit.problem)) / _failure(averaged, fit, errors)
    return replace(
        averaged,
        fits=(*averaged.fits, fit),
        weights=np.append((1 - weight) * averaged.weights, weight),
        rolling=np.concatenate([averaged.rolling, errors[None]]),
    )


def _failure(averaged: Stack, fit: FittedCandidate, errors: Array) -> float:
    """The ratio of the law's `errors` at the origins to those of the stack, to the power `FAILED`; at least 1."""
    held = averaged.at_origins() - np.log(averaged.points.observed) if averaged.origins else ()
    fewest = TESTED * len(fit.theta)
    logs = [
        log(max(own, SMALLEST_ERROR) / max(float(np.sqrt(np.mean(row[~origin.trained] ** 2))), SMALLEST_ERROR))
        for own, row, origin in zip(errors, held, averaged.origins, strict=True)
        if origin.trained.sum() >= fewest
    ]
    return max(1.0, exp(FAILED * float(np.mean(logs)))) if logs else 1.0


def log_bayes_factor(count: int, parameters: int, more: int, squares: float, ratio: float) -> float:
    """The log of BF (see above): `more` parameters than `parameters` reduce the `squares` of `count` points to `ratio`
    of them.
    """
    spare = count - parameters
    if spare <= more:
        return -inf
    return -more / 2 * log1p(count) + _log_gain(spare, squares, squares * (1 + count * min(ratio, 1.0)) / (1 + count))


def _log_gain(spare: int, squares: float, left: float) -> float:
    """The log of the likelihood ratio of residuals with the squares `left` and `squares`, over their variance."""
    known = KNOWN * NOISE**2
    return (spare + KNOWN) / 2 * log((known + squares) / (known + left))


def probability(problem: Problem) -> Asking[float]:
    """The probability of the problem's law against its rivals."""
    fitted = yield from optimum_asking(problem, Objective(LEAST_SQUARES))
    rivals = [name for name in RIVALS[problem.law.name] if len(find_law(name).names) < len(problem.observed)]
    squares = certain((yield from side_by_side([_squares(problem, name) for name in rivals])))
    of_laws = _log_factors_of_laws(fitted, dict(zip(rivals, squares, strict=True)))
    odds = _mean_factor(of_laws) + _mean_factor(_log_factors_of_bends(problem, fitted))
    return 1 / (1 + odds * exp(min(_steepness(fitted) ** 2 / 2, MOST_LOG)))


def _steepness(fitted: Fitted) -> float:
    """How many standard deviations of its prior the exponent of a curve lies above the typical one, at least 0."""
    if fitted.problem.law.name != CURVE_LAW:
        return 0.0
    exponent = abs(float(fitted.theta[fitted.problem.law.names.index("b")]))
    typical, spread = CURVE_EXPONENT
    return max(log(max(exponent, RANK) / typical) / spread, 0.0)


def _mean_factor(logs: Iterable[float]) -> float:
    """The mean Bayes factor of those rivals that the points determine, 0 without any."""
    factors = [exp(min(factor, MOST_LOG)) for factor in logs if factor > -inf]
    return sum(factors) / max(len(factors), 1)


def _log_factors_of_laws(fitted: Fitted, squares: Mapping[str, float]) -> Iterator[float]:
    """The log of the Bayes factor of each other law, by its smallest sum of `squares`, against the law `fitted`."""
    count, parameters = len(fitted.problem.observed), len(fitted.problem.law.names)
    least = count * ROUNDING**2
    own = 2 * fitted.value + least
    for name, left in squares.items():
        yield log_bayes_factor(count, parameters, len(find_law(name).names) - parameters, own, (left + least) / own)


def _log_factors_of_bends(problem: Problem, fitted: Fitted) -> Iterator[float]:
    """The log of the Bayes factor of each bend of the law that is `fitted`."""
    count, parameters = len(problem.observed), len(problem.law.names)
    least = count * ROUNDING**2
    own = 2 * fitted.value + least
    root = np.sqrt(problem.weights)
    residuals, jacobian = (values[0] for values in problem.residuals(fitted.theta[None]))
    basis = _basis(root[:, None] * jacobian)
    left = root * residuals - basis @ (basis.T @ (root * residuals))
    if problem.law.name == CURVE_LAW:
        yield _log_smooth_factor(left, basis, root[:, None] * _smooth(problem), least)
        return
    for power in BENDS:
        directions = _powers(problem, power)
        bent = _basis(np.hstack([basis, root[:, None] * directions]))
        rest = left - bent @ (bent.T @ left)
        yield log_bayes_factor(count, parameters, directions.shape[1], own, (float(rest @ rest) + least) / own)


def _squares(problem: Problem, name: str) -> Asking[float]:
    """The smallest sum of squared residuals of the law `name`; infinite if it cannot be fitted."""
    try:
        rival = problem_from_arrays(
            find_law(name), problem.columns, problem.observed, problem.runs, weights=problem.weights
        )
        fitted = yield from optimum_asking(rival, Objective(LEAST_SQUARES))
    except FitError:
        return inf
    return 2 * fitted.value


def _basis(columns: Array) -> Array:
    """An orthonormal basis `(n, rank)` of the columns."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > RANK * size.max(initial=0.0)])


def _powers(problem: Problem, highest: int) -> Array:
    """Products of the logs of the inputs of second up to the `highest` degree `(n, directions)`."""
    logs = [np.log(values) for values in problem.columns.values()]
    centred = [(each - each.mean()) / max(float(np.ptp(each)), RANK) for each in logs]
    return np.stack(
        [
            np.prod(factors, axis=0)
            for degree in range(2, highest + 1)
            for factors in combinations_with_replacement(centred, degree)
        ],
        axis=1,
    )


def _smooth(problem: Problem) -> Array:
    """Features `(n, NODES)` whose inner products are the correlations of the smooth function, by Nystroem's method."""
    (values,) = problem.columns.values()
    place = (np.log(values) - np.log(values).min()) / max(float(np.ptp(np.log(values))), RANK)
    nodes = np.linspace(0.0, 1.0, NODES)
    size, vectors = np.linalg.eigh(np.exp(-0.5 * (nodes[:, None] - nodes) ** 2))
    kept = size > RANK * size.max()
    features: Array = np.exp(-0.5 * (place[:, None] - nodes) ** 2) @ vectors[:, kept] / np.sqrt(size[kept])
    return features


def _log_smooth_factor(left: Array, basis: Array, features: Array, least: float) -> float:
    """The log of the Bayes factor of P plus a smooth function, against P.

    `left` `(n,)` are the residuals outside of `basis` `(n, k)`, which P can follow.
    """
    freedom = len(left) - basis.shape[1]
    outside, size, _ = np.linalg.svd(features - basis @ (basis.T @ features), full_matrices=False)
    variance = size**2
    if freedom < 1 or not variance.sum():
        return -inf
    widened = 1 + AMPLITUDE**2 * freedom * variance / variance.sum()  # over the variance of the noise
    along = (outside.T @ left) ** 2
    squares = float(left @ left) + least
    explained = float(np.sum(along * (1 - 1 / widened)))
    return float(-0.5 * np.log(widened).sum() + _log_gain(freedom, squares, max(squares - explained, least)))
