"""Tables of points become arrays and plain numbers."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.points.table import PointTable

POINTS = PointTable(
    pl.DataFrame(
        {
            "run_id": ["b", "a", "b"],
            "loss": [3.0, 2.5, 2.75],
            "params": [1e6, 1e7, 1e8],
            "tokens": [None, 2, 4],
            "note": ["x", "y", "z"],
        }
    )
)


def test_runs_are_numbered_by_name_whatever_the_order_of_rows():
    problem = POINTS.problem(find_law("power"), {"x": "params"})
    assert problem.runs.tolist() == [1, 0, 1]
    assert POINTS.run_names == ("a", "b")


def test_many_runs_are_numbered_as_few_are():
    names = [f"run {number % 1_500}" for number in range(0, 7 * 2_000, 7)]
    frame = pl.DataFrame({"run_id": names, "loss": 2.0, "params": [float(size) for size in range(1, 2_001)]})
    points = PointTable(frame)
    ordered = sorted(set(names))
    assert points.run_names == tuple(ordered)
    assert points.problem(find_law("power"), {"x": "params"}).runs.tolist() == [ordered.index(name) for name in names]


def test_ranges_are_those_of_complete_columns():
    assert POINTS.ranges(["loss", "tokens", "params", "width"]) == {"loss": (2.5, 3.0), "params": (1e6, 1e8)}


def test_a_column_that_is_not_there_or_holds_words_is_refused():
    with pytest.raises(UsageError, match="no column 'width'"):
        POINTS.numbers("width")
    with pytest.raises(DataError, match="note does not hold numbers"):
        POINTS.numbers("note")


def test_a_column_of_the_file_comes_before_a_role_only_where_it_is_asked_for():
    points = PointTable(POINTS.frame.with_columns(pl.lit(7.0).alias("column params")))
    assert points.numbers("params").tolist() == [1e6, 1e7, 1e8]
    assert points.numbers("params", own=True).tolist() == [7.0] * 3
    assert points.numbers("loss", own=True).tolist() == [3.0, 2.5, 2.75]


def test_labels_are_text_and_of_two_kinds_at_least():
    assert POINTS.labels("note") == ["x", "y", "z"]
    assert POINTS.labels("tokens") == ["", "2", "4"]
    with pytest.raises(DataError, match="has one value in all points"):
        PointTable(POINTS.frame.head(1)).labels("note")
    two = PointTable(POINTS.frame.with_columns(note=pl.Series([None, "a", "a"])))
    assert two.labels("note") == ["", "a", "a"]


def test_a_column_is_complete_if_every_point_has_a_value():
    assert POINTS.is_complete("params")
    assert not POINTS.is_complete("tokens")
    assert not POINTS.is_complete("width")
    assert len(POINTS) == 3


def test_levels_and_flags_of_a_law_are_numbers():
    law = law_from_formula("E + A[note]*params^-a", ["params", "note"], levels={"note": ("x", "y", "z")})
    problem = POINTS.problem(law, {name: {"params": "params"}.get(name, "note") for name in law.inputs}, "linear")
    assert problem.run_count == 2
    assert problem.runs.tolist() == [1, 0, 1]
