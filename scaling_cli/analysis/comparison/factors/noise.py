"""The noise of the cells, from few residuals per cell, and the fits that allow for it.

A variance from a handful of residuals is unreliable, and weights made from it would cost power. It is therefore shrunk
towards that of all cells, the more the less the cells' variances differ beyond what chance explains: the empirical
Bayes estimate of Smyth (2004), whose prior has `d0` degrees of freedom. If the cells have equal noise, d0 is large, and
all residuals count together.

Weights made from shrunk variances are good, but with few cells whose noise differs the shrunk variances themselves are
wrong: too small in noisy cells. Tests therefore judge by each cell's own variance where the cells' variances differ by
the test of Bartlett (1937) at the 10 % level.

Within cells, noise may change with scale, as a power of the inputs. That power is estimated from all cells together
(Harvey 1976), and shrunk by the share of its square that chance explains, so that equal noise is hardly disturbed. The
points are weighted by it, and the delta of the objective follows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc, digamma, erf, erfc, polygamma

from scaling_cli.analysis.comparison.models import SMALLEST_SCALE, Member, parts, solve_in_chunks
from scaling_cli.analysis.comparison.noise_scales import middle_size
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.fitting.noise.model import LEAST_SPREAD, power_of, scale_of
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, MAD_TO_SIGMA
from scaling_cli.record import Record

MOST_PRIOR = 1e4  # degrees of freedom that stand for cells of equal noise
MEDIAN_EFFICIENCY = 0.37  # of a scale from the median absolute residual, for Gaussian noise
DIFFERENT = 0.1  # p-value of equal noise below which tests take each cell's own noise


class OwnFits(Record):
    """Each cell's own fit in every data set, and its noise.

    `thetas` are `(replicates, k)` for each cell; `scales` `(replicates, cells)` are their noise, and `prior`
    `(replicates,)` the degrees of freedom by which it is shrunk; `shape` `(replicates, n)` is the noise of each point
    relative to its cell's; `deltas` and `target` are `(replicates, n)`. Tests judge by the noise `spreads`
    `(replicates, cells)`, with `known` `(replicates, cells)` degrees of freedom.
    """

    thetas: tuple[Array, ...]
    scales: Array
    prior: Array
    shape: Array
    deltas: Array
    target: Array
    spreads: Array
    known: Array

    def subset(self, cells: Sequence[int], points: Indices) -> OwnFits:
        """Some of the cells, with their points."""
        return OwnFits(
            tuple(self.thetas[cell] for cell in cells), self.scales[:, cells], self.prior, self.shape[:, points],
            self.deltas[:, points], self.target[:, points], self.spreads[:, cells], self.known[:, cells],
        )  # fmt: skip

    def point_weights(self, members: Sequence[Member]) -> Array:
        """The points' weights `(replicates, n)` within their cells."""
        own = np.concatenate([member.problem.weights for member in members])
        weights: Array = own / self.shape**2
        return weights

    def weights(self, members: Sequence[Member]) -> Array:
        """The points' weights `(replicates, n)`, in units of each cell's noise."""
        weights: Array = np.repeat(self.scales**-2, [member.points for member in members], axis=1) * self.point_weights(
            members
        )
        return weights


def settled_fits(members: Sequence[Member], thetas: Sequence[Array], target: Array) -> OwnFits:
    """The cells fitted to every data set `target` `(replicates, n)`, with noise that is known better by all cells.

    Args:
        members: The cells. Where a cell's delta follows its residuals, it is made to follow the noise found here.
        thetas: Each cell's own fits `(replicates, k)`, from which to start.
        target: What each replicate is fitted to.
    """
    freedom = np.array([max(member.freedom, 1) for member in members], dtype=float)
    size = median_scales(members, own_residuals(members, thetas, target, np.ones(target.shape))[0], freedom)
    first = _refitted(members, thetas, np.ones(target.shape), target, size)
    size = _gaussian_scales(members, first, freedom)
    last = _refitted(members, first.thetas, first.shape, target, size)
    scales, prior = shrunk(last.squares, freedom)
    differs = differ(last.squares, freedom)[:, None]
    own = np.maximum(np.sqrt(last.squares / freedom), SMALLEST_SCALE)
    spreads, known = np.where(differs, own, scales), np.where(differs, freedom, freedom + prior[:, None])
    return OwnFits(last.thetas, scales, prior, last.shape, last.deltas, target, spreads, known)


class _Pass(Record):
    """Fits that allow for the noise as far as it is known.

    For each cell, `squares` `(replicates, cells)` are sums in units of the objective, and `clips` `(replicates, cells)`
    are deltas over the noise.
    """

    thetas: tuple[Array, ...]
    shape: Array
    deltas: Array
    squares: Array
    clips: Array


