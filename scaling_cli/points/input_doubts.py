"""What to know of the inputs of a law before it is fitted: columns not read, roles ignored, runs not to be pooled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.cells import different
from scaling_cli.data.runs.aliases import SWEPT
from scaling_cli.data.runs.best_over import cells, levels
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.points.name_parts import name_parts
from scaling_cli.points.unread import ignored_roles, unread_inputs
from scaling_cli.points.variance import FEWEST_SPARE


def input_doubts(
    table: RunTable, inputs: Sequence[str], by: Sequence[str] = (), best_over: Sequence[str] = ()
) -> list[Caveat]:
    """Caveats about columns that were not read, roles that the law ignores, and runs that should not be pooled.

    Args:
        inputs: The columns of the law's inputs.
        by: Columns whose groups are fitted separately.
        best_over: Columns over which the lowest loss was taken.
    """
    swept = [*best_over, *(role for role, column in table.columns.items() if column in best_over)]
    found = [*unread_inputs(table), *ignored_roles(table, inputs, by, swept)]
    labels = [label_of(table.frame, name) for name in by]
    if by:
        from scaling_cli.points.group_names import group_doubts

        found += group_doubts(table.frame, labels, inputs)
    skip = [*labels, *by, *swept]
    for group, frame, aside in _parts(table, by, labels):
        if not _shows_nothing(frame, aside, inputs, skip):
            from scaling_cli.points.pooled import pooled_doubts

            found += pooled_doubts(table, frame, aside, inputs, skip, group)
    return found


def _shows_nothing(frame: pl.DataFrame, aside: pl.DataFrame, inputs: Sequence[str], skip: Sequence[str]) -> bool:
    """Whether no column or name could explain how losses differ, and too few runs have equal inputs."""
    swept = set(SWEPT) & set(frame.columns) - {*inputs, *skip}
    if aside.width or swept or not inputs or not set(inputs) <= set(frame.columns) or frame.is_empty():
        return False
    places = int(cells([levels(frame[name]) for name in inputs]).max()) + 1
    has_equal_inputs = frame.height - places >= FEWEST_SPARE and different(frame["run_id"]) == frame.height
    return not (has_equal_inputs or name_parts(frame["run_id"], frame.height // 3))


def _parts(
    table: RunTable, by: Sequence[str], labels: Sequence[str]
) -> Iterator[tuple[dict[str, str] | None, pl.DataFrame, pl.DataFrame]]:
    """Each group with its points and what is set aside for them."""
    if not by:
        yield None, table.frame, table.aside
        return
    for part in table.frame.with_row_index("__row").partition_by(labels):
        group = dict(zip(by, map(str, part.select(labels).row(0)), strict=True))
        aside = table.aside[part["__row"].to_list()] if table.aside.width else table.aside
        yield group, part.drop("__row"), aside
