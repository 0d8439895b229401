"""Columns that give one role on different rows are read as one."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.errors import UsageError
from tests.data.loading import load_runs

SIZES = [1e7, 1e8, 1e9]
FLOPS = [1e17, 1e18, 1e20]
ROWS = pl.DataFrame({"params": SIZES, "tokens": [2e8, 4e9, 3e10], "loss": [4.0, 3.0, 2.0]})


def halves(first: dict[str, str], second: dict[str, str], scale: float = 1.0) -> list[pl.DataFrame]:
    """The first row under some names, and the others under other names, with these columns in another unit."""
    scaled = ROWS.slice(1).with_columns(pl.col(name) / scale for name in second)
    return [ROWS.head(1).rename(first), scaled.rename(second)]


def of_files(folder, tables, **options):
    for number, table in enumerate(tables):
        table.with_columns(run=pl.format(f"{number}-{{}}", pl.int_range(pl.len()))).write_csv(folder / f"{number}.csv")
    return load_runs(folder, **options).frame


@pytest.mark.parametrize(
    ("first", "second", "scale"),
    [
        ({}, {"params": "n_params"}, 1),
        ({"params": "num_params"}, {"params": "n_params"}, 1),
        ({}, {"params": "params_b"}, 1e9),
        ({"params": "params (M)"}, {}, 1),
        ({}, {"tokens": "tokens_b"}, 1e9),
        ({}, {"tokens": "tokens_seen"}, 1),
    ],
)
def test_files_may_give_an_amount_under_other_names_and_in_other_units(tmp_path, first, second, scale):
    tables = halves(first, second, scale)
    if "params (M)" in tables[0].columns:
        tables[0] = tables[0].with_columns(pl.col("params (M)") / 1e6)
    frame = of_files(tmp_path, tables).sort("params")
    assert frame["params"].to_list() == pytest.approx(SIZES)
    assert frame["tokens"].to_list() == pytest.approx([2e8, 4e9, 3e10])


def test_files_may_give_compute_in_other_units(tmp_path):
    one = pl.DataFrame({"flops": FLOPS[:1], "loss": [4.0]})
    other = pl.DataFrame({"pf_days": [flops / 8.64e19 for flops in FLOPS[1:]], "loss": [3.0, 2.0]})
    assert sorted(of_files(tmp_path, [one, other])["compute"]) == pytest.approx(FLOPS)


@pytest.mark.parametrize("second", ["n_params", "params_b"])
def test_rows_of_one_table_may_give_params_in_different_columns(second):
    table = pl.concat(halves({}, {"params": second}, 1e9 if second == "params_b" else 1.0), how="diagonal")
    assert load_runs(table).frame["params"].to_list() == pytest.approx(SIZES)


def test_text_counts_as_the_number_that_it_is_and_other_text_leaves_the_row_out(tmp_path):
    one = pl.DataFrame({"params": [1e7], "loss": [4.0]})
    other = pl.DataFrame({"n_params": ["0.1B", "large"], "loss": [3.0, 2.0]})
    assert sorted(of_files(tmp_path, [one, other])["params"]) == pytest.approx([1e7, 1e8])


def test_equal_columns_do_not_tie():
    table = ROWS.with_columns(pl.col("params").alias("num_params"), pl.col("params").alias("n_params"))
    assert load_runs(table.drop("params")).frame["params"].to_list() == SIZES


def test_columns_with_different_values_on_one_row_stay_apart():
    table = ROWS.rename({"params": "num_params"}).with_columns(n_params=2 * pl.col("num_params"))
    with pytest.raises(UsageError, match="could both be params"):
        load_runs(table)
    beside = ROWS.with_columns(params=pl.Series([1e7, 1e8, None]), n_params=2 * pl.col("params"))
    assert load_runs(beside).frame["params"].to_list() == [1e7, 1e8, None]


def test_columns_with_different_values_on_one_row_of_a_file_stay_apart(tmp_path):
    table = ROWS.with_columns(n_params=pl.Series([2e7, 2e8, 2e9]), params=pl.Series([1e7, 1e8, None]))
    frame = of_files(tmp_path, [table, ROWS.rename({"params": "n_params"})])
    assert sorted(frame["params"].drop_nulls().to_list()) == [1e7, 1e8]


def test_params_that_are_counted_in_another_way_stay_apart(tmp_path):
    frame = of_files(tmp_path, halves({}, {"params": "non_embedding_params"}))
    assert frame["params"].null_count() == 2


def test_tokens_that_a_run_was_to_be_trained_on_do_not_fill_its_rows():
    table = ROWS.with_columns(tokens=pl.Series([None, 4e9, 3e10]), train_tokens=pl.Series([3e11, None, None]))
    assert load_runs(table).frame["tokens"].to_list() == [None, 4e9, 3e10]


def test_columns_that_an_option_names_are_left_as_they_are():
    table = pl.concat(halves({}, {"params": "n_params"}), how="diagonal")
    assert load_runs(table, mapping={"params": "n_params"}).frame["params"].to_list() == [None, 1e8, 1e9]
    assert load_runs(table, where="n_params > 1e8").frame.height == 1
