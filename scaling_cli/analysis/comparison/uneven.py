"""Noise that changes with scale, as a power of the product of the inputs that all groups share.

Small runs often scatter more than large ones. A test that counts all points equally then rejects equal exponents too
often: in 11 % of data sets instead of 5 % if the noise changes ninefold over the range. The power is estimated from the
residuals of each group's own fit (see `noise_power`), and shrunk by the share of its square that chance explains. It is
used only if it is more than `CLEAR` standard errors from zero, so that most data of even noise stay as they are, or
`CLEAR_OF_FEW` if a group has fewer than `FEW_SPARE` more runs than parameters: its residuals then say little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import Member, parts, solve_in_chunks
from scaling_cli.analysis.comparison.noise_power import noise_power
from scaling_cli.arrays import Array
from scaling_cli.fitting.noise.model import FEW_SPARE
from scaling_cli.record import replace

CLEAR, CLEAR_OF_FEW = 1.5, 2.5  # standard errors of the power of the noise
ROUGH_GAIN = 1e-4  # relative gain at which fits that only determine the noise stop


def marked(members: Sequence[Member]) -> list[Member]:
    """The groups, with `is_uneven` where their noise clearly changes with scale."""
    target = np.concatenate([member.problem.target for member in members])[None]
    found = noise_power(members, [member.theta[None] for member in members], target)
    is_few = min(member.spare_runs for member in members) < FEW_SPARE
    is_uneven = bool(found.evidence[0] > (CLEAR_OF_FEW if is_few else CLEAR) ** 2)
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
    if not all(member.is_uneven for member in members):
        return np.ones(target.shape), list(thetas)
    shape = noise_power(members, thetas, target).shape()
    weighted = [
        solve_in_chunks(
            member.problem,
            theta,
            delta=delta * shape[:, part],
            target=target[:, part],
            weights=member.problem.weights / shape[:, part] ** 2,
            gain=ROUGH_GAIN,
        ).theta
        for member, theta, delta, part in zip(members, thetas, deltas, parts(members), strict=True)
    ]
    return shape, weighted


def evened(members: Sequence[Member]) -> list[Member]:
    """The groups as the tests see them: points weighted by their noise, and fitted to it."""
    shape = observed_shape(members)
    if (shape == 1).all():
        return list(members)
    return [_weighted(member, shape[part]) for member, part in zip(members, parts(members), strict=True)]


def observed_shape(members: Sequence[Member]) -> Array:
    """Noise of each point over that of its group `(n,)`, as the tests see it."""
    if not all(member.is_uneven for member in members):
        return np.ones(sum(member.points for member in members))
    target = np.concatenate([member.problem.target for member in members])[None]
    shape: Array = noise_power(members, [member.theta[None] for member in members], target).shape()[0]
    return shape


def modelled_deviations(members: Sequence[Member], shared: Array) -> Array:
    """Standard deviations of the points `(n,)` about each group's own fit, as the tests see them.

    `shared` `(groups,)` residuals of average size are added to those of each group.
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
