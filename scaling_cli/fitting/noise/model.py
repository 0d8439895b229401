"""A model of the noise, for fits whose runs have one point each, where the residuals of single runs say too little.

Noise often changes with scale: small runs scatter more than large ones. Let z be the log of the product of the inputs,
less its mean. The standard deviation of a run is taken as s exp(p z). The power p maximises the likelihood of the
residuals, by the method of scoring (Harvey 1976); squared residuals are divided by 1 - leverage, and cut off at
`FURTHEST`, so that outliers do not decide. It is used if it is more than `CLEAR` standard errors from zero. It is then
shrunk by what chance explains, and is uncertain by its standard error, so replicates draw it.

With fewer than `FEW_SPARE` more runs than parameters, the residual of a run says next to nothing about that run: the
fit passes through some points. All runs are then taken to have equal noise, unless it clearly changes with scale.

With more runs, the model is not used where a residual is above `OUTLYING` times the noise: a run that is wrong has an
error of its own, not one that the other runs show.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.fitting.leverage import free_jacobian, half_inverse, is_free, once, residuals
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, SMALLEST_DELTA, robust_scale
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.record import Record, replace

CLEAR = 2.0  # standard errors of the power of the noise
FEW_SPARE = 6  # runs less parameters
LEAST_SPREAD = 0.05  # lower limit of 1 - leverage
FURTHEST = 9.0  # squared residual, in units of the noise, beyond which a point says nothing more about the noise
WIDEST = 3 * HUBER_EFFICIENCY  # units of the noise: a larger residual says no more about a robust fit's noise
OUTLYING = 6.0  # residual, in units of the noise, that no noise explains: a wrong run, which its own residual shows
STEEPEST = 1.0  # power of the inputs with which noise may change
SCORING_STEPS = 4
NODES = 15  # of the distribution of the power, over which variances are averaged
TINY = 1e-9  # in units of the noise


class NoiseModel(Record):
    """The noise of runs of one point each.

    `along` `(n,)` is z, and `weighted` `(n,)` are the residuals in units of equal weight. `power` is zero for equal
    noise, and `error` its standard error. `freedom` is that of the size of the noise.
    """

    along: Array
    weighted: Array
    weights: Array
    power: float
    error: float
    freedom: float

    @property
    def is_uneven(self) -> bool:
        """Whether noise changes with scale."""
        return self.power != 0

    def deviations(self, steps: Array) -> Array:
        """Standard deviations of the runs `(replicates, n)`, with the power so many standard errors higher."""
        shape = np.exp((self.power + self.error * steps)[:, None] * self.along)
        size = np.sqrt(np.sum((self.weighted / shape) ** 2, axis=1) / self.freedom)
        deviations: Array = size[:, None] * shape / np.sqrt(self.weights)
        return deviations


@once
def noise_model(fitted: Fitted) -> NoiseModel | None:
    """The model of the noise; None where the residuals of single runs are used instead."""
    problem = fitted.problem
    n, spare = len(problem.observed), problem.run_count - int(is_free(fitted).sum())
    is_at_bound = not is_free(fitted).all()  # the law may then not follow the data, and residuals are more than noise
    if problem.space == "binomial" or problem.run_count < n or spare < 1 or is_at_bound:
        return None
    along = scale_of(problem.columns.values(), n)
    root = np.sqrt(problem.weights)
    weighted = residuals(fitted) * root
    rows = root[:, None] * (free_jacobian(fitted) @ half_inverse(fitted))
    left = np.maximum(1 - np.einsum("nk,nk->n", rows, rows), LEAST_SPREAD)
    scale = max(robust_scale(weighted, n - spare), SMALLEST_DELTA)
    powers, error, evidence = power_of(weighted[None] ** 2 / scale**2 / left, along, spare / n)
    kept = max(1 - 1 / evidence[0], 0.0) if evidence[0] > CLEAR**2 else 0.0
    if not kept and spare >= FEW_SPARE:
        return None
    model = NoiseModel(along, weighted, problem.weights, float(powers[0]) * kept, error * sqrt(kept), float(spare))
    if spare >= FEW_SPARE and np.abs(weighted / np.sqrt(left) * np.exp(-model.power * along)).max() > OUTLYING * scale:
        return None
    if np.isinf(fitted.delta) or spare < FEW_SPARE:
        return model
    most = WIDEST * scale * np.exp(model.power * along)
    return replace(model, weighted=np.clip(weighted, -most, most))


def scale_of(columns: Iterable[Array], points: int) -> Array:
    """The log of the product of the inputs `(n,)`, less its mean; zero if inputs have no logarithm."""
    columns = list(columns)
    if any((column <= 0).any() for column in columns):
        return np.zeros(points)
    along = np.sum([np.log(column) for column in columns], axis=0)
    return np.asarray(along - along.mean())


def power_of(squares: Array, along: Array, free: float) -> tuple[Array, float, Array]:
    """The power with which noise changes `(replicates,)`, its standard error, and the squared ratio of both.

    Args:
        squares: Squared residuals `(replicates, n)` over 1 - leverage, in units of the noise.
        along: The log of the scale of each point `(n,)`, with mean zero.
        free: The share of points that exceeds the number of parameters.
    """
    power = np.zeros(len(squares))
    room = float((along**2).sum())
    if room == 0:
        return power, 0.0, power
    for _ in range(SCORING_STEPS):
        now = np.minimum(squares * np.exp(-2 * power[:, None] * along), FURTHEST)
        now /= np.maximum(now.mean(axis=1, keepdims=True), TINY)
        power = np.clip(power + (now - 1) @ along / (2 * room), -STEEPEST, STEEPEST)
    known = 2 * room * free
    return power, known**-0.5, power**2 * known


def uneven_errors(fitted: Fitted) -> Array | None:
    """Standard errors of the quantities `(q,)` under noise that clearly changes with scale; None if it does not."""
    from scipy.special import ndtri

    model = noise_model(fitted)
    if model is None or not model.is_uneven:
        return None
    steps = ndtri((np.arange(NODES) + 0.5) / NODES)
    slopes = Quantities(fitted.problem).gradients(fitted.theta[None])[0][:, is_free(fitted)]
    variances = np.mean([_variances(fitted, slopes, each) for each in model.deviations(steps)], axis=0)
    return np.asarray(np.sqrt(np.maximum(variances, 0.0)))


def _variances(fitted: Fitted, slopes: Array, deviations: Array) -> Array:
    """Variances of the quantities `(q,)`, whose `slopes` are `(q, free)`, for Gaussian noise of these deviations.

    With psi the derivative of the objective's function of a residual, they are those of the sandwich of E psi' and
    E psi^2 (Huber 1981, section 7.6).
    """
    from scipy.special import erf

    weights, rows = fitted.problem.weights, free_jacobian(fitted) @ half_inverse(fitted)
    inside, square = np.ones(len(weights)), deviations**2
    if np.isfinite(fitted.delta):
        turn = fitted.delta / np.maximum(deviations, SMALLEST_DELTA)
        inside = np.maximum(erf(turn / np.sqrt(2)), TINY)
        density = np.exp(-(turn**2) / 2) / np.sqrt(2 * np.pi)
        square = deviations**2 * (inside - 2 * turn * density) + fitted.delta**2 * (1 - inside)
    slope = np.linalg.pinv(rows.T @ (rows * (weights * inside)[:, None]))
    moved = slopes @ half_inverse(fitted) @ slope
    variances: Array = np.einsum("qi,ij,qj->q", moved, rows.T @ (rows * (weights**2 * square)[:, None]), moved)
    return variances
