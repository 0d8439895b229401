"""The error that runs at equal inputs share: its size, and how it is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.drawing import Joined, Resampling, wild_scheme
from scaling_cli.fitting.noise.scatter import scatter
from scaling_cli.fitting.noise.shared import PRIOR, SharedNoise, shared_noise
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

POWER = find_law("power")
COUNTS = (4, 4, 4, 1, 4, 4, 1, 4)


def fit(seed, *, shared, own=0.01, counts=COUNTS, weights=None):
    """The fit of a power law to runs at eight sizes, which share errors of this standard deviation."""
    random = np.random.default_rng(seed)
    x = np.repeat(np.geomspace(1e18, 1e22, len(counts)), counts)
    error = np.repeat(shared * random.standard_normal(len(counts)), counts) + own * random.standard_normal(len(x))
    loss = POWER.predict({"a": 20.0, "b": -0.1}, {"x": x}) * np.exp(error)
    problem = problem_from_arrays(POWER, {"x": x}, loss, np.arange(len(x)), weights=weights)
    return optimum(problem, Objective("least-squares"))


def test_the_variance_that_runs_share_is_right_on_average():
    """What is added and what the residuals of runs show make up the variance of the mean of four runs."""
    sizes = []
    for seed in range(300):
        found = shared_noise(fit(seed, shared=0.01))
        sizes.append(0.0 if found is None else found.deviations[0] ** 2)
    # The mean of four runs shows up to a quarter of what they share. It is cut off at zero, so the mean is a bit high.
    error = np.std(sizes) / np.sqrt(len(sizes))
    assert 0.75e-4 - 3 * error < np.mean(sizes) < 1.1e-4 + 3 * error


def test_independent_runs_share_little_or_nothing():
    found = [shared_noise(fit(seed, shared=0.0)) for seed in range(100)]
    assert 40 <= sum(each is None for each in found) <= 75
    assert np.median([0.0 if each is None else each.deviations[0] for each in found]) < 0.003


def test_runs_that_stand_alone_share_nothing():
    found = shared_noise(fit(3, shared=0.02))
    assert found.deviations[12] == found.deviations[21] == 0
    assert (np.delete(found.deviations, [12, 21]) > 0).all()
    assert found.freedom == 8 - 2 + PRIOR


def test_it_scales_with_the_weights_of_the_points():
    heavy = shared_noise(fit(3, shared=0.02, weights=np.full(sum(COUNTS), 4.0)))
    plain = shared_noise(fit(3, shared=0.02))
    assert heavy.deviations == pytest.approx(plain.deviations, rel=1e-3)


def test_a_wrong_run_alone_at_its_inputs_counts_no_more_than_a_large_error():
    right, counts = fit(8, shared=0.0), COUNTS
    loss = right.problem.observed.copy()
    loss[12] *= 2
    wrong = optimum(replace(right.problem, observed=loss, target=np.log(loss)), Objective())
    found = shared_noise(wrong)
    assert found is None or found.deviations.max() < 0.06
    assert len(loss) == sum(counts)


@pytest.mark.parametrize("counts", [(1,) * 8, (2, 1, 1, 1, 1, 1), (6, 6)])
def test_inputs_that_hardly_repeat_or_leave_nothing_to_spare_say_nothing(counts):
    assert shared_noise(fit(1, shared=0.05, counts=counts)) is None


def test_data_without_noise_share_nothing():
    assert shared_noise(fit(1, shared=0.0, own=0.0)) is None


def test_runs_at_equal_inputs_draw_one_error_and_others_their_own():
    found = SharedNoise(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 2.0, 2.0]), 7.0)
    drawn = found.draw(5, 11, range(4_000))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 2] == drawn[:, 3]).all()
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]) < 0.08
    assert np.std(drawn[:, [0, 2]], axis=0) == pytest.approx(np.sqrt(7 / 5) * np.array([1, 2]), rel=0.06)
    assert np.array_equal(found.draw(5, 11, range(2, 4)), drawn[2:4])


def test_wild_replicates_of_matched_runs_leave_it_out():
    made, asked = fit(3, shared=0.02), Resampling(5, 1, 2)
    scheme = wild_scheme(made, asked)
    assert isinstance(scheme, Joined)
    assert not isinstance(wild_scheme(made, replace(asked, is_matched=True)), Joined)
    whole, own = (each.draw(made.problem, asked, range(5))[1] for each in (scheme, scheme.scheme))
    assert whole - own == pytest.approx(scheme.shared.draw(1, asked.hidden + 1, range(5)), abs=1e-12)


def test_scatter_is_that_of_an_analysis_of_variance():
    found = scatter(np.array([0, 0, 1, 2, 2, 2]), np.array([1.0, 3, -1, 0, 3, 3]), np.ones(6), 1)
    assert (found.lack, found.pure) == (2 * 4 + 1 + 3 * 4, 2 + 4 + 1 + 1)
    assert (found.spare, found.repeats) == (2, 3)
    assert found.ratio == pytest.approx((21 / 2) / (8 / 3))
    assert found.is_enough
