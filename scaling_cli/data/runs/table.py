"""The table of points that is fitted, where its columns come from, and which rows were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.files.inputs import UnreadFile
from scaling_cli.data.names import SHOWN, column_of, in_order, shortened
from scaling_cli.data.runs.likely import no_column
from scaling_cli.data.runs.select import BEFORE_TRAINING
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import group_label
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Source

BY = "by "  # prefix of a column of groups, if a role has the same name


NO = "no "  # begins the reason for rows without a value of a role


def label_of(frame: pl.DataFrame, name: str) -> str:
    """The column with the labels of `--by name`; if `name` is a role, its numbers are in another column."""
    return BY + name if BY + name in frame.columns else name


class RunTable(Record):
    """Points to fit, and where they come from.

    Attributes:
        frame: One row per point: `run_id` (text), each role that was found (floats, in FLOPs, counts and steps), then
            the other columns asked for, under their own names (see `label_of` for groups). The loss is finite in every
            row, and above zero unless that was not asked for; so are params, tokens and compute where not null.
        sources: The files that were read.
        columns: The column, or the formula, behind each role.
        excluded: How many of `total` rows are unusable, by reason; those that `where` or the choice of checkpoints
            passes over are not among them.
        total: How many rows there are, without those that `where` drops.
        caveats: What was found on the way.
        scales: The factors that converted roles to FLOPs and counts, where they are not 1.
        unread: Files that could not be read while others could.
        others: The columns without a role.
        unreadable: An example for each reason that concerns cells, and the files that lack the column of a role.
        aside: For each point, columns without a role that may explain how losses differ.
        by: The columns of groups, but for that of runs.
        lost: The groups of which no point is left.
    """

    frame: pl.DataFrame
    sources: tuple[Source, ...]
    columns: dict[str, str]
    excluded: dict[str, int]
    total: int
    caveats: tuple[Caveat, ...]
    scales: dict[str, float] = {}
    unread: tuple[UnreadFile, ...] = ()
    others: tuple[str, ...] = ()
    unreadable: dict[str, str] = {}
    aside: pl.DataFrame = pl.DataFrame()
    by: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def own(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns of `frame` that names on the command line stand for: those of the file before roles."""
        return tuple(column_of(self.frame.columns, name) for name in names)

    def needing(self, roles: Sequence[str]) -> RunTable:
        """The table without points that lack a value in one of these columns; these are counted as excluded.

        Raises:
            DataError: A role has no column, or no point has all of them.
        """
        for role in roles:
            if role not in self.frame.columns:
                raise no_column(role, self.others)
        kept = self
        for role in roles:
            if kept.frame[role].null_count():
                kept = kept.without(pl.col(role).is_null(), f"no {role}")
        return kept

    def without(self, condition: pl.Expr, reason: str) -> RunTable:
        """The table without the points that satisfy a condition; these are counted as excluded, `with` this reason.

        Raises:
            DataError: No point is left.
        """
        gone = self.frame.select(condition.fill_null(value=False)).to_series()
        if not gone.any():
            return self
        points, aside = self.frame.filter(~gone), self.aside.filter(~gone) if self.aside.width else self.aside
        excluded = {**self.excluded, reason: self.excluded.get(reason, 0) + int(gone.sum())}
        if points.is_empty():
            raise no_points(excluded, self.total, None, self.unreadable)
        others = tuple(known for known in self.caveats if known.code != "rows-excluded")
        lost = (*self.lost, *lost_groups(self.frame, points, {name: label_of(points, name) for name in self.by}))
        caveats = (*left_out(excluded, self.total, self.unreadable, lost), *others)
        return replace(self, frame=points, aside=aside, excluded=excluded, caveats=caveats, lost=lost)


def lost_groups(before: pl.DataFrame, after: pl.DataFrame, by: Mapping[str, str]) -> list[str]:
    """The groups of `before` that have no point in `after`; `by` has the column of the labels of each `--by`."""
    if not by:
        return []
    columns = list(by.values())
    gone = before.select(columns).unique().join(after.select(columns).unique(), on=columns, how="anti").drop_nulls()
    return sorted((group_label(dict(zip(by, labels, strict=True))) for labels in gone.iter_rows()), key=in_order)


def left_out(
    excluded: Mapping[str, int],
    total: int,
    unreadable: Mapping[str, str] | None = None,
    lost: Sequence[str] = (),
) -> tuple[Caveat, ...]:
    """The caveat that counts excluded rows, if there are any, and names groups that are `lost` with them.

    `unreadable` gives examples for some of the reasons. That models are evaluated before training needs no words.
    """
    excluded = {reason: count for reason, count in excluded.items() if reason != BEFORE_TRAINING}
    if not excluded:
        return ()
    count = sum(excluded.values())
    reasons = _reasons(excluded, unreadable or {})
    if lost:
        word = "group" if len(lost) == 1 else "groups"
        reasons += f", which leaves nothing of the {word} {'; '.join(lost[:SHOWN])}"
        reasons += f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    return (caveat("rows-excluded", count=f"{count:,}", total=f"{total:,}", reasons=reasons),)


def no_points(
    excluded: Mapping[str, int], total: int, where: str | None, unreadable: Mapping[str, str] | None = None
) -> DataError:
    """The error for a table without usable rows."""
    if total == 0 and where is not None:
        return DataError(
            f"No row satisfies --where {where!r}.",
            hint="Make the condition less strict, or check how values are written.",
        )
    if total == 0:
        return DataError("The input has a header but no rows.", hint="Check that the job that writes it has finished.")
    hint = "Choose another column with --map ROLE=COLUMN, or read no column for a role: --map ROLE=none."
    if any(not reason.startswith(NO) for reason in unreadable or ()):
        hint = (
            "Write numbers like 70B, 1.4T, 6e23 or 1_000_000, with a point for decimals (compute like 2.5 PF-days, a "
            "loss like 68.5%), or choose another column with --map ROLE=COLUMN."
        )
    lead = "The only row cannot be used" if total == 1 else f"None of {total:,} rows can be used"
    return DataError(f"{lead}: {_reasons(excluded, unreadable or {})}.", hint=hint)


def _reasons(excluded: Mapping[str, int], unreadable: Mapping[str, str]) -> str:
    return ", ".join(f"{count:,} with {reason}{_example(reason, unreadable)}" for reason, count in excluded.items())


def _example(reason: str, unreadable: Mapping[str, str]) -> str:
    if reason not in unreadable:
        return ""
    return f" ({unreadable[reason]})" if reason.startswith(NO) else f" such as {shortened(unreadable[reason])!r}"
