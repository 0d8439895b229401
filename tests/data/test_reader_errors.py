"""What polars cannot read is said in words for users, with the file, the column and a cell."""

import gzip
import zipfile
import zlib
from datetime import date

import polars as pl
import pytest
from polars.exceptions import ColumnNotFoundError, ComputeError, InvalidOperationError, NoDataError, PolarsError

from scaling_cli.data.reader_errors import explained, together
from scaling_cli.errors import DataError, ScalingError
from tests.data.loading import load_runs, load_samples

# Words that only polars and Python write.
FOREIGN = ("polars", "dtype", "cast", "Error", "panick", "LazyFrame", "infer_schema", "schema", "Traceback")


def message_of(error):
    return f"{error.message} {error.hint}"


def test_the_column_and_a_cell_that_polars_could_not_convert_are_named():
    with pytest.raises(PolarsError) as caught:
        pl.DataFrame({"size": ["12", "many"]}).select(pl.col("size").cast(pl.Int64))
    error = explained(caught.value, "runs.csv")
    assert error.message.startswith("runs.csv has a cell")
    assert "'size'" in error.message
    assert "'many'" in error.message


@pytest.mark.parametrize(
    "error",
    [
        ComputeError("parquet: File out of specification: The file must end with PAR1"),
        InvalidOperationError("cannot cast List type (inner: 'String', to: 'Float64')"),
        InvalidOperationError("`mean` operation not supported for dtype `str`"),
        ComputeError("something that no one has seen"),
        FileNotFoundError(2, "No such file or directory (os error 2): x"),
    ],
)
def test_no_word_of_polars_reaches_a_user(error):
    said = message_of(explained(error, "runs.x"))
    assert said.startswith("runs.x ")
    assert not [word for word in FOREIGN if word in said]


AWKWARD = {
    "lists": pl.Series([[1.0], [2.0]]),
    "structs": pl.Series([{"a": [1]}, {"a": [2]}]),
    "dates": pl.Series([date(2026, 1, 1), date(2026, 1, 2)]),
    "bytes": pl.Series([b"1", b"2"]),
    "nothing": pl.Series([None, None]),
    "words": pl.Series(["x", "y"]),
}


@pytest.mark.parametrize("kind", AWKWARD)
@pytest.mark.parametrize("role", ["loss", "params", "correct"])
def test_columns_of_any_kind_end_in_an_answer_or_in_an_error_in_plain_words(tmp_path, kind, role):
    table = pl.DataFrame({"problem": ["a", "b"], "loss": [3.0, 2.5], "params": [1e7, 2e7]})
    path = tmp_path / "runs.parquet"
    table.with_columns(AWKWARD[kind].alias(role)).write_parquet(path)
    said = ""
    try:
        load_samples(path) if role == "correct" else load_runs(path)
    except ScalingError as error:
        said = message_of(error)
    assert not [word for word in FOREIGN if word in said]


@pytest.mark.parametrize("size", [8, 100, 400])
def test_a_parquet_file_that_is_cut_short_is_named(tmp_path, size):
    path = tmp_path / "runs.parquet"
    pl.DataFrame({"loss": [1.0] * 100, "params": [1e7] * 100}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DataError) as caught:
        load_runs(path)
    assert str(path) in caught.value.message
    assert not [word for word in FOREIGN if word in message_of(caught.value)]


def test_a_lazy_table_that_cannot_be_read_is_called_the_table():
    with pytest.raises(DataError, match="The table cannot be read"):
        load_runs(pl.scan_csv("none.csv"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "a.csv needs more memory than there is."),
        (PolarsError("memory allocation of 9 bytes failed"), "a.csv needs more memory than there is."),
        (RecursionError(), "a.csv is nested too deeply to be a log."),
        (EOFError(), "a.csv cannot be decompressed"),
        (zlib.error("x"), "a.csv cannot be decompressed"),
        (zipfile.BadZipFile("x"), "a.csv cannot be decompressed"),
        (gzip.BadGzipFile("x"), "a.csv cannot be decompressed"),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "surrogates"), "has half of a surrogate pair"),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), "a.csv is not UTF-8 text."),
        (PolarsError("invalid utf-8 sequence"), "a.csv is not UTF-8 text."),
        (OverflowError(), "a number that is too large"),
        (NoDataError("x"), "a.csv is empty."),
        (FileNotFoundError(2, "No such file"), "a.csv cannot be read: it does not exist."),
        (PermissionError(13, "Permission denied"), "it cannot be opened (Permission denied)."),
        (OSError("odd"), "a.csv cannot be read: it cannot be opened."),
        (ColumnNotFoundError("x"), "it lacks a column that it should have."),
        (PolarsError("could not parse `x` as dtype `str`"), "a cell begins with a quote that is never closed."),
        (PolarsError("found more fields than defined in 'Schema'"), "has a line with more cells than its header."),
        (
            PolarsError("conversion from `str` to `f64` failed in column 'loss' for 1 out of 1 values: [\"bad\"]"),
            "a cell of another type than the rest of its column: column 'loss', such as 'bad'.",
        ),
        (PolarsError("conversion from x in column 'loss'"), "the rest of its column: column 'loss'."),
        (PolarsError('conversion from x for values: ["bad"]'), "the rest of its column."),
        (
            PolarsError("casting not supported"),
            "a column of lists, dates or other values that are not numbers or words.",
        ),
        (PolarsError("out-of-range date"), "has a date that does not exist."),
        (PolarsError("parquet: broken"), "a Parquet file that is damaged"),
        (PolarsError("something new"), "it is damaged, or changed while it was read."),
    ],
)
def test_what_readers_throw_is_said_in_words(error, said):
    found = explained(error, "a.csv")
    assert said in found.message
    assert found.hint


def test_files_that_fail_only_together_are_named_by_the_first():
    assert together(["a"]) == "a"
    assert together(["a", *["b"] * 1200]) == "a together with 1,200 other files"
