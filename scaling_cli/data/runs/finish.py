"""From chosen rows to points: values in base units, compute, the best of a sweep, and caveats about the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.runs import derive, metric_kind, sanity
from scaling_cli.data.runs.aside import is_perplexity, set_aside, unnamed, with_peaks
from scaling_cli.data.runs.best_over import best_over
from scaling_cli.data.runs.canonical import finished
from scaling_cli.data.runs.final_losses import with_final_losses
from scaling_cli.data.runs.load_options import LoadOptions
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.rows.loss_units import refuse_mixed_losses, stated_unit
from scaling_cli.data.runs.rows.mixed_units import refuse_mixed_units
from scaling_cli.data.runs.rows.planned_steps import PLANNED, short_of_plan
from scaling_cli.data.runs.rows.row_order import stepless
from scaling_cli.data.runs.rows.summary_rows import without_copies
from scaling_cli.data.runs.rows.total_tokens import refuse_dataset_tokens
from scaling_cli.data.runs.sanity import STATE
from scaling_cli.data.runs.select import Selection
from scaling_cli.flops import SIX_ND
from scaling_cli.record import Record


class Finished(Record):
    """The points, the columns set aside row by row, the column behind each role, columns not read, and caveats."""

    points: pl.DataFrame
    aside: pl.DataFrame
    columns: dict[str, str]
    others: tuple[str, ...]
    caveats: tuple[Caveat, ...]


def finish(
    selection: Selection,
    plan: Plan,
    options: LoadOptions,
    names: Sequence[str],
    *,
    file_names: Mapping[str, str],
    are_joined: bool,
) -> Finished:
    """The points of a selection.

    Args:
        names: All columns of the rows.
        file_names: The names of runs that are files.
        are_joined: Whether the rows come from several files.

    Raises:
        DataError: The loss is the outcome of single questions, or the meaning or the unit of an amount is not clear.
    """
    metric_kind.refuse_outcomes(selection.points["loss"], selection.excluded, plan.chosen["loss"].column)
    points = with_peaks(finished(selection.points, plan, file_names), selection.points)
    asked = (*options.keep, *options.maybe)
    is_named = "step" in options.mapping
    points, call_caveats = sanity.without_calls(points, plan.columns.get("step"), asked, is_named=is_named)
    points, state_caveats = sanity.unfinished(points, plan.keep.get(STATE))
    points, plan_caveats = short_of_plan(points, plan)
    copy_caveats: tuple[Caveat, ...] = ()
    if are_joined:
        points, copies = without_copies(points, list(file_names.values()))
        points, finals = with_final_losses(points, list(file_names.values()))
        copy_caveats = copies + finals
    points, columns, compute_caveats = _with_compute(points, plan, options)
    refuse_dataset_tokens(points, plan, options.mapping)
    refuse_mixed_units(points, columns, tuple(plan.by))
    points, aside = set_aside(points)
    refuse_mixed_losses(points, aside, tuple(plan.by))
    stated = tuple(stated_unit(points, aside, columns, tuple(plan.by))) if options.loss_unit == "nats" else ()
    # Perplexity is a function of the loss, so it explains nothing.
    aside = aside.drop([name for name in aside.columns if is_perplexity(name)])
    best_caveats: tuple[Caveat, ...] = ()
    if options.best_over:
        points, aside, best_caveats = best_over(points, aside, plan, options.best_over)
    others = _others(names, plan)
    unit = options.loss_unit
    doubts = sanity.doubts(
        points, columns, others, named_loss="loss" in options.mapping, loss_unit=unit, computed=plan.computed
    )
    caveats = (
        *state_caveats,
        *(plan_caveats if options.takes_ends else ()),
        *(stepless(points, plan) if options.takes_ends else ()),
        *copy_caveats,
        *call_caveats,
        *best_caveats,
        *compute_caveats,
        *doubts,
        *(() if any(found.code == "loss-unit" for found in doubts) else stated),
        *sanity.of_groups(points, columns, tuple(plan.by), unit, doubts, plan.computed),
    )
    return Finished(points, aside, columns, others, caveats)


def _with_compute(
    points: pl.DataFrame, plan: Plan, options: LoadOptions
) -> tuple[pl.DataFrame, dict[str, str], tuple[Caveat, ...]]:
    """The points with compute as the options count it, the columns behind all roles, and caveats about compute."""
    if options.rule.name != SIX_ND:
        points = derive.recounted(points, options.rule, plan.derived)
        return points, plan.columns | {"compute": options.rule.formula}, ()
    if not all(role in plan.chosen for role in ("compute", "params", "tokens")):
        return points, plan.columns, ()
    mismatch = derive.mismatch(points)
    points, filled = derive.fill_compute(points)
    origin = f"{plan.columns['compute']}, else {derive.DERIVATIONS['compute'][1]}"
    return points, plan.columns | ({"compute": origin} if filled else {}), mismatch + filled


def _others(names: Sequence[str], plan: Plan) -> tuple[str, ...]:
    """The columns that are not used for anything."""
    used = {*(chosen.column for chosen in plan.chosen.values()), *plan.by.values()}
    used |= {column for formula in plan.formulas for column in formula.columns}
    used |= {column for name, column in unnamed(plan.keep).items() if name not in (STATE, PLANNED)}
    return tuple(name for name in names if name not in used)
