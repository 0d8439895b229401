"""Whether runs of equal inputs err together in the groups of a comparison, so that they are resampled together.

One F test takes the scatter of all groups, each in units of its own variance. A test of each group by itself would find
something in most comparisons of many groups, whose runs err independently.
"""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.comparison.models import Member
from scaling_cli.fitting.checks.repeats import DOUBT, LEVEL, by_inputs
from scaling_cli.fitting.noise.scatter import Scatter, scatter_of
from scaling_cli.record import replace


def with_equal_inputs(members: Sequence[Member], *, is_paired: bool) -> list[Member]:
    """The groups, with configurations in place of runs if runs of equal inputs seem to err together.

    The order of matched runs says which belong together, so it changes only if one group leaves no doubt.
    """
    found = [each for each in map(_scatter, members) if each is not None]
    is_clear = any(each.p_value < LEVEL for each in found)
    if is_clear or (not is_paired and _pooled(found).p_value < DOUBT):
        return [replace(member, problem=by_inputs(member.problem)) for member in members]
    return list(members)


def _scatter(member: Member) -> Scatter | None:
    """The scatter of a group around its own fit, where it says anything."""
    problem, theta = member.problem, member.theta
    free = (theta > problem.low) & (theta < problem.high)
    return scatter_of(problem, problem.residuals(theta[None])[0][0], int(free.sum()))


def _pooled(found: Sequence[Scatter]) -> Scatter:
    """The scatter of all groups, each in units of its variance."""
    variances = [(each.lack + each.pure) / (each.spare + each.repeats) for each in found]
    return Scatter(
        sum(each.lack / variance for each, variance in zip(found, variances, strict=True)),
        sum(each.pure / variance for each, variance in zip(found, variances, strict=True)),
        sum(each.spare for each in found),
        sum(each.repeats for each in found),
    )
