"""A sampling log while it is read: its rows, the options, and the columns that were chosen."""

from __future__ import annotations

import shlex

import polars as pl

from scaling_cli.caveats import Caveat
from scaling_cli.data.cells import label
from scaling_cli.data.runs.table import left_out
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.record import Record


class SamplingLog(Record):
    """Rows under the names in the files, with the column of each role, and the columns that name the task of a problem.

    `columns` and `tasks` are empty until they are chosen.
    """

    rows: pl.LazyFrame
    schema: pl.Schema
    options: Samples
    columns: dict[str, str | None] = {}
    tasks: tuple[str, ...] = ()

    @property
    def success_at(self) -> float:
        """The value from which an attempt counts as a success."""
        return 1.0 if self.options.threshold is None else self.options.threshold

    @property
    def missing_done(self) -> str:
        """What is done with attempts without an outcome, for a caveat."""
        return "left out" if self.options.on_missing == "drop" else "counted as failed"

    def by_also(self, column: str) -> str:
        """The value of --by that divides the groups of the log by a column, too."""
        return shlex.quote(",".join((*self.options.by, column)))

    def column(self, role: str) -> str:
        """The column of a role that the layout requires."""
        column = self.columns[role]
        assert column is not None
        return column

    def groups(self, prefix: str = "") -> list[pl.Expr]:
        """The groups as text; `prefix` precedes the names of their columns."""
        return [label(prefix + name, self.schema[name]).alias(name) for name in self.options.by]

    def problem(self, prefix: str = "") -> pl.Expr:
        """The problem as text, after its task if there is one; without a column, a name such as `row 7`."""
        if self.columns.get("problem") is None:
            return pl.format("row {}", pl.int_range(1, pl.len() + 1)).alias("problem")
        names = [label(prefix + name, self.schema[name]) for name in (*self.tasks, self.column("problem"))]
        return (pl.concat_str(names, separator="/") if len(names) > 1 else names[0]).alias("problem")


class Counted(Record):
    """One row of counts per problem, caveats about them, and the attempts if a verifier needs them."""

    frame: pl.DataFrame
    caveats: list[Caveat] = []
    attempts: pl.LazyFrame | None = None
    rows: int | None = None


def without_problem(count: int, total: int) -> tuple[Caveat, ...]:
    """The caveat about rows without a problem, such as lines that were cut short."""
    return left_out({"no problem": count} if count else {}, total)
