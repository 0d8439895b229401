"""The power of scale with which noise changes, by restricted maximum likelihood.

A fit bends towards each of its runs, and most towards noisy ones at the end of the range. Its squared residuals, even
divided by 1 - leverage, therefore change less with scale than the noise does: by half, for 12 runs of a surface. The
restricted likelihood of the residuals allows for this (Patterson and Thompson 1971). With noise s_g exp(p z) in group
g, z the log of the product of the inputs less its mean, r the residuals over exp(p z) of the fit with these weights,
and H its hat matrix, the method of scoring uses (Smyth 2002)

    slope = sum_i z_i (r_i^2 / s_g^2 - 1 + h_ii),          s_g^2 = sum_i r_i^2 / (n_g - k),
    information = 2 (sum_ij z_i z_j V_ij - (sum_i z_i (1 - h_ii))^2 / (n_g - k)),   V_ii = 1 - 2 h_ii + h_ii^2,
                                                                                    V_ij = h_ij^2,

each summed over the groups. The fits are linear about those that are given. Residuals are cut off at `FURTHEST` times
the robust noise, so that outliers do not decide. Checkpoints of a run share an error, towards which the fit bends as to
one point, so the mean of a run takes their place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import CHUNK_VALUES, SMALLEST_SCALE, Member, parts
from scaling_cli.arrays import Array
from scaling_cli.fitting.noise.model import STEEPEST, scale_of
from scaling_cli.fitting.objective import MAD_TO_SIGMA
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record

FURTHEST = 3.0  # residual, in units of the noise, beyond which a point says nothing more
LEAST_MEDIAN = 0.3  # of the root mean square residual: lower limit of the robust noise, since a few residuals may be 0
STEPS, LONGEST = 6, 0.3  # of the method of scoring, and of one step
LEAST_INFORMATION = 0.25  # of that at even noise, with which a step is computed
RIDGE = 1e-10  # of the mean diagonal, so that parameters that the points do not determine do no harm
TINY = 1e-12


class NoisePower(Record):
    """The power with which noise changes in each data set, and the square of its ratio to its standard error.

    Both are `(replicates,)`; the standard error is that under even noise. `along` `(n,)` is z.
    """

    along: Array
    power: Array
    evidence: Array

    def shape(self) -> Array:
        """The noise of each point over that of its group `(replicates, n)`, with the power shrunk by what chance
        explains.
        """
        kept = np.maximum(1 - 1 / np.maximum(self.evidence, TINY), 0.0)
        shape: Array = np.exp((self.power * kept)[:, None] * self.along)
        return shape


def noise_power(members: Sequence[Member], thetas: Sequence[Array], target: Array) -> NoisePower:
    """How noise changes with scale, as a power of the product of the inputs that all groups share.

    Args:
        members: The groups.
        thetas: A fit of each group to every data set, each shaped (replicates, k).
        target: The data sets `(replicates, n)`.
    """
    size = max(1, CHUNK_VALUES // target.shape[1])
    chunks = [slice(first, first + size) for first in range(0, len(target), size)]
    along = np.concatenate([scale_of(member.problem.columns.values(), member.points) for member in members])
    found = [_power([theta[chunk] for theta in thetas], target[chunk], members, along) for chunk in chunks]
    power, evidence = (np.concatenate(values) for values in zip(*found, strict=True))
    return NoisePower(along, power, evidence)


def _power(thetas: Sequence[Array], target: Array, members: Sequence[Member], along: Array) -> tuple[Array, Array]:
    """The power and its evidence, both `(replicates,)`."""
    groups = [
        _lines(member, theta, target[:, part], along[part])
        for member, theta, part in zip(members, thetas, parts(members), strict=True)
        if member.spare_runs > 0
    ]
    power, even = np.zeros(len(target)), np.zeros(len(target))
    if not groups or not along.any():
        return power, even
    for step in range(STEPS):
        slope, information = np.sum([group.likelihood(power) for group in groups], axis=0)
        even = np.maximum(information, 0.0) if step == 0 else even
        known = np.maximum(information, np.maximum(LEAST_INFORMATION * even, TINY))
        power = np.clip(power + np.clip(slope / known, -LONGEST, LONGEST), -STEEPEST, STEEPEST)
    return power, power**2 * even


class _Lines(Record):
    """A group's fits as linear ones: residuals `(replicates, n)` and slopes `(replicates, n, k)` of n runs, of equal
    weight.
    """

    residuals: Array
    slopes: Array
    along: Array

    def likelihood(self, power: Array) -> Array:
        """Slope of the log likelihood, and information, at `power` `(replicates,)`; both in `(2, replicates)`."""
        shape = np.exp(power[:, None] * self.along)
        slopes = self.slopes / shape[:, :, None]
        spare, inverse = slopes.shape[1] - slopes.shape[2], _inverse(slopes)
        fit = inverse @ slopes.swapaxes(1, 2)
        values = _cut(self.residuals / shape, spare)
        left = values - (slopes @ (fit @ values[:, :, None]))[:, :, 0]
        free = 1 - np.einsum("rnk,rkn->rn", slopes, fit)
        size = (left**2).sum(axis=1, keepdims=True) / spare
        excess = np.where(size > SMALLEST_SCALE**2, left**2 / np.maximum(size, SMALLEST_SCALE**2) - free, 0.0)
        turned = fit @ (self.along[:, None] * slopes)
        own = (2 * free - 1) @ self.along**2 + np.einsum("rkl,rlk->r", turned, turned)
        information = 2 * (own - (free @ self.along) ** 2 / spare)
        return np.stack([excess @ self.along, information])


def _lines(member: Member, theta: Array, target: Array, along: Array) -> _Lines:
    """The group's fits `theta` `(replicates, k)` to `target` `(replicates, n)`, as means of runs."""
    problem = member.problem
    residuals, slopes = problem.residuals(theta, target)
    root = np.sqrt(_means(problem, problem.weights[None], np.ones(member.points)))[0]
    residuals, slopes, along = (_means(problem, each, problem.weights) for each in (residuals, slopes, along[None]))
    slopes = slopes * root[:, None]
    unit = slopes / np.maximum(np.sqrt((slopes**2).sum(axis=1)), TINY)[:, None, :]
    return _Lines(residuals * root, unit, along[0])


