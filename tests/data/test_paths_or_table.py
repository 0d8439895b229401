"""Tables in memory become frames of the columns that they have, or are refused."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pandas as pd
import polars as pl
import pytest

from scaling_cli.data.paths_or_table import frame_of, paths_of
from scaling_cli.errors import UsageError

ROWS = [{"params": 10, "loss": 3.5}, {"params": 20, "loss": 3.25}]
COLUMNS = {"params": [10, 20], "loss": [3.5, 3.25]}


@pytest.mark.parametrize(
    "table",
    [ROWS, COLUMNS, OrderedDict(COLUMNS), pd.DataFrame(ROWS), pl.DataFrame(ROWS), pl.LazyFrame(ROWS),
     {name: np.array(values) for name, values in COLUMNS.items()},
     {name: pl.Series("other", values) for name, values in COLUMNS.items()},
     {name: pd.Series(values, name="other") for name, values in COLUMNS.items()}],
)  # fmt: skip
def test_a_table_of_any_library_has_its_columns_and_rows(table):
    found = frame_of(table).collect()
    assert found.columns == ["params", "loss"]
    assert found.cast(pl.Float64).rows() == [(10.0, 3.5), (20.0, 3.25)]


def test_rows_within_rows_and_names_of_several_levels_are_joined():
    assert frame_of([{"config": {"lr": 1}, "loss": 2}]).collect_schema().names() == ["config/lr", "loss"]
    assert frame_of({("config", "lr"): [1], 7: [2]}).collect_schema().names() == ["config/lr", "7"]


def test_rows_may_lack_cells():
    assert frame_of([{"a": 1}, {"b": 2}]).collect().rows() == [("1", None), (None, "2")]


def test_the_named_levels_of_an_index_of_pandas_are_columns_unless_there_is_one_of_that_name():
    frame = pd.DataFrame({"loss": [3.0]}, index=pd.MultiIndex.from_tuples([("adamw", 1)], names=["optimizer", None]))
    assert frame_of(frame).collect().rows(named=True) == [{"optimizer": "adamw", "loss": 3.0}]
    named = pd.DataFrame({"loss": [3.0]}, index=pd.Index([9], name="loss"))
    assert frame_of(named).collect().rows(named=True) == [{"loss": 3.0}]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"a": [1], ("a",): [2]}, "two columns called 'a'"),
        ({"a/b": [1], ("a", "b"): [2]}, "two columns called 'a/b'"),
        ({1: [1], "1": [2]}, "two columns called '1'"),
        ({}, "no columns"),
        ([{}], "no columns"),
        ({"a": [1, 2], "b": [3]}, "'a' has 2, 'b' has 1"),
        ({"a": 3}, "'a' is one value"),
        ({"a": "12"}, "'a' is one value"),
        ({"a": {1: 2}}, "'a' is a dict"),
        ({"a": {1, 2}}, "'a' is a set"),
        ({"a": [[1], ["b"]]}, "'a' holds lists of different types"),
        ({"a": pd.Series([1, 2]), "b": pd.Series([1, 2], index=[1, 0])}, "'a' and 'b' are .* different indexes"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table, said):
    with pytest.raises(UsageError, match=said):
        frame_of(table)


def test_a_path_and_a_list_of_paths_are_no_table():
    assert frame_of("runs.csv") is None
    assert frame_of(["a.csv", "b.csv"]) is None
    assert paths_of("runs.csv") == ["runs.csv"]
    assert paths_of(["a.csv", "b.csv"]) == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("data", "said"),
    [(3, "object of type int"), ([1.0, 2.0], "object of type list"), (pl.Series([1]), "object of type Series"),
     ("loss\n" + 100 * "3.5\n", "not the content of a file, 'loss")],
)  # fmt: skip
def test_what_is_no_path_is_refused(data, said):
    assert frame_of(data) is None
    with pytest.raises(UsageError, match=said):
        paths_of(data)


def test_a_long_path_in_one_line_is_a_path():
    assert paths_of("a/" * 200) == ["a/" * 200]
    assert paths_of("a\nb") == ["a\nb"]
