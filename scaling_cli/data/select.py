"""From rows to points: leave out what cannot be used, counting why, and keep the last step of each run.

Everything happens in one streamed aggregation. Rows are grouped by run and by reason, so the count of
every reason and the last row of every run come out of the same pass. The last row is the `max_by` of a
whole number made of the step and the row's place in the file: the place makes the choice among repeated
last steps the later row, whatever the order in which threads meet them. A second maximum that prefers
the earlier place disagrees with the first exactly where a last step is repeated, and only then are the
repeats counted in a second pass.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

USABLE, UNNAMED, STEPLESS = 0, 254, 255
REASON, ROW, FIRST, COUNT = "__reason", "__row", "__first", "__count"

STEP_UNIT = 2**20  # a fractional step (an epoch, say) is told apart to a millionth
ROW_SPACE = 2**40  # more rows than any log has
LARGEST_STEP = 1e18  # beyond it the key would overflow 128 bits; such a step is taken as missing

Counts = dict[str, int]


def with_reasons(
    rows: pl.LazyFrame, measures: Sequence[str], unreadable: Sequence[str], labels: Sequence[str]
) -> tuple[pl.LazyFrame, dict[int, str]]:
    """Rows with the code of the first reason for which each is unusable (0 if none), and the reasons by
    code.

    Args:
        measures: Columns of floats above zero; all but the loss may be null, since a law may not need them.
        unreadable: Those of them that have a column of flags `unreadable_name` for text that is no
        number. labels: Columns that a point needs, of any type, each with the name for it in messages.
    """
    checks: list[tuple[pl.Expr, str]] = []
    for role in measures:
        value = pl.col(role)
        if role in unreadable:
            checks.append((pl.col(f"unreadable_{role}"), f"unreadable {role}"))
        if role == "loss":
            checks.append((value.is_null(), f"no {role}"))
        checks += [
            (~value.is_finite(), f"non-finite {role}"),
            (value <= 0, f"non-positive {role}"),
        ]
    checks += [(pl.col(label).is_null(), f"no {label.removeprefix('by ')}") for label in labels]
    code = pl.coalesce(
        *(pl.when(check).then(pl.lit(number, pl.UInt8)) for number, (check, _) in enumerate(checks, start=1)),
        pl.lit(USABLE, pl.UInt8),
    )
    return rows.with_columns(code.alias(REASON)), {number: why for number, (_, why) in enumerate(checks, start=1)}


def every_row(rows: pl.LazyFrame, reasons: dict[int, str]) -> tuple[pl.DataFrame, Counts, int]:
    """All usable rows, the rows left out by reason, and the rows there were."""
    usable, groups = pl.collect_all(
        [rows.filter(pl.col(REASON) == USABLE), rows.group_by(REASON).agg(pl.len().alias(COUNT))],
        engine="streaming",
    )
    counts = _by_reason(groups, reasons)
    return usable.drop(REASON), counts, _total(groups)


def last_rows(rows: pl.LazyFrame, reasons: dict[int, str]) -> tuple[pl.DataFrame, Counts, int]:
    """The last usable row of each run; rows without a run, or whose run has no steps, are kept as they
    are."""
    rows = _keyed(rows)
    values = [name for name in rows.collect_schema().names() if name not in ("run_id", REASON)]
    step, place = (pl.col("step") * STEP_UNIT).cast(pl.Int128) * ROW_SPACE, pl.col(ROW).cast(pl.Int128)
    groups = (
        rows.group_by("run_id", REASON)
        .agg(
            pl.struct(values).max_by(step + place).alias("last"),
            pl.col(ROW).max_by(step - place).alias(FIRST),
            pl.len().alias(COUNT),
        )
        .collect(engine="streaming")
    )
    last = groups.filter(pl.col(REASON) == USABLE).unnest("last").sort("run_id")
    loose, stepless = _loose_rows(rows, groups, last)
    counts = _by_reason(groups, reasons)
    counts |= _counted("no step", stepless) | _counted("repeated last step", _repeats(rows, last))
    columns = ["run_id", *(name for name in values if name != ROW)]
    return pl.concat([last.select(columns), loose.select(columns)]), counts, _total(groups)


def _keyed(rows: pl.LazyFrame) -> pl.LazyFrame:
    step = pl.col("step")
    code = (
        pl.when(pl.col(REASON) != USABLE)
        .then(pl.col(REASON))
        .when(pl.col("run_id").is_null())
        .then(pl.lit(UNNAMED, pl.UInt8))
        .when(step.is_null())
        .then(pl.lit(STEPLESS, pl.UInt8))
        .otherwise(pl.lit(USABLE, pl.UInt8))
    )
    countable = pl.when(step.abs() <= LARGEST_STEP).then(step)  # NaN compares as the largest, so it goes too
    return rows.with_columns(countable.alias("step")).with_columns(code.alias(REASON)).with_row_index(ROW)


def _loose_rows(rows: pl.LazyFrame, groups: pl.DataFrame, last: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Rows that are points by themselves, and how many rows lack the step that others of their run
    have."""
    runs = groups.filter(pl.col(REASON) == STEPLESS).join(last, on="run_id", how="anti")
    stepless = _total(groups.filter(pl.col(REASON) == STEPLESS)) - _total(runs)
    if runs.is_empty() and UNNAMED not in groups[REASON]:
        return rows.head(0).collect(), stepless
    whole_run = (pl.col(REASON) == STEPLESS) & pl.col("run_id").is_in(runs["run_id"].to_list())
    loose = rows.filter((pl.col(REASON) == UNNAMED) | whole_run).collect(engine="streaming")
    return loose, stepless


def _repeats(rows: pl.LazyFrame, last: pl.DataFrame) -> int:
    """Rows beyond the first at the last step of their run."""
    repeated = last.filter(pl.col(ROW) != pl.col(FIRST)).select("run_id", "step")
    if repeated.is_empty():
        return 0
    same = rows.filter(pl.col(REASON) == USABLE).join(repeated.lazy(), on=["run_id", "step"], how="semi")
    return int(same.select(pl.len()).collect(engine="streaming").item()) - repeated.height


def _by_reason(groups: pl.DataFrame, reasons: dict[int, str]) -> Counts:
    found = dict(groups.group_by(REASON).agg(pl.col(COUNT).sum()).iter_rows())
    return {why: found[code] for code, why in reasons.items() if code in found}


def _total(groups: pl.DataFrame) -> int:
    return int(groups[COUNT].sum())


def _counted(reason: str, count: int) -> Counts:
    return {reason: count} if count else {}
