"""Names of runs that occur in several files: either one run that was resumed, or different runs with the same name.

The runs are different if two files give the name different params, or different losses at the same first step: a
resumed run keeps its params, and its second file starts after the first step of the first. Otherwise it is one run,
even if its files overlap, as they do after a crash. A file without steps is a table of finished runs beside their logs.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data.files.format import FILE
from scaling_cli.data.runs.canonical import PREFIX
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.table import NO
from scaling_cli.record import replace

ROLES = ("step", "loss", "params")
RUN, FIRST, LOSS, LEAST, MOST = "run_id", "first", "loss", "least", "most"


def separate_reused_names(rows: LogRows, file_names: Mapping[str, str], lacking: Mapping[str, str]) -> LogRows:
    """The rows, with the file as the `PREFIX` of names that stand for different runs, and the caveat that counts them.

    Rows come from several files, named in the column `FILE`; `file_names` has a short name for each path, and
    `lacking` has a reason for each role that is no column of some files.
    """
    run = rows.run
    starts = _starts(rows.frame, run, {role: rows.value(role) for role in ROLES if role in rows.plan.chosen})
    other_loss = (pl.col(LOSS).n_unique() > 1).over(RUN, FIRST)
    is_constant = (pl.col(LEAST) == pl.col(MOST)).all()
    other_params = (is_constant & (pl.col(LEAST).min() != pl.col(MOST).max())).over(RUN)
    reused = starts.filter((other_loss | other_params).any().over(RUN))
    tables = _without_steps(rows.frame, rows.value("step")) if f"{NO}step" in lacking else []
    if reused.is_empty() and not tables:
        return rows
    names = reused[RUN].unique().sort()
    is_in_table = pl.col(FILE).is_in(tables) & run.is_in(starts[RUN].unique().to_list())
    prefix = pl.col(FILE).replace_strict(dict(file_names), return_dtype=pl.String) + "/"
    prefixed = rows.frame.with_columns(pl.when(run.is_in(names.to_list()) | is_in_table).then(prefix).alias(PREFIX))
    found = caveat("names-anew", names=f"{len(names):,}", files=f"{reused[FILE].n_unique():,}")
    renamed = replace(rows, frame=prefixed, plan=replace(rows.plan, has_reused_names=True))
    return renamed.saying(found) if len(names) else renamed


def _without_steps(rows: pl.LazyFrame, step: pl.Expr) -> list[str]:
    """The files of which no row has a step."""
    files = rows.group_by(FILE).agg(step.is_not_null().any().alias("has_steps")).collect(engine="streaming")
    return files.filter(~pl.col("has_steps"))[FILE].to_list()


def _starts(rows: pl.LazyFrame, run: pl.Expr, numbers: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """For each file and run: the first step with a loss, that loss, and the range of params."""
    params = numbers.get("params", pl.lit(None, pl.Float64))
    return (
        rows.select(FILE, run.alias(RUN), numbers["step"].alias(FIRST), numbers["loss"].alias(LOSS), params.alias(MOST))
        .filter(pl.col(RUN).is_not_null() & pl.col(FIRST).is_not_null() & pl.col(LOSS).is_finite())
        .group_by(FILE, RUN)
        .agg(
            pl.col(FIRST).min(),
            pl.col(LOSS).sort_by(FIRST, LOSS).first(),
            pl.col(MOST).min().alias(LEAST),
            pl.col(MOST).max(),
        )
        .collect(engine="streaming")
    )
