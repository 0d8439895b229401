"""Replicates resample runs, and come out the same however the work is spread."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli import jobs
from scaling_cli.document.write import to_json
from scaling_cli.errors import UsageError
from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.uncertainty import bootstrap, group_hash
from scaling_cli.laws import find_law
from tests import ROOT
from tests.factories import grouped


def checkpoints(runs=10, each=10, run_noise=0.003, point_noise=0.0005):
    """Runs whose checkpoints share the run's error."""
    generator = np.random.default_rng(5)
    x = np.geomspace(1e18, 1e22, runs)[:, None] * np.geomspace(0.5, 1, each)
    error = run_noise * generator.standard_normal((runs, 1)) + point_noise * generator.standard_normal((runs, each))
    loss = (600 * x**-0.15 + 1.8) * np.exp(error)
    names = np.repeat(np.arange(runs), each)
    return problem_from_arrays(find_law("power-constant"), {"x": x.ravel()}, loss.ravel(), names)


def test_points_of_one_run_are_drawn_together():
    weights = run_weights(Resampling(50, 0, 1), range(50), np.repeat(np.arange(6), 4))
    assert (np.diff(weights.reshape(50, 6, 4), axis=2) == 0).all()
    assert (weights.sum(axis=1) == 24).all()


def test_replicate_depends_on_seed_group_and_its_own_number_alone():
    runs = np.arange(12)
    every = run_weights(Resampling(9, 3, 7), range(9), runs)
    some = run_weights(Resampling(400, 3, 7), range(4, 6), runs)
    np.testing.assert_array_equal(every[4:6], some)
    assert (run_weights(Resampling(9, 4, 7), range(9), runs) != every).any()
    assert (run_weights(Resampling(9, 3, 8), range(9), runs) != every).any()


def test_group_hash_is_fixed():
    assert group_hash({}) == int.from_bytes(bytes.fromhex("4f53cda18c2baa0c"), "big")
    assert group_hash({"a": "1", "b": "2"}) == group_hash({"b": "2", "a": "1"})
    assert group_hash({"a": "1"}) != group_hash({"a": "2"})


def test_intervals_of_runs_are_wider_than_those_of_points_taken_as_runs():
    problem = checkpoints()
    as_points = problem_from_arrays(problem.law, problem.columns, problem.observed, np.arange(len(problem.observed)))
    widths = []
    for one in (problem, as_points):
        result, _ = fit(grouped(one), Settings(replicates=300))
        found = result.parameters["b"]
        widths.append(found.high - found.low)
    assert widths[0] > 1.5 * widths[1]


def test_workers_do_not_change_a_bit():
    fitted = optimum(checkpoints(), Objective())
    resampling = Resampling(300, 0, 1)
    alone = bootstrap(fitted, resampling)
    spread = bootstrap(fitted, resampling, workers=jobs.Workers(2, "loky"))
    np.testing.assert_array_equal(alone.theta, spread.theta)


def test_progress_counts_to_the_end():
    heard = []
    bootstrap(
        optimum(checkpoints(), Objective()),
        Resampling(300, 0, 1),
        on_progress=lambda *seen: heard.append(seen),
    )
    assert heard[-1][0] == heard[-1][1] == len(heard)


@pytest.mark.parametrize("name", ["huber", "lad", "least-squares"])
def test_every_objective_has_replicates_around_its_estimate(name):
    result, _ = fit(grouped(checkpoints(20, 1)), Settings(objective=Objective(name), replicates=200))
    assert result.interval.replicates + result.interval.failed == 200
    for found in result.parameters.values():
        assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("settings", [{"interval": "jackknife"}, {"level": 95}, {"replicates": 3}, {"seed": -1}])
def test_senseless_settings_are_usage_errors(settings):
    with pytest.raises(UsageError):
        scaling.fit(ROOT / "sample_data" / "optimizers.csv", **settings)


@pytest.mark.parametrize(("count", "backend"), [("0", None), ("two", None), ("2", "slurm")])
def test_senseless_workers_are_usage_errors(count, backend):
    with pytest.raises(UsageError):
        jobs.workers_from(count, backend)


def test_replicates_with_the_floor_at_zero_end_where_other_starts_end():
    # The true floor is zero: many replicates end at the bound, others leave it again.
    x = np.repeat(np.geomspace(1e18, 1e22, 8), 3)
    loss = 30 * x**-0.054 * np.exp(0.003 * np.random.default_rng(6).standard_normal(24))
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, loss, np.arange(24))
    fitted = optimum(problem, Objective())
    weights = run_weights(Resampling(300, 0, 1), range(300), problem.runs)
    here = minimise(problem, np.tile(fitted.theta, (300, 1)), delta=fitted.delta, weights=weights)
    away = fitted.theta + np.array([0.1, -0.01, 0.5])
    there = minimise(problem, np.tile(away, (300, 1)), delta=fitted.delta, weights=weights)
    assert here.is_settled.all()
    np.testing.assert_allclose(here.value, there.value, rtol=1e-9)
    assert 0.05 < (here.theta[:, 2] == 0).mean() < 0.95


def test_replicates_of_exact_data_come_to_rest():
    x = np.geomspace(1e18, 1e22, 15)
    problem = problem_from_arrays(find_law("power-constant"), {"x": x}, 30 * x**-0.06 + 1.5, np.arange(15))
    for name in ("huber", "lad", "least-squares"):
        result, _ = fit(grouped(problem), Settings(objective=Objective(name), replicates=50))
        assert result.interval.failed == 0
        assert result.parameters["b"].low == pytest.approx(-0.06, rel=1e-9)


@pytest.mark.parametrize("interval", ["wild", "bootstrap"])
def test_documents_are_the_same_bytes_for_any_number_of_processes(interval):
    generator = np.random.default_rng(0)
    compute = np.geomspace(1e18, 1e22, 12)
    # The floor is near zero, so that some replicates are tried from other starts.
    loss = (600 * compute**-0.15 + 0.3) * np.exp(0.02 * generator.standard_normal(12))
    frame = pl.DataFrame({"compute": compute, "loss": loss})
    written = []
    for count in (1, 2, 3):
        report = scaling.fit(frame, law="power-constant", interval=interval, replicates=300, jobs=count)
        assert report.results[0].interval.retried > 0
        written.append(to_json(report))
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("law", ["power-constant", "chinchilla"])
def test_replicates_that_start_at_the_fit_end_within_a_small_part_of_their_spread(law):
    random = np.random.default_rng(3)
    columns = {"params": 10 ** random.uniform(7, 9.5, 40)}
    columns["tokens"] = columns["params"] * 10 ** random.uniform(0.7, 2.5, 40)
    loss = (1.8 + 480 / columns["params"] ** 0.34 + 2000 / columns["tokens"] ** 0.37) * np.exp(
        random.normal(0, 0.01, 40)
    )
    inputs = columns if law == "chinchilla" else {"x": columns["params"] * columns["tokens"]}
    fitted = optimum(problem_from_arrays(find_law(law), inputs, loss, np.arange(40)), Objective())
    weights = run_weights(Resampling(200, 0, 0), range(200), fitted.problem.runs)
    start = np.tile(fitted.theta, (200, 1))
    quick, exact = (
        minimise(fitted.problem, start, delta=fitted.delta, weights=weights, near=near) for near in (True, False)
    )
    middle = 1.4826 * np.median(np.abs(exact.theta - np.median(exact.theta, axis=0)), axis=0)
    assert np.abs(quick.theta - exact.theta).max(axis=0) == pytest.approx(0, abs=1e-3 * middle.min())
    assert quick.steps.mean() < 0.8 * exact.steps.mean()
