"""Files that are read with a log."""

from __future__ import annotations

import os

import pytest

from scaling_cli.cli.inputs import files_read
from scaling_cli.data.files.companions import companions
from scaling_cli.data.files.digest import content_hash
from scaling_cli.data.files.stamps import stamp_of
from tests.data.files.test_mlflow import write_run
from tests.data.loading import load_runs


def trainer(folder):
    (folder / "trainer_state.json").write_text('{"log_history": [{"step": 1, "loss": 3.0}], "global_step": 1}')
    (folder / "all_results.json").write_text('{"eval_loss": 2.9}')
    return folder / "trainer_state.json", folder / "all_results.json"


def mlflow(folder):
    run = write_run(folder)
    return run / "meta.yaml", run / "metrics" / "loss" / "val"


@pytest.mark.parametrize("make", [trainer, mlflow])
def test_they_are_hashed_and_watched_with_the_log_and_are_never_written_over(tmp_path, make):
    log, beside = make(tmp_path)
    assert str(beside) in companions(str(log))
    assert str(beside) in files_read([str(tmp_path)], (".json",))
    before = content_hash(str(log)), stamp_of(str(log)), load_runs(log).sources[0].sha256
    assert before[0] == before[2]
    beside.write_text(beside.read_text() + " \n")
    after = content_hash(str(log)), stamp_of(str(log)), load_runs(log).sources[0].sha256
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_a_metric_under_another_name_is_other_content(tmp_path):
    log, metric = mlflow(tmp_path)
    before = content_hash(str(log))
    metric.rename(metric.with_name("other"))
    assert content_hash(str(log)) != before


def test_most_logs_have_none_and_a_pipe_is_none(tmp_path):
    log, _ = mlflow(tmp_path)
    os.mkfifo(log.parent / "params" / "pipe")
    assert not any("pipe" in part for part in companions(str(log)))
    assert len(load_runs(log).frame) == 1
    assert companions(str(tmp_path / "runs.csv")) == []


def test_settings_that_are_a_pipe_are_not_waited_for(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text("step,loss\n1,3.0\n2,2.9\n")
    os.mkfifo(tmp_path / "a" / "config.yaml")
    assert load_runs(tmp_path).frame["loss"].to_list() == [2.9, 2.9]


def test_a_line_of_a_metric_that_is_being_written_does_not_count(tmp_path):
    log, metric = mlflow(tmp_path)
    with metric.open("a") as file:
        file.write("1721450000300 3.0 3")
    assert load_runs(log).frame["loss"].to_list() == [3.25]
