"""Noise that changes with scale, as a power of the product of the inputs that all groups share.

Small runs often scatter more than large ones. A test that counts all points equally then rejects equal exponents too
often: in 11 % of data sets instead of 5 % if the noise changes ninefold over the range. The power is estimated from the
residuals of each group's own fit (Harvey 1976), and its square is shrunk by what chance explains. It is used only if it
is more than `CLEAR` standard errors from zero, so that most data of even noise stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.noise import median_scales, noise_power, noise_shape, own_residuals
from scaling_cli.analysis.comparison.models import Member, parts, solve_in_chunks
from scaling_cli.arrays import Array
from scaling_cli.record import replace

CLEAR = 2.5  # standard errors of the power of the noise
ROUGH_GAIN = 1e-4  # relative gain at which fits that only determine the noise stop


def marked(members: Sequence[Member]) -> list[Member]:
    """The groups, with `is_uneven` where their noise clearly changes with scale."""
    target = np.concatenate([member.problem.target for member in members])[None]
    thetas = [member.theta[None] for member in members]
    noise = _noise(members, thetas, target, np.ones(target.shape))
    is_uneven = bool(noise_power(members, *noise)[2][0] > CLEAR**2)
    return [replace(member, is_uneven=is_uneven) for member in members]


def shape_of(
    members: Sequence[Member], thetas: Sequence[Array], deltas: Sequence[Array], target: Array
) -> tuple[Array, list[Array]]:
    """Noise of each point over that of its group `(replicates, n)`, and fits of each group that allow for it.

    Args:
        members: The groups.
        thetas: The fits of each group to every data set, each shaped (replicates, k).
        deltas: Delta of the points of each group, each shaped (replicates, points).
        target: The data sets `(replicates, n)`.
    """
    first, even = np.ones(target.shape), list(thetas)
    if not all(member.is_uneven for member in members):
        return first, even
    first = noise_shape(members, *_noise(members, thetas, target, first))
    weighted = [
        solve_in_chunks(
            member.problem,
            theta,
            delta=delta * first[:, part],
            target=target[:, part],
            weights=member.problem.weights / first[:, part] ** 2,
            gain=ROUGH_GAIN,
        ).theta
        for member, theta, delta, part in zip(members, even, deltas, parts(members), strict=True)
    ]
    return noise_shape(members, *_noise(members, weighted, target, first)), weighted


def _noise(
    members: Sequence[Member], thetas: Sequence[Array], target: Array, shape: Array
) -> tuple[Array, Array, Array]:
    """Weighted residuals and leverage, both `(replicates, n)`, and the scale of each group `(replicates, groups)`."""
    freedom = np.array([max(member.freedom, 1) for member in members], dtype=float)
    residuals, leverage = own_residuals(members, thetas, target, shape)
    residuals = residuals * np.sqrt(np.concatenate([member.problem.weights for member in members]))
    return residuals, leverage, median_scales(members, residuals / shape, freedom)


def evened(members: Sequence[Member]) -> list[Member]:
    """The groups as the tests see them: points weighted by their noise, and fitted to it."""
    target = np.concatenate([member.problem.target for member in members])[None]
    deltas = [np.full((1, member.points), member.delta) for member in members]
    shape, _ = shape_of(members, [member.theta[None] for member in members], deltas, target)
    if (shape == 1).all():
        return list(members)
    return [_weighted(member, shape[0, part]) for member, part in zip(members, parts(members), strict=True)]


def modelled_deviations(members: Sequence[Member], shared: float) -> Array:
    """Standard deviations of the points `(n,)` about each group's own fit, as the tests see them.

    `shared` residuals of average size are added to those of each group.
    """
    fitted = evened(members)
    squares = np.array(
        [float(np.sum(each.problem.residuals(each.theta[None])[0] ** 2 * each.problem.weights)) for each in fitted]
    )
    freedom = np.array([max(member.freedom, 1) for member in members], dtype=float)
    sizes = np.sqrt((squares + shared * squares.sum() / freedom.sum()) / (freedom + shared))
    return np.concatenate([size / np.sqrt(each.problem.weights) for size, each in zip(sizes, fitted, strict=True)])


def _weighted(member: Member, shape: Array) -> Member:
    problem = replace(member.problem, weights=member.problem.weights / shape**2)
    theta = solve_in_chunks(problem, member.theta[None], delta=member.delta * shape[None]).theta[0]
    return replace(member, problem=problem, theta=theta, shape=shape)
