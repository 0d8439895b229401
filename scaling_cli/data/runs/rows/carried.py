"""Losses that are carried to later rows: a column of evaluations that was filled forward, as `ffill` of pandas does.

Such a loss was measured at the first of its rows, so the others would pair it with too many steps and tokens. Two
evaluations of a model in training do not agree in six digits, but losses that were rounded to four decimals may, and
one loss on all rows of a run is that of its end. Only logs that have another loss beside it are filled forward.
"""

from __future__ import annotations

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.record import replace

DECIMALS = 4  # of a loss that may be rounded
LEAST_SHARE = 0.1  # of the rows with a loss; fewer are no habit of the log
ROW, RUN, STEP, LOSS = "__row of carried", "__run", "__step", "__loss"


def without_carried(rows: LogRows) -> LogRows:
    """The rows that are the first of their loss, and a caveat that counts the others."""
    plan = rows.plan
    if not plan.other_losses or not plan.has_runs or not {"step", "loss"} <= plan.chosen.keys():
        return rows
    numbered = rows.frame.with_row_index(ROW)
    values = numbered.select(ROW, rows.run.alias(RUN), rows.value("step").alias(STEP), rows.value("loss").alias(LOSS))
    known = values.filter(pl.col(RUN).is_not_null() & pl.col(STEP).is_finite() & pl.col(LOSS).is_finite())
    ordered = known.sort(RUN, STEP, ROW).collect(engine="streaming")
    is_exact = (pl.col(LOSS) - pl.col(LOSS).round(DECIMALS)).abs() > 1e-9
    before, is_later = pl.col(LOSS).shift(1).over(RUN), pl.col(STEP) > pl.col(STEP).shift(1).over(RUN)
    changes = pl.col(LOSS).n_unique().over(RUN) > 1
    carried = ordered.filter((pl.col(LOSS) == before) & is_later & is_exact & changes)[ROW]
    if not len(carried) or len(carried) < LEAST_SHARE * ordered.height:
        return rows
    found = caveat(
        "carried-losses", count=f"{len(carried):,}", total=f"{ordered.height:,}", column=plan.chosen["loss"].column
    )
    return replace(rows, frame=numbered.filter(~pl.col(ROW).is_in(carried.implode())).drop(ROW)).saying(found)
