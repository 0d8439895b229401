"""Influences of runs and runs far off, against regressions without each run in turn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.checks import influence as module
from scaling_cli.fitting.checks.influence import (
    _are_off,
    _by_run,
    _left_out,
    influence,
    influence_doubts,
    outlying_doubts,
)
from scaling_cli.fitting.objective import MAD_TO_SIGMA, Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.numbers.format import percent
from scaling_cli.record import replace
from scaling_cli.results.fit import Influence

SQUARES = Objective("least-squares")


def line(points=14, off=(), noise=0.01, seed=0, runs=None, weights=None):
    """A power law with some points off, and its regression: the design and the logs of the loss."""
    x = np.geomspace(1e18, 1e22, points)
    y = np.log(30 * x**-0.06) + noise * np.random.default_rng(seed).standard_normal(points)
    for place, size in off:
        y[place] += size
    runs = np.arange(points) if runs is None else runs
    problem = problem_from_arrays(find_law("power"), {"x": x}, np.exp(y), runs, weights=weights)
    return optimum(problem, SQUARES), np.column_stack([np.ones(points), np.log(x)]), y


def names(count):
    return tuple(f"run {place}" for place in range(count))


def slopes_without(design, y):
    """The slope of a regression without each point."""
    return np.array([
        np.linalg.lstsq(np.delete(design, place, 0), np.delete(y, place), rcond=None)[0][1] for place in range(len(y))
    ])  # fmt: skip


@pytest.mark.parametrize("off", [(), ((13, 0.05),), ((0, 0.06), (13, 0.05)), ((0, -0.2), (7, 0.4))])
def test_runs_that_move_the_exponent_by_more_than_the_error_from_all_others_are_listed(off):
    fitted, design, y = line(off=off)
    slope, without = np.linalg.lstsq(design, y, rcond=None)[0][1], slopes_without(design, y)
    moves = without - slope
    errors = np.sqrt((moves**2).sum() - moves**2)
    expected = [place for place in np.argsort(-np.abs(moves / errors)) if abs(moves[place] / errors[place]) > 1]
    found = alone(influence(fitted, names(14)))
    assert [each.run for each in found] == [f"run {place}" for place in expected]
    for each, place in zip(found, expected, strict=True):
        assert each.parameter == "b"
        assert each.without == pytest.approx(without[place], rel=1e-5)
        assert each.standard_errors == pytest.approx(moves[place] / errors[place], rel=1e-3)


def test_a_move_of_less_than_a_thousandth_of_the_exponent_does_not_matter():
    fitted, design, y = line(off=((13, 3e-4),), noise=1e-6)
    change = np.abs(slopes_without(design, y)[13] / np.linalg.lstsq(design, y, rcond=None)[0][1] - 1)
    assert change < 1e-3
    assert alone(influence(fitted, names(14))) == ()
    fitted, design, y = line(off=((13, 3e-3),), noise=1e-6)
    assert [each.run for each in alone(influence(fitted, names(14)))] == ["run 13"]


@pytest.mark.parametrize(("points", "is_listed"), [(3, False), (4, True)])
def test_two_runs_more_than_parameters_are_needed(points, is_listed):
    fitted, *_ = line(points, off=((points - 1, 0.5),))
    assert bool(alone(influence(fitted, names(points)))) == is_listed


def test_the_twenty_runs_that_may_matter_most_are_left_out(monkeypatch):
    fitted, *_ = line(60)
    asked = []

    def left_out(given, chosen):
        asked.append(chosen)
        return np.tile(given.theta, (len(chosen), 1))
        yield

    monkeypatch.setattr(module, "_left_out", left_out)
    monkeypatch.setattr(module, "WORTH_A_REFIT", 0.0)
    assert alone(influence(fitted, names(60))) == ()
    assert len(asked[0]) == 20
    monkeypatch.setattr(module, "WORTH_A_REFIT", 1e9)
    assert alone(influence(fitted, names(60))) == ()
    assert len(asked) == 1


def test_of_several_exponents_a_run_counts_by_the_one_it_moves_most():
    params = np.repeat(np.geomspace(5e7, 1.6e10, 5), 4)
    columns = {"params": params, "tokens": params * np.tile([2.0, 8.0, 32.0, 128.0], 5)}
    values = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
    loss = find_law("chinchilla").predict(values, columns) * np.exp(
        0.003 * np.random.default_rng(0).standard_normal(20)
    )
    loss[0] *= 1.1
    law = find_law("chinchilla")
    fitted = optimum(problem_from_arrays(law, columns, loss, np.arange(20)), SQUARES)
    found = alone(influence(fitted, names(20)))
    (first,) = [each for each in found if each.run == "run 0"]
    without = optimum(fitted.problem.subset(np.arange(1, 20)), SQUARES).theta
    exponents = [law.names.index(name) for name in ("alpha", "beta")]
    assert first.parameter in ("alpha", "beta")
    place = law.names.index(first.parameter)
    assert first.without == pytest.approx(without[place], rel=1e-3)
    assert {law.parameters[each].kind for each in exponents} == {"exponent"}


@pytest.mark.parametrize("seed", range(6))
def test_a_run_is_off_by_the_t_test_of_its_deleted_residual(seed):
    fitted, design, y = line(off=((5, 0.045), (9, 0.03)), seed=seed)
    inverse = np.linalg.inv(design.T @ design)
    leverage = np.einsum("nk,kl,nl->n", design, inverse, design)
    residual = y - design @ (inverse @ design.T @ y)
    rest = (residual**2).sum() - residual**2 / (1 - leverage)
    t = residual / np.sqrt(1 - leverage) / np.sqrt(rest / 11)
    expected = 2 * stats.t.sf(np.abs(t), 11) < 0.02 / 14
    chosen = np.array([9, 5, 0, 13])
    assert alone(_are_off(fitted, chosen)).tolist() == expected[chosen].tolist()


def test_without_a_run_to_spare_none_is_off():
    fitted, *_ = line(3, off=((2, 1.0),))
    assert alone(_are_off(fitted, np.array([0, 2]))).tolist() == [False, False]
    four, *_ = line(4)
    assert alone(_are_off(four, np.array([], dtype=np.intp))).tolist() == []


def test_points_of_a_run_count_by_their_mean_in_units_of_the_noise():
    weights = np.linspace(0.5, 1.5, 6)
    fitted, *_ = line(6, runs=np.array([0, 0, 1, 2, 2, 2]), weights=weights)
    values = np.arange(12.0).reshape(6, 2)
    scaled = values * np.sqrt(fitted.problem.weights)[:, None]
    expected = [scaled[:2].mean(axis=0), scaled[2], scaled[3:].mean(axis=0)]
    assert _by_run(fitted.problem, values) == pytest.approx(np.array(expected))


def test_a_run_is_left_out_with_all_its_points():
    fitted, design, y = line(12, runs=np.arange(12) // 3)
    found = fitted.problem.uncentred(alone(_left_out(fitted, np.array([3, 1]))))
    for row, run in zip(found, (3, 1), strict=True):
        kept = np.arange(12) // 3 != run
        assert row == pytest.approx(np.linalg.lstsq(design[kept], y[kept], rcond=None)[0], rel=1e-5)


def doubts(monkeypatch, influences, are_off):
    def off(*_):
        return np.array(are_off)
        yield

    monkeypatch.setattr(module, "_are_off", off)
    found = [Influence(run, "b", value, moves) for run, value, moves in influences]
    return [each.message for each in alone(influence_doubts(None, tuple(found), names(4), None))]


def test_the_first_run_that_is_off_is_named_and_the_others_counted(monkeypatch):
    influences = [("run 2", -0.05, 3.0), ("run 0", -0.07, -2.0), ("run 3", -0.06, 1.5)]
    (said,) = doubts(monkeypatch, influences, [False, True, True])
    assert said.startswith("Without run run 0, ")
    assert "-0.07" in said
    assert "and 1 more run matters as much" in said
    (said,) = doubts(monkeypatch, influences, [True, True, True])
    assert said.startswith("Without run run 2, ")
    assert "and 2 more runs matter as much" in said
    (said,) = doubts(monkeypatch, influences, [False, False, True])
    assert "more run" not in said
    assert doubts(monkeypatch, influences, [False] * 3) == []
    assert doubts(monkeypatch, [], []) == []


def told(fitted, count):
    return [each.message for each in outlying_doubts(fitted, names(count), None)]


@pytest.mark.parametrize(("times", "is_told"), [(11.5, False), (12.5, True), (-12.5, True)])
def test_a_residual_beyond_twelve_times_the_noise_is_told(times, is_told):
    fitted, *_ = line(30, noise=0.01)
    (residual,), _ = fitted.problem.residuals(fitted.theta[None])
    noise = MAD_TO_SIGMA * np.median(np.abs(residual)) * np.sqrt(30 / 28)
    target = fitted.problem.target.copy()
    target[3] += times * noise - residual[3]
    moved = replace(fitted, problem=replace(fitted.problem, target=target))
    found = told(moved, 30)
    assert len(found) == is_told
    if is_told:
        assert "run 3" in found[0]
        assert ("above" in found[0]) == (times > 0)
        assert f"lies {percent(abs(float(np.expm1(times * noise))))} " in found[0]
        assert "12 times the noise" in found[0]


def test_less_than_three_in_a_thousand_is_no_outlier_and_more_are_counted():
    fitted, *_ = line(30, noise=1e-6)
    target = fitted.problem.target.copy()
    for off, is_told in ((0.0029, False), (0.0031, True)):
        target[3] = fitted.problem.target[3] + off
        moved = replace(fitted, problem=replace(fitted.problem, target=target))
        assert bool(told(moved, 30)) == is_told
    target[[4, 5]] += [0.02, -0.05]
    (found,) = told(replace(fitted, problem=replace(fitted.problem, target=target)), 30)
    assert "run 5" in found
    assert "and 2 more runs do" in found
    assert told(replace(fitted, problem=replace(fitted.problem, target=target, space="linear")), 30) == []
    assert told(replace(fitted, problem=replace(fitted.problem, target=target)), 29) == []


@pytest.mark.parametrize(("points", "is_told"), [(4, False), (5, True)])
def test_three_runs_beside_the_parameters_tell_an_outlier(points, is_told):
    fitted, *_ = line(points, noise=1e-6)
    target = fitted.problem.target.copy()
    target[1] += 0.5
    assert bool(told(replace(fitted, problem=replace(fitted.problem, target=target)), points)) == is_told
