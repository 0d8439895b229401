"""Count successes per problem in a log with one row per attempt."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, label, text
from scaling_cli.data.runs.table import left_out
from scaling_cli.data.samples.columns import is_pass_rate
from scaling_cli.data.samples.log import Counted, SamplingLog
from scaling_cli.data.samples.outcomes import missing_outcomes, outcome, refuse_one_kind
from scaling_cli.data.samples.repeated_attempts import (
    NUMBERING,
    drop_repeated_attempts,
    have_no_repeats,
    numbering,
)
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import number_of

EXTRAS = ("verified", "score", "answer", "cluster")  # roles of an attempt that only some questions need
MEASURED = ("verified", "score")  # those of them that are numbers
CHOSEN_BY = {"score": "ranked", "answer": "voted"}  # how many attempts at a problem have one, by role
UNCHOSEN = {"score": "is chosen only where no other is left", "answer": "casts no vote"}
KEY = "key "  # prefix of the columns that name the problem of an attempt
VALUE = "__outcome"
WORKING = (
    "rows",
    "missing",
    "odd",
    "won",
    "judged",
    "graded",
    "misread",
    "ranked",
    "voted",
)  # columns that are needed only while counting
LAST_COUNTS = "only the last row of each counts"
TOTAL, TOTALS = "a total of the others", ("all", "overall", "total", "sum", "aggregate", "average", "avg", "mean")
SAMPLE = 1000  # rows that decide whether attempts are numbered


def count_attempts(log: SamplingLog) -> Counted:
    """The counts of a log with one row per attempt.

    Rows are grouped by the raw columns, and only the counts get names of problems: naming millions of rows would take
    longer than all the rest.
    """
    raw = [KEY + name for name in dict.fromkeys((*log.options.by, *log.tasks, log.column("problem")))]
    values = _values(log, raw)
    counted, repeated = _aggregated(values, raw, log), 0
    if log.columns.get("attempt") is not None and not have_no_repeats(counted):
        values, repeated = drop_repeated_attempts(values, raw)
        counted = _aggregated(values, raw, log) if repeated else counted
    everything = int(counted["rows"].sum())
    counted = _without_totals(counted, KEY + log.column("problem"))
    totals = everything - int(counted["rows"].sum())
    _refuse_partial_outcomes(counted, log)
    if "lowest" in counted.columns and max(counted["n"].n_unique(), counted["rows"].n_unique()) > 1:
        counted = counted.join(_first_successes(values, raw), on=raw, how="left", nulls_equal=True)
    counted = counted.with_columns(missing=pl.col("rows") - pl.col("n"))
    if log.options.on_missing == "fail":
        counted = counted.with_columns(n=pl.col("rows"))
    total = int(counted["rows"].sum())
    frame = counted.select(*_names(log), pl.exclude(raw)).drop_nulls("problem").sort([*log.options.by, "problem"])
    excluded = {"no problem": total - int(frame["rows"].sum()), TOTAL: totals}
    caveats = [*left_out({reason: count for reason, count in excluded.items() if count}, everything)]
    caveats += _caveats(frame, repeated, log)
    if "won" in frame.columns:
        frame = frame.with_columns(first=(pl.col("won") - pl.col("lowest") + 1).fill_null(0))
    frame = frame.drop([name for name in (*NUMBERING, *WORKING) if name in frame.columns])
    return Counted(frame, caveats, _kept_attempts(values, log), everything + repeated)


def _values(log: SamplingLog, raw: Sequence[str]) -> pl.LazyFrame:
    """For each attempt the `raw` columns, its success (null if unknown), and what else its roles hold."""
    correct = log.column("correct")
    taken = [pl.col(name.removeprefix(KEY)).alias(name) for name in raw]
    if log.schema[correct] == pl.Boolean:
        taken.append(pl.col(correct).alias(VALUE))
        judged = [pl.col(VALUE).alias("success")]
    else:
        taken.append(outcome(correct, log.schema, success=log.options.success).alias(VALUE))
        judged = [(pl.col(VALUE) >= log.success_at).alias("success")]
        if log.options.threshold is None:
            judged.append((~pl.col(VALUE).is_in([0.0, 1.0])).alias("odd"))
    if (attempt := log.columns.get("attempt")) is not None:
        taken.append(_attempt(log.rows, attempt, log.schema).alias("attempt"))
    for role in EXTRAS:
        if (column := log.columns.get(role)) is not None:
            is_measured = role in MEASURED
            value = outcome(column, log.schema, role) if is_measured else label(column, log.schema[column])
            taken.append(value.alias(role))
            if role == "score" and is_text(log.schema[column]):
                is_word = text(column).str.to_lowercase() != "nan"  # false also where the cell is empty
                taken.append((is_word.fill_null(value=False) & value.is_null()).alias("misread"))
    # In two steps, since polars would read the outcome once for each use of it.
    return log.rows.select(taken).with_columns(judged).drop(VALUE)


def _attempt(rows: pl.LazyFrame, column: str, schema: pl.Schema) -> pl.Expr:
    """The number of an attempt if the first rows have only whole numbers, else its name."""
    if schema[column].is_integer():
        return pl.col(column)
    if is_text(schema[column]):
        whole = pl.col(column).cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False)
        sample = rows.select(text(column).is_not_null() & whole.is_null()).head(SAMPLE).collect(engine="streaming")
        if not sample.to_series().any():
            return whole
    return label(column, schema[column])


def _aggregated(values: pl.LazyFrame, raw: Sequence[str], log: SamplingLog) -> pl.DataFrame:
    """One row per problem, from one pass over the attempts."""
    schema = values.collect_schema()
    aggregates = [
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("success").count().cast(pl.Int64).alias("n"),
        pl.col("success").sum().cast(pl.Int64).alias("c"),
        *numbering(schema.get("attempt")),
    ]
    if "odd" in schema:
        aggregates.append(pl.col("odd").sum().cast(pl.Int64))
    if log.columns.get("verified") is not None:
        accepted = (pl.col("verified") >= 1) & pl.col("success").is_not_null()
        aggregates.append(accepted.sum().cast(pl.Int64).alias("accepted"))
        aggregates.append(pl.col("verified").count().cast(pl.Int64).alias("judged"))
        aggregates.append((~pl.col("verified").is_in([0.0, 1.0])).sum().cast(pl.Int64).alias("graded"))
        aggregates.append((accepted & pl.col("success")).sum().cast(pl.Int64).alias("accepted_correct"))
    if "misread" in schema:
        aggregates.append(pl.col("misread").sum().cast(pl.Int64))
    aggregates += [pl.col(role).count().cast(pl.Int64).alias(CHOSEN_BY[role]) for role in _choosing(log)]
    if log.columns.get("cluster") is not None:
        aggregates.append(pl.col("cluster").first())
    counted = values.group_by(raw).agg(aggregates).collect(engine="streaming")
    if "judged" in counted.columns:
        _require_verdicts(counted, log)
    if "misread" in counted.columns:
        _require_scores(int(counted["misread"].sum()), log)
    for role in _choosing(log):
        if counted.height and not counted[CHOSEN_BY[role]].sum():
            raise DataError(
                f"Column {log.column(role)!r} has no {role}s: all its cells are empty.",
                hint=f"Choose another column with --{role} COL, or leave --{role} out.",
            )
    return counted


def _choosing(log: SamplingLog) -> list[str]:
    """The roles whose columns may choose one of several attempts; a score that is the outcome ranks nothing."""
    columns = log.columns
    return [role for role in CHOSEN_BY if columns.get(role) is not None and columns[role] != columns["correct"]]


def _require_verdicts(counted: pl.DataFrame, log: SamplingLog) -> None:
    if counted.height and not counted["judged"].sum():
        raise DataError(
            f"Column {log.column('verified')!r} has no verdicts: no value is a number, or a word such as true.",
            hint="Choose the column of verdicts, 1 for an accepted attempt and 0 for a rejected one: --verified COL.",
        )
    if int(counted["graded"].sum()):
        raise DataError(
            f"Column {log.column('verified')!r} has values other than 0 and 1, so it does not say which attempts were "
            "accepted.",
            hint=f"If they are scores, give --score {shlex.quote(log.column('verified'))} in place of --verified.",
        )


def _require_scores(misread: int, log: SamplingLog) -> None:
    if misread:
        raise DataError(
            f"Column {log.column('score')!r} has {number_of(misread, 'cell')} with text that is no number, so it does "
            "not hold the scores of all attempts.",
            hint="Choose the column of scores with --score COL, or leave such rows out with --where.",
        )


def _without_totals(counted: pl.DataFrame, problem: str) -> pl.DataFrame:
    """The counts without a single row called `average` or the like, if problems usually have several rows."""
    if not is_text(counted.schema[problem]) or (counted["rows"].median() or 0) < 2:  # type: ignore[operator]
        return counted
    return counted.filter((text(problem).str.to_lowercase().is_in(TOTALS) & (pl.col("rows") == 1)).ne_missing(True))


def _first_successes(values: pl.LazyFrame, raw: Sequence[str]) -> pl.DataFrame:
    """The number of the first successful attempt, for each problem that was solved."""
    won = values.filter("success").group_by(raw).agg(pl.col("attempt").min().cast(pl.Int64).alias("won"))
    return won.collect(engine="streaming")


def _names(log: SamplingLog) -> list[pl.Expr]:
    """Groups and problems as text, from the raw columns."""
    return [*log.groups(KEY), log.problem(KEY)]


def _kept_attempts(values: pl.LazyFrame, log: SamplingLog) -> pl.LazyFrame | None:
    """The attempts if a verifier may need them, because they have a score or an answer."""
    if log.columns.get("score") is None and log.columns.get("answer") is None:
        return None
    success = pl.col("success").fill_null(value=False) if log.options.on_missing == "fail" else pl.col("success")
    return values.with_columns(*_names(log), success)


def _caveats(frame: pl.DataFrame, repeated: int, log: SamplingLog) -> list[Caveat]:
    caveats = []
    if missing := int(frame["missing"].sum()):
        refuse_one_kind(log, [log.column("correct")], int(frame["rows"].sum()) - missing, int(frame["c"].sum()))
        caveats += missing_outcomes(log, [log.column("correct")], missing)
    if "judged" in frame.columns and (unjudged := int((frame["rows"] - frame["judged"]).sum())):
        caveats.append(caveat("missing-verdicts", count=unjudged, column=log.column("verified")))
    for role in _choosing(log):
        if lacking := int((frame["rows"] - frame[CHOSEN_BY[role]]).sum()):
            column = log.column(role)
            caveats.append(caveat("missing-scores", count=lacking, what=role, column=column, done=UNCHOSEN[role]))
    if repeated:
        caveats.append(caveat("repeated-attempts", count=f"{repeated:,}", done=LAST_COUNTS))
    return caveats


def _refuse_partial_outcomes(counted: pl.DataFrame, log: SamplingLog) -> None:
    """Refuse outcomes other than 0 and 1, unless a threshold says which are successes."""
    if "odd" not in counted.columns or not int(counted["odd"].sum()):
        return
    column = str(log.columns["correct"])
    is_rate = is_pass_rate(column)
    raise UsageError(
        f"Column {column!r} has values other than 0 and 1" + (", shares of attempts." if is_rate else "."),
        hint="Give the number of attempts and of successes of each problem with --n and --c."
        if is_rate
        else "Give the least value that counts as a success, such as --threshold 0.5; or, if these are shares of "
        "several attempts, the columns of the number of attempts and of successes: --n and --c.",
    )
