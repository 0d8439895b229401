"""The folders of runs in the file store of MLflow."""

from __future__ import annotations

import pytest

from scaling_cli.data.files.expand import expand
from scaling_cli.errors import DataError
from tests.data.loading import load_runs

META = """artifact_uri: file:///data/mlruns/7/{run}/artifacts
experiment_id: '7'
lifecycle_stage: {stage}
run_id: {run}
run_name: small
run_uuid: {run}
status: {status}
"""
METRICS = {
    "loss/val": ["1721450000100 3.5 100", "1721450000200 3.25 200"],
    "tokens": ["1721450000100 1e8 100", "1721450000200 2e8 200"],
    "system/cpu": ["1721450000300 50.0 999"],
}


def write_run(
    tmp_path, run="a1", metrics=METRICS, stage="active", params=(("n_params", "1e7"), ("model/kind", "gpt")), status=3
):
    folder = tmp_path / "mlruns" / "7" / run
    files = {f"metrics/{name}": "\n".join(lines) + "\n" for name, lines in metrics.items()}
    files |= {f"params/{name}": value for name, value in params}
    files |= {
        "meta.yaml": META.format(run=run, stage=stage, status=status),
        "artifacts/history.csv": "step,loss\n1,9.9\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "mlruns" / "7" / "meta.yaml").write_text("experiment_id: '7'\nlifecycle_stage: active\nname: sweep\n")
    return folder


def test_a_run_has_a_row_for_each_step_and_the_settings(tmp_path):
    folder = write_run(tmp_path)
    table = load_runs(folder, checkpoints="all", loss="metrics.loss/val", by=("params.model/kind",))
    assert table.frame.select("run_id", "step", "params", "tokens", "loss").rows() == [
        ("a1", 100, 1e7, 1e8, 3.5),
        ("a1", 200, 1e7, 2e8, 3.25),
    ]
    assert load_runs(folder).frame["loss"].to_list() == [3.25]  # its name is that of a loss, too


def test_the_folder_of_a_store_holds_one_log_for_each_run(tmp_path):
    for run in ("a1", "b2"):
        write_run(tmp_path, run)
    deleted = write_run(tmp_path, "c3", stage="deleted")
    names = [file.name for file in expand([str(tmp_path)])]
    assert names == [str(tmp_path / "mlruns" / "7" / run / "meta.yaml") for run in ("a1", "b2")]
    table = load_runs(tmp_path, loss="metrics.loss/val")
    assert table.frame["run_id"].to_list() == ["a1", "b2"]
    with pytest.raises(DataError, match="deleted in MLflow"):
        load_runs(deleted / "meta.yaml")


def test_runs_that_failed_have_a_caveat(tmp_path):
    write_run(tmp_path)
    failed = {"loss/val": ["1721450000100 3.75 100"], "tokens": ["1721450000100 1e8 100"]}
    write_run(tmp_path, "b2", metrics=failed, status=4)
    found = {caveat.code: caveat.message for caveat in load_runs(tmp_path).caveats}
    assert "1 of 2" in found["unfinished-runs"]


def test_the_latest_value_at_a_step_counts_and_a_line_that_is_cut_short_does_not(tmp_path):
    lines = ["1721450000300 3.0 100", "1721450000100 3.5 100", "1721450000400 2.5 10x", "17214500", ""]
    table = load_runs(write_run(tmp_path, metrics={"val_loss": lines}), checkpoints="all")
    assert table.frame.select("step", "loss").rows() == [(100, 3.0)]


def test_values_without_steps_become_one_row_with_the_latest(tmp_path):
    lines = ["1721450000100 3.5 0", "1721450000300 3.0 0"]
    table = load_runs(write_run(tmp_path, metrics={"val_loss": lines, "tokens": ["1721450000100 1e9"]}))
    assert table.frame.select("tokens", "loss").rows() == [(1e9, 3.0)]
    assert "step" not in table.frame.columns


def test_a_run_without_metrics_and_the_file_of_a_metric_are_refused(tmp_path):
    folder = write_run(tmp_path, metrics={"system/cpu": ["1721450000300 50.0 999"]})
    with pytest.raises(DataError, match="without metrics"):
        load_runs(folder)
    path = write_run(tmp_path, "b2") / "metrics" / "tokens"
    with pytest.raises(DataError, match="one metric in the file store of MLflow") as caught:
        load_runs(path)
    assert caught.value.hint.startswith("Give the folder of the run")
