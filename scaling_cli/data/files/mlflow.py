"""The folder of a run in the file store of MLflow: `mlruns/EXPERIMENT/RUN/`, of which `meta.yaml` is read.

Beside it, `metrics/NAME` has one line for each value, with its time, the value and the step, and `params/NAME` holds
one setting. Names with a slash are folders within these. Columns have the names that `mlflow experiments csv` gives
them: `metrics.NAME` and `params.NAME`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from scaling_cli.data.files.format import Format, Row, scan_rows
from scaling_cli.data.files.wandb_summary import parse_yaml
from scaling_cli.errors import DataError

META, METRICS, PARAMS = "meta.yaml", "metrics", "params"
STAGE = b"lifecycle_stage:"
RUN = rb"^run_(?:uu)?id:"
STATES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}  # `status` in `meta.yaml`
SYSTEM = "system/"  # load of the machine, which has steps of its own
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
    for name, file in _files(os.path.join(folder, METRICS)):
        if not name.startswith(SYSTEM):
            for step, cell in _last_values(file).items():
                steps.setdefault(step, {})[f"{METRICS}.{name}"] = cell
    if not steps:
        raise DataError(
            f"{path} is of a run without metrics.", hint="Check that training has started, or leave it out."
        )
    whole = _whole(folder, meta)
    counted = steps.keys() != {0}  # which MLflow writes where no step was given
    return [{**whole, **({"step": str(step)} if counted else {}), **steps[step]} for step in sorted(steps)]


def _whole(folder: str, meta: Mapping[str, object]) -> dict[str, str]:
    """What holds for the whole run: its id, its name, how it ended, and its settings."""
    names = {
        "run_id": meta.get("run_id") or meta.get("run_uuid"),
        "run_name": meta.get("run_name"),
        "status": STATES.get(str(meta.get("status"))),
    }
    settings = {f"{PARAMS}.{name}": _text(file).strip() for name, file in _files(os.path.join(folder, PARAMS))}
    return {name: cell for name, cell in names.items() if isinstance(cell, str)} | settings


def _files(folder: str) -> Iterator[tuple[str, str]]:
    """The name of each metric or setting, and its file."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = os.path.join(place, name)
            yield os.path.relpath(file, folder).replace(os.sep, "/"), file


def _last_values(file: str) -> dict[int, str]:
    """The value of a metric at each step; of several, the latest. A line that is cut short does not count."""
    values: dict[int, tuple[int, str]] = {}
    with open(file, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            time, cell, step, *_ = (*line.split(), "0", "", "")
            if not cell or not time.isdigit() or not re.fullmatch(r"-?\d{1,18}", step):
                continue
            at = int(step)
            values[at] = max(values.get(at, (0, "")), (int(time), cell), key=lambda value: value[0])
    return {step: cell for step, (_, cell) in values.items()}


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(LARGEST)


def _is_run(head: bytes) -> bool:
    return STAGE in head and all(re.search(line, head, re.MULTILINE) for line in (b"^" + STAGE, RUN))


def _layout(path: str, head: bytes) -> str:
    read_run(path)
    return ""


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return scan_rows(paths, read_run)


MLFLOW = Format(_is_run, _layout, _scan, one_run=True)
