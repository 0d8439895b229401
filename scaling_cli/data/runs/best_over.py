"""The lowest loss of each sweep, as `--best-over lr` asks: one point per cell of runs with equal inputs.

Runs of a cell that agree in the swept columns as well are seeds; their losses are averaged before the minimum is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from scaling_cli.arrays import Array, Indices, distinct
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import unknown
from scaling_cli.data.runs.aliases import EXTRAS
from scaling_cli.data.runs.aside import is_condition
from scaling_cli.data.runs.plan import Plan
from scaling_cli.data.runs.select import PEAK
from scaling_cli.data.runs.table import BY
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import has_params_and_tokens

ROW, CELL, SETTING = "__row", "__cell", "__setting"
EQUAL = 0.01  # in logs: amounts that differ by less are one amount, such as tokens of whole batches
CHAIN = 0.03  # in logs: amounts that follow each other closely over more than this are a continuum, and all differ


def best_over(
    points: pl.DataFrame, aside: pl.DataFrame, plan: Plan, names: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[Caveat, ...]]:
    """The best point of each cell with the rows set aside for it, and the caveat that counts the points.

    Raises:
        UsageError: A swept column does not exist, or is the loss.
    """
    swept = [_name(name, points, plan) for name in names]
    keys = [key for key in _keys(points, aside, plan) if key not in (*swept, *names)]
    known = pl.concat([points, aside.drop(set(aside.columns) & set(points.columns))], how="horizontal")
    if PEAK in aside.columns and "lr" in points.columns:
        known = known.with_columns(pl.coalesce(PEAK, "lr").alias("lr"))
    rows = pl.DataFrame({
        ROW: np.arange(points.height),
        CELL: _labels(known, keys),
        SETTING: _labels(known, swept),
        "loss": points["loss"],
    })  # fmt: skip
    settings = rows.group_by(CELL, SETTING, maintain_order=True).agg(pl.col(ROW).first(), pl.col("loss").mean())
    best = settings.sort("loss", ROW).unique(CELL, keep="first", maintain_order=True).sort(ROW)
    kept = points[best[ROW].to_list()].with_columns(best["loss"])
    several = settings.group_by(CELL).len().filter(pl.col("len") > 1).height
    found = caveat(
        "best-over", None, columns=with_and(names), after=f"{best.height:,}", before=f"{points.height:,}",
        several=f"{several:,}", edges=_edges(known, settings, best, swept),
    )  # fmt: skip
    return kept, aside[best[ROW].to_list()] if aside.width else aside, (found,)


def _name(name: str, points: pl.DataFrame, plan: Plan) -> str:
    """The column of the points that a swept role or column is in."""
    role = next((role for role, chosen in plan.chosen.items() if name in (role, chosen.column)), name)
    if role == "loss":
        raise UsageError(
            f"--best-over {name} names the loss, of which the lowest is kept in any case.",
            hint="Name the columns that were swept, such as --best-over lr,batch_size.",
        )
    if role not in points.columns:
        raise unknown("column", name, [column for column in points.columns if column not in ("run_id", "loss")])
    return role


def _keys(points: pl.DataFrame, aside: pl.DataFrame, plan: Plan) -> list[str]:
    """The columns that runs of one cell agree in; swept columns may be among them."""
    sizes = ["params", "tokens"] if has_params_and_tokens(points.columns) else ["params", "tokens", "compute"]
    if not {"tokens", "compute"} & set(points.columns):
        sizes.append("step")
    groups = [BY + name if BY + name in points.columns else name for name in plan.by]
    # A further column may be an input, whose values repeat over the sweep, or a metric, whose values do not.
    further = [
        name for name in plan.keep if name in points.columns and 2 * points[name].n_unique() <= points.height
    ]  # fmt: skip
    conditions = [name for name in aside.columns if is_condition(name) and 2 * aside[name].n_unique() <= points.height]
    named = dict.fromkeys([*sizes, *EXTRAS, *groups, *further, *conditions])
    return [name for name in named if name in points.columns or name in conditions]


def _labels(known: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """The number of the combination of values that each row has in the columns."""
    if not names:
        return pl.Series(np.zeros(known.height, dtype=int))
    return pl.Series(cells([levels(known[name]) for name in names]))


def cells(labels: Sequence[Indices]) -> Indices:
    """The number of the combination of labels `(n,)` that each row has."""
    numbers = labels[0]
    for each in labels[1:]:
        numbers = distinct(numbers * (int(each.max(initial=0)) + 1) + each)[1]
    return numbers


def levels(values: pl.Series) -> Indices:
    """The level of each value, numbered from 0; positive numbers that differ by less than a percent share one."""
    if not values.dtype.is_numeric():
        ranks: Indices = values.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.intp) - 1
        return ranks
    different, place = distinct(values.cast(pl.Float64).to_numpy())
    return distinct(_labelled(different))[1][place]


def _labelled(different: Array) -> Indices:
    """The label of each of some different numbers in order `(n,)`.

    Positive numbers that follow each other by less than `EQUAL` in logs share a label, unless the first and the last of
    such a chain differ by more than `CHAIN`.
    """
    if not len(different):
        return np.zeros(0, dtype=np.intp)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(different > 0, np.log(different), np.nan)
        # A comparison with NaN is false, so a number without a logarithm always begins a chain.
        chain = np.cumsum(~(np.diff(logs, prepend=np.nan) <= EQUAL))
        starts = np.flatnonzero(np.diff(chain, prepend=0))
        spans = np.maximum.reduceat(logs, starts) - np.minimum.reduceat(logs, starts)
    labels: Indices = np.where(spans[chain - 1] > CHAIN, len(different) + np.arange(len(different)), chain)
    return labels


def _edges(known: pl.DataFrame, settings: pl.DataFrame, best: pl.DataFrame, swept: Sequence[str]) -> str:
    """What to say about cells whose best value is the least or the greatest of at least three."""
    values = known[swept[0]]
    if len(swept) > 1 or not values.dtype.is_numeric():
        return ""
    tried = settings.with_columns(values[settings[ROW].to_list()].alias("value"))
    ends = tried.group_by(CELL).agg(
        pl.col("value").min().alias("low"), pl.col("value").max().alias("high"), pl.len().alias("tried")
    )
    found = best.with_columns(values[best[ROW].to_list()].alias("value")).join(ends, on=CELL)
    at_end = (pl.col("value") == pl.col("low")) | (pl.col("value") == pl.col("high"))
    count = found.filter((pl.col("tried") > 2) & at_end).height
    return f", and in {count:,} the best {swept[0]} is the least or the greatest one tried" if count else ""