def _refitted(members: Sequence[Member], thetas: Sequence[Array], shape: Array, target: Array, size: Array) -> _Pass:
    """The cells fitted with the noise that the residuals of `thetas` show; their noise has the sizes `size`."""
    residuals, leverage = own_residuals(members, thetas, target, shape)
    shape = noise_shape(members, residuals, leverage, size)
    deltas = _deltas(members, size, shape)
    weights = np.concatenate([member.problem.weights for member in members]) / shape**2
    refitted = tuple(
        solve_in_chunks(
            member.problem, theta, delta=deltas[:, part], target=target[:, part], weights=weights[:, part]
        ).theta
        for member, theta, part in zip(members, thetas, parts(members), strict=True)
    )
    root = np.sqrt(weights)
    residuals = own_residuals(members, refitted, target, shape)[0] * root
    clips = np.stack([(deltas * root)[:, part].mean(axis=1) for part in parts(members)], axis=1)
    return _Pass(
        refitted, shape, deltas, _squares(members, residuals, deltas * root, size),
        clips / np.maximum(size, SMALLEST_SCALE),
    )  # fmt: skip


def _gaussian_scales(members: Sequence[Member], known: _Pass, freedom: Array) -> Array:
    """Shrunk scales `(replicates, cells)` of Gaussian noise, which vary less than those from median residuals."""
    is_huber = np.array([member.delta > LAD_DELTA for member in members])
    return shrunk(known.squares / np.where(is_huber, _clipped_square(known.clips), 1.0), freedom)[0]


def _clipped_square(k: Array) -> Array:
    """E psi^2 / E psi' of standard Gaussian noise clipped at `k`."""
    k = np.minimum(k, 1e3)  # of least squares it is infinite
    inside = np.maximum(erf(k / np.sqrt(2)), SMALLEST_SCALE)
    density = np.exp(-(k**2) / 2) / np.sqrt(2 * np.pi)
    ratio: Array = (inside - 2 * k * density + k**2 * erfc(k / np.sqrt(2))) / inside
    return ratio


def differ(squares: Array, freedom: Array) -> Flags:
    """Whether the cells' variances differ `(replicates,)`, by the test of Bartlett (1937).

    Args:
        squares: Sums of squares `(replicates, cells)`.
        freedom: Degrees of freedom of each `(cells,)`.
    """
    cells, total = len(freedom), freedom.sum()
    if cells < 2:
        return np.zeros(len(squares), dtype=bool)
    squares = np.maximum(squares, SMALLEST_SCALE**2)
    log_ratio = total * np.log(squares.sum(axis=1) / total) - np.log(squares / freedom) @ freedom
    correction = 1 + (np.sum(1 / freedom) - 1 / total) / (3 * (cells - 1))
    found: Flags = chdtrc(cells - 1, np.maximum(log_ratio / correction, 0.0)) < DIFFERENT
    return found


def own_residuals(
    members: Sequence[Member], thetas: Sequence[Array], target: Array, shape: Array
) -> tuple[Array, Array]:
    """Residuals of each cell's own fit and the leverage of each point, both `(replicates, n)`."""
    residuals, leverage = np.empty(target.shape), np.empty(target.shape)
    for member, theta, part in zip(members, thetas, parts(members), strict=True):
        residuals[:, part], slopes = member.problem.residuals(theta, target[:, part])
        slopes = slopes * (np.sqrt(member.problem.weights) / shape[:, part])[:, :, None]
        unit = slopes / np.maximum(np.sqrt((slopes**2).sum(axis=1)), 1e-12)[:, None, :]
        inverse = np.linalg.inv(np.matmul(unit.swapaxes(1, 2), unit) + 1e-10 * np.eye(theta.shape[1]))
        leverage[:, part] = np.einsum("rnk,rkl,rnl->rn", unit, inverse, unit)
    return residuals, np.clip(leverage, 0.0, 1 - LEAST_SPREAD)


def median_scales(members: Sequence[Member], residuals: Array, freedom: Array) -> Array:
    """Robust scales `(replicates, cells)` from median absolute residuals, shrunk towards that of all cells."""
    sizes = []
    for member, known, part in zip(members, freedom, parts(members), strict=True):
        sizes.append(MAD_TO_SIGMA * middle_size(residuals[:, part]) * np.sqrt(member.points / known))
    counted = MEDIAN_EFFICIENCY * freedom
    return shrunk(np.stack(sizes, axis=1) ** 2 * counted, counted)[0]


