"""The steps at which curves reach a loss."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError
from scaling_cli.points.reached import crossing, steps_to

STEPS = np.array([10.0, 100.0, 1000.0])


@pytest.mark.parametrize(
    ("losses", "target", "step"),
    [
        ([4.0, 2.0, 1.0], 2.0, 100.0),
        ([4.0, 2.0, 1.0], 1.0, 1000.0),
        ([4.0, 2.0, 1.0], 2.0 * 2**0.5, 10 * 10**0.5),  # halfway in logs
        ([4.0, 1.0, 2.0], 1.5, 10 * 10 ** (np.log(4 / 1.5) / np.log(4))),  # the first time
        ([4.0, 2.0, 1.0], 4.0, np.nan),  # it was there at the first row
        ([4.0, 2.0, 1.0], 0.9, np.nan),
    ],
)
def test_a_curve_falls_to_a_loss_on_a_straight_line_in_logs(losses, target, step):
    assert crossing(STEPS, np.array(losses), target) == pytest.approx(step, nan_ok=True)


@pytest.mark.parametrize(("first", "is_known"), [(0.0, False), (1e-9, True), (-5.0, False)])
def test_a_crossing_after_a_step_without_a_log_is_not_known(first, is_known):
    assert np.isfinite(crossing(np.array([first, 10.0]), np.array([4.0, 2.0]), 3.0)) == is_known


FRAME = pl.DataFrame({
    "run_id": ["a", "b", "a", "b", None, "a"],
    "step": [100, 100, 10, 10, 10, None],
    "loss": [2.0, 3.0, 4.0, 4.0, 1.0, 1.0],
    "batch_size": [8, 16, 8, 16, 0, 8],
})  # fmt: skip


def test_each_run_and_loss_that_it_reaches_is_a_row_of_the_last_row_of_the_run():
    rows, (said,) = steps_to(FRAME, [3.0, 2.0])
    assert rows.columns == ["run_id", "batch_size", "target_loss", "steps_to_target"]
    assert sorted(row[:3] for row in rows.rows()) == [("a", 8, 2.0), ("a", 8, 3.0), ("b", 16, 3.0)]
    assert rows.filter(pl.col("target_loss") == 2.0)["steps_to_target"].item() == pytest.approx(100.0)
    assert said.code == "unreached-losses"
    assert "1 of 4" in said.message
    assert steps_to(FRAME, [3.0])[1] == []


def test_losses_that_no_run_reaches_and_rows_without_steps_are_refused():
    with pytest.raises(DataError, match="No run reaches") as caught:
        steps_to(FRAME, [0.5])
    assert "between 1 and 4" in caught.value.hint
    with pytest.raises(DataError, match="needs the run and the step"):
        steps_to(FRAME.drop("step"), [3.0])
    with pytest.raises(DataError, match="No run reaches") as caught:
        steps_to(FRAME.clear(), [3.0])
    assert caught.value.hint == "Give losses that most runs reach."
