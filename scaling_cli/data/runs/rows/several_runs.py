"""Names that stand for several runs: a file that is a table of finished runs, and repeats with other seeds.

A file without names of runs is one run, unless its rows have no steps and several sizes. Rows of one name and several
seeds are a run for each seed, unless one seed follows another, as in a run that was resumed. Rows of one name in a
table of finished runs, such as W&B's, with the state and the id of each, are a run for each id.
"""

from __future__ import annotations

import re

import polars as pl

from scaling_cli.data.names import normalise
from scaling_cli.data.runs.canonical import RUN_FILE, number_of, run_of
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.sanity import state_column
from scaling_cli.record import replace

SEEDS = ("seed", "random_seed", "train_seed", "training_seed", "init_seed", "model_seed", "rng_seed", "data_seed")
IDS = ("id", "run_id", "wandb_id", "run_uuid", "uuid")
RUN, LABEL, LEAST, MOST = "run", "label", "least", "most"


def separate_runs(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, *, is_small: bool) -> tuple[pl.LazyFrame, Plan]:
    """The rows, without the name of the file where it is a table of runs, and the plan with the column of seeds.

    Whether files with steps are tables is only looked up in small inputs.
    """
    if plan.run_is_file and "params" in plan.chosen and (is_small or "step" not in plan.chosen):
        tables = _tables(rows, schema, plan)
        if tables:
            is_table = pl.col(RUN_FILE).is_in(tables)
            rows = rows.with_columns(pl.when(~is_table).then(pl.col(RUN_FILE)).alias(RUN_FILE))
    seeds = [name for name in schema.names() if normalise(re.split(r"[./]", name)[-1]) in SEEDS]
    if seeds and plan.has_runs and not schema[seeds[0]].is_nested() and _repeats(rows, schema, plan, seeds[0]):
        return rows, replace(plan, seed=seeds[0])
    ids = [name for name in schema.names() if normalise(name) in IDS and "run_id" in plan.chosen]
    ids = [name for name in ids if name != plan.chosen["run_id"].column and not schema[name].is_nested()]
    if ids and state_column(schema.names()) is not None and _are_finished(rows, schema, plan, ids[0]):
        return rows, replace(plan, seed=ids[0])
    return rows, plan


def _tables(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan) -> list[str]:
    """The files that are one run by their name, but have several sizes and at most one step."""
    step = number_of("step", schema, plan) if "step" in plan.chosen else pl.lit(None, pl.Float64)
    found = (
        rows.select(pl.col(RUN_FILE).alias(RUN), number_of("params", schema, plan).alias("params"), step.alias("step"))
        .drop_nulls([RUN, "params"])
        .group_by(RUN)
        .agg(
            (pl.col("params").min() < pl.col("params").max()).alias("has_sizes"),
            (pl.col("step").min() < pl.col("step").max()).fill_null(value=False).alias("has_steps"),
        )
        .filter(pl.col("has_sizes") & ~pl.col("has_steps"))
        .collect(engine="streaming")
    )
    return found[RUN].to_list()


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


def _are_finished(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, column: str) -> bool:
    """Whether each id has one row, and a name of a run has several ids."""
    pairs = rows.select(run_of(schema, plan).alias(RUN), pl.col(column).cast(pl.String).alias(LABEL)).drop_nulls()
    facts = pairs.select(pl.len(), pl.col(RUN).n_unique().alias(RUN), pl.col(LABEL).n_unique().alias(LABEL))
    count, names, labels = facts.collect(engine="streaming").row(0)
    return bool(count == labels > names)
