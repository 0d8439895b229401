"""Points become the arrays of a problem: the one place where polars ends for runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scaling_cli.arrays import Array
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.prior import ParameterPrior
from scaling_cli.laws import Law

if TYPE_CHECKING:
    import polars as pl
from scaling_cli.fitting.problem import Problem, problem_from_arrays


def build_problem(
    frame: pl.DataFrame,
    law: Law,
    inputs: Mapping[str, str],
    space: str = "log",
    *,
    weights: Array | None = None,
    priors: tuple[ParameterPrior, ...] = (),
) -> Problem:
    """The problem of fitting `law` to the points of `frame`.

    Args:
        frame: One row a point, with `run_id`, `loss` and the columns that `inputs` names.
        inputs: For each input of the law, the column of `frame` that holds it.
        weights: One for each row of `frame`, in any unit; equal by default.
        priors: Weak priors, see `scaling_cli.fitting.prior`.

    Raises:
        DataError: The law needs logs of an input, or of the loss, that is not positive.
    """
    columns = {name: frame[column].to_numpy().astype(float) for name, column in inputs.items()}
    # By name, not by place (see `run_names`): the order of the rows must not decide which runs a replicate draws.
    runs = frame["run_id"].rank("dense").to_numpy().astype(int) - 1
    observed = frame["loss"].to_numpy().astype(float)
    return problem_from_arrays(law, columns, observed, runs, space, weights=weights, priors=priors)


def run_names(frame: pl.DataFrame) -> tuple[str, ...]:
    """The names of a frame's runs, in the order in which `build_problem` numbers them."""
    return tuple(frame["run_id"].unique().sort().cast(str).to_list())


def numbers(frame: pl.DataFrame, column: str) -> Array:
    """A column `(n,)` that the user named.

    Raises:
        UsageError: There is no such column.
        DataError: It holds something else than numbers.
    """
    if column not in frame.columns:
        raise UsageError(f"There is no column {column!r}.", hint="See `scaling columns` for those there are.")
    if not frame[column].dtype.is_numeric():
        raise DataError(f"{column} holds no numbers.", hint="Name a column of numbers.")
    return frame[column].to_numpy().astype(float)
