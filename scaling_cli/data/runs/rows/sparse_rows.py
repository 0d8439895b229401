"""Values of one step that a log writes on different rows: a row with a loss takes the others from its own run.

Lightning, litgpt and W&B write training and validation on rows of their own, so a row with a validation loss has no
tokens. It takes them from a row of the same step or, failing that, from the last earlier one. A value that never
changes within a run, such as params on a row of settings, is taken from any of its rows, also where rows have no steps.
Only points that lack a value cost anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.data.runs.aliases import MEASURES

LIMIT, PLACE, FOUND = "__limit", "__place", "__found"
KEYS = {"run_id", "step"}


def filled(points: pl.DataFrame, rows: pl.LazyFrame, roles: Sequence[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The points with values of `roles` from other rows of their runs, and the roles that were found for some."""
    if "run_id" not in points.columns:
        return points, ()
    found = []
    for role in roles:
        if role in points.columns and role not in KEYS and points[role].has_nulls():
            before = points[role].null_count()
            points = _filled(points, rows, role)
            if points[role].null_count() < before:
                found.append(role)
    return points, tuple(found)


def are_sparse(rows: pl.LazyFrame, role: str) -> bool:
    """Whether some rows with a loss lack the role."""
    if not {*KEYS, role} <= set(rows.collect_schema().names()):
        return False
    lacks = pl.col("loss").is_not_null() & pl.col(role).is_null() & pl.col("run_id").is_not_null()
    return bool(rows.select(lacks.any()).collect(engine="streaming").item())


def _filled(points: pl.DataFrame, rows: pl.LazyFrame, role: str) -> pl.DataFrame:
    placed = points.with_row_index(PLACE)
    step = [pl.col("step").cast(pl.Float64)] if "step" in points.columns else []
    needs = [pl.col("run_id"), *step]
    lacking = placed.filter(pl.col(role).is_null(), *(need.is_not_null() for need in needs))
    if lacking.is_empty():
        return points
    lacking = lacking.select(PLACE, *needs)
    known = (
        rows.select(*needs, pl.col(role).alias(FOUND))
        .filter(pl.col(FOUND) > 0 if role in MEASURES else pl.col(FOUND).is_not_null())
        .join(lacking.lazy().select("run_id").unique(), on="run_id", how="semi")
    )
    values = _constants(lacking, known)
    if step:
        values = values.join(_earlier(lacking, known), on=PLACE, how="left", suffix=" earlier")
        values = values.select(PLACE, pl.coalesce(f"{FOUND} earlier", FOUND).alias(FOUND))
    joined = placed.join(values, on=PLACE, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(role, FOUND).alias(role)).select(points.columns)


def _earlier(lacking: pl.DataFrame, known: pl.LazyFrame) -> pl.DataFrame:
    """The value of the last row up to the step of each point that has one."""
    known = known.filter(pl.col("step").is_not_null())
    if lacking["run_id"].is_unique().all():  # one point for each run needs no more memory than points
        limits = lacking.lazy().select(PLACE, "run_id", pl.col("step").alias(LIMIT))
        up_to = known.join(limits, on="run_id").filter(pl.col("step") <= pl.col(LIMIT))
        return up_to.group_by(PLACE).agg(pl.col(FOUND).max_by("step")).collect(engine="streaming")
    ordered = known.collect(engine="streaming").sort("step", maintain_order=True)
    return lacking.sort("step").join_asof(ordered, on="step", by="run_id", check_sortedness=False).select(PLACE, FOUND)


def _constants(lacking: pl.DataFrame, known: pl.LazyFrame) -> pl.DataFrame:
    """For each point the value that all rows of its run have, null where they differ or have none."""
    low, high = pl.col(FOUND).min().alias("low"), pl.col(FOUND).max().alias("high")
    runs = known.group_by("run_id").agg(low, high).collect(engine="streaming")
    constant = runs.filter(pl.col("low") == pl.col("high")).select("run_id", pl.col("low").alias(FOUND))
    return lacking.join(constant, on="run_id", how="left").select(PLACE, FOUND)
