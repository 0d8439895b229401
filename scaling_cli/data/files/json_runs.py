"""Runs within a JSON document: a list of them, a dictionary of them by name, and the history of each.

    {"model": "a", "runs": [{"params": 1e7, "loss": 3.1}, ...]}
    {"small": {"params": 1e7, "loss": 3.1}, "large": {"params": 1e8, "loss": 2.7}}
    {"small": [{"step": 100, "loss": 3.5}, ...], "large": [...]}
    [{"params": 1e7, "history": [{"step": 100, "loss": 3.5}, ...]}, ...]

What stands beside a list of rows holds for all of them. Only rows with a loss are looked for, so that other documents,
such as logs of repeated sampling, are left as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scaling_cli.data.cells import NESTED
from scaling_cli.data.files.format import Row
from scaling_cli.data.names import normalise

METRICS = {"loss", "nll", "ppl", "perplexity", "bpb"}
RUN = "run_id"  # the column that names a run
NAMES = {RUN, "run", "run_name", "name", "id"}  # of the same in an object
STEPS = {"step", "steps", "iteration", "iterations", "iter", "iters", "epoch", "epochs", "update", "updates"}
STEP = {"step", "iteration", "iter", "epoch", "update"}  # of these, those that name one, not their number
BESIDE = "document"  # before a name that all runs would share
GROUP = "group"  # the column of the name that several runs stand under
HISTORY = "history"  # the name under which Keras has the losses of its epochs
DEEPEST = 5  # objects within one another in which rows are looked for
# Parts of one run, which are no runs of their own.
PARTS = {
    *("train", "training", "val", "valid", "validation", "eval", "evaluation", "test", "config", "summary", "metrics"),
    *("params", "hparams", "hyperparameters", "args", "final", "best", "data", "metadata", "results"),
}


def flattened(item: object, prefix: str = "") -> dict[str, str | None]:
    """The cells of one JSON object as text, with nested ones as `outer/inner`; empty for any other value."""
    cells: dict[str, str | None] = {}
    if not isinstance(item, Mapping):
        return cells
    for key, value in item.items():
        if isinstance(value, Mapping):
            cells |= flattened(value, f"{prefix}{key}{NESTED}")
        else:
            cells[prefix + str(key)] = text_of(value)
    return cells


def text_of(value: object) -> str | None:
    """The cell that stands for a value: as JSON writes it (`true`, `NaN`, `[1, 2]`), or else as Python does."""
    if value is None or isinstance(value, str):
        return value
    try:
        return json.dumps(value.tolist() if hasattr(value, "tolist") else value)  # values of numpy have `tolist`
    except (TypeError, ValueError):
        return str(value)


def rows_within(content: Any, depth: int = 0) -> list[Row]:
    """The rows of the runs in a part of a document; empty unless objects with losses are listed, or named, in it."""
    if depth > DEEPEST:
        return []
    if isinstance(content, list):
        return _of_list(content, depth)
    if not isinstance(content, Mapping):
        return []
    if _are_runs(content):
        return [
            _named(str(name), row)
            for name, run in content.items()
            for row in rows_of_run(run, depth + 1) or [flattened(run)]
        ]
    found = {name: rows for name, value in content.items() if (rows := _table(str(name), value, depth))}
    if 1 < len(found) == len(content) and not _are_parts(content):
        return [row for name, rows in found.items() for row in _listed(str(name), rows)]
    if len(found) != 1:
        return []
    (name, rows), *_ = found.items()
    whole = flattened({other: value for other, value in content.items() if other != name})
    if not _have_steps(rows):
        # The rows are runs, not steps of one, so a name beside them is not theirs.
        whole = {f"{BESIDE}/{key}" if normalise(key) in NAMES else key: cell for key, cell in whole.items()}
    return [{**whole, **row} for row in rows]


def _named(name: str, row: Row) -> Row:
    """A row of the run of this name, or of a run within a group of this name."""
    inner = row.get(RUN)
    if inner is None:
        return {RUN: name, **row}
    group = row.get(GROUP)
    return {**row, RUN: f"{name}{NESTED}{inner}", GROUP: name if group is None else f"{name}{NESTED}{group}"}


def _listed(name: str, rows: Sequence[Row]) -> list[Row]:
    """Rows that stand under a name: steps of the run of this name, or runs of a group of this name."""
    if _have_steps(rows) or any(RUN in row for row in rows):
        return [_named(name, row) for row in rows]
    return [_named(name, {RUN: str(place), **row}) for place, row in enumerate(rows, start=1)]


def _have_steps(rows: Sequence[Row]) -> bool:
    return any(normalise(key).split("_")[-1] in STEPS for row in rows for key in row)


def rows_of_run(content: Mapping[str, Any], depth: int = 0) -> list[Row]:
    """The rows of an object that lists them, within it or by column; empty where it is one row."""
    return rows_within(content, depth) or _columns(content) or curves(content)


def _columns(content: Mapping[str, Any]) -> list[Row]:
    """A row for each element of the values, if all of them are lists."""
    if not content or not all(isinstance(value, list) for value in content.values()):
        return []
    longest = max(map(len, content.values()))
    return [
        flattened({name: values[place] for name, values in content.items() if place < len(values)})
        for place in range(longest)
    ]


def curves(content: Mapping[str, Any]) -> list[Row]:
    """A row for each element of the losses, with other lists as long and with what holds for the whole run.

    Empty unless all losses are lists of numbers, and none if one step has several. Without a column of steps, the place
    in the list is the epoch, as in the history of Keras.
    """
    lists = {name: value for name, value in content.items() if isinstance(value, list) and _are_numbers(value)}
    losses = [name for name in content if name.lower().endswith("loss")]
    rows = max((len(lists[name]) for name in losses), default=0) if set(losses) <= lists.keys() else 0
    columns = {name: value for name, value in lists.items() if len(value) == rows}
    if rows < 2 or content.keys() & STEP - columns.keys():
        return []
    order = {} if STEPS & columns.keys() else {"epoch": list(range(1, rows + 1))}
    whole = flattened({name: value for name, value in content.items() if name not in columns})
    return [
        whole | flattened({name: value[place] for name, value in (order | columns).items()}) for place in range(rows)
    ]


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values)


def _table(name: str, value: Any, depth: int) -> list[Row]:
    """The rows of a list of objects with losses, or of lists by column, or of what either is within."""
    if isinstance(value, Mapping) and _are_columns(value):
        if name == HISTORY and (in_order := curves(value)):
            return in_order
        names, count = list(value), len(next(iter(value.values())))
        return [flattened({name: value[name][place] for name in names}) for place in range(count)]
    if isinstance(value, list | Mapping):
        return rows_within(value, depth + 1)
    return []


def _of_list(items: Sequence[Any], depth: int) -> list[Row]:
    """A row for each object, or those within it, which are then one run."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return []
    parts = [rows_of_run(item, depth + 1) if _has_loss(item) else rows_within(item, depth + 1) for item in items]
    if any(parts):
        has_names = any(normalise(str(key)) in NAMES for item in items for key in item)
        rows: list[Row] = []
        for place, (item, own) in enumerate(zip(items, parts, strict=True), start=1):
            name: Row = {} if has_names else {RUN: str(place)}
            rows += [{**name, **row} for row in own or [flattened(item)]]
        return rows
    return [flattened(item) for item in items] if any(map(_has_loss, items)) else []


def _are_runs(content: Mapping[str, Any]) -> bool:
    """Whether the values are runs by name: objects that share most of their keys, and have losses."""
    runs = list(content.values())
    if len(runs) < 2 or not all(isinstance(run, Mapping) and run for run in runs):
        return False
    if _are_parts(content):
        return False
    shared = set(runs[0]).intersection(*runs[1:])
    return 2 * len(shared) >= max(map(len, runs)) and any(_has_loss(run) or rows_within(run) for run in runs)


def _are_parts(content: Mapping[str, Any]) -> bool:
    return any(normalise(str(name)) in PARTS for name in content)


def _are_columns(value: Mapping[str, Any]) -> bool:
    lists = [part for part in value.values() if isinstance(part, list)]
    are_lists = len(lists) == len(value) > 0 and len({len(part) for part in lists}) == 1 and len(lists[0]) > 1
    return are_lists and _has_loss(value)


def _has_loss(item: Mapping[str, Any]) -> bool:
    """Whether a key of the object, or of one within it, names a loss."""
    return any(
        METRICS & set(normalise(str(key)).split("_")) or (isinstance(value, Mapping) and _has_loss(value))
        for key, value in item.items()
    )
