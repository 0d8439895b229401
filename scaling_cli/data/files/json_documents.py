"""JSON documents that are read whole: arrays of rows, lists by column, Trainer states and lm-eval results."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scaling_cli.data.files.companions import companions
from scaling_cli.data.files.format import Row, line_blocks, whole_files
from scaling_cli.data.files.json_runs import flattened, rows_of_run, rows_within
from scaling_cli.errors import DataError

SPLIT_KEYS = {"columns", "data", "index", "column_names", "index_names"}
TRAINER_KEY = b'"log_history"'
EVALUATED = "eval_loss"  # what scripts of the Trainer write after training
# The first two tokens of JSON, which text such as `[rank0]`, `[2026-01-01` or `{'loss'` does not have.
BEGINNING = (
    rb"\{\s*(?:[\"}]|$)|\[\s*(?:[\[{\"\]]|-?\d[\d.eE+-]*\s*(?:[,\]]\s*+(?![A-Za-z])|$)|(?:true|false|null|NaN)\b|$)"
)


def read_document(path: str) -> list[Row]:
    """The rows of a JSON document.

    Raises:
        DataError: It is cut short, or has no rows.
    """
    try:
        content = _parsed(b"".join(line_blocks(path)))
    except ValueError as error:
        raise DataError(
            f"{path} is not valid JSON{_place(error)}.", hint="Check that the job that writes it has finished."
        ) from None
    except RecursionError:
        raise DataError(
            f"{path} is nested too deeply to be a log.", hint="Write a list with one object per row."
        ) from None
    rows = _rows(content)
    if isinstance(content, Mapping) and isinstance(content.get("log_history"), list):
        rows = _with_last_evaluation(rows, content, companions(path))
    if not any(rows):
        raise DataError(
            f"{path} contains no rows in a known form.",
            hint="Give a list with one object per row, a trainer_state.json, or results of lm-eval.",
        )
    return rows


def _parsed(text: bytes) -> Any:
    """The content of a document, or a list of those of its lines: a run with its history takes one each."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data" or b"\n" in text[: error.pos].strip():
            raise
    lines = text.decode().splitlines(keepends=True)
    items = []
    for number, line in enumerate(lines):
        try:
            items += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, "".join(lines), len("".join(lines[:number])) + error.pos) from None
    return items


def _place(error: ValueError) -> str:
    return f": line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""


def _rows(content: Any) -> list[Row]:
    if isinstance(content, list):
        return rows_within(content) or [flattened(item) for item in content]
    if not isinstance(content, Mapping):
        return []
    if isinstance(content.get("log_history"), list):
        return _trainer_rows(content)
    if isinstance(content.get("results"), Mapping) and {"config", "versions", "n-shot"} & content.keys():
        return [_evaluation_row(content)]
    return _table_of_pandas(content) or rows_of_run(content) or [flattened(content)]


def _table_of_pandas(content: Mapping[str, Any]) -> list[Row]:
    """The rows of what pandas writes with `orient="split"`, or by column with the number of each row."""
    names, data = content.get("columns"), content.get("data")
    if isinstance(names, list) and isinstance(data, list) and content.keys() <= SPLIT_KEYS:
        if all(isinstance(row, list) and len(row) == len(names) for row in data):
            return [flattened(dict(zip(map(str, names), row, strict=True))) for row in data]
        return []
    columns = list(content.values())
    if len(columns) < 2 or not all(isinstance(column, Mapping) for column in columns):
        return []
    places = [str(place) for place in range(len(columns[0]))]
    if not places or any(list(column) != places for column in columns):
        return []
    return [flattened({name: column[place] for name, column in content.items()}) for place in places]


def _trainer_rows(state: Mapping[str, Any]) -> list[Row]:
    """One row per step, from the Trainer's separate entries for training and evaluation."""
    steps: dict[object, dict[str, str | None]] = {}
    for entry in state["log_history"]:
        cells = flattened(entry)
        row = steps.setdefault(cells.get("step"), {})
        # The last entry summarises the run; its train_loss is the mean over the run, not the loss at a step.
        is_summary = "train_runtime" in cells
        row |= {name: cell for name, cell in cells.items() if not (is_summary and name == "train_loss")}
    last = steps.get(str(state.get("global_step")))
    if last is not None:
        for name in ("total_flos", "num_input_tokens_seen"):
            if state.get(name):
                last.setdefault(name, json.dumps(state[name]))
    return list(steps.values())


def _with_last_evaluation(rows: list[Row], state: Mapping[str, Any], beside: Sequence[str]) -> list[Row]:
    """The rows with the evaluation after training at the last step, which scripts write only to a file `beside`.

    That is so if no step was evaluated, and the file is of the same epoch.
    """
    if not beside:
        return rows
    try:
        with open(beside[0], encoding="utf-8") as file:
            results = json.load(file)
    except (OSError, ValueError, RecursionError):
        return rows
    is_known = isinstance(results, Mapping) and EVALUATED in results and results.get("epoch") == state.get("epoch")
    if not is_known or any(EVALUATED in row for row in rows):
        return rows
    cell, last = json.dumps(results[EVALUATED]), str(state.get("global_step"))
    return [{**row, EVALUATED: cell} if row.get("step") == last else row for row in rows]


def _evaluation_row(document: Mapping[str, Any]) -> Row:
    """One row for the model: a column for each task and metric, without the name of the filter if it is `none`."""
    config = document.get("config")
    config = config if isinstance(config, Mapping) else {}
    row: dict[str, str | None] = {"run_id": _model_name(document, config)}
    if isinstance(config.get("model_num_parameters"), int | float):
        row["params"] = json.dumps(config["model_num_parameters"])
    if (revision := _revision(config)) is not None:
        row["revision"] = revision
    for name, cell in flattened(document["results"]).items():
        if not name.endswith("/alias"):
            row[name.removesuffix(",none")] = cell
    return row


def _model_name(document: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    model = document.get("model_name") or config.get("model_args") or config.get("model")
    if isinstance(model, Mapping):
        model = model.get("pretrained")
    if not isinstance(model, str):
        return None
    return model.partition("pretrained=")[2].partition(",")[0] or model


def _revision(config: Mapping[str, Any]) -> str | None:
    """The revision of the model, such as `step1000`: a checkpoint of its training."""
    arguments = config.get("model_args")
    if isinstance(arguments, Mapping):
        revision = arguments.get("revision")
    else:
        revision = str(arguments or "").partition("revision=")[2].partition(",")[0]
    revision = revision or config.get("model_revision")
    return revision if isinstance(revision, str) else None


def _is_document(head: bytes) -> bool:
    start = head.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b"{", b"[")) and re.match(BEGINNING, start) is not None


# `log_history` may come after the first bytes. Such a Trainer state is taken for a document, whose rows make one run
# only if several files are given.
TRAINER_STATE = whole_files(lambda head: _is_document(head) and TRAINER_KEY in head, read_document, one_run=True)
DOCUMENT = whole_files(_is_document, read_document)
