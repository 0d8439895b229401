"""Whether groups share a parameter: nested fits compared, with a reference distribution that small samples earn.

The statistic compares the objective of a null model, in which the groups share something, with that of a wider one:

    T = 2 sum_g (O_g(null) - O_g(wider)) / s_g^2 / q,    q parameters fewer,

with s_g^2 the variance of group g's residuals about its own fit. It looks at fits, not at estimates and their errors,
so it keeps its size where a floor is hardly known and an exponent's distribution is far from normal.

For many independent runs T is about F(q, v), with Welch's degrees of freedom v for groups of their own noise. Otherwise
its distribution is drawn too (restricted wild cluster bootstrap, Cameron, Gelbach and Miller 2008): the null's
residuals, each run's all multiplied by one of Webb's six values, make new losses around the null's predictions, and
everything is fitted anew, the objective's delta included where it follows the data. Simulated, that keeps its size from
six runs a group on, but has little power there: the residuals of a null that is wrong make wide replicates. F has the
power, and rejects too often where noise differs. Where a group has fewer than `FEW_RUNS` more runs than parameters, and
runs have one point each, the geometric mean of the two p-values counts, with F's twice (the figures are in
docs/evidence/compare-exponents.md). Where it has fewer than `SPARE_RUNS` more, the null's residuals are so much smaller
than the errors that draws would reject far too often: they are widened by (I - H)^-1/2 within each run, and the larger
of the two p-values counts.

A variance of few residuals is a poor weight, so each counts as if `SHARED_FREEDOM` more residuals had the size of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import erf

from scaling_cli.analysis.comparison.models import JointProblem, Member, parts, solved
from scaling_cli.analysis.comparison.reference import Reference
from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, LAD_DELTA, MAD_TO_SIGMA, SMALLEST_DELTA
from scaling_cli.fitting.solve import Solution
from scaling_cli.fitting.uncertainty import WEBB, Resampling
from scaling_cli.record import Record

SHARED_FREEDOM = 1.0
SPARE_RUNS, FEW_RUNS = 3, 6  # more runs than parameters, below which draws are too narrow, or have little power
TUNING_PASSES = 3  # of the fixed point between a replicate's fit and its delta; more change no share of rejections
ROUGH_GAIN = 1e-4  # relative, of the fits that only tell delta
TUNED_SHARE = float(erf(HUBER_EFFICIENCY / np.sqrt(2)))  # of Gaussian noise inside a delta that follows it
SMALLEST_SCALE = 1e-9  # in residuals; exact data have no noise
LEAST_SPREAD = 0.05  # of 1 - leverage: a point that the fit goes through is not widened without end
SPREAD_POINTS = 200  # in one run, beyond which its residuals are taken as they are


class Contrast(Record):
    """A null model against a wider one.

    `wider` None means every group on its own; `fewer` counts the parameters that the null does without.
    """

    groups: tuple[Member, ...]
    null: JointProblem
    wider: JointProblem | None
    fewer: int

    def freedom(self, null: Array, wider: Array | None, scales: Array) -> float:
        """Degrees of freedom behind the statistic (Satterthwaite 1946; Welch 1947 for two means).

        Each group's noise is known from that group alone, and a group counts by its part in the contrast, the trace
        of its block in the projection onto what the null does without. Equal parts of equal groups give n - p.
        """
        own = np.array([float(len(group.theta)) for group in self.groups])
        wide = own if self.wider is None or wider is None else _traces(self.wider, wider, self.groups, scales)
        part = np.maximum(wide - _traces(self.null, null, self.groups, scales), 0.0)
        known = np.array([max(group.freedom, 1) for group in self.groups], dtype=float)
        share = part / part.sum() if part.sum() > 0 else known / known.sum()
        return float(1 / np.sum(share**2 / known))


def _traces(problem: JointProblem, theta: Array, groups: Sequence[Member], scales: Array) -> Array:
    """Each group's part `(groups,)` of the parameters that a joint fit has free."""
    free = (theta > problem.low) & (theta < problem.high)
    root = np.sqrt(problem.weights) / np.repeat(scales, [group.points for group in groups])
    basis, _ = np.linalg.qr(problem.residuals(theta[None])[1][0][:, free] * root[:, None])
    return np.array([float(np.sum(basis[part] ** 2)) for part in parts(groups)])


class Compared(Record):
    """Statistics `(replicates,)`, the null's coordinates `(replicates, K)`, and which fits converged."""

    statistic: Array
    null: Array
    scales: Array
    settled: Array


