"""Logs of training curves in which no column names the run: which rows belong together.

Rows of one size whose steps are evenly spaced are the log of one run: nobody trains a model of every size for 100, 200,
300 steps and so on. Such rows are taken for one run. Where steps repeat or are spaced otherwise, as in a table of
finished runs, rows stay runs of their own, and a caveat says what that takes for granted.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.canonical import Plan, number_of
from scaling_cli.record import Record, replace

SIZE, PLACE = "__size", "__place"
FEW, MANY = 3, 5  # rows a size from which they may be a curve, and from which even steps say that they are
TOKENS_MANY = 8  # without steps; a design may well have a handful of evenly spaced token counts
EVEN = 0.5  # share of gaps between steps that are alike; logs often have odd ones at either end


class _Sizes(Record):
    """What the rows of each size have in common: how many, of how many different steps, and how evenly spaced."""

    sizes: int
    rows: int
    places: int
    evenness: float


def with_runs(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan) -> tuple[Plan, tuple[Caveat, ...]]:
    """The plan for rows without names of runs, with params for the run where that is sure, and what to say."""
    role = next((role for role in ("step", "tokens") if role in plan.chosen), None)
    if role is None or "params" not in plan.chosen or plan.params_pattern is not None:
        return plan, ()
    if plan.chosen["params"].column in plan.by.values():  # a curve a group, and its rows are all there is to fit
        return plan, ()
    found = _sizes(rows, schema, plan, role)
    if found.sizes < 2 or found.places < (FEW if role == "step" else TOKENS_MANY) * found.sizes:
        return plan, ()
    is_even = found.evenness >= EVEN
    facts = {"rows": f"{found.rows:,}", "sizes": f"{found.sizes:,}", "role": role}
    if role == "step" and is_even and found.places == found.rows and found.rows >= MANY * found.sizes:
        named = {"run_id": replace(plan.chosen["params"], scale=1.0)} | plan.chosen
        return replace(plan, chosen=named, run_is_file=False), (caveat("inferred-runs", None, **facts),)
    return (plan, (caveat("unnamed-runs", None, **facts),)) if role == "step" or is_even else (plan, ())


def _sizes(rows: pl.LazyFrame, schema: pl.Schema, plan: Plan, role: str) -> _Sizes:
    groups: Sequence[pl.Expr] = [pl.col(column) for column in dict.fromkeys(plan.by.values())]
    place = number_of(role, schema, plan).alias(PLACE)
    keys = [*(group.meta.output_name() for group in groups), SIZE]
    gaps = pl.col(PLACE).unique().sort().diff().drop_nulls()
    found = (
        rows.select(*groups, number_of("params", schema, plan).alias(SIZE), place)
        .drop_nulls([SIZE, PLACE])
        .group_by(keys)
        .agg(
            pl.len().alias("rows"),
            pl.col(PLACE).n_unique().alias("places"),
            (gaps == gaps.median()).sum().alias("alike"),
        )
        .collect(engine="streaming")
    )
    gap_count = int(found["places"].sum()) - found.height
    evenness = int(found["alike"].sum()) / gap_count if gap_count else 0.0
    return _Sizes(found.height, int(found["rows"].sum()), int(found["places"].sum()), evenness)
