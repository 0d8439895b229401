"""The noise of runs that decide a fit almost alone, against the variance of all errors."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.drawing import Resampling, run_multipliers, turned
from scaling_cli.fitting.leverage import freed_residuals
from scaling_cli.fitting.linear import naive, sandwich
from scaling_cli.fitting.noise.hidden import hidden_noise
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

NOISE = 0.01


def fitted(*, apart=1e6, runs=12, checkpoints=1, shared=NOISE, single=0.0, seed=0, weights=None):
    """A power law from runs of which the last is `apart` times as large as the one before."""
    places = np.append(np.geomspace(1e18, 1e19, runs - 1), 1e19 * apart)
    x = (places[:, None] * np.geomspace(0.5, 1, checkpoints)).ravel()
    run = np.repeat(np.arange(runs), checkpoints)
    generator = np.random.default_rng(seed)
    noise = shared * generator.standard_normal(runs)[run] + single * generator.standard_normal(len(x))
    noise /= 1.0 if weights is None else np.sqrt(weights)
    problem = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06 * np.exp(noise), run, weights=weights)
    return optimum(problem, Objective("least-squares"))


@pytest.mark.parametrize("apart", [1.2, 3.0])
def test_residuals_show_the_noise_of_runs_that_lie_close_together(apart):
    assert len(hidden_noise(fitted(apart=apart))) == 0


@pytest.mark.parametrize("weights", [None, np.linspace(1, 9, 12)])
def test_a_run_far_from_all_others_has_the_noise_of_the_others(weights):
    hidden = [hidden_noise(fitted(seed=seed, weights=weights)) for seed in range(200)]
    assert all(each.shape == (1, 12) and np.flatnonzero(each[0]).tolist() == [11] for each in hidden)
    last = 1.0 if weights is None else np.sqrt(weights[-1])
    assert np.sqrt(np.mean([each[0, 11] ** 2 for each in hidden])) == pytest.approx(NOISE / last, rel=0.1)


def test_what_residuals_show_and_what_they_hide_make_up_the_noise():
    for apart in (100.0, 1e4):  # leverages between 0.8 and 1
        shown, hidden = [], []
        for seed in range(400):
            fit = fitted(apart=apart, seed=seed)
            shown.append(freed_residuals(fit)[-1])
            hidden.append(hidden_noise(fit)[0, -1])
        assert np.mean(np.square(shown)) + np.mean(np.square(hidden)) == pytest.approx(NOISE**2, rel=0.1)


def test_the_points_of_a_run_share_a_part_of_the_hidden_noise():
    squares = np.zeros((3, 3))
    for seed in range(300):
        rows = hidden_noise(fitted(checkpoints=3, shared=NOISE, single=NOISE / 10, seed=seed))[:, -3:]
        squares += rows.T @ rows / 300
    assert np.sqrt(np.linalg.eigvalsh(squares)[-1] / 3) == pytest.approx(NOISE, rel=0.1)


@pytest.mark.parametrize("points", [1, 4, 16])
def test_the_mean_error_of_a_run_of_many_points_is_smaller_than_that_of_runs_of_few(points):
    """Errors of points are independent, and the other runs have two points each."""
    x = np.append(np.repeat(np.geomspace(1e18, 1e19, 20), 2), np.full(points, 1e34))
    run = np.append(np.repeat(np.arange(20), 2), np.full(points, 20))
    squares = []
    for seed in range(200):
        noise = NOISE * np.random.default_rng([seed, 8]).standard_normal(len(x))
        problem = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06 * np.exp(noise), run)
        hidden = hidden_noise(optimum(problem, Objective("least-squares")))
        squares.append(np.sum(hidden[:, -points:].mean(axis=1) ** 2))
    # The part that runs share is estimated at zero or above, so that the mean is above the truth.
    assert 0.95 < np.sqrt(np.mean(squares)) / (NOISE / np.sqrt(points)) < 1.6
    assert np.sqrt(np.median(squares)) < 1.3 * NOISE / np.sqrt(points)


def test_an_outlier_among_the_other_runs_hardly_adds_to_the_hidden_noise():
    x = np.append(np.geomspace(1e18, 1e19, 30), 1e25)
    noise = NOISE * np.random.default_rng(3).standard_normal(31)
    sizes = []
    for wrong in (0.0, 0.5):
        noise[15] += wrong
        problem = problem_from_arrays(find_law("power"), {"x": x}, 30 * x**-0.06 * np.exp(noise), np.arange(31))
        sizes.append(hidden_noise(optimum(problem, Objective()))[0, -1])
    assert sizes[1] < 1.5 * sizes[0]


def test_errors_of_the_sandwich_are_those_of_equal_noise_where_one_run_decides():
    ratios = [sandwich(fit).errors(fit) / naive(fit).errors(fit) for fit in (fitted(seed=seed) for seed in range(100))]
    assert np.sqrt(np.mean(np.square(ratios), axis=0)) == pytest.approx(1.0, rel=0.1)


def test_replicates_draw_hidden_noise_from_a_stream_of_the_group_itself():
    fit = fitted()
    scheme, asked = turned(fit), Resampling(4, 3, 11)
    target = scheme.draw(fit.problem, asked, range(4))[1]
    rest = target - scheme.prediction - run_multipliers(asked, range(4), 12, scheme.freedom) * scheme.residuals
    for row, replicate in zip(rest, range(4), strict=True):
        generator = np.random.default_rng([3, 12, replicate])
        drawn = generator.standard_normal(1) * np.sqrt(10 / generator.chisquare(10))
        assert row == pytest.approx(drawn @ scheme.hidden, abs=1e-12)
    matched = [scheme.draw(fit.problem, replace(asked, is_matched=True, own=own), range(4))[1] for own in (1, 2)]
    assert matched[0][:, :-1] == pytest.approx(matched[1][:, :-1], abs=1e-12)
    assert not np.any(np.isclose(matched[0][:, -1], matched[1][:, -1]))
