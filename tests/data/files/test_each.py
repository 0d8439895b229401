"""Many files opened at once: small ones with the same columns are read together, and each keeps its own rows."""

from __future__ import annotations

import gzip

import polars as pl
import pytest

from scaling_cli.data.files.each import open_each
from scaling_cli.data.files.held import Held, Together, held
from scaling_cli.errors import ScalingError


@pytest.fixture
def write(tmp_path):
    def files(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return [str(tmp_path / f"{name}.csv") for name in texts]

    return files


def rows_of(inputs):
    return inputs.held.rows.collect().select("loss").to_series().to_list()


def test_small_files_of_the_same_columns_are_held_with_their_own_rows(write):
    opened = open_each(write(a="step,loss\n1,3\n2,2\n", b="step,loss\n1,5\n", c="step,loss\n1,7\n2,6\n3,5\n"))
    assert [rows_of(each) for each in opened] == [["3", "2"], ["5"], ["7", "6", "5"]]
    assert all(isinstance(each.held, Held) for each in opened)


def test_a_file_without_rows_has_none(write):
    opened = open_each(write(a="step,loss\n1,3\n", empty="step,loss\n", c="step,loss\n1,7\n"))
    assert [rows_of(each) for each in opened] == [["3"], [], ["7"]]


def test_files_of_other_columns_packed_ones_and_single_ones_are_read_later(write):
    texts = {"a": "step,loss\n1,3\n", "b": "step,loss\n1,5\n", "other": "step,metric\n1,3\n",
             "packed": gzip.compress(b"step,loss\n1,9\n")}  # fmt: skip
    a, b, other, packed = open_each(write(**texts))
    assert (rows_of(a), rows_of(b)) == (["3"], ["5"])
    assert other.held is None
    assert packed.held is None


def test_a_file_that_cannot_be_opened_is_its_error_and_the_others_are_read(write):
    names = write(a="step,loss\n1,3\n", b="step,loss\n1,5\n")
    a, missing, b = open_each([names[0], names[0] + ".none", names[1]])
    assert isinstance(missing, ScalingError)
    assert (rows_of(a), rows_of(b)) == (["3"], ["5"])


def test_a_file_that_cannot_be_read_with_others_is_left_out(write):
    """Of five files one has a row that is too long. It is found by halves, and a file left alone is read later."""
    texts = {f"f{place}": f"step,loss\n1,{place}\n" for place in range(5)}
    texts["f3"] = "step,loss\n1,3,99,98\n"
    opened = open_each(write(**texts))
    found = [None if isinstance(each, ScalingError) or each.held is None else rows_of(each) for each in opened]
    assert found == [["0"], ["1"], None, None, None]  # the half with the wrong file comes down to single files


def test_what_is_found_for_one_file_is_found_once_for_all():
    frame = pl.DataFrame({"x": [1, 2, 3, 4, 5]})
    files = pl.Series(["a", "a", "b", "b", "b"])
    found = dict(held(frame, files, ["a", "b", "none"]))
    assert [found[name].rows.collect()["x"].to_list() for name in ("a", "b", "none")] == [[1, 2], [3, 4, 5], []]
    calls = []

    def double(rows):
        calls.append(1)
        return rows.select(pl.col("x") * 2), {1: "one"}

    for name, values in (("a", [2, 4]), ("b", [6, 8, 10])):
        rows, codes = found[name].made("double", double)
        assert rows.collect()["x"].to_list() == values
        assert codes == {1: "one"}
    assert len(calls) == 1
    found["a"].made("again", double)
    assert len(calls) == 2
    assert found["a"].remembered(1, lambda: "whole") == "whole"
    assert found["b"].remembered(1, lambda: "other") == "whole"
    assert found["b"].remembered(True, lambda: "flag") == "flag"  # though it equals 1


def test_rows_of_a_file_in_two_places_are_held_for_none():
    assert list(held(pl.DataFrame({"x": [1, 2, 3]}), pl.Series(["a", "b", "a"]), ["a", "b"])) == []
    assert Together(pl.DataFrame({"x": [1]})).rows["x"].to_list() == [1]
