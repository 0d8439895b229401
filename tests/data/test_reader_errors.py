"""What polars cannot read is said in words for users, with the file, the column and a cell."""

from datetime import date

import polars as pl
import pytest
from polars.exceptions import ComputeError, InvalidOperationError, PolarsError

from scaling_cli.data.reader_errors import explained
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
