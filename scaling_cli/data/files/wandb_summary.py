"""The folder of a W&B run: `wandb-summary.json` holds the last values, `config.yaml` beside it the settings.

A run is one row: the summary under its own names, and the settings as `config/NAME`. Of YAML only what W&B writes is
read: nested mappings of plain values, indented by blanks, and lists in one line. `config.json` is read in its place if
there is no `config.yaml`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from scaling_cli.data.files.format import Row, line_blocks, whole_files
from scaling_cli.data.files.json_runs import flattened
from scaling_cli.errors import DataError

# W&B writes one of these in every summary; a column of a table would be a list.
MARK = rb'"_(runtime|timestamp|step)"\s*:\s*[0-9]|"_wandb"\s*:\s*\{'
CONFIG = "config"
LARGEST = 2**20  # bytes of settings; a larger file holds something else
PAIR = r"( *)([^\s#:'\"-][^:]*|'[^']*'|\"[^\"]*\"):(?:\s+(.*))?$"
COMMENT = r"\s+#.*$"
EMPTY = ("", "null", "~", "|", ">")


def read_run(path: str) -> list[Row]:
    """The row of a run.

    Raises:
        DataError: The summary is not JSON.
    """
    try:
        summary = json.loads(b"".join(line_blocks(path)))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is not valid JSON: {error}.", hint="Check that the run has finished, or leave it out."
        ) from None
    row = {name: cell for name, cell in flattened(summary).items() if not name.startswith("_wandb")}
    return [row | {name: cell for name, cell in _settings(os.path.dirname(path)).items() if name not in row}]


def _settings(folder: str) -> Row:
    """The settings of the run in a folder, as `config/NAME`; empty if they are not there."""
    return settings_of(os.path.join(folder, "config.yaml")) or settings_of(os.path.join(folder, "config.json"))


def settings_of(path: str) -> Row:
    """The settings in a file of YAML or JSON, as `config/NAME`; empty if it cannot be read."""
    if not os.path.isfile(path):  # it may be a pipe, which would be waited for
        return {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            content: Any = json.load(file) if path.endswith(".json") else parse_yaml(file.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, Mapping):
        return {}
    values = {key: _value(value) for key, value in content.items() if key not in ("_wandb", "wandb_version")}
    return flattened({CONFIG: values})


def _value(setting: Any) -> Any:
    """A setting without the object that W&B puts it in: `{"desc": null, "value": 0.1}`."""
    is_wrapped = isinstance(setting, Mapping) and "value" in setting and setting.keys() <= {"desc", "value"}
    return setting["value"] if is_wrapped else setting


def parse_yaml(text: str) -> dict[str, Any]:
    """Nested mappings of text, from the part of YAML that W&B writes; lines of anything else are passed over."""
    top: dict[str, Any] = {}
    open_maps: list[tuple[int, dict[str, Any]]] = [(-1, top)]
    for line in text.splitlines():
        match = re.match(PAIR, line.rstrip())
        if match is None:
            continue
        indent, key, value = len(match[1]), match[2].strip().strip("'\""), re.sub(COMMENT, "", match[3] or "").strip()
        while indent <= open_maps[-1][0]:
            open_maps.pop()
        parent = open_maps[-1][1]
        if value in EMPTY:
            parent[key] = {} if value == "" else None
            if value == "":
                open_maps.append((indent, parent[key]))
        else:
            parent[key] = _unquoted(value)
    return top


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _is_summary(head: bytes) -> bool:
    start = head.lstrip()
    return start.startswith(b"{") and re.search(MARK, head) is not None and b'"log_history"' not in head


SUMMARY = whole_files(_is_summary, read_run, one_run=True)
