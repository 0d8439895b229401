"""Intervals contain the truth as often as they say; docs/evidence/inference-coverage.md has the table."""

import numpy as np
import pytest

from scaling_cli.analysis.coverage.curve import Sampled, coverage_rows
from scaling_cli.coverage.bootstrap import percentiles
from scaling_cli.coverage.counts import ProblemResampling, make_counts
from scaling_cli.coverage.estimate import clopper_pearson
from tests.coverage.simulation import CASES, shares

LOGS = 400
# Of 400 intervals that each hold the truth 95 % of the time, 92.8 to 97.2 % do (two standard errors).
LOW, HIGH = 0.93, 0.97
NOISE = 0.022
NEAR_CEILING = next(case for case in CASES if case.alpha == 0.9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["k = 1", "n / 10", "n / 2", "n"])
def test_intervals_of_coverage_cover(simulated, name):
    assert LOW - NOISE <= simulated[name] <= HIGH + NOISE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alpha", "power-law b", "forecast at 10 n", "over attempts, n / 10"])
def test_intervals_of_exponents_and_forecasts_cover(simulated, name):
    assert LOW - NOISE <= simulated[name] <= HIGH + NOISE


@pytest.mark.slow
def test_the_naive_error_of_an_exponent_does_not(simulated):
    assert simulated["b, naive"] < 0.3


@pytest.mark.slow
def test_intervals_cover_where_nearly_every_problem_is_solved():
    found = shares(NEAR_CEILING, LOGS)
    # Whether 0, 1 or 2 of 60 problems are unsolved decides here, so exact limits hold the truth more often than 95 %.
    assert min(found[name] for name in ("k = 1", "n / 10", "n / 2", "n", "alpha", "power-law b")) >= LOW - NOISE


@pytest.fixture(scope="module")
def simulated():
    return shares(CASES[0], LOGS)


def test_no_more_is_claimed_for_fewer_attempts_than_for_all():
    data = Sampled(make_counts(np.full(60, 1000), np.append(4, np.full(59, 300))), None, ProblemResampling(200))
    rows, _ = coverage_rows(data, np.array([500, 900, 1000]), 0.95, "pointwise", "bound")
    exact = clopper_pearson(60, 60, 0.95)[0]
    assert [row.low for row in rows] == pytest.approx([exact] * 3, rel=1e-12)
    assert all(row.low < row.estimate <= row.high for row in rows)


def test_a_curve_is_fitted_up_to_where_few_problems_are_left():
    rng = np.random.default_rng(0)
    n = np.full(60, 1000)
    data = Sampled(make_counts(n, rng.binomial(n, rng.beta(0.9, 3.5, 60))), None, ProblemResampling(200))
    grid = data.fitting_grid()
    left = 60 * (1 - data.coverage(np.array([grid[-1], grid[-1] + 10])))
    assert left[0] >= 5 > left[1]


def test_percentiles_of_few_problems_are_moved_outwards_as_far_as_t_exceeds_the_normal():
    draws = np.random.default_rng(0).normal(size=20_001)
    for units, reach in ((1000, 1.964), (10, 2.385)):  # sqrt(10 / 9) * 2.262, Student's t of 9 degrees of freedom
        low, high = percentiles(draws, 0.95, units)
        assert (high - low) / 2 == pytest.approx(reach, rel=0.04)
