"""Runs that a file names: a design to judge, or runs under way, each in its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.data.names import shortened
from scaling_cli.data.runs.targets import Row, load_targets
from scaling_cli.errors import DataError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.options.plan import Plan

COUNTS = ("count", "runs", "repeats")  # columns that say for how many equal runs a row stands
NO_GROUP: Mapping[str, str] = {}


def read_design(path: str, group: Mapping[str, str] = NO_GROUP) -> Candidates:
    """The params and tokens of the runs of one group in a file; either may follow from compute.

    Runs of a file without the group's columns are those of each group. A row with a number in a column of `COUNTS`
    stands for so many equal runs.

    Raises:
        DataError: A row has neither two of them, or no row is of this group, or a number of runs is not a whole one.
    """
    rows = [(number, row) for number, row in enumerate(_rows(path, group), 1) if _is_of(row, group)]
    found = [place for number, row in rows for place in [_place(path, number, row)] * _count(path, number, row)]
    if not found:
        raise DataError(f"{path} has no runs of {_named(group)}.", hint="Add runs of this group, or leave it out.")
    params, tokens = zip(*found, strict=True)
    return Candidates(np.array(params), np.array(tokens))


def design_if_any(path: str, group: Mapping[str, str]) -> Candidates | None:
    """The same, or None if all runs are of other groups."""
    return read_design(path, group) if any(_is_of(row, group) for row in _rows(path, group)) else None


def require_known_groups(asked: Plan, groups: Sequence[Mapping[str, str]]) -> None:
    """Refuse files whose runs cannot be assigned to the groups, each of which has a plan of its own.

    Raises:
        DataError: A run is of a group that does not exist, or which group is trained is not known.
    """
    columns = list(groups[0]) if groups else []
    for option, path in (("--underway", asked.underway), ("--judge", asked.judge)):
        if path is None or not columns:
            continue
        rows = _rows(path, groups[0])
        lacking = [column for column in columns if column not in rows[0][2]]
        if lacking and len(groups) > 1 and option == "--underway":
            raise DataError(
                f"{path} has no column {with_and(lacking)}, so the group of its runs is not known.",
                hint=f"Add the column {with_and(lacking)} to the file, with the group of each run.",
            )
        for row in rows:
            if not any(_is_of(row, group) for group in groups):
                raise DataError(
                    f"{path} has a run of {_named(row[2])}, but the groups are {with_and(list(map(_named, groups)))}.",
                    hint="Correct the group in this file, or leave the run out.",
                )


def _rows(path: str, group: Mapping[str, str]) -> list[Row]:
    return load_targets(path, by=tuple(group), keep=COUNTS)


def _is_of(row: Row, group: Mapping[str, str]) -> bool:
    """Whether a run is of a group, by the columns that its file has."""
    return all(group[column] == value for column, value in row[2].items())


def _named(group: Mapping[str, str]) -> str:
    return ", ".join(f"{column}={value}" for column, value in group.items())


def _count(path: str, number: int, row: Row) -> int:
    """For how many equal runs a row stands."""
    column = next((name for name in COUNTS if name in row[0] or name in row[4]), None)
    if column is None:
        return 1
    value = f"{row[0][column]:g}" if column in row[0] else row[4][column]
    if not value.isdecimal() or int(value) < 1:
        raise DataError(
            f"{path} has {shortened(value)!r} in column {column!r} for run {number}, which is no number of equal runs.",
            hint=f"Write whole numbers from 1 there, or leave the column {column!r} out.",
        )
    return int(value)


def _place(path: str, number: int, row: Row) -> tuple[float, float]:
    at = row[0]
    known = [role for role in SURFACE if role in at]
    if "compute" in at and len(known) == 1:
        other = SURFACE[1 - SURFACE.index(known[0])]
        at = {**at, other: at["compute"] / FLOPS_A_PARAM_AND_TOKEN / at[known[0]]}
    if not has_params_and_tokens(at):
        lacking = [role for role in SURFACE if role not in at]
        raise DataError(
            f"{path} has no {with_and(lacking)} for run {number}.",
            hint="Write one run per row, under the header params,tokens.",
        )
    return at["params"], at["tokens"]
