"""What a comparison says in a sentence: of one pair, of many, of groups on one curve, and of factors."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.results.comparison import FactorEffect, Moved, Multiplier, NestedTest, Ranked, Sharing
from scaling_cli.results.fit import Estimate
from scaling_cli.sentences.compare_exponents import is_rejected, sentence
from tests.report.compare_exponents.test_view import compared, result

PAIR = compared("adamw", "muon", "different", {"b": Estimate(0.0158, 0.0112, 0.021)})
NONE = {"tests": {}, "ranking": (), "sharing": ()}


def said(*pairs, subject="Loss", **changes):
    return sentence(result(**{**NONE, "comparisons": pairs, **changes}), subject)


def multiplier(estimate=2.0, low=1.5, high=2.5, *, is_extrapolated=False):
    return Multiplier(2.8, estimate, low, high, 1e19, is_extrapolated)


def test_one_pair_has_its_verdict_and_the_multiplier_furthest_inside_the_data():
    rows = (multiplier(3.0), multiplier(), multiplier(9.0, is_extrapolated=True), multiplier(None, None, None))
    pair = replace(PAIR, compute_multiplier=rows)
    assert said(pair) == f"{PAIR.sentence} At equal loss, adamw needs 2.00 [1.50, 2.50] times the compute of muon."
    assert "At equal Accuracy, adamw needs 2.00 [1.50, 2.50] times" in said(pair, subject="Accuracy")
    assert said(replace(PAIR, compute_multiplier=rows[2:])) == PAIR.sentence
    assert said(replace(PAIR, compute_multiplier=())) == PAIR.sentence


@pytest.mark.parametrize(("p_value", "is_said"), [(0.2, True), (0.19, False), (None, False)])
def test_that_no_floor_is_shown_is_said_from_a_p_value_of_a_fifth_on(p_value, is_said):
    tests = {"no_floor": NestedTest(1.0, p_value, "F", "one-curve", "all-separate")}
    found = said(replace(PAIR, compute_multiplier=()), tests=tests)
    words = " The data do not show that any group has a floor (p = 0.2), so --law power"
    assert (words in found) == is_said
    assert found.startswith(PAIR.sentence)


def verdicts(*given, **changes):
    """Pairs with these verdicts and differences."""
    return tuple(
        replace(compared(f"l{place}", f"r{place}", verdict, {"b": value}), **changes)
        for place, (verdict, value) in enumerate(given)
    )


CLEAR, SMALL, WIDE = Estimate(-0.03, -0.04, -0.02), Estimate(0.02, 0.01, 0.03), Estimate(0.5, -0.1, 1.1)


def test_many_pairs_are_counted_by_verdict_with_their_names():
    found = said(*verdicts(("different", SMALL), ("not-identified", WIDE), ("different", CLEAR)))
    assert found == (
        "Of 3 pairs of exponents, 2 different (l0 and r0, l2 and r2); 1 not identified (l1 and r1). "
        "Those of l2 and r2 differ most, by -0.03 [-0.04, -0.02]."
    )


def test_the_largest_difference_is_named_by_how_many_differ():
    one = said(*verdicts(("different", SMALL), ("inconclusive", WIDE)))
    assert one.endswith("Those of l0 and r0 differ by 0.02 [0.01, 0.03].")
    none = said(*verdicts(("inconclusive", WIDE), ("inconclusive", replace(WIDE, estimate=0.6))))
    assert none.endswith("The largest difference is that of l1 and r1, 0.60 [-0.10, 1.10].")
    assert said() == ""


def test_of_several_exponents_one_whose_interval_leaves_out_zero_is_named():
    both = {"alpha": WIDE, "beta": CLEAR}
    found = said(*(compared(f"l{place}", "r", "different", both) for place in range(2)))
    assert "by -0.03 [-0.04, -0.02] in beta" in found
    above = {"alpha": WIDE, "beta": SMALL}
    assert "in beta" in said(*(compared("l", "r", "different", above) for _ in range(2)))
    unclear = {"alpha": WIDE, "beta": Estimate(0.1, None, 0.2)}
    assert "in alpha" in said(*(compared("l", "r", "different", unclear) for _ in range(2)))


def test_four_names_are_listed_and_the_others_counted():
    found = said(*verdicts(*[("inconclusive", WIDE)] * 6))
    assert "6 inconclusive (l0 and r0, l1 and r1, l2 and r2, l3 and r3 and 2 more)" in found
    assert "more" not in said(*verdicts(*[("inconclusive", WIDE)] * 4))


def ranked(*names, multiplier=None, against=None):
    return tuple(Ranked(name, "a", {"b": Estimate(-0.05 - place / 100)}, multiplier, against)
                 for place, name in enumerate(names))  # fmt: skip


def sharing(*groups, p_value=0.4, exponent=True):
    return Sharing(groups, {"b": Estimate(-0.06, -0.065, -0.055)} if exponent else {}, p_value)


class TestSharing:
    pairs = verdicts(*[("inconclusive", WIDE)] * 3)

    def test_all_groups_on_one_exponent(self):
        found = said(*self.pairs, ranking=ranked("a", "b", "c"), sharing=(sharing("a"), sharing("a", "b", "c")))
        assert found == (
            "No two of the 3 exponents are shown to differ, and one exponent fits all: -0.060 [-0.065, -0.055] "
            "(p = 0.4)."
        )

    @pytest.mark.parametrize(("p_value", "is_rejected_"), [(0.05, True), (0.051, False), (None, False)])
    def test_one_exponent_for_all_may_be_rejected_though_no_two_differ(self, p_value, is_rejected_):
        shared = sharing("a", "b", "c", p_value=p_value)
        made = result(**NONE, comparisons=self.pairs)
        made = replace(made, interval=replace(made.interval, level=0.95))
        assert is_rejected(shared, made) == is_rejected_
        if is_rejected_:
            found = said(*self.pairs, ranking=ranked("a", "b", "c"), sharing=(shared,))
            assert found.startswith("No two of the 3 exponents are shown to differ, but the data reject one exponent")
            assert found.endswith("(p = 0.05).")
            some = said(*self.pairs, ranking=ranked("a", "b", "c", "d"), sharing=(shared,))
            assert some.startswith("Of 3 pairs")

    def test_some_groups_on_one_exponent_and_the_others_listed(self):
        pairs = tuple(
            replace(compared(left, right, "different", {"b": CLEAR}))
            for left in ("a", "b") for right in ("c", "d", "e", "f", "g")
        )  # fmt: skip
        found = said(*pairs, ranking=ranked("a", "b", "c"), sharing=(sharing("a", "b"),))
        assert found == (
            "2 of 3 groups are consistent with one exponent, -0.060 [-0.065, -0.055] (p = 0.4); the other is not: "
            "c (-0.07)."
        )
        found = said(*pairs, ranking=ranked("a", "b", "c", "d", "e", "f", "g"), sharing=(sharing("a", "b"),))
        assert "; the others are not: c (-0.07), d (-0.08), e (-0.09), f (-0.1) and 1 more." in found
        four = said(*pairs, ranking=ranked("a", "b", "c", "d", "e", "f"), sharing=(sharing("a", "b"),))
        assert four.endswith("f (-0.1).")

    def test_groups_that_overlap_are_said_by_pairs_and_letters(self):
        pairs = (
            compared("a", "c", "different", {"b": CLEAR}), compared("b", "c", "inconclusive", {"b": CLEAR}),
            compared("a", "b", "inconclusive", {"b": CLEAR}),
        )  # fmt: skip
        found = said(*pairs, ranking=ranked("a", "b", "c"), sharing=(sharing("a", "b"),))
        assert found == (
            "1 of 3 pairs of exponents differ, from a (-0.05) to c (-0.07); groups with a letter in common are not "
            "shown to differ."
        )

    def test_without_one_exponent_or_with_a_reference_pairs_are_counted(self):
        given = {"ranking": ranked("a", "b", "c"), "sharing": (sharing("a", "b", "c", exponent=False),)}
        assert said(*self.pairs, **given).startswith("Of 3 pairs")
        given["sharing"] = (sharing("a", "b", "c"),)
        assert said(*self.pairs, **given, reference="a").startswith("Of 3 pairs")


def test_groups_with_a_held_exponent_have_their_multipliers():
    rows = ranked("a", "b", "c", "d", "e", multiplier=Estimate(2.0, 1.5, 2.5), against="base")
    base = ranked("base")
    found = said(ranking=(*base, *rows))
    assert found == (
        "At equal loss, a needs 2.00 [1.50, 2.50], b needs 2.00 [1.50, 2.50], c needs 2.00 [1.50, 2.50], "
        "d needs 2.00 [1.50, 2.50], and 1 more times the compute of base."
    )
    assert "more" not in said(ranking=(*base, *rows[:4]))


def moved(moves, effect=None):
    return Moved(0.01, effect or {"b": Estimate(0.02, 0.01, 0.03)}, moves, {"b": 0.01}, {"b": 0.02}, "x - y", 1.0,
                 (1.0, 20.0))  # fmt: skip


def effect(name, moves, words="", effect=None, levels=()):
    exponent = None if moves == "unknown" else moved(moves, effect)
    return FactorEffect(name, exponent, None, None, None, levels, words)


class TestFactors:
    def test_factors_are_listed_by_whether_they_change_the_exponent(self):
        found = said(factors=(
            effect("data", False), effect("optimizer", True), effect("width", None), effect("depth", True),
        ))  # fmt: skip
        assert found == (
            "The exponent depends on optimizer (0.02 [0.01, 0.03]), depth (0.02 [0.01, 0.03]); "
            "it does not depend on data (0.02 [0.01, 0.03]); "
            "the data do not show whether it depends on width (0.02 [0.01, 0.03])."
        )
        only = said(factors=(effect("width", None),))
        assert only.startswith("The data do not show whether the exponent depends on width")

    def test_of_several_exponents_each_effect_is_named(self):
        two = {"alpha": Estimate(0.02, 0.01, 0.03), "beta": Estimate(0.1, 0.05, 0.15)}
        assert "(0.02 [0.01, 0.03] in alpha, 0.10 [0.05, 0.15] in beta)" in said(
            factors=(effect("data", True, effect=two),)
        )

    def test_an_effect_that_is_an_average_says_so(self):
        mean = replace(effect("data", True), exponent=replace(moved(True), averaged=("optimizer",)))
        assert "data (0.02 [0.01, 0.03] on average)" in said(factors=(mean,))

    def test_a_design_that_separates_nothing_says_so(self):
        assert said(factors=(effect("data", "unknown"),)) == "The design cannot separate the factors."

    def test_an_interaction_has_the_words_about_its_levels(self):
        words = "optimizer:data changes the exponent. With data = c4, it is steeper. With data = rpj, it is not."
        found = said(factors=(effect("optimizer:data", True, words, levels=("level",)),))
        assert found.endswith("(0.02 [0.01, 0.03]). With data = c4, it is steeper. With data = rpj, it is not.")
        assert said(factors=(effect("optimizer:data", True, words),)).endswith("(0.02 [0.01, 0.03]).")
        assert said(factors=(effect("o:d", True, "It changes.", levels=("level",)),)).endswith("0.03]).")
