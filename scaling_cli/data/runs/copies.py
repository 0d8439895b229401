"""Files that are copies of one another: their content has one hash."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.results.report import Source

REPEATS = ("repeated-steps", "repeated-points")  # what copies look like to those who see rows alone


def told_of_copies(caveats: tuple[Caveat, ...], sources: Sequence[Source]) -> tuple[Caveat, ...]:
    """The caveats with one about copied files first, instead of those about the rows that they repeat."""
    first: dict[str, str] = {}
    filled = [each for each in sources if each.rows]
    copies = [
        (each.path, first[each.sha256]) for each in filled if first.setdefault(each.sha256, each.path) != each.path
    ]
    if not copies:
        return caveats
    copy, original = copies[0]
    said = caveat("copied-files", count=f"{len(copies):,}", total=f"{len(sources):,}", copy=copy, original=original)
    return (said, *(each for each in caveats if each.code not in REPEATS))
