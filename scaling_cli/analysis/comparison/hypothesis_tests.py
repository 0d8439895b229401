"""Tests whether groups share a parameter, by nested fits, with a null distribution suited to small samples.

The statistic compares the objective of a null model, in which groups share parameters, with that of a wider model:

    T = 2 sum_g (O_g(null) - O_g(wider)) / s_g^2 / q,    q parameters fewer,

with s_g^2 the variance of group g's residuals about its own fit. It compares fits, not estimates and their errors, so
its size is right even if a floor is hardly known and an exponent's distribution is far from normal.

For many independent runs, T is approximately F(q, v), with Welch's degrees of freedom v for groups with unequal noise.
Otherwise its distribution is also drawn, by the restricted wild cluster bootstrap (Cameron, Gelbach and Miller 2008):
the null's residuals, with those of each run multiplied by one of Webb's six values, are added to the null's
predictions, and all models are fitted again, including the objective's delta if it follows the data. In simulations the
size of this test is right from six runs per group on, but its power is low there, because residuals of a wrong null
make wide replicates. F has the power, but rejects too often if the noise of groups differs. If a group has fewer than
`FEW_RUNS` more runs than parameters, and runs have one point each, the p-value is the geometric mean of both, with F
counted twice (docs/evidence/compare-exponents.md has the figures). If the wider model shares parameters, too, the
p-value is that of the draws alone: F takes the weights 1 / s_g^2, by which groups share them, as known.

The null's residuals are widened by (I - H)^-3/4 within each run, unless the p-value is such a mean: those of runs that
pull the fit towards themselves are smaller than their errors. With fewer than `SPARE_RUNS` more runs than parameters,
and one point per run, residuals say next to nothing about single runs. Draws are then Gaussian noise of the size of
each group's residuals, and since they are still too narrow, the p-value is the larger of both.

How the variance of a group is estimated from few residuals is in `noise_scales.py`.

Noise that clearly changes with scale is estimated from the residuals of each data set and replicate (`uneven.py`). All
fits weight the points by it, and the objective's delta follows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import SMALLEST_SCALE, JointProblem, Member, parts, solve_in_chunks
from scaling_cli.analysis.comparison.noise_scales import middle_size, noise_scales, shared_freedom
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.uneven import modelled_deviations, observed_shape, shape_of
from scaling_cli.analysis.comparison.wild_draws import gaussian_draws, widened_residuals, wild_weights
from scaling_cli.arrays import Array
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.objective import SMALLEST_DELTA
from scaling_cli.fitting.solve import Solution
from scaling_cli.record import Record, replace

SPARE_RUNS, FEW_RUNS = 3, 6  # more runs than parameters, below which draws are too narrow, or have little power
TUNING_PASSES = 3  # iterations between a replicate's fit and its delta; more do not change rejection rates
ROUGH_GAIN = 1e-4  # relative gain at which fits that only determine delta stop


class Contrast(Record):
    """A null model and the wider model that it is tested against.

    If `wider` is None, the wider model is a separate fit of every group. `fewer` is the number of parameters that the
    null has less.
    """

    groups: tuple[Member, ...]
    null: JointProblem
    wider: JointProblem | None
    fewer: int

    def freedom(self, null: Array, wider: Array | None, scales: Array) -> float:
        """Degrees of freedom of the statistic (Satterthwaite 1946; Welch 1947 for two means).

        Each group's noise is estimated from that group alone. A group is weighted by its part in the contrast: the
        trace of its block in the projection onto the parameters that the null lacks. Equal groups give n - p.
        """
        own = np.array([float(len(group.theta)) for group in self.groups])
        wide = own if self.wider is None or wider is None else _traces(self.wider, wider, self.groups, scales)
        part = np.maximum(wide - _traces(self.null, null, self.groups, scales), 0.0)
        known = np.array([max(group.freedom, 1) for group in self.groups], dtype=float)
        share = part / part.sum() if part.sum() > 0 else known / known.sum()
        return float(1 / np.sum(share**2 / known))


def _traces(problem: JointProblem, theta: Array, groups: Sequence[Member], scales: Array) -> Array:
    """Each group's part `(groups,)` in the free parameters of a joint fit."""
    free = (theta > problem.low) & (theta < problem.high)
    root = np.sqrt(problem.weights) / np.repeat(scales, [group.points for group in groups])
    basis, _ = np.linalg.qr(problem.residuals(theta[None])[1][0][:, free] * root[:, None])
    return np.array([float(np.sum(basis[part] ** 2)) for part in parts(groups)])


class NestedFits(Record):
    """Fits of null and wider model: statistics `(replicates,)`, the null's coordinates `(replicates, K)`, noise scales.

    `free` is twice the objective of separate fits of all groups, in units of their noise, and `settled` says which fits
    converged. `weights` and `near` `(replicates, n)` are the weights and deltas of the points.
    """

    free: Array
    statistic: Array
    null: Array
    scales: Array
    settled: Array
    weights: Array
    near: Array


