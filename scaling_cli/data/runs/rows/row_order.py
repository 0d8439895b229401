"""Logs without a step: what else orders the rows of a run, so that only the last of them counts.

Epochs, checkpoints, revisions and dates order rows. Their text is read as a place: `step1000`, `checkpoint-500`,
`2026-01-31`; `main` and `final` come last. If rows of one run differ and nothing orders them, a caveat says that all of
them count. Rows of one name but of several sizes are no checkpoints, so they stay points of their own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data import cells
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aside import unnamed
from scaling_cli.data.runs.columns import Chosen
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.record import replace

# The last part of the names of columns that order rows, the best first, and of columns that name a model.
ORDERS = (
    *("epoch", "current_epoch", "train_epoch", "checkpoint_step", "ckpt_step", "checkpoint", "ckpt"),
    *("checkpoint_name", "revision", "model_revision", "samples_seen", "examples_seen", "batch", "epochs"),
    *("timestamp", "datetime", "date", "time", "wall_time", "walltime", "runtime", "elapsed", "created_at"),
)
MODELS = ("model", "model_name", "model_id", "pretrained", "experiment", "exp", "trial", "job_id", "job_name", "preset")
NAMELESS = ORDERS[: ORDERS.index("samples_seen")]  # that also order rows which share only the name of a model

LAST = ("main", "master", "final", "last", "latest")
LAST_PLACE = 1e17
STAGE = 1e13  # more than the steps of any stage of a training
AMOUNT = r"([0-9][0-9_,]*(?:\.[0-9]+)?[kKmMbBtT]?)"
PLACES = (  # of the amount in a text, the best first
    rf"(?i)(?:steps?|iter|iterations?)[ _=:-]*{AMOUNT}",
    rf"(?i)(?:checkpoint|ckpt)[ _=:-]*{AMOUNT}",
    rf"(?i)(?:epochs?|ep)[ _=:-]*{AMOUNT}",
    rf"(?i){AMOUNT}[ _-]*tok",
)
DATES = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d %H:%M", "%Y-%m-%d")
MOST_KINDS = 40  # of rows, such as data sets
SAMPLE = 100  # cells that show how steps are written
RUN, ROWS, LEAST, MOST = "run", "rows", "least ", "most "


def with_order(rows: LogRows, *, takes_all: bool, keeps_runs: bool) -> LogRows:
    """The rows with a step from another column, if rows of the same run have no step.

    Args:
        rows: The rows under the names in the files.
        schema: The columns of the files, without those that start with `__`.
        plan: The plan for the columns.
        takes_all: Whether all rows are asked for, whatever their order.
        keeps_runs: Whether the user said what the run is, so that the name of a model does not replace it.
    """
    if "step" in rows.plan.chosen:
        step = rows.plan.chosen["step"].column
        return _ordered_by(step, rows) if _has_words(rows, step) else rows
    if takes_all:
        return rows
    orders = _named(rows.schema, ORDERS)
    choices = [rows.plan] if rows.plan.has_runs else []
    if not keeps_runs and "run_id" not in rows.plan.chosen and _named(rows.schema, NAMELESS):
        choices += [
            replace(rows.plan, chosen={"run_id": Chosen(name)} | rows.plan.chosen, run_is_file=False)
            for name in _named(rows.schema, MODELS)
        ]
    unordered: tuple[Caveat, ...] = ()
    for plan in choices:
        tried = replace(rows, plan=plan)
        runs = _several(tried, orders)
        if not runs.is_empty():
            for order in orders:
                if _orders(runs, order):
                    return _ordered_by(order, tried)
            if plan is rows.plan and not unordered and not _is_curve(runs, plan):
                unordered = _unordered(runs, plan, _differing(rows))
    return rows.saying(*unordered)


def with_likely_step(rows: LogRows) -> LogRows:
    """The rows with the column that orders the rows of runs by its name as their step; as they are if none does."""
    orders = [] if "step" in rows.plan.chosen else _named(rows.schema, NAMELESS)
    return _ordered_by(orders[0], rows) if orders else rows


def _orders(runs: pl.DataFrame, order: str) -> bool:
    """Whether the column differs within at least half of the runs."""
    return 2 * int((runs[LEAST + order] < runs[MOST + order]).sum()) >= runs.height


def _has_words(rows: LogRows, step: str) -> bool:
    """Whether the first cells of the step are all words around a number, such as `step1000`."""
    if not cells.is_text(rows.schema[step]):
        return False
    first = rows.frame.select(cells.text(step)).head(SAMPLE).collect(engine="streaming").to_series().drop_nulls()
    numbers, places = cells.read_numbers(first), _places(first)
    return not first.is_empty() and numbers.null_count() == len(first) and places.null_count() == 0


def _named(schema: pl.Schema, wanted: Sequence[str]) -> list[str]:
    """The columns whose names end in one of these, in the order of these."""
    last = {name: normalise(re.split(r"[./]", name)[-1]) for name in schema.names()}
    return [name for want in wanted for name, end in last.items() if end == want]


def _several(rows: LogRows, orders: Sequence[str]) -> pl.DataFrame:
    """For each run of one size with several rows and losses: how many rows, and the range of each column."""
    columns = {order: place_of(order, rows.schema) for order in orders}
    columns |= {
        name: pl.col(name).cast(pl.Float64)
        for name in unnamed(rows.plan.keep).values()
        if rows.schema[name].is_numeric()
    }
    columns |= {role: rows.value(role) for role in ("params", "tokens", "loss") if role in rows.plan.chosen}
    found = (
        rows.frame.select(rows.run.alias(RUN), *(value.alias(name) for name, value in columns.items()))
        .filter(pl.col(RUN).is_not_null() & pl.col("loss").is_finite())
        .group_by(RUN)
        .agg(
            pl.len().alias(ROWS),
            *(pl.col(name).min().alias(LEAST + name) for name in columns),
            *(pl.col(name).max().alias(MOST + name) for name in columns),
        )
        .filter((pl.col(ROWS) > 1) & (pl.col(LEAST + "loss") < pl.col(MOST + "loss")))
        .collect(engine="streaming")
    )
    if "params" not in columns:
        return found
    return found.filter((pl.col(LEAST + "params") == pl.col(MOST + "params")).fill_null(value=True))


def _ordered_by(order: str, rows: LogRows) -> LogRows:
    if rows.schema[order].is_numeric():
        return replace(rows, plan=replace(rows.plan, chosen=rows.plan.chosen | {"step": Chosen(order)}))
    name = f"order of {order}"
    placed = rows.frame.with_columns(place_of(order, rows.schema).alias(name))
    return replace(
        rows,
        frame=placed,
        schema=pl.Schema({**rows.schema, name: pl.Float64()}),
        plan=replace(rows.plan, chosen=rows.plan.chosen | {"step": Chosen(name)}),
    )


def stepless(points: pl.DataFrame, plan: Plan) -> tuple[Caveat, ...]:
    """The caveat about runs of one size of which no row has a step, while those of other runs have one."""
    if not plan.has_curves or "step" not in points.columns:
        return ()
    columns = [name for name in ("params", "tokens", "loss") if name in points.columns]
    runs = (
        points.group_by("run_id")
        .agg(
            pl.len().alias(ROWS),
            pl.col("step").is_null().all().alias("lacks_step"),
            *(pl.col(name).min().alias(LEAST + name) for name in columns),
            *(pl.col(name).max().alias(MOST + name) for name in columns),
        )
        .filter(pl.col("lacks_step") & (pl.col(ROWS) > 1) & (pl.col(LEAST + "loss") < pl.col(MOST + "loss")))
    )
    if "params" in columns:
        runs = runs.filter((pl.col(LEAST + "params") == pl.col(MOST + "params")).fill_null(value=True))
    return () if runs.is_empty() or _is_curve(runs, plan) else _unordered(runs, plan)


def _is_curve(runs: pl.DataFrame, plan: Plan) -> bool:
    """Whether the user asked for points within runs: along a column that differs there, or in a group for each run."""
    run = plan.chosen.get("run_id")
    is_group = run is not None and run.column in plan.by.values()
    return is_group or any(_orders(runs, name) for name in unnamed(plan.keep).values() if LEAST + name in runs.columns)


def _differing(rows: LogRows) -> str | None:
    """A column of text in which the rows of each run differ, such as the data set of an evaluation."""
    used = {*rows.plan.by.values(), *(chosen.column for chosen in rows.plan.chosen.values())}
    texts = [name for name, kind in rows.schema.items() if cells.is_text(kind) and name not in used]
    run = rows.run.alias(RUN)
    counts = rows.frame.select(run, *(cells.text(name).alias(name) for name in texts)).filter(pl.col(RUN).is_not_null())
    kinds = counts.group_by(RUN).agg(pl.len().alias(ROWS), pl.col(texts).n_unique()).collect(engine="streaming")
    several = kinds.filter(pl.col(ROWS) > 1)
    differing = [name for name in texts if (several[name] == several[ROWS]).all()]
    few = counts.select(pl.col(differing).n_unique()).collect(engine="streaming") if differing else pl.DataFrame()
    return next((name for name in differing if few[name][0] <= MOST_KINDS), None)


def _unordered(runs: pl.DataFrame, plan: Plan, differing: str | None = None) -> tuple[Caveat, ...]:
    has_tokens = "tokens" in plan.chosen and _orders(runs, "tokens")
    step = plan.chosen["tokens"].column if has_tokens else "COLUMN"
    facts = {"rows": f"{int(runs[ROWS].sum()):,}", "runs": f"{runs.height:,}", "step": step, "differ": ""}
    if differing is not None:
        named = shlex.quote(differing)
        facts["differ"] = f". They differ in {named}: fit each kind with --by {named}, or keep one with --where"
    return (caveat("unordered-rows", None, **facts),)


def place_of(column: str, schema: pl.Schema) -> pl.Expr:
    """The place of each row in the order of a column, as a float; null where its text shows none."""
    kind = schema[column]
    if kind.is_temporal() and not isinstance(kind, pl.Duration | pl.Time):
        return pl.col(column).cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
    if not cells.is_text(kind):
        return (
            pl.col(column).cast(pl.Float64, strict=False).fill_nan(None)
            if kind.is_numeric()
            else pl.lit(None, pl.Float64)
        )
    return cells.text(column).map_batches(_places, return_dtype=pl.Float64, is_elementwise=True)


def _places(texts: pl.Series) -> pl.Series:
    """The places that texts show: numbers, dates, or an amount after a word such as `step`."""
    numbers = cells.read_numbers(texts)
    if numbers.null_count() == texts.null_count():
        return numbers
    dates = [texts.str.to_datetime(form, strict=False).dt.epoch("us").cast(pl.Float64) / 1e6 for form in DATES]
    amounts = [cells.read_numbers(texts.str.extract(place, 1)) for place in PLACES]
    stages = cells.read_numbers(texts.str.extract(r"(?i)stage[ _=:-]*([0-9]+)", 1)).fill_null(0.0)
    frame = pl.DataFrame({"number": numbers, **{f"date{i}": date for i, date in enumerate(dates)}, "stage": stages})
    frame = frame.with_columns(pl.Series(f"amount{i}", amount) for i, amount in enumerate(amounts))
    is_last = texts.str.to_lowercase().is_in(LAST).alias("is_last")
    return (
        frame.with_columns(is_last)
        .select(
            pl.when("is_last")
            .then(pl.lit(LAST_PLACE))
            .otherwise(
                pl.coalesce(
                    "number",
                    *(f"date{i}" for i in range(len(dates))),
                    pl.coalesce(*(f"amount{i}" for i in range(len(amounts)))) + STAGE * pl.col("stage"),
                )
            )
            .alias(texts.name)
        )
        .to_series()
    )
