"""Cells of every type as numbers, text and labels, and conditions on them."""

from __future__ import annotations

import os
import sys
from datetime import date

import polars as pl
import pytest

from scaling_cli.data import filters, quiet
from scaling_cli.data.cells import (
    is_text,
    is_unreadable,
    label,
    number,
    numbers_of_text,
    plain_columns,
    read_numbers,
    text,
    without_blanks,
)
from scaling_cli.data.filters import UNJUDGED, Computed, columns_in, keep_where
from scaling_cli.data.names import closest, column_of, guess, in_order, listing, normalise, shortened, unknown
from scaling_cli.data.paths_or_table import frame_of, paths_of
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.errors import DataError, UsageError


def test_fields_of_nested_columns_become_columns():
    frame = pl.DataFrame({"a": [{"b": 1, "c": {"d": "x"}}], "a/b": [5], " e ": [2]})
    assert plain_columns(frame.lazy()).collect().to_dicts() == [{"a/b": 5, "a/c/d": "x", "e": 2}]
    first = pl.DataFrame({"a/b": [5], "a": [{"b": 1}]})
    assert plain_columns(first.lazy()).collect().to_dicts() == [{"a/b": 5}]


def test_blanks_around_names_go_where_names_stay_unique_and_not_empty():
    frame = pl.DataFrame([[1], [2], [3], [4]], schema=[" a", "a ", " b ", "  "])
    assert without_blanks(frame.lazy()).collect().columns == [" a", "a ", "b", "  "]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("3", 3.0),
        (" 3 ", 3.0),
        ("1,000", 1000.0),
        ("1_000", 1000.0),
        ("70B", 7e10),
        ("1.4T", 1.4e12),
        ("2e3k", 2e6),
        ("-5M", -5e6),
        ("+2", 2.0),
        (".5", 0.5),
        ("1e400", float("inf")),
        ("x", None),
        ("12,34", None),
        ("", None),
        ("NA", None),
        ("7 billion", 7e9),
        ("nan", float("nan")),
        ("1K", 1000.0),
        ("1.3×10^9", 1.3e9),
        ("2 * 10**3", 2e3),
        ("**3.21**", 3.21),
        ("~1.3B", 1.3e9),
        ("19\u202f047\u202f777", 19047777.0),
        ("19'047'777", 19047777.0),
        ("1 234.5 M", 1.2345e9),
        ("12 34", None),
        ("3.21*", None),
    ],
)
def test_text_is_read_as_options_are(cell, value):
    (found,) = read_numbers(pl.Series([cell])).to_list()
    assert found == pytest.approx(value, nan_ok=True) if value is not None else found is None


def test_units_may_follow_numbers():
    units = {"pf_days": 8.64e19, "%": 0.01}
    cells = pl.Series("x", ["2 PF-days", "68.5%", "3", "2 other", "2 pf/days", None])
    assert read_numbers(cells, units).to_list() == [1.728e20, 0.685, 3.0, None, 1.728e20, None]
    assert read_numbers(cells, units).name == "x"
    frame = cells.to_frame()
    assert frame.select(numbers_of_text(pl.col("x"), units))["x"].to_list()[1] == 0.685
    assert frame.select(numbers_of_text(pl.col("x")))["x"].to_list() == [None, None, 3.0, None, None, None]


MISSING = ["", " ", "na", "N/A", "#N/A", "NULL", "none", "nil", "-", "--", "?"]


def test_words_for_missing_cells_are_no_text():
    frame = pl.DataFrame({"x": [*MISSING, " a ", None, "0"]})
    assert frame.select(text("x"))["x"].to_list() == [*[None] * len(MISSING), "a", None, "0"]
    odd = frame.select(is_unreadable(pl.col("x"), numbers_of_text(pl.col("x"))))["x"].to_list()
    assert odd == [*[False] * len(MISSING), True, False, False]


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [(pl.String(), True), (pl.Categorical(), True), (pl.Enum(["a"]), True), (pl.Int8(), False), (pl.Date(), False)],
)
def test_types_that_are_text(kind, is_one):
    assert is_text(kind) == is_one


def test_numbers_are_numbers_truth_values_or_nothing():
    frame = pl.DataFrame({"i": [1], "b": [True], "n": [None], "d": [date(2026, 1, 1)], "l": [[1]]})
    for name, value in (("i", 1.0), ("b", 1.0), ("n", None)):
        assert frame.select(number(name, frame.schema[name])).item() == value
    for name in ("d", "l"):
        with pytest.raises(DataError, match="which are not numbers") as caught:
            number(name, frame.schema[name], "--x COL")
        assert "--x COL" in caught.value.hint


def test_labels_are_names_without_a_point_and_a_zero():
    frame = pl.DataFrame({"f": [1.0, 1.5], "s": ["", "a"], "i": [1, 2], "l": [[1], [2]]})
    assert frame.select(label("f", frame.schema["f"]))["f"].to_list() == ["1", "1.5"]
    assert frame.select(label("s", frame.schema["s"]))["s"].to_list() == [None, "a"]
    assert frame.select(label("i", frame.schema["i"]))["i"].to_list() == ["1", "2"]
    texts = pl.DataFrame({"s": ["256", "256.0", "-1.0", "v1.0", "1.50", "2.00"]})
    assert texts.select(label("s", pl.String))["s"].to_list() == ["256", "256", "-1", "v1.0", "1.50", "2.00"]
    with pytest.raises(DataError, match="cannot be used as names"):
        label("l", frame.schema["l"])


