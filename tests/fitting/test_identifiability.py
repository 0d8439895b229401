"""The engine refuses what the data cannot answer, and says what would cure it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scaling_cli.errors import FitError
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.identifiability import _correlation, _decades, _start_doubts
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.undetermined import _count_different
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.factories import grouped

HOFFMANN = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
PLAIN = Settings(interval="none")


def surface(params, tokens, noise=0.003, coefficients=HOFFMANN):
    law = find_law("chinchilla")
    columns = {"params": np.asarray(params, dtype=float), "tokens": np.asarray(tokens, dtype=float)}
    loss = law.predict(coefficients, columns)
    loss = loss * np.exp(noise * np.random.default_rng(0).standard_normal(len(loss)))
    return grouped(problem_from_arrays(law, columns, loss, np.arange(len(loss))))


def curve(law, x, loss):
    problem = problem_from_arrays(
        find_law(law), {"x": np.asarray(x, float)}, np.asarray(loss, float), np.arange(len(x))
    )
    return grouped(problem)


def codes(caveats):
    return {found.code for found in caveats}


def test_fixed_tokens_per_param_are_refused_with_the_runs_to_add():
    params = np.geomspace(5e7, 1.6e10, 24)
    with pytest.raises(FitError) as caught:
        fit(surface(params, 20 * params), PLAIN)
    assert "Tokens per param are 20" in caught.value.message
    assert "16x" in caught.value.hint


def test_nearly_fixed_tokens_per_param_are_a_caveat():
    params = np.geomspace(5e7, 1.6e10, 24)
    ratio = 20 * np.exp(np.random.default_rng(1).uniform(-0.5, 0.5, 24))
    _, caveats = fit(surface(params, ratio * params), PLAIN)
    assert {"fixed-tokens-per-param", "collinear-design"} <= codes(caveats)


def test_spread_design_has_no_caveat_but_the_short_ones():
    params = np.repeat(np.geomspace(5e7, 1.6e10, 8), 3)
    tokens = params * np.tile([5, 20, 80], 8)
    result, caveats = fit(surface(params, tokens), PLAIN)
    assert codes(caveats) == set()
    assert 500 < result.identifiability.condition_number < 1000


@pytest.mark.sample(2)
@pytest.mark.parametrize("seed", range(10))
def test_noise_does_not_make_a_fixed_ratio_look_like_two_inputs(seed):
    # At the estimate alpha and beta differ by noise alone, which no condition number can know.
    params = np.geomspace(5e7, 1.6e10, 20)
    columns = {"params": params, "tokens": 60 * params}
    loss = find_law("chinchilla").predict(HOFFMANN, columns)
    loss = loss * np.exp(0.005 * np.random.default_rng(seed).standard_normal(20))
    problem = problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(20))
    with pytest.raises(FitError, match="Tokens per param"):
        fit(grouped(problem), PLAIN)


def test_unit_of_the_input_does_not_change_the_verdict():
    x = np.geomspace(1, 1e4, 20)
    conditions = []
    for unit in (1.0, 1e3, 1e21):
        loss = (2.0 * x**-0.15 + 1.5) * np.exp(0.003 * np.random.default_rng(2).standard_normal(20))
        result, _ = fit(curve("power-constant", unit * x, loss), PLAIN)
        conditions.append(result.identifiability.condition_number)
    assert conditions == pytest.approx([conditions[0]] * 3, rel=1e-3)


def test_one_run_has_no_interval():
    x = np.geomspace(1e18, 1e22, 12)
    problem = problem_from_arrays(find_law("power"), {"x": x}, 20 * x**-0.1 + 0.01, np.zeros(12, dtype=int))
    with pytest.raises(FitError, match="1 run is too few for an interval") as caught:
        fit(grouped(problem), Settings())
    assert caught.value.hint == (
        "Add runs, name the column that identifies the run with --run COL, or leave intervals out with --interval none."
    )
    with pytest.raises(FitError) as caught:
        fit(grouped(problem), Settings(needs_interval=True))
    assert caught.value.hint == "Add runs, or name the column that identifies the run with --run COL."


def test_two_runs_of_one_point_each_are_not_told_to_do_without_intervals():
    """They are too few for any law, and no column would make more runs of them."""
    with pytest.raises(FitError) as caught:
        fit(curve("power", np.array([1e18, 1e19]), np.array([3.0, 2.5])), Settings())
    assert caught.value.hint == "Add runs."


def test_one_size_of_model_is_refused():
    with pytest.raises(FitError):
        fit(surface(np.full(12, 1e9), np.geomspace(1e9, 1e12, 12)), PLAIN)


def test_too_few_points_are_refused_and_one_more_than_parameters_will_do_without_interval():
    x = np.geomspace(1e18, 1e21, 4)
    loss = 20 * x**-0.1 + 1.7
    with pytest.raises(FitError, match="too few") as caught:
        fit(curve("power-constant", x[:3], loss[:3]), PLAIN)
    assert "Add 1" in caught.value.hint
    with pytest.raises(FitError) as caught:
        fit(curve("power-constant", x, loss), Settings())
    assert "--interval none" in caught.value.hint
    with pytest.raises(FitError) as caught:
        fit(curve("power-constant", x, loss), Settings(needs_interval=True))
    assert caught.value.hint == "Add 1 or more runs."
    _, caveats = fit(curve("power-constant", x, loss), PLAIN)
    assert "no-interval-room" in codes(caveats)


def test_repeated_points_at_too_few_places_are_refused():
    x = np.repeat([1e18, 1e20], 5)
    with pytest.raises(FitError, match="2 distinct values of x"):
        fit(curve("power-constant", x, 20 * x**-0.1 + 1.7), PLAIN)


def test_floor_at_its_bound_is_a_caveat():
    x = np.geomspace(1e18, 1e22, 20)
    # Bends down in logs: no floor can help, so the best one is none.
    _, caveats = fit(curve("power-constant", x, 3 * np.exp(-0.02 * np.log(x / 1e18) ** 1.5)), PLAIN)
    assert "at-bound" in codes(caveats)


def test_short_range_and_few_runs_are_caveats():
    x = np.geomspace(1e20, 1e21, 6)
    noisy = 20 * x**-0.1 * np.exp(0.003 * np.random.default_rng(0).standard_normal(6))
    _, caveats = fit(curve("power", x, noisy), PLAIN)
    assert codes(caveats) == {"short-range", "few-runs"}


def test_lone_start_and_rival_optimum_are_told():
    # Two clusters of points on different curves: robust objectives have an optimum for each.
    x = np.geomspace(1e18, 1e22, 20)
    loss = np.where(np.arange(20) % 2 == 0, 20 * x**-0.05, 60 * x**-0.09)
    result, caveats = fit(curve("power-constant", x, loss), PLAIN)
    assert result.starts.tried == 8
    if result.starts.agreeing == 1:
        assert "lone-start" in codes(caveats)
    assert ("rival-optimum" in codes(caveats)) == (len(result.starts.optima) > 1)


def test_constant_input_and_constant_loss_are_refused_by_name():
    x = np.geomspace(1e18, 1e22, 12)
    with pytest.raises(FitError, match="the loss is 3"):
        fit(curve("power", x, np.full(12, 3.0)), PLAIN)
    with pytest.raises(FitError, match="tokens is 1e"):
        fit(surface(np.geomspace(1e8, 1e10, 12), np.full(12, 1e10)), PLAIN)


@pytest.mark.parametrize(("decades", "is_doubted"), [(0.7, True), (6, False)])
def test_floor_that_could_be_anything_is_a_caveat(decades, is_doubted):
    x = np.geomspace(1e18, 1e18 * 10**decades, 24)
    noise = np.exp(0.004 * np.random.default_rng(2).standard_normal(24))
    _, caveats = fit(curve("power-constant", x, (600 * x**-0.15 + 1.8) * noise), Settings(interval="profile"))
    assert ("floor-unknown" in codes(caveats)) == is_doubted


def test_one_isoflop_budget_is_called_one_budget():
    params = np.geomspace(3e7, 1e9, 12)
    with pytest.raises(FitError, match="tokens follow from params"):
        fit(surface(params, 1e19 / 6 / params), PLAIN)
    with pytest.raises(FitError, match="depend only on params"):
        fit(surface(params, 20 * params), PLAIN)


def test_optima_that_agree_in_every_digit_that_matters_are_no_rivals():
    x = np.geomspace(1e18, 1e22, 20)
    fitted = optimum(curve("power-constant", x, 20 * x**-0.1 + 1.7).problem, PLAIN.objective)
    near = fitted.polished.theta.copy()
    near[1:] += [[2e-3, 0.0, 0.0]]
    same = replace(fitted, polished=replace(fitted.polished, theta=near, value=np.zeros(len(near))))
    assert len(same.rivals) > 1
    assert "rival-optimum" not in codes(_start_doubts(same, None))
    near[1:] += [[0.5, 0.0, 0.0]]
    other = replace(fitted, polished=replace(fitted.polished, theta=near, value=np.zeros(len(near))))
    (rival,) = [found for found in _start_doubts(other, None) if found.code == "rival-optimum"]
    assert len(set(re.findall(r"[-0-9.e+]*[0-9]", rival.message.split("gives ")[1].split(", so")[0]))) == 2


def test_a_column_of_one_value_has_no_correlation():
    rising, level = np.arange(5.0), np.full(5, 3.0)
    assert _correlation(rising, level) is None
    assert _correlation(level, rising) is None
    assert _correlation(rising / 8, -rising / 8) == pytest.approx(-1.0)  # though they range over less than one
    assert _correlation(rising, np.array([0.0, 1.0, 0.0, 1.0, 0.0])) == pytest.approx(0.0, abs=1e-12)


def test_the_range_of_a_column_is_that_of_its_positive_values():
    assert _decades(np.array([0.0, -5.0, 1e3, 1e5])) == pytest.approx(2.0)
    assert _decades(np.array([0.2, 2.0])) == pytest.approx(1.0)
    assert _decades(np.zeros(3)) == 0.0


def test_different_points_are_counted_in_the_first_thousand_and_in_all_where_these_are_too_few():
    columns = np.array([[1.0, 1.0, 2.0, 2.0, 1.0], [5.0, 6.0, 5.0, 5.0, 6.0]])
    assert _count_different(columns, 9) == 3
    many = np.concatenate([np.ones((1, 1000)), np.array([[2.0, 3.0, 3.0]])], axis=1)
    assert _count_different(many, 1) == 1
    assert _count_different(many, 2) == 3
