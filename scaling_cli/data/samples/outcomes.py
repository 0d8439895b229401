"""Attempts become counts: what is a success, what is missing, what was logged twice."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, label, number, numbers_of_text, text
from scaling_cli.data.runs.table import left_out
from scaling_cli.data.samples.repeats import SUMMARY, is_tidy, summary, without_repeats
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import Record

# What evaluation tools write for an outcome: inspect C, I, P, N; others words.
WORDS = {
    "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "pass": 1.0, "fail": 0.0,
    "passed": 1.0, "failed": 0.0, "correct": 1.0, "incorrect": 0.0, "resolved": 1.0, "unresolved": 0.0,
    "success": 1.0, "failure": 0.0, "timeout": 0.0,
}  # fmt: skip

Columns = dict[str, str | None]
EXTRAS = ("verified", "score", "answer", "cluster")  # roles of an attempt that only some questions need
MEASURED = ("verified", "score")  # those of them that are numbers
CELL = "cell "  # keeps the columns of a matrix apart from groups and the problem
KEY = "key "  # keeps the columns that name an attempt apart from what was made of it
WORKING = ("rows", "missing", "odd", "won")  # columns of counts that only the counting needs
LENGTHS = 3  # different n from which sampling may have stopped at successes, so that it matters when they came
SAMPLE = 1000  # rows that decide whether attempts are numbered


class Ask(Record):
    """How to read the rows: the options of `load_samples`."""

    layout: str
    mapping: dict[str, str]
    by: tuple[str, ...]
    threshold: float | None
    on_missing: str


class Counted(Record):
    """Counts, what to say about them, and the attempts where a verifier needs them."""

    frame: pl.DataFrame
    caveats: list[Caveat] = []
    attempts: pl.LazyFrame | None = None
    rows: int | None = None


def attempts_to_counts(
    rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]
) -> Counted:
    """Counts of a row an attempt.

    Rows are grouped by the columns as they are, and named afterwards: naming millions of rows costs more than the rest.
    """
    raw = [KEY + name for name in dict.fromkeys((*ask.by, *tasks, _required(columns, "problem")))]
    values = _values(rows, schema, ask, columns, raw)
    counted, repeated = _aggregated(values, raw, columns), 0
    if columns.get("attempt") is not None and not is_tidy(counted):
        values, repeated = without_repeats(values, raw)
        counted = _aggregated(values, raw, columns) if repeated else counted
    _refuse_odd(counted, columns)
    if "lowest" in counted.columns and max(counted["n"].n_unique(), counted["rows"].n_unique()) >= LENGTHS:
        counted = counted.join(_first_successes(values, raw), on=raw, how="left", nulls_equal=True)
    counted = counted.with_columns(missing=pl.col("rows") - pl.col("n"))
    if ask.on_missing == "fail":
        counted = counted.with_columns(n=pl.col("rows"))
    total = int(counted["rows"].sum())
    frame = counted.select(*_names(schema, ask, columns, tasks), pl.exclude(raw)).drop_nulls("problem")
    frame = frame.sort([*ask.by, "problem"])
    caveats = [*_nameless(total - int(frame["rows"].sum()), total), *_attempt_caveats(frame, repeated, ask)]
    if "won" in frame.columns:
        frame = frame.with_columns(first=(pl.col("won") - pl.col("lowest") + 1).fill_null(0))
    kept = None
    if columns.get("score") is not None or columns.get("answer") is not None:
        success = pl.col("success").fill_null(value=False) if ask.on_missing == "fail" else pl.col("success")
        kept = values.with_columns(*_names(schema, ask, columns, tasks), success)
    found = frame.drop([name for name in (*SUMMARY, *WORKING) if name in frame.columns])
    return Counted(found, caveats, kept, total + repeated)


def _values(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, raw: Sequence[str]) -> pl.LazyFrame:
    """What names each attempt, under `raw`, and what came of it: success, whether that is known, and odd values."""
    correct = _required(columns, "correct")
    odd: list[pl.Expr] = []
    if schema[correct] == pl.Boolean:
        success = pl.col(correct)
    else:
        value = outcome(correct, schema)
        success = value >= (1.0 if ask.threshold is None else ask.threshold)
        if ask.threshold is None and "score" not in ask.mapping:
            odd = [(~value.is_in([0.0, 1.0])).alias("odd")]
    taken = [pl.col(name.removeprefix(KEY)).alias(name) for name in raw]
    taken += [success.alias("success"), *odd]
    if (attempt := columns.get("attempt")) is not None:
        taken.append(_attempt(rows, attempt, schema).alias("attempt"))
    read = {role: column for role in EXTRAS if (column := columns.get(role)) is not None}
    taken += [(outcome if role in MEASURED else _label)(column, schema).alias(role) for role, column in read.items()]
    return rows.select(taken)


def _aggregated(values: pl.LazyFrame, raw: Sequence[str], columns: Columns) -> pl.DataFrame:
    """One row a problem, from one pass over the attempts."""
    schema = values.collect_schema()
    aggregates = [
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("success").count().cast(pl.Int64).alias("n"),
        pl.col("success").sum().cast(pl.Int64).alias("c"),
        *summary(schema.get("attempt")),
    ]
    if "odd" in schema:
        aggregates.append(pl.col("odd").sum().cast(pl.Int64))
    if columns.get("verified") is not None:
        accepted = (pl.col("verified") >= 1) & pl.col("success").is_not_null()
        aggregates.append(accepted.sum().cast(pl.Int64).alias("accepted"))
        aggregates.append((accepted & pl.col("success")).sum().cast(pl.Int64).alias("accepted_correct"))
    if columns.get("cluster") is not None:
        aggregates.append(pl.col("cluster").first())
    return values.group_by(raw).agg(aggregates).collect(engine="streaming")


def _first_successes(values: pl.LazyFrame, raw: Sequence[str]) -> pl.DataFrame:
    """The number of the first attempt that succeeded, for each problem that was solved."""
    won = values.filter("success").group_by(raw).agg(pl.col("attempt").min().cast(pl.Int64).alias("won"))
    return won.collect(engine="streaming")


def _names(schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]) -> list[pl.Expr]:
    """Groups and problems as text, from the columns that hold them under `KEY`."""
    groups = [label(KEY + name, schema[name]).alias(name) for name in ask.by]
    return [*groups, _problem(columns, schema, tasks, KEY)]


def _required(columns: Columns, role: str) -> str:
    column = columns[role]
    assert column is not None
    return column


def _nameless(count: int, total: int) -> tuple[Caveat, ...]:
    """What is said of rows without a problem, such as lines that were cut short."""
    return left_out({"no problem": count} if count else {}, total)


def _attempt_caveats(frame: pl.DataFrame, repeated: int, ask: Ask) -> list[Caveat]:
    found = []
    if missing := int(frame["missing"].sum()):
        done = "left out" if ask.on_missing == "drop" else "counted as failed"
        found.append(caveat("missing-outcomes", count=f"{missing:,}", done=done))
    if repeated:
        found.append(caveat("repeated-attempts", count=f"{repeated:,}"))
    return found


def _refuse_odd(counted: pl.DataFrame, columns: Columns) -> None:
    """Refuse values that are neither 0 nor 1, unless a threshold says what they mean."""
    if "odd" not in counted.columns or not int(counted["odd"].sum()):
        return
    raise UsageError(
        f"The column {columns['correct']!r} has values that are neither 0 nor 1.",
        hint="Say with --threshold from which value on an attempt has succeeded, such as --threshold 1.",
    )


def outcome(column: str | None, schema: pl.Schema) -> pl.Expr:
    """A column of outcomes as numbers, null where missing or NaN.

    Raises:
        DataError: It holds lists or dates.
    """
    assert column is not None
    if not is_text(schema[column]):
        return number(column, schema[column]).fill_nan(None)
    cell = text(column)
    words = cell.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Float64)
    return words.fill_null(numbers_of_text(cell).fill_nan(None))


def _attempt(rows: pl.LazyFrame, column: str, schema: pl.Schema) -> pl.Expr:
    """The number of an attempt where all are whole numbers, as far as the first rows tell, else its name."""
    if schema[column].is_integer():
        return pl.col(column)
    if is_text(schema[column]):
        whole = pl.col(column).cast(pl.String).str.strip_chars().cast(pl.Int64, strict=False)
        sample = rows.select(text(column).is_not_null() & whole.is_null()).head(SAMPLE).collect(engine="streaming")
        if not sample.to_series().any():
            return whole
    return label(column, schema[column])


def counts_table(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]) -> Counted:
    """Counts as they stand, once a problem however many rows repeat them."""
    n, c = columns["n"], columns["c"]
    assert n is not None
    assert c is not None
    keys = _groups(ask, schema)
    problem = _problem(columns, schema, tasks) if columns.get("problem") else _row_names()
    taken = [*keys, problem, _whole(n, schema).alias("n"), _whole(c, schema).alias("c")]
    if (column := columns.get("cluster")) is not None:
        taken.append(label(column, schema[column]).alias("cluster"))
    everything = rows.select(taken).collect(engine="streaming")
    frame = everything.drop_nulls("problem")
    missing = frame.filter(pl.col("n").is_null() | pl.col("c").is_null()).height
    frame = frame.drop_nulls(["n", "c"])
    _check_counts(frame)
    names = [*ask.by, "problem"]
    once = frame.unique(maintain_order=True)
    _refuse_repeated(once.select(names))
    caveats = list(_nameless(everything["problem"].null_count(), everything.height))
    caveats += [caveat("missing-outcomes", count=f"{missing:,}", done="left out")] if missing else []
    whole = once.with_columns(pl.col("n", "c").round().cast(pl.Int64))
    return Counted(whole.sort(names), caveats)


def _refuse_repeated(names: pl.DataFrame) -> None:
    """Refuse problems that have several rows, where each row is all that is known of one."""
    if names.is_duplicated().any():
        raise UsageError(
            "A problem has several rows of counts that differ.",
            hint="Name the columns that tell the rows apart with --by.",
        )


def _check_counts(frame: pl.DataFrame) -> None:
    wrong = frame.filter((pl.col("c") < 0) | (pl.col("c") > pl.col("n")) | (pl.col("n") < 0))
    if not wrong.is_empty():
        row = wrong.row(0, named=True)
        raise DataError(
            f"Problem {row['problem']!r} has c = {row['c']:g} successes in n = {row['n']:g} attempts.",
            hint="Check which column is which: --n COL --c COL.",
        )
    broken = frame.filter((pl.col("n").round() != pl.col("n")) | (pl.col("c").round() != pl.col("c")))
    if not broken.is_empty():
        row = broken.row(0, named=True)
        raise DataError(
            f"Problem {row['problem']!r} has counts that are no whole numbers: n = {row['n']:g}, c = {row['c']:g}.",
            hint="Check which column is which: --n COL --c COL.",
        )


def lists_to_counts(rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]) -> Counted:
    """Counts of a row a problem, with a list of outcomes in the order in which they were made."""
    column = columns["correct"]
    assert column is not None
    keys = _groups(ask, schema)
    problem = _problem(columns, schema, tasks) if columns.get("problem") else _row_names()
    lists = rows.select(*keys, problem, pl.col(column).alias("correct"))
    lost, total = lists.select(pl.col("problem").null_count(), pl.len()).collect(engine="streaming").row(0)
    long = lists.drop_nulls("problem").explode("correct", empty_as_null=False)
    long = long.with_columns(attempt=pl.int_range(pl.len()).over([*ask.by, "problem"]))
    inner = dict.fromkeys(("problem", "correct", "attempt"))
    counted = attempts_to_counts(long, long.collect_schema(), ask, {role: role for role in inner}, ())
    return Counted(counted.frame, [*_nameless(lost, total), *counted.caveats])


def matrix_to_counts(
    rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]
) -> Counted:
    """Counts of a row a problem and a column an attempt, beside the one that names the problem where there is one."""
    names = schema.names()
    cells = [name for name in names if name not in (columns.get("problem"), *ask.by, *tasks)]
    outcomes = [f"{CELL}{place}" for place in range(len(cells))]
    values = [outcome(name, schema).alias(under) for name, under in zip(cells, outcomes, strict=True)]
    problem = _row_names() if columns.get("problem") is None else _problem(columns, schema, tasks)
    everything = rows.select(*_groups(ask, schema), problem, *values).collect(engine="streaming")
    frame = everything.drop_nulls("problem")
    _refuse_repeated(frame.select(*ask.by, "problem"))
    threshold = 1.0 if ask.threshold is None else ask.threshold
    known = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int64) for name in outcomes)
    solved = pl.sum_horizontal((pl.col(name) >= threshold).fill_null(False).cast(pl.Int64) for name in outcomes)
    counts = frame.select(*ask.by, "problem", n=known, c=solved)
    missing = counts.height * len(cells) - int(counts["n"].sum())
    if ask.on_missing == "fail":
        counts = counts.with_columns(n=pl.lit(len(cells), pl.Int64))
    done = "left out" if ask.on_missing == "drop" else "counted as failed"
    caveats = list(_nameless(everything.height - frame.height, everything.height))
    caveats += [caveat("missing-outcomes", count=f"{missing:,}", done=done)] if missing else []
    return Counted(counts, caveats)


def _label(column: str, schema: pl.Schema) -> pl.Expr:
    return label(column, schema[column])


def _groups(ask: Ask, schema: pl.Schema) -> list[pl.Expr]:
    return [label(name, schema[name]).alias(name) for name in ask.by]


def _problem(columns: Columns, schema: pl.Schema, tasks: Sequence[str], prefix: str = "") -> pl.Expr:
    column = columns["problem"]
    assert column is not None
    parts = [label(prefix + name, schema[name]) for name in (*tasks, column)]
    return (pl.concat_str(parts, separator="/") if len(parts) > 1 else parts[0]).alias("problem")


def _row_names() -> pl.Expr:
    return pl.format("row {}", pl.int_range(1, pl.len() + 1)).alias("problem")


def _whole(column: str, schema: pl.Schema) -> pl.Expr:
    if is_text(schema[column]):
        return numbers_of_text(text(column)).fill_nan(None)
    if schema[column].is_nested():
        raise DataError(f"Column {column!r} holds {schema[column]}, not counts.", hint="Name others: --n COL --c COL.")
    return number(column, schema[column]).fill_nan(None)
