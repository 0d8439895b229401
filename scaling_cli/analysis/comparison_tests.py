"""Whether groups share a parameter: nested fits compared, with a reference distribution that small samples earn.

The statistic compares the objective of a null model, in which the groups share something, with that of a wider one:

    T = 2 sum_g (O_g(null) - O_g(wider)) / s_g^2 / q,    q parameters fewer,

with s_g^2 the variance of group g's residuals about its own fit. It looks at fits, not at estimates and their errors,
so it keeps its size where a floor is hardly known and an exponent's distribution is far from normal.

For many independent runs T is about F(q, n - p). Otherwise its distribution is drawn too (restricted wild cluster
bootstrap, Cameron, Gelbach and Miller 2008): the null's residuals, each run's all multiplied by one random weight (a
sign, or Webb's six values where runs are few), make new losses around the null's predictions, and everything is fitted
anew. Residuals of runs with several points are first widened by (I - H)^-1/2 within the run, since the fit has bent
towards them.

Variances of few residuals are poor weights, so each counts as if `SHARED_FREEDOM` more residuals had the size of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtrc, fdtri

from scaling_cli.analysis.comparison_models import JointProblem, Member, parts, solved
from scaling_cli.fitting.uncertainty import FEW_SIGNS, WEBB, Resampling
from scaling_cli.laws import Array, Indices
from scaling_cli.record import record

SHARED_FREEDOM = 4.0
SMALLEST_SCALE = 1e-9  # in residuals; exact data have no noise
HALVINGS = 40
LEAST_SPREAD = 0.05  # of 1 - leverage: a point that the fit goes through is not widened without end
SPREAD_POINTS = 200  # in one run, beyond which its residuals are taken as they are


@record
class Contrast:
    """A null model against a wider one.

    `wider` None means every group on its own; `fewer` counts the parameters that the null does without.
    """

    groups: tuple[Member, ...]
    null: JointProblem
    wider: JointProblem | None
    fewer: int

    @property
    def freedom(self) -> int:
        """Residual degrees of freedom of the wider model."""
        return len(self.null.target) - len(self.null.low) - self.fewer


@record
class Reference:
    """The distribution of a statistic under its null: F, or draws of it.

    Draws know what F does not: that points of a run err together, that a matched design cancels noise. From a handful
    of runs of one point each they reject a little too often, though, and F, which is nearly exact there, a little too
    seldom: those are given the average of the two p-values (`is_mixed`; docs/compare-exponents.md has the figures).
    Draws from a null with a floor at zero are too narrow if the true floor is not quite zero (Andrews 2000): there
    (`is_at_bound`) the larger p-value counts.
    """

    fewer: int
    freedom: int
    draws: Array | None = None
    failed: int = 0
    is_mixed: bool = False
    is_at_bound: bool = False

    @property
    def method(self) -> str:
        """`wild-bootstrap` or `F`."""
        return "F" if self.draws is None else "wild-bootstrap"

    def tail(self, statistic: float) -> float:
        """Probability of a statistic as large as this one or larger."""
        expected = float(fdtrc(self.fewer, self.freedom, max(statistic, 0.0)))
        if self.draws is None:
            return expected
        # Rounding must not decide between a replicate and an observation that are the same.
        drawn = float((1 + np.sum(self.draws >= statistic * (1 - 1e-9))) / (len(self.draws) + 1))
        if self.is_at_bound:
            return max(drawn, expected)
        return (drawn + expected) / 2 if self.is_mixed else drawn

    def cut(self, level: float) -> float:
        """The statistic of one parameter that is exceeded with probability 1 - level."""
        return float(fdtri(1, self.freedom, level)) * self.inflation(level)

    def one_tail(self, statistic: float, level: float) -> float:
        """Probability of so large a statistic of one parameter."""
        if self.fewer == 1:
            return self.tail(statistic)
        return float(fdtrc(1, self.freedom, statistic / self.inflation(level)))

    def inflation(self, level: float) -> float:
        """How much larger than F's the distribution's quantile is."""
        expected = float(fdtri(self.fewer, self.freedom, level))
        if self.draws is None or not len(self.draws):
            return 1.0
        drawn = float(np.quantile(self.draws, level, method="higher"))
        if self.is_at_bound:
            return max(drawn / expected, 1.0)
        if not self.is_mixed:
            return drawn / expected
        low, high = sorted((drawn, expected))
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.tail(middle) > 1 - level else (low, middle)
        return high / expected


@record
class Compared:
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
    count, n = len(null), len(contrast.null.target)
    if target is None:
        target = np.broadcast_to(contrast.null.target, (count, n))
    places = parts(contrast.groups)
    own = [
        solved(group.problem, start, delta=group.delta, target=target[:, part])
        for group, start, part in zip(contrast.groups, alone, places, strict=True)
    ]
    scales = noise_scales(contrast.groups, [each.theta for each in own], target)
    weights = np.empty((count, n))
    for i, (group, part) in enumerate(zip(contrast.groups, places, strict=True)):
        weights[:, part] = group.problem.weights / scales[:, i, None] ** 2
    settled = np.logical_and.reduce([each.is_settled for each in own])
    if contrast.wider is None or wider is None:
        best = sum(each.value / scales[:, i] ** 2 for i, each in enumerate(own))
    else:
        fitted = solved(contrast.wider, wider, delta=contrast.wider.delta, target=target, weights=weights)
        best, settled = fitted.value, settled & fitted.is_settled
    restricted = solved(contrast.null, null, delta=contrast.null.delta, target=target, weights=weights)
    statistic = np.maximum(2 * (restricted.value - best) / contrast.fewer, 0.0)
    return Compared(statistic, restricted.theta, scales, settled & restricted.is_settled & np.isfinite(statistic))


def noise_scales(groups: Sequence[Member], thetas: Sequence[Array], target: Array) -> Array:
    """Scale of each group's residuals `(replicates, groups)`, drawn towards that of all."""
    squares, freedoms = [], []
    for group, theta, part in zip(groups, thetas, parts(groups), strict=True):
        residuals, _ = group.problem.residuals(theta, target[:, part])
        squares.append(_robust_square(residuals, group))
        freedoms.append(max(group.freedom, 1))
    sums = np.stack(squares, axis=1)
    freedom = np.array(freedoms, dtype=float)
    pooled = sums.sum(axis=1, keepdims=True) / freedom.sum()
    scales: Array = np.sqrt((sums + SHARED_FREEDOM * pooled) / (freedom + SHARED_FREEDOM))
    return np.maximum(scales, SMALLEST_SCALE)


