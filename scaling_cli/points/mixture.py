"""Inputs of laws that are not roles: columns that `--map` names for them, above all shares of domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.names import column_of
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import find_law, is_formula

MIXTURE = "mixture"  # the name under which --map takes the columns of all shares
ROUNDED = 0.01  # how far from one a sum of rounded shares may be


def listed(own: Mapping[str, str]) -> tuple[str, ...]:
    """All columns that the user named for inputs that are not roles."""
    return tuple(part.strip() for columns in own.values() for part in columns.split(","))


def own_inputs(mapping: Mapping[str, str], law: str) -> dict[str, str]:
    """The part of `--map` that is for inputs of the law that are not roles, and for a mixture."""
    inputs = () if law in ("auto", "all") or is_formula(law) else find_law(law).inputs
    return {
        name: column for name, column in mapping.items() if name == MIXTURE or (name in inputs and name not in ROLES)
    }


def check_mixture(frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Refuse columns that are not shares of a whole.

    Raises:
        UsageError: A column does not exist, or is named twice.
        DataError: A share is negative, or the shares of a point do not add up to one.
    """
    names = [column_of(frame.columns, column.strip()) for column in columns]
    missing = [name for name in names if name not in frame.columns]
    if missing or len(set(names)) < len(names):
        said = f"There is no column {missing[0]!r}." if missing else "--map mixture names a column twice."
        raise UsageError(said, hint="Name the column of each domain once: --map mixture=w1,w2,w3.")
    shares = frame.select(pl.col(name).cast(pl.Float64, strict=False) for name in names)
    total = shares.sum_horizontal()
    if shares.null_count().sum_horizontal().item() or float(shares.min_horizontal().min()) < 0:  # type: ignore[arg-type]
        raise DataError(
            "A share of the mixture is negative or missing.", hint="Correct it, or leave it out with --where."
        )
    off = (total - 1).abs()
    if float(off.max()) > ROUNDED:  # type: ignore[arg-type]
        worst = float(total[int(off.arg_max() or 0)])
        raise DataError(
            f"Shares of {', '.join(columns)} add up to {worst:.4g} at a point, but shares of a mixture add up to 1.",
            hint="Name all domains in --map mixture, or divide the columns by their sum.",
        )
