"""The minimum of one IsoFLOP curve, by a parabola fitted to its points or a spline through them.

The parabola in log params is the classical choice (Hoffmann et al. 2022, section 3.2). Its vertex has a bias that
depends only on alpha, beta and the grid, because at every budget the true curve is one function of log(params / best
params) (see `profile`). So the bias needs no simulation: it is the vertex of the parabola fitted to the true curve at
the grid's sizes. A bias that is equal at all budgets does not change the exponent; a grid whose centre drifts relative
to the minima does.

Akima's spline passes through every point (Akima 1970; the choice of Porian et al. 2024, arXiv:2406.19146). It assumes
no shape, but follows the noise of each run.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.isoflop.profile import profile_shape
from scaling_cli.arrays import Array, Flags


def parabola(log_params: Array, loss: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Least-squares parabolas, one per row of `loss` and `weights`, each `(n,)` or `(replicates, n)`.

    Returns:
        Log params of the vertex, loss there, and second derivative, each `(replicates,)`. A vertex that is a maximum,
        or lies outside the points, is NaN.
    """
    centre = float(np.mean(log_params))
    basis = np.vander(log_params - centre, 3, increasing=True)
    weights, loss = np.broadcast_arrays(np.atleast_2d(weights), loss)
    matrix = np.einsum("rn,ni,nj->rij", weights, basis, basis)
    right = np.einsum("rn,ni,rn->ri", weights, basis, loss)
    is_solvable = np.linalg.cond(matrix) < 1e12
    matrix[~is_solvable] = np.eye(3)
    level, slope, bend = np.linalg.solve(matrix, right[:, :, None])[:, :, 0].T
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = -slope / (2 * bend)
        value = level - slope**2 / (4 * bend)
    inside = (vertex >= log_params.min() - centre) & (vertex <= log_params.max() - centre)
    usable: Flags = is_solvable & (bend > 0) & inside
    return np.where(usable, vertex + centre, np.nan), np.where(usable, value, np.nan), 2 * bend


def parabola_bias(alpha: float, beta: float, offsets: Array) -> float:
    """Bias of the parabola in log params, on a grid at log params `offsets` from the true minimum."""
    vertex, _, _ = parabola(offsets, profile_shape(alpha, beta, offsets), np.ones((1, len(offsets))))
    return float(vertex[0])


def akima(log_params: Array, loss: Array) -> tuple[float, float]:
    """Log params and loss at the minimum of Akima's spline; NaN if that is an end of the curve.

    Args:
        log_params: In increasing order; losses of equal ones are averaged.
        loss: Loss at these params.
    """
    x, where = np.unique(log_params, return_inverse=True)
    y = np.bincount(where, weights=loss) / np.bincount(where)
    if len(x) < 3:
        return np.nan, np.nan
    width, slope = np.diff(x), _akima_slopes(x, y)
    chord = np.diff(y) / width
    # Each segment is y + s t + b t^2 + c t^3 in t = x - start.
    bend = (3 * chord - 2 * slope[:-1] - slope[1:]) / width
    twist = (slope[:-1] + slope[1:] - 2 * chord) / width**2
    places, values = [x], [y]
    for sign in (-1.0, 1.0):
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(bend**2 - 3 * twist * slope[:-1])
            flat = np.where(np.abs(twist) > 1e-14, (-bend + sign * root) / (3 * twist), -slope[:-1] / (2 * bend))
        inside = (flat > 0) & (flat < width)
        t = flat[inside]
        places.append(x[:-1][inside] + t)
        values.append(y[:-1][inside] + t * (slope[:-1][inside] + t * (bend[inside] + t * twist[inside])))
    place, value = np.concatenate(places), np.concatenate(values)
    lowest = int(np.argmin(value))
    if place[lowest] in (x[0], x[-1]):
        return np.nan, np.nan
    return float(place[lowest]), float(value[lowest])


def _akima_slopes(x: Array, y: Array) -> Array:
    """The spline's slope at each point: the mean of neighbouring slopes, weighted against sudden changes."""
    m = np.diff(y) / np.diff(x)
    m = np.concatenate([[3 * m[0] - 2 * m[1], 2 * m[0] - m[1]], m, [2 * m[-1] - m[-2], 3 * m[-1] - 2 * m[-2]]])
    change = np.abs(np.diff(m))
    before, after = change[:-2], change[2:]
    total = before + after
    is_smooth = total <= 1e-9 * total.max()
    weighted = (after * m[1:-2] + before * m[2:-1]) / np.where(is_smooth, 1.0, total)
    slopes: Array = np.where(is_smooth, (m[1:-2] + m[2:-1]) / 2, weighted)
    return slopes
