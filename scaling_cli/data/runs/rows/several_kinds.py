"""Rows of one run and step that differ in another column, such as the data set of an evaluation.

A log that was resumed repeats some steps, and its later rows replace the earlier ones. But if runs have several rows at
most steps, with different losses, and a column tells these apart, they are of several kinds, and none replaces another.
"""

from __future__ import annotations

import shlex

import polars as pl

from scaling_cli.data import cells
from scaling_cli.data.files.inputs import BY_FILE
from scaling_cli.data.names import listing
from scaling_cli.data.runs.aliases import is_loss
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.sanity import condition_on
from scaling_cli.data.runs.select import Selection
from scaling_cli.errors import DataError

FEWEST = 0.3  # of the usable rows repeat a step; fewer may be parts of runs that were resumed
MOST_STEPS = 0.9  # of the steps of runs have several rows, if these are of several kinds
MOST_KINDS = 40
RUN, STEP, LOSS, ROWS = "run ", "step ", "loss ", "rows "  # no columns end in a blank


def refuse_several_kinds(rows: LogRows, selection: Selection) -> None:
    """Refuse runs with several rows at a step of which only one would count, although they are of several kinds.

    Raises:
        DataError: A column tells the rows of each step apart.
    """
    repeats = selection.repeats + sum(count for why, count in selection.excluded.items() if why.startswith("repeated"))
    others = sum(count for why, count in selection.excluded.items() if not why.startswith("repeated"))
    if not rows.plan.has_curves or repeats <= FEWEST * (selection.total - others):
        return
    column = _kind(rows)
    if column is None:
        return
    label = cells.label(column, rows.schema[column])
    kinds = rows.frame.select(label.drop_nulls().unique().sort()).collect(engine="streaming").to_series()
    keep = condition_on(column, "=", str(kinds[0]), is_text=cells.read_numbers(kinds).has_nulls())
    raise DataError(
        f"Runs have several rows with different losses at each {rows.plan.chosen['step'].column}, which differ in "
        f"{column} ({listing(kinds.to_list())}), and only the last of them would count.",
        hint=f"Fit each kind with --by {shlex.quote(column)}, or keep one with --where {keep}; or give --run none if "
        "each row is a run of its own.",
    )


def _kind(rows: LogRows) -> str | None:
    """A column of few values in which the rows of nearly every step of every run differ, as their losses do."""
    used = {*rows.plan.by.values(), BY_FILE, *(rows.plan.chosen[role].column for role in ("step", "loss"))}
    free = [
        name
        for name, kind in rows.schema.items()
        if name not in used and not is_loss(name) and not kind.is_nested() and not kind.is_float()
    ]
    keys = rows.run.alias(RUN), rows.value("step").alias(STEP), rows.value("loss").alias(LOSS)
    steps = (
        rows.frame.select(*keys, *(cells.label(name, rows.schema[name]).alias(name) for name in free))
        .filter(pl.col(RUN).is_not_null() & pl.col(STEP).is_not_null() & pl.col(LOSS).is_finite())
        .group_by(RUN, STEP)
        .agg(pl.len().alias(ROWS), pl.col(LOSS).n_unique(), pl.col(free).n_unique())
    )
    found, total = pl.collect_all([steps.filter(pl.col(ROWS) > 1, pl.col(LOSS) > 1), steps.select(pl.len())])
    if found.height < MOST_STEPS * total.item():
        return None
    differing = [name for name in free if int((found[name] == found[ROWS]).sum()) > MOST_STEPS * found.height]
    counts = rows.frame.select(pl.col(name).n_unique() for name in differing).collect(engine="streaming")
    return next((name for name in differing if counts[name][0] <= MOST_KINDS), None)
