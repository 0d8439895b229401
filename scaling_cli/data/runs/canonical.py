"""Rows under canonical names: roles as floats in base units, names of runs and groups as text, and columns to keep.

`canonical` renames before points are chosen, and `finished` completes the chosen points.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data import cells
from scaling_cli.data.filters import Computed
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.columns import Chosen
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.table import BY
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.units import cell_units

# Prefixes of columns that must not be confused with the roles.
KEEP, UNREADABLE, TEXT = "keep ", "unreadable_", "text "
AFTER_GROUP = "\x1d"  # between the group and the name of a run: the group separator of ASCII, which no name contains
BEFORE_SEED = "\x1e"  # between the name of a run and its seed, if runs of the same name differ in it
RUN_FILE = "__run_file"  # the file that is one run, null in rows of files that name their runs
PREFIX = "__prefix"  # of names of runs that several files use for different runs; null for other names


def canonical(
    rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, flags: Sequence[str] = (), *, keeps_whole_steps: bool = False
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """Rows with the columns of the plan, and `flags` unchanged; also the measures that may have unreadable text.

    With `keeps_whole_steps`, a column of integers stays one as steps; a step beyond 64 bits is null.
    """
    numeric = {role: chosen for role, chosen in plan.chosen.items() if role != "run_id"}
    texts = {role: chosen for role, chosen in numeric.items() if cells.is_text(schema[chosen.column])}
    taken = [
        *([run_of(schema, plan)] if plan.has_runs else []),
        *(
            _whole(chosen.column).alias(role)
            if keeps_whole_steps and role == "step" and schema[chosen.column].is_integer()
            else _cell(chosen.column, schema).alias(role)
            for role, chosen in numeric.items()
        ),
        *(_label(column, schema, BY + name) for name, column in plan.by.items()),
        *(_kept(column, schema).alias(KEEP + name) for name, column in plan.keep.items()),
        *(pl.col(flag) for flag in flags),
    ]
    unreadable = tuple(role for role in plan.measures if role in texts)
    return (
        rows.select(taken)
        .with_columns(
            *(pl.col(role).alias(TEXT + role) for role in unreadable),
            *(_numbers(pl.col(role), role, chosen).alias(role) for role, chosen in texts.items()),
        )
        .with_columns(
            cells.is_unreadable(pl.col(TEXT + role), pl.col(role)).alias(UNREADABLE + role) for role in unreadable
        )
        .drop(TEXT + role for role in unreadable)
        .with_columns(pl.col(role) * chosen.scale for role, chosen in numeric.items() if chosen.scale != 1.0)
        .with_columns([pl.col("loss").log()] if plan.takes_log else []),
        unreadable,
    )


def run_of(schema: pl.Schema, plan: Plan) -> pl.Expr:
    """The run of each row; its group comes first until points are chosen, since groups may use the same names."""
    if "run_id" not in plan.chosen:
        run = pl.col(RUN_FILE)
    else:
        name = _label(plan.chosen["run_id"].column, schema, "run_id")
        if plan.has_reused_names:
            name = pl.concat_str([pl.col(PREFIX).fill_null(""), name])
        run = pl.coalesce(name, RUN_FILE) if plan.run_is_file else name
    if plan.seed is not None:
        seed = _label(plan.seed, schema, "seed")
        run = pl.coalesce(pl.concat_str([run, seed], separator=BEFORE_SEED), run)
    groups = [_label(column, schema, BY + name).fill_null("") for name, column in plan.by.items()]
    return pl.concat_str([*groups, run], separator=AFTER_GROUP).alias("run_id") if groups else run.alias("run_id")


def _label(column: str, schema: pl.Schema, name: str) -> pl.Expr:
    return cells.label(column, schema[column]).alias(name)


def value_of(role: str, schema: pl.Schema, plan: Plan) -> pl.Expr:
    """The value of a role as a float, in the unit of its column."""
    column = plan.chosen[role].column
    cell = _cell(column, schema)
    return _numbers(cell, role, plan.chosen[role]) if cells.is_text(schema[column]) else cell


def role_values(schema: pl.Schema, plan: Plan) -> dict[str, Computed]:
    """The roles that a condition may name, in base units, such as `params > 1e8` where the column is `n_params (M)`."""
    found: dict[str, Computed] = {}
    for role, chosen in plan.chosen.items():
        if role == "run_id":
            found[role] = Computed(_label(chosen.column, schema, role), pl.lit(value=False))
            continue
        value = value_of(role, schema, plan)
        is_odd = pl.lit(value=False)
        if cells.is_text(schema[chosen.column]):
            is_odd = cells.is_unreadable(_cell(chosen.column, schema), value)
        value = value * chosen.scale
        found[role] = Computed(value.log() if role == "loss" and plan.takes_log else value, is_odd)
    for role in plan.derived:
        if all(need in found for need in derive.DERIVATIONS[role][0]):
            found[role] = Computed(derive.expression(role, lambda need: found[need].value), pl.lit(value=False))
    return found


def unreadable_cells(rows: pl.LazyFrame, plan: Plan, reasons: Collection[str]) -> dict[str, str]:
    """The first cell that is not a number for each reason that concerns such text."""
    roles = {reason: role for role in plan.measures if (reason := f"unreadable {role}") in reasons}
    return {reason: cell for reason, role in roles.items() if (cell := _unreadable_cell(rows, role, plan)) is not None}


def _unreadable_cell(rows: pl.LazyFrame, role: str, plan: Plan) -> str | None:
    """The first cell of a role's column whose text is not a number, or None."""
    chosen = plan.chosen[role]
    text = pl.col(chosen.column).cast(pl.String)
    unreadable = rows.select(text).filter(cells.is_unreadable(text, _numbers(text, role, chosen)))
    first = unreadable.head(1).collect(engine="streaming").to_series()
    return None if first.is_empty() else str(first[0])


