"""Folders of W&B runs: the summary with the settings beside it."""

from __future__ import annotations

import json

import pytest

from scaling_cli.data.files.wandb_summary import parse_yaml
from tests.data.loading import load_runs

CONFIG = """\
wandb_version: 1

_wandb:
  desc: null
  value:
    python_version: 3.11.7
    t:
      1:
      - 1
      - 5
n_params:
  desc: null
  value: {params}
lr:
  value: 0.001  # the peak
note:
  value: 'a: b'
tags:
  value:
  - a
  - b
"""
SUMMARY = {"_runtime": 12.5, "_step": 99, "eval/loss": 3.25, "tokens": 2_000_000, "_wandb": {"runtime": 12}}


def folder(tmp_path, settings="config.yaml", indent=None):
    for run, params in (("run-1-a", 10_000_000), ("run-2-b", 20_000_000)):
        files = tmp_path / "wandb" / run / "files"
        files.mkdir(parents=True)
        (files / "wandb-summary.json").write_text(json.dumps(SUMMARY, indent=indent))
        (files / "wandb-metadata.json").write_text('{"os": "Linux"}')
        (files / "output.log").write_text("step 1 loss 3\n")
        (files.parent / "logs").mkdir()
        (files.parent / "logs" / "debug.log").write_text("starting\n")
        text = CONFIG.format(params=params)
        if settings == "config.json":
            text = json.dumps({"n_params": {"desc": None, "value": params}, "lr": 0.001})
        if settings is not None:
            (files / settings).write_text(text)
    return tmp_path / "wandb"


@pytest.mark.parametrize("settings", ["config.yaml", "config.json"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_run_is_one_row_with_its_summary_and_its_settings(tmp_path, settings, indent):
    loaded = load_runs(folder(tmp_path, settings, indent))
    assert loaded.unread == ()
    assert loaded.frame.select("run_id", "params", "tokens", "loss", "lr").rows() == [
        ("run-1-a", 1e7, 2e6, 3.25, 0.001),
        ("run-2-b", 2e7, 2e6, 3.25, 0.001),
    ]


def test_a_summary_without_settings_is_read_alone(tmp_path):
    assert load_runs(folder(tmp_path, None)).frame["loss"].to_list() == [3.25, 3.25]


def test_lists_by_column_are_not_a_summary(tmp_path):
    (tmp_path / "history.json").write_text(json.dumps({"_step": [1, 2], "_runtime": [1.0, 2.0], "loss": [4, 3]}))
    assert load_runs(tmp_path / "history.json", checkpoints="all").frame["loss"].to_list() == [4.0, 3.0]


def test_what_wandb_writes_as_yaml_is_read():
    settings = parse_yaml(CONFIG.format(params=5))
    assert settings["n_params"]["value"] == "5"
    assert settings["lr"]["value"] == "0.001"
    assert settings["note"]["value"] == "a: b"
    assert settings["_wandb"]["value"]["python_version"] == "3.11.7"


def test_mlflow_columns_have_their_roles(tmp_path):
    text = "run_id,experiment_id,status,metrics.val_loss,params.n_params,params.tokens,params.lr\n"
    (tmp_path / "runs.csv").write_text(text + "a,0,FINISHED,3.5,10M,200M,0.001\nb,0,FINISHED,3.0,20M,400M,0.001\n")
    loaded = load_runs(tmp_path / "runs.csv")
    assert loaded.frame.select("run_id", "params", "tokens", "loss", "lr").rows() == [
        ("a", 1e7, 2e8, 3.5, 0.001),
        ("b", 2e7, 4e8, 3.0, 0.001),
    ]
    assert loaded.caveats == ()
