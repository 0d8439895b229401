"""Forecasts from one fitted law, against the law written out and the quantiles of its draws."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from scaling_cli.analysis.forecast.describe import single_law_forecast
from scaling_cli.document.saved_fit import SavedFit, SavedInterval
from scaling_cli.errors import DataError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.results.fit import Estimate

RNG = np.random.default_rng(0)
DRAWS = np.stack([0.2 + 0.02 * RNG.standard_normal(200), 3.0 + 0.1 * RNG.standard_normal(200)], axis=1)  # of b and a
AT = {"x": np.array([1e2, 1e4])}


def saved(**more):
    options = {"draws": tuple(map(tuple, DRAWS.tolist())), "noise": 0.01, "interval": SavedInterval("wild"), **more}
    return SavedFit("power", {"b": Estimate(-0.2), "a": Estimate(3.0)}, **options)


def test_parameters_and_draws_are_read_by_name_in_any_order():
    """The saved fit lists b before a, and the law a before b."""
    drawn = np.stack([-DRAWS[:, 0], DRAWS[:, 1]], axis=1)
    made = single_law_forecast(saved(draws=tuple(map(tuple, drawn.tolist()))), 0.8)
    assert made.law.names == ("a", "b")
    assert made.mean(AT) == pytest.approx(np.log(3.0 * AT["x"] ** -0.2))
    by_draw = np.log(drawn[:, [1]] * AT["x"] ** drawn[:, [0]])
    assert made.log_losses(made.draws, AT) == pytest.approx(by_draw)
    bands = made.bands(AT, AT["x"])
    low, high = np.quantile(by_draw, [0.1, 0.9], axis=0)
    assert bands.confidence == pytest.approx((high - low) / 2)
    assert bands.prediction == pytest.approx(np.sqrt(((high - low) / 2) ** 2 + (1.2815516 * 0.01) ** 2))
    assert bands.by_law.shape == (0, 2)
    assert (made.interval().method, made.interval().level, made.interval().replicates) == ("draws", 0.8, 200)
    assert made.interval().resampling == "wild"
    assert made.interval().origins == 0


def test_without_draws_or_noise_a_width_is_unknown():
    without = single_law_forecast(saved(draws=None), 0.9)
    bands = without.bands(AT, AT["x"])
    assert np.isfinite(bands.estimate).all()
    assert np.isnan(bands.confidence).all()
    assert np.isnan(bands.prediction).all()
    assert (without.interval().method, without.interval().resampling) == ("none", None)
    silent = single_law_forecast(saved(noise=None), 0.9).bands(AT, AT["x"])
    assert np.isfinite(silent.confidence).all()
    assert np.isnan(silent.prediction).all()


@pytest.mark.parametrize(("method", "named"), [("bca", "bootstrap"), ("bootstrap", "bootstrap"), ("odd", None)])
def test_the_method_of_draws_is_that_of_the_saved_fit_where_it_says_so(method, named):
    made = single_law_forecast(saved(interval=SavedInterval(method)), 0.9)
    assert (made.resampling, made.estimator) == (named, "describe")


def test_one_law_has_all_the_weight_and_no_track():
    made = single_law_forecast(saved(), 0.9)
    assert [(each.law, each.weight, each.rolling_rmse_log) for each in made.laws()] == [("power", 1.0, None)]
    assert made.track() == ()


def test_a_fit_without_a_parameter_of_its_law_is_refused():
    with pytest.raises(DataError, match="lacks b"):
        single_law_forecast(SavedFit("power", {"a": Estimate(3.0)}), 0.9)


def test_other_objectives_give_the_spread_of_laws():
    x = np.geomspace(1.0, 1e3, 12)
    loss = 3.0 * x**-0.2 * np.exp(0.02 * RNG.standard_normal(12))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(12))
    bands = single_law_forecast(saved(), 0.9, problem).bands(AT, AT["x"])
    for objective, row in zip(("huber", "lad", "least-squares"), bands.by_law, strict=True):
        a, b = problem.parameters(optimum(problem, Objective(objective)).theta[None])[0]
        assert row == pytest.approx(np.log(a * AT["x"] ** b))
    slope, level = np.polyfit(np.log(x), np.log(loss), 1)
    assert bands.by_law[2] == pytest.approx(level + slope * np.log(AT["x"]), rel=1e-6)


def test_widths_grow_with_the_level_as_normal_quantiles_do():
    x = np.array([1e3])
    narrow, wide = (single_law_forecast(saved(draws=None, noise=0.02), level) for level in (0.5, 0.95))
    with_draws = [
        single_law_forecast(saved(noise=0.02), level).bands({"x": x}, x) for level in (narrow.level, wide.level)
    ]
    noise = [np.sqrt(each.prediction**2 - each.confidence**2)[0] for each in with_draws]
    normal = NormalDist()
    assert noise == pytest.approx([0.02 * normal.inv_cdf(0.75), 0.02 * normal.inv_cdf(0.975)])
