"""The laws of a forecast: which are fitted, with which weights and priors, and in which direction."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.forecast.candidates import (
    ForecastCandidate,
    _falling,
    _rises,
    candidates,
    law_priors,
    origin_weights,
    unweighted,
)
from scaling_cli.analysis.forecast.recipe import Recipe
from scaling_cli.analysis.forecast.windows import Window
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

POWER, FLOOR, SURFACE, GENERAL = map(find_law, ("power", "power-constant", "chinchilla", "general"))


def told(law, lowest=2.0):
    return {each.parameter: (each.value, each.spread) for each in law_priors(law, lowest)}


class TestPriors:
    def test_curves_have_exponents_near_a_third_and_floors_of_half_the_lowest_loss(self):
        assert told(FLOOR) == {"b": (0.35, 0.7), "c": (1.0, 1.0)}

    def test_surfaces_have_steeper_exponents_and_higher_floors(self):
        assert told(SURFACE) == {"alpha": (0.4, 0.5), "beta": (0.4, 0.5), "E": (pytest.approx(1.34), 0.5)}

    def test_the_power_of_a_general_surface_is_near_one(self):
        assert told(GENERAL)["gamma"] == (1.0, 1.0)
        assert "gamma" not in told(find_law("m3"))


class TestCandidates:
    def test_surfaces_weight_points_by_the_root_of_their_scale(self):
        assert [(each.law.name, each.power, each.is_plain) for each in candidates(("params", "tokens"))] == [
            ("chinchilla", 0.5, False), ("general", 0.5, False)]  # fmt: skip

    def test_curves_have_a_plain_law_last_with_more_even_weights(self):
        *others, plain = candidates(("x",))
        assert {(each.power, each.is_plain) for each in others} == {(1.5, False)}
        assert (plain.law.name, plain.power, plain.is_plain) == ("power-constant", 0.5, True)

    def test_laws_that_were_asked_for_are_fitted_both_ways(self):
        assert [(each.law.name, each.is_plain) for each in candidates(("x",), [POWER])] == [
            ("power", False), ("power", True)]  # fmt: skip
        assert [each.law.name for each in candidates(("params", "tokens"), [SURFACE])] == ["chinchilla"]

    def test_a_power_that_was_asked_for_holds_for_all(self):
        assert {each.power for each in candidates(("x",), recipe=Recipe(power=0.0))} == {0.0}

    @pytest.mark.parametrize(("prior", "is_plain", "has_priors"), [
        (None, False, True), (None, True, False), ("weak", True, True), ("none", False, False),
    ])  # fmt: skip
    def test_priors_are_weak_unless_plain_or_told_otherwise(self, prior, is_plain, has_priors):
        assert ForecastCandidate(FLOOR, 0.5, is_plain, Recipe(prior=prior)).has_priors == has_priors

    def test_a_plain_law_needs_one_point_more(self):
        assert (ForecastCandidate(FLOOR, 0.5).fewest, ForecastCandidate(FLOOR, 0.5, is_plain=True).fewest) == (4, 5)

    @pytest.mark.parametrize(("objective", "power", "is_plain", "name"), [
        ("huber", 0.0, False, "power"), ("huber", 0.0, True, "power (plain)"),
        ("least-squares", 0.5, True, "power (plain)"), ("least-squares", 0.0, True, "power (least squares)"),
        ("least-squares", 0.0, False, "power"),
    ])  # fmt: skip
    def test_names_say_how_a_law_is_fitted(self, objective, power, is_plain, name):
        assert ForecastCandidate(POWER, power, is_plain, Recipe(objective)).name == name

    @pytest.mark.parametrize(("asked", "power"), [(None, 0.0), (0.7, 0.7)])
    def test_weights_are_equal_on_demand_unless_the_user_chose_them(self, asked, power):
        assert unweighted(ForecastCandidate(POWER, 1.5, recipe=Recipe(power=asked))).power == power


class TestRecipe:
    def test_delta_follows_the_scale_of_the_residuals(self):
        assert [Recipe(each).delta_at(0.02) for each in ("huber", "lad", "least-squares")] == [
            pytest.approx(0.0269), pytest.approx(2e-4), np.inf]  # fmt: skip
        assert Recipe(delta=0.5).delta_at(0.02) == 0.5


X = np.geomspace(1e18, 1e21, 8)
SCATTER = np.array([1, -1, 1, -1, -1, 1, -1, 1])  # without a slope


def problem(slope, noise=0.01, law=FLOOR):
    loss = 3 * np.exp(slope * (np.log(X) - np.log(X).mean()) + noise * SCATTER)
    return problem_from_arrays(law, {"x": X}, loss, np.arange(8))


class TestDirection:
    def test_a_rise_is_clear_from_three_standard_errors(self):
        across = np.log(X) - np.log(X).mean()
        assert SCATTER @ across == pytest.approx(0, abs=1e-9)
        error = np.sqrt(8 * 0.01**2 / 6 / (across @ across))
        assert [_rises(problem(steps * error)) for steps in (2.9, 3.1, -3.1)] == [False, True, False]

    def test_exponents_are_limited_to_a_falling_loss_unless_points_rise(self):
        k = FLOOR.names.index("b")
        assert _falling(problem(-0.05)).high[k] == -1e-3
        assert _falling(problem(0.05)).high[k] == problem(0.05).high[k] > 0

    def test_other_bounds_stay(self):
        before, after = problem(-0.05), _falling(problem(-0.05))
        others = [i for i, name in enumerate(FLOOR.names) if name != "b"]
        assert after.high[others].tolist() == before.high[others].tolist()
        assert after.low.tolist() == before.low.tolist()


def test_points_that_are_not_trained_on_have_no_weight_and_the_others_a_mean_of_one():
    weights = np.arange(1.0, 9)
    whole = problem_from_arrays(POWER, {"x": X}, np.linspace(4, 3, 8), np.arange(8), weights=weights)
    trained = np.arange(8) < 3
    found = origin_weights(whole, Window(10.0, 1e20, trained))
    assert found[:3] == pytest.approx([0.5, 1.0, 1.5])
    assert (found[3:] == 0).all()
