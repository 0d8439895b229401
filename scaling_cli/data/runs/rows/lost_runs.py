"""Runs of which no row can be used, such as those that stopped before their first evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.diverged import listed
from scaling_cli.data.runs.select import Selection


def lost_runs(
    ends: Selection, passed_over: pl.LazyFrame | None, copies: Sequence[str], names: Mapping[str, str]
) -> tuple[Caveat, ...]:
    """A caveat that names runs without a usable row, which a count of rows left out does not show.

    Args:
        ends: The last usable row of each run.
        passed_over: All rows, where those with only another loss were passed over.
        copies: Runs left out as shorter copies of others.
        names: The names of runs that are files.
    """
    found = ends.points["run_id"].drop_nulls().unique()
    lost = ends.lost
    if passed_over is not None:
        runs = passed_over.select(pl.col("run_id").unique()).collect(engine="streaming")["run_id"].drop_nulls()
        lost = sorted({*runs.to_list()}.difference(found.to_list(), copies))
    if not lost or (passed_over is None and sum(ends.excluded.values()) <= len(lost)):
        return ()
    return (
        caveat("lost-runs", count=f"{len(lost):,}", total=f"{len(lost) + len(found):,}", names=listed(lost, names)),
    )
