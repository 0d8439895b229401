"""The verdict on a pair in words, and how groups and margins are named."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_cli.analysis.comparison.groups import margin_of
from scaling_cli.analysis.comparison.models import Member
from scaling_cli.analysis.comparison.wording import drift_words, sentence
from scaling_cli.errors import UsageError
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.numbers.format import figure
from scaling_cli.results.fit import Estimate
from tests.factories import chinchilla_result, power_result

ONE = {"b": Estimate(0.01234, 0.002, 0.0226)}
TWO = {"alpha": Estimate(0.01, 0.0, 0.02), "beta": Estimate(-0.02, None, None)}


def said(verdict, difference=None, drift="", **changes):
    options = {"p_adjusted": 0.0123, "margin": {"b": 0.05}, "detectable": {"b": 0.03}, **changes}
    return sentence("muon", "adamw", verdict, difference=difference or ONE, drift=drift, **options)


def test_a_difference_is_said_with_its_interval_and_p_value():
    assert said("different") == (
        "The exponents of muon and adamw differ: the difference is 0.012 [0.002, 0.023] (p = 0.012)."
    )
    assert said("different", drift="with more, it grows").endswith("(p = 0.012). With more, it grows.")


def test_equivalence_is_said_with_its_margin():
    assert said("equivalent") == (
        "The exponents of muon and adamw are equivalent: the difference is 0.012 [0.002, 0.023], within the margin of "
        "0.05."
    )


def test_an_open_question_says_what_the_data_would_show():
    found = said("inconclusive")
    assert found.startswith("The data do not show whether the exponents of muon and adamw differ: the difference is")
    assert found.endswith("(p = 0.012). Data like these would show a difference of 0.03 four times in five.")
    unknown = said("not-identified", detectable={"b": None})
    assert unknown.startswith("The data do not identify the exponents of muon and adamw well enough")
    assert unknown.endswith("show a difference of ? four times in five.")


def test_several_exponents_are_named():
    found = said("inconclusive", TWO, p_adjusted=None, detectable={"alpha": 0.03, "beta": 0.04})
    assert "alpha 0.01 [0, 0.02], beta -0.02 [-inf, inf] (p = ?)" in found
    assert "a difference of 0.03 in alpha, 0.04 in beta" in found
    assert "the difference is" not in found


@pytest.mark.parametrize(
    ("own", "ends", "crosses"),
    [
        ((-0.10, -0.16), (0.03, 0.08), False),
        ((-0.16, -0.10), (-0.08, -0.03), False),
        ((0.16, 0.10), (0.03, 0.08), False),
        ((-0.13, -0.14), (-0.01, 0.04), True),
    ],
)
def test_a_drift_is_that_over_a_thousand_times_the_input_of_the_right_group(own, ends, crosses):
    """The left group reaches the loss of the right one with right^(b_right / b_left)."""

    def change(difference):
        middle = sum(own) / 2
        log = ((middle - difference / 2) / (middle + difference / 2) - 1) * math.log(1000)
        return math.exp(abs(log))

    difference = own[0] - own[1]
    low, high = sorted(map(change, ends))
    least = 1.0 if crosses else low
    assert drift_words(Estimate(difference, *ends), own, "compute", "muon") == (
        "with 1,000 times the compute of muon, this difference alone changes the compute multiplier by "
        f"{figure(change(difference), 3)}x [{figure(least, 3)}, {figure(high, 3)}]"
    )


def test_the_drift_is_that_of_two_power_laws_above_one_floor():
    """loss - c = 3 x^-0.10 on the left and 4 x^-0.16 on the right."""

    def multiplier(x):
        return (4 * x**-0.16 / 3) ** (-1 / 0.10) / x

    said = drift_words(Estimate(0.06, 0.03, 0.08), (-0.10, -0.16), "x", "b")
    assert f"multiplier by {figure(multiplier(1e8) / multiplier(1e5), 3)}x [" in said


def test_a_drift_without_an_end_is_open_and_one_beyond_all_numbers_is_not_said():
    assert drift_words(Estimate(0.01, None, 0.02), (0.105, 0.095), "x", "b").endswith(", inf]")
    assert drift_words(Estimate(0.01, 0.005, -9.0), (0.105, 0.095), "x", "b").endswith(", inf]")
    assert drift_words(Estimate(None), (0.1, 0.1), "x", "b") == ""
    assert drift_words(Estimate(0.01), (0.0, 0.0), "x", "b") == ""
    rise = 50 / math.log(1000)
    for times, is_said in ((0.999, True), (1.001, False)):
        difference = -0.2 * rise * times / (2 + rise * times)  # |d| / (0.1 + d / 2) is times the rise
        assert (drift_words(Estimate(difference), (0.1, 0.1), "x", "b") != "") is is_said


def member(low, high, law="power"):
    x = np.geomspace(low, high, 6)
    problem = problem_from_arrays(find_law(law), {"x": x}, 30 * x**-0.06, np.arange(6))
    return _member(problem)


def _member(problem):
    return Member("m", problem, np.zeros(len(problem.low)), np.inf)


RESULT = power_result()


def margin(spans, margin=2.0, to=None):
    return margin_of([member(*span) for span in spans], RESULT, margin, to)


def test_a_drift_is_measured_from_the_end_of_the_shared_range_by_its_own_length():
    found = margin([(1e18, 1e21), (1e19, 1e22)])
    assert (found.role, found.drift, found.difference) == ("compute", 2.0, None)
    assert (found.start, found.to) == pytest.approx((1e21, 1e23))


def test_groups_that_share_no_range_are_measured_over_all():
    found = margin([(1e18, 1e19), (1e20, 1e21)])
    assert (found.start, found.to) == pytest.approx((1e21, 1e24))


def test_a_range_that_was_asked_ends_there():
    assert margin([(1e18, 1e21), (1e19, 1e22)], to=1e25).to == 1e25
    inside = margin([(1e18, 1e21), (1e19, 1e22)], to=5e20)
    assert (inside.start, inside.to) == pytest.approx((1e19, 5e20))
    with pytest.raises(UsageError, match="--to compute=1e\\+19 is below the data"):
        margin([(1e18, 1e21), (1e19, 1e22)], to=1e19)


@pytest.mark.parametrize(("size", "is_difference"), [(0.99, True), (1.0, False), (1.01, False)])
def test_a_margin_below_one_is_a_difference_of_exponents(size, is_difference):
    found = margin([(1e18, 1e21)], margin=size)
    assert (found.difference, found.drift) == ((size, None) if is_difference else (None, size))


def test_surfaces_are_compared_along_six_params_tokens():
    params, tokens = np.geomspace(1e8, 1e9, 6), np.geomspace(1e10, 1e11, 6)
    columns = {"params": params, "tokens": tokens}
    problem = problem_from_arrays(find_law("chinchilla"), columns, np.linspace(3, 2.5, 6), np.arange(6))
    found = margin_of([_member(problem)], chinchilla_result(), 2.0, None)
    assert (found.role, found.start) == ("compute", pytest.approx(6e20))
