"""Whether groups need floors at all: the law without floors against the law with one floor per group.

A floor cannot be negative, so under the null each group's estimate is at zero half of the time. The sum of the rises of
the groups' objectives is then a mixture of chi-squared variables, with binomial weights (Self and Liang 1987); with the
noise estimated, of F.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import comb, fdtrc

from scaling_cli.analysis.comparison.models import Member
from scaling_cli.analysis.comparison.nested import ALL_SEPARATE
from scaling_cli.arrays import Array
from scaling_cli.fitting.ask import Ask, Asking, certain, together
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.starts import starts
from scaling_cli.laws import find_law
from scaling_cli.results.comparison import NestedTest

WITH, WITHOUT = "power-constant", "power"
MOST_GROUPS = 500  # beyond it, binomial weights lose their digits


def no_floor_test(members: Sequence[Member], scales: Array) -> NestedTest | None:
    """The test that every floor is zero; None for other laws, or if floors are held.

    Args:
        members: The groups.
        scales: Noise of each group `(groups,)`.
    """
    law = members[0].problem.law
    if law.name != WITH or law.names != find_law(WITH).names or len(members) > MOST_GROUPS:
        return None
    raised = certain(together([_rise(member) for member in members]))
    rises = [rise / float(scale) ** 2 for rise, scale in zip(raised, scales, strict=True)]
    total, groups = float(np.sum(rises)), len(members)
    freedom = sum(max(member.freedom, 1) for member in members)
    if total <= 1e-12:
        return NestedTest(0.0, 1.0, "F", "no-floor", ALL_SEPARATE)
    counts = np.arange(1, groups + 1)
    weights = comb(groups, counts) / 2.0**groups
    p_value = float(np.sum(weights * fdtrc(counts, freedom, total / counts)))
    return NestedTest(total / groups, p_value, "F", "no-floor", ALL_SEPARATE)


def _rise(member: Member) -> Asking[float]:
    """Twice the rise of a group's objective without a floor."""
    problem = member.problem
    plain = problem_from_arrays(
        find_law(WITHOUT), problem.columns, problem.observed, problem.runs, problem.space, weights=problem.weights
    )
    without = yield Ask(plain, starts(plain), member.delta)
    own = yield Ask(problem, np.concatenate([problem.off_zero(member.theta[None]), member.theta[None]]), member.delta)
    return max(2 * float(without.value.min() - own.value.min()), 0.0)
