"""What stands in place of files: tables of pandas, dicts and lists in memory, and answers of other calls."""

from __future__ import annotations

import multiprocessing
import os

import numpy as np
import pandas as pd
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.data.paths_or_table import frame_of
from scaling_cli.errors import ScalingError, UsageError
from tests import ROOT

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"
COLUMNS = pl.read_csv(RUNS).to_dict(as_series=False)
ROWS = pl.read_csv(RUNS).to_dicts()
PANDAS = pd.DataFrame(COLUMNS)


def estimates(answer):
    return {name: each.estimate for name, each in answer.results[0].parameters.items()}


@pytest.fixture(scope="module")
def fit():
    return scaling.fit(RUNS, replicates=100)


@pytest.mark.parametrize(
    "runs",
    [
        COLUMNS,
        ROWS,
        {name: np.array(values) for name, values in COLUMNS.items()},
        {name: pl.Series(values) for name, values in COLUMNS.items()},
        [{"run_id": row["run_id"], "config": {"params": np.int64(row["params"])}, "tokens": np.float64(row["tokens"]),
          "loss": row["loss"], "compute": row["compute"]} for row in ROWS],
        PANDAS,
        PANDAS.convert_dtypes(),
        PANDAS.astype({"run_id": "category", "params": object}),
        PANDAS.set_index(["params", "tokens"]),
        pd.concat({"runs": PANDAS}, axis=1),
    ],
    ids=["columns", "rows", "arrays", "series", "nested rows", "pandas", "nullable", "objects", "index", "levels"],
)  # fmt: skip
def test_a_table_in_memory_gives_the_same_fit_as_its_file(runs, fit):
    read = {"params": "runs/params", "tokens": "runs/tokens", "loss": "runs/loss", "run": "runs/run_id"}
    read["compute"] = "runs/compute"
    options = read if isinstance(getattr(runs, "columns", None), pd.MultiIndex) else {}
    assert estimates(scaling.fit(runs, interval="none", **options)) == pytest.approx(estimates(fit), rel=1e-6)


def test_what_pandas_calls_missing_is_missing():
    frame = pd.DataFrame({"a": ["x", None, pd.NA], "b": [1, "two", np.nan], "c": pd.array([1, None, 3], dtype="Int64")})
    found = frame_of(frame).collect()
    assert found.to_dict(as_series=False) == {"a": ["x", None, None], "b": ["1", "two", None], "c": ["1", None, "3"]}


def test_whole_numbers_that_pandas_wrote_with_a_point_name_the_same_group(tmp_path):
    for name, labels in (("a", ["256", "512"]), ("b", ["256.0", "512.0"])):
        scales = [*range(18, 24)]
        table = {"compute": [f"1e{scale}" for scale in scales] * 2, "batch": np.repeat(labels, len(scales))}
        table["loss"] = [3 * (1 + (name == "b") / 100) * 0.9 ** (scale - 18) for scale in scales] * 2
        table["run"] = [f"{name}{place}" for place in range(12)]
        pd.DataFrame(table).to_csv(tmp_path / f"{name}.csv", index=False)
    fits = scaling.fit(tmp_path, by="batch", law="power", x="compute", interval="none")
    assert list(fits) == ["256", "512"]
    assert [result.runs for result in fits.results] == [12, 12]
    left_out = scaling.fit(tmp_path, leave_out="batch", law="power", x="compute", interval="none")["left_out"]
    assert [each.group for each in left_out] == ["256", "512"]


def test_what_is_masked_is_missing():
    masked = np.ma.array([1e8, 2e8, 3e8], mask=[False, True, False])
    found = frame_of({"params": masked, "loss": [3.0, 2.5, 2.0]}).collect()
    assert found["params"].to_list() == ["100000000.0", None, "300000000.0"]


