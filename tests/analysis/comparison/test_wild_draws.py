"""Residuals that the bootstrap turns, by matrices written out, and the pairs of groups that share parameters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power

from scaling_cli.analysis.comparison.models import joint_problem
from scaling_cli.analysis.comparison.shared_pairs import pairs_sharing
from scaling_cli.analysis.comparison.wild_draws import gaussian_draws, widened_residuals, wild_weights
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import replace
from tests.analysis.comparison.test_models import group

WEBB = np.sqrt([0.5, 1.0, 1.5])


def posed(checkpoints=1, points=(9, 12), weights=True):
    members = []
    for i, count in enumerate(points):
        one = group("ab"[i], points=count, seed=i)
        own = np.linspace(0.5, 1.5, count) if weights else np.ones(count)
        problem = replace(one.problem, runs=np.arange(count) // checkpoints, weights=own)
        members.append(replace(one, problem=problem))
    problem = joint_problem(members, ("b",))
    return problem, problem.gathered([member.theta[None] for member in members])[0]


@pytest.mark.parametrize("checkpoints", [1, 3])
def test_residuals_of_a_run_are_widened_by_a_power_of_one_less_its_leverage(checkpoints):
    problem, theta = posed(checkpoints)
    residuals, slopes = (values[0] for values in problem.residuals(theta[None]))
    root = np.sqrt(problem.weights)
    design = slopes * root[:, None]
    hat = design @ np.linalg.pinv(design, rcond=1e-12)
    found = widened_residuals(problem, theta, residuals)
    for run in np.unique(problem.runs):
        here = problem.runs == run
        left = np.eye(here.sum()) - hat[np.ix_(here, here)]
        expected = np.real(fractional_matrix_power(left, -0.75)) @ (residuals[here] * root[here]) / root[here]
        assert found[here] == pytest.approx(expected, rel=1e-5)
    assert (found**2).sum() > (residuals**2).sum()


def test_coordinates_at_bounds_take_nothing_from_the_residuals():
    problem, theta = posed()
    residuals, slopes = (values[0] for values in problem.residuals(theta[None]))
    low = problem.low.copy()
    low[[0, 2]] = theta[[0, 2]]
    free = [1, 3, 4]
    design = slopes[:, free] * np.sqrt(problem.weights)[:, None]
    leverage = np.diag(design @ np.linalg.pinv(design, rcond=1e-12))
    found = widened_residuals(replace(problem, low=low), theta, residuals)
    assert found == pytest.approx(residuals / (1 - leverage) ** 0.75, rel=1e-6)
    high = problem.high.copy()
    high[[0, 2]] = theta[[0, 2]]
    assert widened_residuals(replace(problem, high=high), theta, residuals) == pytest.approx(found)


def test_points_that_a_fit_passes_through_are_widened_tenfold_at_most():
    problem, theta = posed(points=(3, 9), weights=False)
    problem = joint_problem(problem.members, ())
    theta = problem.gathered([member.theta[None] for member in problem.members])[0]
    ones = np.ones(12)
    found = widened_residuals(problem, theta, ones)
    assert found[:3] == pytest.approx(np.full(3, 20**0.75), rel=1e-6)
    assert (found[3:] < 20**0.75).all()


def test_runs_of_very_many_points_are_left_as_they_are():
    problem, theta = posed(checkpoints=201, points=(402, 201), weights=False)
    residuals = problem.residuals(theta[None])[0][0]
    assert widened_residuals(problem, theta, residuals).tolist() == residuals.tolist()
    problem, theta = posed(checkpoints=200, points=(400, 200), weights=False)
    assert not np.allclose(widened_residuals(problem, theta, residuals[:600]), residuals[:600], rtol=1e-6)


def test_weights_are_webbs_six_values_that_a_seed_gives_each_replicate():
    runs = np.repeat(np.arange(7), 2)
    drawn = wild_weights(Resampling(300, 5, 1), range(300), runs)
    assert np.unique(np.abs(drawn).round(9)) == pytest.approx(WEBB)
    assert len(np.unique(drawn.round(9))) == 6
    again = wild_weights(Resampling(300, 5, 1), range(100, 103), runs)
    assert (again == drawn[100:103]).all()
    assert not (wild_weights(Resampling(300, 6, 1), range(300), runs) == drawn).all()
    normal = gaussian_draws(Resampling(4000, 5, 1), range(4000), 3)
    assert normal.shape == (4000, 3)
    assert normal.mean(axis=0) == pytest.approx(np.zeros(3), abs=0.06)
    assert normal.std(axis=0) == pytest.approx(np.ones(3), abs=0.05)
    assert (gaussian_draws(Resampling(4000, 5, 1), range(7, 9), 3) == normal[7:9]).all()


QUESTION = SimpleNamespace(is_paired=False, workers=SimpleNamespace(is_serial=True), on_progress=None)


def test_pairs_are_compared_within_the_fit_of_all_groups():
    three = [group("a", points=9), group("b", b=-0.18, points=10, seed=1), group("c", points=11, seed=2)]
    found = pairs_sharing(three, [(0, 1), (0, 2), (1, 2)], ("c",), None, QUESTION)
    assert [(pair.left, pair.right, pair.places) for pair in found.pairs] == [
        (0, 1, (0, 1)), (0, 2, (0, 2)), (1, 2, (1, 2)),
    ]  # fmt: skip
    assert len(found.distributions) == 3
    assert (found.test.null, found.test.against, found.test.method) == ("shared-exponent", "shared-parameters", "F")
    assert found.of_all.contrast.fewer == 2
    assert [pair.contrast_fit.contrast.fewer for pair in found.pairs] == [1, 1, 1]
    assert found.pairs[0].statistic > 10 * found.pairs[1].statistic  # b has another exponent
    assert all(pair.distribution is each for pair, each in zip(found.pairs, found.distributions, strict=True))
    two = pairs_sharing(three[:2], [(0, 1)], ("c",), None, QUESTION)
    (pair,) = two.pairs
    assert pair.contrast_fit is two.of_all
    assert pair.statistic == two.test.statistic
