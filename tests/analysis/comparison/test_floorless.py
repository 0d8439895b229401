"""Whether groups need floors: the statistic, and its distribution by simulation of the mixture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f

from scaling_cli.analysis.comparison.floorless import no_floor_test
from scaling_cli.analysis.comparison.models import solve_in_chunks
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.starts import starts
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.analysis.comparison.test_models import group

SCALES = np.array([0.003, 0.004])


def bending(c, seeds=(0, 1)):
    return [group("ab"[i], c=c, points=14, seed=seed) for i, seed in enumerate(seeds)]


def rises(members):
    """Twice the rise of each least-squares objective without a floor, over the square of the noise."""
    found = []
    for member, scale in zip(members, SCALES, strict=True):
        problem = member.problem
        plain = problem_from_arrays(find_law("power"), problem.columns, problem.observed, problem.runs)
        without = solve_in_chunks(plain, starts(plain), delta=np.inf).value.min()
        own = solve_in_chunks(problem, member.theta[None], delta=np.inf).value[0]
        found.append(max(2 * (without - own), 0.0) / scale**2)
    return found


@pytest.mark.parametrize("c", [0.0, 0.05, 0.2])
def test_the_statistic_is_the_mean_rise_and_its_tail_that_of_a_mixture_of_f(c):
    members = bending(c, (3, 5))
    found = no_floor_test(members, SCALES)
    total = sum(rises(members))
    assert found.statistic == pytest.approx(total / 2, rel=1e-3, abs=1e-9)
    # Both floors at zero in a quarter of data sets, one above in half, both in a quarter; 14 points less 3 twice.
    expected = 0.5 * f.sf(total, 1, 22) + 0.25 * f.sf(total / 2, 2, 22) if total > 1e-12 else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-3)
    assert (found.method, found.null, found.against) == ("F", "no-floor", "all-separate")


def test_floors_that_bend_the_curves_are_needed_and_those_at_zero_are_not():
    assert no_floor_test(bending(1.7), SCALES).p_value < 1e-6
    exact = [group(name, c=0.0, points=14, noise=0.0) for name in "ab"]
    found = no_floor_test(
        [replace(each, theta=np.array([each.theta[0], each.theta[1], 0.0])) for each in exact], SCALES
    )
    assert found.p_value > 0.3


def test_other_laws_have_no_such_test():
    assert no_floor_test([group("a", law="power"), group("b", law="power")], SCALES) is None
