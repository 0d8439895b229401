"""At which design, and from which number on, each doubt is raised; the facts themselves by numpy."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import FitError
from scaling_cli.fitting.identifiability import doubts, examine, require_identified, scatter
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.undetermined import check_size
from scaling_cli.laws import find_law
from scaling_cli.record import replace

HOFFMANN = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
SQUARES = Objective("least-squares")


def surface(params, tokens, noise=0.003):
    law = find_law("chinchilla")
    columns = {"params": np.asarray(params, float), "tokens": np.asarray(tokens, float)}
    loss = law.predict(HOFFMANN, columns)
    loss = loss * np.exp(noise * np.random.default_rng(0).standard_normal(len(loss)))
    return problem_from_arrays(law, columns, loss, np.arange(len(loss)))


def line(points=20, decades=4.0, runs=None, noise=0.003):
    x = np.geomspace(1e18, 1e18 * 10**decades, points)
    loss = 20 * x**-0.1 * np.exp(noise * np.random.default_rng(0).standard_normal(points))
    return problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(points) if runs is None else runs)


def grid(spread=(5, 20, 80), sizes=8, decades=2.5):
    params = np.repeat(np.geomspace(5e7, 5e7 * 10**decades, sizes), len(spread))
    return params, params * np.tile(spread, sizes)


SURFACE, LINE = optimum(surface(*grid()), SQUARES), optimum(line(), SQUARES)


def codes(fitted, **changed):
    return {found.code for found in doubts(fitted, replace(examine(fitted), **changed), None)}


def test_the_condition_is_that_of_the_scaled_jacobian_on_centred_inputs():
    for fitted in (SURFACE, LINE):
        problem = fitted.problem
        jacobian = problem.law.evaluate(fitted.theta[None], problem.inputs)[1][0]
        scaled = jacobian / np.linalg.norm(jacobian, axis=0)
        assert examine(fitted).condition_number == pytest.approx(np.linalg.cond(scaled.T @ scaled), rel=1e-6)


def test_the_facts_are_those_of_the_design():
    facts = examine(SURFACE)
    params, tokens = grid()
    assert facts.degrees_of_freedom == 24 - 5
    assert facts.tokens_per_param == (pytest.approx(5), pytest.approx(80))
    assert facts.correlation == pytest.approx(np.corrcoef(np.log(params), np.log(tokens))[0, 1])
    assert facts.decades == pytest.approx({"params": 2.5, "tokens": 2.5 + np.log10(16)})
    assert (examine(LINE).tokens_per_param, examine(LINE).correlation) == (None, None)


@pytest.mark.parametrize(
    ("code", "changed", "is_doubted"),
    [
        ("no-interval-room", {"degrees_of_freedom": 1}, True),
        ("no-interval-room", {"degrees_of_freedom": 2}, False),
        ("condition-number", {"condition_number": 5e4}, False),
        ("condition-number", {"condition_number": 5.01e4}, True),
        ("collinear-design", {"correlation": 0.981}, True),
        ("collinear-design", {"correlation": -0.981}, True),
        ("collinear-design", {"correlation": 0.98}, False),
        ("collinear-design", {"correlation": None}, False),
    ],
)
def test_numbers_are_doubted_beyond_their_limits(code, changed, is_doubted):
    assert (code in codes(SURFACE, **changed)) == is_doubted


@pytest.mark.parametrize(("runs", "law", "is_few"), [(9, "power", True), (10, "power", False)])
def test_fewer_than_ten_runs_are_few(runs, law, is_few):
    assert ("few-runs" in codes(optimum(line(runs), SQUARES))) == is_few


@pytest.mark.parametrize(("law", "is_few"), [("power-constant", False), ("m4", False), ("bnsl", True)])
def test_fewer_than_two_runs_a_parameter_are_few(law, is_few):
    """Eleven runs, for 3, 5 and 6 parameters."""
    x = np.geomspace(1e18, 1e22, 11)
    loss = (20 * x**-0.1 + 1.7) * np.exp(1e-3 * np.random.default_rng(0).standard_normal(11))
    assert (
        "few-runs" in codes(optimum(problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(11)), SQUARES))
    ) == (is_few)


def test_what_counts_are_runs_not_points():
    assert "few-runs" in codes(optimum(line(20, runs=np.arange(20) // 4), SQUARES))


@pytest.mark.parametrize(("decades", "is_short"), [(1.99, True), (2.0, False), (3.0, False)])
def test_less_than_two_decades_are_a_short_range(decades, is_short):
    assert ("short-range" in codes(optimum(line(decades=decades), SQUARES))) == is_short


def test_the_range_of_a_surface_is_that_of_compute():
    fitted = optimum(surface(*grid(decades=0.95)), SQUARES)  # 1.9 decades along a fixed ratio, 3.1 over all runs
    assert "short-range" not in codes(fitted)
    params = np.repeat(np.geomspace(5e7, 2e9, 8), 3)
    tokens = 3e18 / params * np.tile([1.0, 5.0, 50.0], 8)  # 1.7 decades of compute
    (found,) = [
        each for each in doubts(optimum(surface(params, tokens), SQUARES), examine(SURFACE), None)
        if each.code == "short-range"
    ]  # fmt: skip
    assert "1.7" in found.message
    assert "compute" in found.message


@pytest.mark.parametrize(("spread", "is_narrow"), [((10, 20, 38), True), ((10, 20, 42), False)])
def test_tokens_per_param_within_a_factor_of_four_are_narrow(spread, is_narrow):
    assert ("fixed-tokens-per-param" in codes(optimum(surface(*grid(spread)), SQUARES))) == is_narrow


def test_single_runs_do_not_make_tokens_per_param_wide():
    params, tokens = grid((10, 20, 38))
    tokens[0] /= 10
    tokens[-1] *= 10  # 10 % of the runs at either end do not count
    assert "fixed-tokens-per-param" in codes(optimum(surface(params, tokens), SQUARES))


def test_scatter_is_that_about_the_best_line():
    params = np.geomspace(1e7, 1e10, 30)
    off = 0.1 * np.random.default_rng(0).standard_normal(30)
    tokens = 20 * params**0.8 * np.exp(off)
    slope, level = np.polyfit(np.log(params), np.log(tokens), 1)
    expected = np.std(np.log(tokens) - slope * np.log(params) - level)
    assert scatter(params, tokens) == pytest.approx(expected, rel=1e-9)
    assert scatter(params, 7 * params**1.3) == pytest.approx(0, abs=1e-6)
    assert scatter(np.full(3, 1e9), np.array([1.0, np.e, np.e**2])) == pytest.approx(np.std([0.0, 1.0, 2.0]))


@pytest.mark.parametrize(("size", "is_refused"), [(0.04, True), (0.1, False)])
def test_tokens_that_follow_params_within_six_per_cent_are_refused(size, is_refused):
    params = np.geomspace(5e7, 1.6e10, 40)
    ratio = 20 * np.exp(size * np.tile([-1.0, 1.0], 20))
    fitted = optimum(surface(params, ratio * params), SQUARES)
    facts = replace(examine(fitted), condition_number=1e3)
    if is_refused:
        with pytest.raises(FitError, match=r"Tokens per param span 19\.2 to 20\.8 and depend only on params"):
            require_identified(fitted, facts)
    else:
        assert require_identified(fitted, facts) == ()


@pytest.mark.parametrize(("factor", "words"), [(1.45, "tokens follow from params"), (1.6, "depend only on params")])
def test_compute_within_a_factor_of_one_and_a_half_is_one_budget(factor, words):
    params = np.geomspace(5e7, 1.6e10, 40)
    tokens = 1e20 / params * (params / 5e7) ** (np.log(factor) / np.log(320))
    fitted = optimum(surface(params, tokens), SQUARES)
    with pytest.raises(FitError, match=words):
        require_identified(fitted, examine(fitted))


@pytest.mark.parametrize(("points", "with_interval", "is_refused"),
                         [(2, False, True), (3, False, False), (3, True, True), (4, True, False)])  # fmt: skip
def test_a_law_of_two_parameters_needs_a_point_more_and_for_an_interval_another(points, with_interval, is_refused):
    problem = line(points)
    if not is_refused:
        check_size(problem, with_interval=with_interval)
        return
    with pytest.raises(FitError, match="too few for power, which has 2 parameters") as caught:
        check_size(problem, with_interval=with_interval)
    assert caught.value.hint.startswith("Add 1 or more runs")
    assert ("--interval none" in caught.value.hint) == with_interval


@pytest.mark.parametrize(("runs", "is_refused"), [(2, True), (3, False)])
def test_an_interval_needs_three_runs(runs, is_refused):
    problem = line(12, runs=np.arange(12) * runs // 12)
    check_size(problem, with_interval=False)
    if is_refused:
        with pytest.raises(FitError, match="2 runs are too few for an interval, which needs 3"):
            check_size(problem, with_interval=True)
    else:
        check_size(problem, with_interval=True)


def test_distinct_values_are_counted_among_all_points():
    law, columns = find_law("power-constant"), {"x": np.repeat([1e18, 1e20, 1e22], [1500, 1500, 1])}
    loss = np.linspace(3, 2, 3001)
    check_size(problem_from_arrays(law, columns, loss, np.arange(3001)), with_interval=True)
    two = {"x": np.repeat([1e18, 1e20], [1500, 1501])}
    with pytest.raises(FitError, match="only 2 distinct values of x"):
        check_size(problem_from_arrays(law, two, loss, np.arange(3001)), with_interval=True)
    sizes = np.tile([1e8, 1e9], 6)
    with pytest.raises(FitError, match="only 4 distinct values of params and tokens"):
        check_size(surface(sizes, np.repeat([1e10, 1e11], 6)), with_interval=False)


@pytest.mark.parametrize(("points", "is_said"), [(7, False), (8, True)])
def test_eight_points_can_say_that_a_metric_grows(points, is_said):
    x = np.geomspace(1e18, 1e22, points)
    metric = np.linspace(0.2, 0.8, points) + 0.01 * np.tile([0.0, 1.0], points)[:points]
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, metric, np.arange(points))
    fitted = optimum(problem, SQUARES)
    facts = replace(examine(fitted), condition_number=1e9)
    with pytest.raises(FitError) as caught:
        require_identified(fitted, facts)
    assert ("grows with x" in caught.value.message) == is_said


def test_a_parameter_at_its_bound_is_named_with_its_value():
    x = np.geomspace(1e18, 1e22, 20)
    loss = 3 * np.exp(-0.02 * np.log(x / 1e18) ** 1.5)
    fitted = optimum(problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(20)), SQUARES)
    assert fitted.theta[2] == fitted.problem.low[2] == 0.0
    (found,) = [each for each in doubts(fitted, examine(fitted), None) if each.code == "at-bound"]
    assert found.message.startswith("c")
    assert "at-bound" not in codes(SURFACE)


def test_a_short_range_is_said_of_the_column_behind_x():
    short = optimum(line(decades=1.0), SQUARES)
    (said,) = (found.message for found in doubts(short, examine(short), None, {"x": "tokens"}))
    assert said.startswith("tokens spans only 1 decade, so")
