"""Files of evaluation tools that are still being written, or have two columns that could name the problem."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_samples
from tests.data.samples.test_load import COUNTS, OUTCOMES, attempts, codes, counts

LISTS = [{"problem_id": name, "correct": outcomes} for name, outcomes in OUTCOMES.items()]
TABLE = [dict(zip(("problem_id", "n", "c"), row, strict=True)) for row in COUNTS]
LM_EVAL = [
    {"doc_id": name, "filter": "none", "resps": [[""] * 4], "metrics": ["acc"], "acc": sum(outcomes) / 4}
    for name, outcomes in OUTCOMES.items()
]


@pytest.mark.parametrize(
    "records",
    [attempts(model="a", task="x").rows(named=True), LISTS, TABLE, LM_EVAL],
    ids=["attempts", "lists", "counts", "lm-eval"],
)
def test_lines_cut_short_are_left_out_and_counted(tmp_path, records):
    lines = [json.dumps(record) for record in records]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join([*lines[:2], lines[0][: len(lines[0]) // 3], *lines[2:], lines[0][:9]]))
    table = load_samples(path)
    assert counts(table) == COUNTS
    assert codes(table) == ["rows-excluded"]
    assert table.caveats[0].message.startswith(f"2 of {len(lines) + 2} rows were left out: 2 with no problem.")
    path.write_text("\n".join(lines))
    assert codes(load_samples(path)) == []


def test_packed_logs_cut_short_are_an_error(tmp_path):
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(attempts().write_ndjson().encode())[:-30])
    with pytest.raises(DataError, match=r"ended before|cannot be"):
        load_samples(path)


def test_a_second_column_that_makes_other_problems_is_named():
    rows = attempts().with_columns(task_id=pl.Series(["a", "b"] * 6))
    table = load_samples(rows)
    assert counts(table) == COUNTS
    assert codes(table) == ["other-problems"]
    message = table.caveats[0].message
    assert "by problem_id (3 of them), but task_id would give 2" in message
    assert "--problem task_id" in message
    assert load_samples(rows, mapping={"problem": "task_id"}).columns["problem"] == "task_id"


@pytest.mark.parametrize(
    "chosen", [{"mapping": {"problem": "problem_id"}}, {"by": ["task_id"]}], ids=["named", "group"]
)
def test_a_column_that_the_user_chose_gets_no_caveat(chosen):
    table = load_samples(attempts().with_columns(task_id=pl.Series(["a", "b"] * 6)), **chosen)
    assert codes(table) == []


@pytest.mark.parametrize(
    "other",
    [pl.col("problem_id").alias("task_id"), pl.lit("humaneval").alias("task_id"), pl.int_range(12).alias("id")],
    ids=["the same", "coarser", "generic"],
)
def test_a_second_column_that_makes_the_same_problems_is_ignored(other):
    table = load_samples(attempts().with_columns(other))
    assert (counts(table), codes(table)) == (COUNTS, [])
