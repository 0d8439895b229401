"""Several evaluations of one run, such as those with several seeds of the evaluation: their mean is the loss.

Evaluations of one run share its training, so they say how noisy an evaluation is, and not how runs differ. Rows that
differ only in the column of the evaluation become one row with the mean of their losses.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data.names import normalise, unknown
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace

NAMES = ("eval_seed", "evaluation_seed", "eval_repeat", "evaluation_repeat")
RUN, ROWS, SPREAD = "__run of evaluation", "__evaluations", "__spread"


def averaged(rows: LogRows, asked: str | None) -> LogRows:
    """The rows with one for all evaluations of a run at a step, and a caveat that says how far they differ.

    `asked` names the column of the evaluation; otherwise one is recognised by its name.

    Raises:
        UsageError: The column does not exist, or is used for something else.
        DataError: No column names the run.
    """
    column = _column(rows, asked)
    if column is None or not (rows.plan.has_runs or asked):
        return rows
    if not rows.plan.has_runs:
        raise DataError(
            "--evaluation needs the run of each row, but no column could be identified as run_id.",
            hint="Choose it with --run COLUMN.",
        )
    loss = rows.plan.chosen["loss"].column
    values = rows.value("loss")
    sizes = [chosen.column for role, chosen in rows.plan.chosen.items() if role not in ("loss", "run_id")]
    beside = [
        name for name in rows.frame.collect_schema().names() if name not in rows.schema
    ]  # files, and flags of --where
    own = (*sizes, *rows.plan.by.values(), *rows.plan.keep.values(), *beside)
    keys = list(dict.fromkeys(name for name in own if name != loss))
    others = [name for name in rows.schema.names() if name not in (*keys, loss, column)]
    grouped = rows.frame.group_by(rows.run.alias(RUN), *keys, maintain_order=True).agg(
        values.mean().alias(loss), pl.len().alias(ROWS), values.log().var().alias(SPREAD),
        *(pl.col(name).first() for name in others),
    )  # fmt: skip
    facts = grouped.select(
        pl.col(ROWS).max(), pl.col(SPREAD).filter(pl.col(SPREAD).is_finite()).mean()
    ).collect(engine="streaming")  # fmt: skip
    most, spread = facts.row(0)
    if most is None or most < 2:
        return rows
    kept = pl.Schema({name: kind for name, kind in rows.schema.items() if name != column} | {loss: pl.Float64()})
    noise = (spread or 0.0) ** 0.5
    said = caveat("evaluations-averaged", None, most=f"{most:,}", column=column, noise=noise)
    return replace(rows, frame=grouped.drop(RUN, ROWS, SPREAD), schema=kept).saying(said)


def _column(rows: LogRows, asked: str | None) -> str | None:
    """The column of the evaluation, if there is one."""
    plan, names = rows.plan, rows.schema.names()
    used = [*(chosen.column for chosen in plan.chosen.values()), *plan.by.values(), *plan.keep.values()]
    if asked is None:
        return next((name for name in names if normalise(name) in NAMES and name not in used), None)
    if asked not in names:
        raise unknown("column", asked, names)
    if asked in used:
        raise UsageError(
            f"--evaluation names {asked!r}, which is also used for something else.",
            hint="Name the column that differs between evaluations of one run, or leave it out.",
        )
    return asked