def noise_shape(members: Sequence[Member], residuals: Array, leverage: Array, size: Array) -> Array:
    """Noise of each point over that of its cell `(replicates, n)`: a power of the inputs, common to all cells."""
    along, power, evidence = noise_power(members, residuals, leverage, size)
    shape: Array = np.exp((power * np.maximum(1 - 1 / np.maximum(evidence, 1e-12), 0.0))[:, None] * along)
    return shape


def noise_power(
    members: Sequence[Member], residuals: Array, leverage: Array, size: Array
) -> tuple[Array, Array, Array]:
    """Logs of the inputs `(n,)`, and in each data set the power of them with which noise changes and its evidence.

    The evidence is the square of the power over its standard error under even noise.
    """
    along = np.concatenate([scale_of(member.problem.columns.values(), member.points) for member in members])
    free = 1 - sum(len(member.theta) for member in members) / len(along)
    squares = residuals**2 / np.repeat(size**2, [member.points for member in members], axis=1) / (1 - leverage)
    power, _, evidence = power_of(squares, along, free)
    return along, power, evidence


def _deltas(members: Sequence[Member], size: Array, shape: Array) -> Array:
    """The delta of each point `(replicates, n)`: that of the objective, or 1.345 times its noise where it is tuned."""
    found = np.empty(shape.shape)
    for cell, (member, part) in enumerate(zip(members, parts(members), strict=True)):
        own = HUBER_EFFICIENCY * size[:, [cell]] if member.is_tuned else np.full((len(size), 1), member.delta)
        found[:, part] = own * shape[:, part] / np.sqrt(member.problem.weights)
    return found


def _squares(members: Sequence[Member], residuals: Array, deltas: Array, size: Array) -> Array:
    """Sums of squares `(replicates, cells)` in units of the objective: sum psi^2 over mean psi' (Huber 1981, 7.6).

    mean psi' is the share of points inside delta. It is too large for residuals of a fit, by 1 + k/n (1 - m)/m with m
    the share of Gaussian noise inside delta.
    """
    sums = []
    for cell, (member, part) in enumerate(zip(members, parts(members), strict=True)):
        pull = np.clip(residuals[:, part], -deltas[:, part], deltas[:, part])
        share = erf(deltas[:, part].mean(axis=1) / np.maximum(size[:, cell], SMALLEST_SCALE) / np.sqrt(2))
        if member.delta <= LAD_DELTA:
            inside = share
        else:
            excess = 1 + len(member.theta) / member.points * (1 / np.maximum(share, SMALLEST_SCALE) - 1)
            inside = np.maximum((np.abs(residuals[:, part]) <= deltas[:, part]).mean(axis=1), 0.1) / excess
        sums.append((pull**2).sum(axis=1) / np.maximum(inside, SMALLEST_SCALE))
    return np.stack(sums, axis=1)


def shrunk(squares: Array, freedom: Array) -> tuple[Array, Array]:
    """Scales `(replicates, cells)` and the degrees of freedom of the prior `(replicates,)`.

    Args:
        squares: Sums of squares `(replicates, cells)`.
        freedom: Degrees of freedom of each `(cells,)`, at least 1.
    """
    mean = np.maximum(squares, SMALLEST_SCALE**2) / freedom
    # The log of a chi-squared over its freedom has this mean and variance.
    logs = np.log(mean) - digamma(freedom / 2) + np.log(freedom / 2)
    noise = float(np.mean(polygamma(1, freedom / 2)))
    extra = np.var(logs, axis=1, ddof=1) - noise if squares.shape[1] > 1 else np.zeros(len(squares))
    prior = np.where(extra > 1e-9, 2 * _inverse_trigamma(np.maximum(extra, 1e-9)), MOST_PRIOR)
    prior = np.clip(prior, 0.0, MOST_PRIOR)
    centre = np.where(
        prior < MOST_PRIOR / 10,
        np.exp(logs.mean(axis=1) + digamma(np.maximum(prior, 1e-3) / 2) - np.log(np.maximum(prior, 1e-3) / 2)),
        squares.sum(axis=1) / freedom.sum(),
    )
    variance = (squares + (prior * centre)[:, None]) / (freedom + prior[:, None])
    return np.maximum(np.sqrt(variance), SMALLEST_SCALE), prior


def _inverse_trigamma(value: Array) -> Array:
    """Where the trigamma function takes `value`, by Newton's method on its reciprocal (Smyth 2004, appendix)."""
    y = 0.5 + 1 / value
    for _ in range(6):
        trigamma = polygamma(1, y)
        y = y + trigamma * (1 - trigamma / value) / polygamma(2, y)
    return np.asarray(y)
