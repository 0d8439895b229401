"""JSON documents that are read whole: arrays of rows, columns, Trainer states, and results of the lm-eval harness."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scaling_cli.data.files.format import Format, Row, line_blocks, scan_rows
from scaling_cli.data.files.json_lines import flattened
from scaling_cli.errors import DataError

TRAINER_KEY = b'"log_history"'


def read_document(path: str) -> list[Row]:
    """The rows of a JSON document.

    Raises:
        DataError: It is cut short, or holds no rows.
    """
    try:
        content = json.loads(b"".join(line_blocks(path)))
    except ValueError as error:
        raise DataError(
            f"{path} is not whole JSON: {error}.", hint="Check that the job that writes it has finished."
        ) from None
    except RecursionError:
        raise DataError(f"{path} is nested too deep to be a log.", hint="Give one object a row.") from None
    rows = _rows(content)
    if not any(rows):
        raise DataError(
            f"{path} holds no rows that are known here.",
            hint="Give an array of objects, a trainer_state.json, or results of lm-eval.",
        )
    return rows


def _rows(content: Any) -> list[Row]:
    if isinstance(content, list):
        return [flattened(item) for item in content]
    if not isinstance(content, Mapping):
        return []
    if isinstance(content.get("log_history"), list):
        return _trainer_rows(content)
    if isinstance(content.get("results"), Mapping) and {"config", "versions", "n-shot"} & content.keys():
        return [_evaluation_row(content)]
    if content and all(isinstance(value, list) for value in content.values()):
        names = list(content)
        longest = max(len(values) for values in content.values())
        return [flattened({name: content[name][i] for name in names if i < len(content[name])}) for i in range(longest)]
    return [flattened(content)]


def _trainer_rows(state: Mapping[str, Any]) -> list[Row]:
    """One row a step: the Trainer logs training and evaluation of a step apart."""
    steps: dict[object, dict[str, str | None]] = {}
    for entry in state["log_history"]:
        cells = flattened(entry)
        row = steps.setdefault(cells.get("step"), {})
        # The last entry is a summary of the run; its mean training loss is the loss of no step.
        is_summary = "train_runtime" in cells
        row |= {name: cell for name, cell in cells.items() if not (is_summary and name == "train_loss")}
    last = steps.get(str(state.get("global_step")))
    if last is not None:
        for name in ("total_flos", "num_input_tokens_seen"):
            if state.get(name):
                last.setdefault(name, json.dumps(state[name]))
    return list(steps.values())


def _evaluation_row(document: Mapping[str, Any]) -> Row:
    """One row a model: a column for each task and metric, without the name of the filter if it is `none`."""
    config = document.get("config")
    config = config if isinstance(config, Mapping) else {}
    row: dict[str, str | None] = {"run_id": _model(document, config)}
    if isinstance(config.get("model_num_parameters"), int | float):
        row["params"] = json.dumps(config["model_num_parameters"])
    for name, cell in flattened(document["results"]).items():
        if not name.endswith("/alias"):
            row[name.removesuffix(",none")] = cell
    return row


def _model(document: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    named = document.get("model_name") or config.get("model_args") or config.get("model")
    if isinstance(named, Mapping):
        named = named.get("pretrained")
    if not isinstance(named, str):
        return None
    return named.partition("pretrained=")[2].partition(",")[0] or named


def _layout(path: str, head: bytes) -> str:
    read_document(path)
    return ""


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return scan_rows(paths, read_document)


def _is_document(head: bytes) -> bool:
    return head.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


# `log_history` may lie beyond the head, so Trainer states that do not show it are run by run only in folders.
TRAINER_STATE = Format(
    "trainer-state", lambda head: _is_document(head) and TRAINER_KEY in head, _layout, _scan, one_run=True
)
DOCUMENT = Format("json", _is_document, _layout, _scan)
