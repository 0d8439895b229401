"""Attempts become counts: what is a success, what is missing, what was logged twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, label, number, numbers_of_text, text
from scaling_cli.errors import DataError, UsageError

# What evaluation tools write for an outcome: inspect C, I, P, N; others words.
WORDS = {
    "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "pass": 1.0, "fail": 0.0,
    "passed": 1.0, "failed": 0.0, "correct": 1.0, "incorrect": 0.0, "resolved": 1.0, "unresolved": 0.0,
    "success": 1.0, "failure": 0.0, "timeout": 0.0,
}  # fmt: skip

Columns = dict[str, str | None]
EXTRAS = ("verified", "score", "answer", "cluster")  # roles of an attempt that only some questions need
MEASURED = ("verified", "score")  # those of them that are numbers
SAMPLE = 1000  # rows that decide whether attempts are numbered


@dataclass(frozen=True, slots=True)
class Ask:
    """How to read the rows: the options of `load_samples`."""

    layout: str
    mapping: dict[str, str]
    by: tuple[str, ...]
    threshold: float | None
    on_missing: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts, what to say about them, and the attempts where a verifier needs them."""

    frame: pl.DataFrame
    caveats: list[Caveat] = field(default_factory=list)
    attempts: pl.LazyFrame | None = None


def attempts_to_counts(
    rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]
) -> Counted:
    """Counts of a row an attempt."""
    keys = [*_groups(ask, schema), _problem(columns, schema, tasks)]
    taken = [*keys, outcome(columns["correct"], schema).alias("value")]
    attempt = columns.get("attempt")
    if attempt is not None:
        taken.append(_attempt(rows, attempt, schema).alias("attempt"))
    read = {role: column for role in EXTRAS if (column := columns.get(role)) is not None}
    taken += [(outcome if role in MEASURED else _label)(column, schema).alias(role) for role, column in read.items()]
    values = rows.select(taken)
    names = [*ask.by, "problem"]
    repeated = 0
    if attempt is not None:
        values, repeated = _without_repeats(values, names)
    success = _success(ask).alias("success")
    _check_values(values, ask, columns["correct"])
    values = values.with_columns(success)
    frame = _aggregated(values, names, ask, columns).sort(names)
    return Counted(frame.drop("missing"), _attempt_caveats(frame, repeated, ask), _kept_attempts(values, columns))


def _aggregated(values: pl.LazyFrame, names: list[str], ask: Ask, columns: Columns) -> pl.DataFrame:
    known = pl.col("success").is_not_null()
    aggregates = [
        known.sum().cast(pl.Int64).alias("n"),
        pl.col("success").sum().cast(pl.Int64).alias("c"),
        pl.col("value").is_null().sum().alias("missing"),
    ]
    if columns.get("attempt") is not None and values.collect_schema()["attempt"].is_numeric():
        first = pl.col("attempt").filter(pl.col("success")).min() - pl.col("attempt").min() + 1
        aggregates.append(first.fill_null(0).cast(pl.Int64).alias("first"))
    if columns.get("verified") is not None:
        accepted = (pl.col("verified") >= 1) & known
        aggregates.append(accepted.sum().cast(pl.Int64).alias("accepted"))
        aggregates.append((accepted & pl.col("success")).sum().cast(pl.Int64).alias("accepted_correct"))
    if columns.get("cluster") is not None:
        aggregates.append(pl.col("cluster").first())
    return values.group_by(names).agg(aggregates).collect(engine="streaming")


def _kept_attempts(values: pl.LazyFrame, columns: Columns) -> pl.LazyFrame | None:
    return values if columns.get("score") is not None or columns.get("answer") is not None else None


def _attempt_caveats(frame: pl.DataFrame, repeated: int, ask: Ask) -> list[Caveat]:
    found = []
    if missing := int(frame["missing"].sum()):
        done = "left out" if ask.on_missing == "drop" else "counted as failed"
        found.append(caveat("missing-outcomes", count=f"{missing:,}", done=done))
    if repeated:
        found.append(caveat("repeated-attempts", count=f"{repeated:,}"))
    return found


def _success(ask: Ask) -> pl.Expr:
    threshold = 1.0 if ask.threshold is None else ask.threshold
    success = pl.col("value") >= threshold
    return success.fill_null(False) if ask.on_missing == "fail" else success


