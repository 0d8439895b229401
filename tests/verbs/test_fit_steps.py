"""Steps to given losses, read from curves: the trade-off between steps and batch sizes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError
from scaling_cli.points.reached import crossing

CRITICAL = 1e6  # tokens
TARGETS = (3.0, 2.8)


def curves(noise=0.0, shortest=1.0):
    """Curves of nine batch sizes, whose steps to a loss are those of McCandlish et al."""
    generator = np.random.default_rng(0)
    parts = []
    for place, batch in enumerate(np.geomspace(3e4, 3e7, 9)):
        slow = 1 + CRITICAL / batch
        steps = np.geomspace(100, 1e5 * slow * (shortest if place == 0 else 1), 200).round()
        loss = (2 + 30 * (steps / slow) ** -0.4) * np.exp(noise * generator.standard_normal())
        parts.append(pl.DataFrame({"run": f"b{place}", "step": steps, "val_loss": loss, "batch_tokens": batch}))
    return pl.concat(parts)


def true_steps(loss):
    return ((loss - 2) / 30) ** (-1 / 0.4)


def test_the_critical_batch_size_is_found_at_each_loss():
    report = scaling.fit(curves(), law="batch-tradeoff", steps_to=TARGETS, interval="none")
    assert [result.group["target_loss"] for result in report.results] == ["2.8", "3"]
    for result, loss in zip(report.results, sorted(TARGETS), strict=True):
        assert result.parameters["S_min"].estimate == pytest.approx(true_steps(loss), rel=0.01)
        assert result.parameters["B_crit"].estimate == pytest.approx(CRITICAL, rel=0.02)
    assert not {"not-a-loss", "large-loss"} & {found.code for found in report.caveats}
    assert report.options["steps_to"] == list(TARGETS)
    assert report.columns["loss"] == "steps_to_target"
    twice = scaling.fit(curves(), law="batch-tradeoff", steps_to=(3.0, 3.0), interval="none")
    assert [result.points for result in twice.results] == [9]


def test_intervals_of_noisy_curves_hold_the_truth():
    report = scaling.fit(curves(0.003), law="batch-tradeoff", steps_to=2.8, replicates=200)
    found = report.results[0].parameters["B_crit"]
    assert found.low < CRITICAL < found.high


def test_runs_that_do_not_reach_a_loss_are_counted():
    report = scaling.fit(curves(shortest=0.001), law="batch-tradeoff", steps_to=TARGETS, interval="none")
    (said,) = [found for found in report.caveats if found.code == "unreached-losses"]
    assert "In 2 of 18 cases" in said.message


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"steps_to": 1.5}, "No run reaches"),
        ({"steps_to": -1}, "not above zero"),
        ({"steps_to": 2.8, "loss": ["val_loss", "b"]}, "one loss"),
    ],
)
def test_what_cannot_be_read_is_refused(options, problem):
    with pytest.raises(ScalingError, match=problem):
        scaling.fit(curves(), law="batch-tradeoff", interval="none", **options)


def test_a_table_without_steps_is_refused():
    with pytest.raises(ScalingError, match="needs the run and the step"):
        scaling.fit(curves().drop("step"), law="batch-tradeoff", steps_to=2.8)


def test_a_crossing_is_a_straight_line_in_logs():
    steps, losses = np.array([1.0, 100.0]), np.array([4.0, 1.0])
    assert crossing(steps, losses, 2.0) == pytest.approx(10)
    assert np.isnan(crossing(steps, losses, 0.5))
    assert np.isnan(crossing(steps, losses, 5.0))
    assert np.isnan(crossing(np.array([0.0, 100.0]), losses, 2.0))
