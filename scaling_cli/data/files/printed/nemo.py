"""Logs of NeMo: the lines that it prints for each iteration, and the lines of JSON that DLLogger writes.

`Training epoch 0, iteration 99/499 | lr: 3e-04 | global_step: 99 | reduced_train_loss: 5.2 | consumed_samples: 25600`
`DLLL {"type": "LOG", "step": 99, "data": {"reduced_train_loss": 5.2, "consumed_samples": 25600.0}}`
"""

from __future__ import annotations

import json
import re

from scaling_cli.data.files.json_runs import flattened
from scaling_cli.data.files.text_logs import Steps, lines, text_log

ITERATION = re.compile(r"\bTraining epoch (\d+), iteration (\d+)/(\d+) \| (.*)")
FIELD = re.compile(r"([^|:]+?): ([^|\s]+)\s*(?:\| |$)")
ENTRY = re.compile(r"\bDLLL (\{.*\})\s*$")
STEP = "global_step"
VALIDATION = re.compile(r"val(?:idation)?_")


def read_log(path: str) -> Steps:
    """One row per iteration; a validation stands in the row of the last iteration before it.

    Every line repeats the validation before it, which is read once.
    """
    steps: Steps = {}
    last: dict[str, str | None] = {}
    validated: dict[str, str] = {}
    for line in lines(path):
        if match := ENTRY.search(line):
            _add_entry(steps, match[1])
        elif match := ITERATION.search(line):
            fields = dict(FIELD.findall(match[4]))
            validation = {name: fields.pop(name) for name in list(fields) if VALIDATION.match(name)}
            row = steps.setdefault(fields.get(STEP, f"{match[1]} {match[2]}"), {})
            if validation != validated:
                (last or row).update(validation)
                validated = validation
            row |= _place(match, fields) | fields
            last = row
    return steps


def _place(match: re.Match[str], fields: dict[str, str]) -> dict[str, str | None]:
    """The step of an iteration, whose number begins anew in each epoch; without it, how many epochs were trained."""
    if (step := fields.pop(STEP, None)) is not None:
        return {"step": step}
    epoch, iteration, last = (int(match[group]) for group in (1, 2, 3))
    return {"epoch": str(epoch + iteration / (last + 1))}


def _add_entry(steps: Steps, text: str) -> None:
    try:
        entry = json.loads(text)
    except ValueError:  # a line that is cut short
        return
    step, data = entry.get("step"), entry.get("data")
    if isinstance(step, int) and isinstance(data, dict):
        cells = flattened(data)
        cells.pop(STEP, None)
        steps.setdefault(str(step), {"step": str(step)}).update(cells)


NEMO = text_log(r"\bTraining epoch \d+, iteration \d+/\d+ \| |\bDLLL \{", read_log)
