"""Inputs that a law does without: columns that look like one and were not read, and roles that it does not use."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.derive import DERIVATIONS
from scaling_cli.data.runs.likely import WORDS, flag_of, likely_role, sized_names
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.laws import HOMES, find_law
from scaling_cli.numbers.format import figure, with_and
from scaling_cli.numbers.surface import has_params_and_tokens

DESIGN_ROLES = ("bits", "experts", "granularity", "streams")  # what a model is made of, beside its params
FEW_EPOCHS = 1.5  # above it, some tokens were seen again
SAME_LENGTH = 1.1  # runs whose steps differ by a smaller factor were trained for about as long
LEAST_PER_STEP = 256.0  # tokens; nobody trains language models with smaller batches
SAME_SIZE = 1.05  # models whose params differ by a smaller factor are of one size


def unread_inputs(table: RunTable) -> Iterator[Caveat]:
    """Caveats about columns that look like params, tokens or compute, where no column was read as that."""
    formulas = {formula for _, formula in DERIVATIONS.values()}
    read = [role for role in WORDS if table.columns.get(role, "6*") not in {"6*", *formulas}]
    for role in WORDS:
        if role in read or (role == "compute" and has_params_and_tokens(read)):
            continue
        names = [name for name in table.others if likely_role(name) == role and not _is_constant(table, name)]
        if role == "compute" and not names and "tokens" not in read and _has_gpu_hours(table):
            hours = table.columns["gpu_hours"]
            flag = "--compute 'gpu_hours * 3600 * 4e14', with the FLOP/s of one GPU in place of 4e14,"
            what = f"this column holds {role}"
            yield caveat("unread-input", None, columns=hours, verb="looks", role=role, flag=flag, what=what)
        if names:
            columns = with_and(names[:3])
            flag, what = flag_of(role, names[0])
            verb = "looks" if len(names) == 1 else "look"
            yield caveat("unread-input", None, columns=columns, verb=verb, role=role, flag=flag, what=what)
    if "params" in table.columns:
        yield from _active_params(table)


def _has_gpu_hours(table: RunTable) -> bool:
    """Whether runs differ in their GPU-hours, which are like compute."""
    return "gpu_hours" in table.frame.columns and table.frame["gpu_hours"].drop_nulls().n_unique() > 1


def _active_params(table: RunTable) -> Iterator[Caveat]:
    """A caveat about params of a mixture of experts that are active for a token, where all params were read."""
    read = table.columns.get("params", "")
    for name in table.others:
        is_active = "active" in normalise(name) and "param" in normalise(name)
        if is_active and "active" not in normalise(read) and not _is_constant(table, name):
            yield caveat("active-params", None, column=name, read=read, flag=f"--params {shlex.quote(name)}")
            return


def _is_constant(table: RunTable, name: str) -> bool:
    return name in table.aside.columns and table.aside[name].drop_nulls().n_unique() < 2


def ignored_roles(
    table: RunTable, inputs: Sequence[str], by: Sequence[str], best_over: Sequence[str]
) -> Iterator[Caveat]:
    """Caveats about roles that vary within a group and that the law does not use."""
    labels = [label_of(table.frame, name) for name in by]
    parts = table.frame.partition_by(labels) if by else [table.frame]
    unused = [role for role in DESIGN_ROLES if role in table.frame.columns and role not in (*inputs, *best_over)]
    for role in unused:
        if any(part[role].drop_nulls().n_unique() > 1 for part in parts):
            yield _ignored(table, role, table.frame[role])
    if {"tokens", "unique_tokens"} <= set(table.frame.columns) and "unique_tokens" not in inputs:
        epochs = (table.frame["tokens"] / table.frame["unique_tokens"]).drop_nulls()
        is_known = any(each.code == "repeated-data" for each in table.caveats)
        if not is_known and (epochs > FEW_EPOCHS).any() and epochs.round(1).n_unique() > 1:
            yield _ignored(table, "unique_tokens", table.frame["unique_tokens"])
    yield from _partly_known(table, inputs)
    if set(inputs) <= {"tokens", "step"} and not {"params", "compute"} & set(table.columns):
        sized = sized_names(table.frame["run_id"])
        if sized is not None:
            yield caveat("sizes-in-names", None, name=sized[0], pattern=repr(sized[1]))
    derived = {formula for _, formula in DERIVATIONS.values()}
    amounts = [role for role in ("tokens", "compute") if role in table.frame.columns]
    amount = next((role for role in amounts if table.columns[role] not in derived), None)
    if any(_differ_in_length(part, inputs, amount) for part in parts):
        steps = table.frame["step"].drop_nulls()
        low, high = (figure(float(step), 3) for step in (steps.min(), steps.max()))  # type: ignore[arg-type]
        why = "no column gives their tokens"
        if amount is not None:
            why = f"{table.columns[amount]} does not grow with steps, as if it counted the {amount} of one step"
        yield caveat("ignored-steps", None, low=low, high=high, why=why)


def _partly_known(table: RunTable, inputs: Sequence[str]) -> Iterator[Caveat]:
    """Caveats about params or tokens that some points lack, so that a law takes only the other of the two."""
    if len(inputs) != 1 or inputs[0] not in ("params", "tokens", "step"):
        return
    for role in ("params", "tokens"):
        if role in inputs or role not in table.frame.columns:
            continue
        known = table.frame[role].drop_nulls()
        if known.n_unique() > 1 and len(known) < table.frame.height:
            yield caveat("partly-known", None, role=role, known=f"{len(known):,}", total=f"{table.frame.height:,}")


def _differ_in_length(runs: pl.DataFrame, inputs: Sequence[str], amount: str | None) -> bool:
    """Whether runs of equal params took different numbers of steps, and nothing else says how long they trained.

    The `amount`, tokens or compute, says nothing if it does not differ between these runs, and is far too small for
    all of their steps.
    """
    if not {"step", "params"} <= set(runs.columns) or "step" in inputs or (amount is None and "params" not in inputs):
        return False
    per_step = pl.lit(0.0)
    if amount is not None:
        per_step = pl.col(amount) / pl.col("step") / (1 if amount == "tokens" else 6 * pl.col("params"))
    read = [name for name in ("params", amount) if name is not None]
    ends = runs.group_by("run_id", maintain_order=True).agg(
        *(pl.col(name).last() for name in read), pl.col("step").max(), per_step.last().alias("per_step")
    )
    ordered = ends.filter(pl.col("step") > 0).sort("params")
    is_larger = pl.col("params").log().diff().fill_null(0.0) > math.log(SAME_SIZE)
    sizes = ordered.group_by(is_larger.cum_sum().alias("size")).agg(
        pl.col(*read, "step").max() / pl.col(*read, "step").min(), pl.col("per_step").median()
    )
    longer = sizes.filter((pl.col("step") > SAME_LENGTH) & (pl.col("params") < SAME_SIZE**2))
    if amount is None or longer.is_empty():
        return not longer.is_empty()
    return bool(((longer[amount] < SAME_LENGTH) & (longer["per_step"] < LEAST_PER_STEP)).all())


def _ignored(table: RunTable, role: str, values: pl.Series) -> Caveat:
    laws = [name for name in HOMES if role in find_law(name).inputs]
    column = table.columns.get(role, role)
    named = shlex.quote(role if "/" in column else column)  # such as tokens/epochs
    known = values.drop_nulls()
    return caveat(
        "ignored-input", None, role=role, law=laws[0] if laws else "additive", column=named, number=known.n_unique(),
        low=figure(float(known.min()), 3), high=figure(float(known.max()), 3),  # type: ignore[arg-type]
    )  # fmt: skip
