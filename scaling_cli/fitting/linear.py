"""Standard errors from the curvature of the fit: the sandwich over runs, and exact errors for laws linear in logs.

With H the objective's Hessian and s_g the gradient of run g, the sandwich H^-1 (sum_g s_g s_g') H^-1 is valid for any
correlation within runs and any size of the noise. With few runs it is too small, because the fit bends towards each
run. Residuals corrected for leverage (see `leverage` and `noise.hidden`) repair this, and quantiles are Student's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array, summed
from scaling_cli.errors import UsageError
from scaling_cli.fitting.leverage import (
    LEFT_OUT,
    UNBIASED,
    bread,
    curvature,
    free_jacobian,
    freed_residuals,
    freedom,
    is_free,
    residuals,
)
from scaling_cli.fitting.noise.hidden import hidden_noise
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, Expectation

POWER = 0.8  # probability with which a difference is shown, for what the data could detect


class Spread(Record):
    """Covariance `(k, k)` of the coordinates on centred inputs, and its degrees of freedom."""

    covariance: Array
    freedom: float

    def errors(self, fitted: Fitted) -> Array:
        """Standard errors `(q,)` of the quantities, on their own scale."""
        slopes = Quantities(fitted.problem).gradients(fitted.theta[None])[0]
        variances: Array = np.einsum("qi,ij,qj->q", slopes, self.covariance, slopes)
        return np.sqrt(np.maximum(variances, 0.0))


def sandwich(fitted: Fitted) -> Spread:
    """The covariance by the sandwich over runs, valid for any correlation within runs."""
    hidden = hidden_noise(fitted) * fitted.problem.weights
    influences = np.concatenate([run_influences(fitted, UNBIASED), _moved(fitted, hidden @ free_jacobian(fitted))])
    return Spread(influences.T @ influences, freedom(fitted))


def run_influences(fitted: Fitted, power: float = LEFT_OUT, *, moved: Sequence[int] | None = None) -> Array:
    """How far each run moves the coordinates `(runs, k)`: by about this much, leaving it out moves them back.

    With `moved`, these coordinates alone.
    """
    problem = fitted.problem
    pull = np.clip(freed_residuals(fitted, power), -fitted.delta, fitted.delta) * problem.weights
    return _moved(fitted, summed(free_jacobian(fitted), problem.runs, problem.run_count, pull), moved)


def _moved(fitted: Fitted, scores: Array, moved: Sequence[int] | None = None) -> Array:
    """How far the coordinates `(m, k)`, or those named by `moved`, move with these gradients `(m, free)`."""
    moves = np.zeros((scores.shape[1], len(fitted.theta)))
    moves[:, is_free(fitted)] = bread(fitted)
    return np.asarray(scores @ (moves if moved is None else moves[:, list(moved)]))


def expectations(
    fitted: Fitted, asked: Mapping[str, float], known: Mapping[str, Estimate], level: float
) -> dict[str, Expectation]:
    """Tests of stated values by Student's t with the sandwich's errors, on the scale on which quantities are handled.

    Raises:
        UsageError: The law has no such quantity.
    """
    if not asked:
        return {}
    from scipy.special import stdtr, stdtrit

    quantities, spread = Quantities(fitted.problem), sandwich(fitted)
    centre, errors = quantities.scaled(fitted.theta[None])[0], spread.errors(fitted)
    reach = float(stdtrit(spread.freedom, (1 + level) / 2) + stdtrit(spread.freedom, POWER))
    tests = {}
    for name, value in asked.items():
        if name not in quantities.names:
            hint = f"It has {', '.join(quantities.names)}."
            raise UsageError(f"--expect names {name!r}, but {fitted.problem.law.name} has no such quantity.", hint=hint)
        place = quantities.names.index(name)
        is_log = bool(quantities.is_log[place])
        if is_log and value <= 0:
            raise UsageError(f"--expect {name}={value:g}: {name} can only be positive.", hint="Give a positive number.")
        error = float(errors[place])
        off = abs(float(centre[place]) - (float(np.log(value)) if is_log else value))
        if not (np.isfinite(error) and error > 0):
            tests[name] = Expectation(value, known[name], None, None, None)
            continue
        needed = float(np.ceil(fitted.problem.run_count * (reach * error / off) ** 2)) if off > 0 else None
        shown = value * float(np.expm1(reach * error)) if is_log else reach * error
        chance = float(2 * stdtr(spread.freedom, -off / error))
        tests[name] = Expectation(value, known[name], chance, shown, needed)
    return tests


def naive(fitted: Fitted) -> Spread:
    """The covariance if points are independent and their noise has equal variance."""
    problem = fitted.problem
    covariance = np.zeros((len(fitted.theta), len(fitted.theta)))
    free = is_free(fitted)
    covariance[np.ix_(free, free)] = bread(fitted) * noise_variance(fitted)
    return Spread(covariance, max(len(problem.observed) - int(free.sum()), 1))


def noise_variance(fitted: Fitted) -> float:
    """The unit of the objective: the residual variance for least squares, E psi^2 / E psi' for robust objectives."""
    problem = fitted.problem
    if problem.space == "binomial":  # its spread is known
        return 1.0 / problem.attempts
    pull = np.clip(residuals(fitted), -fitted.delta, fitted.delta)
    left = max(len(pull) - int(is_free(fitted).sum()), 1)
    return float(np.sum(problem.weights * pull**2)) / left / curvature(fitted)


def exact(fitted: Fitted) -> Spread:
    """The covariance of ordinary least squares for a law that is linear in its coordinates.

    Raises:
        UsageError: Student's t is not exact for this law, objective or data.
    """
    problem = fitted.problem
    if not _is_linear(fitted):
        raise UsageError(
            f"--interval t is exact only for laws that are linear in logs, but {problem.law.name} is not.",
            hint="Use --interval sandwich, which is as fast, or --interval profile.",
        )
    if fitted.objective.name != "least-squares" or problem.penalty is not None:
        raise UsageError(
            "--interval t is exact only for ordinary least squares.",
            hint="Use --objective least-squares, and leave out --prior.",
        )
    if problem.run_count < len(problem.observed):
        raise UsageError(
            "--interval t needs independent points, but some runs have several points.",
            hint="Use --interval wild or --interval sandwich, which keep runs together.",
        )
    return naive(fitted)


def _is_linear(fitted: Fitted) -> bool:
    """Whether the law is linear in its coordinates, so that its Jacobian does not depend on them."""
    problem = fitted.problem
    elsewhere = np.stack([fitted.theta, fitted.theta + 0.1])
    here, there = problem.residuals(elsewhere)[1]
    return problem.space == "log" and bool(np.allclose(here, there, rtol=1e-9, atol=1e-12))
