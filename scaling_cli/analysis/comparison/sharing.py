"""Groups that share parameters besides the exponents to compare: their floor, or whatever `--share` names.

All groups are fitted together, so what they share is known from all of their points, and each pair is compared within
that fit. A coefficient is the law's value at the centre of the inputs, so groups that share one need one centre.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.groups import ComparisonData, wide_floor
from scaling_cli.analysis.comparison.hypothesis_tests import Contrast
from scaling_cli.analysis.comparison.models import (
    SMALLEST_SCALE,
    Member,
    exponents,
    floors,
    joint_problem,
    of_all_points,
    parts,
    scaled_inverse,
)
from scaling_cli.analysis.comparison.nested import ContrastFit, centred
from scaling_cli.analysis.comparison.profile import noise_of_errors
from scaling_cli.arrays import NORMAL_95, Array, Indices
from scaling_cli.caveats import caveat
from scaling_cli.errors import UsageError
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import Law
from scaling_cli.record import replace


def check_shared(law: Law, names: Sequence[str], exponent: str | None) -> None:
    """Refuse parameters that cannot be shared.

    Args:
        law: The law of all groups.
        names: The parameters to share.
        exponent: The parameter to compare, where it was named.

    Raises:
        UsageError: The law has no such parameter, or no exponent would be left to compare.
    """
    for name in names:
        if name not in law.names:
            raise UsageError(
                f"--share names {name!r}, but {law.name} has no free parameter of this name.",
                hint=f"Its free parameters are {', '.join(law.names)}.",
            )
    if not (set(exponents(law)) if exponent is None else {exponent}) - set(names):
        raise UsageError(
            "--share names every exponent to compare, so there is nothing left to compare.",
            hint="Share fewer parameters, or name another one to compare with --exponent.",
        )
    if law.is_curve:
        raise UsageError(
            f"--share cannot be used with {law.name}, which describes whole training curves.", hint="Leave it out."
        )


def on_one_centre(members: Sequence[Member]) -> list[Member]:
    """The groups with coordinates on inputs that are centred at one place for all of them."""
    pooled = of_all_points(members)
    return [_moved(member, np.arange(part.start, part.stop), pooled)
            for member, part in zip(members, parts(members), strict=True)]  # fmt: skip


def _moved(member: Member, points: Indices, pooled: Problem) -> Member:
    own = member.problem
    part = pooled.subset(points)
    low, high = own.law.bounds(part.scene)
    problem = replace(part, runs=own.runs, weights=own.weights, low=low, high=high)
    theta = np.clip(centred(problem, own.uncentred(member.theta[None])[0]), low, high)
    return replace(member, problem=problem, theta=theta)


def with_shared(members: Sequence[Member], names: Sequence[str], *, is_paired: bool) -> Contrast:
    """The shared parameters against separate fits of all groups."""
    null = joint_problem(members, names, is_paired=is_paired)
    return Contrast(tuple(members), null, None, len(names) * (len(members) - 1))


def same_exponent_of(
    members: Sequence[Member], names: Sequence[str], pair: tuple[int, int] | None, *, is_paired: bool
) -> Contrast:
    """Equal exponents of all groups, or of a pair of them, against separate ones; all groups share `names`."""
    law = members[0].problem.law
    wider = joint_problem(members, names, is_paired=is_paired)
    if pair is None:
        null = joint_problem(members, (*exponents(law), *names), is_paired=is_paired)
        return Contrast(tuple(members), null, wider, len(exponents(law)) * (len(members) - 1))
    null = joint_problem(members, names, is_paired=is_paired, equal=pair)
    return Contrast(tuple(members), null, wider, len(exponents(law)))


def covariance(fit: ContrastFit) -> Array:
    """Covariance `(K, K)` of the wider model's coordinates, by the noise of each group and its objective."""
    wider, fitted = fit.contrast.wider, fit.fitted
    assert wider is not None
    assert fitted is not None
    residuals, slopes = (values[0] for values in wider.residuals(fitted[None]))
    weights = fit.weights.copy()
    for member, part, scale in zip(wider.members, parts(wider.members), fit.scales.tolist(), strict=True):
        even = residuals[part] * np.sqrt(fit.weights[part] / member.problem.weights) * scale
        weights[part] *= (scale / max(noise_of_errors(member, even, scale), SMALLEST_SCALE)) ** 2
    jacobian = slopes * np.sqrt(weights)[:, None]
    inverse, length = scaled_inverse(jacobian)
    return inverse / np.outer(length, length)


def identified(data: ComparisonData, fit: ContrastFit) -> ComparisonData:
    """The data with the width of each group's floor in the fit of all groups, and whether it fixes the exponents."""
    wider, fitted = fit.contrast.wider, fit.fitted
    assert wider is not None
    assert fitted is not None
    law = wider.members[0].problem.law
    if not floors(law):
        return data
    k = law.names.index(floors(law)[0])
    errors = np.sqrt(np.diag(covariance(fit)))
    groups, caveats = [], [found for found in data.caveats if found.code != "floor-open"]
    for member, index, group in zip(wider.members, wider.index, data.groups, strict=True):
        middle = float(np.median(member.problem.predictions(fitted[None, index])[0]))
        above = abs(middle - float(fitted[index[k]]))
        width = 2 * NORMAL_95 * float(errors[index[k]]) / above if above > 0 else None
        reason = wide_floor(width)
        if reason:
            caveats.append(caveat("floor-open", group.group, reason=reason))
        groups.append(replace(group, is_identified=reason is None, floor_width=width))
    return replace(data, groups=tuple(groups), caveats=tuple(caveats))
