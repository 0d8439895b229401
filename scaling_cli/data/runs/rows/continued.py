"""Runs that are parts of one: a run that begins where another run of as many params ends, as after a resume."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.select import EARLIEST

NEAR = 0.25  # of the steps before: how far from the end of one part the next may begin
WHOLE = 0.25  # of its last step: a first part begins before, and other logs only hold the end of training


def continued_runs(points: pl.DataFrame, names: Mapping[str, str]) -> tuple[Caveat, ...]:
    """A caveat about runs that continue others.

    Args:
        points: The last row of each run, with its earliest step in `EARLIEST`.
        names: The names of runs that are files.
    """
    if not {"run_id", "params", "step", EARLIEST} <= set(points.columns):
        return ()
    spans = points.select("run_id", "params", "step", EARLIEST).drop_nulls().filter(pl.col("step") > pl.col(EARLIEST))
    ends = spans.select("params", before="run_id", start=EARLIEST, end="step", at="step").sort("at")
    starts = spans.with_columns(pl.col(EARLIEST).cast(pl.Float64).alias("at")).sort("at")
    pairs = (
        starts.join_asof(ends, on="at", by="params", strategy="nearest", check_sortedness=False)
        .filter(
            (pl.col("before") != pl.col("run_id"))
            & ((pl.col(EARLIEST) - pl.col("end")).abs() <= NEAR * pl.col("end"))
            & (pl.col("start") <= WHOLE * pl.col("end"))
            & (pl.col("step") > pl.col("end"))
        )
        .select("before", "run_id")
    )
    if pairs.is_empty():
        return ()
    before, after = (names.get(name, name) for name in pairs.row(0))
    return (caveat("continued-runs", None, count=f"{pairs.height:,}", before=before, after=after),)
