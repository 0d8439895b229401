"""Names that stand for several runs: a file that is a table of finished runs, and repeats with other seeds.

A file without names of runs is one run, unless its rows have no steps and several sizes. Rows of one name and several
seeds are a run for each seed, unless one seed follows another, as in a run that was resumed. Rows of one name in a
table of finished runs, such as W&B's, with the state and the id of each, are a run for each id. Where most names have
rows of several sizes, such as those of model families, each size of a name is a run.
"""

from __future__ import annotations

import re

import polars as pl

from scaling_cli.data.names import normalise
from scaling_cli.data.runs.canonical import RUN_FILE
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.data.runs.sanity import state_column
from scaling_cli.record import replace

SEEDS = ("seed", "random_seed", "train_seed", "training_seed", "init_seed", "model_seed", "rng_seed", "data_seed")
IDS = ("id", "run_id", "wandb_id", "run_uuid", "uuid")
ALIKE = 1.001  # params within this factor are of one size, perhaps rounded
RUN, LABEL, LEAST, MOST = "run", "label", "least", "most"


def separate_runs(rows: LogRows, *, is_small: bool) -> LogRows:
    """The rows, without the name of the file where it is a table of runs, and the plan with the column of seeds.

    Whether files with steps are tables is only looked up in small inputs.
    """
    if rows.plan.run_is_file and "params" in rows.plan.chosen and (is_small or "step" not in rows.plan.chosen):
        tables = _tables(rows)
        if tables:
            is_table = pl.col(RUN_FILE).is_in(tables)
            run_file = pl.when(~is_table).then(pl.col(RUN_FILE)).alias(RUN_FILE)
            files = rows.frame.select(pl.col(RUN_FILE).drop_nulls().n_unique()).collect(engine="streaming").item()
            plan = replace(rows.plan, are_tables=len(tables) == files)
            rows = replace(rows, frame=rows.frame.with_columns(run_file), plan=plan)
    seeds = [name for name in rows.schema.names() if normalise(re.split(r"[./]", name)[-1]) in SEEDS]
    if seeds and rows.plan.has_runs and not rows.schema[seeds[0]].is_nested() and _repeats(rows, seeds[0]):
        return replace(rows, plan=replace(rows.plan, seed=seeds[0]))
    ids = [name for name in rows.schema.names() if normalise(name) in IDS and "run_id" in rows.plan.chosen]
    ids = [name for name in ids if name != rows.plan.chosen["run_id"].column and not rows.schema[name].is_nested()]
    if ids and state_column(rows.schema.names()) is not None and _are_finished(rows, ids[0]):
        return replace(rows, plan=replace(rows.plan, seed=ids[0]))
    is_named = not rows.plan.run_is_file and {"run_id", "step", "params"} <= {*rows.plan.chosen}
    if is_small and is_named and _have_sizes(rows):
        return replace(rows, plan=replace(rows.plan, seed=rows.plan.chosen["params"].column))
    return rows


def _have_sizes(rows: LogRows) -> bool:
    """Whether most names of runs with several steps have several sizes."""
    params = rows.value("params")
    found = (
        rows.frame.select(rows.run.alias(RUN), rows.value("step").alias("step"), params.alias("params"))
        .drop_nulls()
        .group_by(RUN)
        .agg(pl.col("step").n_unique(), (pl.col("params").max() > ALIKE * pl.col("params").min()).alias("has_sizes"))
        .filter(pl.col("step") > 1)
        .collect(engine="streaming")
    )
    return 2 * int(found["has_sizes"].sum()) > found.height


def _tables(rows: LogRows) -> list[str]:
    """The files that are one run by their name, but have several sizes and at most one step."""
    step = rows.value("step") if "step" in rows.plan.chosen else pl.lit(None, pl.Float64)
    found = (
        rows.frame.select(pl.col(RUN_FILE).alias(RUN), rows.value("params").alias("params"), step.alias("step"))
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


def _repeats(rows: LogRows, seed: str) -> bool:
    """Whether a run has rows of several seeds, and steps at which several seeds were trained."""
    step = rows.value("step") if "step" in rows.plan.chosen else pl.lit(0.0)
    parts = (
        rows.frame.select(rows.run.alias(RUN), pl.col(seed).cast(pl.String).alias(LABEL), step.alias("step"))
        .drop_nulls()
        .group_by(RUN, LABEL)
        .agg(pl.col("step").min().alias(LEAST), pl.col("step").max().alias(MOST))
        .collect(engine="streaming")
    )
    runs = parts.group_by(RUN).agg(pl.len(), pl.col(LEAST).max(), pl.col(MOST).min())
    return not runs.filter((pl.col("len") > 1) & (pl.col(LEAST) <= pl.col(MOST))).is_empty()


def _are_finished(rows: LogRows, column: str) -> bool:
    """Whether each id has one row, and a name of a run has several ids."""
    pairs = rows.frame.select(rows.run.alias(RUN), pl.col(column).cast(pl.String).alias(LABEL)).drop_nulls()
    facts = pairs.select(pl.len(), pl.col(RUN).n_unique().alias(RUN), pl.col(LABEL).n_unique().alias(LABEL))
    count, names, labels = facts.collect(engine="streaming").row(0)
    return bool(count == labels > names)
