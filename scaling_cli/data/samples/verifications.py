"""Logs of solutions and of verifications of each: one row per problem and setting, or one row per verification."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, number, numbers_of_text, text
from scaling_cli.data.names import normalise, unknown
from scaling_cli.data.runs.table import left_out
from scaling_cli.data.samples.columns import choose
from scaling_cli.data.samples.load import SampleTable
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.data.samples.outcomes import missing_outcomes, no_outcome, outcome
from scaling_cli.data.samples.pooling import refuse_models, tasks_of
from scaling_cli.data.samples.repeated_attempts import drop_repeated_attempts
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.inference_coverage import InferenceCoverage, Samples
from scaling_cli.record import replace

# Columns that number the verifications of a solution; those of the second kind may number something else.
VERIFICATION_NAMES = (
    *("verification", "verification_id", "verification_idx", "verification_index", "verification_number"),
    *("verification_sample", "verifier_sample", "verifier_sample_id", "verifier_seed", "verdict_id", "vote_id"),
)
SAMPLE_NAMES = ("sample", "sample_id", "sample_idx", "sample_index", "judge_sample", "seed", "repeat", "repeat_idx")
LEAST_SPLIT = 12  # solutions with verdicts of both kinds; the chance that all counts are even is below 2^-24
SETTINGS, VERDICTS = "settings", "verdicts"  # layouts: a row is a setting of a problem, or a verification of a solution
RESERVED = ("problem", "solution", "solutions", "verifications", "accuracy", "correct", "verdicts", "outcomes")
NEEDED = {"correct": "outcome", "solutions": "number of solutions", "verifications": "number of verifications"}
HOW = {
    SETTINGS: "Give --problem, --correct (the share of correct answers), --solutions and --verifications.",
    VERDICTS: "Give --problem, --attempt (which solution), --correct and --verified (the verdict).",
}


def read_verifications(rows: pl.LazyFrame, reading: Samples) -> SampleTable:
    """The mean accuracy of each problem at each setting, or the verdicts on each solution.

    The frame has the groups and `problem`, and then `solutions`, `verifications` and `accuracy` with one row for each
    setting, or `correct` and `verdicts` (a list) with one row for each solution.

    Raises:
        UsageError: A column does not exist, or several models would be pooled.
        DataError: A column is missing, or no row has numbers in all of them.
    """
    assert isinstance(reading, InferenceCoverage)
    schema = rows.collect_schema()
    for name in reading.by:
        if name not in schema:
            raise unknown("column", name, schema.names())
        if name in (*RESERVED, reading.problem, reading.solutions, reading.verifications):
            raise UsageError(
                f"--by cannot group by {name!r}, which is a column of the result.",
                hint="Group by another column, such as --by model, or rename it in the input.",
            )
    layout = SETTINGS if reading.solutions is not None else VERDICTS
    named = {"solutions": reading.solutions, "verifications": reading.verifications}
    own = {role: column for role, column in named.items() if column is not None}
    for column in own.values():
        if column not in schema:
            raise unknown("column", column, schema.names())
    taken = {**reading.mapping, **own}
    roles = ("problem", "correct") if layout == SETTINGS else ("problem", "correct", "attempt", "verified")
    columns = {role: choose(schema.names(), taken, role) for role in roles} | own
    missing = [role for role, column in columns.items() if column is None]
    if missing:
        raise DataError(f"The log has no column that could be identified as {missing[0]!r}.", hint=HOW[layout])
    log = SamplingLog(rows, schema, reading)
    refuse_models(log)
    tasks, caveats = tasks_of(log)
    log = replace(log, columns=columns, tasks=tasks)
    frame, doubts = _settings(log) if layout == SETTINGS else _verdicts(log)
    if frame.is_empty():
        raise no_outcome(log, columns)
    caveats += doubts
    used = {role: column for role, column in columns.items() if column is not None}
    return SampleTable(frame, layout, used, (), tuple(caveats))


def _number(log: SamplingLog, role: str) -> pl.Expr:
    column = log.column(role)
    if is_text(log.schema[column]):
        return numbers_of_text(text(column)).fill_nan(None)
    return number(column, log.schema[column], f"--{role} COL").fill_nan(None)


def _known(log: SamplingLog, rows: pl.LazyFrame, needed: Mapping[str, str]) -> tuple[pl.LazyFrame, list[Caveat]]:
    """The rows without any empty cell, and caveats that count the others; `needed` names what each column holds."""
    names = rows.collect_schema().names()
    reason = pl.lit("")
    for name in reversed(names):
        reason = pl.when(pl.col(name).is_null()).then(pl.lit(f"no {needed.get(name, name)}")).otherwise(reason)
    counted = rows.group_by(reason.alias("reason")).len().collect(engine="streaming")
    counts = dict(sorted(counted.iter_rows()))
    total = sum(counts.values())
    counts.pop("", None)
    doubts = missing_outcomes(log, [log.column("correct")], counts.get(f"no {needed['correct']}", 0))
    return rows.drop_nulls(), [*left_out(counts, total), *(each for each in doubts if each.code == "unknown-outcomes")]


def _settings(log: SamplingLog) -> tuple[pl.DataFrame, list[Caveat]]:
    """Settings with their mean accuracy; several rows of a problem at one setting are averaged."""
    rows = log.rows.select(
        *log.groups(), log.problem(), solutions=_number(log, "solutions"), verifications=_number(log, "verifications"),
        correct=outcome(log.column("correct"), log.schema, success=log.options.success),
    )  # fmt: skip
    rows, caveats = _known(log, rows, NEEDED)
    key = [*log.options.by, "problem", "solutions", "verifications"]
    grouped = rows.group_by(key).agg(pl.col("correct").mean().alias("accuracy"))
    frame = grouped.sort(key).collect(engine="streaming")
    if frame.filter((pl.col("solutions") < 1) | (pl.col("verifications") < 0)).height:
        raise DataError(
            "Some rows have fewer than 1 solution, or a negative number of verifications.",
            hint="Check --solutions and --verifications, or leave such rows out with --where.",
        )
    if frame.filter((pl.col("accuracy") < 0) | (pl.col("accuracy") > 1)).height:
        raise DataError(
            f"The column {log.column('correct')!r} has values that are not shares between 0 and 1.",
            hint="Choose the share of correct answers with --correct COL.",
        )
    return frame, caveats


def _verdicts(log: SamplingLog) -> tuple[pl.DataFrame, list[Caveat]]:
    """Solutions with their verdicts in the order of the log."""
    attempt = log.column("attempt")
    number = _verification_column(log, pl.col(attempt))
    rows = log.rows.select(
        *log.groups(), log.problem(), pl.col(attempt).cast(pl.String).alias("solution"),
        *([] if number is None else [pl.col(number).cast(pl.String).alias("attempt")]),
        correct=outcome(log.column("correct"), log.schema, success=log.options.success),
        verdict=outcome(log.column("verified"), log.schema, "verified"),
    )  # fmt: skip
    key = [*log.options.by, "problem", "solution"]
    repeated = 0
    if number is not None:
        rows, repeated = drop_repeated_attempts(rows, key)
        rows = rows.drop("attempt")
    rows, caveats = _known(log, rows, NEEDED)
    if repeated:
        caveats.append(caveat("repeated-verifications", count=f"{repeated:,}", column=number))
    grouped = rows.group_by(key).agg(
        pl.col("correct").last(), pl.col("correct").n_unique().alias("outcomes"), verdicts=pl.col("verdict")
    )
    frame = grouped.sort(key).collect(engine="streaming")
    if (frame["outcomes"] > 1).any():
        raise UsageError(
            f"Rows of one solution have different outcomes in {log.column('correct')!r}.",
            hint="--attempt must name the solution, and --correct whether it is correct; --verified is the verdict.",
        )
    if not frame["correct"].is_in([0.0, 1.0]).all():
        raise DataError(
            f"Column {log.column('correct')!r} has values other than 0 and 1, so it does not say which solutions are "
            "correct.",
            hint="Choose the column that says whether a solution is correct with --correct COL.",
        )
    if number is None and _are_doubled(frame["verdicts"]):
        caveats.append(caveat("doubled-verifications"))
    return frame.drop("outcomes"), caveats


def _verification_column(log: SamplingLog, attempt: pl.Expr) -> str | None:
    """The column that numbers the verifications of each solution, if there is one that is not used otherwise."""
    used = {*log.columns.values(), *log.options.by}
    free = [name for name in log.schema.names() if name not in used]
    if sure := [name for name in free if normalise(name) in VERIFICATION_NAMES]:
        return sure[0]
    for name in free:
        if normalise(name) in SAMPLE_NAMES:
            values = log.rows.group_by(*log.groups(), log.problem(), attempt.alias("solution")).agg(
                made=pl.len(), numbers=pl.col(name).n_unique()
            )
            several = values.filter(pl.col("made") > 1).select((pl.col("numbers") > 1).all(), pl.len() > 0)
            if all(several.collect(engine="streaming").row(0)):  # it is no number of the solution itself
                return name
    return None


def _are_doubled(verdicts: pl.Series) -> bool:
    """Whether every solution has each verdict an even number of times, although many have verdicts of both kinds."""
    accepted, made = verdicts.list.sum(), verdicts.list.len()
    is_split = (accepted > 0) & (accepted < made)
    return bool((accepted % 2 == 0).all() and (made % 2 == 0).all() and is_split.sum() >= LEAST_SPLIT)