def compared(
    contrast: Contrast, alone: Sequence[Array], null: Array, wider: Array | None, target: Array | None = None
) -> Compared:
    """The statistic of each replicate.

    Args:
        contrast: What is compared.
        alone: Where to start each group's own fit, each shaped (replicates, k).
        null: Where to start the null, (replicates, K), and `wider` the wider model, unless that is every group alone.
        target: What each replicate is fitted to, (replicates, n).
    """
    passes = 0 if target is None else TUNING_PASSES
    if target is None:
        target = np.broadcast_to(contrast.null.target, (len(null), len(contrast.null.target)))
    own, scales, delta = _on_their_own(contrast, alone, target, passes)
    weights = np.repeat(scales**-2, [group.points for group in contrast.groups], axis=1) * contrast.null.weights
    settled = np.logical_and.reduce([each.is_settled for each in own])
    if contrast.wider is None or wider is None:
        best = sum(each.value / scales[:, i] ** 2 for i, each in enumerate(own))
    else:
        fitted = solved(contrast.wider, wider, delta=delta, target=target, weights=weights)
        best, settled = fitted.value, settled & fitted.is_settled
    restricted = solved(contrast.null, null, delta=delta, target=target, weights=weights)
    statistic = np.maximum(2 * (restricted.value - best) / contrast.fewer, 0.0)
    return Compared(statistic, restricted.theta, scales, settled & restricted.is_settled & np.isfinite(statistic))


def _on_their_own(
    contrast: Contrast, starts: Sequence[Array], target: Array, passes: int
) -> tuple[list[Solution], Array, Array]:
    """Each group's own fits, the scales of their residuals `(replicates, groups)`, and delta `(replicates, n)`.

    Where delta follows the data it does so in every replicate: held at the data's it would make replicates of few
    points, whose own delta varies much, too much alike.
    """
    fits, deltas = [], []
    for group, start, part in zip(contrast.groups, starts, parts(contrast.groups), strict=True):
        delta = np.full((len(target), group.points), group.delta)
        for _ in range(passes if group.is_tuned else 0):
            start = solved(group.problem, start, delta=delta, target=target[:, part], gain=ROUGH_GAIN).theta
            delta = _tuned(group, start, target[:, part])
        fits.append(solved(group.problem, start, delta=delta, target=target[:, part]))
        deltas.append(delta)
    return fits, noise_scales(contrast.groups, [each.theta for each in fits], target, deltas), np.hstack(deltas)


def _tuned(group: Member, theta: Array, target: Array) -> Array:
    """Delta `(replicates, points)` as much larger than the group's as the middle residual is."""
    now, then = (_middle(group.problem.residuals(*each)[0]) for each in ((theta, target), (group.theta[None],)))
    delta = np.maximum(group.delta * now / max(float(then[0]), SMALLEST_SCALE), SMALLEST_DELTA)
    return np.broadcast_to(delta[:, None], target.shape)


def noise_scales(
    groups: Sequence[Member], thetas: Sequence[Array], target: Array, deltas: Sequence[float | Array]
) -> Array:
    """Scale of each group's residuals `(replicates, groups)`, drawn towards that of all."""
    squares = []
    for group, theta, delta, part in zip(groups, thetas, deltas, parts(groups), strict=True):
        residuals, _ = group.problem.residuals(theta, target[:, part])
        squares.append(_robust_square(residuals, group, delta))
    sums = np.stack(squares, axis=1)
    freedom = np.array([max(group.freedom, 1) for group in groups], dtype=float)
    pooled = sums.sum(axis=1, keepdims=True) / freedom.sum()
    scales: Array = np.sqrt((sums + SHARED_FREEDOM * pooled) / (freedom + SHARED_FREEDOM))
    return np.maximum(scales, SMALLEST_SCALE)


def _robust_square(residuals: Array, group: Member, delta: float | Array) -> Array:
    """Sum of squares `(replicates,)` as the objective counts them.

    Twice a difference of Huber objectives is about chi-squared in units of mean psi^2 / mean psi' (Schrader and
    Hettmansperger 1980); for least squares that is the variance. mean psi' is the share of points inside delta, which
    for least absolute deviations no data can tell: there it is that of Gaussian noise.
    """
    pull = np.clip(residuals, -delta, delta)
    if group.delta <= LAD_DELTA:
        inside = gaussian_share(residuals, group, delta)
    else:
        inside = np.maximum((np.abs(residuals) <= delta).mean(axis=1), 0.1) / overfit(residuals, group, delta)
    total: Array = np.einsum("rn,rn,n->r", pull, pull, group.problem.weights) / inside
    return total


def overfit(residuals: Array, group: Member, delta: float | Array) -> float | Array:
    """How many times too many residuals of a fit `(replicates, n)` lie inside delta.

    To first order 1 + k/n (1 - m)/m (Huber 1981, section 7.6), m the share of Gaussian noise: the share observed would
    make it jump where points are few. A delta tuned to the same residuals makes mean psi^2 / mean psi' vary as if it
    had 0.7 of its degrees of freedom (simulated, 6 to 30 points), for which the same factor again makes up.
    """
    ratio = len(group.theta) / group.points
    if group.is_tuned:
        return (1 + ratio * (1 / TUNED_SHARE - 1)) ** 2
    return 1 + ratio * (1 / np.maximum(gaussian_share(residuals, group, delta), SMALLEST_SCALE) - 1)


