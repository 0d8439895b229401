"""Attempts, counts and matrices become counts for each problem."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.samples import counts
from scaling_cli.data.samples.repeated_attempts import drop_repeated_attempts, have_no_repeats, numbering
from scaling_cli.errors import DataError, UsageError
from tests.data.loading import load_samples


def loaded(rows, **options):
    return load_samples(pl.DataFrame(rows), **options)


def rows_of(table, *names):
    return table.frame.select(*names).rows()


def codes(table):
    return [caveat.code for caveat in table.caveats]


LOG = {
    "problem": ["a", "a", "a", "b", "b", "c"],
    "attempt": [1, 2, 3, 1, 2, 1],
    "correct": [0.0, 1.0, None, 0.0, 0.0, None],
}


def test_attempts_without_an_outcome_are_left_out_or_failed():
    table = loaded(LOG)
    assert rows_of(table, "problem", "n", "c") == [("a", 2, 1), ("b", 2, 0)]
    assert codes(table) == ["missing-outcomes"]
    assert table.caveats[0].message.startswith("2 attempts")
    failed = loaded(LOG, on_missing="fail")
    assert rows_of(failed, "problem", "n", "c") == [("a", 3, 1), ("b", 2, 0), ("c", 1, 0)]
    assert table.rows == 6


def test_the_first_success_counts_from_one_where_lengths_differ():
    assert "first" in loaded(LOG, on_missing="fail").frame.columns
    assert loaded(LOG, on_missing="fail").frame["first"].to_list() == [2, 0, 0]
    even = {name: values[:2] + values[3:5] for name, values in LOG.items()}
    assert "first" not in loaded(even, on_missing="fail").frame.columns


@pytest.mark.parametrize(
    "names", [["x1", "x2", "x3", "x1", "x2", "x1"], ["1", "2", "x3", "1", "2", "1"], [1.0, 2.0, 3.0, 1.0, 2.0, 1.0]]
)
def test_attempts_with_names_have_no_first(names):
    assert "first" not in loaded(LOG | {"attempt": names}, on_missing="fail").frame.columns


def test_attempts_logged_twice_keep_their_last_row():
    twice = {name: [*values, *values[:2]] for name, values in LOG.items()}
    twice["correct"][-2:] = [1.0, 1.0]
    table = loaded(twice)
    assert rows_of(table, "problem", "n", "c")[0] == ("a", 2, 2)
    assert table.rows == 8
    assert "repeated-attempts" in codes(table)


@pytest.mark.parametrize(
    ("attempts", "is_plain"),
    [
        ([0, 1, 2, 3], True),
        ([7, 5, 6, 8], True),
        ([-1, 0, 1, 2], True),
        ([5], True),
        ([0, 1, 1, 2], False),
        ([0, 1, 2, 4], False),
        ([0, 0, 3, 3], False),  # the sum of 0 to 3
        ([1, 1, 2, 2], False),
        ([0, None, 1], False),
        ([None], False),
    ],
)
def test_sums_show_whether_attempts_are_numbered_without_gaps(attempts, is_plain):
    frame = pl.DataFrame({"attempt": attempts}, schema={"attempt": pl.Int64})
    counted = frame.select(pl.len().alias("rows"), *numbering(pl.Int64()))
    assert have_no_repeats(counted) == is_plain
    assert numbering(pl.String()) == []
    assert numbering(None) == []
    assert not have_no_repeats(frame)


def test_rows_without_a_number_are_never_repeats():
    values = pl.DataFrame({"key": ["a"] * 5, "attempt": [1, 1, None, None, 1], "success": [0, 1, 2, 3, 4]}).lazy()
    kept, dropped = drop_repeated_attempts(values, ["key"])
    assert dropped == 2
    assert sorted(kept.collect()["success"]) == [2, 3, 4]
    same, none = drop_repeated_attempts(values.filter(pl.col("attempt").is_null()), ["key"])
    assert none == 0
    assert same.collect().height == 2


@pytest.mark.parametrize(("threshold", "c"), [(0.5, 2), (0.51, 1), (0.4, 2), (0.3, 3)])
def test_a_threshold_is_the_lowest_success(threshold, c):
    table = loaded({"problem": ["a"] * 3, "correct": [0.3, 0.5, 0.9]}, threshold=threshold)
    assert rows_of(table, "n", "c") == [(3, c)]


def test_shares_without_a_threshold_are_refused():
    with pytest.raises(UsageError, match="values other than 0 and 1") as caught:
        loaded({"problem": ["a"] * 2, "correct": [0.3, 1.0]})
    assert "--threshold" in caught.value.hint
    assert rows_of(loaded({"problem": ["a"] * 2, "correct": [True, False]}), "n", "c") == [(2, 1)]


def test_verdicts_count_where_the_outcome_is_known():
    rows = {"problem": ["a"] * 4, "correct": [1.0, 0.0, None, 1.0], "v": [1, 1, 1, 0]}
    table = loaded(rows, mapping={"verified": "v"})
    assert rows_of(table, "accepted", "accepted_correct") == [(2, 1)]


def test_counts_are_read_once_for_equal_rows():
    rows = {"problem": ["b", "a", "a", "c", None], "n": ["4", "5", "5", None, "3"], "c": ["1", "2", "2", "1", "1"]}
    rows["k"] = [1, 1, 2, 1, 1]
    table = loaded(rows)
    assert rows_of(table, "problem", "n", "c") == [("a", 5, 2), ("b", 4, 1)]
    assert sorted(codes(table)) == ["missing-outcomes", "rows-excluded"]
    assert codes(loaded({"problem": ["a"], "n": [4], "c": [4]})) == []


@pytest.mark.parametrize(
    ("n", "c", "message"),
    [
        (4, 5, "which is impossible"),
        (4, -1, "which is impossible"),
        (-1, -2, "which is impossible"),
        (4.5, 2, "not whole numbers"),
        (4, 2.5, "not whole numbers"),
        (10**9, 2, "more than 999,999,999 attempts"),
    ],
)
def test_counts_that_cannot_be_are_refused(n, c, message):
    with pytest.raises(DataError, match=message):
        loaded({"problem": ["a"], "n": [n], "c": [c]})


@pytest.mark.parametrize(("n", "c"), [(4, 4), (4, 0), (10**9 - 1, 2)])
def test_counts_at_their_limits_are_taken(n, c):
    assert rows_of(loaded({"problem": ["a"], "n": [n], "c": [c]}), "n", "c") == [(n, c)]


def test_a_problem_never_tried_is_left_out():
    assert rows_of(loaded({"problem": ["a", "b"], "n": [0, 3], "c": [0, 1]}), "problem") == [("b",)]


@pytest.mark.parametrize("together", [1, 2, 100])
def test_the_cells_of_a_matrix_are_counted_part_by_part(monkeypatch, together):
    monkeypatch.setattr(counts, "TOGETHER", together)
    rows = {"problem": ["a", "b", None], "x": [1, 0, 1], "y": [1, None, 1], "z": ["yes", "no", "no"]}
    table = loaded(rows)
    assert rows_of(table, "problem", "n", "c") == [("a", 3, 3), ("b", 2, 0)]
    assert codes(table) == ["rows-excluded", "missing-outcomes"]
    assert table.caveats[1].message.startswith("1 attempt")
    assert rows_of(loaded(rows, on_missing="fail"), "n", "c") == [(3, 3), (3, 0)]


def test_a_list_counts_in_the_order_of_its_attempts():
    rows = {"problem": ["a", "b", None, "c"], "correct": [[0, 1, 0], [1], [1, 1], [None, 0]]}
    table = loaded(rows, on_missing="fail")
    assert rows_of(table, "problem", "n", "c", "first") == [("a", 3, 1, 2), ("b", 1, 1, 1), ("c", 2, 0, 0)]
    assert "rows-excluded" in codes(table)


def test_arrays_of_numpy_have_a_problem_per_row(tmp_path):
    def saved(array):
        np.save(tmp_path / "a.npy", array)
        return load_samples(tmp_path / "a.npy")

    for kind in (bool, np.int8, np.float32, np.float16, np.float64):
        assert rows_of(saved(np.array([[1, 0, 1], [0, 0, 0]], dtype=kind)), "n", "c") == [(3, 2), (3, 0)]
    for columns, layout in ((1000, "matrix"), (1001, "list")):
        table = saved(np.ones((2, columns), dtype=np.int8))
        assert table.layout == layout
        assert rows_of(table, "n", "c") == [(columns, columns)] * 2
    for array, message in ((np.ones(3), "1 dimensions"), (np.ones((1, 1, 1)), "3 dimensions"),
                           (np.array([["a"]]), "values that are not numbers")):  # fmt: skip
        with pytest.raises(DataError, match=message):
            saved(array)
    np.save(tmp_path / "a.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(DataError, match="damaged or holds Python objects"):
        load_samples(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["overall", "Average", "total"])
def test_one_row_of_totals_among_attempts_is_no_problem(name):
    rows = {"problem": ["a", "a", "b", "b", name], "correct": [1.0, 0.0, 0.0, 0.0, 0.25]}
    table = loaded(rows)
    assert rows_of(table, "problem", "n", "c") == [("a", 2, 1), ("b", 2, 0)]
    assert "a total of the others" in table.caveats[0].message
    assert table.rows == 5
    kept = loaded({"problem": ["a", "b", name], "correct": [1.0, 0.0, 1.0]})
    assert kept.frame["n"].sum() == 3


def test_headers_of_joined_parts_of_a_log_are_no_rows(tmp_path):
    part = "problem_id,attempt,correct\na,0,1\na,1,0\n"
    (tmp_path / "log.csv").write_text(part + part.replace("a,", "b,"))
    table = load_samples(tmp_path / "log.csv")
    assert rows_of(table, "problem", "n", "c") == [("a", 2, 1), ("b", 2, 1)]
    assert not table.caveats


def test_each_file_can_be_a_problem(tmp_path):
    for name, solved in (("a", "1\n0\n"), ("b", "0\n0\n")):
        (tmp_path / f"{name}.csv").write_text("correct\n" + solved)
    with pytest.raises(DataError, match="'problem'") as caught:
        load_samples(tmp_path)
    assert "--problem file" in caught.value.hint
    table = load_samples(tmp_path, problem="file")
    assert rows_of(table, "problem", "n", "c") == [("a", 2, 1), ("b", 2, 0)]


@pytest.mark.parametrize("column", ["correct", "reward"])
def test_a_score_beside_or_in_place_of_the_outcome_is_no_outcome_without_a_threshold(column):
    """A value of 1 or more counted as a success, and all others as failures."""
    rows = {"problem": ["a", "a", "b", "b"], column: [0.3, 2.5, -0.7, 0.2], "rank": [1.0, 2.0, 3.0, 4.0]}
    scored = {"score": "reward" if column == "reward" else "rank"}
    with pytest.raises(UsageError, match=f"'{column}' has values other than 0 and 1") as caught:
        loaded(rows, mapping=scored)
    assert "--threshold" in caught.value.hint
    assert rows_of(loaded(rows, mapping=scored, threshold=0.25), "problem", "c") == [("a", 2), ("b", 0)]


@pytest.mark.parametrize(("role", "column"), [("score", [None, None]), ("answer", ["", None])])
def test_a_column_without_any_score_or_answer_is_refused(role, column):
    rows = pl.DataFrame({"problem": ["a", "b"], "correct": [1, 0], "column": column})
    with pytest.raises(DataError, match=f"has no {role}s") as caught:
        load_samples(rows, mapping={role: "column"})
    assert f"--{role} COL" in caught.value.hint


def test_a_score_of_nan_is_missing_as_an_empty_one_is():
    rows = pl.DataFrame({"problem": ["a", "a", "b"], "correct": [1, 0, 1], "rank": ["0.5", "NaN", ""]})
    (doubt,) = load_samples(rows, mapping={"score": "rank"}).caveats
    assert doubt.code == "missing-scores"
    assert doubt.message.startswith("2 attempts have no score in column rank")


def test_a_score_that_is_no_number_is_refused():
    rows = pl.DataFrame({"problem": ["a", "a", "b"], "correct": [1, 0, 1], "points": ["0.5", "x", None]})
    with pytest.raises(DataError, match="Column 'points' has 1 cell with text that is no number") as caught:
        load_samples(rows, mapping={"score": "points"})
    assert "--score COL" in caught.value.hint
    assert load_samples(rows, mapping={"score": "points"}, where="points != 'x' or points is null").frame.height == 2
