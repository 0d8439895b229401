"""The outcome of an attempt as a number, however a tool writes it."""

from __future__ import annotations

import polars as pl

from scaling_cli.data.cells import is_text, number, numbers_of_text, text

# What evaluation tools write for an outcome: inspect C, I, P, N; others words.
WORDS = {
    "c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "pass": 1.0, "fail": 0.0,
    "passed": 1.0, "failed": 0.0, "correct": 1.0, "incorrect": 0.0, "resolved": 1.0, "unresolved": 0.0,
    "success": 1.0, "failure": 0.0, "timeout": 0.0,
}  # fmt: skip


def outcome(column: str, schema: pl.Schema, role: str = "correct") -> pl.Expr:
    """A column of outcomes as numbers, null if missing or NaN.

    Raises:
        DataError: The column holds lists or dates.
    """
    if not is_text(schema[column]):
        return number(column, schema[column], f"--{role} COL").fill_nan(None)
    cell = text(column)
    words = cell.str.to_lowercase().replace_strict(WORDS, default=None, return_dtype=pl.Float64)
    return words.fill_null(numbers_of_text(cell).fill_nan(None))
