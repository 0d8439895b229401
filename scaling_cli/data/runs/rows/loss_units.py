"""What columns beside the loss say about its unit: one such as `loss_unit`, or the perplexities of the same losses."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aside import is_perplexity, says_unit
from scaling_cli.data.runs.sanity import condition_on
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.units import PERPLEXITY, metric_unit

FIRST_WORDS = {"nat": "nats", "nats": "nats", "bit": "bits", "bits": "bits"}
FEWEST = 3  # points whose perplexities must agree
CLOSE = 0.03  # relative: the log of a perplexity of a smoothed loss, or of rounded values


def refuse_mixed_losses(points: pl.DataFrame, aside: pl.DataFrame, by: Sequence[str]) -> None:
    """Refuse points of one group if a column set aside for them says that their losses have several units.

    Raises:
        DataError: There are such points.
    """
    for column, groups in _stated(points, aside, by):
        if (units := max(groups.values(), key=len, default=set())) and len(units) > 1:
            where = condition_on(column, "=", str(aside[column].drop_nulls()[0]))
            raise DataError(
                f"The losses are in {with_and(sorted(units))}, as column {column} says, and cannot be fitted together.",
                hint="Convert them to one unit (a loss in bits per token is 1.443 times that in nats), keep one with "
                f"--where {where}, or fit each with --by {shlex.quote(column)}.",
            )


def stated_unit(
    points: pl.DataFrame, aside: pl.DataFrame, columns: Mapping[str, str], by: Sequence[str]
) -> Iterator[Caveat]:
    """Caveats if columns set aside say that the losses, which are taken for nats, have another unit."""
    for column, groups in _stated(points, aside, by):
        others = {group: unit for group, (unit,) in groups.items() if unit != "nats"}
        if len(others) == len(groups) and len(set(others.values())) == 1:
            others = {(): next(iter(others.values()))}  # of all groups
        for group, unit in others.items():
            where = dict(zip(by, map(str, group), strict=False)) or None
            yield caveat("loss-unit", where, reason=f"As {column} says,", column=columns["loss"], unit=unit)
        if others:
            return
    for column in filter(is_perplexity, aside.columns):
        if column != columns["loss"] and _is_in_bits(points["loss"], aside[column]):
            yield caveat("loss-unit", reason=f"By the values of {column},", column=columns["loss"], unit="bits")
            return


def _stated(
    points: pl.DataFrame, aside: pl.DataFrame, by: Sequence[str]
) -> Iterator[tuple[str, dict[tuple[object, ...], set[str]]]]:
    """Columns that name units of losses, with those that they name in each group."""
    for column in aside.columns:
        if not (says_unit(column) and is_text(aside.schema[column])):
            continue
        groups: dict[tuple[object, ...], set[str]] = {}
        for value, *group in zip(aside[column].cast(pl.String), *(points[name] for name in by), strict=True):
            if (unit := _unit(value)) is not None:
                groups.setdefault(tuple(group), set()).add(unit)
        yield column, groups


def _unit(value: str | None) -> str | None:
    """The unit of a loss in a cell such as `bits per byte`; None for another unit."""
    name = normalise(value or "")
    return PERPLEXITY if name == PERPLEXITY else metric_unit(name) or FIRST_WORDS.get(name.split("_")[0])


def _is_in_bits(losses: pl.Series, perplexities: pl.Series) -> bool:
    """Whether these are the perplexities of losses in bits per token: two to the power of each loss."""
    if not perplexities.dtype.is_numeric():
        return False
    loss, perplexity = (column.cast(pl.Float64).to_numpy() for column in (losses, perplexities))
    known = np.isfinite(loss) & np.isfinite(perplexity) & (loss > 0) & (perplexity > 1)
    ratio = np.log2(perplexity[known]) / loss[known]
    return len(ratio) >= FEWEST and bool((np.abs(ratio - 1) < CLOSE).all())
