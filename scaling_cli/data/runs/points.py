"""From rows under canonical names to points: the choice of checkpoints carried out, and what to say about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data import cells
from scaling_cli.data.filters import DOUBT
from scaling_cli.data.runs import derive, sanity, select, windows
from scaling_cli.data.runs.canonical import UNREADABLE, Plan, canonical
from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.select import PEAK, Selection
from scaling_cli.data.runs.table import BY
from scaling_cli.errors import DataError, UsageError
from scaling_cli.flops import SIX_ND, FlopsRule
from scaling_cli.record import Record


class Ask(Record):
    """The options of `load_runs`."""

    mapping: Mapping[str, str]
    where: str | None
    by: tuple[str, ...]
    keep: tuple[str, ...]
    maybe: tuple[str, ...]
    checkpoints: Checkpoints
    params_pattern: str | None
    loss_unit: str
    positive_loss: bool
    rule: FlopsRule


class Points(Record):
    """The points chosen, and what the choice left to say."""

    selection: Selection
    caveats: tuple[Caveat, ...]


def thins(plan: Plan) -> bool:
    """Whether rows that only have another loss are passed over: a log of curves evaluates now and then."""
    return bool(plan.other_losses) and "step" in plan.chosen


def choose_points(
    rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, ask: Ask, flags: tuple[str, ...], *, count_repeats: bool
) -> Points:
    """The points of `rows`, which have columns as the files name them and a flag for each of `flags`."""
    if thins(plan):
        rows = rows.filter(~_has_only_another_loss(schema, plan))
    doubts = {DOUBT + name: f"unreadable {name} in --where" for name in flags}
    if ask.rule.name != SIX_ND and ask.checkpoints.sample_at is not None and ask.checkpoints.sample_at[0] == "compute":
        raise UsageError(
            "--sample-at compute counts 6 * params * tokens, whatever --flops-rule says.",
            hint="Sample at tokens, such as --sample-at tokens=1B,2B.",
        )
    has_ends = _takes_ends(plan, ask.checkpoints)
    named, unreadable = canonical(rows, schema, plan, tuple(doubts), keeps_whole_steps=has_ends)
    named = _from_tokens(named, plan, ask.checkpoints)
    marked, reasons = select.with_reasons(
        named,
        measures=plan.measures,
        unreadable=unreadable,
        labels=[BY + name for name in plan.by],
        doubts=doubts,
        positive_loss=ask.positive_loss,
    )
    marked = marked.drop([UNREADABLE + role for role in unreadable], list(doubts))
    is_whole = has_ends and schema[plan.chosen["step"].column].is_integer()
    selection = _selection(marked, reasons, plan, ask.checkpoints, is_whole=is_whole, count_repeats=count_repeats)
    return Points(_without_peaks(selection), tuple(_caveats(marked, selection, plan, ask.checkpoints)))


def _has_only_another_loss(schema: pl.Schema, plan: Plan) -> pl.Expr:
    def is_there(column: str) -> pl.Expr:
        return (cells.text(column) if cells.is_text(schema[column]) else pl.col(column)).is_not_null()

    return ~is_there(plan.chosen["loss"].column) & pl.any_horizontal(*(is_there(name) for name in plan.other_losses))


def _from_tokens(rows: pl.LazyFrame, plan: Plan, checkpoints: Checkpoints) -> pl.LazyFrame:
    """The rows from `--skip-tokens` on, with the role of `--sample-at`, if it has to be derived."""
    wanted = (["tokens"] if checkpoints.skip_tokens is not None else []) + (
        [checkpoints.sample_at[0]] if checkpoints.sample_at is not None else []
    )
    for role in dict.fromkeys(wanted):
        if role not in plan.chosen:
            if role not in plan.derived or "params" not in plan.chosen:
                raise DataError(f"No column could be taken for {role}.", hint=f"Name it with --map {role}=COLUMN.")
            rows = rows.with_columns(derive.expression(role))
    if checkpoints.skip_tokens is None:
        return rows
    return rows.filter(~(pl.col("tokens") < checkpoints.skip_tokens).fill_null(value=False))


def _takes_ends(plan: Plan, checkpoints: Checkpoints) -> bool:
    """Whether the points are the last rows of runs."""
    is_final = checkpoints.which == "final" and checkpoints.sample_at is None
    return is_final and plan.has_runs and "step" in plan.chosen


def _selection(
    rows: pl.LazyFrame,
    reasons: dict[int, str],
    plan: Plan,
    checkpoints: Checkpoints,
    *,
    is_whole: bool,
    count_repeats: bool,
) -> Selection:
    has_steps = plan.has_runs and "step" in plan.chosen
    if checkpoints.needs_runs and not plan.has_runs:
        raise DataError("No column could be taken for the run.", hint="Name it with --run COLUMN.")
    if checkpoints.sample_at is not None:
        near = windows.near_any(*checkpoints.sample_at).is_not_null()
        return windows.sampled(select.every_row(rows, reasons, near), *checkpoints.sample_at)
    if checkpoints.smooth is not None and not has_steps:
        raise DataError("--smooth needs a column for the step.", hint="Name it with --step COLUMN.")
    if _takes_ends(plan, checkpoints):
        selection = select.last_rows(rows, reasons, is_whole=is_whole, count_repeats=count_repeats)
        share = checkpoints.smooth
        return selection if share is None else windows.smoothed_ends(rows, selection, share)
    if checkpoints.which == "best" and checkpoints.smooth is None:
        return windows.lowest(select.best_rows(rows, reasons))
    selection = select.every_step(rows, reasons) if has_steps else select.every_row(rows, reasons)
    if checkpoints.smooth is not None:
        selection = windows.smoothed(selection, checkpoints.smooth)
    return windows.lowest(selection) if checkpoints.which == "best" else selection


def _without_peaks(selection: Selection) -> Selection:
    if PEAK not in selection.points.columns:
        return selection
    return Selection(selection.points.drop(PEAK), selection.excluded, selection.total, selection.repeats)


def _caveats(rows: pl.LazyFrame, selection: Selection, plan: Plan, checkpoints: Checkpoints) -> Iterator[Caveat]:
    points = selection.points
    if selection.repeats:
        yield caveat("repeated-steps", rows=f"{selection.repeats:,}")
    yield from sanity.schedules(points)
    if checkpoints.which == "best":
        yield caveat("best-checkpoint")
    if checkpoints.sample_at is not None:
        role, amounts = checkpoints.sample_at
        runs = int(rows.select(pl.col("run_id").drop_nulls().n_unique()).collect(engine="streaming").item())
        if missed := runs * len(amounts) - points.height:
            yield caveat("sample-missed", missed=f"{missed:,}", wanted=f"{runs * len(amounts):,}", role=role)
    has_curves = (checkpoints.which == "all" or checkpoints.sample_at is not None) and plan.has_runs
    if has_curves and "lr" in points.columns and points["lr"].n_unique() > 1:
        yield caveat("mid-schedule")
