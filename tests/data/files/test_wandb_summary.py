"""Folders of W&B runs: the summary with the settings beside it."""

from __future__ import annotations

import json

import pytest

from scaling_cli.data.files.wandb_summary import SUMMARY as SUMMARY_FORMAT
from scaling_cli.data.files.wandb_summary import parse_yaml, read_run, settings_of
from scaling_cli.errors import DataError
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


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a: 1\nb: 2\n", {"a": "1", "b": "2"}),
        ("a:\n  b: 1\n  c:\n    d: 2\ne: 3\n", {"a": {"b": "1", "c": {"d": "2"}}, "e": "3"}),
        ("a: null\nb: ~\nc: |\nd:\n", {"a": None, "b": None, "c": None, "d": {}}),
        ("a: 'x # y'  # comment\n", {"a": "'x"}),
        ("a: 1 # comment\n'b': \"2\"\n\"c\": '3'\n", {"a": "1", "b": "2", "c": "3"}),
        ("a: '\n", {"a": "'"}),
        ("- a\n# b: 1\nwords\na: [1, 2]\n", {"a": "[1, 2]"}),
        ("a:\n- b: 1\nc: 2\n", {"a": {}, "c": "2"}),
    ],
)
def test_nested_mappings_of_plain_values_are_read(text, settings):
    assert parse_yaml(text) == settings


def test_settings_lose_the_object_that_holds_their_value(tmp_path):
    content = {
        "a": {"desc": None, "value": 1}, "b": {"value": {"c": 2}}, "d": {"value": 3, "more": 4}, "e": {"desc": 5},
        "_wandb": {"x": 6}, "wandb_version": 1,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(content))
    assert settings_of(str(tmp_path / "config.json")) == {
        "config/a": "1", "config/b/c": "2", "config/d/value": "3", "config/d/more": "4", "config/e/desc": "5",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["[1]", "{broken", "3"])
def test_what_holds_no_settings_is_empty(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert settings_of(str(tmp_path / "config.json")) == {}
    assert settings_of(str(tmp_path / "none.yaml")) == {}


def test_a_row_has_the_summary_before_the_settings(tmp_path):
    (tmp_path / "wandb-summary.json").write_text('{"loss": 3, "config/a": 9, "_wandb": {"runtime": 1}}')
    (tmp_path / "config.json").write_text('{"a": 1, "b": 2}')
    assert read_run(str(tmp_path / "wandb-summary.json")) == [{"loss": "3", "config/a": "9", "config/b": "2"}]
    (tmp_path / "config.yaml").write_text("c: 3\n")  # comes before JSON
    assert read_run(str(tmp_path / "wandb-summary.json")) == [{"loss": "3", "config/a": "9", "config/c": "3"}]
    (tmp_path / "broken").write_text("{")
    with pytest.raises(DataError, match="is not valid JSON"):
        read_run(str(tmp_path / "broken"))


@pytest.mark.parametrize(
    ("head", "is_summary"),
    [
        (b'{"_runtime": 1}', True), (b' {"_timestamp": 5}', True), (b'{"_wandb": {"runtime": 1}}', True),
        (b'{"_runtime": [1]}', False), (b'{"loss": 1}', False), (b'[{"_runtime": 1}]', False),
        (b'{"_runtime": 1, "log_history": []}', False),
    ],
)  # fmt: skip
def test_a_summary_is_recognised_by_what_wandb_adds(head, is_summary):
    assert SUMMARY_FORMAT.recognises(head) == is_summary
    assert SUMMARY_FORMAT.one_run
