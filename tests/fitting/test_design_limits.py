"""What refuses a fit, or is said of its design: just below, at and above each limit."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import FitError
from scaling_cli.fitting.identifiability import doubts, examine, scatter
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.undetermined import check_size
from scaling_cli.laws import find_law

SQUARES = Objective("least-squares")


def line(points, runs=None, x=None, loss=None, law="power"):
    x = np.geomspace(1e18, 1e22, points) if x is None else np.asarray(x, dtype=float)
    loss = 30 * x**-0.06 if loss is None else np.asarray(loss, dtype=float)
    return problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(len(x)) if runs is None else np.asarray(runs))


@pytest.mark.parametrize(
    ("points", "with_interval", "hint"),
    [
        (2, False, "Add 1 or more runs."),
        (3, False, None),
        (3, True, "Add 1 or more runs, or use --interval none."),
        (4, True, None),
        (1, False, "Add 2 or more runs."),
    ],
)
def test_a_law_needs_a_point_more_than_parameters_and_two_for_an_interval(points, with_interval, hint):
    if hint is None:
        check_size(line(points), with_interval=with_interval)
        return
    with pytest.raises(FitError, match="too few for power, which has 2 parameters") as refused:
        check_size(line(points), with_interval=with_interval)
    assert refused.value.hint == hint


@pytest.mark.parametrize(("runs", "words"), [(2, "2 runs are too few for an interval"), (1, "1 run is"), (3, None)])
def test_an_interval_needs_three_runs(runs, words):
    problem = line(12, runs=np.arange(12) % runs)
    check_size(problem, with_interval=False)
    if words is None:
        check_size(problem, with_interval=True)
        return
    with pytest.raises(FitError, match=words):
        check_size(problem, with_interval=True)


@pytest.mark.parametrize(
    ("x", "loss", "words"),
    [
        ([1e18] * 5, [3.0, 2.9, 2.8, 2.7, 2.6], "x is 1e\\+18 at all 5 points"),
        ([1e18, 1e19, 1e20, 1e21, 1e22], [3.0] * 5, "the loss is 3 at all 5 points"),
    ],
)
def test_a_column_that_never_varies_is_refused(x, loss, words):
    with pytest.raises(FitError, match=words):
        check_size(line(5, x=x, loss=loss), with_interval=False)


@pytest.mark.parametrize(("x", "is_enough"), [([1e18, 1e18, 1e19, 1e19, 1e19], 0), ([1e18, 1e18, 1e19, 1e19, 1e20], 1)])
def test_as_many_different_inputs_as_parameters_are_needed(x, is_enough):
    problem = line(5, x=x, loss=[3.0, 2.9, 2.8, 2.7, 2.6], law="power-constant")
    if is_enough:
        check_size(problem, with_interval=False)
        return
    with pytest.raises(FitError, match="only 2 distinct values of x"):
        check_size(problem, with_interval=False)


def test_thousands_of_points_at_few_inputs_are_counted():
    x = np.repeat([1e18, 1e19], 3000)
    with pytest.raises(FitError, match="only 2 distinct values"):
        check_size(line(6000, x=x, loss=30 * x**-0.06, law="power-constant"), with_interval=False)
    more = np.append(x, 1e20)
    check_size(line(6001, x=more, loss=30 * more**-0.06, law="power-constant"), with_interval=False)


def codes(problem):
    fitted = optimum(problem, SQUARES)
    return {each.code for each in doubts(fitted, examine(fitted), None)}


@pytest.mark.parametrize(("runs", "is_few"), [(9, True), (10, False)])
def test_fewer_than_ten_runs_are_few(runs, is_few):
    assert ("few-runs" in codes(line(runs))) is is_few


@pytest.mark.parametrize(("decades", "is_short"), [(1.9, True), (2.0, False), (2.1, False)])
def test_less_than_two_decades_are_short(decades, is_short):
    assert ("short-range" in codes(line(0, x=np.geomspace(1e18, 1e18 * 10**decades * (1 + 1e-9), 12)))) is is_short


def test_one_point_to_spare_leaves_no_room_for_an_interval():
    assert "no-interval-room" in codes(line(3))
    assert "no-interval-room" not in codes(line(4))


def surface(ratio, params=None):
    params = np.repeat(np.geomspace(1e7, 1e10, 8), 3) if params is None else params
    tokens = ratio * params
    columns = {"params": params, "tokens": tokens}
    values = {"E": 1.7, "A": 400.0, "B": 410.0, "alpha": 0.34, "beta": 0.28}
    loss = find_law("chinchilla").predict(values, columns)
    loss = loss * np.exp(1e-4 * np.random.default_rng(0).standard_normal(len(loss)))
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(len(loss)))


@pytest.mark.parametrize(("span", "is_fixed"), [(3.9, True), (4.1, False)])
def test_tokens_per_param_within_a_factor_of_four_are_nearly_fixed(span, is_fixed):
    found = codes(surface(np.tile([20.0, 20.0 * span**0.5, 20.0 * span], 8)))
    assert ("fixed-tokens-per-param" in found) is is_fixed


def test_facts_of_a_surface_are_those_of_its_columns():
    problem = surface(np.tile([5.0, 20.0, 80.0], 8))
    facts = examine(optimum(problem, SQUARES))
    assert facts.tokens_per_param == pytest.approx((5.0, 80.0))
    assert facts.degrees_of_freedom == 24 - 5
    assert facts.decades["params"] == pytest.approx(3.0)
    assert facts.decades["tokens"] == pytest.approx(3.0 + np.log10(16))
    logs = [np.log(problem.columns[name]) for name in ("params", "tokens")]
    assert facts.correlation == pytest.approx(np.corrcoef(*logs)[0, 1])
    # The condition number is that of the Jacobian's columns, each of length one.
    jacobian = problem.law.evaluate(optimum(problem, SQUARES).theta[None], problem.inputs)[1][0]
    unit = jacobian / np.linalg.norm(jacobian, axis=0)
    assert facts.condition_number == pytest.approx(np.linalg.cond(unit) ** 2, rel=1e-6)


def test_the_scatter_of_tokens_is_that_around_their_line_in_params():
    params = np.geomspace(1e7, 1e10, 30)
    assert scatter(params, 3 * params**1.2) == pytest.approx(0, abs=1e-9)
    noise = np.tile([0.1, -0.1, 0.0], 10)
    tokens = 20 * params * np.exp(noise)
    slope, level = np.polyfit(np.log(params), np.log(tokens), 1)
    left = np.log(tokens) - slope * np.log(params) - level
    assert scatter(params, tokens) == pytest.approx(np.sqrt(np.mean(left**2)))
    assert scatter(np.full(3, 1e8), np.array([1e9, 2e9, 4e9])) == pytest.approx(np.std(np.log([1, 2, 4])))
