"""Roles computed from several columns by a formula of the user, such as `--tokens 'step * batch_size * 2048'`.

The formula becomes a column of the rows, whose name is its text. A name in it is that of a column; or else a role, in
base units, such as `step` where the column is `_step`; or else a column with the same name but for case and
punctuation, such as `config_batch_size` for `config/batch_size`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from scaling_cli.arrays import Array
from scaling_cli.data import cells
from scaling_cli.data.files.inputs import Scan
from scaling_cli.data.names import guess, listing, normalise
from scaling_cli.data.runs.aliases import ROLES, role_of, scale_of
from scaling_cli.data.runs.columns import Chosen, candidates
from scaling_cli.errors import UsageError
from scaling_cli.numbers.units import cell_units
from scaling_cli.options.reading import SHORTHANDS
from scaling_cli.record import Record, replace

if TYPE_CHECKING:
    from scaling_cli.formula.tree import Node

# Names of columns have / and - as well, so these count only between spaces, before a number, or at the start.
ARITHMETIC = r"[*^+(]|\s[-/]\s|/\s*[\d.]+\s*$|^\s*-"
TEXTS = ("run_id",)  # roles that hold names, which no formula gives
FLAGS = {"loss": "--loss"} | {role: f"--{name}" for name, role in SHORTHANDS.items()}
HINT = "Write a formula of columns like 'step * batch_size * 2048', or the name of a column."


class Source(Record):
    """The column that a name in a formula stands for, with its role where the name is one."""

    chosen: Chosen
    role: str = ""

    def values(self, schema: pl.Schema) -> pl.Expr:
        """The numbers of the column, in base units if it is read for a role; NaN for text that is not a number."""
        column, scale = self.chosen.column, self.chosen.scale
        if cells.is_text(schema[column]):
            text = pl.col(column).cast(pl.String)
            role = self.role or (role_of(column) or ("", 0.0))[0]
            numbers = cells.numbers_of_text(text, cell_units(role, scale))
            # Null would be a missing value, which leaves a row in.
            return pl.when(cells.is_unreadable(text, numbers)).then(float("nan")).otherwise(numbers * scale)
        return cells.number(column, schema[column]) * scale


class Formula(Record):
    """A formula of columns: its text, its tree, and what each name in it stands for."""

    text: str
    tree: Node
    sources: Mapping[str, Source]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(source.chosen.column for source in self.sources.values())

    def evaluate(self, values: pl.Series) -> pl.Series:
        """The formula of the fields of a struct; null where one of them is."""
        known = values.struct.unnest()
        with np.errstate(all="ignore"):
            found: Array = self.tree.evaluate({name: known[name].to_numpy() for name in known.columns})
        is_known = known.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
        return pl.select(pl.when(is_known).then(pl.Series(found, dtype=pl.Float64))).to_series().alias(values.name)


def formulas_in(
    names: Sequence[str], mapping: Mapping[str, str], files: Mapping[str, int] | None = None
) -> tuple[Formula, ...]:
    """The formulas among the columns that roles are mapped to.

    Args:
        names: The columns of the rows.
        mapping: Role to column or formula.
        files: How many files have each column, as for `choose_columns`.

    Raises:
        UsageError: One cannot be read, or names an unknown column.
    """
    texts = {role: text for role, text in mapping.items() if role in ROLES and _may_be_formula(text, names)}
    if not texts:
        return ()
    plain = {role: column for role, column in mapping.items() if role not in texts}
    found = {
        role: Source(Chosen(columns[0], scale_of(role, columns[0])), role)
        for role, columns in candidates(names, plain, files).items()
        if len(columns) == 1 and role not in TEXTS
    }
    read = {text: _formula(role, text, names, found) for role, text in texts.items() if role not in TEXTS}
    return tuple(formula for formula in read.values() if formula is not None)


def is_computable(role: str, text: str, names: Sequence[str]) -> bool:
    """Whether these columns give the formula that a role is mapped to."""
    try:
        return bool(formulas_in(names, {role: text}))
    except UsageError:
        return False


def scan_with_formulas(scan: Scan, formulas: Sequence[Formula]) -> Scan:
    """The scan with a column for each formula whose columns it has."""
    names = [formula.text for formula in formulas if set(formula.columns) <= set(scan.columns)]
    rows = with_formulas(scan.rows, scan.rows.collect_schema(), formulas)
    return replace(scan, rows=rows, columns=(*scan.columns, *names))


def with_formulas(rows: pl.LazyFrame, schema: pl.Schema, formulas: Sequence[Formula]) -> pl.LazyFrame:
    """The rows with a column for each formula whose columns they have."""
    known = [formula for formula in formulas if set(formula.columns) <= set(schema)]
    return rows.with_columns(
        pl.struct(source.values(schema).alias(name) for name, source in formula.sources.items())
        .map_batches(formula.evaluate, return_dtype=pl.Float64, is_elementwise=True)
        .alias(formula.text)
        for formula in known
    )


def _may_be_formula(text: str, names: Collection[str]) -> bool:
    return text not in names and re.search(ARITHMETIC, text) is not None


def _formula(role: str, text: str, names: Sequence[str], roles: Mapping[str, Source]) -> Formula | None:
    """The formula in a text; None if it looks like the misspelt name of a column."""
    from scaling_cli.formula.tree import parse  # few commands are given a formula

    flag = FLAGS.get(role, f"--map {role}=FORMULA")
    try:
        tree = parse(_with_plain_names(text, names), option=flag, hint=HINT)
    except UsageError:
        if "*" in text:
            raise
        return None
    if tree.operation == "name":
        return None
    sources = {name: _source(name, names, roles) for name in tree.names()}
    known = {name: source for name, source in sources.items() if source is not None}
    unknown = [name for name in sources if name not in known]
    if not known and "*" not in text:
        return None
    if unknown or not known:
        problem = f"names no column {unknown[0]!r}" if unknown else "names no column"
        near = guess(unknown[0], names) if unknown else ""
        raise UsageError(f"{flag} {shlex.quote(text)} {problem}.", hint=f"{near}Available: {listing(names)}.")
    return Formula(text, tree, known)


def _with_plain_names(text: str, names: Sequence[str]) -> str:
    """The formula with columns such as `config/batch size`, where they are named in it, as `config_batch_size`."""
    for name in sorted((name for name in names if re.search(r"[/. -]", name)), key=len, reverse=True):
        plain = normalise(name)
        if plain.isidentifier() and sum(normalise(other) == plain for other in names) == 1:
            text = re.sub(rf"(?<![\w/.]){re.escape(name)}(?![\w/.])", plain, text)
    return text


def _source(name: str, names: Sequence[str], roles: Mapping[str, Source]) -> Source | None:
    if name in names:
        return Source(Chosen(name))
    if name in roles:
        return roles[name]
    same = [column for column in names if normalise(column) == normalise(name)]
    return Source(Chosen(same[0])) if len(same) == 1 else None
