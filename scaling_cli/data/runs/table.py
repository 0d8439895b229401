"""A table of points, how they came about, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.files.source import Unread
from scaling_cli.data.names import shortened
from scaling_cli.errors import DataError
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Source

BY = "by "  # keeps the label of a group apart from the role of the same name


def label_of(frame: pl.DataFrame, name: str) -> str:
    """The column that holds the labels of `--by name`, which stand beside the numbers where `name` is a role."""
    return BY + name if BY + name in frame.columns else name


class RunTable(Record):
    """Points to fit, and how they came about.

    `frame` has one row a point: `run_id` (text), each canonical role that was found (floats, in FLOPs,
    counts and steps), then the columns asked for, under their own names (see `label_of` for groups). Loss is finite,
    and above zero unless asked otherwise, in every row; so are params, tokens and compute where they are not null.
    `columns` gives the column, or the formula, behind each role. `excluded` counts, by reason, the rows left out of
    `total`; rows that `where` or the choice of checkpoints passes over are not among them. `scales` has the factors
    that brought roles to FLOPs and counts, where they are not 1. `unread` are files that could not be read while others
    could, `others` the columns that play no role, and `unreadable` has a cell for each reason that names such cells.
    """

    frame: pl.DataFrame
    sources: tuple[Source, ...]
    columns: dict[str, str]
    excluded: dict[str, int]
    total: int
    caveats: tuple[Caveat, ...]
    scales: dict[str, float] = {}
    unread: tuple[Unread, ...] = ()
    others: tuple[str, ...] = ()
    unreadable: dict[str, str] = {}

    def needing(self, roles: Sequence[str]) -> RunTable:
        """The points that have a value in each of these columns; those that lack one are counted as excluded.

        Raises:
            DataError: A role has no column, or no point has all of them.
        """
        for role in roles:
            if role not in self.frame.columns:
                raise DataError(
                    f"No column could be taken for {role}.",
                    hint=f"Name it with --map {role}=COLUMN, or add it.",
                )
        points, excluded = self.frame, dict(self.excluded)
        for role in roles:
            if lacking := points[role].null_count():
                excluded[f"no {role}"] = excluded.get(f"no {role}", 0) + lacking
                points = points.filter(pl.col(role).is_not_null())
        if points.is_empty():
            raise no_points(excluded, self.total, None, self.unreadable)
        others = tuple(known for known in self.caveats if known.code != "rows-excluded")
        caveats = (*left_out(excluded, self.total, self.unreadable), *others)
        return replace(self, frame=points, excluded=excluded, caveats=caveats)


def left_out(
    excluded: Mapping[str, int], total: int, unreadable: Mapping[str, str] | None = None
) -> tuple[Caveat, ...]:
    """The caveat that says what was left out, if anything was; `unreadable` has a cell for some of the reasons."""
    if not excluded:
        return ()
    count = sum(excluded.values())
    reasons = _reasons(excluded, unreadable or {})
    return (caveat("rows-excluded", count=f"{count:,}", total=f"{total:,}", reasons=reasons),)


def no_points(
    excluded: Mapping[str, int], total: int, where: str | None, unreadable: Mapping[str, str] | None = None
) -> DataError:
    """The error for a table in which nothing is left."""
    if total == 0 and where is not None:
        return DataError(f"No row satisfies --where {where!r}.", hint="Loosen the condition, or check its spelling.")
    if total == 0:
        return DataError("The input has a header but no rows.", hint="Check that the job that writes it has finished.")
    hint = "Choose another column with --map ROLE=COLUMN, or leave a role out with --map ROLE=none."
    if unreadable:
        hint = (
            "Write numbers like 70B, 1.4T, 6e23 or 1_000_000, with a point for decimals, compute also as 2.5 PF-days, "
            "a loss also as 68.5%; or choose another column with --map ROLE=COLUMN."
        )
    return DataError(f"None of {total:,} rows can be used: {_reasons(excluded, unreadable or {})}.", hint=hint)


def _reasons(excluded: Mapping[str, int], unreadable: Mapping[str, str]) -> str:
    return ", ".join(
        f"{count:,} with {reason}" + (f" such as {shortened(unreadable[reason])!r}" if reason in unreadable else "")
        for reason, count in excluded.items()
    )
