"""The tails of Student's t and of F, against scipy."""

from __future__ import annotations

import math

import pytest
from scipy.stats import f, t

from scaling_cli.fitting.checks.tails import f_tail, two_tails


@pytest.mark.parametrize("freedom", [4, 7, 20, 300])
@pytest.mark.parametrize("statistic", [0.1, 0.5, 1.0, 2.0, 4.0])
def test_two_tails_of_t_are_right_to_a_tenth(freedom, statistic):
    expected = 2 * t.sf(statistic, freedom)
    assert two_tails(statistic, freedom) == pytest.approx(expected, rel=0.1)
    assert two_tails(-statistic, freedom) == two_tails(statistic, freedom)


def test_two_tails_of_many_degrees_of_freedom_are_those_of_a_normal():
    assert two_tails(1.959964, 1e7) == pytest.approx(0.05, rel=1e-4)
    assert two_tails(0.0, 5) == 1.0


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 10), (2, 5), (3, 40), (10, 3), (50, 60), (1, 1e5)])
@pytest.mark.parametrize("ratio", [1e-3, 0.2, 0.9, 1.0, 1.3, 3.0, 20.0])
def test_the_tail_of_f_is_exact_on_both_sides_of_its_mean(first, second, ratio):
    assert f_tail(ratio, first, second) == pytest.approx(f.sf(ratio, first, second), rel=1e-9, abs=1e-300)


def test_the_tail_of_f_at_its_ends():
    assert f_tail(0.0, 2, 5) == f_tail(-1.0, 2, 5) == 1.0
    assert math.isnan(f_tail(math.nan, 2, 5))
    assert f_tail(math.inf, 2, 5) == 0.0
    assert f_tail(1e-320, 2, 5) == pytest.approx(1.0)
