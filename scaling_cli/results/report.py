"""The answer to one command: results by group, and what a reader must know to judge them."""

from __future__ import annotations

from typing import Generic, TypeVar

from scaling_cli.caveats import Caveat
from scaling_cli.record import Record

Result = TypeVar("Result")


class Source(Record):
    """An input file: its path as given, the hash of its content, and its rows."""

    path: str
    sha256: str
    rows: int


class Failure(Record):
    """A group (or file) that could not be fitted; the rest went on."""

    group: dict[str, str]
    error: str
    hint: str


class Report(Record, Generic[Result]):
    """Everything one command found, in the order in which JSON prints it.

    `columns` maps each role (`loss`, `params`, ...) to the column it was read from.
    """

    command: str
    inputs: tuple[Source, ...]
    columns: dict[str, str]
    options: dict[str, object]
    results: tuple[Result, ...]
    caveats: tuple[Caveat, ...] = ()
    failures: tuple[Failure, ...] = ()
