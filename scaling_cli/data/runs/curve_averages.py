"""Points that are means over several rows of a training curve.

Rows are sorted before they are added up, so that the last digits do not depend on the order in which threads read them.
"""

from __future__ import annotations

import math

import polars as pl

from scaling_cli.data.runs.checkpoints import WINDOW
from scaling_cli.data.runs.select import REASON, USABLE, Selection
from scaling_cli.record import replace

TARGET, PLACE = "__target", "__place"
LOG_UNIT = 1e9  # per natural log of a step: polars needs windows in integers


def near_any(role: str, amounts: tuple[float, ...]) -> pl.Expr:
    """The amount whose window contains the row, null if there is none."""
    return pl.coalesce(
        pl.when((pl.col(role) - amount).abs() <= WINDOW / 2 * amount).then(pl.lit(amount)) for amount in amounts
    )


def sampled(selection: Selection, role: str, amounts: tuple[float, ...]) -> Selection:
    """For each run and amount, the means of all numbers over the rows in the window around the amount.

    Where no row has the name of a run, each row is a run, and so a point.
    """
    order = [name for name in ("run_id", "step", role) if name in selection.points.columns]
    near = selection.points.with_columns(near_any(role, amounts).alias(TARGET)).drop_nulls(TARGET)
    rows = near.drop_nulls("run_id")
    if rows.is_empty():
        return replace(selection, points=near.drop(TARGET))
    keys = ["run_id", TARGET]
    points = (
        rows.sort(order, maintain_order=True)
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col(name).mean() if kind.is_numeric() else pl.col(name).last()
            for name, kind in rows.schema.items()
            if name not in keys
        )
    )
    return replace(selection, points=points.drop(TARGET))


def smoothed(selection: Selection, share: float) -> Selection:
    """Every row with the mean loss of its run between the step that is lower by `share` and its own step."""
    back = f"{max(1, math.ceil(-math.log1p(-share) * LOG_UNIT))}i"
    place = (pl.col("step").clip(1e-6).log() * LOG_UNIT).round().cast(pl.Int64)
    named = selection.points.drop_nulls(["run_id", "step"]).sort("run_id", "step").with_columns(place.alias(PLACE))
    means = pl.col("loss").rolling_mean_by(PLACE, window_size=back, closed="both").over("run_id")
    others = selection.points.filter(pl.col("run_id").is_null() | pl.col("step").is_null())
    return replace(selection, points=pl.concat([named.with_columns(means.alias("loss")).drop(PLACE), others]))


def smoothed_ends(rows: pl.LazyFrame, selection: Selection, share: float) -> Selection:
    """Last rows with the mean loss of their run between the step that is lower by `share` and the last step.

    The rows are read a second time, so that only those near the ends are held in memory.
    """
    ends = (
        selection.points.drop_nulls(["run_id", "step"]).select("run_id", pl.col("step").alias(PLACE)).unique("run_id")
    )
    near = (
        rows.filter(pl.col(REASON) == USABLE)
        .select("run_id", "step", "loss")
        .join(ends.lazy(), on="run_id")
        .filter(pl.col("step").is_between(pl.col(PLACE) * (1 - share), pl.col(PLACE)))
        .collect(engine="streaming")
    )
    means = near.sort("run_id", "step", "loss").group_by("run_id", maintain_order=True).agg(pl.col("loss").mean())
    points = selection.points.join(means, on="run_id", how="left", suffix="_mean", maintain_order="left")
    return replace(
        selection, points=points.with_columns(pl.coalesce("loss_mean", "loss").alias("loss")).drop("loss_mean")
    )
