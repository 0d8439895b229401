"""Inputs of laws that are not roles: columns that `--map` names for them, above all shares of domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.names import COLUMN, column_of
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import FAMILIES, find_law, is_formula

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


def without_own(mapping: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The part of `--map` that is for roles, which reading runs takes."""
    return {name: column for name, column in mapping.items() if name not in own}


def check_named(frame: pl.DataFrame, law: str, own: Mapping[str, str]) -> None:
    """Refuse the columns of `--map mixture` if the law takes no shares, or if they are not shares of a whole.

    Raises:
        UsageError: The law is left to the command, or is one without shares; or a column is named twice.
        DataError: A share is negative, or the shares of a point do not add up to one.
    """
    if MIXTURE in own:
        _require_mixture(law)
        check_mixture(frame, own[MIXTURE].split(","))


def _require_mixture(law: str) -> None:
    if is_formula(law) or (law in FAMILIES and law.startswith(MIXTURE)):
        return
    said = "no --law that takes them is named" if law in ("auto", "all") else f"{law} takes none"
    raise UsageError(
        f"--map mixture names shares of domains, but {said}.",
        hint="Name a law of shares, such as --law mixture-additive, or mixture-exp for runs of one size; or leave "
        "--map mixture out.",
    )


def without_shares(law: str) -> UsageError:
    """The error for a law of shares without columns that hold them."""
    return UsageError(
        f"{law} needs columns with the share of each data domain.", hint="Name them: --map mixture=w1,w2,w3."
    )


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
    for name in names:
        wrong = shares[name].is_null() | (shares[name] < 0)
        if wrong.any():
            where = f" of run {frame['run_id'][int(wrong.arg_max() or 0)]}" if "run_id" in frame.columns else ""
            raise DataError(
                f"Column {name.removeprefix(COLUMN)!r} has a share{where} that is negative or missing.",
                hint=f"Correct it, or leave such rows out: --where '{name.removeprefix(COLUMN)} >= 0'.",
            )
    off = (total - 1).abs()
    if float(off.max()) > ROUNDED:  # type: ignore[arg-type]
        place = int(off.arg_max() or 0)
        where = f"run {frame['run_id'][place]}" if "run_id" in frame.columns else "a point"
        raise DataError(
            f"Shares of {', '.join(columns)} add up to {float(total[place]):.4g} at {where}, but shares of a mixture "
            "add up to 1.",
            hint="Name all domains in --map mixture, or divide the columns by their sum.",
        )
