"""The noise of runs that pull the fit so far towards themselves that their residuals do not show it.

A run far beyond all others determines a parameter almost alone, so its residual is close to zero, whatever its error
is. `freed_residuals` are divided by at least the root of `LEAST_LEFT`, and vary too little in directions in which less
than this is left of an error. The missing part is Gaussian noise of the size that the other runs show, which consists
of an error that the points of a run share and one of each point. Random signs would not do even if its size were
known: where one run decides, replicates would have only two values.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.fitting.leverage import LEAST_LEFT, freed_residuals, hat_rows, members
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, robust_scale
from scaling_cli.fitting.optimum import Fitted

WIDEST = 3 * HUBER_EFFICIENCY  # units of the noise: a larger error says no more about that of other runs


def hidden_noise(fitted: Fitted) -> Array:
    """Errors `(m, n)` of one standard deviation each, to be multiplied by independent standard normal numbers.

    There is one for each direction of a run in which the residuals do not show the noise: mostly none.
    """
    rows = hat_rows(fitted)[0]
    parts = members(fitted)
    alone = np.arange(len(rows))[parts.alone]
    left = 1.0 - np.einsum("nk,nk->n", rows[alone], rows[alone])
    found = [(alone[[place]], np.ones(1), left[place]) for place in np.flatnonzero(left < LEAST_LEFT)]
    for points in parts.together:
        directions, size, _ = np.linalg.svd(rows[points], full_matrices=False)
        found += [
            (points, directions[:, each], 1.0 - size[each] ** 2) for each in np.flatnonzero(1.0 - size**2 < LEAST_LEFT)
        ]
    noise = np.zeros((len(found), len(rows)))
    if not found:
        return noise
    is_shown = np.ones(fitted.problem.run_count, dtype=bool)
    is_shown[[fitted.problem.runs[points[0]] for points, _, _ in found]] = False
    shared, single = _variances(fitted, is_shown)
    for row, (points, direction, rest) in zip(noise, found, strict=True):
        variance = direction.sum() ** 2 * shared + single
        missing = 1.0 - max(rest, 0.0) / LEAST_LEFT
        row[points] = np.sqrt(missing * variance / fitted.problem.weights[points]) * direction
    return noise


def _variances(fitted: Fitted, is_shown: Flags) -> tuple[float, float]:
    """Variances of the error that all points of a run share, and of each point's own, in units of equal weight.

    They are those of the runs that `is_shown`, if there are any. The mean error of a run of m points has the variance
    of the shared error and 1 / m of that of a point.
    """
    problem = fitted.problem
    errors = freed_residuals(fitted) * np.sqrt(problem.weights)
    points = np.bincount(problem.runs)
    means = np.bincount(problem.runs, errors) / points
    within = errors - means[problem.runs]
    spare = len(errors) - len(means)
    single = float(within @ within) / spare if spare else 0.0
    shown = is_shown if is_shown.any() else np.ones_like(is_shown)
    most = WIDEST * robust_scale(means[shown], 0)
    of_means = float(np.mean(np.minimum(np.abs(means[shown]), most) ** 2))
    return max(of_means - single * float(np.mean(1 / points[shown])), 0.0), single
