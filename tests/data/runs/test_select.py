"""The choice of rows: the first reason against each, and the last, best or every row of each run."""

from __future__ import annotations

import math

import polars as pl
import pytest

from scaling_cli.data.runs.select import (
    BEFORE_TRAINING,
    EARLIEST,
    LEAST_LOSS,
    LOWEST,
    PEAK,
    RATE,
    REASON,
    Selection,
    best_rows,
    every_row,
    every_step,
    last_rows,
    lowest_loss,
    with_reasons,
)
from scaling_cli.data.runs.table import left_out


def marked(rows, measures=("loss",), **options):
    return with_reasons(pl.DataFrame(rows).lazy(), measures, **({"unreadable": (), "labels": ()} | options))


def reasons_of(rows, **options):
    """The reason against each row, or None."""
    frame, reasons = marked(rows, **options)
    return [reasons.get(code) for code in frame.collect()[REASON].to_list()]


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (1.0, None),
        (None, "no loss"),
        (math.nan, "non-finite loss"),
        (-math.inf, "non-finite loss"),
        (0.0, "non-positive loss"),
        (-1.0, "non-positive loss"),
        (1e60, None),
        (1.01e60, "too large or small loss"),
        (1e-60, None),
        (0.99e-60, "too large or small loss"),
    ],
)
def test_a_loss_must_be_a_number_above_zero_whose_powers_do_not_overflow(loss, reason):
    assert reasons_of({"loss": pl.Series([loss], dtype=pl.Float64)}) == [reason]


@pytest.mark.parametrize(
    ("loss", "reason"), [(0.0, None), (-1e60, None), (-1.01e60, "too large or small loss"), (1e-70, None)]
)
def test_a_loss_of_which_no_log_is_taken_may_be_negative(loss, reason):
    assert reasons_of({"loss": [loss]}, positive_loss=False) == [reason]


def test_amounts_may_be_missing_but_not_negative_whatever_the_loss_may_be():
    rows = {"loss": [-1.0, -1.0, -1.0], "params": [None, 1.0, 0.0]}
    assert reasons_of(rows, measures=("loss", "params"), positive_loss=False) == [None, None, "non-positive params"]


def test_no_tokens_at_step_0_are_those_of_a_model_before_training():
    rows = {"loss": [9.0, 9.0, 9.0], "tokens": [0.0, 0.0, -1.0], "step": [0, 5, 0]}
    why = [BEFORE_TRAINING, "non-positive tokens", "non-positive tokens"]
    assert reasons_of(rows, measures=("loss", "tokens"), has_steps=True) == why
    assert left_out({BEFORE_TRAINING: 2}, 9) == ()
    assert "1 of 9 rows was left out" in left_out({BEFORE_TRAINING: 2, "no loss": 1}, 9)[0].message


def test_the_first_reason_counts_flags_first_and_labels_last():
    rows = {
        "flag": [True, False, False, False, False],
        "loss": [None, None, None, None, 1.0],
        "unreadable_loss": [True, True, False, False, False],
        "by opt": [None, None, None, "a", None],
    }
    found = reasons_of(rows, unreadable=("loss",), labels=("by opt",), flags={"flag": "unreadable width in --where"})
    assert found == ["unreadable width in --where", "unreadable loss", "no loss", "no loss", "no opt"]


@pytest.mark.parametrize("is_tiny", [False, True])
def test_every_usable_row_is_chosen_and_the_others_counted(is_tiny):
    frame, reasons = marked({"loss": [1.0, -1.0, 2.0, None, -3.0]})
    chosen = every_row(frame, reasons, is_tiny=is_tiny)
    assert chosen.points.to_dict(as_series=False) == {"loss": [1.0, 2.0]}
    assert chosen.excluded == {"no loss": 1, "non-positive loss": 2}
    assert chosen.total == 5
    few = every_row(frame, reasons, pl.col("loss") > 1.5, is_tiny=is_tiny)
    assert few.points["loss"].to_list() == [2.0]
    assert few.total == 5


@pytest.mark.parametrize("is_tiny", [False, True])
def test_a_table_without_unusable_rows_is_chosen_whole(is_tiny):
    frame, reasons = marked({"loss": [1.0, 2.0]})
    chosen = every_row(frame, reasons, is_tiny=is_tiny)
    assert (chosen.points["loss"].to_list(), chosen.excluded, chosen.total) == ([1.0, 2.0], {}, 2)
    assert REASON not in chosen.points.columns


ROWS = {
    "run_id": ["b", "a", "a", "a", None, "b"],
    "step": [1.0, 2.0, 1.0, 2.0, 5.0, None],
    "loss": [4.0, 3.0, 3.5, 2.9, 9.0, 8.0],
}


def test_every_step_is_kept_once_in_order_with_the_later_row():
    chosen = every_step(*marked(ROWS))
    assert chosen.points.rows() == [
        (None, 5.0, 9.0), ("b", None, 8.0), ("a", 1.0, 3.5), ("a", 2.0, 2.9), ("b", 1.0, 4.0),
    ]  # fmt: skip
    assert chosen.excluded == {"repeated step": 1}
    assert chosen.total == 6


