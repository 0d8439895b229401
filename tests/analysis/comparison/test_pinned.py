"""Multipliers with a held exponent and floor; laws that have no floor, other exponents, or are formulas."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import least_squares
from scipy.stats import t

import scaling_cli as scaling
from scaling_cli.analysis.comparison.pinned import Pinned, _floor_doubt, is_pinned, multiplier, pinned
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.laws import find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.record import replace
from tests.analysis.comparison.simulations import binomial_bounds

B, C = -0.15, 1.6
X = np.array([1e19, 1e20, 1e21])


def losses(a, generator, noise=0.003):
    return (C + a * (X / 1e20) ** B) * np.exp(noise * generator.standard_normal(len(X)))


def arms(seed=0, counts=(3, 3)):
    generator = np.random.default_rng(seed)
    rows = [
        {"recipe": name, "compute": x, "loss": loss}
        for (name, a), count in zip((("base", 1.0), ("new", 0.95)), counts, strict=True)
        for x, loss in list(zip(X, losses(a, generator), strict=True))[:count]
    ]
    return pl.DataFrame(rows)


def test_the_interval_of_a_multiplier_holds_the_truth_in_95_percent_of_three_point_arms():
    generator, truth, held = np.random.default_rng(0), 0.95 ** (1 / 0.15), 0
    for _ in range(2000):
        found = pinned([X, X], [losses(1.0, generator), losses(0.95, generator)], B, C)
        interval = multiplier(found, 1, 0, B, 0.95)
        held += interval.low <= truth <= interval.high
    low, high = binomial_bounds(2000, 0.95, 0.999)
    assert 0.93 <= low <= held / 2000 <= high <= 0.97


@pytest.mark.parametrize("counts", [(3, 3), (2, 4), (2, 2)])
def test_two_to_four_runs_an_arm_give_a_multiplier_if_floor_and_exponent_are_held(counts):
    frame = arms(counts=tuple(min(count, 3) for count in counts))
    report = scaling.compare_exponents(frame, by="recipe", law="power-constant", fix={"b": B, "c": C}, reference="base")
    (result,) = report.results
    row = next(row for row in result.ranking if row.name == "new")
    assert row.against == "base"
    assert row.multiplier.low < 0.95 ** (1 / 0.15) < row.multiplier.high
    assert "new needs" in result.sentence
    assert "pinned-floor" in {caveat.code for caveat in report.caveats}


def test_the_caveat_says_by_how_much_the_multiplier_moves_with_the_floor():
    frame = arms()
    (caveat,) = (
        found
        for found in scaling.compare_exponents(
            frame, by="recipe", law="power-constant", fix={"b": B, "c": C}, reference="base"
        ).caveats
        if found.code == "pinned-floor"
    )
    parts = [frame.filter(pl.col("recipe") == name)["loss"].to_numpy() for name in ("base", "new")]
    for floor in (C - 0.05, C + 0.05):
        found = pinned([X, X], parts, B, floor)
        assert f"{multiplier(found, 1, 0, B, 0.95).estimate:.3g}" in caveat.message


def test_one_run_an_arm_is_refused_and_so_are_losses_that_cannot_be_compared():
    options = {"law": "power-constant", "fix": {"b": B, "c": C}}
    with pytest.raises(ScalingError):
        scaling.compare_exponents(arms(counts=(1, 1)), by="recipe", **options)
    frame = arms().rename({"recipe": "tokenizer"})
    with pytest.raises(UsageError, match="same evaluation data"):
        scaling.compare_exponents(frame, by="tokenizer", **options)


def runs(law, groups, noise=0.002, seed=0, count=14):
    generator = np.random.default_rng(seed)
    rows = [
        {"recipe": name, "compute": x, "loss": law(x, **values) * np.exp(noise * generator.standard_normal())}
        for name, values in groups.items()
        for x in np.geomspace(1e5, 1e9, count)
    ]
    return pl.DataFrame(rows)


def saturating(x, a, gamma, p):
    return a * (1 / x + gamma) ** p


def test_a_law_whose_exponent_is_called_c_is_compared_by_it():
    frame = runs(saturating, {"u": {"a": 20, "gamma": 1e-8, "p": 0.28}, "v": {"a": 18, "gamma": 2e-8, "p": 0.2}})
    (result,) = scaling.compare_exponents(frame, by="recipe", law="m3", replicates=99).results
    assert result.exponents == ("c",)
    (pair,) = result.comparisons
    assert pair.verdict == "different"
    assert pair.exponent_difference["c"].low < -0.08 < pair.exponent_difference["c"].high


def test_any_parameter_of_a_formula_can_be_the_one_that_is_compared():
    frame = runs(saturating, {"u": {"a": 20, "gamma": 1e-8, "p": 0.28}, "v": {"a": 18, "gamma": 2e-8, "p": 0.2}})
    (result,) = scaling.compare_exponents(
        frame, by="recipe", law="A*(1/compute + exp(g))^p", exponent="p", start={"g": -18.0, "p": 0.25}, replicates=99
    ).results
    assert result.exponents == ("p",)
    difference = result.comparisons[0].exponent_difference["p"]
    assert difference.low < 0.08 < difference.high
    with pytest.raises(UsageError, match="no free parameter 'q'"):
        scaling.compare_exponents(frame, by="recipe", law="m3", exponent="q")


def test_a_held_floor_makes_the_comparison_sharper():
    frame = runs(
        lambda x, a, b, c: a * x**b + c,
        {"u": {"a": 9, "b": -0.15, "c": 1.6}, "v": {"a": 9, "b": -0.17, "c": 1.6}},
        seed=2,
    )
    free, held = (
        scaling.compare_exponents(frame, by="recipe", law="power-constant", fix=fix, replicates=99).results[0]
        for fix in ({}, {"c": 1.6})
    )
    widths = [found.comparisons[0].exponent_difference["b"] for found in (free, held)]
    assert widths[1].high - widths[1].low < 0.5 * (widths[0].high - widths[0].low)
    assert held.comparisons[0].verdict == "different"
    assert held.comparisons[0].compute_multiplier


@pytest.mark.parametrize(("floor", "is_allowed"), [(0.0, True), (1.5, False)])
def test_the_answer_says_whether_floors_are_needed_at_all(floor, is_allowed):
    groups = {"u": {"a": 9, "b": -0.15, "c": floor}, "v": {"a": 8, "b": -0.15, "c": floor}}
    frame = runs(lambda x, a, b, c: a * x**b + c, groups)
    (result,) = scaling.compare_exponents(frame, by="recipe", law="power-constant", replicates=99).results
    assert ("The data do not show that any group has a floor" in result.sentence) is is_allowed
    assert (result.tests["no_floor"].p_value > 0.05) is is_allowed


XS = [np.array([1e18, 3e19, 1e21]), np.array([2e18, 1e20]), np.array([5e19])]
LOSSES = [np.array([3.2, 2.75, 2.42]), np.array([3.0, 2.6]), np.array([2.6])]


def test_without_a_floor_coefficients_are_means_of_logs():
    found = pinned(XS, LOSSES, -0.05, 0.0)
    rest = [np.log(loss) + 0.05 * np.log(x) for x, loss in zip(XS, LOSSES, strict=True)]
    assert found.log_a == pytest.approx([each.mean() for each in rest])
    assert found.variances == pytest.approx([1 / 3, 1 / 2, 1.0])
    assert found.freedom == 3
    assert found.noise == pytest.approx(np.sqrt(sum(((each - each.mean()) ** 2).sum() for each in rest) / 3))
    alone = pinned(XS[2:], LOSSES[2:], -0.05, 0.0)
    assert alone.freedom == 0
    assert np.isnan(alone.noise)


@pytest.mark.parametrize(("b", "c"), [(-0.1, 1.5), (-0.2, 2.0), (-0.3, 2.4)])
def test_with_a_floor_they_are_those_of_another_solver(b, c):
    found = pinned(XS, LOSSES, b, c)
    squares = 0.0
    for i, (x, loss) in enumerate(zip(XS, LOSSES, strict=True)):
        best = least_squares(lambda at: np.log(np.exp(at[0] + b * np.log(x)) + c) - np.log(loss),  # noqa: B023
                             [found.log_a[i] + 0.3], xtol=1e-14, ftol=1e-14, gtol=1e-14)  # fmt: skip
        assert found.log_a[i] == pytest.approx(best.x[0], abs=1e-5)
        assert found.variances[i] == pytest.approx(1 / (best.jac**2).sum(), rel=1e-4)
        squares += 2 * best.cost
    assert found.noise == pytest.approx(np.sqrt(squares / 3), rel=1e-6)


def test_a_multiplier_is_the_ratio_of_coefficients_with_students_interval():
    found = Pinned(np.array([2.0, 2.3, 1.9]), np.array([0.5, 0.25, 0.1]), 0.02, 4)
    for level in (0.8, 0.95):
        reach = t.ppf((1 + level) / 2, 4) * 0.02 * np.sqrt(0.75) / 0.2
        estimate = multiplier(found, 1, 0, -0.2, level)
        assert (estimate.estimate, estimate.low, estimate.high) == pytest.approx(
            tuple(np.exp([1.5, 1.5 - reach, 1.5 + reach]))
        )
    none = multiplier(replace(found, freedom=0), 1, 0, -0.2, 0.95)
    assert (none.estimate, none.low, none.high) == (pytest.approx(np.exp(1.5)), None, None)


def test_the_doubt_of_a_floor_names_the_group_that_moves_most():
    b, c, names = -0.15, 2.0, ["one", "two", "three"]
    (doubt,) = _floor_doubt(XS, LOSSES, b, c, names, 1)
    moved = []
    for floor in (2.0, 1.95, 2.05):
        log_a = pinned(XS, LOSSES, b, floor).log_a
        moved.append(np.exp((log_a - log_a[1]) / 0.15))
    changes = np.abs(np.log(np.array(moved[1:]) / moved[0])).max(axis=0)
    group = int(np.argmax(changes))
    assert group != 1
    assert f"{moved[0][group]:.3g}" in doubt.message
    assert f"{moved[1][group]:.3g} or {moved[2][group]:.3g}" in doubt.message
    assert names[group] in doubt.message
    # A floor can only be moved to one that is not negative and below all losses.
    for floor, other in ((0.03, 0.08), (2.4, 2.35)):
        (doubt,) = _floor_doubt(XS, LOSSES, b, floor, names, 1)
        here, there = (
            np.exp((log_a - log_a[1]) / 0.15) for log_a in (pinned(XS, LOSSES, b, at).log_a for at in (floor, other))
        )
        group = int(np.abs(np.log(there / here)).argmax())
        assert f"{there[group]:.3g}" in doubt.message
        assert f"{there[group]:.3g} or" not in doubt.message
    assert _floor_doubt(XS, [np.full(len(x), 0.04) for x in XS], b, 0.02, names, 1) == []


def test_laws_with_one_free_coefficient_are_pinned():
    power, both = find_law("power"), find_law("power-constant")
    assert is_pinned(constrain(both, {"b": -0.1, "c": 1.5}))
    assert is_pinned(constrain(power, {"b": -0.1}))
    assert not is_pinned(constrain(both, {"b": -0.1}))
    assert not is_pinned(constrain(both, {"a": 5.0, "b": -0.1}))
    assert not is_pinned(constrain(find_law("chinchilla"), {"alpha": 0.3}))
    assert not is_pinned(power)


def test_a_floor_close_to_the_losses_is_no_trouble():
    """What is left above the floor is a millionth of the loss."""
    x = np.array([1e18, 1e20])
    loss = 2.0 + 2e-6 * (x / 1e18) ** -0.1
    found = pinned([x], [loss], -0.1, 2.0)
    assert np.exp(found.log_a[0] - 0.1 * np.log(1e18)) == pytest.approx(2e-6, rel=1e-6)
