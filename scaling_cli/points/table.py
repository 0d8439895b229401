"""The points of a group of runs, as arrays and plain numbers: the one place where polars becomes numpy for runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import polars as pl

from scaling_cli.arrays import Array, Indices
from scaling_cli.data.cells import label
from scaling_cli.data.names import column_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.prior import ParameterPrior
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import Law
from scaling_cli.points.labels import codes, flagged
from scaling_cli.record import Record

FEW = 1000  # points; up to here Python sorts names faster than polars starts a query


class PointTable(Record, dict=True):
    """Points to fit: one row per point, with `run_id`, `loss` and numbers or words in further columns."""

    frame: pl.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return self.frame.columns

    @property
    def run_names(self) -> tuple[str, ...]:
        """The names of the runs, in the order in which `problem` numbers them."""
        return self._runs[0]

    @cached_property
    def _runs(self) -> tuple[tuple[str, ...], Indices]:
        """The names of the runs in order, and the number of each point's run `(n,)`."""
        runs = self.frame["run_id"]
        if len(runs) > FEW or runs.dtype != pl.String or runs.null_count():
            order = runs.arg_sort()
            blocks = runs.gather(order).rle().struct.unnest()  # equal names follow one another
            numbers = np.empty(len(runs), dtype=int)
            numbers[order.to_numpy()] = np.repeat(np.arange(len(blocks)), blocks["len"].to_numpy())
            return tuple(blocks["value"].cast(str).to_list()), numbers
        names = runs.to_list()
        number = {name: place for place, name in enumerate(sorted(set(names)))}
        return tuple(number), np.array([number[name] for name in names])

    def numbers(self, column: str, *, own: bool = False) -> Array:
        """A column `(n,)`, with nan where a point has no value.

        `own` asks for the column of the file, if a role has the same name.

        Raises:
            UsageError: There is no such column.
            DataError: It does not hold numbers.
        """
        column = column_of(self.columns, column) if own else column
        if column not in self.columns:
            raise UsageError(f"There is no column {column!r}.", hint="`scaling columns` lists the columns.")
        if not self.frame[column].dtype.is_numeric():
            raise DataError(f"Column {column} does not hold numbers.", hint="Name a column of numbers.")
        return self.frame[column].to_numpy().astype(float)

    def labels(self, column: str) -> list[str]:
        """The values of a column as text.

        Raises:
            DataError: They are fewer than two different ones.
        """
        name = column_of(self.columns, column)
        values = self.frame.select(label(name, self.frame.schema[name]).fill_null("")).to_series()
        if values.n_unique() < 2:
            raise DataError(
                f"{column} has one value in all points, so no group can be left out.", hint="Name another column."
            )
        return values.to_list()

    def is_complete(self, column: str) -> bool:
        """Whether every point has a value in the column."""
        return column in self.columns and self.frame[column].null_count() == 0

    def ranges(self, columns: Iterable[str]) -> dict[str, tuple[float, float]]:
        """The least and the largest value of each of these columns that is complete."""
        return {
            name: (float(self.frame[name].min()), float(self.frame[name].max()))  # type: ignore[arg-type]
            for name in dict.fromkeys(columns)
            if self.is_complete(name) and self.frame[name].dtype.is_numeric()
        }

    def problem(
        self,
        law: Law,
        inputs: Mapping[str, str],
        space: str = "log",
        *,
        weights: Array | None = None,
        priors: tuple[ParameterPrior, ...] = (),
    ) -> Problem:
        """The problem of fitting `law` to the points.

        Args:
            law: Any law.
            inputs: For each input of the law, the column that holds it.
            space: Whether residuals are of log loss or of loss.
            weights: Weights of the points `(n,)`, in any unit; equal by default.
            priors: Weak priors, see `scaling_cli.fitting.prior`.

        Raises:
            DataError: The law needs logs of an input, or of the loss, that is not positive.
        """
        values = {name: self._values(law, name, column) for name, column in inputs.items()}
        # Runs are numbered by name, so that the order of the rows does not decide which runs a replicate draws.
        runs = self._runs[1]
        observed = self.frame["loss"].to_numpy().astype(float)
        return problem_from_arrays(law, values, observed, runs, space, weights=weights, priors=priors, named=inputs)

    def _values(self, law: Law, name: str, column: str) -> Array:
        """The values `(n,)` of an input of the law; labels and words as numbers."""
        values = self.frame[column]
        if name in law.levels:
            return codes(values, law.levels[name], column)
        if name in law.flags and not values.dtype.is_numeric():
            return flagged(values, law.flags[name])
        return values.to_numpy().astype(float)
