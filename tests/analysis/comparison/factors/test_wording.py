"""What a factor does in one sentence, for results made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.comparison.factors.design import Factor, Term
from scaling_cli.analysis.comparison.factors.wording import (
    _amounts,
    _most,
    _p,
    _ratios,
    _sizes,
    factor_sentence,
    number,
)
from scaling_cli.results.comparison import AtLevel, Moved
from scaling_cli.results.fit import Estimate

OPTIMIZER = Factor("optimizer", ("adamw", "muon"), np.array([0, 1]))
DATA = Factor("data", ("web", "code"), np.array([0, 1]))
ALONE, BOTH = Term((OPTIMIZER,)), Term((OPTIMIZER, DATA))


def moved(moves, estimate=0.02, low=0.01, high=0.03, *, p=0.012, detects=0.015, alike=(), name="b", **more):
    effect = {name: Estimate(estimate, low, high), **more}
    return Moved(p, effect, moves, dict.fromkeys(effect, 0.05), dict.fromkeys(effect, detects), "muon - adamw", 4.0,
                 (1.0, 20.0), alike)  # fmt: skip


def said(exponent, constant=None, floor=None, multiplier=None, levels=(), term=ALONE):
    return factor_sentence(term, exponent, constant, floor, multiplier, levels, "compute")


def test_a_term_that_cannot_be_separated_says_which_runs_to_add():
    assert said(None) == (
        "optimizer cannot be separated from the other factors: add runs of the combinations that are missing."
    )
    assert said(None, term=BOTH).startswith("the interaction of optimizer and data cannot be")


@pytest.mark.parametrize(
    ("exponent", "words"),
    [
        (moved(True), "changes the exponent by 0.02 [0.01, 0.03] (muon - adamw, p = 0.012)"),
        (moved(True, p=4.9e-4), "changes the exponent by 0.02 [0.01, 0.03] (muon - adamw, p < 0.001)"),
        (moved(True, p=5e-4, low=None), "changes the exponent by 0.02 [-inf, 0.03] (muon - adamw, p = 0.0005)"),
        (moved(False, 0.0, -0.02, 0.01), "does not change the exponent by more than 0.02"),
        (moved(False, 0.0, -0.01, 0.03), "does not change the exponent by more than 0.03"),
        (moved(None, 0.01, -0.01, None, p=0.3),
         "is not shown to change the exponent: 0.01 [-0.01, inf] (muon - adamw, p = 0.3; a change of 0.015 would be "
         "found four times in five)"),
        (moved(None, 0.01, -0.01, 0.03, p=0.3, detects=None),
         "is not shown to change the exponent: 0.01 [-0.01, 0.03] (muon - adamw, p = 0.3; a change of ? would be "
         "found four times in five)"),
    ],
)  # fmt: skip
def test_an_exponent_changes_does_not_or_is_not_shown_to(exponent, words):
    assert said(exponent) == f"optimizer {words}."


def test_several_exponents_are_named():
    two = moved(True, name="alpha", beta=Estimate(-0.01, -0.02, 0.0))
    assert "0.02 [0.01, 0.03] in alpha, -0.01 [-0.02, 0] in beta" in said(two)
    within = moved(False, name="alpha", beta=Estimate(-0.01, -0.04, 0.0))
    assert "by more than 0.03 in alpha, 0.04 in beta" in said(within)


@pytest.mark.parametrize(
    ("constant", "words"),
    [
        (moved(True, 0.8, 0.7, 0.9), "changes the constant by -20 % [-30, -10]"),
        (moved(True, 1.5, 1.4, 1.51), "changes the constant by a factor of 1.5 [1.4, 1.5]"),
        (moved(True, 1.3, None, 1.4), "changes the constant by a factor of 1.3 [-inf, 1.4]"),
        (moved(False, 1.0, 0.99, 1.02, alike=("b",)),
         "does not change the constant by more than the margin: +0 % [-1, +2], at equal exponents"),
        (moved(None, 1.0, 0.9, 1.2), "is not shown to change the constant: +0 % [-10, +20]"),
    ],
)  # fmt: skip
def test_a_constant_is_said_in_percent_near_one_and_as_a_factor_elsewhere(constant, words):
    assert said(moved(True), constant).split("; it ")[1].rstrip(".") == words


def test_equal_floors_are_assumed_where_the_law_has_some():
    words = said(moved(None), moved(False, 1.0, 0.99, 1.01, alike=("b", "c")), moved(None))
    assert words.endswith("at equal exponents and floors.")
    assert "floor by" not in words  # it says nothing of a floor that is not shown to change


@pytest.mark.parametrize(
    ("floor", "words"),
    [
        (moved(True, 0.1, 0.05, 0.15), "it changes the floor by 0.1 [0.05, 0.15]."),
        (moved(False, 0.0, -0.02, 0.01), "it does not change the floor by more than 0.02."),
    ],
)
def test_a_floor_is_said_last(floor, words):
    assert said(moved(True), moved(False, 1.0, 0.99, 1.01), floor).endswith(words)


def test_a_multiplier_follows_from_a_constant_that_changes():
    times = Estimate(1.3, 1.2, 1.4)
    words = said(moved(False, 0.0, -0.01, 0.01), moved(True, 0.8, 0.7, 0.9), None, times)
    assert words.endswith(", so that muon needs 1.3 [1.2, 1.4] times the compute of adamw for equal loss.")
    assert "needs" not in said(moved(True), moved(False, 1.0, 0.9, 1.1), None, times)
    assert "needs" not in said(moved(True), None, None, times)


def test_an_interaction_is_said_by_the_factor_whose_effect_differs_most_plainly():
    """Of muon at both kinds of data one effect is shown, of data at both optimizers two: that says less."""
    levels = (
        AtLevel("optimizer", {"data": "web"}, moved(True)), AtLevel("optimizer", {"data": "code"}, moved(None, p=0.4)),
        AtLevel("data", {"optimizer": "adamw"}, moved(True)), AtLevel("data", {"optimizer": "muon"}, moved(True)),
    )  # fmt: skip
    words = said(moved(True), levels=levels, term=BOTH)
    assert ". With web, optimizer changes the exponent by" in words
    assert "; with code, optimizer is not shown to change" in words
    assert "with muon" not in words
    assert words.endswith(".")


def test_numbers_have_two_digits():
    assert [number(value) for value in (None, 0.0123, 1234.0, -0.5)] == ["?", "0.012", "1.2e+03", "-0.5"]


def test_several_constants_are_named_and_one_is_not():
    two = said(moved(None), constant=moved(True, 1.5, 1.4, 1.6, name="A", B=Estimate(1.02, 1.01, 1.03)))
    assert "by a factor of 1.5 [1.4, 1.6] in A, +2 % [+1, +3] in B" in two
    assert " in A" not in said(moved(None), constant=moved(True, 1.5, 1.4, 1.6, name="A"))


def test_of_several_parameters_each_size_ratio_amount_and_limit_is_named():
    two = moved(False, 0.02, -0.03, 0.03, name="alpha", beta=Estimate(-0.5, -0.6, None))
    assert _sizes(two) == "0.02 [-0.03, 0.03] in alpha, -0.5 [-0.6, inf] in beta"
    assert _amounts(two) == "0.015 in alpha, 0.015 in beta"
    assert _most(two) == "0.03 in alpha, 0.6 in beta"
    one = moved(False, 0.02, -0.04, 0.03)
    assert (_sizes(one), _amounts(one), _most(one)) == ("0.02 [-0.04, 0.03]", "0.015", "0.04")
    ratios = moved(True, 1.05, 1.02, 1.08, name="A", B=Estimate(3.0, 2.0, 4.0))
    assert _ratios(ratios) == "+5 % [+2, +8] in A, a factor of 3 [2, 4] in B"
    assert _ratios(moved(True, 0.95, 0.92, None)) == "a factor of 0.95 [0.92, inf]"
    assert _ratios(moved(True, 0.95, 0.92, 0.98)) == "-5 % [-8, -2]"


@pytest.mark.parametrize(("value", "said_"), [(0.012, "= 0.012"), (0.0005, "= 0.0005"), (0.0004, "< 0.001")])
def test_p_values_below_one_in_two_thousand_are_small(value, said_):
    assert _p(value) == said_
