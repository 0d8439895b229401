"""Tables of points become arrays and plain numbers."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import find_law
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


def test_ranges_are_those_of_complete_columns():
    assert POINTS.ranges(["loss", "tokens", "params", "width"]) == {"loss": (2.5, 3.0), "params": (1e6, 1e8)}


def test_a_column_that_is_not_there_or_holds_words_is_refused():
    with pytest.raises(UsageError, match="no column 'width'"):
        POINTS.numbers("width")
    with pytest.raises(DataError, match="note does not hold numbers"):
        POINTS.numbers("note")
