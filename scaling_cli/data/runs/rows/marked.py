"""Rows of logs under canonical names, each with the reason for which it cannot be a point."""

from __future__ import annotations

import polars as pl

from scaling_cli.data import cells
from scaling_cli.data.files.held import Made
from scaling_cli.data.filters import UNJUDGED
from scaling_cli.data.runs import derive, select
from scaling_cli.data.runs.canonical import UNREADABLE, canonical
from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.likely import no_column
from scaling_cli.data.runs.load_options import LoadOptions, skips_other_losses, takes_ends
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.completion import Completion
from scaling_cli.data.runs.rows.log_rows import Gathered, LogRows
from scaling_cli.data.runs.table import BY

BROKEN_WORDS = ("nan", "inf", "infinity")


def marked(rows: LogRows, gathered: Gathered, options: LoadOptions, completion: Completion) -> Made:
    """The rows under canonical names with the reason for which each is unusable, and the reasons by code."""
    plan, checkpoints = rows.plan, options.checkpoints
    flags = {UNJUDGED + name: f"unreadable {name} in --where" for name in rows.unjudged}

    def mark(every: pl.LazyFrame) -> Made:
        whole = takes_ends(plan, checkpoints)
        named, unreadable = canonical(every, rows.schema, plan, tuple(flags), keeps_whole_steps=whole)
        if _is_by_amount(checkpoints):
            named = completion.of_rows(named)
        found, reasons = select.with_reasons(
            _from_tokens(named, plan, checkpoints),
            measures=plan.measures,
            unreadable=unreadable,
            labels=[BY + name for name in plan.by],
            flags=flags,
            positive_loss=options.positive_loss,
            has_steps="step" in plan.chosen,
        )
        return found.drop([UNREADABLE + role for role in unreadable], list(flags)), reasons

    is_by_row = not flags and not skips_other_losses(plan) and not _is_by_amount(checkpoints)
    if gathered.held is not None and is_by_row and rows.frame is gathered.rows.frame:
        return gathered.held.made((plan, options.positive_loss), mark)
    if skips_other_losses(plan):
        return mark(rows.frame.with_columns(_loss_or_nan(rows)).filter(~_has_only_another_loss(rows)))
    return mark(rows.frame)


def _is_by_amount(checkpoints: Checkpoints) -> bool:
    """Whether an amount, such as tokens, decides which rows of a run count."""
    return checkpoints.skip_tokens is not None or checkpoints.sample_at is not None


def _has_only_another_loss(rows: LogRows) -> pl.Expr:
    def is_filled(column: str) -> pl.Expr:
        return (cells.text(column) if cells.is_text(rows.schema[column]) else pl.col(column)).is_not_null()

    others = (is_filled(name) for name in rows.plan.other_losses)
    return ~is_filled(rows.plan.chosen["loss"].column) & pl.any_horizontal(*others)


def _loss_or_nan(rows: LogRows) -> pl.Expr:
    """The loss, and NaN where it is missing and another loss of the row is not finite: the run may have diverged."""
    schema, column = rows.schema, rows.plan.chosen["loss"].column
    is_broken = pl.any_horizontal(
        cells.text(name).str.to_lowercase().str.strip_prefix("-").is_in(BROKEN_WORDS).fill_null(value=False)
        if cells.is_text(schema[name])
        else (pl.col(name).is_finite() == pl.lit(value=False)).fill_null(value=False)
        for name in rows.plan.other_losses
        if cells.is_text(schema[name]) or schema[name].is_float()
    )
    if cells.is_text(schema[column]):
        return pl.when(cells.text(column).is_null() & is_broken).then(pl.lit("nan")).otherwise(column).alias(column)
    return pl.when(pl.col(column).is_null() & is_broken).then(pl.lit(float("nan"))).otherwise(column).alias(column)


def _from_tokens(rows: pl.LazyFrame, plan: Plan, checkpoints: Checkpoints) -> pl.LazyFrame:
    """The rows from `--skip-tokens` on, with the role of `--sample-at` computed if it has no column."""
    wanted = (["tokens"] if checkpoints.skip_tokens is not None else []) + (
        [checkpoints.sample_at[0]] if checkpoints.sample_at is not None else []
    )
    for role in dict.fromkeys(wanted):
        if role not in plan.chosen:
            if role not in plan.derived or "params" not in plan.chosen:
                raise no_column(role, rows.collect_schema().names())
            rows = rows.with_columns(derive.expression(role))
    if checkpoints.skip_tokens is None:
        return rows
    return rows.filter(~(pl.col("tokens") < checkpoints.skip_tokens).fill_null(value=False))
