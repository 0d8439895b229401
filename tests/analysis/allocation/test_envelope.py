from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli import optimal_allocation
from scaling_cli.analysis.allocation.envelope import envelope, smoothed
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.errors import FitError
from tests.analysis.allocation.surfaces import SYMMETRIC, loss_at


def curves(sizes: np.ndarray, *, rows: int = 400, noise: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for i, size in enumerate(sizes):
        tokens = np.geomspace(1.0, 400.0, rows) * size
        loss = loss_at(SYMMETRIC, np.full(rows, size), tokens) * np.exp(noise * rng.normal(size=rows))
        parts.append(
            pl.DataFrame(
                {
                    "run_id": [f"run{i}"] * rows,
                    "step": np.arange(rows),
                    "params": [size] * rows,
                    "tokens": tokens,
                    "loss": loss,
                }
            )
        )
    return pl.concat(parts)


def test_the_envelope_of_many_curves_has_the_laws_exponent():
    report = optimal_allocation(curves(np.geomspace(1e7, 3e10, 60)), approach="envelope", replicates=50)
    result = report.results[0]
    # The hull touches finitely many curves, and its ends lean on the smallest and largest.
    assert result.exponents["envelope"]["params"].estimate == pytest.approx(0.5, abs=0.01)
    row = result.allocations[0]
    assert row.params.low < row.params.estimate < row.params.high


def test_the_envelope_counts_edges_and_unfinished_runs():
    report = optimal_allocation(curves(np.geomspace(1e8, 1e10, 4)), approach="envelope", interval="none")
    facts = report.results[0].envelope
    assert facts.curves == 4
    assert facts.unfinished > 0.5
    codes = {each.code for each in report.caveats}
    assert {"unfinished-schedules", "grid-edge", "no-waste-band"} <= codes


def test_smoothing_averages_noise_and_keeps_order():
    frame = curves(np.array([1e8, 1e9, 1e10]), rows=2000, noise=0.02)
    logs = [np.log(frame[name].to_numpy()) for name in ("params", "tokens")]
    runs = np.repeat(np.arange(3), 2000)
    points = AllocationPoints(logs[0], logs[1], np.log(6) + logs[0] + logs[1], frame["loss"].to_numpy(), runs)
    smooth = smoothed(points)
    truth = loss_at(SYMMETRIC, np.exp(smooth.log_params), np.exp(smooth.log_tokens))
    raw = loss_at(SYMMETRIC, np.exp(logs[0]), np.exp(logs[1]))
    assert np.std(np.log(smooth.loss / truth)) < 0.4 * np.std(np.log(frame["loss"].to_numpy() / raw))


def test_runs_without_curves_are_refused():
    logs = np.log(np.geomspace(1e8, 1e10, 9))
    points = AllocationPoints(logs, logs + 3, 2 * logs + 3 + np.log(6), np.linspace(3, 2, 9), np.arange(9))
    with pytest.raises(FitError, match="training curve of at least") as caught:
        envelope(points, None)
    assert "checkpoint" in caught.value.hint


def test_one_model_size_is_refused():
    same = curves(np.array([1e9, 1e9, 1e9]), noise=0.01)
    with pytest.raises(FitError, match="one model size"):
        optimal_allocation(same, approach="envelope")


def test_more_budgets_than_an_array_has_dimensions_are_answered():
    runs = curves(np.geomspace(1e8, 1e10, 8), noise=0.001)
    report = optimal_allocation(
        runs, budget=1e23, approach="isoflop", interval="none", checkpoints="all", skip_tokens="1B"
    )
    assert 2 * len(report.results[0].isoflops) > 32  # a minimum and a depth each
