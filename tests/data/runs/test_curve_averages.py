"""Means over rows of a curve: windows around amounts, and the share of steps before a row."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.curve_averages import near_any, sampled, smoothed, smoothed_ends
from scaling_cli.data.runs.select import REASON, Selection


def selected(**columns):
    points = pl.DataFrame(columns)
    return Selection(points, {"no loss": 1}, points.height + 1)


def test_a_window_reaches_two_and_a_half_percent_to_both_sides():
    rows = pl.DataFrame({"tokens": [974.0, 975.0, 1000.0, 1025.0, 1026.0, 2000.0, None]})
    near = rows.select(near_any("tokens", (1000.0, 2000.0)).alias("near"))["near"]
    assert near.to_list() == [None, 1000.0, 1000.0, 1000.0, None, 2000.0, None]


def test_numbers_are_averaged_and_of_text_the_last_is_kept():
    chosen = sampled(
        selected(
            run_id=["a", "a", "b", None, "a"],
            step=[2, 1, 1, 1, 9],
            tokens=[1010.0, 990.0, 1000.0, 1000.0, 5000.0],
            loss=[2.0, 3.0, 4.0, 5.0, 1.0],
            phase=["end", "start", "only", "loose", "late"],
        ),
        "tokens",
        (1000.0,),
    )
    assert chosen.points.select("run_id", "step", "tokens", "loss", "phase").rows() == [
        ("a", 1.5, 1000.0, 2.5, "end"),
        ("b", 1.0, 1000.0, 4.0, "only"),
    ]
    assert (chosen.excluded, chosen.total) == ({"no loss": 1}, 6)


def test_a_run_has_a_mean_for_each_amount():
    chosen = sampled(selected(run_id=["a", "a"], step=[10, 20], loss=[2.0, 1.0]), "step", (10.0, 20.0))
    assert chosen.points["loss"].to_list() == [2.0, 1.0]


def test_smoothing_reaches_back_to_the_step_that_is_lower_by_the_share_and_includes_it():
    rows = selected(run_id=["a"] * 4 + ["b"], step=[80, 79, 100, 90, 100], loss=[3.0, 9.0, 1.0, 2.0, 7.0])
    smooth = smoothed(rows, 0.2).points
    assert smooth.rows() == [
        ("a", 79, 9.0), ("a", 80, 6.0), ("a", 90, (9 + 3 + 2) / 3), ("a", 100, 2.0), ("b", 100, 7.0),
    ]  # fmt: skip


def test_rows_without_a_run_or_a_step_are_not_smoothed():
    rows = selected(run_id=["a", None, "a"], step=[1, 1, None], loss=[3.0, 2.0, 1.0])
    assert smoothed(rows, 0.5).points["loss"].to_list() == [3.0, 2.0, 1.0]


def test_step_zero_can_be_smoothed():
    assert smoothed(selected(run_id=["a"], step=[0], loss=[3.0]), 0.5).points.rows() == [("a", 0, 3.0)]


@pytest.mark.parametrize(("share", "expected"), [(0.2, 2.0), (0.21, (9 + 6) / 4), (0.05, 1.0)])
def test_the_ends_are_means_over_usable_rows_near_the_last_step(share, expected):
    rows = pl.DataFrame({
        "run_id": ["a"] * 6,
        "step": [79, 80, 90, 100, 95, 110],
        "loss": [9.0, 3.0, 2.0, 1.0, 99.0, 99.0],
        REASON: [0, 0, 0, 0, 1, 0],
    })  # fmt: skip
    ends = selected(run_id=["a", None], step=[100.0, 5.0], loss=[1.0, 4.0])
    assert smoothed_ends(rows.lazy(), ends, share).points.rows() == [("a", 100.0, expected), (None, 5.0, 4.0)]
