"""The model of the noise of runs of one point each, and the intervals that follow from it."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.intervals import intervals_asking
from scaling_cli.fitting.linear import naive
from scaling_cli.fitting.noise.model import noise_model, uneven_errors
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.uncertainty import wild
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace

SQUARES = Objective("least-squares")


def fitted(points, *, growth=1.0, seed=0, checkpoints=1, objective=SQUARES, weights=None, outlier=0.0, law="power"):
    """A fit of runs whose noise changes from 1 to `growth` times 1 % over four decades."""
    generator = np.random.default_rng(seed)
    runs = np.repeat(np.arange(points), checkpoints)
    x = np.geomspace(1e18, 1e22, points)[runs] * np.tile(np.geomspace(0.5, 1, checkpoints), points)
    noise = 0.01 * np.geomspace(1, growth, points) * generator.standard_normal(points)
    noise[points // 2] += outlier
    values = {"a": 600.0, "b": -0.15, "c": 1.8} if law == "power-constant" else {"a": 30.0, "b": -0.06}
    loss = find_law(law).predict(values, {"x": x}) * np.exp(noise[runs])
    return optimum(problem_from_arrays(find_law(law), {"x": x}, loss, runs, weights=weights), objective)


def test_noise_that_changes_with_scale_is_found_and_even_noise_mostly_left():
    for growth, low, high in ((1 / 9, 1 / 14, 1 / 5), (9.0, 5, 14)):
        models = [noise_model(fitted(40, growth=growth, seed=seed)) for seed in range(40)]
        assert sum(each is None for each in models) <= 4
        ends = [each.deviations(np.zeros(1))[0, [0, -1]] for each in models if each is not None]
        assert low <= np.median([last / first for first, last in ends]) <= high
        assert np.median([np.sqrt(first * last) for first, last in ends]) == pytest.approx(0.01 * growth**0.5, rel=0.1)
    # The power is more than two standard errors from zero by chance in 5 % of data sets, here in two of forty.
    assert sum(noise_model(fitted(40, seed=seed)) is not None for seed in range(40)) <= 6


def test_with_hardly_more_runs_than_parameters_all_have_equal_noise():
    few, more = fitted(7, law="power-constant"), fitted(9, law="power-constant")
    assert noise_model(more) is None
    model = noise_model(few)
    assert not model.is_uneven
    residuals = few.linearised[0]
    np.testing.assert_allclose(model.deviations(np.zeros(1))[0], np.sqrt(np.sum(residuals**2) / 4))
    assert uneven_errors(few) is None


def test_given_weights_are_kept_and_only_what_they_leave_is_modelled():
    weights = np.geomspace(1, 81, 40)
    told = noise_model(fitted(40, growth=1 / 9, weights=weights))
    assert told is None


@pytest.mark.parametrize("kind", ["checkpoints", "matched"])
def test_runs_of_several_points_and_matched_runs_keep_their_own_residuals(kind):
    fit = fitted(40, growth=1 / 9, checkpoints=2 if kind == "checkpoints" else 1)
    if kind == "checkpoints":
        assert noise_model(fit) is None
        return
    own, matched = (wild(fit, Resampling(50, 0, 1, is_matched=each)).theta for each in (False, True))
    assert not np.allclose(own, matched)


def test_a_large_residual_hardly_moves_the_noise_of_a_robust_fit_and_one_that_no_noise_explains_ends_the_model():
    clean, spoilt, wrong = (
        noise_model(fitted(40, growth=1 / 9, objective=Objective(), outlier=size)) for size in (0.0, 0.013, 1.0)
    )
    assert spoilt.deviations(np.zeros(1)).mean() < 1.5 * clean.deviations(np.zeros(1)).mean()
    assert wrong is None


@pytest.mark.parametrize("objective", [SQUARES, Objective()], ids=["least-squares", "huber"])
def test_uneven_errors_are_those_of_refits_to_such_noise(objective):
    fit = fitted(60, growth=1 / 9, objective=objective)
    model = replace(noise_model(fit), error=0.0)
    vars(fit)["scaling_cli.fitting.noise.model.noise_model"] = model
    drawn = Quantities(fit.problem).scaled(wild(fit, Resampling(4000, 0, 1)).theta)
    spread = np.std(drawn, axis=0) / np.sqrt(58 / 56)  # that of Student's t with 58 degrees of freedom
    # The standard error of a standard deviation from 4,000 replicates is 1.1 %.
    np.testing.assert_allclose(uneven_errors(fit), spread, rtol=0.05)
    assert (uneven_errors(fit) > 1.1 * naive(fit).errors(fit)).any()


def test_profile_and_wild_intervals_allow_for_the_noise():
    fit = fitted(40, growth=1 / 9, law="power-constant")
    even = fitted(40, law="power-constant")
    b = 1
    for method in ("wild", "profile"):
        made, plain = (alone(intervals_asking(each, method, 0.95, Resampling(400, 0, 1))) for each in (fit, even))
        errors = [naive(each).errors(each)[b] for each in (fit, even)]
        # In units of the errors for equal noise, intervals are wider where small runs, which fix b, scatter most.
        assert (made.high - made.low)[b] / errors[0] > 1.1 * (plain.high - plain.low)[b] / errors[1]


def test_inputs_without_a_logarithm_have_equal_noise():
    x = np.linspace(-2, 2, 12)
    y = 3 + 2 * x + 0.1 * np.random.default_rng(0).standard_normal(12)
    problem = problem_from_arrays(law_from_formula("a + b * x"), {"x": x}, y, np.arange(12), "linear")
    assert noise_model(optimum(problem, SQUARES)) is None
