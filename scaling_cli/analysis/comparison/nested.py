"""The nested models of a comparison, and their fits to the data.

one-curve              all parameters shared: the groups do not differ
separate-coefficients  exponents and floors shared: only coefficients differ
shared-exponent        exponents shared, floors and coefficients differ: the null of equal exponents
shared-floor           floors shared, exponents and coefficients differ
shared-parameters      what --share names is shared, the rest differs
all-separate           nothing shared: every group has its own fit
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.hypothesis_tests import Contrast, draw_null_distribution, fit_nested
from scaling_cli.analysis.comparison.models import (
    JointProblem,
    Member,
    exponents,
    floors,
    joint_problem,
    one_curve,
    parts,
    solve_in_chunks,
)
from scaling_cli.analysis.comparison.noise_scales import noise_scales
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.arrays import Array
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.starts import starts
from scaling_cli.record import Record
from scaling_cli.results.comparison import Model

ALL_SEPARATE = "all-separate"
SHARED = "shared-parameters"


class ContrastFit(Record):
    """A contrast fitted to the data: its statistic, the null `(K,)`, and the starts of replicates.

    `fitted` is the fit of the wider model, None if that is a separate fit of every group. `scales` `(groups,)` are the
    standard deviations of the residuals; `deviances` are twice the objectives of null and wider model, in these units.
    `weights` and `near` `(n,)` are the weights and deltas of the points in both fits.
    """

    contrast: Contrast
    statistic: float
    null: Array
    alone: tuple[Array, ...]
    wider: Array | None
    fitted: Array | None
    scales: Array
    deviances: tuple[float, float]
    weights: Array
    near: Array


def same_exponent(members: Sequence[Member], *, is_paired: bool) -> Contrast:
    """Shared exponents against separate ones; nothing else is shared."""
    law = members[0].problem.law
    fewer = len(exponents(law)) * (len(members) - 1)
    return Contrast(tuple(members), joint_problem(members, exponents(law), is_paired=is_paired), None, fewer)


def nested(members: Sequence[Member], *, is_paired: bool) -> dict[str, Contrast]:
    """The contrast of each model that shares parameters with `all-separate`."""
    law = members[0].problem.law
    others = len(members) - 1
    contrasts = {
        "one-curve": Contrast(tuple(members), one_curve(members, is_paired=is_paired), None, len(law.names) * others)
    }
    if floors(law):
        both = (*exponents(law), *floors(law))
        constants = joint_problem(members, both, is_paired=is_paired)
        contrasts["separate-coefficients"] = Contrast(tuple(members), constants, None, len(both) * others)
    contrasts["shared-exponent"] = same_exponent(members, is_paired=is_paired)
    if floors(law):
        floor = joint_problem(members, floors(law), is_paired=is_paired)
        contrasts["shared-floor"] = Contrast(tuple(members), floor, None, len(floors(law)) * others)
    return contrasts


def models(contrast_fits: dict[str, ContrastFit], names: tuple[str, ...] = ()) -> tuple[Model, ...]:
    """The nested models, ordered from all parameters shared to none; `names` are those of --share."""
    rows = []
    for name, contrast_fit in contrast_fits.items():
        law = contrast_fit.contrast.groups[0].problem.law
        shared = {
            "one-curve": law.names,
            "separate-coefficients": (*exponents(law), *floors(law)),
            "shared-exponent": exponents(law),
            "shared-floor": floors(law),
            SHARED: names,
        }[name]
        rows.append(Model(name, shared, len(contrast_fit.null), contrast_fit.deviances[0]))
    last = next(iter(contrast_fits.values()))
    size = sum(len(group.theta) for group in last.contrast.groups)
    return (*rows, Model(ALL_SEPARATE, (), size, last.deviances[1]))


def fit_contrast(contrast: Contrast) -> ContrastFit:
    """The contrast fitted to the data, with several starts for the models that share parameters."""
    thetas = [group.theta[None] for group in contrast.groups]
    deltas = [group.delta for group in contrast.groups]
    scales = noise_scales(contrast.groups, thetas, contrast.null.target[None], deltas)
    null = _best(contrast, contrast.null, scales[0])
    alone = _of_groups(contrast, null)
    fitted = None if contrast.wider is None else _best(contrast, contrast.wider, scales[0])
    fits = fit_nested(contrast, thetas, null[None], None if fitted is None else fitted[None])
    statistic = float(fits.statistic[0])
    return ContrastFit(
        contrast=contrast,
        statistic=statistic,
        null=fits.null[0],
        alone=tuple(alone),
        wider=None if contrast.wider is None else contrast.wider.gathered([theta[None] for theta in alone])[0],
        fitted=fitted,
        scales=fits.scales[0],
        deviances=(float(fits.free[0]) + statistic * contrast.fewer, float(fits.free[0])),
        weights=fits.weights[0],
        near=fits.near[0],
    )


def null_distribution_of(resampling: Resampling | None, contrast_fit: ContrastFit) -> NullDistribution:
    """The null distribution of a statistic: drawn, or F if `resampling` is None."""
    freedom = contrast_fit.contrast.freedom(contrast_fit.null, contrast_fit.fitted, contrast_fit.scales)
    if resampling is None:
        return NullDistribution(contrast_fit.contrast.fewer, freedom)
    return draw_null_distribution(
        contrast_fit.contrast, contrast_fit.null, contrast_fit.alone, contrast_fit.wider, resampling, freedom
    )


def _best(contrast: Contrast, problem: JointProblem, scales: Array) -> Array:
    """The coordinates `(K,)` of the best fit of a joint model, over its starts."""
    first = _starts(contrast, problem)
    weights = problem.weights.copy()
    for part, scale in zip(parts(contrast.groups), scales, strict=True):
        weights[part] /= scale**2
    solution = solve_in_chunks(problem, first, delta=problem.delta, weights=np.tile(weights, (len(first), 1)))
    best: Array = solution.theta[np.argmin(solution.value)]
    return best


def _starts(contrast: Contrast, problem: JointProblem) -> Array:
    """Starts of a joint model: shared parameters at the mean over groups, and at each group's value.

    The model of one curve starts from a grid instead.
    """
    if len(problem.members) < len(contrast.groups):
        return starts(problem.members[0].problem)
    thetas = [group.problem.off_zero(group.theta[None]) for group in contrast.groups]
    rows = [problem.gathered(thetas)[0]]
    count = np.bincount(np.concatenate(problem.index))
    for index, theta in zip(problem.index, thetas, strict=True):
        row = rows[0].copy()
        is_shared = count[index] > 1
        row[index[is_shared]] = theta[0, is_shared]
        rows.append(row)
    return np.array(rows)


def _of_groups(contrast: Contrast, null: Array) -> list[Array]:
    """The null's coordinates for each group `(k,)`, on the group's centred inputs."""
    problem = contrast.null
    if len(problem.members) == len(contrast.groups):
        return [theta[0] for theta in problem.split(null[None])]
    raw = problem.members[0].problem.uncentred(null[None])[0]
    return [centred(group.problem, raw) for group in contrast.groups]


def centred(problem: Problem, raw: Array) -> Array:
    """Coordinates `(k,)` on a problem's centred inputs, from those on raw ones."""
    coordinates: Array = problem.shift @ raw + problem.offset
    return coordinates
