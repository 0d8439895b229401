"""Points count by their weight."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.options.fit import Fit
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting, scale_of

TUNED = 1e-5  # relative: delta is iterated to 1e-4 of itself


def table(points=24):
    generator = np.random.default_rng(8)
    compute = np.geomspace(1e18, 1e22, points)
    loss = (600 * compute**-0.15 + 1.8) * np.exp(0.004 * generator.standard_normal(points))
    return pl.DataFrame({"compute": compute, "loss": loss, "w": generator.integers(1, 4, points)})


def fitted(frame, **options):
    return scaling.fit(frame, interval="none", **options).results[0]


def estimates(result):
    return {name: found.estimate for name, found in result.parameters.items()}


@pytest.mark.parametrize("objective", ["least-squares", "lad"])
def test_a_whole_weight_is_a_point_repeated(objective):
    frame = table()
    weighted = fitted(frame, weight="w", objective=objective)
    repeated = fitted(frame.select(pl.exclude("w").repeat_by("w").explode()), objective=objective)
    assert estimates(weighted) == pytest.approx(estimates(repeated), rel=1e-6)


def test_weights_of_another_unit_change_nothing():
    frame = table().with_columns(v=pl.col("w") * 1e-9)
    assert estimates(fitted(frame, weight="v")) == pytest.approx(estimates(fitted(frame, weight="w")), rel=TUNED)


def test_scale_weight_is_a_weight_of_compute_to_that_power():
    frame = table().with_columns(v=pl.col("compute") ** 1.5)
    by_power, by_column = fitted(frame, scale_weight=1.5), fitted(frame, weight="v")
    assert estimates(by_power) == pytest.approx(estimates(by_column), rel=TUNED)
    assert by_power.objective.weights == "compute^1.5"
    assert by_column.objective.weights == "v"


def test_scale_weight_lets_the_largest_runs_decide():
    frame = table().with_columns(loss=pl.when(pl.col("compute") < 1e19).then(pl.col("loss") * 1.1).otherwise("loss"))
    last = 600 * frame["compute"][-1] ** -0.15 + 1.8

    def off(**options):
        result = fitted(frame, objective="least-squares", **options)
        return abs(result.observations.predicted[-1] / last - 1)

    assert off(scale_weight=1) < off()


def test_weights_have_mean_one():
    x = np.geomspace(1, 100, 10)
    problem = problem_from_arrays(find_law("power"), {"x": x}, 3 / x, np.arange(10), weights=x)
    assert problem.weights.mean() == pytest.approx(1)
    assert optimum(problem, Objective()).theta == pytest.approx(
        optimum(problem_from_arrays(find_law("power"), {"x": x}, 3 / x, np.arange(10)), Objective()).theta
    )


@pytest.mark.parametrize(
    "options",
    [{"weight": "nowhere"}, {"weight": "zero"}, {"weight": "word"}, {"scale_weight": -1}, {"prior": "strong"}],
)
def test_senseless_weights_and_priors_are_refused(options):
    frame = table().with_columns(zero=pl.lit(0.0), word=pl.lit("heavy"))
    with pytest.raises(ScalingError) as caught:
        fitted(frame, **options)
    assert caught.value.hint


def test_a_power_that_leaves_one_point_is_refused():
    with pytest.raises(UsageError, match="--scale-weight is 9"):
        Fit(scale_weight=9)


POINTS = PointTable(pl.DataFrame({
    "run_id": ["a", "b"], "loss": [3.0, 2.0], "params": [2.0, 4.0], "tokens": [10.0, 20.0], "w": [1.0, 3.0],
}))  # fmt: skip
SURFACE = {"params": "params", "tokens": "tokens"}


def test_the_scale_is_the_only_input_then_compute_then_params_times_tokens():
    with_compute = PointTable(POINTS.frame.with_columns(compute=pl.Series([100.0, 700.0])))
    assert scale_of(with_compute, {"x": "w"}).tolist() == [1.0, 3.0]
    assert scale_of(with_compute, SURFACE).tolist() == [100.0, 700.0]
    assert scale_of(POINTS, SURFACE).tolist() == [20.0, 80.0]
    gap = PointTable(POINTS.frame.with_columns(compute=pl.Series([100.0, None])))
    assert scale_of(gap, SURFACE).tolist() == [20.0, 80.0]
    assert scale_of(PointTable(POINTS.frame.drop("tokens")), SURFACE) is None


def test_weights_are_the_column_times_the_scale_over_its_largest_to_the_power():
    assert Weighting().weights(POINTS, SURFACE) is None
    assert Weighting("w").weights(POINTS, SURFACE).tolist() == [1.0, 3.0]
    assert Weighting(power=0.5).weights(POINTS, SURFACE).tolist() == [0.5, 1.0]
    assert Weighting("w", 0.5).weights(POINTS, SURFACE).tolist() == [0.5, 3.0]
    with pytest.raises(UsageError, match="--scale-weight needs compute"):
        Weighting(power=1.0).weights(PointTable(POINTS.frame.drop("tokens")), SURFACE)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf"), None])
def test_a_weight_or_a_scale_must_be_positive(bad):
    frame = POINTS.frame.with_columns(w=pl.Series([1.0, bad]))
    with pytest.raises(DataError, match="The weights in w are not all positive"):
        Weighting("w").weights(PointTable(frame), SURFACE)
    with pytest.raises(DataError, match="The values that --scale-weight raises"):
        Weighting(power=1.0).weights(PointTable(frame), {"x": "w"})


@pytest.mark.parametrize(
    ("weighting", "inputs", "formula"),
    [
        (Weighting(), SURFACE, None),
        (Weighting("w"), SURFACE, "w"),
        (Weighting(power=1.5), SURFACE, "compute^1.5"),
        (Weighting("w", 2.0), {"x": "step"}, "w * step^2"),
    ],
)
def test_weights_are_written_as_a_formula(weighting, inputs, formula):
    assert weighting.formula(inputs) == formula


def test_a_prior_is_there_only_where_it_is_asked_for():
    assert Weighting().priors(find_law("power-constant"), 2.0) == ()
    assert Weighting(prior="weak").priors(find_law("power-constant"), 2.0) != ()
