"""Cells that a log leaves empty because the row before says it: steps of evaluations, and amounts that `--where` names.

Some loops log an evaluation after the training row of its step, without the step. Others, as Lightning and W&B do,
write tokens and losses of one step on different rows, so that a condition on tokens would drop every loss. Both are
filled from rows of the same run, in the order of the file: from the same step, or else from the last row before. Values
that never change within a run come from any of its rows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data import cells
from scaling_cli.data.files.format import FILE
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.record import replace

LEAST_LACKING = 0.9  # share of the rows with a loss; if fewer lack a step, these are summaries or lost cells
RUN = "__run of gaps"
NEAR_START, FEWEST_STEPS = 0.2, 5  # share of the step before, and rows for each restart
SETTING = "__setting "  # before the name of a column
NEVER = ("run_id", "loss")  # filled


def with_steps(rows: LogRows) -> LogRows:
    """The rows with a step from the row before where most rows with a loss have none, and a caveat about it."""
    if "step" not in rows.plan.chosen or "loss" not in rows.plan.chosen:
        return rows
    step = rows.plan.chosen["step"].column
    has_loss, has_step = _filled(rows.plan.chosen["loss"].column, rows.schema), _filled(step, rows.schema)
    wanted = {"__lacking": has_loss & ~has_step, "__losses": has_loss, "__steps": has_step}
    facts = rows.frame.select(value.sum().alias(name) for name, value in wanted.items())
    lacking, total, known = facts.collect(engine="streaming").row(0)
    if not known or lacking < LEAST_LACKING * total:
        return rows
    value = pl.when(has_step).then(pl.col(step))
    before = value.forward_fill().over(_run(rows))
    filled = pl.when(has_loss).then(pl.coalesce(value, before)).otherwise(pl.col(step)).alias(step)
    found = caveat("steps-from-rows-before", rows=f"{lacking:,}", total=f"{total:,}", column=step)
    return replace(rows, frame=rows.frame.with_columns(filled)).saying(found)


def with_run_settings(rows: LogRows, condition: str | None) -> LogRows:
    """The rows with a loss, with the groups and the columns of a condition that only rows of settings have.

    A row takes the value of its run, if that has only one.
    """
    if "loss" not in rows.plan.chosen:
        return rows
    roles = {chosen.column for chosen in rows.plan.chosen.values()}
    named = {name for name in rows.schema if condition is not None and _names(condition, name)} - roles
    wanted = {*rows.plan.by.values(), *(named if not _asks_for_null(condition) else ())}
    if rows.plan.by:  # rows of settings may lack the groups, and then belong to none of the runs in them
        wanted |= roles | {column for formula in rows.plan.formulas for column in formula.columns}
    wanted -= {rows.plan.chosen[role].column for role in (*NEVER, "step") if role in rows.plan.chosen}
    if not wanted:
        return rows
    has_loss = _filled(rows.plan.chosen["loss"].column, rows.schema)
    found = rows.frame.select(
        *((has_loss & _filled(name, rows.schema)).any().alias(name) for name in wanted),
        *((~has_loss & _filled(name, rows.schema)).any().alias(SETTING + name) for name in wanted),
    )
    facts = found.collect(engine="streaming").to_dicts()[0]
    settings = [name for name in wanted if facts[SETTING + name] and not facts[name]]
    if not settings:
        return rows
    others = {
        group: column for group, column in rows.plan.by.items() if column not in settings and facts[SETTING + column]
    }
    run = _run(replace(rows, plan=replace(rows.plan, by=others))).alias(RUN)
    known = {name: pl.when(_filled(name, rows.schema)).then(pl.col(name)).drop_nulls() for name in settings}
    one = {name: pl.when(value.n_unique() == 1).then(value.first()) for name, value in known.items()}
    # Several files may name different runs alike.
    keys = [[RUN, FILE], [RUN]] if FILE in rows.frame.collect_schema() else [[RUN]]
    values = {name: pl.coalesce(value.over(key) for key in keys) for name, value in one.items()}
    return replace(rows, frame=rows.frame.with_columns(run).with_columns(**values).drop(RUN))


def with_named(rows: LogRows, condition: str) -> LogRows:
    """The rows with a loss, with the amounts that a condition names, where these stand on other rows of the run."""
    if "loss" not in rows.plan.chosen or _asks_for_null(condition):
        return rows
    named = {role for role in (*rows.plan.chosen, *rows.plan.derived) if _names(condition, role)}
    named |= {need for role in named & rows.plan.derived.keys() for need in derive.DERIVATIONS[role][0]}
    columns = {
        chosen.column
        for role, chosen in rows.plan.chosen.items()
        if role not in NEVER and (role in named or _names(condition, chosen.column))
    }
    return _with_columns(rows, columns)


def with_inputs(rows: LogRows) -> LogRows:
    """The rows with a loss, with the columns that formulas read, where these stand on other rows of the run."""
    read = {column for formula in rows.plan.formulas for column in formula.columns if column in rows.schema}
    read -= {rows.plan.chosen["loss"].column}
    if read and not rows.plan.has_runs:  # each row may be a run of its own, so only rows without a loss can be settings
        has_loss = _filled(rows.plan.chosen["loss"].column, rows.schema)
        beside = rows.frame.select((has_loss & _filled(column, rows.schema)).any().alias(column) for column in read)
        read = {
            column for column, is_beside in beside.collect(engine="streaming").to_dicts()[0].items() if not is_beside
        }
    return _with_columns(rows, read)


def restarted_steps(rows: LogRows) -> Iterator[Caveat]:
    """A caveat about runs whose step starts again near 0, in the order of their rows, and grows otherwise."""
    if not rows.plan.has_curves:
        return
    steps = rows.frame.filter(_filled(rows.plan.chosen["loss"].column, rows.schema)).select(
        _run(rows).alias(RUN), rows.value("step").alias("step")
    )
    before = pl.col("step").shift(1).over(RUN)
    falls = steps.drop_nulls("step").with_columns(
        falls=pl.col("step") < before, restarts=pl.col("step") < NEAR_START * before
    )
    runs = falls.group_by(RUN).agg(pl.len().alias("rows"), pl.col("falls").sum(), pl.col("restarts").sum())
    is_restarted = (pl.col("restarts") > 0) & (pl.col("falls") == pl.col("restarts"))
    is_rare = pl.col("restarts") * FEWEST_STEPS <= pl.col("rows")
    count, total = runs.select((is_restarted & is_rare).sum(), pl.len()).collect(engine="streaming").row(0)
    if count:
        yield caveat("steps-restarted", count=f"{count:,}", total=f"{total:,}", column=rows.plan.chosen["step"].column)


def changing_factors(rows: LogRows) -> Iterator[Caveat]:
    """A caveat for each formula that multiplies the step by columns which change within a run."""
    step = rows.plan.chosen["step"].column if "step" in rows.plan.chosen else None
    for formula in rows.plan.formulas:
        others = [column for column in formula.columns if column != step and column in rows.schema]
        if step not in formula.columns or not others or not rows.plan.has_runs:
            continue
        known = rows.frame.filter(_filled(rows.plan.chosen["loss"].column, rows.schema)).group_by(_run(rows).alias(RUN))
        counts = known.agg(pl.col(column).drop_nulls().n_unique() for column in others).select(
            pl.len().alias(RUN), *((pl.col(column) > 1).sum() for column in others)
        )
        runs, *changed = counts.collect(engine="streaming").row(0)
        for column, count in zip(others, changed, strict=True):
            if count:
                yield caveat(
                    "changing-factor", formula=formula.text, column=column, count=f"{count:,}", total=f"{runs:,}"
                )


def _with_columns(rows: LogRows, columns: Collection[str]) -> LogRows:
    has_loss = _filled(rows.plan.chosen["loss"].column, rows.schema)
    if not columns:
        return rows
    lacks = rows.frame.select((has_loss & ~_filled(column, rows.schema)).any().alias(column) for column in columns)
    sparse = [column for column, lacking in lacks.collect(engine="streaming").to_dicts()[0].items() if lacking]
    if not sparse:
        return rows
    placed = rows.frame.with_columns(_run(rows).alias(RUN))
    step = rows.plan.chosen["step"].column if "step" in rows.plan.chosen else None
    values = [_from_run(column, rows.schema, None if column == step else step) for column in sparse]
    filled = [pl.when(has_loss).then(value).otherwise(pl.col(name)) for name, value in zip(sparse, values, strict=True)]
    named = (part.alias(name) for name, part in zip(sparse, filled, strict=True))
    return replace(rows, frame=placed.with_columns(named).drop(RUN))


def _from_run(column: str, schema: pl.Schema, step: str | None) -> pl.Expr:
    own = pl.when(_filled(column, schema)).then(pl.col(column))
    same = [own.drop_nulls().first().over(RUN, step)] if step is not None else []
    known = own.drop_nulls()
    constant = pl.when(known.n_unique() == 1).then(known.first())
    return pl.coalesce(own, *same, own.forward_fill().over(RUN), constant.over(RUN))


def _asks_for_null(condition: str | None) -> bool:
    """Whether a condition keeps rows for lacking a value, which then must not be filled."""
    return condition is not None and re.search(r"\bnull\b", condition, re.IGNORECASE) is not None


def _names(condition: str, name: str) -> bool:
    return re.search(rf"(?<![\w./]){re.escape(name)}(?![\w./])", condition) is not None


def _run(rows: LogRows) -> pl.Expr:
    return rows.run.fill_null("") if rows.plan.has_runs else pl.lit("")


def _filled(column: str, schema: pl.Schema) -> pl.Expr:
    """Whether a cell has a value."""
    if cells.is_text(schema[column]):
        return cells.text(column).is_not_null()
    value = pl.col(column)
    return (value.is_not_null() & value.is_not_nan()) if schema[column].is_float() else value.is_not_null()
