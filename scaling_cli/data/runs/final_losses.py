"""Runs that come twice with different losses, because a table of finished runs lies beside their logs.

The last loss in a log is often one on training data, while a table holds final evaluations, so the table counts. It has
one row without a step for each run, and knows its runs by name. If it has no names, all of its rows must have the
params and tokens of different logs, since some may be equal by chance. Equal losses are a matter of `summary_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.rows.summary_rows import OWN, SAME_AMOUNT

FEWEST = 3  # rows of a table without names
NAMELESS = r"^row \d+$"
PLACE, LOG = "__place", "__log"
TABLE, OF_LOG = " of table", " of log"


def with_final_losses(points: pl.DataFrame, files: Sequence[str]) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points with the losses of a table in place of those of logs, and the caveat that counts these.

    `files` are the names of the runs that are files of their own.
    """
    if "step" not in points.columns:
        return points, ()
    numbered = points.with_row_index(PLACE)
    logs, table = numbered.filter(pl.col("step").is_not_null()), numbered.filter(pl.col("step").is_null())
    pairs = _by_name(logs, table, files)
    if pairs.is_empty():
        pairs = _by_amounts(logs, table.filter(pl.col("run_id").str.contains(NAMELESS)))
    if pairs.is_empty():
        return points, ()
    others = [name for name in points.columns if name not in OWN]
    rows = pairs.join(table.select(PLACE, *(pl.col(name).alias(name + TABLE) for name in others)), on=PLACE)
    logged = numbered.filter(~pl.col(PLACE).is_in(pairs[PLACE].to_list()))
    both = logged.join(rows.drop(PLACE), left_on=PLACE, right_on=LOG, how="left", maintain_order="left")
    kept = both.with_columns(pl.coalesce(name + TABLE, name).alias(name) for name in others).select(points.columns)
    return kept, (_caveat(both.filter(pl.col("loss" + TABLE).is_not_null()), logs.height),)


def _caveat(pairs: pl.DataFrame, logs: int) -> Caveat:
    run, log, final = pairs.select("run_id", "loss", "loss" + TABLE).row(0)
    rest = f", and the other {logs - pairs.height:,} with those of their logs" if logs > pairs.height else ""
    facts = {"count": f"{pairs.height:,}", "total": f"{logs:,}", "run": str(run), "rest": rest}
    return caveat("table-of-logs", None, **facts, log=log, final=final)


def _by_name(logs: pl.DataFrame, table: pl.DataFrame, files: Sequence[str]) -> pl.DataFrame:
    """The places of rows of the table and of the logs with their names, where params and text do not contradict it."""
    pairs = _once(_without_file(table, files)).join(_once(logs), on="run_id", suffix=OF_LOG)
    texts = [name for name, kind in table.schema.items() if kind == pl.String and name not in OWN]
    same = [pl.col(name) == pl.col(name + OF_LOG) for name in texts]
    if "params" in table.columns:
        same.append(_is_near("params"))
    if same:
        pairs = pairs.filter(agrees.fill_null(value=True) for agrees in same)
    return pairs.select(PLACE, pl.col(PLACE + OF_LOG).alias(LOG))


def _once(points: pl.DataFrame) -> pl.DataFrame:
    return points.filter(pl.len().over("run_id") == 1)


def _without_file(table: pl.DataFrame, files: Sequence[str]) -> pl.DataFrame:
    """The table without the names of files before those of runs, which `reused_names` puts there."""
    known = set(files)
    places = {
        name: [i for i, letter in enumerate(name) if letter == "/" and name[:i] in known] for name in table["run_id"]
    }
    return table.with_columns(
        pl.col("run_id").replace({name: name[ends[0] + 1 :] for name, ends in places.items() if ends})
    )


def _by_amounts(logs: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The places of all rows of the table, and of the logs with their params and tokens; none if a row has no such."""
    amounts = [role for role in ("params", "tokens") if role in table.columns]
    none = pl.DataFrame(schema={PLACE: pl.UInt32, LOG: pl.UInt32})
    if len(amounts) < 2 or table.height < FEWEST:
        return none
    left, right = (rows.select(PLACE, *amounts).drop_nulls() for rows in (table, logs))
    near = left.join_where(right, *(_is_near(name) for name in amounts), suffix=OF_LOG)
    pairs = near.select(PLACE, pl.col(PLACE + OF_LOG).alias(LOG))
    is_match = pairs.height == table.height and not any(pairs[name].is_duplicated().any() for name in (PLACE, LOG))
    return pairs if is_match else none


def _is_near(name: str) -> pl.Expr:
    return (pl.col(name) - pl.col(name + OF_LOG)).abs() <= SAME_AMOUNT * pl.col(name)
