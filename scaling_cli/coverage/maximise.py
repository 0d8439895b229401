"""The maximum of a smooth function of two or three variables, by Newton's method on finite differences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from scaling_cli.coverage.counts import Array

STEP = 1e-3  # of central differences: balances truncation against the rounding of a sum of hundreds of logs
MOST_STEPS = 60
LARGEST_STEP = 2.0
SETTLED = 1e-7


def maximise(function: Callable[[Array], float], start: Array) -> tuple[Array, float, Array]:
    """Arguments, value and Hessian of the maximum reached by climbing from `start`."""
    theta, value = np.asarray(start, dtype=float), function(start)
    for _ in range(MOST_STEPS):
        gradient, curvature = differences(function, theta, value)
        step = uphill(gradient, curvature)
        while (risen := function(theta + step)) < value and np.abs(step).max() > 1e-12:
            step = step / 2
        if risen < value:
            break
        theta, value = theta + step, risen
        if np.abs(step).max() < SETTLED:
            break
    return theta, value, differences(function, theta, value)[1]


def uphill(gradient: Array, curvature: Array) -> Array:
    """Newton's step, changed to go uphill where the function is not concave, and at most `LARGEST_STEP` long."""
    values, vectors = np.linalg.eigh(-curvature)
    largest = np.abs(values).max()
    if largest == 0:
        return np.zeros_like(gradient)
    step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 1e-10 * largest))
    longest = float(np.abs(step).max())
    return np.asarray(step * (LARGEST_STEP / longest) if longest > LARGEST_STEP else step)


def differences(function: Callable[[Array], float], theta: Array, value: float) -> tuple[Array, Array]:
    """Gradient and Hessian by central differences."""
    steps = STEP * np.eye(len(theta))
    above, below = (np.array([function(theta + sign * step) for step in steps]) for sign in (1, -1))
    curvature = np.diag(above + below - 2 * value)
    for i, j in combinations(range(len(theta)), 2):
        both = function(theta + steps[i] + steps[j]) + function(theta - steps[i] - steps[j])
        curvature[i, j] = curvature[j, i] = (both - above[i] - above[j] - below[i] - below[j] + 2 * value) / 2
    return (above - below) / (2 * STEP), curvature / STEP**2
