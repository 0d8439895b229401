"""Logs that two loggers wrote of one run, such as Lightning's `metrics.csv` beside the events of TensorBoard.

They lie in one folder, and their losses agree at the first and at the last step, as far as both were written: events
hold floats of 32 bits, and other logs may round to four decimals. Different runs never agree so far.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.rows.shorter_copies import file_of
from scaling_cli.data.runs.select import EARLIEST, FIRST_LOSS, Selection

SINGLE = 2.0**-22  # relative error of a float of 32 bits, and a little more
FEWEST_DECIMALS, MOST_DECIMALS = 4, 12
LIKE_AMOUNTS = 1e-4  # relative difference of tokens that are equal, such as those of events
MOST_LOGS = 4  # of one run in a folder; more are runs
AMOUNTS = ("params", "tokens", "compute")


def twin_logs(ends: Selection | None, names: Mapping[str, str]) -> tuple[list[str], tuple[Caveat, ...]]:
    """The runs whose log repeats that of another logger in its folder, and a caveat that counts them.

    `ends` has the last usable row of each run, with its earliest step and the loss there; `names` are those of files.
    """
    if ends is None or not {"run_id", "step", EARLIEST, FIRST_LOSS} <= set(ends.points.columns):
        return [], ()
    folders: dict[str, list[dict[str, Any]]] = defaultdict(list)
    paths = [file_of(run or "") for run in ends.points["run_id"]]
    folder_of = [os.path.dirname(path) if path in names else None for path in paths]
    if len({folder for folder in folder_of if folder is not None}) == sum(folder is not None for folder in folder_of):
        return [], ()
    for row, folder in zip(ends.points.iter_rows(named=True), folder_of, strict=True):
        if folder is not None and row["step"] is not None:
            folders[folder].append(row)
    twins = {
        worse["run_id"]: better["run_id"]
        for logs in folders.values()
        if len(logs) <= MOST_LOGS
        for better, worse in combinations(sorted(logs, key=_rank), 2)
        if _are_of_one_run(better, worse)
    }
    if not twins:
        return [], ()
    other, kept = min((names[file_of(other)], names[file_of(kept)]) for other, kept in twins.items())
    facts = {"count": f"{len(twins):,}", "total": f"{len(names):,}", "other": other, "kept": kept}
    return list(twins), (caveat("twin-logs", None, **facts),)


def _rank(row: Mapping[str, Any]) -> tuple[int, int, str]:
    """The log that says most comes first."""
    known = sum(row.get(role) is not None for role in AMOUNTS)
    return -known, -_decimals(row["loss"]), row["run_id"]


def _are_of_one_run(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    for role in AMOUNTS:
        mine, theirs = one.get(role), other.get(role)
        if mine and theirs and abs(mine - theirs) > LIKE_AMOUNTS * mine:
            return False
    if one["step"] != other["step"] or one[EARLIEST] != other[EARLIEST]:
        return False
    if not _agree(one["loss"], other["loss"]) or not _agree(one[FIRST_LOSS], other[FIRST_LOSS]):
        return False
    return one["step"] != one[EARLIEST] or min(_decimals(one["loss"]), _decimals(other["loss"])) > FEWEST_DECIMALS


def _agree(one: float, other: float) -> bool:
    decimals = min(_decimals(one), _decimals(other))
    return decimals >= FEWEST_DECIMALS and abs(one - other) <= max(SINGLE * abs(one), 0.51 * 10.0**-decimals)


def _decimals(loss: float) -> int:
    """The decimals of a loss; a fifth one may be rounded away by chance."""
    return min(len(f"{loss:.{MOST_DECIMALS}f}".rstrip("0").partition(".")[2]), MOST_DECIMALS)
