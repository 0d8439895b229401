"""Rows under canonical names: roles as floats in base units, names as text, and other columns asked
for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data import cells
from scaling_cli.data.names import listing, normalise, unknown
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.columns import IGNORE, MEASURES, Chosen, choose_columns, is_loss
from scaling_cli.data.runs.table import BY
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.units import PERPLEXITY, cell_units, metric_unit
from scaling_cli.record import Record

# Prefixes that keep these columns apart from the roles.
AFTER_GROUP = "\x1d"  # the group separator of ASCII, which no name has
KEEP, UNREADABLE, TEXT = "keep ", "unreadable_", "text "
PLAIN_NAME = re.compile(r"[\w./-]+")  # a column's; the first line of a text that is no table has more
RUN_FILE = "__run_file"  # the file that is one run, null in rows of files that name their runs
RUN_BY_FILE = "name of the file"
PREFIX = "__prefix"  # what tells a run from its namesakes in other files, null where nothing has to


class Plan(Record):
    """What to take from the rows: roles, group columns (`by`) and others (`keep`), each with its source.

    `derived` holds the role that will follow from the others, with its formula. `other_losses` are columns that
    could be the loss but were not taken. `run_is_file` says that some files are one run each. `params_pattern` is
    searched in the names of runs for params. `has_namesakes` says that rows have a `PREFIX`, and `takes_log` that the
    column of the loss holds perplexities.
    """

    chosen: dict[str, Chosen]
    derived: dict[str, str]
    by: dict[str, str]
    keep: dict[str, str]
    other_losses: tuple[str, ...] = ()
    run_is_file: bool = False
    params_pattern: str | None = None
    has_namesakes: bool = False
    takes_log: bool = False

    @property
    def has_runs(self) -> bool:
        """Whether rows have names of runs."""
        return self.run_is_file or "run_id" in self.chosen

    @property
    def measures(self) -> tuple[str, ...]:
        """The roles that a row must have a usable value for."""
        return tuple(role for role in MEASURES if role in self.chosen)

    @property
    def columns(self) -> dict[str, str]:
        """The column or formula behind each role of the finished table."""
        roles = {role: chosen.column for role, chosen in self.chosen.items()}
        if self.run_is_file:
            roles = {"run_id": ", else ".join([*([roles["run_id"]] if "run_id" in roles else []), RUN_BY_FILE])} | roles
        if self.params_pattern is not None:
            roles["params"] = f"{self.params_pattern} in the name of the run"
        if self.takes_log:
            roles["loss"] = f"ln({roles['loss']})"
        return roles | self.derived


def make_plan(
    names: Sequence[str],
    mapping: Mapping[str, str],
    by: Sequence[str],
    keep: Sequence[str],
    params_pattern: str | None = None,
    files: Mapping[str, int] | None = None,
) -> Plan:
    """Settle the columns; `params_pattern` takes params from the names of runs, whatever the columns.

    `files` counts the files that have each column.

    Raises:
        UsageError: A named column does not exist, or two tie for a role.
        DataError: No column holds a loss.
    """
    if params_pattern is not None:
        mapping = {**mapping, "params": IGNORE}
    chosen = choose_columns(names, mapping, files)
    if "loss" not in chosen:
        raise _no_loss(names)
    known = [*chosen, *(["params"] if params_pattern is not None else [])]
    derived = derive.derivable(known, [role for role, column in mapping.items() if column == IGNORE])
    groups = {name: _origin(name, names, chosen) for name in by}
    if chosen["loss"].column in groups.values():
        raise UsageError(
            f"Groups cannot be made by {chosen['loss'].column!r}, which is the loss that is fitted.",
            hint="Give --by a column that says what the runs of a group have in common.",
        )
    others = {name: _origin(name, names, chosen) for name in keep if name not in (*known, *derived, *by)}
    losses = tuple(name for name in names if is_loss(name) and name != chosen["loss"].column)
    return Plan(chosen, derived, groups, others, losses, params_pattern=params_pattern)


def _origin(name: str, names: Sequence[str], chosen: Mapping[str, Chosen]) -> str:
    if name in names:
        return name
    if name in chosen:
        return chosen[name].column
    raise unknown("column", name, names)


def _no_loss(names: Sequence[str]) -> DataError:
    likely = [name for name in names if "loss" in normalise(name)]
    example = likely[0] if likely else "COLUMN"
    hint = f"Name it with --map {shlex.quote(f'loss={example}')}."
    metrics = [(name, unit) for name in names if (unit := metric_unit(normalise(name)))]
    if metrics and not likely:
        name, unit = metrics[0]
        then = ", and its log, in nats, is fitted" if unit == PERPLEXITY else " if that is what to fit"
        hint = f"Say --loss {shlex.quote(name)} --loss-unit {unit}{then}."
    if names and not cells.read_numbers(pl.Series(names, dtype=pl.String)).has_nulls():
        hint = "The first line holds numbers: put the names of the columns before it."
    elif names and (names[0].startswith(("#", "sep=")) or (len(names) == 1 and not PLAIN_NAME.fullmatch(names[0]))):
        hint = (
            "The first line should have the names of the columns, separated by commas, tabs, semicolons or bars; "
            "remove what stands before it."
        )
    return DataError(f"No column could be taken for loss among: {listing(likely or names)}.", hint=hint)


def canonical(
    rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, flags: Sequence[str] = (), *, keeps_whole_steps: bool = False
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """Rows with the columns of the plan and `flags` as they are, and the measures that may have unreadable text.

    `keeps_whole_steps` leaves steps whole numbers where they are by type; one beyond 64 bits is null.
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
        .with_columns(cells.is_odd(pl.col(TEXT + role), pl.col(role)).alias(UNREADABLE + role) for role in unreadable)
        .drop(TEXT + role for role in unreadable)
        .with_columns(pl.col(role) * chosen.scale for role, chosen in numeric.items() if chosen.scale != 1.0)
        .with_columns([pl.col("loss").log()] if plan.takes_log else []),
        unreadable,
    )


