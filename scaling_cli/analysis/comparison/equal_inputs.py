"""Whether runs of equal inputs err together in the groups of a comparison, so that they are resampled together.

One F test takes the scatter of all groups, each in units of its own variance. A test of each group by itself would find
something in most comparisons of many groups, whose runs err independently.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import SMALLEST_SCALE, Member
from scaling_cli.fitting.checks.repeats import DOUBT, LEVEL, by_inputs
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.noise.scatter import Scatter, numbered_inputs, scatter
from scaling_cli.record import replace


def with_equal_inputs(members: Sequence[Member], *, is_paired: bool) -> list[Member]:
    """The groups, with configurations in place of runs if runs of equal inputs seem to err together.

    The order of matched runs says which belong together, so it changes only if one group leaves no doubt.
    """
    found = [each for each in map(_scatter, members) if each is not None]
    is_clear = any(f_tail(each.ratio, each.spare, each.repeats) < LEVEL for each in found)
    if is_clear or (not is_paired and _p_value(found) < DOUBT):
        return [replace(member, problem=by_inputs(member.problem)) for member in members]
    return list(members)


def _scatter(member: Member) -> Scatter | None:
    """The scatter of a group around its own fit; None if it has errors in common anyway, or too few repeats."""
    problem, theta = member.problem, member.theta
    if problem.law.is_curve or problem.run_count < member.points:
        return None
    cells = numbered_inputs(np.stack(list(problem.columns.values())))
    residual = problem.residuals(theta[None])[0][0]
    parameters = int(((theta > problem.low) & (theta < problem.high)).sum())
    found = scatter(cells, residual, problem.weights, parameters)
    return found if found.is_enough and np.sqrt(np.mean(residual**2)) > SMALLEST_SCALE else None


def _p_value(found: Sequence[Scatter]) -> float:
    """The p-value of the F test of all groups; 1 without any."""
    if not found:
        return 1.0
    variances = [(each.lack + each.pure) / (each.spare + each.repeats) for each in found]
    lack = sum(each.lack / variance for each, variance in zip(found, variances, strict=True))
    pure = sum(each.pure / variance for each, variance in zip(found, variances, strict=True))
    every = Scatter(lack, pure, sum(each.spare for each in found), sum(each.repeats for each in found))
    return f_tail(every.ratio, every.spare, every.repeats)