def _check_values(values: pl.LazyFrame, ask: Ask, column: str | None) -> None:
    """Refuse values that are neither 0 nor 1, unless a threshold says what they mean."""
    if ask.threshold is not None or "score" in ask.mapping:
        return
    odd = values.filter(pl.col("value").is_not_null() & ~pl.col("value").is_in([0.0, 1.0]))
    found = odd.select("value").head(1).collect(engine="streaming")
    if not found.is_empty():
        raise UsageError(
            f"The column {column!r} has values that are neither 0 nor 1, such as {found.item():g}.",
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


def _without_repeats(values: pl.LazyFrame, names: list[str]) -> tuple[pl.LazyFrame, int]:
    """Attempts, each once, the last one written; and how many others there were.

    Whole numbers without a gap need no search: they match the length, sum and sum of squares of a range.
    """
    kind = values.collect_schema()["attempt"]
    if kind.is_integer():
        number_ = pl.col("attempt").cast(pl.Int64)
        centred = number_ - number_.min()
        summary = values.group_by(names).agg(
            pl.len().cast(pl.Int64).alias("m"), centred.max().alias("top"), centred.sum().alias("sum")
        )
        m = pl.col("m")
        tidy = ((pl.col("top") == m - 1) & (pl.col("sum") == m * (m - 1) // 2)).all()
        if summary.select(tidy).collect(engine="streaming").item():
            return values, 0
    known = values.filter(pl.col("attempt").is_not_null())
    counts = known.select(pl.struct([*names, "attempt"]).n_unique().alias("keys"), pl.len().alias("rows"))
    keys, rows = counts.collect(engine="streaming").row(0)
    if keys == rows:
        return values, 0
    return known.unique([*names, "attempt"], keep="last", maintain_order=True), int(rows - keys)


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
    frame = rows.select(taken).collect(engine="streaming")
    missing = frame.filter(pl.col("n").is_null() | pl.col("c").is_null()).height
    frame = frame.drop_nulls(["n", "c"])
    _check_counts(frame)
    names = [*ask.by, "problem"]
    once = frame.unique(maintain_order=True)
    if once.select(names).is_duplicated().any():
        raise UsageError(
            "A problem has several rows of counts that differ.",
            hint="Name the columns that tell the rows apart with --by.",
        )
    caveats = [caveat("missing-outcomes", count=f"{missing:,}", done="left out")] if missing else []
    whole = once.with_columns(pl.col("n", "c").round().cast(pl.Int64))
    return Counted(whole.sort(names), caveats)


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
    long = rows.select(*keys, problem, pl.col(column).alias("correct")).explode("correct", empty_as_null=False)
    long = long.with_columns(attempt=pl.int_range(pl.len()).over([*ask.by, "problem"]))
    inner = dict.fromkeys(("problem", "correct", "attempt"))
    counted = attempts_to_counts(long, long.collect_schema(), ask, {role: role for role in inner}, ())
    return Counted(counted.frame, counted.caveats)


def matrix_to_counts(
    rows: pl.LazyFrame, schema: pl.Schema, ask: Ask, columns: Columns, tasks: Sequence[str]
) -> Counted:
    """Counts of a row a problem and a column an attempt."""
    cells = [name for name in schema.names() if name not in (*ask.by, *tasks)]
    values = [outcome(name, schema).alias(name) for name in cells]
    frame = rows.select(*_groups(ask, schema), _row_names(), *values).collect(engine="streaming")
    threshold = 1.0 if ask.threshold is None else ask.threshold
    known = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int64) for name in cells)
    solved = pl.sum_horizontal((pl.col(name) >= threshold).fill_null(False).cast(pl.Int64) for name in cells)
    counts = frame.select(*ask.by, "problem", n=known, c=solved)
    missing = counts.height * len(cells) - int(counts["n"].sum())
    if ask.on_missing == "fail":
        counts = counts.with_columns(n=pl.lit(len(cells), pl.Int64))
    done = "left out" if ask.on_missing == "drop" else "counted as failed"
    return Counted(counts, [caveat("missing-outcomes", count=f"{missing:,}", done=done)] if missing else [])


def _label(column: str, schema: pl.Schema) -> pl.Expr:
    return label(column, schema[column])


def _groups(ask: Ask, schema: pl.Schema) -> list[pl.Expr]:
    return [label(name, schema[name]).alias(name) for name in ask.by]


def _problem(columns: Columns, schema: pl.Schema, tasks: Sequence[str]) -> pl.Expr:
    column = columns["problem"]
    assert column is not None
    parts = [label(name, schema[name]) for name in (*tasks, column)]
    return (pl.concat_str(parts, separator="/") if len(parts) > 1 else parts[0]).alias("problem")


def _row_names() -> pl.Expr:
    return pl.format("row {}", pl.int_range(1, pl.len() + 1)).alias("problem")


def _whole(column: str, schema: pl.Schema) -> pl.Expr:
    if is_text(schema[column]):
        return numbers_of_text(text(column)).fill_nan(None)
    if schema[column].is_nested():
        raise DataError(f"Column {column!r} holds {schema[column]}, not counts.", hint="Name others: --n COL --c COL.")
    return number(column, schema[column]).fill_nan(None)
