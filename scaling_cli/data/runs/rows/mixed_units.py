"""Amounts in one unit in some rows and in another in the rest, such as params of 350 and of 1,300,000,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.runs.amounts import SLIP, SMALLEST, WRITTEN
from scaling_cli.data.runs.sanity import MOST_GROUPS
from scaling_cli.data.runs.table import label_of
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import figure
from scaling_cli.numbers.surface import has_params_and_tokens

FEWEST = 2  # runs on either side; a lone one is a slip


def refuse_mixed_units(points: pl.DataFrame, columns: Mapping[str, str], by: Sequence[str]) -> None:
    """Refuse points of one group of which some have too small an amount for any language model, and others far more.

    Raises:
        DataError: There are such points.
    """
    read = [role for role in SMALLEST if role in points.columns and role in columns]  # another column may have its name
    roles = ["params", "tokens"] if has_params_and_tokens(read) else read
    roles = [role for role in roles if (points[role] < SMALLEST[role]).any()]  # grouping takes time
    labels = [label_of(points, name) for name in by]
    if not roles or (by and points.select(pl.struct(labels).n_unique()).item() > MOST_GROUPS):
        return
    for part in points.partition_by(labels) if by else [points]:
        runs = part.group_by("run_id", maintain_order=True).agg(pl.col(roles).max())
        for role in roles:
            _refuse(role, runs.select("run_id", role).drop_nulls(), columns[role])


def _refuse(role: str, runs: pl.DataFrame, column: str) -> None:
    small, large = runs.filter(pl.col(role) < SMALLEST[role]), runs.filter(pl.col(role) >= SMALLEST[role])
    if min(small.height, large.height) < FEWEST:
        return
    most, least = float(small[role].max()), float(large[role].min())  # type: ignore[arg-type]
    if least < SLIP * most:
        return
    cell = WRITTEN[role][1]
    raise DataError(
        f"{role}, read from {column}, is at most {figure(most, 3)} in {small.height:,} of {runs.height:,} runs (such "
        f"as {small['run_id'][0]}) but at least {figure(least, 3)} in the others, so these have another unit.",
        hint=f"Write all of them in one unit, or each with its unit, as in {cell}; or leave one kind out with "
        f"--where '{role} > {SMALLEST[role]:g}'.",
    )
