"""JSON documents that are read whole."""

from __future__ import annotations

import json

import pytest

from scaling_cli.data.files.json_documents import DOCUMENT, TRAINER_STATE, read_document
from scaling_cli.data.files.json_lines import JSON_LINES
from scaling_cli.data.files.json_runs import curves, flattened
from scaling_cli.errors import DataError
from tests.data.loading import load_runs


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


def test_a_history_beside_settings_has_epochs_and_a_table_of_runs_has_none(rows):
    lists = {"loss": [3, 2], "params": [1, 2]}
    assert rows({"n": 1, "history": lists}) == [
        {"n": "1", "epoch": "1", "loss": "3", "params": "1"},
        {"n": "1", "epoch": "2", "loss": "2", "params": "2"},
    ]
    assert "epoch" not in rows({"n": 1, "runs": lists})[0]


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


HISTORY = [{"step": 100, "val_loss": 3.5}, {"step": 200, "val_loss": 3.0}]
STEPS = [{"step": "100", "val_loss": "3.5"}, {"step": "200", "val_loss": "3.0"}]


def test_a_list_of_runs_may_stand_within_a_document(rows):
    runs = [{"params": 1, "loss": 3.5}, {"params": 2, "eval": {"loss": 3.0}}]
    read = [{"params": "1", "loss": "3.5"}, {"params": "2", "eval/loss": "3.0"}]
    assert rows({"runs": runs}) == read
    assert rows({"author": "x", "meta": {"seed": 1}, "experiment": {"runs": runs}}) == [
        {"author": "x", "meta/seed": "1", **row} for row in read
    ]


def test_the_name_of_a_document_is_that_of_a_run_only_beside_its_history(rows):
    assert rows({"name": "a", "history": HISTORY}) == [{"name": "a", **step} for step in STEPS]
    (first, _) = rows({"name": "sweep", "runs": [{"params": 1, "loss": 3.5}, {"params": 2, "loss": 3.0}]})
    assert first == {"document/name": "sweep", "params": "1", "loss": "3.5"}


def test_runs_may_be_named_by_their_keys(rows):
    content = {"small": {"params": 1, "loss": 3.5, "note": "x"}, "large": {"params": 2, "loss": 3.0}}
    read = [
        {"run_id": "small", "params": "1", "loss": "3.5", "note": "x"},
        {"run_id": "large", "params": "2", "loss": "3.0"},
    ]
    assert rows(content) == read
    assert rows({"runs": content, "seed": 1}) == [{"seed": "1", **row} for row in read]
    assert rows({name: {**run, "history": HISTORY} for name, run in content.items()}) == [
        {**first, **step} for first in read for step in STEPS
    ]


def test_histories_may_be_named_by_their_keys(rows):
    read = [{"run_id": name, **step} for name in ("first", "second") for step in STEPS]
    assert rows({"first": HISTORY, "second": HISTORY}) == read
    assert rows({"runs": {"first": HISTORY, "second": HISTORY}}) == read
    columns = {"step": [100, 200], "val_loss": [3.5, 3.0]}
    assert rows({"first": columns, "second": columns}) == read
    assert "run_id" not in rows({"train": HISTORY, "val": HISTORY})[0]


@pytest.mark.parametrize("names", [("train", "eval"), ("config", "summary"), ("Final", "best")])
def test_parts_of_one_run_are_no_runs(rows, names):
    (row,) = rows({name: {"loss": 3.5, "acc": 1} for name in names})
    assert list(row) == [f"{name}/{key}" for name in names for key in ("loss", "acc")]


def test_a_run_may_have_its_history_and_settings(rows):
    assert rows({"config": {"params": 1}, "history": HISTORY}) == [{"config/params": "1", **step} for step in STEPS]
    columns = {"step": [100, 200], "val_loss": [3.5, 3.0]}
    assert rows({"config": {"params": 1}, "data": columns}) == [{"config/params": "1", **step} for step in STEPS]


@pytest.mark.parametrize("history", [{"history": HISTORY}, {"step": [100, 200], "val_loss": [3.5, 3.0]}])
def test_runs_of_a_list_have_their_histories_and_a_name(rows, history):
    runs = [{"params": 1, **history}, {"params": 2, **history}]
    assert rows(runs) == [{"run_id": run, "params": run, **step} for run in ("1", "2") for step in STEPS]
    named = [{"name": name, **run} for name, run in zip("ab", runs, strict=True)]
    assert rows(named) == [
        {"name": name, "params": params, **step} for name, params in (("a", "1"), ("b", "2")) for step in STEPS
    ]


@pytest.mark.parametrize(
    "content",
    [
        [{"task_id": 1, "samples": [{"passed": True}, {"passed": False}]}],
        [{"problem": [1], "answers": ["x", "y"]}, {"problem": [2], "answers": ["x"]}],
        {"a": {"n": 1}, "b": {"n": 2}},
        {"loss": 3.5, "params": 1},
        {"a": {"loss": 1, "x": 1, "y": 2}, "b": {"z": 1, "w": 2}},
    ],
)
def test_other_documents_are_left_as_they_are(rows, content):
    assert rows(content) == [flattened(item) for item in (content if isinstance(content, list) else [content])]


def test_each_line_may_be_a_run_with_its_history(rows):
    lines = [json.dumps({"params": params, "history": HISTORY}) for params in (1, 2)]
    read = [{"run_id": run, "params": run, **step} for run in ("1", "2") for step in STEPS]
    assert rows("\n".join(lines)) == read
    assert rows("\n".join(lines) + "\n\n") == read
    assert not JSON_LINES.recognises("\n".join(lines).encode())
    assert JSON_LINES.recognises(b'{"params": 1, "loss": 3}\n{"params": 2}')
    with pytest.raises(DataError, match="is not valid JSON: line 3, column"):
        rows("\n".join([*lines, lines[0][:20]]))


