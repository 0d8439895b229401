"""Further inputs of a law: held at a value or at what another law gives, or searched within a range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.option import Kind
from scaling_cli.options.read import finite, named, several, text, texts

Range = tuple[float, float] | None  # None: the range of the runs, or all shares of a mixture


LAW = re.compile(r"[a-z]{3,}(-[a-z0-9]+)*")  # names of laws
NOT_LAWS = ("nan", "inf", "infinity", "none", "true", "false")


def _held(given: Any, flag: str) -> dict[str, float | str]:
    """Names with a value or the name of a law each, from a mapping or from texts such as `bits=8`."""
    if not isinstance(given, Mapping):
        given = [part for each in texts(given, flag) for part in each.split(",")]
    return {name: _value(value, flag) for name, value in named(given, flag, "bits=8").items()}


def _value(value: Any, flag: str) -> float | str:
    if isinstance(value, str) and LAW.fullmatch(value.strip()) and value.strip() not in NOT_LAWS:
        return value.strip()
    return finite(value, flag)


HELD = Kind(
    read=_held, metavar="INPUT=VALUE[,...]", python="Mapping[str, Number | str] | str | Iterable[str]", repeats=True
)


def _searched(given: Any, flag: str) -> dict[str, Range]:
    """Names with their ranges, from a mapping or from texts such as `granularity=1..64`."""
    if isinstance(given, Mapping):
        parts = [(text(name, flag).strip(), ends) for name, ends in given.items()]
    else:
        parts = [_named(part.strip(), flag) for each in texts(given, flag) for part in each.split(",") if part.strip()]
    found: dict[str, Range] = {}
    for name, ends in parts:
        read = _ends(name, ends, flag)
        if found.setdefault(name, read) != read:
            raise UsageError(f"{flag} gives {name} two ranges.", hint="Give it once.")
    return found


def _named(part: str, flag: str) -> tuple[str, Any]:
    name, has_range, ends = (piece.strip() for piece in part.partition("="))
    if not name or (has_range and not ends):
        raise UsageError(f"{flag} is {part!r}.", hint=f"Write it like {flag} granularity=1..64, or {flag} mixture.")
    return name, ends or None


def _ends(name: str, ends: Any, flag: str) -> Range:
    """Both ends of a range, the smaller first."""
    if ends is None:
        return None
    parts = ends.split("..") if isinstance(ends, str) else list(several(ends, flag))
    if len(parts) != 2 or any(isinstance(part, str) and not part.strip() for part in parts):
        raise UsageError(
            f"{flag} {name} is {ends!r}, which does not have two ends.",
            hint=f"Write both: {flag} {name}=1..64. For one value, use --hold {name}=VALUE.",
        )
    low, high = (finite(part.strip() if isinstance(part, str) else part, flag) for part in parts)
    if low > high:
        raise UsageError(f"{flag} {name} runs from {low:g} down to {high:g}.", hint="Write the smaller end first.")
    if low == high:
        raise UsageError(
            f"{flag} {name} has one value, {low:g}, so there is nothing to search.", hint=f"Use --hold {name}={low:g}."
        )
    return low, high


SEARCHED = Kind(
    read=_searched,
    metavar="INPUT[=LOW..HIGH]",
    python="Mapping[str, tuple[float, float] | None] | str | Iterable[str]",
    repeats=True,
    record=lambda ranges: {name: None if ends is None else list(ends) for name, ends in ranges.items()},
)
