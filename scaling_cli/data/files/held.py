"""Rows of small files that were read together, since reading a table costs more than the few rows that it has.

What is made row by row, such as numbers from text, is made once for all of these files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import polars as pl

Found = TypeVar("Found")
Made: TypeAlias = tuple[pl.LazyFrame, dict[int, str]]  # rows, and the meaning of codes in them


class Together:
    """The rows of several files with the same columns."""

    def __init__(self, rows: pl.DataFrame) -> None:
        """`rows` has those of one file after those of another."""
        self.rows = rows
        self._known: list[tuple[object, Any]] = []

    def remembered(self, key: object, find: Callable[[], Found]) -> Found:
        """What `find` gives, which is called once for each key."""
        for known, found in self._known:
            if type(known) is type(key) and known == key:
                return cast("Found", found)
        new = find()
        self._known.append((key, new))
        return new

    def made(self, make: Callable[[pl.LazyFrame], Made]) -> tuple[pl.DataFrame, dict[int, str]]:
        """What `make` makes of all rows."""
        rows, codes = make(self.rows.lazy())
        return rows.collect(engine="in-memory"), codes


class Held:
    """The rows of one file among those of others."""

    def __init__(self, every: Together, first: int, count: int) -> None:
        """The file has `count` rows from `first` on."""
        self._every, self._first, self._count = every, first, count
        self.rows = every.rows.slice(first, count).lazy()

    def remembered(self, key: object, find: Callable[[], Found]) -> Found:
        """What `find` gives for any of the files with these columns, found once for each key."""
        return self._every.remembered(key, find)

    def made(self, key: object, make: Callable[[pl.LazyFrame], Made]) -> Made:
        """What `make` makes of the rows, if it works row by row and keeps them all in their order.

        Args:
            key: What the result depends on beside the rows.
            make: Gives new rows, and the meaning of codes in them.
        """
        rows, codes = self.remembered(key, lambda: self._every.made(make))
        return rows.slice(self._first, self._count).lazy(), codes


def held(rows: pl.DataFrame, files: pl.Series, paths: Sequence[str]) -> Iterator[tuple[str, Held]]:
    """Each path with its rows; `files` has the path of each row. Nothing if the rows of a file are not one block."""
    blocks = files.rle().struct.unnest()
    names, counts, ends = blocks["value"].to_list(), blocks["len"].to_list(), blocks["len"].cum_sum().to_list()
    ranges = {name: (end - count, count) for name, count, end in zip(names, counts, ends, strict=True)}
    if len(ranges) < len(names):
        return
    every = Together(rows)
    for path in paths:
        yield path, Held(every, *ranges.get(path, (0, 0)))
