"""Counters of tokens that start again after a resume: tokens fall while steps grow within a run.

Where the counter restarts near zero, the tokens before each restart are added to what follows. A fall to any other
value cannot be mended, and gets a caveat.

Runs are suspected by a cheap rule: their tokens per step were once higher than at their end. Only the rows of suspects
are looked at in order, thinned out to a fixed number of steps for each run if there are millions.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.select import RATE
from scaling_cli.record import Record

EXACT = 2_000_000  # rows that are looked at one by one
BUCKETS = 5_000  # steps for each run that are looked at if there are more rows
TOLERANCE = 1.005  # by which tokens per step may exceed those at the end
FEW_STEPS = 100.0  # below it, whether steps start at 0 or 1 matters for tokens per step
NEAR_ZERO = 2.0  # a counter that restarted holds at most this many times the tokens of the steps since the row before
RESUMES = 3  # times that the steps of a run may go back in the order of its file; rows are out of order if more do
LOST, BEFORE = "__lost", "__before"


class Falls(Record):
    """Where counters fall: `restarts` has the tokens lost up to each restart, `others` the falls that are none."""

    restarts: pl.DataFrame
    others: pl.DataFrame


def suspects(points: pl.DataFrame) -> pl.Series:
    """The runs whose tokens per step were higher than at their end, or are not known."""
    rate = pl.col("tokens") / (pl.col("step") + 1)
    known = pl.col(RATE) if RATE in points.columns else pl.lit(None, pl.Float64)
    is_suspect = known.is_null() | (known > TOLERANCE * rate) | (pl.col("step") < FEW_STEPS)
    return points.drop_nulls(["run_id", "step", "tokens"]).filter(is_suspect)["run_id"].unique()


def find_falls(rows: pl.LazyFrame, runs: pl.Series | None = None) -> Falls:
    """The falls of tokens in these runs, or in all."""
    known = rows.select("run_id", pl.col("step").cast(pl.Float64), "tokens").filter(
        pl.col("run_id").is_not_null() & pl.col("step").is_finite() & pl.col("tokens").is_between(0, float("inf"))
    )
    if runs is not None:
        known = known.join(runs.to_frame("run_id").lazy(), on="run_id", how="semi")
    before = [pl.col(name).shift(1).over("run_id").alias(BEFORE + name) for name in ("step", "tokens")]
    ordered = _ordered(known).with_columns(before)
    rises = pl.col("tokens") - pl.col(BEFORE + "tokens")
    gap = pl.col("step") - pl.col(BEFORE + "step")
    rate = (pl.when(rises > 0).then(rises / gap)).median().over("run_id")
    fallen = ordered.with_columns((NEAR_ZERO * rate * gap).alias("least")).filter(rises < 0)
    is_restart = (pl.col("tokens") <= pl.col("least")).fill_null(value=True)
    restarts = fallen.filter(is_restart).select(
        "run_id", "step", pl.col(BEFORE + "tokens").cum_sum().over("run_id").alias(LOST)
    )
    return Falls(restarts, fallen.filter(~is_restart).select("run_id", "step"))


def mended(points: pl.DataFrame, falls: Falls) -> pl.DataFrame:
    """The points with the tokens before each restart added."""
    if falls.restarts.is_empty():
        return points
    restarts = falls.restarts.sort("step")
    places = points.with_row_index("__place")
    keyed = places.drop_nulls(["run_id", "step"]).with_columns(pl.col("step").cast(pl.Float64)).sort("step")
    lost = keyed.join_asof(restarts, on="step", by="run_id", check_sortedness=False).select("__place", LOST)
    joined = places.join(lost, on="__place", how="left", maintain_order="left")
    return joined.with_columns(pl.col("tokens") + pl.col(LOST).fill_null(0.0)).select(points.columns)


def doubts(falls: Falls, column: str, runs: int, name: Callable[[str], str]) -> tuple[Caveat, ...]:
    """A caveat about counters that were mended, and one about those that were not; `name` names a run for users."""
    found = []
    for code, fallen in (("tokens-restarted", falls.restarts), ("tokens-fall", falls.others)):
        if not fallen.is_empty():
            first = fallen.sort("run_id", "step").row(0, named=True)
            facts = {"runs": f"{fallen['run_id'].n_unique():,}", "total": f"{runs:,}", "step": f"{first['step']:,.12g}"}
            found.append(caveat(code, None, column=column, run=name(first["run_id"]), **facts))
    return tuple(found)


def _ordered(known: pl.LazyFrame) -> pl.DataFrame:
    """The rows in the order of runs and steps, without those that a resumed run went over again."""
    extents = known.group_by("run_id").agg(
        pl.len().alias("rows"), pl.col("step").min().alias("low"), pl.col("step").max().alias("high")
    )
    runs = extents.collect(engine="streaming")
    if int(runs["rows"].sum()) > EXACT:
        width = ((pl.col("high") - pl.col("low")) / BUCKETS).clip(1.0)
        bucket = ((pl.col("step") - pl.col("low")) / pl.col("width")).floor()
        widths = runs.with_columns(width.alias("width")).lazy()
        last = pl.struct("step", "tokens").max_by("step").alias("last")
        thinned = known.join(widths, on="run_id").group_by("run_id", bucket.alias("bucket")).agg(last)
        return thinned.collect(engine="streaming").unnest("last").sort("run_id", "step").drop("bucket")
    rows = known.collect(engine="streaming")
    back = (pl.col("step").diff() < 0).sum().over("run_id") > RESUMES
    later = pl.col("step").reverse().cum_min().reverse().shift(-1).over("run_id")
    rows = rows.filter(back | later.is_null() | (pl.col("step") < later))
    return rows.unique(["run_id", "step"], keep="last", maintain_order=True).sort("run_id", "step", maintain_order=True)
