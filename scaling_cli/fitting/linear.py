"""Standard errors from the fit's own curvature: the sandwich over runs, and the exact ones of laws linear in logs.

With H the objective's Hessian and s_g the gradient of run g, the sandwich H^-1 (sum_g s_g s_g') H^-1 holds whatever
the correlation within runs and the size of the noise. From few runs it is too small, since the fit bends towards each
run; residuals freed of that (see `leverage`) mend it, and quantiles are Student's.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
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
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.record import Record


class Spread(Record):
    """Covariance `(k, k)` of the coordinates on centred inputs, and the freedom with which it is known."""

    covariance: Array
    freedom: float

    def errors(self, fitted: Fitted) -> Array:
        """Standard errors `(q,)` of the quantities, on their own scale."""
        slopes = Quantities(fitted.problem).gradients(fitted.theta[None])[0]
        variances: Array = np.einsum("qi,ij,qj->q", slopes, self.covariance, slopes)
        return np.sqrt(np.maximum(variances, 0.0))


def sandwich(fitted: Fitted) -> Spread:
    """Robust to whatever goes on within runs."""
    influences = run_influences(fitted, UNBIASED)
    return Spread(influences.T @ influences, freedom(fitted))


def run_influences(fitted: Fitted, power: float = LEFT_OUT) -> Array:
    """How far each run alone pulls the coordinates `(runs, k)`: about what leaving it out would undo."""
    problem = fitted.problem
    pull = np.clip(freed_residuals(fitted, power), -fitted.delta, fitted.delta) * problem.weights
    by_point = free_jacobian(fitted) * pull[:, None]
    scores = np.zeros((problem.run_count, by_point.shape[1]))
    np.add.at(scores, problem.runs, by_point)
    found = np.zeros((problem.run_count, len(fitted.theta)))
    found[:, is_free(fitted)] = scores @ bread(fitted)
    return found


def naive(fitted: Fitted) -> Spread:
    """Of independent points with noise of one size."""
    problem = fitted.problem
    found = np.zeros((len(fitted.theta), len(fitted.theta)))
    free = is_free(fitted)
    found[np.ix_(free, free)] = bread(fitted) * noise_variance(fitted)
    return Spread(found, max(len(problem.observed) - int(free.sum()), 1))


def noise_variance(fitted: Fitted) -> float:
    """What the objective weighs against: the variance of residuals for least squares, E psi^2 / E psi' for others."""
    problem = fitted.problem
    pull = np.clip(residuals(fitted), -fitted.delta, fitted.delta)
    left = max(len(pull) - int(is_free(fitted).sum()), 1)
    return float(np.sum(problem.weights * pull**2)) / left / curvature(fitted)


def exact(fitted: Fitted) -> Spread:
    """Of ordinary least squares on a law that is linear in its coordinates.

    Raises:
        UsageError: The law, the objective or the runs are not such that Student's t is exact.
    """
    problem = fitted.problem
    if not _is_linear(fitted):
        raise UsageError(
            f"t intervals are exact only for laws that are linear in logs, and {problem.law.name} is not.",
            hint="Use --interval sandwich, which is as fast, or --interval profile.",
        )
    if fitted.objective.name != "least-squares" or problem.penalty is not None:
        raise UsageError(
            "t intervals are exact only for plain least squares.", hint="Add --objective least-squares and no --prior."
        )
    if problem.run_count < len(problem.observed):
        raise UsageError(
            "t intervals need independent points, and some runs have several.",
            hint="Use --interval wild or --interval sandwich, which keep runs together.",
        )
    return naive(fitted)


def _is_linear(fitted: Fitted) -> bool:
    """Whether the Jacobian is the same everywhere."""
    problem = fitted.problem
    elsewhere = np.stack([fitted.theta, fitted.theta + 0.1])
    here, there = problem.residuals(elsewhere)[1]
    return problem.space == "log" and bool(np.allclose(here, there, rtol=1e-9, atol=1e-12))
