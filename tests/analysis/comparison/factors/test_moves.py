"""Whether a factor moves a parameter, within which margin, and what that costs in compute, by sums written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scaling_cli.analysis.comparison.factors import answer
from scaling_cli.analysis.comparison.factors.answer import FactorQuestion, coefficients, effects_in, factors_from
from scaling_cli.analysis.comparison.factors.design import Factor, Term, terms_of
from scaling_cli.analysis.comparison.factors.term_test import judged_term
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from scaling_cli.results.comparison import Margin, Moved
from scaling_cli.results.fit import Estimate
from tests.analysis.comparison.factors.simulations import Design
from tests.analysis.comparison.factors.test_effects import setting

DRIFT = Margin("x", 1e4, 1e8, 1.5)
NARROW, WIDE = (Margin("x", None, 1e8, None, size) for size in (1e-4, 1.0))


@pytest.fixture(scope="module")
def two():
    return setting(Design((2,), (14, 18)))


def asked(two, names, margin, level=0.95, alike=()):
    (term,) = terms_of([Factor("f", ("u", "v"), np.array([0, 1]))])
    return answer._moved(two, term, [term], names, FactorQuestion(margin, level), alike=alike)


def test_a_small_margin_leaves_open_what_a_large_one_excludes(two):
    """The noise alone moves the exponent: it lies within a wide margin and not within a narrow one."""
    narrow, wide = (asked(two, ("b",), margin) for margin in (NARROW, WIDE))
    assert (narrow.moves, wide.moves) == (None, False)
    assert narrow.p_value == wide.p_value > 0.05
    assert (narrow.margin, wide.margin) == ({"b": 1e-4}, {"b": 1.0})
    effect = wide.effect["b"]
    assert effect == narrow.effect["b"]
    limit = max(-effect.low, effect.high)
    for times, moves in ((1.001, False), (0.999, None)):
        assert asked(two, ("b",), replace(WIDE, difference=times * limit)).moves is moves
    assert (wide.contrast, wide.alike) == ("v - u", ())
    assert wide.degrees_of_freedom[0] == 1.0


def test_a_factor_moves_what_its_test_rejects_at_the_level(two):
    p = asked(two, ("b",), WIDE).p_value
    assert asked(two, ("b",), WIDE, level=1 - 1.01 * p).moves is True
    assert asked(two, ("b",), WIDE, level=1 - 0.99 * p).moves is False
    moved = setting(Design((2,), (14, 18), effects=(("f", 0.05),)))
    found = asked(moved, ("b",), WIDE)
    assert found.moves is True  # however wide the margin
    assert asked(moved, ("b",), WIDE, level=1 - 0.5 * found.p_value).moves is False
    assert asked(moved, (), WIDE) is None


def test_margins_of_all_parameters_are_of_one_size(two):
    """A drift of 1.5 in compute is a change of 1.5^b of the loss above the floor."""
    (term,) = terms_of([Factor("f", ("u", "v"), np.array([0, 1]))])
    test = judged_term(two, term, [term], ("b",))
    values = np.concatenate(test.wider.split(test.phi[None]))
    b = abs(values[:, 1].mean())
    margins = lambda *names, margin=DRIFT: answer._margins(two, test, names, margin)  # noqa: E731
    assert margins("b") == {"b": pytest.approx(b * math.log(1.5) / math.log(1e4))}
    assert margins("a") == {"a": pytest.approx(b * math.log(1.5))}
    above = np.median([
        np.median(member.problem.observed) - theta[0, 2]
        for member, theta in zip(two.members, two.fits.thetas, strict=True)
    ])  # fmt: skip
    assert margins("c") == {"c": pytest.approx(above * (1.5**b - 1))}
    assert margins("a", margin=NARROW) == margins("a", margin=WIDE) == {"a": None}
    assert margins("b", margin=NARROW) == {"b": 1e-4}
    low = replace(
        two, fits=replace(two.fits, thetas=tuple(theta + np.array([0, 0, 99.0]) for theta in two.fits.thetas))
    )
    assert answer._margins(low, test, ("c",), DRIFT) == {"c": 0.0}


def test_coefficients_are_shown_as_ratios_and_the_rest_as_differences(two):
    found = asked(two, ("a",), DRIFT, alike=("b", "c"))
    (term,) = terms_of([Factor("f", ("u", "v"), np.array([0, 1]))])
    test = judged_term(two, term, [term], ("a",), ("b", "c"))
    log = test.phi[test.wider.places["a"]] @ (test.wider.designs["a"][1] - test.wider.designs["a"][0])
    assert found is None or found.alike == ("b", "c")
    assert (found is None) == (test.misfit < 0.01)
    alone = asked(two, ("a",), DRIFT)
    assert alone.margin["a"] > 1
    assert alone.effect["a"].low < alone.effect["a"].estimate < alone.effect["a"].high
    assert alone.effect["a"].low > 0
    if found is not None:
        assert found.effect["a"].estimate == pytest.approx(np.exp(log), rel=1e-4)


def test_ratios_beyond_the_largest_number_are_none():
    ratio = answer._ratio
    assert ratio(0.5, is_ratio=True) == pytest.approx(math.exp(0.5))
    assert ratio(0.5, is_ratio=False) == 0.5
    assert ratio(None, is_ratio=True) is None
    assert ratio(699.9, is_ratio=True) == math.exp(699.9)
    assert ratio(700.0, is_ratio=True) is None
    assert answer._shown(Estimate(0.0, -1.0, 800.0), is_ratio=True) == Estimate(1.0, math.exp(-1.0), None)
    assert answer._power(2.0, 3.0) == pytest.approx(8.0)
    assert answer._power(math.e, 700.0) is None
    assert answer._power(math.e, 699.0) == pytest.approx(math.exp(699.0))


def constant(**effect):
    return Moved(0.01, effect, True, {}, {}, "v - u", 1.0, (1.0, 9.0), ("b",))


def test_the_multiplier_is_the_ratio_to_the_power_of_one_over_the_weighted_exponent(two):
    names = two.members[0].problem.law.names
    own = np.array([theta[0, 1] for theta in two.fits.thetas])
    weights = 1 / np.array([error[0, 1] for error in two.errors]) ** 2
    slope = abs((own * weights).sum() / weights.sum())
    assert weights[0] != weights[1]
    found = answer._multiplier(two, constant(a=Estimate(0.8, 0.7, 0.9)), names)
    assert (found.estimate, found.low, found.high) == pytest.approx(tuple(v ** (1 / slope) for v in (0.8, 0.7, 0.9)))
    half = answer._multiplier(two, constant(a=Estimate(0.8, 0.0, None)), names)
    assert (half.low, half.high) == (None, None)
    assert answer._multiplier(two, constant(a=Estimate(1.0), d=Estimate(1.0)), names) is None
    flat = replace(two, fits=replace(two.fits, thetas=tuple(theta * np.array([1, 0, 1]) for theta in two.fits.thetas)))
    assert answer._multiplier(flat, constant(a=Estimate(0.8)), names) is None


def test_coefficients_are_the_sizes_of_terms():
    member = Design((2,), (8,)).members()[0]
    assert coefficients(member) == ("a",)
    surface = replace(member, problem=replace(member.problem, law=find_law("chinchilla")))
    assert coefficients(surface) == ("A", "B")


def test_a_factor_keeps_the_levels_that_some_cells_have():
    factor = Factor("f", ("u", "v", "w"), np.array([0, 1, 2, 2, 0]))
    kept = answer._restricted(factor, [4, 2, 3])
    assert (kept.levels, kept.codes.tolist(), kept.values) == (("u", "w"), [0, 1, 1], None)
    assert answer._restricted(factor, [2, 3]) is None
    assert answer._restricted(factor, [1, 2]).levels == ("v", "w")
    number = Factor("lr", (), np.zeros(5, dtype=int), np.array([1.0, 2.0, 2.0, 4.0, 1.0]))
    assert answer._restricted(number, [1, 3]).values.tolist() == [2.0, 4.0]
    assert answer._restricted(number, [1, 2]) is None


def test_factors_have_their_levels_in_order_and_numbers_as_they_are():
    groups = [{"size": "10M", "data": "web"}, {"size": "9M", "data": "code"}, {"size": "10M", "data": "code"}]
    numbers = {"lr": np.array([1.0, 2.0, 4.0])}
    data, size, lr = factors_from(groups, ("data", "size"), numbers)
    assert (data.name, data.levels, data.codes.tolist()) == ("data", ("code", "web"), [1, 0, 0])
    assert (size.levels, size.codes.tolist()) == (("9M", "10M"), [1, 0, 1])
    assert (lr.is_continuous, lr.values.tolist(), lr.levels) == (True, [1.0, 2.0, 4.0], ())


def test_an_interaction_is_looked_at_within_each_level_of_each_factor_that_has_levels():
    made = setting(Design((2, 2), (14,), effects=(("f:g", 0.03),)))
    factors = Design((2, 2), (14,)).factors()
    term = terms_of(factors)[2]
    levels = answer._levels(made, term, FactorQuestion(DRIFT, 0.95))
    assert [(level.factor, level.at) for level in levels] == [
        ("f", {"g": "0"}), ("f", {"g": "1"}), ("g", {"f": "0"}), ("g", {"f": "1"}),
    ]  # fmt: skip
    own = np.array([theta[0, 1] for theta in made.fits.thetas])
    effects = [level.exponent.effect["b"].estimate for level in levels]
    assert effects == pytest.approx([own[2] - own[0], own[3] - own[1], own[1] - own[0], own[3] - own[2]], rel=1e-3)
    number = replace(factors[1], values=np.array([0.0, 1.0, 0.0, 1.0]))
    one_way = answer._levels(made, Term((factors[0], number)), FactorQuestion(DRIFT, 0.95))
    assert [(level.factor, level.at) for level in one_way] == [("g", {"f": "0"}), ("g", {"f": "1"})]


def test_losses_of_other_evaluations_are_compared_by_their_exponents_alone():
    made = setting(Design((2, 2), (10,), floors=(1.7,)))
    factors = Design((2, 2), (10,)).factors()
    found = effects_in(made, factors, FactorQuestion(DRIFT, 0.95, unlike=frozenset({"f", "f:g"})))
    assert [effect.name for effect in found] == ["f", "g", "f:g"]
    assert [effect.constant is None for effect in found] == [True, False, True]
    assert [effect.floor is None for effect in found] == [True, False, True]
    assert all(effect.exponent is not None for effect in found)


def test_a_constant_is_compared_at_equal_exponents_unless_they_move():
    moved = setting(Design((2,), (20,), effects=(("f", 0.04),)))
    (effect,) = effects_in(moved, Design((2,), (20,)).factors(), FactorQuestion(DRIFT, 0.95))
    assert effect.exponent.moves is True
    assert effect.constant.alike == ()
    assert effect.multiplier is None
    same = setting(Design((2,), (20,), floors=(1.7,)))
    (effect,) = effects_in(same, Design((2,), (20,)).factors(), FactorQuestion(DRIFT, 0.95))
    assert effect.exponent.moves is not True
    assert effect.constant.alike == ("b", "c")
    assert effect.constant.effect["a"].estimate == pytest.approx(1.1, rel=0.01)  # of the design, cell by cell
    assert effect.multiplier.estimate == pytest.approx(1.1 ** (1 / 0.15), rel=0.1)


def test_an_interaction_that_moves_nothing_is_no_matter_of_compute():
    """Each factor has a multiplier, and their interaction none."""
    made = setting(Design((2, 2), (10,), floors=(1.7,)))
    found = effects_in(made, Design((2, 2), (10,)).factors(), FactorQuestion(DRIFT, 0.999))
    assert all(effect.constant.alike == ("b", "c") for effect in found)
    assert [effect.multiplier is None for effect in found] == [False, False, True]
    # The sizes of the cells are 1, 1.1, 1.2 and 1.3 times that of the first.
    ratios = [effect.constant.effect["a"].estimate for effect in found]
    assert ratios == pytest.approx([np.sqrt(1.2 * 1.3 / 1.1), np.sqrt(1.1 * 1.3 / 1.2), 1.3 / 1.2 / 1.1], rel=0.01)
    assert found[0].multiplier.estimate == pytest.approx(ratios[0] ** (1 / 0.15), rel=0.1)


def test_a_factor_whose_interaction_moves_the_exponent_has_its_average_effect():
    """A model of all four cells has their own exponents, of which the effect is a mean over the other factor."""
    design = Design((2, 2), (14, 18), effects=(("f:g", 0.06),))
    made = setting(design)
    f, g, both = effects_in(made, design.factors(), FactorQuestion(NARROW, 0.95))
    own = np.array([theta[0, 1] for theta in made.fits.thetas]).reshape(2, 2)
    for found, other, axis in ((f, "g", 0), (g, "f", 1)):
        effect = found.exponent.effect["b"]
        assert effect.estimate == pytest.approx(np.diff(own.mean(axis=1 - axis))[0], rel=1e-4)
        assert effect.low < 0.03 < effect.high
        assert found.exponent.averaged == (other,)
        assert f", on average over {other}, p" in found.sentence
    assert both.exponent.moves is True
    assert both.exponent.averaged == ()


def test_effects_are_not_averaged_where_no_interaction_is_shown():
    design = Design((2, 2), (14, 18), effects=(("f", 0.06),))
    found = effects_in(setting(design), design.factors(), FactorQuestion(NARROW, 0.95))
    assert [each.exponent.averaged for each in found] == [(), (), ()]


def test_the_effect_of_three_levels_is_averaged_too():
    design = Design((3, 2), (14,), effects=(("f:g", 0.06),))
    made = setting(design)
    f, _, _ = effects_in(made, design.factors(), FactorQuestion(NARROW, 0.95))
    own = np.array([theta[0, 1] for theta in made.fits.thetas]).reshape(3, 2).mean(axis=1)
    high, low = map(int, f.exponent.contrast.split(" - "))
    assert f.exponent.effect["b"].estimate == pytest.approx(own[high] - own[low], rel=1e-4)


def test_a_missing_combination_leaves_nothing_to_average_over():
    """With three of four cells the interaction cannot be told, and the factors are tested without it."""
    design = Design((2, 2), (14, 14, 14, 0), effects=(("f", 0.06),))
    f, g, both = effects_in(setting(design), design.factors(), FactorQuestion(NARROW, 0.95))
    assert f.exponent.averaged == g.exponent.averaged == ()
    assert both.exponent is None
