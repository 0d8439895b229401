"""JSON documents that are read whole."""

from __future__ import annotations

import json

import pytest

from scaling_cli.data.files.json_documents import DOCUMENT, TRAINER_STATE, read_document
from scaling_cli.errors import DataError


@pytest.fixture
def rows(tmp_path):
    def read(content):
        path = tmp_path / "x.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_document(str(path))

    return read


def test_objects_of_a_list_are_rows_with_nested_names(rows):
    assert rows([{"a": 1, "b": {"c": {"d": True}, "e": "x"}}, {"a": None, "f": [1, 2]}, 3]) == [
        {"a": "1", "b/c/d": "true", "b/e": "x"}, {"a": None, "f": "[1, 2]"}, {},
    ]  # fmt: skip


def test_lists_by_column_may_differ_in_length(rows):
    assert rows({"a": [1, 2], "b": [3]}) == [{"a": "1", "b": "3"}, {"a": "2"}]


@pytest.mark.parametrize("key", ["config", "versions", "n-shot"])
def test_an_evaluation_is_a_row_with_its_model(rows, key):
    content = {"results": {"arc": {"acc,none": 0.5, "alias": "arc"}}, key: {}, "model_name": "m"}
    assert rows(content) == [{"run_id": "m", "arc/acc": "0.5"}]


@pytest.mark.parametrize(
    ("config", "name", "revision"),
    [
        ({"model_args": "pretrained=lab/m,dtype=bf16,revision=step10,x=1"}, "lab/m", "step10"),
        ({"model_args": {"pretrained": "lab/m", "revision": "step10"}}, "lab/m", "step10"),
        ({"model_args": "lab/m"}, "lab/m", None),
        ({"model": "hf", "model_revision": "main"}, "hf", "main"),
        ({"model_args": {"other": 1}}, None, None),
        ({"model_args": {"pretrained": "m", "revision": 3}}, "m", None),
        ("none", None, None),
    ],
)
def test_the_name_and_the_revision_of_an_evaluated_model(rows, config, name, revision):
    (row,) = rows({"results": {"arc": {"acc": 1}}, "config": config})
    assert row["run_id"] == name
    assert row.get("revision") == revision


def test_params_of_an_evaluated_model_are_numbers(rows):
    (row,) = rows({"results": {"arc": {"acc": 1}}, "config": {"model_num_parameters": 7e7}})
    assert row["params"] == "70000000.0"
    (row,) = rows({"results": {"arc": {"acc": 1}}, "config": {"model_num_parameters": "many"}})
    assert "params" not in row


def test_a_history_of_losses_is_a_row_per_epoch(rows):
    history = {"loss": [3, 2], "acc": [0.1, None], "flags": [True, False], "short": [1], "name": "a"}
    whole = {"flags": "[true, false]", "short": "[1]", "name": "a"}
    assert rows(history) == [
        whole | {"epoch": "1", "loss": "3", "acc": "0.1"},
        whole | {"epoch": "2", "loss": "2", "acc": None},
    ]


@pytest.mark.parametrize("order", ["step", "steps", "epoch", "epochs"])
def test_a_history_with_steps_needs_no_epochs(rows, order):
    found = rows({"val_loss": [3, 2], order: [10, 20], "name": "x"})
    assert [row[order] for row in found] == ["10", "20"]
    assert [set(row) for row in found] == [{"val_loss", order, "name"}] * 2


@pytest.mark.parametrize(
    "content", [{"loss": [3], "name": "x"}, {"loss": 3, "b": [1, 2]}, {"loss": [3, 2], "x_loss": 2}]
)
def test_other_objects_are_one_row(rows, content):
    assert len(rows(content)) == 1


def test_entries_of_a_trainer_join_on_the_step_without_the_mean_of_the_run(rows):
    state = {
        "log_history": [
            {"step": 5, "loss": 3.0}, {"step": 10, "loss": 2.0}, {"step": 10, "eval_loss": 2.1},
            {"step": 10, "train_loss": 2.5, "train_runtime": 9},
        ],
        "global_step": 10, "total_flos": 7, "num_input_tokens_seen": 0,
    }  # fmt: skip
    assert rows(state) == [
        {"step": "5", "loss": "3.0"},
        {"step": "10", "loss": "2.0", "eval_loss": "2.1", "train_runtime": "9", "total_flos": "7"},
    ]
    assert rows(state | {"log_history": [{"step": 10, "total_flos": 3, "train_loss": 1}]}) == [
        {"step": "10", "total_flos": "3", "train_loss": "1"}
    ]


@pytest.mark.parametrize(("text", "place"), [('{\n"a": x}', ": line 2, column 6"), ("[1, 2", ": line 1, column")])
def test_the_place_of_an_error_is_named(rows, text, place):
    with pytest.raises(DataError, match=f"is not valid JSON{place}"):
        rows(text)


@pytest.mark.parametrize("content", [[], [1], {}, 5, "x", [{}]])
def test_a_document_without_rows_is_refused(rows, content):
    with pytest.raises(DataError, match="contains no rows in a known form"):
        rows(content if not isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize(
    ("head", "is_document"),
    [
        (b'{"a": 1}', True), (b"[1.5, 2]", True), (b" \xef\xbb\xbf [{", True), (b"{}", True), (b"[[1]]", True),
        (b"[null]", True), (b"[rank0] step", False), (b"[2026-01-01 10:00]", False), (b"{'loss': 1}", False),
        (b"a,b", False), (b"[1, two]", False),
    ],
)  # fmt: skip
def test_a_document_is_recognised_by_its_first_tokens(head, is_document):
    assert DOCUMENT.recognises(head) == is_document
    assert TRAINER_STATE.recognises(head + b'"log_history"') == is_document
    assert not TRAINER_STATE.recognises(head)