def fit_nested(
    contrast: Contrast, alone: Sequence[Array], null: Array, wider: Array | None, target: Array | None = None
) -> NestedFits:
    """The statistic of each replicate.

    Args:
        contrast: The two models.
        alone: Starts of each group's separate fit, each shaped (replicates, k).
        null: Starts of the null, (replicates, K); `wider` are those of the wider model, None for separate fits.
        target: The data to which each replicate is fitted, (replicates, n); by default the observed ones.
    """
    passes = 0 if target is None else TUNING_PASSES
    if target is None:
        target = np.broadcast_to(contrast.null.target, (len(null), len(contrast.null.target)))
    own, scales, delta, shape = _separate_fits(contrast, alone, target, passes)
    weights = np.repeat(scales**-2, [group.points for group in contrast.groups], axis=1) * contrast.null.weights
    weights /= shape**2
    settled = np.logical_and.reduce([fit.is_settled for fit in own])
    apart = np.sum([fit.value / scales[:, i] ** 2 for i, fit in enumerate(own)], axis=0)
    if contrast.wider is None or wider is None:
        best = apart
    else:
        fitted = solve_in_chunks(contrast.wider, wider, delta=delta, target=target, weights=weights)
        best, settled = fitted.value, settled & fitted.is_settled
    restricted = solve_in_chunks(contrast.null, null, delta=delta, target=target, weights=weights)
    statistic = np.maximum(2 * (restricted.value - best) / contrast.fewer, 0.0)
    settled = settled & restricted.is_settled & np.isfinite(statistic)
    return NestedFits(2 * apart, statistic, restricted.theta, scales, settled, weights, delta)


def _separate_fits(
    contrast: Contrast, starts: Sequence[Array], target: Array, passes: int
) -> tuple[list[Solution], Array, Array, Array]:
    """Each group's separate fit, the scales of the residuals `(replicates, groups)`, delta and the noise of each point
    over that of its group, both `(replicates, n)`.

    If delta follows the data, it is tuned in every replicate: with few points it varies much, and a delta fixed at that
    of the data would make replicates vary too little.
    """
    thetas, deltas = [], []
    for group, start, part in zip(contrast.groups, starts, parts(contrast.groups), strict=True):
        delta = np.full((len(target), group.points), group.delta)
        for _ in range(passes if group.is_tuned else min(passes, 1)):
            start = solve_in_chunks(group.problem, start, delta=delta, target=target[:, part], gain=ROUGH_GAIN).theta
            delta = _tuned(group, start, target[:, part]) if group.is_tuned else delta
        thetas.append(start)
        deltas.append(delta)
    shape, thetas = shape_of(contrast.groups, thetas, deltas, target)
    fits = []
    for group, start, delta, part in zip(contrast.groups, thetas, deltas, parts(contrast.groups), strict=True):
        near, weights = delta * shape[:, part], group.problem.weights / shape[:, part] ** 2
        fits.append(solve_in_chunks(group.problem, start, delta=near, target=target[:, part], weights=weights))
    scales = noise_scales(contrast.groups, [fit.theta for fit in fits], target, deltas, shape)
    return fits, scales, np.hstack(deltas) * shape, shape


def _tuned(group: Member, theta: Array, target: Array) -> Array:
    """Delta `(replicates, points)`: the group's delta times the ratio of the median residuals."""
    now, then = (
        middle_size(group.problem.residuals(*arguments)[0]) for arguments in ((theta, target), (group.theta[None],))
    )
    delta = np.maximum(group.delta * now / max(float(then[0]), SMALLEST_SCALE), SMALLEST_DELTA)
    return np.broadcast_to(delta[:, None], target.shape)


def draw_null_distribution(
    contrast: Contrast,
    null: Array,
    alone: Sequence[Array],
    wider: Array | None,
    resampling: Resampling,
    freedom: float,
) -> NullDistribution:
    """The null distribution of the statistic by the wild bootstrap.

    Args:
        contrast: The two models.
        null: The fitted null `(K,)`.
        alone: The null's coordinates for each group `(k,)`, where separate fits of replicates start.
        wider: The null's coordinates for the wider model `(K',)`, where its fits start.
        resampling: How many replicates, and their seed.
        freedom: Degrees of freedom of F.
    """
    count = resampling.replicates
    is_single = len(contrast.null.runs) == int(contrast.null.runs.max()) + 1
    is_scarce = is_single and spare_runs(contrast.groups) < SPARE_RUNS
    if is_scarce:
        deviations = modelled_deviations(contrast.groups, shared_freedom(contrast.groups))
        noise = deviations * gaussian_draws(resampling, range(count), len(deviations))
        target = contrast.null.target - contrast.null.residuals(null[None])[0] + noise
    else:
        signs = wild_weights(resampling, range(count), contrast.null.runs)
        target = resampled(contrast, null, contrast.null.target, signs)
    drawn = fit_nested(
        contrast,
        [np.tile(theta, (count, 1)) for theta in alone],
        np.tile(null, (count, 1)),
        None if wider is None else np.tile(wider, (count, 1)),
        target,
    )
    kept = drawn.statistic[drawn.settled]
    at_bound = bool(((null <= contrast.null.low) | (null >= contrast.null.high)).any())
    is_averaged = is_single and contrast.wider is None and spare_runs(contrast.groups) < FEW_RUNS
    return NullDistribution(contrast.fewer, freedom, kept, count - len(kept), is_averaged, at_bound or is_scarce)


def spare_runs(groups: Sequence[Member]) -> int:
    """Runs less parameters, of the group where that is lowest."""
    return min(group.problem.run_count - len(group.theta) for group in groups)


def resampled(contrast: Contrast, null: Array, target: Array, signs: Array) -> Array:
    """New data `(replicates, n)`: the null's predictions of `target` `(n,)` plus its residuals times `signs`."""
    residuals = contrast.null.residuals(null[None], target[None])[0][0]
    few = contrast.wider is None and SPARE_RUNS <= spare_runs(contrast.groups) < FEW_RUNS
    shape = observed_shape(contrast.groups)
    weighted = replace(contrast.null, weights=contrast.null.weights / shape**2)
    widened = residuals if few else widened_residuals(weighted, null, residuals)
    losses: Array = (target - residuals) + signs * widened
    return losses


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for their number (Holm 1979); None stays None and is not counted."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        adjusted[i] = highest
    return adjusted
