"""Amounts in one unit in some rows and in another in the rest, such as params of 350 and of 1,300,000,000.

A column such as `loss_unit` may also say itself that losses are in nats in some rows and in bits in others.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.cells import is_text
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.amounts import SLIP, SMALLEST, WRITTEN
from scaling_cli.data.runs.aside import says_unit
from scaling_cli.data.runs.sanity import MOST_GROUPS
from scaling_cli.data.runs.table import label_of
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import figure, with_and
from scaling_cli.numbers.surface import has_params_and_tokens

FEWEST = 2  # runs on either side; a lone one is a slip
LOSS_UNITS = {"nat": "nats", "nats": "nats", "bit": "bits", "bits": "bits", "bpb": "bits", "bpc": "bits", "bpt": "bits"}
LOSS_UNITS |= {"perplexity": "perplexity", "ppl": "perplexity"}


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


def refuse_mixed_losses(points: pl.DataFrame, aside: pl.DataFrame, by: Sequence[str]) -> None:
    """Refuse points of one group if a column set aside for them says that their losses have several units.

    Raises:
        DataError: There are such points.
    """
    for column in filter(says_unit, aside.columns):
        if not is_text(aside.schema[column]):
            continue
        groups: dict[tuple[object, ...], set[str]] = {}
        for value, *group in zip(aside[column].cast(pl.String), *(points[name] for name in by), strict=True):
            if value is not None and (unit := LOSS_UNITS.get(normalise(value).split("_")[0])) is not None:
                groups.setdefault(tuple(group), set()).add(unit)
        if (units := max(groups.values(), key=len, default=set())) and len(units) > 1:
            condition = f"{column} = '{aside[column].drop_nulls()[0]}'"
            where = f'"{condition}"' if column.isidentifier() else shlex.quote(f'"{column}"{condition[len(column) :]}')
            raise DataError(
                f"The losses are in {with_and(sorted(units))}, as column {column} says, and cannot be fitted together.",
                hint="Convert them to one unit (a loss in bits per token is 1.443 times that in nats), keep one with "
                f"--where {where}, or fit each with --by {shlex.quote(column)}.",
            )