def gaussian_share(residuals: Array, group: Member, delta: float | Array) -> Array:
    """Share inside delta `(replicates,)` of Gaussian noise as large as the middle residual."""
    spread = np.sqrt(group.points / max(group.freedom, 1)) * MAD_TO_SIGMA * _middle(residuals)
    share: Array = erf(np.atleast_1d(delta)[..., 0] / np.maximum(spread, SMALLEST_SCALE) / np.sqrt(2))
    return share


def _middle(residuals: Array) -> Array:
    """Median size `(replicates,)` of residuals `(replicates, n)`; np.median would import numpy.ma."""
    size = np.sort(np.abs(residuals), axis=1)
    n = residuals.shape[1]
    found: Array = (size[:, n // 2] + size[:, (n - 1) // 2]) / 2
    return found


def draw_reference(
    contrast: Contrast,
    null: Array,
    alone: Sequence[Array],
    wider: Array | None,
    resampling: Resampling,
    freedom: float,
) -> Reference:
    """The null distribution of the statistic by the wild bootstrap.

    Args:
        null: The fitted null `(K,)`.
        alone: Its coordinates for each group `(k,)`, and `wider` `(K',)` for the wider model: where replicates start.
        contrast: What is compared.
        resampling: How many replicates, and their seed.
    """
    count = resampling.replicates
    signs = wild_weights(resampling, range(count), contrast.null.runs)
    drawn = compared(
        contrast,
        [np.tile(each, (count, 1)) for each in alone],
        np.tile(null, (count, 1)),
        None if wider is None else np.tile(wider, (count, 1)),
        resampled(contrast, null, contrast.null.target, signs),
    )
    kept = drawn.statistic[drawn.settled]
    is_single = len(contrast.null.runs) == int(contrast.null.runs.max()) + 1
    at_bound = bool(((null <= contrast.null.low) | (null >= contrast.null.high)).any())
    is_cautious = at_bound or (is_single and spare_runs(contrast.groups) < SPARE_RUNS)
    is_averaged = is_single and spare_runs(contrast.groups) < FEW_RUNS
    return Reference(contrast.fewer, freedom, kept, count - len(kept), is_averaged, is_cautious)


def spare_runs(groups: Sequence[Member]) -> int:
    """How many more runs than parameters the group has that has fewest."""
    return min(each.problem.run_count - len(each.theta) for each in groups)


def resampled(contrast: Contrast, null: Array, target: Array, signs: Array) -> Array:
    """New target `(replicates, n)`: the null's predictions of `target` `(n,)`, and its residuals times `signs`."""
    residuals = contrast.null.residuals(null[None], target[None])[0][0]
    widened = _widened(contrast.null, null, residuals) if spare_runs(contrast.groups) < SPARE_RUNS else residuals
    found: Array = (target - residuals) + signs * widened
    return found


def wild_weights(resampling: Resampling, replicates: range, runs: Indices) -> Array:
    """A random weight for each point's run `(replicates, n)`: mean 0 and variance 1."""
    count = int(runs.max()) + 1
    drawn = np.empty((len(replicates), count))
    for row, replicate in enumerate(replicates):
        generator = resampling.generator(replicate)
        drawn[row] = 2.0 * generator.integers(2, size=count) - 1.0
        drawn[row] *= WEBB[generator.integers(len(WEBB), size=count)]
    return drawn[:, runs]


def _widened(problem: JointProblem, theta: Array, residuals: Array) -> Array:
    """Residuals `(n,)`, those of each run times its (I - H)^-1/2 (Bell and McCaffrey 2002)."""
    sizes = np.bincount(problem.runs)
    free = (theta > problem.low) & (theta < problem.high)
    root = np.sqrt(problem.weights)
    basis, _ = np.linalg.qr(problem.residuals(theta[None])[1][0][:, free] * root[:, None])
    widened = residuals.copy()
    for run in np.flatnonzero((sizes > 0) & (sizes <= SPREAD_POINTS)):
        here = np.flatnonzero(problem.runs == run)
        size, axes = np.linalg.eigh(np.eye(len(here)) - basis[here] @ basis[here].T)
        stretched = axes.T @ (residuals[here] * root[here]) / np.sqrt(np.maximum(size, LEAST_SPREAD))
        widened[here] = (axes @ stretched) / root[here]
    return widened


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for how many there are (Holm 1979); None stays None and does not count."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[i] = highest
    return adjusted
