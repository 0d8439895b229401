"""Runs at equal inputs that clearly err together are resampled by configuration; independent ones by run."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.checks.repeats import err_together
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.factories import grouped

TRUE = {"a": 20.0, "b": -0.1}
NOISE = 0.01


def repeated(seed, *, shared, configurations=16, repeats=4):
    """Repeats of a power law, whose errors have the share `shared` of their variance in common at equal inputs."""
    generator = np.random.default_rng(seed)
    x = np.geomspace(1e18, 1e22, configurations)
    common = np.sqrt(shared) * generator.standard_normal((configurations, 1))
    own = np.sqrt(1 - shared) * generator.standard_normal((configurations, repeats))
    x, error = np.repeat(x, repeats), NOISE * (common + own).ravel()
    loss = find_law("power").predict(TRUE, {"x": x}) * np.exp(error)
    return grouped(problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(len(x))))


def fitted(data, **settings):
    result, caveats = fit(data, Settings(replicates=200, **settings))
    return result, [found for found in caveats if found.code == "runs-err-together"]


@pytest.mark.parametrize(
    ("configurations", "repeats", "is_tested"), [(16, 4, True), (16, 1, False), (3, 8, False), (16, 2, True)]
)
def test_only_runs_that_repeat_inputs_and_leave_some_to_spare_are_tested(configurations, repeats, is_tested):
    problem = repeated(0, shared=0.95, configurations=configurations, repeats=repeats).problem
    made = optimum(problem, Objective("least-squares"))
    assert (err_together(made) is not None) == is_tested
    runs = np.repeat(np.arange(configurations), repeats)  # checkpoints of a run err together anyway
    assert err_together(replace(made, problem=replace(problem, runs=runs))) is None or repeats == 1
    loss = find_law("power").predict(TRUE, problem.columns)
    exact = problem_from_arrays(problem.law, problem.columns, loss, problem.runs)
    assert err_together(optimum(exact, Objective("least-squares"))) is None


@pytest.mark.parametrize("interval", ["wild", "bootstrap"])
def test_runs_that_err_together_are_resampled_by_configuration_and_named(interval):
    result, caveats = fitted(repeated(0, shared=0.9), interval=interval)
    assert result.interval.unit == "configuration"
    (found,) = caveats
    assert "64 runs at 16 different inputs" in found.message
    assert result.runs == 64


@pytest.mark.parametrize("repeats", [1, 4])
def test_runs_that_err_independently_are_resampled_by_run(repeats):
    result, caveats = fitted(repeated(0, shared=0.0, repeats=repeats))
    assert result.interval.unit == "run"
    assert not caveats


def doubtful():
    """Data sets in which the F test is neither clear nor without any doubt."""
    for seed in range(60):
        data = repeated(seed, shared=0.15, configurations=8, repeats=3)
        found = err_together(optimum(data.problem, Objective()))
        if found is not None and not found.is_clear:
            yield data


def test_where_it_is_doubtful_configurations_are_resampled_without_a_caveat():
    result, caveats = fitted(next(doubtful()), interval="bootstrap")
    assert result.interval.unit == "configuration"
    assert not caveats


def test_where_it_is_doubtful_wild_replicates_turn_runs_and_draw_the_errors_that_they_share():
    data = next(doubtful())
    result, caveats = fitted(data)
    assert result.interval.unit == "run"
    assert not caveats
    alone, _ = fitted(replace(data, drawn_as={}))  # matched groups draw only the residuals of runs
    widths = [each.parameters["b"].high - each.parameters["b"].low for each in (result, alone)]
    assert widths[0] > 1.1 * widths[1]


def test_where_it_is_doubtful_matched_groups_are_drawn_alike_run_by_run():
    result, _ = fitted(replace(next(doubtful()), drawn_as={}))
    assert result.interval.unit == "run"


def test_where_it_is_doubtful_t_intervals_remain_those_of_independent_runs():
    result, caveats = fitted(next(doubtful()), interval="t", objective=Objective("least-squares"))
    assert result.interval.method == "t"
    assert result.parameters["b"].low is not None
    assert not caveats


def test_an_interval_that_resamples_nothing_is_called_too_narrow():
    result, (found,) = fitted(repeated(0, shared=0.9), interval="profile")
    assert result.interval.unit is None
    assert "an interval that treats runs as independent is too narrow" in found.message


def test_copies_of_every_run_do_not_narrow_the_interval():
    once, _ = fitted(repeated(0, shared=0.0, repeats=1))
    copied, caveats = fitted(repeated(0, shared=1.0))
    assert caveats
    widths = [result.parameters["b"].high - result.parameters["b"].low for result in (once, copied)]
    assert widths[1] > 0.6 * widths[0]


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.2, 0.6, 0.9])
def test_intervals_of_repeated_configurations_cover_as_often_as_they_say(shared):
    sets, covered, named = 200, 0, 0
    for seed in range(sets):
        result, caveats = fitted(repeated(seed, shared=shared))
        exponent = result.parameters["b"]
        covered += exponent.low <= TRUE["b"] <= exponent.high
        named += bool(caveats)
    # Binomial standard deviations of 200 intervals that cover 95 %: 3.1.
    assert 190 - 3 * 3.1 <= covered <= sets
    if shared == 0.0:
        assert named <= 2 + 3 * 1.4
    elif shared > 0.5:
        assert named >= 0.95 * sets


def test_the_tail_of_f_is_that_of_scipy():
    from scipy.special import fdtrc

    random = np.random.default_rng(0)
    for _ in range(500):
        first, second = (10 ** random.uniform(0, 4, 2)).round().tolist()
        ratio = float(10 ** random.normal(0, random.choice([0.2, 2.0])))
        assert f_tail(ratio, first, second) == pytest.approx(float(fdtrc(first, second, ratio)), rel=1e-8, abs=1e-290)
    assert (f_tail(0.0, 3, 5), f_tail(np.inf, 3, 5)) == (1.0, 0.0)
