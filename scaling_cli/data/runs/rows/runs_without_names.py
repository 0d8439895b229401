"""Training logs without a column that names the run: which rows form a run.

Rows with equal params and evenly spaced steps are taken for one run: nobody trains models of every size for 100, 200,
300 steps and so on. If steps repeat or are not evenly spaced, as in a table of finished runs, every row stays a run,
and a caveat says that this was assumed. So does every row of a table without params, even if its steps are those of a
training curve.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import caveat
from scaling_cli.data.runs.rows.log_rows import LogRows
from scaling_cli.record import Record, replace

SIZE, PLACE = "__size", "__place"
FEW, MANY = 3, 5  # rows per size: with FEW they may be a curve, with MANY evenly spaced steps they are one
LONG = 20  # rows without params; nobody plans so many runs at evenly spaced steps
MOST_TEXTS = 12  # columns that may name runs of a table without params
MANY_TOKENS = 8  # without steps; a planned grid may have a handful of evenly spaced token counts
ROUNDED = 0.01  # relative difference of gaps that are equal, since tokens are often rounded
EVEN = 0.5  # share of gaps between steps that equal the median gap; the first and last gaps of logs often differ


class _Sizes(Record):
    """Over all sizes (or groups without params): how many, rows and different steps; the share of equal gaps."""

    count: int
    rows: int
    places: int
    evenness: float


def infer_runs(rows: LogRows) -> LogRows:
    """The rows with params as the name of the run, if rows of equal params clearly form runs, and a caveat about it."""
    role = next((role for role in ("step", "tokens") if role in rows.plan.chosen), None)
    if role is None or rows.plan.params_pattern is not None:
        return rows
    if "params" not in rows.plan.chosen:
        return _as_curves(rows, role)
    if (
        rows.plan.chosen["params"].column in rows.plan.by.values()
    ):  # each group is one curve, whose rows are to be fitted
        return rows
    least = FEW if role == "step" else MANY_TOKENS
    sizes = _sizes(rows, role, least)
    if sizes.count < 2 or sizes.places < least * sizes.count:
        return rows
    is_even = sizes.evenness >= EVEN
    facts = {"rows": f"{sizes.rows:,}", "sizes": f"{sizes.count:,}", "role": role}
    if role == "step" and is_even and sizes.places == sizes.rows and sizes.rows >= MANY * sizes.count:
        named = {"run_id": replace(rows.plan.chosen["params"], scale=1.0)} | rows.plan.chosen
        inferred = replace(rows, plan=replace(rows.plan, chosen=named, run_is_file=False))
        return inferred.saying(caveat("inferred-runs", None, **facts))
    return rows.saying(caveat("unnamed-runs", None, **facts)) if role == "step" or is_even else rows


def _as_curves(rows: LogRows, role: str) -> LogRows:
    """The rows, with a caveat if they look like the checkpoints of one run, or of one for each text of a column."""
    texts = [name for name, kind in rows.schema.items() if kind == pl.String and name not in _read(rows)]
    for column in (None, *texts[:MOST_TEXTS]):
        curves = _sizes(rows, role, LONG, column)
        if curves.count and curves.places == curves.rows >= LONG * curves.count and curves.evenness >= EVEN:
            facts = {"rows": f"{curves.rows:,}", "places": {"step": "steps"}.get(role, role)}
            if column is None:
                facts |= {"runs": "one run", "remedy": "Add a column that names the run"}
            else:
                facts |= {"runs": f"a run for each {column}", "remedy": f"Give --run {shlex.quote(column)}"}
            return rows.saying(caveat("unnamed-curve", None, **facts))
    return rows


def _read(rows: LogRows) -> set[str]:
    return {chosen.column for chosen in rows.plan.chosen.values()} | set(rows.plan.by.values())


def _sizes(rows: LogRows, role: str, least: int, label: str | None = None) -> _Sizes:
    """The sizes, within the values of `label`; where there are fewer than `least` rows for each, only how many."""
    columns = [*rows.plan.by.values(), *([label] if label is not None else [])]
    groups: Sequence[pl.Expr] = [pl.col(column) for column in dict.fromkeys(columns)]
    size = rows.value("params") if "params" in rows.plan.chosen else pl.lit(0.0)
    place = rows.value(role).alias(PLACE)
    keys = [*(group.meta.output_name() for group in groups), SIZE]
    gaps = pl.col(PLACE).unique().sort().diff().drop_nulls()
    known = rows.frame.select(*groups, size.alias(SIZE), place).drop_nulls([SIZE, PLACE])
    # A million sizes are counted at once, but the gaps of each take as long as a thousand rows.
    counts = known.group_by(keys).len().select(pl.len().alias("sizes"), pl.col("len").sum()).collect(engine="streaming")
    count, total = (int(number) for number in counts.row(0))
    if total < least * count:
        return _Sizes(count, total, 0, 0.0)
    sizes = (
        known.group_by(keys)
        .agg(
            pl.len().alias("rows"),
            pl.col(PLACE).n_unique().alias("places"),
            ((gaps - gaps.median()).abs() <= ROUNDED * gaps.median()).sum().alias("equal_gaps"),
        )
        .collect(engine="streaming")
    )
    gap_count = int(sizes["places"].sum()) - sizes.height
    evenness = int(sizes["equal_gaps"].sum()) / gap_count if gap_count else 0.0
    return _Sizes(sizes.height, int(sizes["rows"].sum()), int(sizes["places"].sum()), evenness)
