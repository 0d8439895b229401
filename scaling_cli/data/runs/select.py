"""Choose points among rows: leave out unusable rows, count them by reason, and keep the last step of each run.

One streamed aggregation does it all. Rows are grouped by run and by reason, so the count of every reason and the last
row of every run come out of the same pass. The last row is the `max_by` of an integer made of the step and the row's
place in the file. If a last step is repeated, the place makes the later row win, in whatever order threads read them. A
second maximum prefers the earlier place; it differs from the first exactly if a last step is repeated, and only then a
second pass counts the repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.numbers.parse import LARGEST, SMALLEST
from scaling_cli.record import Record, replace

USABLE, FAR, UNNAMED, STEPLESS = 0, 253, 254, 255
REASON, ROW, FIRST, COUNT, DIFFERENT, PEAK = "__reason", "__row", "__first", "__count", "__different", "lr_peak"
RATE, LOWEST = "tokens_per_step", "lr_lowest"
LEAST_LOSS, EARLIEST, FIRST_LOSS = "loss_lowest", "step_earliest", "loss_first"
STEP_UNIT = 2**20  # fractional steps, such as epochs, are distinguished to a millionth
ROW_SPACE = 2**40  # more than the rows of any log
LARGEST_STEP = 1e18  # a larger step would overflow a key of 128 bits, so it counts as missing

NON_FINITE = "non-finite loss"
BEFORE_TRAINING = "0 tokens at step 0"

NARROW_ROWS, NARROW_STEPS = 2**34, 2**28  # the product of both, and a sum of two such, fit into 64 bits

Counts = dict[str, int]


class Selection(Record):
    """The chosen points, the number of unusable rows by reason, and the number of all rows.

    Last rows have the lowest loss of their run in the column `LEAST_LOSS` and its first step in `EARLIEST`. `broken`
    has the last step of each run at which the loss is not finite, for which the reason has the code `broken_code`, and
    `lost` are the runs without a usable row. `repeats` counts usable rows that repeat a step of their run. If there are
    learning rates, the highest and the lowest of each run are in the columns `PEAK` and `LOWEST` of its point; if there
    are tokens, the most tokens per step are in `RATE`.
    """

    points: pl.DataFrame
    excluded: Counts
    total: int
    repeats: int = 0
    lost: Sequence[str] = ()
    broken: pl.DataFrame | None = None
    broken_code: int = 0


def with_reasons(
    rows: pl.LazyFrame,
    measures: Sequence[str],
    unreadable: Sequence[str],
    labels: Sequence[str],
    flags: Mapping[str, str] | None = None,
    positive_loss: bool = True,
    has_steps: bool = False,
) -> tuple[pl.LazyFrame, dict[int, str]]:
    """Rows with the code of the first reason for which each is unusable (0 if usable), and the reasons by code.

    Args:
        measures: Columns of floats above zero; all but the loss may be null, since a law may not need them.
        unreadable: Measures with a column of flags `unreadable_NAME` for text that is not a number.
        labels: Columns of any type in which a point needs a value.
        flags: Columns of booleans that make a row unusable, each with its reason.
        positive_loss: Whether the loss must be above zero, too.
        has_steps: Whether there is a column of steps, so that a row may be of a model before its training.
    """
    checks: list[tuple[pl.Expr, str]] = [(pl.col(flag), reason) for flag, reason in (flags or {}).items()]
    sound = [~pl.col(flag) for flag in flags or {}]
    for role in measures:
        value, is_positive = pl.col(role), positive_loss or role != "loss"
        if role in unreadable:
            checks.append((pl.col(f"unreadable_{role}"), f"unreadable {role}"))
        if role == "loss":
            checks.append((value.is_null(), f"no {role}"))
        checks.append((~value.is_finite(), f"non-finite {role}"))
        if has_steps and role in ("tokens", "compute"):
            checks.append(((value == 0) & (pl.col("step") == 0), BEFORE_TRAINING))
        if is_positive:
            checks.append((value <= 0, f"non-positive {role}"))
        # Powers and products of numbers beyond these limits overflow.
        fits = value.is_between(SMALLEST, LARGEST) if is_positive else value.is_between(-LARGEST, LARGEST)
        checks.append((~fits, f"too large or small {role}"))
        # Text without a number is null, and for null `is_between` is never true.
        sound.append(fits)
    checks += [(pl.col(label).is_null(), f"no {label.removeprefix('by ')}") for label in labels]
    sound += [pl.col(label).is_not_null() for label in labels]
    code = _code(sound, [(check, pl.lit(number, pl.UInt8)) for number, (check, _) in enumerate(checks, start=1)])
    return rows.with_columns(code.alias(REASON)), {number: why for number, (_, why) in enumerate(checks, start=1)}


def _code(sound: Sequence[pl.Expr], checks: Sequence[tuple[pl.Expr, pl.Expr]]) -> pl.Expr:
    """The code of the first check that holds, and `USABLE` for rows that fulfil all conditions of `sound`.

    Most rows are sound, and polars evaluates a branch only for the rows that take it, so most rows skip the checks.
    """
    usable = pl.lit(USABLE, pl.UInt8)
    first_reason = pl.coalesce(*(pl.when(check).then(code) for check, code in checks), usable)
    return pl.when(pl.all_horizontal(*sound)).then(usable).otherwise(first_reason)


def every_row(
    rows: pl.LazyFrame, reasons: dict[int, str], only: pl.Expr | None = None, *, is_tiny: bool = False
) -> Selection:
    """All usable rows, or those of them for which `only` holds; `is_tiny` says that starting threads is too much."""
    if is_tiny:  # one query costs a tiny table more than what it does
        every = rows.collect(engine="in-memory")
        if only is None and not any(every[REASON].to_list()):
            every.drop_in_place(REASON)  # `drop` is a query of its own
            return Selection(every, {}, every.height)
        rows = every.lazy()
    wanted = pl.col(REASON) == USABLE if only is None else (pl.col(REASON) == USABLE) & only
    usable, groups = pl.collect_all(
        [rows.filter(wanted), rows.group_by(REASON).agg(pl.len().alias(COUNT))],
        engine="in-memory" if is_tiny else "streaming",
    )
    return Selection(usable.drop(REASON), _by_reason(groups, reasons), _total(groups))


def every_step(rows: pl.LazyFrame, reasons: dict[int, str]) -> Selection:
    """All usable rows in the order of runs and steps; if several have the same run and step, the last of them."""
    every = every_row(rows, reasons)
    points = every.points.with_row_index(ROW)
    kept = pl.concat(
        [
            points.filter(pl.col("run_id").is_null() | pl.col("step").is_null()),
            points.drop_nulls(["run_id", "step"])
            .unique(["run_id", "step"], keep="last", maintain_order=True)
            .sort("run_id", "step"),
        ]
    )
    repeated = _counted("repeated step", points.height - kept.height)
    return Selection(kept.drop(ROW), every.excluded | repeated, every.total)


def best_rows(rows: pl.LazyFrame, reasons: dict[int, str]) -> Selection:
    """The usable rows with the lowest loss of each run, and every usable row without a run."""
    groups = (
        rows.group_by("run_id", REASON).agg(pl.col("loss").min(), pl.len().alias(COUNT)).collect(engine="streaming")
    )
    least = groups.filter((pl.col(REASON) == USABLE) & pl.col("run_id").is_not_null()).select("run_id", "loss")
    usable = rows.filter(pl.col(REASON) == USABLE)
    points = pl.concat(
        [
            usable.join(least.lazy(), on=["run_id", "loss"], how="semi").collect(engine="streaming"),
            usable.filter(pl.col("run_id").is_null()).collect(engine="streaming"),
        ]
    )
    return Selection(points.drop(REASON), _by_reason(groups, reasons), _total(groups))


def lowest_loss(selection: Selection) -> Selection:
    """The point with the lowest loss of each run, the earliest if several are equal; points without a run stay."""
    points = selection.points
    order = [name for name in ("run_id", "loss", "step") if name in points.columns]
    best = (
        points.drop_nulls("run_id")
        .sort(order, nulls_last=True, maintain_order=True)
        .unique("run_id", keep="first", maintain_order=True)
    )
    return replace(selection, points=pl.concat([best, points.filter(pl.col("run_id").is_null())]))


def last_rows(
    rows: pl.LazyFrame,
    reasons: dict[int, str],
    *,
    is_whole: bool = False,
    count_repeats: bool = False,
    with_first: bool = False,
) -> Selection:
    """The last usable row of each run, and all rows without a run, or of runs without steps.

    `is_whole` says that steps are integers of 64 bits; `count_repeats` asks for the number of rows that repeat a step,
    and `with_first` for the column `FIRST_LOSS` of the loss at the first step of each run.
    """
    keyed = _keyed(rows, is_narrow=is_whole)
    names = keyed.collect_schema().names()
    values = [name for name in names if name not in ("run_id", REASON)]
    summaries: dict[str, pl.Expr] = {LEAST_LOSS: pl.col("loss").min(), EARLIEST: pl.col("step").min()}
    if with_first:
        summaries[FIRST_LOSS] = pl.col("loss").min_by("step")
    if "lr" in names:
        summaries |= {PEAK: pl.col("lr").max(), LOWEST: pl.col("lr").min()}
    if "tokens" in names:
        summaries[RATE] = (pl.col("tokens") / (pl.col("step") + 1)).max()
    extras = [
        *([pl.col("step").n_unique().alias(DIFFERENT)] if count_repeats else []),
        *(summary.alias(name) for name, summary in summaries.items()),
    ]
    groups = _ends(keyed, values, extras, is_narrow=is_whole)
    if is_whole and not _fit_narrow_keys(groups):
        keyed = _keyed(rows, is_narrow=False)
        groups = _ends(keyed, values, extras, is_narrow=False)
    last = groups.filter(pl.col(REASON) == USABLE).unnest("last").sort("run_id")
    loose, stepless = _loose_rows(keyed, groups, last)
    repeated_last = _repeats(keyed, last)
    counts = _by_reason(groups, reasons)
    counts |= _counted("no step", stepless) | _counted("repeated last step", repeated_last)
    columns = ["run_id", *(name for name in values if name != ROW), *summaries]
    points = pl.concat(
        [last.select(columns), loose.select(name for name in columns if name not in summaries)], how="diagonal"
    )
    points = points.with_columns(pl.col("step").cast(pl.Float64))
    repeats = int((last[COUNT] - last[DIFFERENT]).sum()) - repeated_last if count_repeats else 0
    code = next((code for code, why in reasons.items() if why == NON_FINITE), 0)
    broken = groups.filter(pl.col(REASON) == code).unnest("last").select("run_id", pl.col("step").cast(pl.Float64))
    return Selection(points, counts, _total(groups), repeats, _lost(groups, reasons), broken.drop_nulls(), code)


def _lost(groups: pl.DataFrame, reasons: dict[int, str]) -> list[str]:
    """The runs of which all rows are left out for a reason."""
    is_left_out = pl.col(REASON).is_in(list(reasons))
    left_out = groups.filter(is_left_out & pl.col("run_id").is_not_null())
    if left_out.is_empty():
        return []
    return left_out.join(groups.filter(~is_left_out), on="run_id", how="anti")["run_id"].unique().sort().to_list()


def _ends(rows: pl.LazyFrame, values: Sequence[str], extras: Sequence[pl.Expr], *, is_narrow: bool) -> pl.DataFrame:
    """For each run and reason the last row, the place of the earliest row at that step, and the number of rows.

    Narrow keys have 64 bits, which is a third faster; `_fit_narrow_keys` says afterwards whether that was enough.
    """
    if is_narrow:
        space, step, place = NARROW_ROWS, pl.col("step") * NARROW_ROWS, pl.col(ROW).cast(pl.Int64)
    else:
        space, place = ROW_SPACE, pl.col(ROW).cast(pl.Int128)
        step = (pl.col("step") * STEP_UNIT).cast(pl.Int128) * ROW_SPACE
    return (
        rows.group_by("run_id", REASON)
        .agg(
            pl.struct(values).max_by(step + place).alias("last"),
            ((place - step).min() % space).cast(pl.get_index_type()).alias(FIRST),
            pl.len().alias(COUNT),
            *extras,
        )
        .collect(engine="streaming")
    )


def _fit_narrow_keys(groups: pl.DataFrame) -> bool:
    """Whether no key of 64 bits overflowed."""
    return FAR not in groups[REASON] and _total(groups) < NARROW_ROWS


def _keyed(rows: pl.LazyFrame, *, is_narrow: bool) -> pl.LazyFrame:
    """Rows with their place in the file, and with codes for rows without a run or without a step."""
    step, runs = pl.col("step"), pl.col("run_id")
    if not is_narrow:
        number = step.cast(pl.Float64)
        countable = pl.when(number.abs() <= LARGEST_STEP).then(
            number
        )  # false for NaN too, which compares as the largest
        rows = rows.with_columns(countable.alias("step"))
    sound = [pl.col(REASON) == USABLE, runs.is_not_null(), step.is_not_null()]
    checks = [
        (pl.col(REASON) != USABLE, pl.col(REASON)),
        (runs.is_null(), pl.lit(UNNAMED, pl.UInt8)),
        (step.is_null(), pl.lit(STEPLESS, pl.UInt8)),
    ]
    if is_narrow:
        near = step.is_between(-NARROW_STEPS, NARROW_STEPS)
        sound, checks = [*sound, near], [*checks, (~near, pl.lit(FAR, pl.UInt8))]
    return rows.with_columns(_code(sound, checks).alias(REASON)).with_row_index(ROW)


def _loose_rows(rows: pl.LazyFrame, groups: pl.DataFrame, last: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Rows that are points by themselves, and the number of rows without a step in runs whose other rows have one."""
    runs = groups.filter(pl.col(REASON) == STEPLESS).join(last, on="run_id", how="anti")
    stepless = _total(groups.filter(pl.col(REASON) == STEPLESS)) - _total(runs)
    if runs.is_empty() and UNNAMED not in groups[REASON]:
        return rows.head(0).collect(), stepless
    whole_run = (pl.col(REASON) == STEPLESS) & pl.col("run_id").is_in(runs["run_id"].to_list())
    loose = rows.filter((pl.col(REASON) == UNNAMED) | whole_run).collect(engine="streaming")
    return loose, stepless


def _repeats(rows: pl.LazyFrame, last: pl.DataFrame) -> int:
    """The number of rows at the last step of their run, not counting the first row at it."""
    repeated = last.filter(pl.col(ROW) != pl.col(FIRST)).select("run_id", "step")
    if repeated.is_empty():
        return 0
    same = rows.filter(pl.col(REASON) == USABLE).join(repeated.lazy(), on=["run_id", "step"], how="semi")
    return int(same.select(pl.len()).collect(engine="streaming").item()) - repeated.height


def _by_reason(groups: pl.DataFrame, reasons: dict[int, str]) -> Counts:
    counts = dict(groups.group_by(REASON).agg(pl.col(COUNT).sum()).iter_rows())
    return {reason: counts[code] for code, reason in reasons.items() if code in counts}


def _total(groups: pl.DataFrame) -> int:
    return int(groups[COUNT].sum())


def _counted(reason: str, count: int) -> Counts:
    return {reason: count} if count else {}
