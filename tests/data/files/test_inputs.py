"""Input files as lazy tables, and files that cannot be used."""

from __future__ import annotations

import os

import polars as pl
import pytest

from scaling_cli.data.files import inputs
from scaling_cli.data.files.expand import InputFile
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.inputs import UnreadFile, column_counts, joined, none_readable, open_files, open_inputs
from scaling_cli.data.usable_files import UnusableFilesError, read_usable
from scaling_cli.errors import DataError


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def files(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return [f"{name}.csv" for name in texts]

    return files


def test_files_of_one_layout_are_scanned_together_and_columns_counted(write):
    inputs = open_inputs(write(a="x,y\n1,2\n", b="x,z\n3,4\n", c="x,y\n5,6\n"))
    scans = list(inputs.scans())
    assert [[file.name for file in scan.files] for scan in scans] == [["a.csv", "c.csv"], ["b.csv"]]
    assert [scan.columns for scan in scans] == [("x", "y"), ("x", "z")]
    assert column_counts(scans) == {"x": 3, "y": 2, "z": 1}
    assert list(column_counts(scans)) == ["x", "y", "z"]
    assert inputs.frame().collect().to_dicts() == [
        {"x": "1", "y": "2", "z": None}, {"x": "5", "y": "6", "z": None}, {"x": "3", "y": None, "z": "4"},
    ]  # fmt: skip


def test_files_are_left_out_unless_none_stays(write):
    inputs = open_inputs(write(a="x\n1\n", b="y\n2\n"))
    bad = UnreadFile("a.csv", "a.csv is odd.", "Mend it.")
    left = inputs.without([bad])
    assert [file.name for file in left.files] == ["b.csv"]
    assert left.unread == (bad,)
    assert [len(files) for files in left.layouts.values()] == [1]
    with pytest.raises(DataError, match=r"None of 2 files can be read; the first: a.csv is odd."):
        left.without([UnreadFile("b.csv", "b.csv is odd.", "")])
    assert none_readable([bad]).hint == "Mend it."


def test_a_file_that_is_written_to_meanwhile_is_noticed(write, tmp_path):
    inputs = open_inputs(write(a="x\n1\n", b="x\n2\n"))
    assert inputs.changed() == []
    (tmp_path / "b.csv").write_text("x\n2\n3\n")
    (changed,) = inputs.changed()
    assert (changed.path, changed.error) == ("b.csv", "b.csv changed while it was read.")


def test_what_changes_while_it_is_read_is_left_out_or_refused_alone(write, tmp_path):
    def read(inputs):
        (tmp_path / "a.csv").write_text("x\n1\n2\n3\n")
        return [file.name for file in inputs.files]

    assert read_usable(open_inputs(write(a="x\n1\n", b="x\n2\n")), read) == ["b.csv"]
    with pytest.raises(DataError, match=r"a.csv changed while it was read"):
        read_usable(open_inputs(write(a="x\n1\n")), read)


def test_a_reader_may_leave_files_out(write):
    def read(inputs):
        if len(inputs.files) > 1:
            raise UnusableFilesError([UnreadFile("a.csv", "no", "")])
        return [file.name for file in inputs.files], [file.path for file in inputs.unread]

    assert read_usable(open_inputs(write(a="x\n1\n", b="x\n2\n")), read) == (["b.csv"], ["a.csv"])


def test_the_files_that_make_reading_fail_are_found_among_many(write):
    good = {f"g{i}": "x,y\n1,2\n" for i in range(6)}
    names = write(**good, bad="x,y\n1,2\n3,4,5\n", worse="x,y\n1,2,3\n")
    inputs = open_inputs(names)
    frame, unread = read_usable(inputs, lambda given: (given.frame().collect(), given.unread))
    assert frame.height == 6
    assert sorted(file.path for file in unread) == ["bad.csv", "worse.csv"]
    with pytest.raises(DataError, match=r"bad.csv"):
        read_usable(open_inputs(["bad.csv"]), lambda given: given.frame().collect())
    with pytest.raises(DataError, match=r"g0.csv together with 5 other files"):
        read_usable(open_inputs(names[:6]), lambda given: pl.DataFrame({"x": ["a"]}).cast(pl.Int64))


@pytest.mark.parametrize(
    ("kinds", "kind", "values"),
    [
        ((pl.Int64, pl.Float64), pl.Float64, [1.0, 2.0]),
        ((pl.Int64, pl.String), pl.String, ["1", "2"]),
        ((pl.Int64, pl.Boolean), pl.Int64, [1, 1]),
        ((pl.Int64, pl.Null), pl.Int64, [1, None]),
        ((pl.String, pl.Float64), pl.String, ["1", "2.0"]),
    ],
)
def test_columns_of_several_types_get_a_common_one(kinds, kind, values):
    tables = [
        pl.DataFrame({"x": pl.Series([number if each != pl.Null else None]).cast(each), "y": [number]}).lazy()
        for number, each in zip((1, 2), kinds, strict=True)
    ]
    frame = joined(tables).collect()
    assert frame["x"].dtype == kind
    assert frame["x"].to_list() == values
    assert frame["y"].to_list() == [1, 2]


def test_lists_beside_other_values_become_null_and_beside_lists_stay():
    lists, words = pl.DataFrame({"x": [[1]]}), pl.DataFrame({"x": ["a"]})
    assert joined([lists.lazy(), words.lazy()]).collect()["x"].to_list() == [None, "a"]
    both = joined([lists.lazy(), lists.cast(pl.List(pl.Float64)).lazy()]).collect()
    assert both["x"].to_list() == [[1.0], [1.0]]
    assert joined([lists.lazy()]).collect().equals(lists)
    assert joined([lists.lazy(), pl.DataFrame({"y": [2]}).lazy()]).collect()["x"].to_list() == [[1], None]


def test_labels_in_paths_are_columns_unless_the_file_has_one(write, tmp_path):
    for place in ("lr=1/x=7", "lr=2"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.csv").write_text("x\n5\n")
    frame = open_inputs(["lr=1/x=7/a.csv", "lr=2/a.csv"]).frame().collect()
    assert frame.to_dicts() == [{"x": "5", "lr": "1"}, {"x": "5", "lr": "2"}]
    scan = next(open_inputs(["lr=1/x=7/a.csv"]).scans())
    assert scan.columns == ("x", "lr")
    assert FILE in scan.rows.collect_schema().names()


def test_one_file_that_cannot_be_opened_is_an_error_and_one_of_several_is_listed(write):
    write(a="x\n1\n", empty="")
    with pytest.raises(DataError, match=r"empty.csv is empty"):
        open_inputs(["empty.csv"])
    inputs = open_inputs(["a.csv", "empty.csv"])
    assert [file.name for file in inputs.files] == ["a.csv"]
    assert [file.path for file in inputs.unread] == ["empty.csv"]
    with pytest.raises(DataError, match=r"gone.csv does not exist"):
        open_inputs(["a.csv", "gone.csv"])
    with pytest.raises(DataError, match="None of 2 files can be read"):
        open_files([InputFile("e", "empty.csv"), InputFile("f", "empty.csv")])


def test_the_error_about_a_copy_has_the_name_that_was_given(write):
    write(empty="")
    for name, shown in (("-", "standard input is empty"), ("given.csv", "given.csv is empty")):
        with pytest.raises(DataError, match=shown):
            open_files([InputFile(name, "empty.csv")])


def test_a_named_format_counts_unless_the_file_is_empty(write):
    names = write(a='{"x": 1}\n')
    (kind, _), *_ = open_inputs(names, "jsonl").layouts
    assert kind.line_per_row is False
    write(blank=" \n")
    with pytest.raises(DataError, match=r"blank.csv is empty"):
        open_inputs(["blank.csv"], "csv")


def test_a_file_that_fits_into_its_head_is_hashed_at_once(write):
    names = write(small="x\n1\n", large="x\n" + "1\n" * 32_768)
    assert list(open_inputs(names).digests) == ["small.csv"]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("rnus.csv", "Did you mean runs.csv?"),
        ("sub/rnus.csv", "Did you mean sub/runs.csv?"),
        ("zzzzzzzz.csv", "Check the path: the current folder has 1.csv, 2.csv, 3.csv, 4.csv, 5.csv."),
        ("sub/zzzzzzzz.csv", "Check the path: the folder sub has runs.csv."),
        ("zzzzzzzz.parquet", "Check the path."),
        ("none/a.csv", "Check the path: the folder none does not exist, either."),
    ],
)
def test_a_missing_file_gets_the_names_beside_it(write, tmp_path, asked, hint):
    write(**dict.fromkeys(("1", "2", "3", "4", "5", "6", "runs"), "x\n1\n"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "runs.csv").write_text("x\n1\n")
    with pytest.raises(DataError) as caught:
        open_inputs([asked])
    assert caught.value.hint == hint


def test_what_rust_writes_while_it_panics_over_a_file_is_not_shown(tmp_path, monkeypatch, capfd):
    """Parquet with damaged metadata makes polars panic when the file is opened, before anything is read."""

    def panics(path, _):
        os.write(2, b"thread '<unnamed>' panicked at column_chunk_metadata.rs:301:37\n")
        raise DataError(f"{path} cannot be read.", hint="Check it.")

    (tmp_path / "runs.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(inputs, "check_unpacked", panics)
    with pytest.raises(DataError, match="cannot be read"):
        open_inputs([str(tmp_path / "runs.parquet")])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["x/a/1.csv", "x/a/2.csv", "x/a/3.csv", "x/b/1.csv", "x/b/2.csv", "x/b/3.csv"], ["a"] * 3 + ["b"] * 3),
        ([f"x/{kind}/run{i}/log.csv" for kind in "ab" for i in range(3)], ["a"] * 3 + ["b"] * 3),
        ([f"{kind}/{i}.csv" for kind in "ab" for i in range(2)], []),  # fewer than three files a folder
        ([f"x/run{i}/log.csv" for i in range(9)], []),  # one folder a run
        (["1.csv", "2.csv", "3.csv"], []),
        (["1.csv", "2.csv", "3.csv", "old/1.csv", "old/2.csv", "old/3.csv"], [""] * 3 + ["old"] * 3),
        ([f"data={kind}/{i}.csv" for kind in "ab" for i in range(3)], []),  # these are columns already
        ([], []),
    ],
)  # fmt: skip
def test_the_folder_of_each_file_is_the_first_that_differs(names, folders):
    assert inputs.folder_of_each(names) == folders
