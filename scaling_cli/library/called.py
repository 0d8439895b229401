"""The verbs as functions of the library: keywords become checked options, and a report becomes an `Answer`.

The keywords are those of the records in `options`, and what the command line refuses is refused here, too.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from typing import Any

from scaling_cli.errors import FitError, UsageError
from scaling_cli.library.aliases import renamed
from scaling_cli.library.answer import Answer, answer
from scaling_cli.numbers.format import group_in_full
from scaling_cli.options.command import Command
from scaling_cli.options.commands import find_command, module_of
from scaling_cli.results.report import Report

RETURNS = """Returns:
    An `Answer`: the numbers by name, tables, figures, files and caveats.

"""
EXTRAS = {"label": "Mapping[str, str] | None", "on_progress": "Callable[[int, int], None] | None"}


class Verb:
    """A command as a function: what it reads, then its options by name."""

    def __init__(self, command: str, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = "scaling_cli"
        module = module_of(command)
        self._verb = getattr(importlib.import_module(f"scaling_cli.verbs.{module}"), module)
        self._command = find_command(command)
        self._extras = [extra for extra in EXTRAS if extra in inspect.signature(self._verb).parameters]
        self.__signature__ = signature(self._command, self._extras)
        self.__doc__ = described(self._command, self._verb.__doc__ or "")

    def __call__(self, *given: Any, **keywords: Any) -> Answer[Any]:
        """Run the verb; a report without results is an error, unless a `label` is given."""
        extras = {name: keywords.pop(name) for name in self._extras if name in keywords}
        _check_extras(extras.get("label"), extras.get("on_progress"))
        read, options = self._bound(given, keywords)
        report = self._verb(*read, self._command.options(**renamed(self.__name__, options)), **extras)
        if report.failures and not report.results and extras.get("label") is None:
            raise _nothing(report)
        return answer(report)

    def __reduce__(self) -> str:
        return self.__name__  # found again in the package by workers to whom it is sent

    def __repr__(self) -> str:
        return f"<scaling_cli.{self.__name__}>"

    def _bound(self, given: tuple[Any, ...], options: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """What the verb reads, and its options.

        Raises:
            UsageError: The argument is missing, or there are too many.
        """
        name = self._command.argument.name
        values = [*given, *([options.pop(name)] if name in options else [])]
        if not values and not self._command.argument.is_needed:
            values = [None]
        if len(values) != 1:
            problem = f"needs {name}: write scaling.{self.__name__}({name}, ...)."
            if values:
                problem = f"takes one positional argument, {name}, not {len(values)}: give options by keyword."
            raise UsageError(f"{self.__name__} {problem}", hint=f"See help(scaling_cli.{self.__name__}).")
        return values, options


def _check_extras(label: object, on_progress: object) -> None:
    """Refuse a label that is not text by name, and a progress that cannot be called.

    Raises:
        UsageError: One is something else.
    """
    is_group = isinstance(label, Mapping) and all(isinstance(text, str) for pair in label.items() for text in pair)
    if not (label is None or is_group):
        raise UsageError(f"label is {label!r}.", hint="Give a dict of text, such as {'file': 'a.csv'}.")
    if not (on_progress is None or callable(on_progress)):
        raise UsageError(f"on_progress is {on_progress!r}.", hint="Give a function of two numbers, such as print.")


def signature(command: Command, extras: list[str]) -> inspect.Signature:
    """The signature that `help` and notebooks show."""
    keyword, position = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    argument, empty = command.argument, inspect.Parameter.empty
    first = inspect.Parameter(
        argument.name, position, default=empty if argument.is_needed else None, annotation=argument.python
    )
    options = [
        inspect.Parameter(option.name, keyword, default=option.default, annotation=option.kind.python)
        for option in command.options.options.values()
    ]
    more = [inspect.Parameter(name, keyword, default=None, annotation=EXTRAS[name]) for name in extras]
    return inspect.Signature([first, *options, *more])


def described(command: Command, text: str) -> str:
    """The docstring of a verb: its own, with its options in place of the record that holds them."""
    text = inspect.cleandoc(re.sub(r"\n +asked: .*(?:\n {12,}.*)*", "", text))
    text = text.replace("Raises:\n", f"{RETURNS}Raises:\n")
    options = list(command.options.options.values())
    if not options:
        return text
    head = f"Options, by keyword; the flag {options[0].flag} is the keyword `{options[0].name}`:"
    # "Repeatable" is said of flags; the signature shows what may be a list.
    lines = [f"    {option.name}: {option.help.removesuffix(' Repeatable.')}" for option in options]
    return "\n".join([f"{text}\n", head, *lines, ""])


def _nothing(report: Report[Any]) -> FitError:
    first = report.failures[0]
    several = f"None of {len(report.failures):,} groups gave a result; the first: " if len(report.failures) > 1 else ""
    return FitError(f"{several}{group_in_full(first.group)}: {first.error}", hint=first.hint)
