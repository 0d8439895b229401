"""The rows of logs on their way to points: each step of reading takes them, and returns them changed."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.files.held import Held
from scaling_cli.data.runs.canonical import run_of, value_of
from scaling_cli.data.runs.plan import Plan
from scaling_cli.record import Record, replace


class LogRows(Record):
    """Rows under the names in the files, the plan for their columns, and caveats about them.

    Attributes:
        frame: The rows. Columns that start with `__` say which file they are from.
        schema: The columns of the files, without those that start with `__`.
        plan: What the columns are used for.
        caveats: What the steps so far have found.
        unjudged: Columns of a condition that some rows leave open; each has a flag (`filters.UNJUDGED`) in `frame`.
        around: These rows and others of the same runs, which may hold what these lack; None if these are all.
    """

    frame: pl.LazyFrame
    schema: pl.Schema
    plan: Plan
    caveats: tuple[Caveat, ...] = ()
    unjudged: tuple[str, ...] = ()
    around: pl.LazyFrame | None = None

    @property
    def run(self) -> pl.Expr:
        """The run of each row."""
        return run_of(self.schema, self.plan)

    def value(self, role: str) -> pl.Expr:
        """The value of a role as a float, in the unit of its column."""
        return value_of(role, self.schema, self.plan)

    def saying(self, *found: Caveat) -> LogRows:
        """The same rows with more caveats."""
        return replace(self, caveats=self.caveats + found)


class Gathered(Record):
    """The rows of all files as they are read, and what is known of the files.

    Attributes:
        rows: The rows of all files in one table.
        file_names: A short name for each file that names its runs, or is one.
        is_small: Whether all rows may be looked through more than once.
        is_tiny: Whether they are so few that reading them in parts is no faster.
        may_reuse_names: Whether several files name their runs, and so may give different runs one name; the rows then
            have the column `FILE`.
        lacks_runs: Whether neither a column nor a file shows which rows form a run.
        are_joined: Whether the rows come from several files.
        lacking: The reason for rows without a role, with the files that lack its column.
        held: The same rows, if they were read with those of other files.
    """

    rows: LogRows
    file_names: Mapping[str, str]
    is_small: bool
    is_tiny: bool = False
    may_reuse_names: bool = False
    lacks_runs: bool = False
    are_joined: bool = False
    lacking: Mapping[str, str] = {}
    held: Held | None = None