ROWS = pl.DataFrame({
    "size": ["1k", "2", "x", "", "nan"],
    "ok": ["true", "False", " TRUE ", "", "false"],
    "word": ["a", "b", "c", "d", "e"],
    "n": [1, 2, 3, 4, 5],
})  # fmt: skip


def kept(condition, rows=ROWS, **roles):
    found, judged = keep_where(rows.lazy(), condition, rows.schema, roles)
    frame = found.collect()
    flags = {name: frame[UNJUDGED + name].to_list() for name in judged}
    assert frame.columns == [*rows.columns, *(UNJUDGED + name for name in judged)]
    return frame["n"].to_list(), flags


def test_conditions_see_numbers_and_truth_values_and_rows_stay_as_they_are():
    numbers = ROWS.filter(pl.col("size") != "x")
    assert kept("size > 1", numbers) == ([1, 2], {"size": [False, False]})
    assert kept("ok") == ([1, 3], {})
    assert kept("NOT ok") == ([2, 5], {})
    assert kept("word = 'b' OR n >= 5") == ([2, 5], {})
    found, _ = keep_where(numbers.lazy(), "size > 1", numbers.schema)
    assert found.collect()["size"].to_list() == ["1k", "2"]


def test_a_column_is_judged_by_its_first_thousand_cells(monkeypatch):
    monkeypatch.setattr(filters, "SAMPLE", 2)
    assert kept("size > 5") == ([1, 3], {"size": [False, True]})  # the third cell cannot be judged
    assert kept("size > 5 AND n < 3") == ([1], {"size": [False]})
    assert kept("size > 5 OR n = 3") == ([1, 3], {"size": [False, False]})
    monkeypatch.setattr(filters, "SAMPLE", 3)
    with pytest.raises(UsageError, match="size has text"):
        kept("size > 5")


def test_roles_stand_for_names_that_are_no_columns():
    role = Computed(pl.col("n") * 10.0, pl.col("n") == 4)
    assert kept("tens > 25", tens=role) == ([3, 4, 5], {"tens": [False, False, False]})
    assert kept("n > 3", n=role) == ([4, 5], {})
    gap = Computed(pl.when(pl.col("n") != 4).then(pl.col("n") * 10.0), pl.col("n") == 4)
    assert kept("tens > 45", tens=gap) == ([4, 5], {"tens": [True, False]})


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("n +", "is not an SQL condition"),
        ("n + 1", "does not give true or false"),
        ("m > 1", "Unknown column 'm'"),
        ("word > 1", "cannot be applied: word has text"),
        ("(SELECT 1) > 0", "contains SELECT"),
    ],
)
def test_conditions_that_mean_nothing_are_refused(condition, message):
    with pytest.raises(UsageError, match=message):
        kept(condition)


def test_the_columns_of_a_condition():
    assert set(columns_in("a > 1 AND \"b/c\" = 'x'")) == {"a", "b/c"}
    assert columns_in(None) == ()
    assert kept("word = 'select'") == ([], {})


@pytest.mark.parametrize(
    ("kind", "words"),
    [(pl.Boolean(), "true and false"), (pl.Int8(), "numbers"), (pl.String(), "text"), (pl.List(pl.Int8), "lists"),
     (pl.Date(), "dates or other values")],
)  # fmt: skip
def test_types_are_described_in_words(kind, words):
    assert filters._described(kind) == words


def test_names_are_compared_listed_and_suggested():
    assert normalise("Compute (PF-days)") == "compute_pf_days"
    assert normalise("loss_duplicated_0") == "loss"
    assert column_of(["column a", "a"], "a") == "column a"
    assert column_of(["a"], "a") == "a"
    assert listing([f"c{i}" for i in range(12)]).endswith("c11")
    assert listing([f"c{i}" for i in range(14)]).endswith("c11 and 2 more")
    assert shortened("x" * 80) == "x" * 80
    assert shortened("x" * 81) == "x" * 79 + "…"
    assert closest("Eval.Los", ["eval/loss", "width"]) == "eval/loss"
    assert closest("zzz", ["eval/loss"]) is None
    assert closest("a_b", ["a b", "a/b"]) == "a b"  # the first of equal ones
    assert guess("los", ["loss"]) == "Did you mean 'loss'? "
    assert guess("zzz", ["loss"]) == ""
    assert unknown("column", "los", ["loss"]).hint == "Did you mean 'loss'? Available: loss."
    assert sorted(["b", "70M", "1B", "a", "2"], key=in_order) == ["2", "70M", "1B", "a", "b"]


def test_paths_and_tables_are_told_apart():
    frame = pl.DataFrame({"a": [1]})
    assert frame_of(frame).collect().equals(frame)
    assert frame_of("a.csv") is None
    assert paths_of("a") == ["a"]
    assert paths_of(["a", "b"]) == ["a", "b"]
    for given in (3, [1], {"a"}, ["a", None]):
        with pytest.raises(UsageError):
            paths_of(given)


@pytest.mark.parametrize(
    ("written", "heard"), [(b"a warning\n", "a warning\n"), (b"thread panicked at x\n", ""), (b"", "")]
)
def test_panics_are_kept_off_stderr_and_nothing_else(capfd, written, heard):
    with quiet_panics():
        os.write(2, written)
        with quiet_panics():  # within another, nothing changes
            assert len(quiet._kept) == 1
    sys.stderr.flush()
    assert capfd.readouterr().err == heard
    assert quiet._kept == []
