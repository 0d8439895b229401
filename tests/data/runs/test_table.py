"""The table of points: rows that lack a value, and what is said about rows that were left out."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.caveats import caveat
from scaling_cli.data.runs.table import RunTable, label_of, left_out, no_points
from scaling_cli.errors import DataError

FRAME = pl.DataFrame({
    "run_id": ["a", "b", "c"], "params": [1.0, None, 3.0], "tokens": [1.0, 2.0, None], "loss": [3.0, 2.0, 1.0],
})  # fmt: skip


def table(**changes):
    facts = {"frame": FRAME, "sources": (), "columns": {}, "excluded": {}, "total": 3, "caveats": ()}
    return RunTable(**(facts | changes))


def test_the_column_of_a_group_comes_before_a_role_of_its_name():
    assert label_of(FRAME.with_columns(pl.lit("x").alias("by params")), "params") == "by params"
    assert label_of(FRAME, "params") == "params"
    assert table(frame=FRAME.rename({"loss": "column loss"})).own(["loss", "params"]) == ("column loss", "params")


def test_points_without_a_needed_value_are_left_out_with_what_was_set_aside_for_them():
    aside = pl.DataFrame({"width": [64, 128, 256]})
    best = caveat("best-checkpoint")
    found = table(
        aside=aside, excluded={"no params": 4}, total=7, caveats=(*left_out({"no params": 4}, 7), best)
    ).needing(["params", "tokens"])  # fmt: skip
    assert found.frame["run_id"].to_list() == ["a"]
    assert found.aside["width"].to_list() == [64]
    assert found.excluded == {"no params": 5, "no tokens": 1}
    assert [each.code for each in found.caveats] == ["rows-excluded", "best-checkpoint"]
    assert found.caveats[0].message.startswith("6 of 7 rows were left out: 5 with no params, 1 with no tokens")


def test_a_table_that_lacks_nothing_stays():
    assert table().needing(["loss"]).frame.equals(FRAME)
    assert table().needing(["loss"]).caveats == ()


def test_a_role_without_points_or_without_a_column_is_refused():
    with pytest.raises(DataError, match="None of 3 rows can be used: 3 with no lr"):
        table(frame=FRAME.with_columns(lr=pl.lit(None, pl.Float64))).needing(["lr"])
    with pytest.raises(DataError, match="No column could be identified as compute"):
        table().needing(["compute"])


def test_reasons_have_examples_of_cells_and_of_files():
    unreadable = {"unreadable loss": "oops", "no params": "a.csv has no column 'N'"}
    (found,) = left_out({"unreadable loss": 1, "no params": 2, "no loss": 3}, 1000, unreadable)
    assert found.message.startswith(
        "6 of 1,000 rows were left out: 1 with unreadable loss such as 'oops', "
        "2 with no params (a.csv has no column 'N'), 3 with no loss"
    )
    assert left_out({}, 5) == ()


@pytest.mark.parametrize(
    ("total", "where", "message"),
    [
        (0, "loss > 1", "No row satisfies --where 'loss > 1'."),
        (0, None, "The input has a header but no rows."),
        (1, None, "The only row cannot be used: 1 with no loss."),
        (2, "loss > 1", "None of 2 rows can be used: 1 with no loss."),
    ],
)
def test_an_empty_table_says_why(total, where, message):
    assert no_points({"no loss": 1}, total, where).message == message


def test_the_hint_shows_how_numbers_are_written_only_if_a_cell_is_unreadable():
    assert "Write numbers like 70B" in no_points({"unreadable loss": 2}, 2, None, {"unreadable loss": "x"}).hint
    assert "Write numbers" not in no_points({"no loss": 2}, 2, None, {"no loss": "a.csv has no column"}).hint
    assert "Write numbers" not in no_points({"no loss": 2}, 2, None).hint
