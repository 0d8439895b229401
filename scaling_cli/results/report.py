"""The answer to one command: results by group, and what a reader must know to judge them."""

from __future__ import annotations

from dataclasses import field
from typing import Generic, TypeVar

from scaling_cli.caveats import Caveat
from scaling_cli.record import record

Result = TypeVar("Result")


@record
class Source:
    """An input file: its path as given, the hash of its content, and its rows."""

    path: str
    sha256: str
    rows: int


@record
class Failure:
    """A group (or file) that could not be fitted; the rest went on."""

    group: dict[str, str]
    error: str
    hint: str


@record
class Report(Generic[Result]):
    """Everything one command found, in the order in which JSON prints it.

    `columns` maps each role (`loss`, `params`, ...) to the column it was read from.
    """

    command: str
    inputs: tuple[Source, ...]
    columns: dict[str, str]
    options: dict[str, object]
    results: tuple[Result, ...]
    caveats: tuple[Caveat, ...] = ()
    failures: tuple[Failure, ...] = field(default=())
