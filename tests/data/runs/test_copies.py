"""Files that are copies of one another."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs

LOGS = {
    "without steps": "run_id,compute,loss\n" + "".join(f"r{i},{i}e18,{4 - i / 10}\n" for i in range(1, 9)),
    "with steps": "run_id,step,loss\n" + "".join(f"r{i},{step},{4 - i / 10 - step / 100}\n"
                                                for i in range(4) for step in (1, 2, 3)),
    "one run a file": "step,compute,loss\n" + "".join(f"{i},{i}e18,{4 - i / 10}\n" for i in range(1, 9)),
}  # fmt: skip


@pytest.mark.parametrize("text", LOGS.values(), ids=LOGS)
def test_copied_files_are_told_and_what_their_rows_look_like_is_not(tmp_path, text):
    for name in ("first", "second", "third"):
        (tmp_path / f"{name}.csv").write_text(text)
    table = load_runs([tmp_path / f"{name}.csv" for name in ("first", "second", "third")])
    (told,) = [each for each in table.caveats if each.code != "rows-excluded"]
    assert told.code == "copied-files"
    assert told.message.startswith("2 of 3 files are copies of others (")
    assert "second.csv of " in told.message
    assert "first.csv)" in told.message


def test_one_file_given_twice_is_read_once(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(LOGS["without steps"])
    table = load_runs([path, path])
    assert table.caveats == ()
    assert len(table.frame) == 8


def test_rows_that_repeat_in_files_that_differ_are_told_as_before(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(LOGS["without steps"])
    other = tmp_path / "other.csv"
    other.write_text(LOGS["without steps"] + "r9,9e18,3.1\n")
    assert [each.code for each in load_runs([path, other]).caveats] == ["repeated-points"]


def test_a_table_in_memory_has_no_files_to_copy():
    frame = pl.DataFrame({"compute": [1e18, 2e18, 3e18], "loss": [3.0, 2.9, 2.8]})
    assert load_runs(frame).caveats == ()
