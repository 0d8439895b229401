"""Groups whose runs of equal inputs err together are resampled by their inputs."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.equal_inputs import with_equal_inputs
from scaling_cli.analysis.comparison.models import Member
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

POWER = find_law("power")


def member(seed, shared, *, sizes=8, repeats=3):
    """A group of runs which share errors of this size, in units of their own, at equal inputs."""
    random = np.random.default_rng([seed, 5])
    x = np.repeat(np.geomspace(1e18, 1e22, sizes), repeats)
    error = np.repeat(shared * random.standard_normal(sizes), repeats) + random.standard_normal(len(x))
    loss = POWER.predict({"a": 20.0, "b": -0.1}, {"x": x}) * np.exp(0.01 * error)
    fitted = optimum(problem_from_arrays(POWER, {"x": x}, loss, np.arange(len(x))), Objective("least-squares"))
    return Member(str(seed), fitted.problem, fitted.theta, np.inf)


def is_joined(groups, *, is_paired=False):
    counts = {each.problem.run_count for each in with_equal_inputs(groups, is_paired=is_paired)}
    assert len(counts) == 1
    return counts == {8}


def test_many_groups_of_independent_runs_are_joined_no_more_often_than_two():
    """An F test of all groups at 20 %; a test of each group would find something in 87 % of comparisons of nine."""
    joined = [is_joined([member(9 * i + j, 0.0) for j in range(9)]) for i in range(60)]
    assert 4 <= sum(joined) <= 22  # 12 expected; binomial standard deviation 3.1


def test_what_no_group_shows_by_itself_all_show_together():
    groups = [member(seed, 0.7) for seed in range(12)]
    assert is_joined(groups)


def test_one_clear_group_joins_all_even_matched_ones():
    groups = [member(1, 0.0), member(2, 0.0), member(3, 5.0)]
    assert is_joined(groups, is_paired=True)
    doubtful = [member(seed, 0.7) for seed in range(4)]
    assert is_joined(doubtful)
    assert not is_joined(doubtful, is_paired=True)


@pytest.mark.parametrize("repeats", [1, 3])
def test_groups_that_cannot_tell_stay_as_they_are(repeats):
    once = member(4, 0.0, repeats=repeats)
    runs = np.arange(len(once.problem.observed)) // 3  # checkpoints have errors in common anyway
    for groups in ([member(4, 0.0, repeats=1)] * 2, [replace(once, problem=replace(once.problem, runs=runs))] * 2):
        found = with_equal_inputs(groups, is_paired=False)
        assert [each.problem.runs.tolist() for each in found] == [each.problem.runs.tolist() for each in groups]


def test_groups_without_noise_stay_as_they_are():
    exact = member(4, 0.0)
    loss = POWER.predict({"a": 20.0, "b": -0.1}, exact.problem.columns)
    problem = problem_from_arrays(POWER, exact.problem.columns, loss, exact.problem.runs)
    made = replace(exact, problem=problem, theta=optimum(problem, Objective("least-squares")).theta)
    assert with_equal_inputs([made, made], is_paired=False)[0] is made