def run_of(schema: pl.Schema, plan: Plan) -> pl.Expr:
    """The run of each row, after its group until the points are chosen: names may start anew in every group."""
    if "run_id" not in plan.chosen:
        run = pl.col(RUN_FILE)
    else:
        named = _label(plan.chosen["run_id"].column, schema, "run_id")
        if plan.has_namesakes:
            named = pl.concat_str([pl.col(PREFIX).fill_null(""), named])
        run = pl.coalesce(named, RUN_FILE) if plan.run_is_file else named
    groups = [_label(column, schema, BY + name).fill_null("") for name, column in plan.by.items()]
    return pl.concat_str([*groups, run], separator=AFTER_GROUP).alias("run_id") if groups else run.alias("run_id")


def _label(column: str, schema: pl.Schema, name: str) -> pl.Expr:
    return cells.label(column, schema[column]).alias(name)


def number_of(role: str, schema: pl.Schema, plan: Plan) -> pl.Expr:
    """The value of a role as a float, in the unit of its column."""
    column = plan.chosen[role].column
    cell = _cell(column, schema)
    return _numbers(cell, role, plan.chosen[role]) if cells.is_text(schema[column]) else cell


def unreadable_cell(rows: pl.LazyFrame, role: str, plan: Plan) -> str | None:
    """The first cell of a role's column whose text is no number."""
    chosen = plan.chosen[role]
    text = pl.col(chosen.column).cast(pl.String)
    odd = rows.select(text).filter(cells.is_odd(text, _numbers(text, role, chosen)))
    found = odd.head(1).collect(engine="streaming").to_series()
    return None if found.is_empty() else str(found[0])


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
    """Points under their final names, with what follows from others.

    Kept text that is all numbers becomes numbers, and a row without a run gets a name of its own. `run_names` has the
    name of the run for each file that is one.
    """
    if "run_id" not in points.columns:
        points = points.with_columns(pl.lit(None, pl.String).alias("run_id"))
    if plan.by:
        points = points.with_columns(pl.col("run_id").str.split(AFTER_GROUP).list.last())
    if plan.run_is_file:
        points = points.with_columns(pl.col("run_id").replace(run_names))
    own = pl.format("row {}", pl.int_range(1, pl.len() + 1))  # a row without a run is a run of its own
    points = points.with_columns(pl.col("run_id").fill_null(own))
    if plan.params_pattern is not None:
        points = points.with_columns(_params_of_names(points["run_id"], plan.params_pattern))
    for role in plan.derived:
        points = derive.complete(points, role)
    roles = [pl.col(role) for role in ("run_id", *plan.columns) if role in points.columns]
    names = [column.meta.output_name() for column in roles]
    by = [pl.col(BY + name).alias(BY + name if name in names else name) for name in plan.by if name != "run_id"]
    keep = [_as_numbers(points[KEEP + name]).alias(name) for name in plan.keep]
    return points.select(*dict.fromkeys(names), *by, *keep)


def _params_of_names(runs: pl.Series, pattern: str) -> pl.Series:
    """Params as the first group of the pattern finds them in the names of runs; null where it finds none.

    Raises:
        UsageError: The pattern is no regular expression, or has no group.
        DataError: No name matches.
    """
    example = "Put the number in parentheses, as in --params-from-name 'n([0-9.]+[MB])'."
    try:
        found = cells.read_numbers(runs.str.extract(pattern, 1)).alias("params")
    except PolarsError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--params-from-name {pattern!r} cannot be used: {reason}.", hint=example) from None
    if found.null_count() == len(found):
        raise DataError(f"--params-from-name {pattern!r} finds no number in names such as {runs[0]!r}.", hint=example)
    return found


def _as_numbers(values: pl.Series) -> pl.Series:
    if values.dtype != pl.String:
        return values
    numbers = cells.read_numbers(values)
    return values if numbers.null_count() > values.null_count() else numbers
