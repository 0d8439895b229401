"""Intervals hold the truth as often as they say, in simulated logs; the table is in docs/inference-coverage.md."""

import pytest

from tests.coverage.simulation import CASES, shares

LOGS = 400
# Of 400 intervals that each hold the truth 95 % of the time, 92.8 to 97.2 % do (two standard errors).
LOW, HIGH = 0.93, 0.97
NOISE = 0.022


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coverage at 1", "coverage at 10", "coverage at 100", "coverage at 1,000"])
def test_intervals_of_coverage_cover(simulated, name):
    assert LOW - NOISE <= simulated[name] <= HIGH + NOISE


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alpha", "power-law b", "forecast at 10,000", "over attempts, at 100"])
def test_intervals_of_exponents_and_forecasts_cover(simulated, name):
    assert LOW - NOISE <= simulated[name] <= HIGH + NOISE


@pytest.mark.slow
def test_the_naive_error_of_an_exponent_does_not(simulated):
    assert simulated["power-law b, naive"] < 0.3


@pytest.fixture(scope="module")
def simulated():
    return shares(CASES[0], LOGS)
