"""The answer to one command: results by group, and what a reader must know to judge them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from scaling_cli.caveats import Caveat
from scaling_cli.data.source import Source

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failure:
    """A group (or file) that could not be fitted; the rest went on."""

    group: dict[str, str]
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
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
