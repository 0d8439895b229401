"""The outcome of an attempt as a number, however a tool writes it, and the words that are not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import is_text, number, read_numbers, text, without_missing
from scaling_cli.data.names import shortened
from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.errors import DataError

# What evaluation tools write for an outcome: inspect C, I, P, N; judges AC, WA, TLE; others words.
WORDS = {
    "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "pass": 1.0, "fail": 0.0,
    "passed": 1.0, "failed": 0.0, "correct": 1.0, "incorrect": 0.0, "resolved": 1.0, "unresolved": 0.0,
    "success": 1.0, "failure": 0.0, "timeout": 0.0, "y": 1.0, "t": 1.0, "f": 0.0, "ok": 1.0, "right": 1.0, "wrong": 0.0,
    "solved": 1.0, "unsolved": 0.0, "accepted": 1.0, "rejected": 0.0,
}  # fmt: skip
SHOWN = 5  # words in a message
NAME_WORDS = "Name the words that mean success with --success WORD[,WORD]; all others then mean failure."


def outcome(column: str, schema: pl.Schema, role: str = "correct", success: Sequence[str] = ()) -> pl.Expr:
    """A column of outcomes as numbers, null if missing or NaN; words in `success` are 1, and all others then 0.

    Raises:
        DataError: The column holds lists or dates.
    """
    if not is_text(schema[column]):
        return number(column, schema[column], f"--{role} COL").fill_nan(None)
    cell = text(column)
    if success:
        return cell.str.to_lowercase().is_in([word.lower() for word in success]).cast(pl.Float64)
    texts = pl.col(column).cast(pl.String)
    return texts.map_batches(_numbers, return_dtype=pl.Float64, is_elementwise=True)


def _numbers(texts: pl.Series) -> pl.Series:
    """The numbers of outcomes as text; of many equal ones each is read once, since most logs have two kinds."""
    different = texts.drop_nulls().unique()
    if 2 * len(different) > len(texts):
        return _each(texts)
    return texts.replace_strict(different, _each(different), default=None, return_dtype=pl.Float64)


def _each(texts: pl.Series) -> pl.Series:
    cells = texts.to_frame("text").select(without_missing(pl.col("text"))).to_series()
    words = cells.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Float64)
    left = pl.select(pl.when(words.is_null()).then(cells)).to_series()
    return words.fill_null(read_numbers(left).fill_nan(None)).alias(texts.name)


def are_outcomes(column: str, schema: pl.Schema, success: Sequence[str] = ()) -> pl.Expr:
    """Whether each cell of a column is missing or an outcome of 0 or 1."""
    kind = schema[column]
    if not (is_text(kind) or kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
        return pl.lit(value=False)
    is_missing = text(column).is_null() if is_text(kind) else pl.col(column).is_null()
    return is_missing | outcome(column, schema, success=success).is_in([0.0, 1.0]).fill_null(value=False)


def unknown_words(log: SamplingLog, columns: Sequence[str]) -> dict[str, int]:
    """The words in columns of outcomes that are not understood, with the number of cells that have each."""
    counts: dict[str, int] = {}
    for column in columns:
        if not is_text(log.schema[column]) or log.options.success:
            continue
        cells = log.rows.select(word=text(column), value=outcome(column, log.schema))
        unread = cells.filter(pl.col("word").is_not_null() & pl.col("value").is_null())
        unread = unread.filter(pl.col("word").str.to_lowercase() != "nan").group_by("word").len("count")
        for word, count in unread.collect(engine="streaming").iter_rows():
            counts[word] = counts.get(word, 0) + count
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def words_in(counts: Mapping[str, int]) -> str:
    """The most frequent words for a message, as in `'WA' (12), 'TLE' (3)`."""
    shown = ", ".join(f"{shortened(word)!r} ({count:,})" for word, count in list(counts.items())[:SHOWN])
    return f"{shown} and {len(counts) - SHOWN} more" if len(counts) > SHOWN else shown


def missing_outcomes(log: SamplingLog, columns: Sequence[str], missing: int) -> list[Caveat]:
    """The caveats about attempts without an outcome: those with a word that is not understood, and the rest."""
    words = unknown_words(log, columns)
    unread = min(sum(words.values()), missing)
    caveats = []
    if unread:
        shown = words_in(words)
        caveats.append(caveat("unknown-outcomes", count=f"{unread:,}", words=shown, done=log.missing_done))
    if missing > unread:
        caveats.append(caveat("missing-outcomes", count=f"{missing - unread:,}", done=log.missing_done))
    return caveats


def refuse_one_kind(log: SamplingLog, columns: Sequence[str], n: int, c: int) -> None:
    """Refuse outcomes of which only successes, or only failures, are understood: the other words may be the others.

    Raises:
        DataError: There are words that are not understood, and none or all of the `n` known outcomes are successes.
    """
    words = unknown_words(log, columns) if n and c in (0, n) else {}
    if words:
        kind = "failures" if c == 0 else "successes"
        raise DataError(
            f"Only words for {kind} are understood in the outcomes, and not {words_in(words)}.", hint=NAME_WORDS
        )


def no_outcome(log: SamplingLog, columns: Mapping[str, str | None]) -> DataError:
    """The error where no attempt has an outcome, with the words that are there instead."""
    column = columns.get("correct")
    words = unknown_words(log, [column]) if column is not None and column in log.schema else {}
    if not words:
        return DataError(
            "No attempt has an outcome.", hint="Choose the column of outcomes with --correct COL, and check --where."
        )
    return DataError(
        f"No outcome in the column {column!r} is understood: {words_in(words)}.",
        hint=f"{NAME_WORDS} Or choose another column with --correct COL.",
    )
