"""Arguments as callers write them: one or several, as numbers or in the words of the command line (`"70B"`, `"1e20"`).

A lone string is one text, never a sequence of characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any, TypeAlias

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number

FIX, TIE, START, BOUND, TO = "alpha=0.34", "alpha=beta", "alpha=0.3", "alpha=0,1", "compute=1e25"  # how each is written

Amount: TypeAlias = float | str
Texts: TypeAlias = str | Iterable[str]
Numbers: TypeAlias = Amount | Iterable[Amount]
Amounts: TypeAlias = Mapping[str, Amount] | Texts
Pairs: TypeAlias = str | Iterable[str | tuple[str, str]]
Bounds: TypeAlias = Mapping[str, tuple[float, float]] | Texts


def texts(given: Texts, option: str) -> tuple[str, ...]:
    """Texts, whether one is given or several.

    Raises:
        UsageError: One of them is no text.
    """
    found = tuple(_several(given, option))
    for each in found:
        if not isinstance(each, str):
            raise UsageError(f"{option} is {each!r}.", hint="Give text, or a list of texts.")
    return found


def numbers(given: Numbers, option: str) -> tuple[float, ...]:
    """Numbers, given as such, as texts, or in one text with commas.

    Raises:
        UsageError: One of them is no number.
    """
    parts: list[Amount] = []
    for each in _several(given, option):
        parts += [part for part in each.split(",") if part.strip()] if isinstance(each, str) else [each]
    return tuple(_number(part, option) for part in parts)


def number(given: Amount | None, option: str) -> float | None:
    """A number, or None where none is given.

    Raises:
        UsageError: It is no number.
    """
    return None if given is None else _number(given, option)


def amounts(given: Amounts | None, option: str, example: str) -> dict[str, float]:
    """Names with their numbers, from a mapping or from texts such as `example`.

    Raises:
        UsageError: A text has no `=`, or a value is no number.
    """
    named = given.items() if isinstance(given, Mapping) else named_pairs(given or (), option, example)
    return {name: _number(value, option) for name, value in named}


def pairs(given: Pairs, option: str, example: str) -> list[tuple[str, str]]:
    """Pairs of names, given as such or as texts such as `example`.

    Raises:
        UsageError: One is no pair.
    """
    found: list[tuple[str, str]] = []
    for each in _several(given, option):
        if isinstance(each, str):
            found.append(_sides(each, option, example))
            continue
        sides = tuple(each) if isinstance(each, Iterable) else ()
        if len(sides) != 2 or not all(isinstance(side, str) for side in sides):
            raise UsageError(f"{option} is {each!r}.", hint=f"Write it like {option} {example}.")
        found.append((sides[0], sides[1]))
    return found


def bounds(given: Bounds | None, option: str = "--bound") -> dict[str, tuple[float, float]]:
    """Names with their least and greatest value; an end that a text leaves empty is open.

    Raises:
        UsageError: One has no comma, or does not name two numbers.
    """
    found = {}
    if isinstance(given, Mapping):
        for name, ends in given.items():
            both = numbers(ends, option)
            if len(both) != 2:
                raise UsageError(f"{option} {name} is {ends!r}.", hint=f"Give both ends, as for {option} {BOUND}.")
            found[name] = (both[0], both[1])
        return found
    for name, ends in named_pairs(given or (), option, BOUND):
        low, comma, high = (end.strip() for end in ends.partition(","))
        if not comma:
            raise UsageError(f"{option} {name} is {ends!r}.", hint=f"Write both ends: {option} alpha=0,1 or alpha=0,")
        found[name] = (parse_number(low) if low else -float("inf"), parse_number(high) if high else float("inf"))
    return found


def named_pairs(given: Texts, option: str, example: str) -> list[tuple[str, str]]:
    """Both sides of each `NAME=VALUE`, each name once.

    Raises:
        UsageError: One has no `=`, or nothing on a side, or a name occurs twice.
    """
    found: list[tuple[str, str]] = []
    for text in texts(given, option):
        name, value = _sides(text, option, example)
        if name in [known for known, _ in found]:
            raise UsageError(f"{option} names {name} twice.", hint="Give it once.")
        found.append((name, value))
    return found


def _sides(text: str, option: str, example: str) -> tuple[str, str]:
    left, separator, right = (part.strip() for part in text.partition("="))
    if not (separator and left and right):
        raise UsageError(f"{option} is {text!r}.", hint=f"Write it like {option} {example}.")
    return left, right


def _several(given: Any, option: str) -> Iterable[Any]:
    if isinstance(given, str | Real):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        return given
    raise UsageError(f"{option} is {given!r}.", hint="Give one value, or a list of them.")


def _number(given: Amount, option: str) -> float:
    if isinstance(given, str):
        return parse_number(given)
    if isinstance(given, Real) and not isinstance(given, bool):
        return float(given)
    raise UsageError(f"{option} is {given!r}.", hint="Give a number, or text such as '70B' or '1e20'.")
