"""Column names as people write them: compared without case or punctuation, with suggestions for misspelt ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.parse import parse_number

COLUMN = "column "  # before the name of a column that is read beside a role of the same name
PUNCTUATION, DUPLICATED = re.compile(r"[\s./_\-()\[\]:]+"), re.compile(r"_duplicated_[0-9]+$")
SHOWN = 12  # names in an error message; a wide log has hundreds
LONGEST = 80  # characters of a name in a message; a file that is not a table can have one huge line as its header


@lru_cache(maxsize=1 << 17)  # a wide log has thousands of names, and each is compared with many words
def normalise(name: str) -> str:
    """A name in a form in which `Eval/Loss`, `eval.loss` and `eval_loss` are equal.

    `Compute (PF-days)` becomes `compute_pf_days`.
    """
    folded = PUNCTUATION.sub("_", name.casefold()).strip("_")
    # polars renames the second of two equal header names; without its suffix they tie.
    return DUPLICATED.sub("", folded)


def column_of(columns: Collection[str], name: str) -> str:
    """The column that a name on the command line stands for: the one of the file, then the role."""
    return COLUMN + name if COLUMN + name in columns else name


def in_sql(column: str) -> str:
    """The name of a column as a condition in SQL needs it: in quotes, unless it is a plain word."""
    return column if column.isidentifier() else f'"{column}"'


def inputs_in_words(inputs: Sequence[str], columns: Mapping[str, str] | None = None) -> str:
    """What a law is of, for a message: `params and tokens`; `x` is its column, or `one input` if that is not known."""
    known = columns or {}
    return with_and(known.get(name, "one input" if name == "x" else name).removeprefix(COLUMN) for name in inputs)


def listing(names: Collection[str]) -> str:
    """The first few names in one line, for a message."""
    shown = ", ".join(shortened(name) for name in list(names)[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def shortened(name: str) -> str:
    """A name cut to the length that fits a message or a table."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def closest(name: str, names: Collection[str]) -> str | None:
    """The name that a misspelt one probably stands for, or None if none is similar."""
    import difflib  # only errors need it

    by_folded = {normalise(other): other for other in reversed(list(names))}
    near = difflib.get_close_matches(normalise(name), by_folded, n=1)
    return by_folded[near[0]] if near else None


def guess(name: str, names: Collection[str]) -> str:
    """The beginning of a hint, `Did you mean 'params'? `, or nothing if no name is similar."""
    near = closest(name, names)
    return f"Did you mean {near!r}? " if near else ""


def unknown(kind: str, name: str, names: Collection[str]) -> UsageError:
    """The error for a name that does not exist; `kind` is what it should name, such as `column`."""
    return UsageError(f"Unknown {kind} {shortened(name)!r}.", hint=f"{guess(name, names)}Available: {listing(names)}.")


def in_order(label: str) -> tuple[bool, float, str]:
    """A sort key that puts numbers first, by size, such as 70M before 1B, and then words."""
    try:
        return False, parse_number(label), label
    except UsageError:
        return True, 0.0, label
