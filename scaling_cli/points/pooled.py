"""Runs that one law should not be fitted to together: a column explains how losses at equal inputs differ.

The test is an analysis of variance of log losses. Where inputs repeat, what is left within cells of equal inputs is
compared with and without a column's levels; where they do not, what a smooth surface of the inputs leaves is. The F
test asks whether the column explains it beyond chance (with a bound divided by the number of columns tried, after
Bonferroni), and the share of variance is adjusted for the number of levels. Rows of one run are averaged first, since
they err together. A column whose levels lie one after the other along an input, such as a label of the size, is not
tried: it and the input would explain the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from scaling_cli.arrays import Array, Indices, distinct
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import in_sql
from scaling_cli.data.runs.aliases import EXTRAS, SWEPT
from scaling_cli.data.runs.aside import words
from scaling_cli.data.runs.best_over import cells, levels
from scaling_cli.data.runs.likely import likely_role
from scaling_cli.data.runs.select import PEAK
from scaling_cli.data.runs.table import RunTable
from scaling_cli.numbers.format import percent, with_and
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.points.name_parts import name_parts, way_to_keep
from scaling_cli.points.settings import settings
from scaling_cli.points.tied import tied_to_tokens
from scaling_cli.points.variance import (
    FEWEST_SPARE,
    Explained,
    among_others,
    dummies,
    explained_by,
    left_by,
    sums,
    surface,
)
from scaling_cli.record import Record, replace

SIZES = ("params", "tokens", "compute")
MOST_LEVELS = 40
CHANCE = 1e-3  # of a caveat by noise alone, over all columns
CHANCE_OF_LARGE = 1e-2  # of it where what the inputs leave is larger than what seeds make, so that there is a cause
SHARE = 0.3  # of the variance left
SHARE_OF_LARGE = 0.1  # of it where it is larger than that of seeds
OVERLAP = 0.3  # share of runs that lie, along each input, between runs of another level
LARGE_SPREAD = 0.03  # standard deviation of log loss at equal inputs that no seed makes
MOST_ROWS = 20_000
NAMED = 3  # columns in caveats
# Words in names of settings that are tuned, so that a law may be meant of their best values.
TUNED = {
    *("lr", "rate", "eta", "wd", "decay", "warmup", "momentum", "beta1", "beta2", "betas", "eps", "epsilon", "clip"),
    *("clipping", "dropout", "init", "initializer", "std", "mult", "multiplier", "batch", "bs", "gbs"),
}


class _Group(Record):
    """Runs of one group: log losses `(n,)`, log inputs by name, labels by column, and the cell of equal inputs.

    `amounts` are settings of many values, each with its terms `(n, k)`, and `parts` are labels from the names of runs.
    """

    loss: Array
    inputs: Mapping[str, Array]
    labels: Mapping[str, Indices]
    amounts: Mapping[str, Array]
    cells: Indices
    swept: Mapping[str, Array]
    parts: Mapping[str, Indices] = {}


def pooled_doubts(
    table: RunTable,
    frame: pl.DataFrame,
    aside: pl.DataFrame,
    inputs: Sequence[str],
    skip: Sequence[str],
    group: dict[str, str] | None,
) -> Iterator[Caveat]:
    """Caveats about one group: its points, the columns set aside for them, and names that are not to be tried."""
    if (runs := _group(frame, aside, inputs, skip)) is not None:
        yield from _doubts(runs, table, inputs, group)


def _doubts(runs: _Group, table: RunTable, inputs: Sequence[str], group: dict[str, str] | None) -> Iterator[Caveat]:
    explained = _explaining(runs) or _explaining(replace(runs, labels=runs.parts, amounts={}), only_large=True)
    if not (explained or runs.swept) and _pure_spread(runs) <= LARGE_SPREAD:
        return
    spread = _spread(runs)
    names = with_and(inputs)
    swept = [role for role in SWEPT if role in runs.swept and _differs_in_cells(runs, runs.swept[role])]
    for role in swept:
        shares = [
            f", and {role} explains {percent(one.share)} of their variance" for one in explained if one.column == role
        ]
        column = shlex.quote(_column(table, role))
        yield caveat(
            "pooled-sweep", group, role=role, inputs=names, spread=spread, share="".join(shares), column=column
        )
    for role in tied_to_tokens(runs.inputs, {role: runs.swept[role] for role in runs.swept if role not in swept}):
        if "tokens" in inputs or "compute" in inputs:
            yield caveat("tied-to-tokens", group, role=role, column=_column(table, role))
    unread = {name for name in table.others if (hint := likely_role(name)) is not None and hint not in table.columns}
    others = [one for one in explained if one.column not in swept and one.column not in unread]
    for one in others:
        column = _column(table, one.column)
        where = "between runs at equal" if len(np.unique(runs.cells)) < len(runs.cells) else "that remains beside"
        condition = shlex.quote(f"{in_sql(column)} = ...")
        said = {"column": column, "levels": one.levels, "share": one.share, "where": where, "inputs": names}
        if one.column in runs.amounts:
            yield caveat("unread-setting", group, **said)
        elif one.column in runs.parts:
            yield caveat("pooled-groups", group, **said, remedy=way_to_keep(table.columns["run_id"], column))
        else:
            tuned = (
                f", or the best of each size with --best-over {shlex.quote(column)}" if words(column) & TUNED else ""
            )
            remedy = f"Fit each kind separately with --by {shlex.quote(column)}, or keep one with --where {condition}"
            yield caveat("pooled-groups", group, **said, remedy=remedy + tuned)
    if not (swept or explained) and _pure_spread(runs) > LARGE_SPREAD:
        yield caveat("unexplained-spread", group, inputs=names, spread=spread)


def _column(table: RunTable, name: str) -> str:
    """The column of the file behind a role."""
    column = table.columns.get(name, name)
    return name if "/" in column or "*" in column else column


def _group(frame: pl.DataFrame, aside: pl.DataFrame, inputs: Sequence[str], skip: Sequence[str]) -> _Group | None:
    """The runs of a group; None if there are too few, or an input or a loss has no logarithm."""
    columns = [name for name in dict.fromkeys((*inputs, *SIZES)) if name in frame.columns]
    if has_params_and_tokens(columns) and "compute" not in inputs:
        columns.remove("compute")
    usable = [name for name in columns if name in inputs or frame[name].null_count() == 0]
    if any(not frame[name].dtype.is_numeric() for name in usable) or not set(inputs) <= set(usable):
        return None
    if frame["run_id"].n_unique() < FEWEST_SPARE or any((frame[name] <= 0).any() for name in (*usable, "loss")):
        return None
    known = pl.concat([frame, aside.drop(set(aside.columns) & set(frame.columns))], how="horizontal")
    rates = {"lr": PEAK} if PEAK in aside.columns else {}
    swept = {
        role: known.select(pl.coalesce(rates.get(role, role), role)).to_series()
        for role in SWEPT
        if role in frame.columns and role not in (*inputs, *skip)
    }
    tried = {name: known[name] for name in aside.columns if name not in (PEAK, *skip, *columns)} | swept
    step = max(1, len(frame) // MOST_ROWS)
    return _reduced(frame, usable, tried, swept, inputs, step)


def _reduced(
    frame: pl.DataFrame,
    usable: Sequence[str],
    tried: Mapping[str, pl.Series],
    swept: Mapping[str, pl.Series],
    inputs: Sequence[str],
    step: int,
) -> _Group:
    """One row per run: residuals of the surface are averaged over the rows of a run, where it has several."""
    logs = {name: frame[name].log().to_numpy() for name in usable}
    loss = frame["loss"].log().to_numpy()
    same = cells([levels(frame[name]) for name in dict.fromkeys((*usable, *_further(frame)))])
    ids = frame["run_id"].rank("dense").to_numpy().astype(int) - 1
    numbers = {name: levels(values) for name, values in tried.items()}
    amounts = settings(tried, min(MOST_LEVELS, frame["run_id"].n_unique() // 3))
    rates = {name: values.cast(pl.Float64).to_numpy() for name, values in swept.items()}
    parts = {name: levels(values) for name, values in name_parts(frame["run_id"], MOST_LEVELS).items()}
    if ids.max() + 1 == len(ids):
        every = slice(None, None, step)
        return _Group(
            loss[every], {name: logs[name][every] for name in usable},
            {name: _renumbered(values[every]) for name, values in numbers.items()},
            {name: terms[every] for name, terms in amounts.items()}, _renumbered(same[every]),
            {name: values[every] for name, values in rates.items()},
            {name: _renumbered(values[every]) for name, values in parts.items()},
        )  # fmt: skip
    rest = left_by(loss, surface([logs[name] for name in inputs], len(loss)))
    count = np.bincount(ids)
    first = np.unique(ids, return_index=True)[1]
    means = {name: np.bincount(ids, values) / count for name, values in logs.items()}
    alone = np.arange(len(count))
    return _Group(
        np.bincount(ids, rest) / count,
        means,
        {name: _renumbered(values[first]) for name, values in numbers.items()},
        {name: terms[first] for name, terms in amounts.items()},
        alone,
        {},
        {name: _renumbered(values[first]) for name, values in parts.items()},
    )


def _further(frame: pl.DataFrame) -> list[str]:
    """Roles beside the sizes that runs of one cell agree in; `ignored_roles` names those that the law does not use."""
    design = [role for role in EXTRAS if role not in SWEPT]
    has_scale = bool({"tokens", "compute"} & set(frame.columns))
    return [role for role in (*design, *(() if has_scale else ("step",))) if role in frame.columns]


def _renumbered(labels: Indices) -> Indices:
    return distinct(labels)[1]


def _explaining(runs: _Group, *, only_large: bool = False) -> list[Explained]:
    """The columns that explain how losses differ, the best first; each beyond those before it.

    With `only_large`, only differences that are larger than those of seeds are to be explained.
    """
    labelled = {name: dummies(labels) for name, labels in runs.labels.items() if _is_candidate(runs, labels)}
    candidates = {**runs.amounts, **labelled}
    if not candidates:
        return []
    left, count = _remover(runs)
    rest = left(runs.loss[:, None])[:, 0]
    least = SHARE if _pure_spread(runs) <= LARGE_SPREAD else SHARE_OF_LARGE
    is_large = np.sum(rest**2) > LARGE_SPREAD**2 * max(len(rest) - count, 1)
    if only_large and not is_large:
        return []
    most = CHANCE_OF_LARGE if is_large and not only_large else CHANCE
    found: list[Explained] = []
    taken = np.zeros((len(rest), 0))
    while candidates and len(found) < NAMED:
        columns = {name: np.hstack([taken, left(terms)]) for name, terms in candidates.items()}
        tests = [explained_by(name, rest, taken, columns[name], count) for name in candidates]
        kept = [test for test in tests if test is not None and test.chance * len(tests) < most]
        best = max(kept, key=lambda test: test.share, default=None)
        if best is None or best.share < least:
            break
        candidates.pop(best.column)
        found.append(replace(best, levels=int(runs.labels[best.column].max() + 1)))
        taken = columns[best.column]
    return found


def _remover(runs: _Group) -> tuple[Callable[[Array], Array], int]:
    """What takes the effect of the inputs out of columns `(n, k)`, by cells if they repeat, and its number of terms."""
    cells, number = runs.cells, int(runs.cells.max() + 1)
    if len(cells) - number >= max(FEWEST_SPARE, len(cells) // 4):
        counts = np.bincount(cells)[:, None]
        return lambda columns: columns - sums(columns, cells, number)[cells] / counts[cells], number
    smooth = surface(list(runs.inputs.values()), len(cells))
    basis, _ = np.linalg.qr(smooth)
    return lambda columns: columns - basis @ (basis.T @ columns), int(np.linalg.matrix_rank(smooth))


def _is_candidate(runs: _Group, labels: Indices) -> bool:
    """Whether the levels repeat, and lie among each other along every input."""
    count = labels.max() + 1
    if not 2 <= count <= min(MOST_LEVELS, len(labels) // 3):
        return False
    along = [*runs.inputs.values()]
    if has_params_and_tokens(runs.inputs):
        along += [runs.inputs["tokens"] - runs.inputs["params"], runs.inputs["tokens"] + runs.inputs["params"]]
    return all(np.mean(among_others(values, labels)) >= OVERLAP for values in along if np.ptp(values) > 1e-9)


def _differs_in_cells(runs: _Group, values: Array) -> bool:
    """Whether runs at equal inputs have different values."""
    known = ~np.isnan(values)
    low, high = _ends(values[known], runs.cells[known])
    return bool(np.any(high > 1.05 * low))


def _spread(runs: _Group) -> float:
    """By how much losses at equal inputs differ at most, as a share."""
    low, high = _ends(runs.loss, runs.cells)
    return float(np.expm1(np.max(high - low)))


def _ends(values: Array, cells: Indices) -> tuple[Array, Array]:
    """The least and the greatest value of each cell that has any."""
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    values = values[order]
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def _pure_spread(runs: _Group) -> float:
    """The standard deviation of log losses at equal inputs; zero if no input repeats."""
    cells = runs.cells
    spare = len(cells) - (cells.max() + 1)
    if spare < FEWEST_SPARE:
        return 0.0
    means = np.bincount(cells, runs.loss) / np.bincount(cells)
    return float(np.sqrt(np.sum((runs.loss - means[cells]) ** 2) / spare))