def test_documents_of_many_levels_and_many_rows_are_read_in_time(rows):
    deep = {"loss": 1}
    for _ in range(60):
        deep = {"a": deep, "b": deep if _ < 3 else 1}
    assert len(rows(deep)) == 1
    assert len(rows({"x": {"runs": [{"loss": 1, "n": place} for place in range(20_000)]}})) == 20_000


def test_runs_of_groups_keep_the_name_of_their_group(rows):
    runs = {"small": {"params": 1, "loss": 3.5}, "large": {"params": 2, "loss": 3.0}}
    found = rows({"adam": runs, "muon": runs})
    assert [(row["run_id"], row["group"], row["params"]) for row in found] == [
        ("adam/small", "adam", "1"), ("adam/large", "adam", "2"),
        ("muon/small", "muon", "1"), ("muon/large", "muon", "2"),
    ]  # fmt: skip
    listed = rows({"adam": list(runs.values()), "muon": list(runs.values())})
    assert [(row["run_id"], row["group"]) for row in listed] == [
        ("adam/1", "adam"), ("adam/2", "adam"), ("muon/1", "muon"), ("muon/2", "muon")
    ]  # fmt: skip
    histories = {name: {"params": params, "history": HISTORY} for params, name in enumerate("ab")}
    deeper = {"bs1": {"adam": histories, "muon": histories}}
    assert [row["run_id"] for row in rows(deeper | {"bs2": deeper["bs1"]})][::4] == [
        "bs1/adam/a", "bs1/muon/a", "bs2/adam/a", "bs2/muon/a"
    ]  # fmt: skip
    assert rows(deeper | {"bs2": deeper["bs1"]})[0]["group"] == "bs1/adam"


def test_lines_with_the_losses_of_a_run_in_a_list_each_are_read_as_runs(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text(
        '{"run": "a", "params": 1e8, "epochs": 2, "loss": [3.1, 2.9], "step": [10, 20]}\n'
        '{"run": "b", "params": 2e8, "epochs": 2, "loss": [3.0, 2.7], "step": [10, 20]}\n'
    )
    points = load_runs(path).frame
    assert points.select("run_id", "params", "step", "loss").rows() == [("a", 1e8, 20, 2.9), ("b", 2e8, 20, 2.7)]


def test_lists_of_losses_at_one_step_are_no_curve():
    assert curves({"step": 10, "loss": [3.1, 2.9]}) == []
    assert [row["epoch"] for row in curves({"epochs": 2, "loss": [3.1, 2.9]})] == ["1", "2"]


@pytest.mark.parametrize(
    "document",
    [
        {"columns": ["params", "loss"], "index": [0, 1], "data": [[1e7, 3.5], [1e8, 3.0]]},
        {"columns": ["params", "loss"], "data": [[1e7, 3.5], [1e8, 3.0]]},
        {"params": {"0": 1e7, "1": 1e8}, "loss": {"0": 3.5, "1": 3.0}},
        {"params": {"0": 1e7, "1": 1e8}, "loss": {"0": 3.5, "1": 3.0}, "note": {"0": None, "1": "x"}},
    ],
    ids=["split", "split without index", "columns", "columns with a gap"],
)
def test_the_tables_that_pandas_writes_have_a_row_for_each_place(tmp_path, document):
    path = tmp_path / "runs.json"
    path.write_text(json.dumps(document))
    assert load_runs(str(path)).frame.select("params", "loss").rows() == [(1e7, 3.5), (1e8, 3.0)]


def test_rows_of_other_lengths_than_the_names_are_no_table_of_pandas(tmp_path):
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({"columns": ["params", "loss"], "data": [[1e7, 3.5], [1e8]]}))
    with pytest.raises(DataError):
        load_runs(str(path))


def test_runs_with_losses_by_step_are_no_table_of_pandas(tmp_path):
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({"small": {"0": 5.0, "100": 4.0}, "large": {"0": 5.0, "100": 3.0}}))
    with pytest.raises(DataError):
        load_runs(str(path))


STATE = {"global_step": 20, "epoch": 1.0, "log_history": [{"step": 10, "loss": 3.5}, {"step": 20, "loss": 3.25}]}


@pytest.mark.parametrize(
    ("results", "state", "last"),
    [
        ({"epoch": 1.0, "eval_loss": 3.3}, {}, "3.3"),
        ({"epoch": 2.0, "eval_loss": 3.3}, {}, None),  # of a longer training
        ({"epoch": 1.0}, {}, None),
        ({"epoch": 1.0, "eval_loss": 3.3}, {"log_history": [{"step": 20, "eval_loss": 3.2}]}, "3.2"),
        ([], {}, None),
    ],
)
def test_the_evaluation_after_training_may_stand_in_a_file_beside(tmp_path, results, state, last):
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(STATE | state))
    (tmp_path / "all_results.json").write_text(json.dumps(results))
    assert read_document(str(path))[-1].get("eval_loss") == last


@pytest.mark.parametrize("beside", [(), ("trainer_state.json",)])
def test_results_of_the_trainer_in_a_folder_are_read_once(tmp_path, beside):
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        results = {"epoch": 1.0, "eval_loss": 3.3, "total_flos": 1e18}
        for name in ("all_results.json", "eval_results.json", "train_results.json"):
            (tmp_path / run / name).write_text(json.dumps(results))
        for name in beside:
            (tmp_path / run / name).write_text(json.dumps(STATE))
    points = load_runs(tmp_path).frame
    assert points.select("run_id", "loss").sort("run_id").rows() == [("a", 3.3), ("b", 3.3)]
