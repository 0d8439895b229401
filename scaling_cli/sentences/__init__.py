"""The answer of each command in one plain sentence, which people read before any table.

The module NAME of this folder, named as the command, has one function `sentence(result, subject)`. It gives the
estimate with its interval, and what a reader must know to use it, in at most two or three lines of a terminal.
`subject` is what was measured, as the first words of a sentence: "Loss", or the name of another column.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from scaling_cli.numbers.format import escape
from scaling_cli.options.commands import module_of
from scaling_cli.record import replace

Result = TypeVar("Result")


def with_sentences(command: str, results: Iterable[Result], columns: Mapping[str, str]) -> tuple[Result, ...]:
    """The results of a command, each with its sentence; `columns` is the column that was read for each role.

    A sentence that the command has written itself stays.
    """
    results = tuple(results)
    if all(result.sentence for result in results):  # type: ignore[attr-defined]
        return results
    module = importlib.import_module(f"{__name__}.{module_of(command)}")
    subject = subject_of(columns.get("loss", "loss"))
    return tuple(replace(result, sentence=module.sentence(result, subject)) for result in results)  # type: ignore[type-var]


def subject_of(column: str) -> str:
    """What the column of the loss is called in a sentence."""
    return "Loss" if "loss" in column.lower() else escape(column)


def within(subject: str) -> str:
    """The subject inside a sentence; the name of a column keeps its capitals."""
    return "loss" if subject == "Loss" else subject
