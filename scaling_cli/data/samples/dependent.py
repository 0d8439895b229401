"""Logs whose later outcomes follow from earlier ones, so that they are not the outcomes of single attempts.

Some tools write whether any attempt so far succeeded. Others stop at the first success, and fill what remains with
failures. Both would give a wrong coverage at every k, and neither looks like attempts whose order means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, log

import polars as pl

from scaling_cli.errors import DataError

CHANCE = 1e-6  # p-value below which the order of outcomes is no chance
FEWEST = 3  # attempts at a problem, so that two successes are possible beside a failure
SINGLE = 1e-3  # the same for successes that are all single; far larger than in truth, since problems are not alike


def refuse_dependent(outcomes: pl.DataFrame, key: str, success: str) -> None:
    """Refuse outcomes in the order of attempts that say more about the attempts before them than about their own.

    Raises:
        DataError: Success lasts at all problems from the first one on.
    """
    known = outcomes.drop_nulls(success).with_columns(place=pl.int_range(pl.len()).over(key))
    place = pl.col("place")
    problems = known.group_by(key).agg(
        n=pl.len(),
        c=pl.col(success).sum(),
        won=place.filter(pl.col(success)).min(),
        lost=place.filter(~pl.col(success)).max(),
    )
    if _are_cumulative(problems.filter(pl.col("c") > 0)):
        raise DataError(
            "At every problem, all attempts after the first success succeed, so the outcomes seem to say whether any "
            "attempt so far succeeded.",
            hint="Give the outcome of each attempt by itself; or, if outcomes were sorted, their numbers n and c. "
            "If all attempts were made and are in order, give --design fixed.",
        )


def refuse_single(counts: pl.DataFrame, by: Sequence[str]) -> None:
    """Refuse counts of which none exceeds one success, if some would by chance.

    Raises:
        DataError: Problems have equally many attempts, and would have two successes or more even if all were alike;
            if their difficulty varies, more so.
    """
    evidence = 0.0
    for group in counts.partition_by(by) if by else [counts]:
        n, problems, solved = int(group["n"][0]), group.height, int(group["c"].sum())
        if n < FEWEST or group["n"].n_unique() > 1 or int(group["c"].max()) > 1:  # type: ignore[arg-type]
            return
        rate = solved / problems / n
        evidence += problems * log((1 - rate) ** n + n * rate * (1 - rate) ** (n - 1))
    if evidence < log(SINGLE):
        raise DataError(
            f"{int(counts['c'].sum()):,} of {counts.height:,} problems have one success in several attempts, and none "
            "has two, so successes seem to say whether any attempt succeeded, or to end the attempts at a problem.",
            hint="Give the number of all successes; or, if attempts ended at the first success, the number that was "
            "made, without outcomes for the others. If all attempts were made and counted, give --design fixed.",
        )


def _are_cumulative(solved: pl.DataFrame) -> bool:
    """Whether no problem has a failure after a success, though some have several successes among failures."""
    if not solved.filter(pl.col("lost") > pl.col("won")).is_empty():
        return False
    several = solved.filter((pl.col("c") > 1) & (pl.col("c") < pl.col("n")))
    # Of all orders of c successes in n attempts, one has the successes last.
    return sum(log(comb(n, c)) for n, c in several.select("n", "c").iter_rows()) > -log(CHANCE)