def _robust_square(residuals: Array, group: Member) -> Array:
    """Sum of squares `(replicates,)` as the objective counts them.

    Twice a difference of Huber objectives is about chi-squared in units of mean psi^2 / mean psi' (Schrader and
    Hettmansperger 1980); for least squares that is the variance.
    """
    pull = np.clip(residuals, -group.delta, group.delta)
    inside = np.maximum((np.abs(residuals) <= group.delta).mean(axis=1), 0.1)
    total: Array = np.einsum("rn,rn,n->r", pull, pull, group.problem.weights) / inside
    return total


def draw_reference(
    contrast: Contrast, null: Array, alone: Sequence[Array], wider: Array | None, resampling: Resampling
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
    failed = count - len(kept)
    return Reference(contrast.fewer, contrast.freedom, kept, failed, is_mixed=is_single, is_at_bound=at_bound)


def resampled(contrast: Contrast, null: Array, target: Array, signs: Array) -> Array:
    """New target `(replicates, n)`: the null's predictions of `target` `(n,)`, and its residuals times `signs`."""
    residuals = contrast.null.residuals(null[None], target[None])[0][0]
    single = all(np.bincount(group.problem.runs).max() == 1 for group in contrast.groups)
    widened = residuals if single else _widened(contrast.null, null, residuals)
    found: Array = (target - residuals) + signs * widened
    return found


def wild_weights(resampling: Resampling, replicates: range, runs: Indices) -> Array:
    """A random weight for each point's run `(replicates, n)`: mean 0 and variance 1."""
    count = int(runs.max()) + 1
    drawn = np.empty((len(replicates), count))
    for row, replicate in enumerate(replicates):
        generator = resampling.generator(replicate)
        drawn[row] = 2.0 * generator.integers(2, size=count) - 1.0
        if count < FEW_SIGNS:
            drawn[row] *= WEBB[generator.integers(len(WEBB), size=count)]
    return drawn[:, runs]


def _widened(problem: JointProblem, theta: Array, residuals: Array) -> Array:
    """Residuals `(n,)`, those of runs with several points times (I - H)^-1/2 of their run (Bell and McCaffrey 2002)."""
    sizes = np.bincount(problem.runs)
    free = (theta > problem.low) & (theta < problem.high)
    root = np.sqrt(problem.weights)
    basis, _ = np.linalg.qr(problem.residuals(theta[None])[1][0][:, free] * root[:, None])
    widened = residuals.copy()
    for run in np.flatnonzero((sizes > 1) & (sizes <= SPREAD_POINTS)):
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
