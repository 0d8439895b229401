"""Runs that diverged: those that end with a loss that is not finite, or far above the lowest of their past.

The aggregation that finds last rows also gives the last row of each run whose loss is not finite. Only runs where that
row comes after the last usable one are read a second time. A column may hold NaN for rows without an evaluation, too:
such rows lie between the others, while a run that diverged has few before its last finite loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import shortened
from scaling_cli.data.runs.canonical import AFTER_GROUP, BEFORE_SEED
from scaling_cli.data.runs.select import LEAST_LOSS, REASON, USABLE, Selection
from scaling_cli.errors import DataError
from scaling_cli.record import replace

STRAY = 0.2  # rows that are not finite for each usable one before it; with more of them, NaN means "not evaluated"
RISE = 1.3  # the last loss over a quarter of the others; a noise of 10 % stays below it in 98 of 100 runs
LOW_SHARE = 0.25  # of the rows of a run
FALL = 1.1  # the first loss over the lowest, so that it is a loss that falls
JUMP = 1.03  # the last loss over the rows before it
ROWS_BEFORE = 3  # that are compared with it
FEWEST_JUMPS = 3  # runs
SHOWN = 3  # names in a caveat


def without_diverged(
    rows: pl.LazyFrame, selection: Selection, ends: Selection, *, keeps: bool, is_loss: bool, names: Mapping[str, str]
) -> tuple[Selection, tuple[Caveat, ...]]:
    """The selection without runs that diverged, which their last rows show, whichever rows are the points.

    The arguments are those of `settled`, with the last rows as `ends`.

    Raises:
        DataError: No run is left.
    """
    kept, found = settled(rows, ends, keeps=keeps, is_loss=is_loss, names=names)
    if ends is selection:
        return kept, found
    gone = ends.points.filter(~pl.col("run_id").is_in(kept.points["run_id"].implode()))["run_id"].drop_nulls()
    if gone.is_empty():
        return selection, found
    points = selection.points.filter(~pl.col("run_id").is_in(gone.implode()).fill_null(value=False))
    return replace(selection, points=points), found


def settled(
    rows: pl.LazyFrame, selection: Selection, *, keeps: bool, is_loss: bool, names: Mapping[str, str]
) -> tuple[Selection, tuple[Caveat, ...]]:
    """The selection without runs that ended with a loss that is not finite, unless they are kept, and caveats.

    Args:
        rows: All rows, with the reason for which each is unusable.
        selection: Their last usable rows.
        keeps: Whether the user wants to keep these runs.
        is_loss: Whether the loss falls when a model improves.
        names: The names of runs that are files.

    Raises:
        DataError: No run is left.
    """
    points, total = selection.points, selection.points.height
    ended = _ended(rows, selection)
    risen = _risen(rows, points.filter(~pl.col("run_id").is_in(ended)) if ended else points) if is_loss else []
    jumped, curves = _jumped(rows, points) if is_loss and not risen else (0, 0)
    points = points.drop(LEAST_LOSS)
    caveats: list[Caveat] = []
    if jumped:
        caveats.append(caveat("last-rows-rise", None, count=f"{jumped:,}", total=f"{curves:,}", times=JUMP))
    if ended:
        facts = {"count": f"{len(ended):,}", "total": f"{total:,}", "names": listed(ended, names)}
        caveats.append(caveat("kept-diverged" if keeps else "diverged-runs", None, **facts))
    if risen:
        facts = {"count": f"{len(risen):,}", "total": f"{total:,}", "names": listed(risen, names)}
        caveats.append(caveat("risen-loss", None, times=RISE, **facts))
    if ended and not keeps:
        points = points.filter(~pl.col("run_id").is_in(ended).fill_null(value=False))
        if points.is_empty():
            raise DataError(
                "The only run ends with a loss that is not a finite number, so it diverged."
                if total == 1
                else f"All {total:,} runs end with a loss that is not a finite number, so all of them diverged.",
                hint="Keep the last finite loss of each run with --keep-diverged.",
            )
    return replace(selection, points=points), tuple(caveats)


def _ended(rows: pl.LazyFrame, selection: Selection) -> list[str]:
    """The runs whose loss is not finite from some step to the end, and finite before it but for stray rows."""
    assert selection.broken is not None, "only last rows are asked for"
    ends = selection.broken.join(selection.points.select("run_id", "step"), on="run_id", suffix="_usable")
    late = ends.filter(pl.col("step") > pl.col("step_usable")).select("run_id", "step_usable")
    if late.is_empty():
        return []
    code = selection.broken_code
    before = (
        rows.filter(pl.col(REASON).is_in([USABLE, code]))
        .select("run_id", pl.col("step").cast(pl.Float64), REASON)
        .join(late.lazy(), on="run_id")
        .filter(pl.col("step") <= pl.col("step_usable"))
        .group_by("run_id")
        .agg((pl.col(REASON) == code).sum().alias("broken"), (pl.col(REASON) == USABLE).sum().alias("usable"))
        .filter(pl.col("broken") <= STRAY * pl.col("usable"))
        .collect(engine="streaming")
    )
    return before["run_id"].sort().to_list()


def _risen(rows: pl.LazyFrame, points: pl.DataFrame) -> list[str]:
    """The runs that end with a loss far above a quarter of their others, to which it had fallen from their first."""
    curves = points.drop_nulls(["run_id", "step", LEAST_LOSS]).filter(pl.col(LEAST_LOSS) > 0)
    high = curves.filter(pl.col("loss") > RISE * pl.col(LEAST_LOSS)).select("run_id", LEAST_LOSS, end="loss")
    if high.is_empty() or 2 * high.height > max(curves.height, 2):  # a metric that grows does so in all runs
        return []
    firsts = (
        rows.filter(pl.col(REASON) == USABLE)
        .join(high.lazy(), on="run_id")
        .drop_nulls("step")
        .group_by("run_id")
        .agg(
            pl.col("loss").min_by("step").alias("first"),
            pl.col(LEAST_LOSS).first(),
            (pl.col("end") > RISE * pl.col("loss")).mean().alias("share"),
        )
        .filter((pl.col("first") > FALL * pl.col(LEAST_LOSS)) & (pl.col("share") >= LOW_SHARE))
        .collect(engine="streaming")
    )
    return firsts["run_id"].sort().to_list()


def _jumped(rows: pl.LazyFrame, points: pl.DataFrame) -> tuple[int, int]:
    """How many runs end with a loss above all rows just before it, which had not risen, and how many have a curve.

    None if these are not most runs: then noise, or single runs that went wrong, explain them.
    """
    curves = points.drop_nulls(["run_id", "step", LEAST_LOSS]).filter(pl.col(LEAST_LOSS) > 0)
    high = curves.filter(pl.col("loss") > JUMP * pl.col(LEAST_LOSS)).select("run_id")
    if high.height < FEWEST_JUMPS or 2 * high.height <= curves.height:
        return 0, 0
    ends = (
        rows.filter(pl.col(REASON) == USABLE)
        .join(high.lazy(), on="run_id", how="semi")
        .drop_nulls("step")
        .group_by("run_id")
        .agg(pl.col("loss").sort_by("step").tail(ROWS_BEFORE + 1), pl.len().alias("rows"))
        .filter(pl.col("rows") > ROWS_BEFORE)
        .collect(engine="streaming")["loss"]
    )
    before, last = ends.list.head(ROWS_BEFORE), ends.list.last()
    is_jump = (last > JUMP * before.list.max()) & (before.list.last() <= before.list.first())
    count = int(is_jump.sum())
    return (count, curves.height) if 2 * count > curves.height and count >= FEWEST_JUMPS else (0, 0)


def listed(runs: Sequence[str], names: Mapping[str, str]) -> str:
    """The first runs as a caveat names them."""
    shown = [shortened(_name(run, names)) for run in runs[:SHOWN]]
    return ", ".join([*shown, "..."] if len(runs) > SHOWN else shown)


def _name(run: str, names: Mapping[str, str]) -> str:
    name, _, seed = run.rsplit(AFTER_GROUP, 1)[-1].partition(BEFORE_SEED)
    return names.get(name, name) + (f" seed {seed}" if seed else "")
