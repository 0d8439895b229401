"""The folder of a run in the file store of MLflow: `mlruns/EXPERIMENT/RUN/`, of which `meta.yaml` is read.

Beside it, `metrics/NAME` has one line for each value, with its time, the value and the step, and `params/NAME` holds
one setting. Names with a slash are folders within these. Columns have the names that `mlflow experiments csv` gives
them: `metrics.NAME` and `params.NAME`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from scaling_cli.data.files.companions import MLFLOW_METRICS, MLFLOW_PARAMS, companions
from scaling_cli.data.files.format import Row, whole_files
from scaling_cli.data.files.wandb_summary import parse_yaml
from scaling_cli.errors import DataError

STAGE = b"lifecycle_stage:"
RUN = rb"^run_(?:uu)?id:"
STATES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}  # `status` in `meta.yaml`
METRIC, PARAM = f"{MLFLOW_METRICS}/", f"{MLFLOW_PARAMS}/"
SYSTEM = f"{METRIC}system/"  # load of the machine, which has steps of its own
VALUE = re.compile(r"(\d{1,18}) (\S+)(?: (-?\d{1,18})(?: .*)?)?\n")  # time and value, and the step if it is not 0
LARGEST = 2**16  # bytes of a setting that is read


def read_run(path: str) -> list[Row]:
    """One row per step, with the last value of each metric at it, and the settings.

    Raises:
        DataError: The run was deleted, or has no metrics.
    """
    folder = os.path.dirname(path)
    meta = parse_yaml(_text(path))
    if meta.get("lifecycle_stage") == "deleted":
        raise DataError(f"{path} is of a run that was deleted in MLflow.", hint="Leave it out, or restore the run.")
    steps: dict[int, dict[str, str | None]] = {}
    parts = {os.path.relpath(file, folder).replace(os.sep, "/"): file for file in companions(path)}
    for name, file in parts.items():
        if name.startswith(METRIC) and not name.startswith(SYSTEM):
            for step, cell in _last_values(file).items():
                steps.setdefault(step, {})[name.replace("/", ".", 1)] = cell
    if not steps:
        raise DataError(
            f"{path} is of a run without metrics.", hint="Check that training has started, or leave it out."
        )
    whole = _whole(parts, meta)
    counted = steps.keys() != {0}  # which MLflow writes where no step was given
    return [{**whole, **({"step": str(step)} if counted else {}), **steps[step]} for step in sorted(steps)]


def _whole(parts: Mapping[str, str], meta: Mapping[str, object]) -> dict[str, str]:
    """What holds for the whole run: its id, its name, how it ended, and its settings."""
    names = {
        "run_id": meta.get("run_id") or meta.get("run_uuid"),
        "run_name": meta.get("run_name"),
        "status": STATES.get(str(meta.get("status"))),
    }
    settings = {
        name.replace("/", ".", 1): _text(file).strip() for name, file in parts.items() if name.startswith(PARAM)
    }
    return {name: cell for name, cell in names.items() if isinstance(cell, str)} | settings


def _last_values(file: str) -> dict[int, str]:
    """The value of a metric at each step; of several, the latest. A line that is cut short does not count."""
    values: dict[int, tuple[int, str]] = {}
    with open(file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if match := VALUE.match(line):
                at = int(match[3] or 0)
                values[at] = max(values.get(at, (0, "")), (int(match[1]), match[2]), key=lambda value: value[0])
    return {step: cell for step, (_, cell) in values.items()}


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(LARGEST)


def _is_run(head: bytes) -> bool:
    return STAGE in head and all(re.search(line, head, re.MULTILINE) for line in (b"^" + STAGE, RUN))


MLFLOW = whole_files(_is_run, read_run, one_run=True)
