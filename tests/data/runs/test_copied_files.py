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
def test_copied_files_get_a_caveat_instead_of_their_repeated_rows(tmp_path, text):
    for name in ("first", "second", "third"):
        (tmp_path / f"{name}.csv").write_text(text)
    table = load_runs([tmp_path / f"{name}.csv" for name in ("first", "second", "third")])
    (caveat,) = [caveat for caveat in table.caveats if caveat.code != "rows-excluded"]
    assert caveat.code == "copied-files"
    assert caveat.message.startswith("2 of 3 files are copies of others (")
    assert "second.csv of " in caveat.message
    assert "first.csv)" in caveat.message


def test_one_file_given_twice_is_read_once(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(LOGS["without steps"])
    table = load_runs([path, path])
    assert table.caveats == ()
    assert len(table.frame) == 8


def test_repeated_rows_of_different_files_keep_their_caveat(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(LOGS["without steps"])
    other = tmp_path / "other.csv"
    other.write_text(LOGS["without steps"] + "r9,9e18,3.1\n")
    assert [caveat.code for caveat in load_runs([path, other]).caveats] == ["repeated-points"]


def test_a_table_in_memory_has_no_files_to_copy():
    frame = pl.DataFrame({"compute": [1e18, 2e18, 3e18], "loss": [3.0, 2.9, 2.8]})
    assert load_runs(frame).caveats == ()
