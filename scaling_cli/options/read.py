"""Values as callers write them: one or several, as numbers or as words (`"70B"`, `"1e20"`).

The shell gives text, or a list of texts where a flag may be repeated; the library may give numbers, lists, mappings or
the same text. A lone string is one text, never a sequence of characters.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import LARGEST, SMALLEST, is_computable, parse_number, parse_share

INFINITE = float("inf")
LONGEST = 60  # characters of a wrong value in a message
NUMBER = "Give a number, or text such as 70B or 1e20."


def text(given: Any, flag: str, hint: str = "Give text.") -> str:
    """One text, or a path."""
    if isinstance(given, str | os.PathLike):
        return os.fspath(given)
    shown = "" if len(repr(given)) > LONGEST else f"{given!r}, "
    raise UsageError(f"{flag} is {shown}of type {type(given).__name__}.", hint=hint)


def path(given: Any, flag: str) -> str:
    """The path of a file."""
    return text(given, flag, "Give the path of a file.")


def column(given: Any, flag: str) -> str:
    """The name of a column, without the blanks around it, which mean nothing in files either."""
    return text(given, flag).strip()


def columns(given: Any, flag: str) -> tuple[str, ...]:
    """Names of columns, one or several, each once."""
    return tuple(dict.fromkeys(column(part, flag) for part in several(given, flag)))


def several(given: Any, flag: str) -> Iterable[Any]:
    """What was given as a sequence, whether it was one value or several.

    Raises:
        UsageError: It was something else.
    """
    if isinstance(given, str | Real | os.PathLike):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        return given
    raise UsageError(f"{flag} is {given!r}.", hint="Give one value, or a list of them.")


def texts(given: Any, flag: str) -> tuple[str, ...]:
    """Texts, one or several."""
    return tuple(text(part, flag) for part in several(given, flag))


def assigned(given: Any, flag: str) -> tuple[str, ...]:
    """Texts such as `params=70B,tokens=1.4T`, one or several; each may be a mapping of names to one or more amounts."""
    parts = (given,) if isinstance(given, Mapping) else several(given, flag)
    return tuple(_assignments(part) if isinstance(part, Mapping) else text(part, flag) for part in parts)


def _assignments(amounts: Mapping[Any, Any]) -> str:
    sides = ((name, several(values, str(name))) for name, values in amounts.items())
    return ",".join(f"{name}={','.join(map(str, values))}" for name, values in sides)


def listed(given: Any, flag: str) -> tuple[str, ...]:
    """Texts, given one by one or with commas, each once."""
    parts = (part.strip() for text in texts(given, flag) for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def amount(given: Any, flag: str) -> float:
    """A number, or text such as `70B`.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(given, str):
        try:
            value = parse_number(given)
        except UsageError as error:
            raise UsageError(f"{flag}: {error.message}", hint=error.hint) from None
        return _computable(value, flag)
    if isinstance(given, Real) and not isinstance(given, bool):
        return _computable(float(given), flag)
    raise UsageError(f"{flag} is {given!r}, of type {type(given).__name__}.", hint=NUMBER)


def finite(given: Any, flag: str) -> float:
    """An amount that is neither NaN nor infinite.

    Raises:
        UsageError: It is, or no number.
    """
    value = amount(given, flag)
    if not math.isfinite(value):
        raise UsageError(f"{flag} is {given!r}.", hint=NUMBER)
    return value


def _computable(value: float, flag: str) -> float:
    if is_computable(value):
        return value
    raise UsageError(
        f"{flag} has {value:g}, which is too {'large' if abs(value) > 1 else 'small'} to compute with.",
        hint=f"Give a number between {SMALLEST:g} and {LARGEST:g}.",
    )


def numbers(given: Any, flag: str) -> tuple[float, ...]:
    """Numbers, given as such, as texts, or in one text with commas."""
    parts: list[Any] = []
    for part in several(given, flag):
        parts += [piece for piece in part.split(",") if piece.strip()] if isinstance(part, str) else [part]
    return tuple(finite(part, flag) for part in parts)


def share(given: Any, flag: str) -> float:
    """A share such as `0.4` or `40%`."""
    if not isinstance(given, str):
        return amount(given, flag)
    try:
        return parse_share(given)
    except UsageError as error:
        raise UsageError(f"{flag}: {error.message}", hint="Write a share like 0.4 or 40%.") from None


def shares(given: Any, flag: str) -> tuple[float, ...]:
    """Shares, given as such, as texts, or in one text with commas."""
    parts = (
        part for value in several(given, flag) for part in (value.split(",") if isinstance(value, str) else [value])
    )
    return tuple(share(part, flag) for part in parts)


def sides(text: str, flag: str, example: str) -> tuple[str, str]:
    """Both sides of `NAME=VALUE`.

    Raises:
        UsageError: There is no `=`, or nothing on a side.
    """
    left, separator, right = (part.strip() for part in text.partition("="))
    if not (separator and left and right):
        raise UsageError(f"{flag} is {text!r}.", hint=f"Write it like {flag} {example}.")
    return left, right


def named(given: Any, flag: str, example: str) -> dict[str, Any]:
    """Names with their values, from a mapping or from texts such as `example`.

    Raises:
        UsageError: A text has no `=`, or a name has two values.
    """
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, Any] = {}
    for part in several(given, flag):
        if not isinstance(part, str):
            kind = type(part).__name__
            raise UsageError(f"{flag} is {part!r}, of type {kind}.", hint=f"Give a dict, or text such as {example!r}.")
        name, value = sides(part, flag, example)
        if found.setdefault(name, value) != value:
            raise UsageError(f"{flag} gives {name} two values, {found[name]} and {value}.", hint="Give it once.")
    return found
