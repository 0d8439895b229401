"""The null distribution of a statistic: F, draws, and both together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f

from scaling_cli.analysis.comparison.null_distribution import NullDistribution

DRAWS = np.arange(1.0, 100.0)  # 1 to 99


def test_without_draws_it_is_f():
    null = NullDistribution(2, 15.0)
    assert null.method == "F"
    assert null.tail(3.0) == pytest.approx(f.sf(3.0, 2, 15))
    assert null.tail(-1.0) == 1.0
    assert null.inflation(0.95) == 1.0
    assert null.cut(0.95) == pytest.approx(f.ppf(0.95, 1, 15))
    assert null.one_tail(3.0, 0.95) == pytest.approx(f.sf(3.0, 1, 15))
    assert NullDistribution(1, 15.0).one_tail(3.0, 0.95) == pytest.approx(f.sf(3.0, 1, 15))


@pytest.mark.parametrize(("statistic", "p"), [(99.0, 0.02), (99.1, 0.01), (50.0, 0.51), (0.0, 1.0)])
def test_draws_count_those_that_are_as_large_with_the_observation_as_one_of_them(statistic, p):
    null = NullDistribution(1, 15.0, DRAWS)
    assert null.method == "wild-bootstrap"
    assert null.tail(statistic) == pytest.approx(p)
    assert null.tail(99.0 * (1 + 1e-12)) == pytest.approx(0.02)


def test_the_average_is_geometric_and_counts_draws_for_a_third():
    null = NullDistribution(1, 15.0, DRAWS, is_averaged=True)
    assert null.tail(3.0) == pytest.approx(0.98 ** (1 / 3) * f.sf(3.0, 1, 15) ** (2 / 3))


def test_with_caution_the_larger_p_value_counts():
    small = NullDistribution(1, 15.0, DRAWS / 1000, is_cautious=True, is_averaged=True)
    assert small.tail(3.0) == pytest.approx(f.sf(3.0, 1, 15))
    assert small.inflation(0.95) == 1.0
    large = NullDistribution(1, 15.0, DRAWS, is_cautious=True)
    assert large.tail(3.0) == pytest.approx(0.98)
    assert large.inflation(0.95) == pytest.approx(95.0 / f.ppf(0.95, 1, 15), rel=0.02)


def test_cuts_grow_with_the_quantile_of_the_draws():
    null = NullDistribution(2, 15.0, DRAWS)
    assert null.inflation(0.9) == pytest.approx(np.quantile(DRAWS, 0.9, method="higher") / f.ppf(0.9, 2, 15))
    assert null.cut(0.9) == pytest.approx(f.ppf(0.9, 1, 15) * null.inflation(0.9))
    assert null.one_tail(5.0, 0.9) == pytest.approx(f.sf(5.0 / null.inflation(0.9), 1, 15))
    assert NullDistribution(1, 15.0, DRAWS).one_tail(5.0, 0.9) == NullDistribution(1, 15.0, DRAWS).tail(5.0)
    assert NullDistribution(1, 15.0, np.empty(0)).inflation(0.9) == 1.0


def test_the_cut_of_an_average_is_where_its_tail_is_the_size():
    null = NullDistribution(1, 15.0, f.rvs(1, 15, size=999, random_state=0), is_averaged=True)
    assert null.tail(null.cut(0.95)) == pytest.approx(0.05, abs=2e-3)


def test_without_draws_the_statistic_may_be_stretched_and_matched():
    null = NullDistribution(2, 15.0, matched=1.4, stretch=1.5)
    assert null.tail(3.0) == pytest.approx(f.sf(2.0, 1.4, 15))
    assert null.inflation(0.95) == pytest.approx(1.5 * f.ppf(0.95, 1.4, 15) / f.ppf(0.95, 2, 15))


def test_the_cut_of_an_average_is_sought_beyond_the_largest_draw():
    """With one degree of freedom both tails are heavy, and the cut is far beyond the quantile of F."""
    heavy = NullDistribution(1, 1.0, np.array([0.0] + [1e6] * 98), is_averaged=True)
    assert heavy.tail(heavy.cut(0.9)) == pytest.approx(0.1, rel=1e-6)
    assert heavy.cut(0.9) > 10 * f.ppf(0.9, 1, 1)


def test_the_cut_of_an_average_is_the_largest_draw_where_draws_are_too_few_for_the_level():
    few = NullDistribution(1, 15.0, np.array([0.2, 1.5, 30.0]), is_averaged=True)
    assert few.tail(300.0) < 1 - 0.9
    assert few.tail(few.cut(0.9)) == pytest.approx(0.1, rel=1e-6)
    for largest, cut in ((3e12, 3e12), (3e8, f.ppf(0.99999, 1, 1))):
        heavy = NullDistribution(1, 1.0, np.array([0.2, 1.5, largest]), is_averaged=True)
        assert heavy.tail(10 * cut) > 1 - 0.99999
        assert heavy.cut(0.99999) == pytest.approx(cut)
