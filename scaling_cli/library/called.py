"""The verbs as callers from Python meet them: what the command line refuses in words is refused in words here, too.

A call is held against the signature of its verb before anything is read. An answer that holds nothing is an error.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, get_type_hints

from scaling_cli.data.runs.load import Reading
from scaling_cli.errors import FitError, UsageError
from scaling_cli.library.answer import answer
from scaling_cli.numbers.format import group_in_full
from scaling_cli.record import fields
from scaling_cli.results.report import Report

Asked = Callable[..., Report[Any]]

KINDS: dict[str, tuple[Any, str]] = {
    "str": (str, "text"),
    "int": (Integral, "a whole number"),
    "float": (Real, "a number"),
}
ROLES = ("loss", "params", "tokens", "compute", "run", "run_id", "step", "map")  # options of the command alone
MOST_NAMES = 3


def verb(name: str) -> Asked:
    """The verb of that name, ready for callers from Python."""
    return called(getattr(importlib.import_module(f"scaling_cli.verbs.{name}"), name))


def called(verb: Asked) -> Asked:
    """The verb, which raises where no group could be answered; under a `label` failures stay in the report."""

    @functools.wraps(verb)
    def asking(*given: Any, **options: Any) -> Report[Any]:
        _check(verb, given, options)
        report = verb(*given, **options)
        if report.failures and not report.results and options.get("label") is None:
            raise _nothing(report)
        return answer(report)

    asking.__module__ = "scaling_cli"  # where it is found again, by workers to whom it is sent
    return asking


def _check(verb: Asked, given: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Hold a call against what the verb takes.

    Raises:
        UsageError: An argument has an unknown name, is missing, or is of another kind.
    """
    taken = _taken(verb)
    for name in options:
        if name not in taken:
            raise _unknown(verb.__name__, name, tuple(taken))
    try:
        bound = inspect.signature(verb).bind(*given, **options)
    except TypeError as error:
        raise UsageError(f"{verb.__name__}: {error}.", hint=f"See help(scaling_cli.{verb.__name__}).") from None
    arguments = {name: value for name, value in bound.arguments.items() if name in taken}
    for name, value in {**arguments, **options}.items():
        _check_kind(f"{verb.__name__}: {name}", value, taken[name])


def _taken(verb: Asked) -> dict[str, str]:
    """The names that a verb takes, each with its annotation; open-ended keywords are those they stand for."""
    found: dict[str, str] = {}
    for name, parameter in inspect.signature(verb).parameters.items():
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            is_needed = parameter.default is inspect.Parameter.empty  # the verb says best what it needs
            found[name] = f"{parameter.annotation} | None" if is_needed else str(parameter.annotation)
        elif parameter.annotation == "Unpack[Reading]":
            found |= {role: _written(kind) for role, kind in get_type_hints(Reading).items()}
        else:
            from scaling_cli.analysis.coverage.question import CoverageAsk

            found |= {each.name: str(each.type) for each in fields(CoverageAsk)}
            found["to"] = "str | float | None"
    return found


def _written(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _check_kind(what: str, value: Any, annotation: str) -> None:
    names = annotation.split(" | ")
    if value is None:
        if "None" not in names:
            raise UsageError(f"{what} is None.", hint="Leave it out to have the default.")
        return
    kinds = [KINDS[name] for name in names if name in KINDS]
    is_plain = all(name in KINDS or name == "None" for name in names)
    if is_plain and (isinstance(value, bool) or not isinstance(value, tuple(kind for kind, _ in kinds))):
        told = " or ".join(word for _, word in kinds)
        raise UsageError(f"{what} is {value!r}, a {type(value).__name__}.", hint=f"Give {told}.")


def _unknown(verb: str, name: str, names: tuple[str, ...]) -> UsageError:
    if name in ROLES:
        role = "run_id" if name == "run" else "loss" if name == "map" else name
        hint = f"Columns are named by mapping={{{role!r}: 'column'}}."
    else:
        near = difflib.get_close_matches(name, names, n=MOST_NAMES)
        hint = f"Is it {' or '.join(near)}?" if near else f"It takes {', '.join(names)}."
    return UsageError(f"{verb} takes no {name!r}.", hint=hint)


def _nothing(report: Report[Any]) -> FitError:
    first = report.failures[0]
    several = f"None of {len(report.failures):,} groups could be answered; " if len(report.failures) > 1 else ""
    return FitError(f"{several}{group_in_full(first.group)}: {first.error}", hint=first.hint)