def _numbers(texts: pl.Expr, role: str, chosen: Chosen) -> pl.Expr:
    return cells.numbers_of_text(texts, cell_units(role, chosen.scale))


def _cell(column: str, schema: pl.Schema) -> pl.Expr:
    return pl.col(column).cast(pl.String) if cells.is_text(schema[column]) else cells.number(column, schema[column])


def _whole(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64, strict=False)


def _kept(column: str, schema: pl.Schema) -> pl.Expr:
    numeric = schema[column].is_numeric()
    return cells.number(column, schema[column]) if numeric else cells.text(column)


def finished(points: pl.DataFrame, plan: Plan, run_names: Mapping[str, str]) -> pl.DataFrame:
    """Points under their final names, with the role that is derived from others.

    Kept text that is all numbers becomes numbers, and a row without a run gets a name such as `row 7`. `run_names` has
    the name of the run for each file that is one run.
    """
    if "run_id" not in points.columns:
        if points.height <= cells.FEW:
            names = pl.Series("run_id", [f"row {place}" for place in range(1, points.height + 1)], pl.String)
            points = points.hstack([names])
        else:
            points = points.with_columns(pl.format("row {}", pl.int_range(1, pl.len() + 1)).alias("run_id"))
    if plan.by:
        points = points.with_columns(pl.col("run_id").str.split(AFTER_GROUP).list.last())
    if plan.run_is_file or plan.seed is not None:
        name, seed = pl.col("run_id").str.split(BEFORE_SEED).list.first(), f"{BEFORE_SEED}(.*)$"
        before = "seed " if plan.seed is not None and "seed" in plan.seed.lower() else ""
        ending = pl.format(f" {before}{{}}", pl.col("run_id").str.extract(seed, 1)).fill_null("")
        points = points.with_columns(name.replace(run_names) + ending)
    if points["run_id"].null_count():
        points = points.with_columns(pl.col("run_id").fill_null(pl.format("row {}", pl.int_range(1, pl.len() + 1))))
    if plan.params_pattern is not None:
        points = points.with_columns(_params_of_names(points["run_id"], plan.params_pattern))
    for role in plan.derived:
        points = derive.complete(points, role)
    roles = dict.fromkeys(role for role in ("run_id", *plan.columns) if role in points.columns)
    by = [points[BY + name].alias(BY + name if name in roles else name) for name in plan.by if name != "run_id"]
    keep = [_as_numbers(points[KEEP + name]).alias(name) for name in plan.keep]
    return pl.DataFrame([*(points[role] for role in roles), *by, *keep])


def _params_of_names(runs: pl.Series, pattern: str) -> pl.Series:
    """Params from the first group of the pattern in the names of runs; null where it does not match.

    Raises:
        UsageError: The pattern is not a regular expression, or has no group.
        DataError: No name matches.
    """
    example = "Put the number in parentheses, as in --params-from-name 'n([0-9.]+[MB])'."
    try:
        params = cells.read_numbers(runs.str.extract(pattern, 1)).alias("params")
    except PolarsError as error:
        reason = str(error).partition("\nerror: ")[2].partition("\n")[0]  # other lines of polars show the place
        raise UsageError(
            f"--params-from-name {pattern!r} is not a regular expression: {reason}.", hint=example
        ) from None
    if params.null_count() == len(params):
        raise DataError(f"--params-from-name {pattern!r} finds no number in names such as {runs[0]!r}.", hint=example)
    return params


def _as_numbers(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values
    numbers = cells.read_numbers(values)
    return values if numbers.null_count() > values.null_count() else numbers
