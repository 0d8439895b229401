"""Names that stand for several runs: a file that is a table of finished runs, and repeats with other seeds.

A file without names of runs is one run, unless its rows have no steps and several sizes. Rows of one name and several
seeds are a run for each seed, unless one seed follows another, as in a run that was resumed.
"""

from __future__ import annotations

import re

import polars as pl

from scaling_cli.data.names import normalise
from scaling_cli.data.runs.canonical import RUN_FILE, number_of, run_of
from scaling_cli.data.runs.plan import Plan
from scaling_cli.record import replace

SEEDS = ("seed", "random_seed", "train_seed", "training_seed", "init_seed", "model_seed", "rng_seed", "data_seed")
RUN, LABEL, LEAST, MOST = "run", "label", "least", "most"


def separate_runs(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan) -> tuple[pl.LazyFrame, Plan]:
    """The rows, without the name of the file where it is a table of runs, and the plan with the column of seeds."""
    if plan.run_is_file and "params" in plan.chosen and "step" not in plan.chosen:
        sizes = _ranges(rows, pl.col(RUN_FILE), number_of("params", schema, plan)).filter(pl.col(LEAST) < pl.col(MOST))
        if not sizes.is_empty():
            is_table = pl.col(RUN_FILE).is_in(sizes[RUN].to_list())
            rows = rows.with_columns(pl.when(~is_table).then(pl.col(RUN_FILE)).alias(RUN_FILE))
    seeds = [name for name in schema.names() if normalise(re.split(r"[./]", name)[-1]) in SEEDS]
    if not seeds or not plan.has_runs or schema[seeds[0]].is_nested() or not _repeats(rows, schema, plan, seeds[0]):
        return rows, plan
    return rows, replace(plan, seed=seeds[0])


def _ranges(rows: pl.LazyFrame, run: pl.Expr, value: pl.Expr) -> pl.DataFrame:
    return (
        rows.select(run.alias(RUN), value.alias(LABEL))
        .drop_nulls()
        .group_by(RUN)
        .agg(pl.col(LABEL).min().alias(LEAST), pl.col(LABEL).max().alias(MOST))
        .collect(engine="streaming")
    )


def _repeats(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, seed: str) -> bool:
    """Whether a run has rows of several seeds, and steps at which several seeds were trained."""
    step = number_of("step", schema, plan) if "step" in plan.chosen else pl.lit(0.0)
    parts = (
        rows.select(run_of(schema, plan).alias(RUN), pl.col(seed).cast(pl.String).alias(LABEL), step.alias("step"))
        .drop_nulls()
        .group_by(RUN, LABEL)
        .agg(pl.col("step").min().alias(LEAST), pl.col("step").max().alias(MOST))
        .collect(engine="streaming")
    )
    runs = parts.group_by(RUN).agg(pl.len(), pl.col(LEAST).max(), pl.col(MOST).min())
    return not runs.filter((pl.col("len") > 1) & (pl.col(LEAST) <= pl.col(MOST))).is_empty()