def _means(problem: Problem, values: Array, weights: Array) -> Array:
    """Weighted means of the points of each run `(replicates, runs, ...)`, from values `(replicates, n, ...)`."""
    if problem.run_count == len(problem.observed):
        return values[:, np.argsort(problem.runs)]
    order = np.argsort(problem.runs, kind="stable")
    starts = np.unique(problem.runs[order], return_index=True)[1]
    shape = (-1, *(1,) * (values.ndim - 2))
    sums = np.add.reduceat(values[:, order] * weights[order].reshape(shape), starts, axis=1)
    means: Array = sums / np.add.reduceat(weights[order], starts).reshape(shape)
    return means


def _inverse(slopes: Array) -> Array:
    """The inverse of the slopes' products `(replicates, k, k)`."""
    products = slopes.swapaxes(1, 2) @ slopes
    ridge = RIDGE * np.trace(products, axis1=1, axis2=2) / slopes.shape[2]
    return np.linalg.inv(products + np.maximum(ridge, TINY)[:, None, None] * np.eye(slopes.shape[2]))


def _cut(values: Array, spare: int) -> Array:
    """Residuals `(replicates, n)` with those far beyond the noise cut off."""
    count, ordered = values.shape[1], np.sort(np.abs(values), axis=1)
    size = np.sqrt((values**2).mean(axis=1))
    middle = MAD_TO_SIGMA * ordered[:, count // 2] * np.sqrt(count / spare)
    most = FURTHEST * np.maximum(middle, LEAST_MEDIAN * size)[:, None]
    return np.clip(values, -most, most)
