"""The statistic of a term: how much better the law fits if the term may change a parameter.

    T = 2 sum_g (O_g(base) - O_g(base and term)) / s_g^2 / q,    q columns of the term,

with O_g the objective of cell g and s_g^2 its noise. All parameters that are not tested have a value of their own in
every cell: a factor that changes the floor is not mistaken for one that changes the exponent. All data sets of a batch
are fitted at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.cells import DesignedProblem, Frames, starts
from scaling_cli.analysis.comparison.factors.noise import OwnFits, settled_fits
from scaling_cli.analysis.comparison.models import Member, parts, solve_in_chunks
from scaling_cli.arrays import Array, Flags
from scaling_cli.fitting.objective import huber
from scaling_cli.fitting.solve import Solution
from scaling_cli.record import Record


class Pose(Record):
    """The two models of a test, of which the first columns of `wider` are those of `base`.

    `tested` are the parameters that the term may change, and `alike` those that it is taken not to change, which follow
    all other terms. `fewer` is the number of parameters that the base has less; `base_columns` are its columns.
    """

    base: DesignedProblem
    wider: DesignedProblem
    framed: Frames
    tested: tuple[str, ...]
    alike: tuple[str, ...]
    fewer: int
    base_columns: int

    @property
    def modelled(self) -> tuple[str, ...]:
        """The parameters that follow from the design."""
        return (*self.tested, *self.alike)


class TermFit(Record):
    """Base and wider model fitted to every data set: the statistic `(replicates,)` and the coordinates of both.

    `value` `(replicates,)` is the objective of the wider model, in units of the noise.
    """

    statistic: Array
    base: Array
    wider: Array
    value: Array
    settled: Flags


def own_fits(members: Sequence[Member]) -> OwnFits:
    """The cells fitted to their data, as a batch of one data set."""
    target = np.concatenate([member.problem.target for member in members])[None]
    return settled_fits(members, [member.theta[None] for member in members], target)


def errors_of(members: Sequence[Member], fits: OwnFits) -> list[Array]:
    """Standard errors `(replicates, k)` of each cell's coordinates under its design."""
    found = []
    weights = fits.point_weights(members)
    for cell, (member, theta, part) in enumerate(zip(members, fits.thetas, parts(members), strict=True)):
        slopes = member.problem.residuals(theta)[1] * np.sqrt(weights[:, part])[:, :, None]
        length = np.maximum(np.sqrt((slopes**2).sum(axis=1)), 1e-12)
        unit = slopes / length[:, None, :]
        covariance = np.linalg.inv(np.matmul(unit.swapaxes(1, 2), unit) + 1e-10 * np.eye(theta.shape[1]))
        size = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)) / length
        found.append(size * fits.scales[:, [cell]])
    return found


def fit_term(pose: Pose, fits: OwnFits, errors: Sequence[Array]) -> TermFit:
    """Both models of a test fitted to every data set.

    Args:
        pose: The models.
        fits: Each cell's own fit.
        errors: Their standard errors.
    """
    base, wider = pose.base, pose.wider
    null = _fit(base, starts(base, pose.framed, fits.thetas, errors, pose.modelled), fits)
    inside = np.zeros((len(null.theta), len(wider.low)))
    for name, place in base.places.items():
        inside[:, wider.places[name][: len(place)]] = null.theta[:, place]
    others = starts(wider, pose.framed, fits.thetas, errors, pose.modelled)
    full = _fit(wider, np.concatenate([inside[None], others]), fits)
    statistic = np.maximum(2 * (null.value - full.value) / pose.fewer, 0.0)
    return TermFit(
        statistic, null.theta, full.theta, full.value, null.is_settled & full.is_settled & np.isfinite(statistic)
    )


def _fit(problem: DesignedProblem, first: Array, fits: OwnFits) -> Solution:
    """The best of several starts `(starts, replicates, K)` for every data set."""
    weights = fits.weights(problem.members)
    ends = [solve_in_chunks(problem, start, delta=fits.deltas, target=fits.target, weights=weights) for start in first]
    values = np.stack([np.where(np.isfinite(end.value), end.value, np.inf) for end in ends])
    best = values.argmin(axis=0)
    rows = np.arange(values.shape[1])
    return Solution(
        np.stack([end.theta for end in ends])[best, rows],
        values[best, rows],
        np.stack([end.steps for end in ends])[best, rows],
        np.stack([end.is_settled for end in ends])[best, rows],
    )


def own_value(members: Sequence[Member], fits: OwnFits) -> Array:
    """The objective `(replicates,)` of all cells' own fits, in units of the noise."""
    weights, total = fits.weights(members), np.zeros(len(fits.target))
    for member, theta, part in zip(members, fits.thetas, parts(members), strict=True):
        residuals, _ = member.problem.residuals(theta, fits.target[:, part])
        total += huber(residuals, weights[:, part], fits.deltas[:, part])
    return total
