"""Rows that stand for several attempts."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from tests.data.loading import load_samples

# Ten attempts at each problem: the answers that were given, and how often.
ANSWERS = [
    ("a", "3", True, 4), ("a", "4", False, 6),
    ("b", "1", False, 10),
    ("c", "7", True, 8), ("c", "8", False, 1), ("c", "9", False, 1),
]  # fmt: skip


def table(name="count", rows=ANSWERS, **columns):
    frame = pl.DataFrame(rows, schema=["problem", "answer_text", "correct", name], orient="row")
    return frame.with_columns(**columns)


def counts(frame, **options):
    return load_samples(frame, **options).frame.select("problem", "n", "c").rows()


@pytest.mark.parametrize("name", ["count", "Frequency", "num_occurrences"])
@pytest.mark.parametrize("kind", [pl.Int64, pl.String, pl.Float64])
def test_answers_count_as_often_as_they_were_given(name, kind):
    frame = table(name).with_columns(pl.col(name).cast(kind))
    assert counts(frame) == [("a", 10, 4), ("b", 10, 0), ("c", 10, 8)]
    assert load_samples(frame).columns["attempts"] == name


def test_files_of_answers_are_counted_in_groups(tmp_path):
    for model in ("x", "y"):
        table(model=pl.lit(model)).write_ndjson(tmp_path / f"{model}.jsonl")
    found = load_samples([str(tmp_path)], by=("model",)).frame
    assert found.select("model", "n", "c").rows() == [(m, 10, c) for m in ("x", "y") for c in (4, 0, 8)]


@pytest.mark.parametrize(
    "values", [[4, 6, 9, 8, 1, 1], [4, 6, 10, 8, 2, 0], [4.5, 5.5, 10, 8, 1, 1], [4, 6, 10, 8, 2, None]]
)
def test_a_column_that_does_not_add_up_counts_other_things(values):
    frame = table().with_columns(pl.Series("count", values, strict=False))
    assert counts(frame) == [("a", 2, 1), ("b", 1, 0), ("c", 3, 1)]


def test_a_column_of_another_name_or_a_numbered_attempt_is_no_multiple():
    assert counts(table("words")) == [("a", 2, 1), ("b", 1, 0), ("c", 3, 1)]
    assert counts(table(attempt=pl.int_range(pl.len()))) == [("a", 2, 1), ("b", 1, 0), ("c", 3, 1)]


def test_two_problems_may_agree_by_chance():
    assert counts(table(rows=ANSWERS[:3])) == [("a", 2, 1), ("b", 1, 0)]


def test_the_answer_says_that_rows_count_several_times():
    text = scaling.inference_coverage(table("freq"), replicates=100).summary()
    assert "attempts: each row counts as many as its freq says" in text
    assert "each row counts" not in scaling.inference_coverage(table("words"), replicates=100).summary()
