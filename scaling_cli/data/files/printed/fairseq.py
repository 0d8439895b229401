"""Logs of fairseq with `--log-format json`: a JSON object for each update and validation, behind the name of its kind.

`2026-01-01 10:00:00 | INFO | train_inner | {"epoch": 1, "loss": "8.464", "ppl": "353.1", "num_updates": "250"}`
`2026-01-01 10:10:00 | INFO | valid | {"epoch": 1, "valid_loss": "8.4", "valid_num_updates": "250"}`

Its losses are in bits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from scaling_cli.data.files.text_logs import Steps, lines, one_model, plain, set_all, text_log

ENTRY = re.compile(r"\| (train_inner|valid) \| (\{.*\})\s*$")
PARAMS = re.compile(r"\| num\. (?:shared model|model) params: ([\d,]+)")
OF_KIND = {"train_inner": {"loss": "train_loss", "ppl": "train_ppl"}}


def read_log(path: str) -> Steps:
    """One row per update that is printed, with the validation after it."""
    steps: Steps = {}
    params = None
    for line in lines(path):
        if match := ENTRY.search(line):
            cells = dict(_cells(match[2], OF_KIND.get(match[1], {})))
            update = cells.pop("num_updates", None) or cells.pop("valid_num_updates", None)
            if update is not None:
                row = steps.setdefault(update, {"step": update})
                row |= cells
        elif match := PARAMS.search(line):
            params = one_model(path, steps, params, plain(match[1]))
    set_all(steps, "params", params)
    set_all(steps, "loss_unit", "bits")
    return steps


def _cells(text: str, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The names and values of an object, unless it is damaged."""
    try:
        found = msgspec.json.decode(text, type=dict[str, str | int | float | None])
    except msgspec.DecodeError:
        return
    for name, value in found.items():
        if value is not None:
            yield names.get(name, name), str(value)


FAIRSEQ = text_log(r"\| (?:train_inner|valid) \| \{\"", read_log)
