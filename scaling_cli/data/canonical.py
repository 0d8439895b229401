"""Rows under canonical names: roles as floats in base units, names as text, and other columns asked
for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scaling_cli.data import cells, derive
from scaling_cli.data.columns import IGNORE, MEASURES, Chosen, choose_columns
from scaling_cli.data.names import listing, normalise, unknown
from scaling_cli.errors import DataError

BY, KEEP, UNREADABLE = "by ", "keep ", "unreadable_"  # prefixes that keep these columns apart from the roles


@dataclass(frozen=True, slots=True)
class Plan:
    """What to take from the rows: roles, group columns (`by`) and others (`keep`), each with its source.

    `derived` holds the role that will follow from the others, with its formula.
    """

    chosen: dict[str, Chosen]
    derived: dict[str, str]
    by: dict[str, str]
    keep: dict[str, str]

    @property
    def measures(self) -> tuple[str, ...]:
        """The roles that a row must have a usable value for."""
        return tuple(role for role in MEASURES if role in self.chosen)

    @property
    def columns(self) -> dict[str, str]:
        """The column or formula behind each role of the finished table."""
        roles = {role: chosen.column for role, chosen in self.chosen.items()} | self.derived
        return {role: origin for role, origin in roles.items() if role not in self.by or role == "run_id"}


def make_plan(names: Sequence[str], mapping: Mapping[str, str], by: Sequence[str], keep: Sequence[str]) -> Plan:
    """Settle the columns.

    Raises:
        UsageError: A named column does not exist, or two tie for a role.
        DataError: No column holds a loss.
    """
    chosen = choose_columns(names, mapping)
    if "loss" not in chosen:
        raise _no_loss(names)
    derived = derive.derivable(chosen, [role for role, column in mapping.items() if column == IGNORE])
    groups = {name: _origin(name, names, chosen) for name in by}
    others = {name: _origin(name, names, chosen) for name in keep if name not in (*chosen, *derived, *by)}
    return Plan(chosen, derived, groups, others)


def _origin(name: str, names: Sequence[str], chosen: Mapping[str, Chosen]) -> str:
    if name in names:
        return name
    if name in chosen:
        return chosen[name].column
    raise unknown("column", name, names)


def _no_loss(names: Sequence[str]) -> DataError:
    likely = [name for name in names if "loss" in normalise(name)]
    example = likely[0] if likely else "COLUMN"
    return DataError(
        f"No column could be taken for loss among: {listing(likely or names)}.",
        hint=f"Name it with --map {shlex.quote(f'loss={example}')}.",
    )


def canonical(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """Rows with the columns of the plan, and the measures whose text cells may be unreadable."""
    numeric = {role: chosen for role, chosen in plan.chosen.items() if role != "run_id"}
    texts = {role: chosen for role, chosen in numeric.items() if cells.is_text(schema[chosen.column])}
    taken = [
        *(_label(plan.chosen["run_id"].column, schema, "run_id") for _ in [0] if "run_id" in plan.chosen),
        *(_cell(chosen.column, schema).alias(role) for role, chosen in numeric.items()),
        *(_label(column, schema, BY + name) for name, column in plan.by.items()),
        *(_kept(column, schema).alias(KEEP + name) for name, column in plan.keep.items()),
    ]
    unreadable = tuple(role for role in plan.measures if role in texts)
    return (
        rows.select(taken)
        .with_columns(*(cells.numbers_of_text(pl.col(role)).alias(role) for role in texts), *_originals(unreadable))
        .with_columns(_missing_number(role) for role in unreadable)
        .with_columns(pl.col(role) * chosen.scale for role, chosen in numeric.items() if chosen.scale != 1.0),
        unreadable,
    )


def _label(column: str, schema: pl.Schema, name: str) -> pl.Expr:
    return cells.label(column, schema[column]).alias(name)


def _cell(column: str, schema: pl.Schema) -> pl.Expr:
    return cells.text(column) if cells.is_text(schema[column]) else cells.number(column, schema[column])


def _kept(column: str, schema: pl.Schema) -> pl.Expr:
    numeric = schema[column].is_numeric()
    return cells.number(column, schema[column]) if numeric else cells.text(column)


def _originals(roles: Sequence[str]) -> list[pl.Expr]:
    return [pl.col(role).is_not_null().alias(UNREADABLE + role) for role in roles]


def _missing_number(role: str) -> pl.Expr:
    return (pl.col(UNREADABLE + role) & pl.col(role).is_null()).alias(UNREADABLE + role)


def finished(points: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Points under their final names.

    Kept text that is all numbers becomes numbers, and a row without a run gets a name of its own.
    """
    if "run_id" not in points.columns:
        points = points.with_columns(pl.lit(None, pl.String).alias("run_id"))
    own = pl.format("row {}", pl.int_range(1, pl.len() + 1))  # a row without a run is a run of its own
    points = points.with_columns(pl.col("run_id").fill_null(own))
    roles = [pl.col(role) for role in ("run_id", *plan.columns) if role in points.columns]
    by = [pl.col(BY + name).alias(name) for name in plan.by if name != "run_id"]
    keep = [_as_numbers(points[KEEP + name]).alias(name) for name in plan.keep]
    return points.select(*dict.fromkeys(column.meta.output_name() for column in roles), *by, *keep)


def _as_numbers(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values
    numbers = cells.read_numbers(values)
    return values if numbers.null_count() > values.null_count() else numbers