def test_steps_that_come_once_are_not_counted():
    assert every_step(*marked({"run_id": ["a", "a"], "step": [1.0, 2.0], "loss": [2.0, 1.0]})).excluded == {}


def test_the_best_row_of_each_run_is_the_earliest_of_the_lowest():
    rows = ROWS | {"loss": [4.0, 2.9, -1.0, 2.9, 9.0, 8.0], "step": [1.0, 3.0, 1.0, 2.0, 5.0, None]}
    rows_with_least = best_rows(*marked(rows))
    assert rows_with_least.points.height == 4
    best = lowest_loss(rows_with_least)
    assert best.points.rows() == [("a", 2.0, 2.9), ("b", 1.0, 4.0), (None, 5.0, 9.0)]
    assert best.excluded == {"non-positive loss": 1}
    assert best.total == 6


def test_without_steps_the_first_of_equal_losses_is_best():
    points = pl.DataFrame({"run_id": ["a", "a"], "loss": [1.0, 1.0], "place": [0, 1]})
    assert lowest_loss(Selection(points, {}, 2)).points["place"].to_list() == [0]


def last(rows, **options):
    return last_rows(*marked(rows), **options)


@pytest.mark.parametrize("is_whole", [False, True])
def test_last_rows_bring_what_caveats_need_of_the_whole_run(is_whole):
    rows = {
        "run_id": ["a"] * 3,
        "step": [1, 3, 7],
        "loss": [3.0, 1.5, 2.0],
        "lr": [0.1, 0.4, 0.2],
        "tokens": [10.0, 24.0, 40.0],
    }
    (point,) = last(rows, is_whole=is_whole).points.to_dicts()
    assert (point["step"], point["loss"], point["lr"], point["tokens"]) == (7.0, 2.0, 0.2, 40.0)
    assert (point[LEAST_LOSS], point[EARLIEST]) == (1.5, 1)
    assert (point[PEAK], point[LOWEST]) == (0.4, 0.1)
    assert point[RATE] == 6.0  # 24 tokens in the four steps 0 to 3


@pytest.mark.parametrize("is_whole", [False, True])
def test_repeats_are_counted_apart_from_those_at_the_last_step(is_whole):
    rows = {
        "run_id": ["a"] * 5 + ["b"] * 3,
        "step": [1, 1, 1, 2, 2, 4, 4, 4],
        "loss": [3.0, 2.9, 2.8, 2.5, 2.4, 2.0, 1.9, 1.8],
    }
    chosen = last(rows, is_whole=is_whole, count_repeats=True)
    assert chosen.points["loss"].to_list() == [2.4, 1.8]
    assert chosen.excluded == {"repeated last step": 3}
    assert chosen.repeats == 2
    assert last(rows, is_whole=is_whole).repeats == 0


@pytest.mark.parametrize("step", [2**28, 2**28 + 1, -(2**28), -(2**28) - 1, 2**40])
def test_steps_are_ordered_whatever_their_size(step):
    rows = {"run_id": ["a", "a", "b"], "step": [step, step - 1, 0], "loss": [1.0, 2.0, 3.0]}
    assert last(rows, is_whole=True).points["loss"].to_list() == [1.0, 3.0]


@pytest.mark.parametrize(("step", "is_step"), [(1e18, True), (1.1e18, False), (-1e18, True), (math.nan, False)])
def test_a_step_without_a_sensible_size_is_missing(step, is_step):
    rows = {"run_id": ["a", "a"], "step": [1.0, step], "loss": [2.0, 1.0]}
    chosen = last(rows)
    assert chosen.excluded == ({} if is_step else {"no step": 1})


def test_steps_a_millionth_apart_differ():
    rows = {"run_id": ["a", "a"], "step": [0.5 + 2e-6, 0.5], "loss": [1.0, 2.0]}
    chosen = last(rows)
    assert chosen.points["loss"].to_list() == [1.0]
    assert chosen.excluded == {}


def test_a_step_where_the_loss_breaks_is_remembered_by_run():
    rows = {"run_id": ["a", "a", "b", None], "step": [1.0, 2.0, 1.0, 9.0], "loss": [2.0, math.nan, 1.0, math.nan]}
    chosen = last(rows)
    assert chosen.broken.rows() == [("a", 2.0)]
    assert marked(rows)[1][chosen.broken_code] == "non-finite loss"


def test_rows_without_a_run_or_in_runs_without_steps_are_points():
    rows = {
        "run_id": [None, "a", "a", "b", "b"],
        "step": [1.0, None, None, 1.0, None],
        "loss": [5.0, 4.0, 3.0, 2.0, 1.0],
    }
    chosen = last(rows)
    assert chosen.points["loss"].to_list() == [2.0, 5.0, 4.0, 3.0]
    assert chosen.excluded == {"no step": 1}
    assert chosen.total == 5
