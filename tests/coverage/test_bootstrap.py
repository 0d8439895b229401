import numpy as np
import pytest

from scaling_cli.coverage.bootstrap import draw_curves, intervals
from scaling_cli.coverage.counts import ProblemResampling, make_counts, pair_weights, problem_weights
from scaling_cli.coverage.curves import log_grid
from scaling_cli.coverage.estimate import error_over_problems, solve_rates

FEW = ProblemResampling(400, 0, 7)


def test_draws_depend_on_the_seed_the_group_and_the_replicate_alone(pythia):
    k = np.array([1, 100])
    whole = draw_curves(pythia["12B"], k, FEW).coverage
    assert np.array_equal(whole[:100], draw_curves(pythia["12B"], k, ProblemResampling(100, 0, 7)).coverage)
    assert not np.array_equal(whole[:100], draw_curves(pythia["12B"], k, ProblemResampling(100, 1, 7)).coverage)


def test_pairs_and_problems_are_drawn_alike(pythia):
    counts = pythia["12B"]
    pairs = np.concatenate(list(pair_weights(counts, ProblemResampling(20))))
    problems = np.concatenate(list(problem_weights(counts, ProblemResampling(20))))
    folded = np.stack([np.bincount(counts.pair, row, len(counts.pair_n)) for row in problems])
    assert np.array_equal(pairs, folded)


def test_the_spread_of_draws_is_the_error_over_problems(pythia):
    # Resampling attempts inside it as well would count their noise twice.
    counts, k = pythia["12B"], np.array([1, 10, 100, 1000])
    spread = draw_curves(counts, k, ProblemResampling(4000)).coverage.std(axis=0)
    expected = error_over_problems(counts, solve_rates(counts, k)) * np.sqrt(127 / 128)
    assert spread == pytest.approx(expected, rel=0.05)  # four standard errors of a spread from 4,000 draws


def test_at_k_equal_n_a_curve_is_a_share_of_problems(pythia):
    found = 128 * draw_curves(pythia["12B"], np.array([10_000]), FEW).coverage
    assert found == pytest.approx(np.round(found), abs=1e-9)


def test_a_band_over_all_k_is_wider_than_intervals_at_each(pythia):
    draws = draw_curves(pythia["12B"], log_grid(10_000, 60), FEW)
    low, high = intervals(pythia["12B"], draws, 0.95)
    lower, higher = intervals(pythia["12B"], draws, 0.95, simultaneous=True)
    assert np.all(lower <= low + 0.02)
    assert np.mean(higher - lower) > 1.15 * np.mean(high - low)


def test_clusters_are_drawn_whole():
    rng = np.random.default_rng(0)
    c = np.repeat(rng.integers(0, 20, 30), 4)
    clustered = make_counts(np.full(120, 20), c, np.repeat(np.arange(30), 4))
    draws = draw_curves(clustered, np.array([3]), ProblemResampling(2000))
    expected = error_over_problems(clustered, solve_rates(clustered, [3]))[0]
    assert draws.coverage.std() == pytest.approx(expected, rel=0.08)
    assert np.median(draws.error) == pytest.approx(expected, rel=0.1)


def test_stopped_logs_are_resampled_by_problem(stopped):
    draws = draw_curves(stopped[0], np.array([1, 60, 600]), FEW, batch=60)
    assert draws.error is None
    assert draws.coverage.mean(axis=0) == pytest.approx([0.042243, 0.666667, 0.962264], abs=0.01)


def test_no_spread_gives_no_interval():
    counts = make_counts(np.full(39, 10), np.full(39, 10))
    low, high = intervals(counts, draw_curves(counts, np.array([1]), FEW), 0.95)
    assert np.isnan([low[0], high[0]]).all()
