"""Input files that are copies of one another: their contents have the same hash."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.results.report import Source

REPEATS = ("repeated-steps", "repeated-points")  # the caveats that copied rows cause


def with_copied_files(caveats: tuple[Caveat, ...], sources: Sequence[Source]) -> tuple[Caveat, ...]:
    """The caveats; if files are copies, one that says so replaces those about the rows that they repeat."""
    originals: dict[str, str] = {}
    copies = [
        (source.path, original)
        for source in sources
        if source.rows and (original := originals.setdefault(source.sha256, source.path)) != source.path
    ]
    if not copies:
        return caveats
    copy, original = copies[0]
    copied = caveat("copied-files", count=f"{len(copies):,}", total=f"{len(sources):,}", copy=copy, original=original)
    return (copied, *(known for known in caveats if known.code not in REPEATS))