def test_attempts_are_read_from_lists_in_memory():
    tries = [{"problem": f"p{i}", "passed": [True] * i + [False] * (8 - i)} for i in range(1, 8)]
    for given in (tries, pd.DataFrame(tries), {name: [row[name] for row in tries] for name in tries[0]}):
        answer = scaling.inference_coverage(given, fit="none", replicates=100)
        assert answer["curve"].y[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"params": [1, 2], "loss": [3]}, "'params' has 2, 'loss' has 1"),
        ({"params": [1, 2], "loss": 3}, "'loss' is one value"),
        ({"params": "12", "loss": [3, 4]}, "'params' is one value"),
        ({}, "no columns"),
        ([{}], "no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns called 'a'"),
        (PANDAS.to_dict(), "'run_id' is a dict"),
        (PANDAS.to_dict("index"), "'0' is a dict"),
        (PANDAS.to_dict("split"), "'data' holds lists of different types"),
        ({"params": {1e8, 2e8}, "loss": [3, 2]}, "'params' is a set"),
        ({"params": PANDAS[["params"]]}, "'params' is a DataFrame"),
        (PANDAS["loss"], "object of type Series"),
        (pl.Series("loss", [1, 2]), "object of type Series"),
        (
            {"params": PANDAS["params"], "loss": PANDAS["loss"].sort_values()},
            "'params' and 'loss' .* different indexes",
        ),
        ("", "path is empty"),
        (RUNS.read_text(), "not the content of a file, 'run_id,params"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(table, said):
    with pytest.raises(UsageError, match=said):
        scaling.fit(table)


def test_columns_of_pandas_with_equal_indexes_are_one_table(fit):
    part = PANDAS.iloc[::-1]
    assert estimates(scaling.fit({name: part[name] for name in part}, interval="none")) == pytest.approx(
        estimates(fit), rel=1e-6
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked on Unix alone")
def test_a_fork_of_a_process_that_has_read_runs_is_refused_and_does_not_wait_forever():
    scaling.columns(RUNS)
    with multiprocessing.get_context("fork").Pool(1) as pool, pytest.raises(UsageError, match="is a fork of a process"):
        pool.apply_async(scaling.columns, (RUNS,)).get(timeout=60)


def test_other_objects_are_refused_with_what_can_be_given():
    with pytest.raises(UsageError, match="object of type int") as caught:
        scaling.fit(3)
    assert "pandas" in caught.value.hint


def test_an_answer_stands_for_the_file_that_it_would_be_saved_as(fit, tmp_path):
    path = fit.save(tmp_path / "fit.json")
    for call, options in (
        (scaling.extrapolate, {"at": "params=70B,tokens=1.4T"}),
        (scaling.optimal_allocation, {"budget": 1e24}),
        (scaling.plan, {"budget": 1e21, "goal": "params@1e24"}),
    ):
        assert call(fit, **options).results == call(path, **options).results
    assert scaling.extrapolate(fit, at="params=70B,tokens=1.4T").inputs[0].path == "the answer of fit"


def test_an_answer_of_another_command_is_refused_by_name():
    columns = scaling.columns(RUNS)
    with pytest.raises(ScalingError, match="the answer of columns"):
        scaling.extrapolate(columns, at="params=70B,tokens=1.4T")


def test_a_lone_forecast_or_table_is_not_taken_for_a_list_of_files(fit):
    forecast = scaling.extrapolate(fit, at="params=70B,tokens=1.4T")
    with pytest.raises(UsageError, match="There are only forecasts, and no runs"):
        scaling.score(forecast)
    for table in (PANDAS, COLUMNS, ROWS):
        with pytest.raises(UsageError, match="There is no saved forecast"):
            scaling.score(table)


def test_forecasts_in_memory_are_scored_by_a_table_of_runs():
    small = [row for row in ROWS if row["compute"] < 3e19]
    large = [row for row in ROWS if row["compute"] >= 3e19]
    at = [{"params": row["params"], "tokens": row["tokens"]} for row in large]
    forecast = scaling.extrapolate(small, at=at, replicates=100)
    score = scaling.score([forecast, large])
    assert len(score["scored"]) == len(large)
    assert {each.forecast for each in score["scored"]} == {"answer 1"}
    with pytest.raises(UsageError, match="more than one table"):
        scaling.score([forecast, large, RUNS])


@pytest.mark.parametrize(
    "at",
    [
        {"params": 7e10, "tokens": 1.4e12},
        {"params": "70B", "tokens": np.float64(1.4e12)},
        [{"params": [70_000_000_000], "tokens": "1.4T"}],
        "params=70B,tokens=1.4T",
    ],
)
def test_a_run_to_forecast_is_text_or_a_mapping(at, fit):
    assert scaling.extrapolate(fit, at=at)["predictions"][0].at["params"] == 7e10


@pytest.mark.parametrize("at", [{"params": None}, {"params": {}}, 5, [3]])
def test_a_run_to_forecast_is_nothing_else(at, fit):
    with pytest.raises(UsageError):
        scaling.extrapolate(fit, at=at)
