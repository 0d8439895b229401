"""The report of one command: results by group, and what a reader must know to judge them."""

from __future__ import annotations

from typing import Generic, TypeVar

from scaling_cli.caveats import Caveat
from scaling_cli.record import Record
from scaling_cli.results.values import Count, GroupValues

Result = TypeVar("Result")


class Source(Record):
    """An input file.

    Attributes:
        path: As given on the command line.
        sha256: Hash of the content; of all files of a log that has several, such as a run of MLflow.
        rows: Rows that were read, or fits in a saved document.
    """

    path: str
    sha256: str
    rows: Count


class Failure(Record):
    """A group or file that could not be fitted, and why."""

    group: GroupValues
    error: str
    hint: str


class Report(Record, Generic[Result]):
    """Everything that one command found, in the order in which JSON prints it.

    Attributes:
        columns: The column that was read for each role, such as loss or params; empty for a saved fit.
        options: Every option that affected the results, with its value.
        results: One for each group.
        caveats: What to keep in mind when using the results.
        failures: Groups or files without a result, and why.
    """

    command: str
    inputs: tuple[Source, ...]
    columns: dict[str, str]
    options: dict[str, object]
    results: tuple[Result, ...]
    caveats: tuple[Caveat, ...] = ()
    failures: tuple[Failure, ...] = ()
