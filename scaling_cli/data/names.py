"""Column names as people write them: compared without case or punctuation, with help for the
misspelt."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number

SHOWN = 12  # names in an error message; a wide log has hundreds
LONGEST = 80  # characters of a name in a list; the header of a file that is no table can be one huge name


def normalise(name: str) -> str:
    """A name folded so that `Eval/Loss`, `eval.loss` and `eval_loss` are one.

    `Compute (PF-days)` becomes `compute_pf_days`.
    """
    folded = re.sub(r"[\s./_\-()\[\]:]+", "_", name.casefold()).strip("_")
    # polars renames the second of two equal header names; folding them together makes them tie.
    return re.sub(r"_duplicated_[0-9]+$", "", folded)


def listing(names: Collection[str]) -> str:
    """The first names of a table in one line, for a message."""
    shown = ", ".join(shortened(name) for name in list(names)[:SHOWN])
    more = len(names) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def shortened(name: str) -> str:
    """A name cut to what a message or a table can hold."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def closest(name: str, names: Collection[str]) -> str | None:
    """The name someone probably meant, or None if nothing is near."""
    folded = {normalise(other): other for other in reversed(list(names))}
    near = difflib.get_close_matches(normalise(name), folded, n=1)
    return folded[near[0]] if near else None


def unknown(kind: str, name: str, names: Collection[str]) -> UsageError:
    """The error for a name that does not exist; `kind` says what it should have named."""
    near = closest(name, names)
    guess = f"Did you mean {near!r}? " if near else ""
    return UsageError(f"There is no {kind} named {name!r}.", hint=f"{guess}There are: {listing(names)}.")


def in_order(label: str) -> tuple[bool, float, str]:
    """The key that sorts labels as people list them: numbers by size, such as 70M before 1B, then words."""
    try:
        return False, parse_number(label), label
    except UsageError:
        return True, 0.0, label
