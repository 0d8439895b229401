"""The questions that nested models answer, each put to the data.

one-curve              everything shared: do the groups differ at all?
separate-coefficients  exponents and floors shared: only the constant in front differs
shared-exponent        floors and coefficients of their own, one exponent: the null of "same exponent"
shared-floor           exponents and coefficients of their own, one floor
all-separate           every group on its own
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.hypothesis_tests import Contrast, compared, draw_reference, noise_scales
from scaling_cli.analysis.comparison.models import (
    JointProblem,
    Member,
    exponents,
    floors,
    joined,
    one_curve,
    parts,
    solved,
)
from scaling_cli.analysis.comparison.reference import Reference
from scaling_cli.arrays import Array
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.starts import starts
from scaling_cli.fitting.uncertainty import Resampling
from scaling_cli.record import Record
from scaling_cli.results.comparison import Model

ALL_SEPARATE = "all-separate"


class Posed(Record):
    """A contrast put to the data: its statistic, the fitted null `(K,)`, and where replicates of it start.

    `fitted` is the wider model's own fit, None where that is every group alone. `scales` `(groups,)` are the standard
    deviations of the residuals; `deviances` are twice the objectives of null and wider model in their units.
    """

    contrast: Contrast
    statistic: float
    null: Array
    alone: tuple[Array, ...]
    wider: Array | None
    fitted: Array | None
    scales: Array
    deviances: tuple[float, float]


def same_exponent(members: Sequence[Member], *, is_paired: bool, shared_floor: bool = False) -> Contrast:
    """One exponent against exponents of their own; floors of their own too, or one for all."""
    law = members[0].problem.law
    fewer = len(exponents(law)) * (len(members) - 1)
    if shared_floor:
        null = joined(members, (*exponents(law), *floors(law)), is_paired=is_paired)
        return Contrast(tuple(members), null, joined(members, floors(law), is_paired=is_paired), fewer)
    return Contrast(tuple(members), joined(members, exponents(law), is_paired=is_paired), None, fewer)


def nested(members: Sequence[Member], *, is_paired: bool) -> dict[str, Contrast]:
    """Each model that shares something, against `all-separate`."""
    law = members[0].problem.law
    others = len(members) - 1
    found = {
        "one-curve": Contrast(tuple(members), one_curve(members, is_paired=is_paired), None, len(law.names) * others)
    }
    if floors(law):
        both = (*exponents(law), *floors(law))
        constants = joined(members, both, is_paired=is_paired)
        found["separate-coefficients"] = Contrast(tuple(members), constants, None, len(both) * others)
    found["shared-exponent"] = same_exponent(members, is_paired=is_paired)
    if floors(law):
        floor = joined(members, floors(law), is_paired=is_paired)
        found["shared-floor"] = Contrast(tuple(members), floor, None, len(floors(law)) * others)
    return found


def models(posed: dict[str, Posed]) -> tuple[Model, ...]:
    """The nested models, from the one that shares most to the one that shares nothing."""
    found = []
    for name, each in posed.items():
        law = each.contrast.groups[0].problem.law
        shared = {
            "one-curve": law.names,
            "separate-coefficients": (*exponents(law), *floors(law)),
            "shared-exponent": exponents(law),
            "shared-floor": floors(law),
        }[name]
        found.append(Model(name, shared, len(each.null), each.deviances[0]))
    last = next(iter(posed.values()))
    size = sum(len(group.theta) for group in last.contrast.groups)
    return (*found, Model(ALL_SEPARATE, (), size, last.deviances[1]))


def pose(contrast: Contrast) -> Posed:
    """The statistic of the data, from the best of several starts of the models that share something."""
    thetas = [group.theta[None] for group in contrast.groups]
    deltas = [group.delta for group in contrast.groups]
    scales = noise_scales(contrast.groups, thetas, contrast.null.target[None], deltas)
    null = _best(contrast, contrast.null, scales[0])
    alone = _of_groups(contrast, null)
    fitted = None if contrast.wider is None else _best(contrast, contrast.wider, scales[0])
    found = compared(contrast, thetas, null[None], None if fitted is None else fitted[None])
    free = sum(
        2 * float(solved(group.problem, theta, delta=group.delta).value[0]) / float(scale) ** 2
        for group, theta, scale in zip(contrast.groups, thetas, found.scales[0], strict=True)
    )
    statistic = float(found.statistic[0])
    return Posed(
        contrast=contrast,
        statistic=statistic,
        null=found.null[0],
        alone=tuple(alone),
        wider=None if contrast.wider is None else contrast.wider.gathered([each[None] for each in alone])[0],
        fitted=fitted,
        scales=found.scales[0],
        deviances=(free + statistic * contrast.fewer, free),
    )


def reference_of(resampling: Resampling | None, posed: Posed) -> Reference:
    """The null distribution of a statistic: drawn, or F's where nothing is to be resampled."""
    freedom = posed.contrast.freedom(posed.null, posed.fitted, posed.scales)
    if resampling is None:
        return Reference(posed.contrast.fewer, freedom)
    return draw_reference(posed.contrast, posed.null, posed.alone, posed.wider, resampling, freedom)


def _best(contrast: Contrast, problem: JointProblem, scales: Array) -> Array:
    """The joint model's coordinates `(K,)` from the best of its starts."""
    first = _starts(contrast, problem)
    weights = problem.weights.copy()
    for part, scale in zip(parts(contrast.groups), scales, strict=True):
        weights[part] /= scale**2
    found = solved(problem, first, delta=problem.delta, weights=np.tile(weights, (len(first), 1)))
    best: Array = found.theta[np.argmin(found.value)]
    return best


def _starts(contrast: Contrast, problem: JointProblem) -> Array:
    """What is shared at the mean of the groups' own values, and at each group's; a curve of all points starts blind."""
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
    """The null's coordinates for each group `(k,)`, on the group's own centred inputs."""
    problem = contrast.null
    if len(problem.members) == len(contrast.groups):
        return [each[0] for each in problem.split(null[None])]
    raw = problem.members[0].problem.uncentred(null[None])[0]
    return [centred(group.problem, raw) for group in contrast.groups]


def centred(problem: Problem, raw: Array) -> Array:
    """Coordinates `(k,)` on a problem's centred inputs, from those on raw ones."""
    found: Array = problem.shift @ raw + problem.offset
    return found
