"""Fits of real data sets give what was published for them, by the estimator that was used."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.laws import find_law
from scaling_cli.points.table import PointTable
from tests.grids import one_of_each


def frame_of(path, **columns: str) -> pl.DataFrame:
    rows = pl.read_csv(path, infer_schema_length=None)
    if "run_id" not in rows.columns:
        rows = rows.with_row_index("run_id")
    return rows.with_columns(pl.col(column).alias(role) for role, column in columns.items())


def fitted(frame: pl.DataFrame, law: str, objective: Objective, space: str = "log") -> tuple[dict[str, float], float]:
    """Parameters and summed objective."""
    found = find_law(law)
    problem = PointTable(frame).problem(found, {name: name for name in found.inputs}, space)
    best = optimum(problem, objective)
    values = problem.parameters(best.theta[None])[0]
    return dict(zip(found.names, values.tolist(), strict=True)), best.value


@pytest.mark.parametrize(
    ("corpus", "preset", "objective"),
    [("stack-v2-python", "stack-v2-python", 3.67674e-5), ("pile", "pile", 1.81393e-5)],
)
def test_parallel_streams_exact_fit(shared_data, corpus, preset, objective):
    frame = frame_of(shared_data / "parscale" / "runs.csv").filter(pl.col("corpus") == corpus)
    values, value = fitted(frame, "parallel", Objective("huber", 1e-3))
    expected = next(fit.parameters for fit in find_law("parallel").published if fit.name == preset)
    assert value == pytest.approx(objective, rel=2e-6)
    for name, number in expected.items():
        assert values[name] == pytest.approx(number, rel=1e-5)


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("S-Base", {"a": -0.083, "b": -0.118, "c": 0.0099, "d": 1.1136, "E_start": 2.07, "E_max": 239}),
        ("RL-R", {"a": -0.0827, "b": -0.1234, "c": 0.0112, "d": 1.107, "E_start": 1.72, "E_max": 470}),
        ("Hash", {"a": -0.0874, "b": -0.1384, "c": 0.0126, "d": 1.1595, "E_start": 4.27, "E_max": 427}),
    ],
)
def test_routed_experts_refit_with_the_dense_models(shared_data, architecture, expected):
    frame = frame_of(shared_data / "routing_clark" / "final.csv", experts="num_experts").filter(
        pl.col("architecture").is_in([architecture, "Dense"])
        & (pl.col("flop_increase") == 1)
        & (pl.col("routing_frequency") == 0.5)
        & (pl.col("top_k") == 1)
        & (pl.col("seed") == 42)
    )
    values, _ = fitted(frame, "routed", Objective("least-squares"))
    for name, number in expected.items():
        assert values[name] == pytest.approx(number, rel=3e-3)  # printed to two to five digits


def test_over_training_law_predicts_the_large_runs_as_published(shared_data):
    # Gadre et al. 2024: five small runs, least squares on the loss itself, params with embeddings.
    models = frame_of(shared_data / "gadre" / "models.csv", params="params_total", loss="loss_c4").filter(
        pl.col("dataset") == "rpj"
    )
    is_small = (pl.col("params") < 1e9) & (pl.col("chinchilla_multiplier") == 1)
    is_over_trained = pl.col("model").str.contains("d=96_") & (pl.col("chinchilla_multiplier") == 16)
    small = models.filter(is_small | is_over_trained)
    assert len(small) == 5
    values, _ = fitted(small, "chinchilla-tied", Objective("least-squares"), "linear")
    for size, multiplier, published in (("_1b", 32, 0.007103), ("_7b", 1, 0.007320)):
        held_out = models.filter(pl.col("model").str.contains(size) & (pl.col("chinchilla_multiplier") == multiplier))
        columns = {name: held_out[name].to_numpy().astype(float) for name in ("params", "tokens")}
        error = np.abs(find_law("chinchilla-tied").predict(values, columns) / held_out["loss"].to_numpy() - 1)
        assert error == pytest.approx([published], abs=5e-7)


FITTED_SCHEDULES = ("cosine_24000", "constant_24000", "wsdcon_9")  # those that the paper fits


@pytest.mark.parametrize(
    ("law", "size", "fitted_r2", "other_r2"),
    one_of_each(
        [
            ("multi-power-schedule", 25, 0.9992, 0.996),
            ("multi-power-schedule", 100, 0.9998, 0.996),
            ("multi-power-schedule", 400, 0.9998, 0.995),
            ("annealing", 25, 0.9991, 0.998),
            ("annealing", 100, 0.9996, 0.997),
            ("annealing", 400, 0.9996, 0.996),
        ],
        name="{}-{}-{}-{}".format,
        kind=lambda law, *_: law,
    ),
)
def test_schedule_laws_predict_schedules_not_fitted(shared_data, law, size, fitted_r2, other_r2):
    curves = pl.read_csv(shared_data / "mpl_lr_schedules" / "curves.csv").filter(pl.col("size_m") == size)
    is_fitted = pl.col("schedule").is_in(FITTED_SCHEDULES)
    values, _ = fitted(curves.filter(is_fitted), law, Objective("huber", 1e-3))

    def r2(rows: pl.DataFrame) -> float:
        _, runs = np.unique(rows["run_id"].to_numpy(), return_inverse=True)
        columns = {name: rows[name].to_numpy().astype(float) for name in ("step", "lr")}
        observed = rows["loss"].to_numpy()
        errors = observed - find_law(law).predict(values, {**columns, "run": runs.astype(float)})
        return 1 - float(errors @ errors) / float(np.sum((observed - observed.mean()) ** 2))

    assert r2(curves.filter(is_fitted)) > fitted_r2
    assert r2(curves.filter(~is_fitted)) > other_r2
