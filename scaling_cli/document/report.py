"""The answer to one command: results by group, and what a reader must know to judge them."""

from __future__ import annotations

import importlib
from dataclasses import field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scaling_cli.caveats import Caveat
from scaling_cli.data.source import Source
from scaling_cli.record import record

if TYPE_CHECKING:
    import polars as pl

Result = TypeVar("Result")


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

    def to_polars(self) -> pl.DataFrame:
        """The rows that `--format csv` writes, with numbers as numbers."""
        frame: pl.DataFrame = _drawing().frame(self)
        return frame

    def __repr__(self) -> str:
        shown: str = _drawing().text(self)
        return shown

    def _repr_html_(self) -> str:
        shown: str = _drawing().markup(self)
        return shown


def _drawing() -> Any:
    """What draws reports: it stands layers above, and is looked for only where someone looks at a report."""
    return importlib.import_module("scaling_cli.report.notebook")
