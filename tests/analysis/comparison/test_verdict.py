"""The verdict on a pair of groups, its margins and what the data could have shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import f, t

from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.verdict import exponent_margins, judge, verdict
from scaling_cli.record import Record
from scaling_cli.results.comparison import Margin


@pytest.mark.parametrize(
    ("p", "equivalence", "word"),
    [(0.002, 0.001, "different"), (0.3, 0.001, "equivalent"), (0.3, 0.4, "inconclusive"), (0.002, 0.4, "different"),
     (0.0500001, 0.0499999, "equivalent"), (0.0499999, 0.04, "different"), (0.06, 0.0500001, "inconclusive"),
     (0.3, None, "inconclusive"), (None, 0.001, "not-identified")],
)  # fmt: skip
def test_rejection_means_different(p, equivalence, word):
    found = verdict(p_adjusted=p, equivalence_p_values=[equivalence], is_identified=True, level=0.95)
    assert found == word


def test_all_exponents_must_be_equivalent_and_identified():
    asked = {"p_adjusted": 0.3, "level": 0.95}
    assert verdict(equivalence_p_values=[0.01, 0.02], is_identified=True, **asked) == "equivalent"
    assert verdict(equivalence_p_values=[0.01, 0.2], is_identified=True, **asked) == "inconclusive"
    assert verdict(equivalence_p_values=[0.01, 0.02], is_identified=False, **asked) != "equivalent"


class Straight(Record):
    """The profile of a difference with a normal error: the statistic is the square of the distance in errors."""

    estimate: float
    error: float

    def statistic(self, difference):
        return ((difference - self.estimate) / self.error) ** 2

    def interval(self, cut):
        return self.estimate - self.error * cut**0.5, self.estimate + self.error * cut**0.5


F = NullDistribution(1, 20.0)


def judged(estimate, margin=0.1, error=0.02):
    return judge(Straight(estimate, error), F, error=error, margin=margin, level=0.95)


def test_the_interval_is_students():
    found = judged(0.03)
    reach = t.ppf(0.975, 20) * 0.02
    assert (found.difference.estimate, found.difference.low, found.difference.high) == pytest.approx(
        (0.03, 0.03 - reach, 0.03 + reach)
    )


@pytest.mark.parametrize("estimate", [0.03, -0.03])
def test_a_difference_is_within_a_margin_by_the_test_at_its_nearer_end(estimate):
    assert judged(estimate).equivalence_p_value == pytest.approx(f.sf(((0.1 - 0.03) / 0.02) ** 2, 1, 20))


@pytest.mark.parametrize("estimate", [0.1, 0.15, -0.1, -0.15])
def test_a_difference_outside_the_margin_is_never_equivalent(estimate):
    assert judged(estimate).equivalence_p_value == 1.0


def test_without_a_margin_there_is_no_equivalence():
    found = judged(0.03, margin=None)
    assert (found.margin, found.equivalence_p_value) == (None, None)


def test_what_the_test_finds_four_times_in_five_grows_with_the_error():
    assert judged(0.03).minimum_detectable == pytest.approx((t.ppf(0.975, 20) + t.ppf(0.8, 20)) * 0.02)
    for error in (0.0, np.nan, np.inf):
        assert judge(Straight(0.03, 0.02), F, error=error, margin=None, level=0.95).minimum_detectable is None
    draws = NullDistribution(1, 20.0, draws=np.full(99, 4 * f.ppf(0.95, 1, 20)))
    found = judge(Straight(0.03, 0.02), draws, error=0.02, margin=None, level=0.95)
    assert found.minimum_detectable == pytest.approx(2 * judged(0.03).minimum_detectable)


def test_a_margin_of_differences_holds_for_each_exponent():
    assert exponent_margins(Margin("compute", None, 1e24, None, 0.05), {"b": -0.1}) == {"b": 0.05}


def test_a_drift_of_the_multiplier_allows_a_share_of_each_exponent():
    """A difference d makes the multiplier drift by (to / start)^(d / b): by 2 over a factor of 1000."""
    found = exponent_margins(Margin("compute", 1e21, 1e24, 2.0), {"b": -0.1})
    assert 1000 ** (found["b"] / 0.1) == pytest.approx(2.0)


def test_on_a_surface_params_and_tokens_grow_as_parts_of_compute():
    found = exponent_margins(Margin("compute", 1e21, 1e24, 2.0), {"alpha": 0.3, "beta": 0.5})
    assert found["alpha"] == pytest.approx(0.3 * math.log(2) / (0.5 / 0.8 * math.log(1000)))
    assert found["beta"] == pytest.approx(0.5 * math.log(2) / (0.3 / 0.8 * math.log(1000)))


@pytest.mark.parametrize("to", [1e21, 1e20])
def test_without_a_range_there_is_no_margin(to):
    assert exponent_margins(Margin("compute", 1e21, to, 2.0), {"b": -0.1}) == {"b": None}
