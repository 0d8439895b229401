"""The kinds of values that options take."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.option import Kind
from scaling_cli.options.read import (
    INFINITE,
    amount,
    assigned,
    column,
    columns,
    finite,
    listed,
    named,
    numbers,
    path,
    several,
    share,
    shares,
    sides,
    text,
    texts,
)

TEXT = Kind(read=text, metavar="TEXT", python="str")
COLUMN = Kind(read=column, metavar="COL", python="str")
FILE = Kind(read=path, metavar="FILE", python="str | os.PathLike[str]")
TEXTS = Kind(read=texts, metavar="TEXT", python="str | Iterable[str]", repeats=True, record=list)
ASSIGNED = Kind(read=assigned, metavar="NAME=N[,NAME=N]", repeats=True, record=list,
                python="Mapping[str, Number] | str | Iterable[Mapping[str, Number] | str]")  # fmt: skip
COLUMNS = Kind(read=columns, metavar="COL", python="str | Iterable[str]", repeats=True,
               record=lambda names: names[0] if len(names) == 1 else list(names) or None)  # fmt: skip
LISTED = Kind(read=listed, metavar="COL[,COL]", python="str | Iterable[str]", repeats=True, record=list)
NUMBERS = Kind(read=numbers, metavar="N[,N]", python="Number | Iterable[Number]", repeats=True, record=list)


def _switch(given: Any, flag: str) -> bool:
    if isinstance(given, bool):
        return given
    raise UsageError(f"{flag} is {given!r}.", hint="Give True or False.")


SWITCH = Kind(read=_switch, metavar="", python="bool", is_switch=True)


def choice(*words: str) -> Kind:
    """One of these words."""

    def read(given: Any, flag: str) -> str:
        if given in words and isinstance(given, str):
            return given
        near = difflib.get_close_matches(str(given), words, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"{flag} is {given!r}.", hint=f"{guess}Choose one of {', '.join(words)}.")

    return Kind(read=read, metavar="|".join(words), python=f"Literal[{', '.join(map(repr, words))}]")


def whole(least: int = 0, example: str = "1000") -> Kind:
    """A whole number from `least` on."""

    def read(given: Any, flag: str) -> int:
        value = finite(given, flag)
        if not value.is_integer() or (isinstance(given, Real) and not isinstance(given, Integral)):
            raise UsageError(f"{flag} is {given!r}.", hint=f"Give a whole number, such as {example}.")
        if value < least:
            raise UsageError(
                f"{flag} is {int(value)}.", hint=f"Give a whole number of at least {least}, such as {example}."
            )
        return int(value)

    return Kind(read=read, metavar="N", python="int | str")


def number(
    *,
    above: float = -INFINITE,
    least: float = -INFINITE,
    most: float = INFINITE,
    example: str = "1e9",
) -> Kind:
    """A number within limits; text may have a suffix, as in `70B`."""

    def read(given: Any, flag: str) -> float:
        value = amount(given, flag)
        if math.isfinite(value) and above < value and least <= value <= most:
            return value
        limits = [f"above {above:g}"] * (above > -INFINITE) + [f"at least {least:g}"] * (least > -INFINITE)
        limits += [f"at most {most:g}"] * (most < INFINITE)
        raise UsageError(
            f"{flag} is {value:g}.",
            hint=f"Give a number that is {' and '.join(limits) or 'finite'}, such as {example}.",
        )

    return Kind(read=read, metavar="N", python="Number")


BYTE_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2.0**10, "mi": 2.0**20, "gi": 2.0**30,
              "ti": 2.0**40}  # fmt: skip


def _bytes(given: Any, flag: str) -> float:
    if not isinstance(given, str):
        value = amount(given, flag)
    else:
        size = re.fullmatch(
            r"([0-9]+(?:\.[0-9]*)?(?:e[0-9]{1,2})?)([kmgt]?i?)b?", given.strip().lower().replace(" ", "")
        )
        value = float(size[1]) * BYTE_UNITS.get(size[2], math.nan) if size else math.nan
    if math.isfinite(value) and value > 0:
        return value
    raise UsageError(f"{flag} is {given!r}.", hint=f"Give a number of bytes, such as {flag} 20GB.")


BYTES = Kind(read=_bytes, metavar="SIZE", python="Number")


def share_between(low: float = 0.0, high: float = 1.0, *, inclusive: bool = False, example: str = "0.95") -> Kind:
    """A share between two ends, which count only where `inclusive`."""
    return Kind(read=_between(share, low, high, example, inclusive=inclusive), metavar="SHARE", python="Number")


def shares_between(example: str) -> Kind:
    """Shares, each between 0 and 1."""

    def read(given: Any, flag: str) -> tuple[float, ...]:
        check = _between(share, 0.0, 1.0, example, inclusive=False)
        return tuple(check(value, flag) for value in shares(given, flag))

    return Kind(read=read, metavar="SHARE", python="Number | Iterable[Number]", repeats=True, record=list)


def _between(read: Any, low: float, high: float, example: str, *, inclusive: bool) -> Any:
    def checked(given: Any, flag: str) -> float:
        value: float = read(given, flag)
        if low < value < high or (inclusive and value in (low, high)):
            return value
        raise UsageError(f"{flag} is {value:g}.", hint=f"Give a share between {low:g} and {high:g}, such as {example}.")

    return checked


def _amounts(example: str) -> Any:
    def read(given: Any, flag: str) -> dict[str, float]:
        return {name: finite(value, flag) for name, value in named(given, flag, example).items()}

    return read


def amounts(example: str, metavar: str = "NAME=VALUE") -> Kind:
    """Names with a number each: a mapping, or text such as `alpha=0.34`."""
    return Kind(
        read=_amounts(example), metavar=metavar, python="Mapping[str, Number] | str | Iterable[str]", repeats=True
    )


def _pairs(given: Any, flag: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for pair in several(given, flag):
        if isinstance(pair, str):
            found.append(sides(pair, flag, "alpha=beta"))
            continue
        ends = tuple(pair) if isinstance(pair, Iterable) else ()
        if len(ends) != 2 or not all(isinstance(end, str) for end in ends):
            raise UsageError(f"{flag} is {pair!r}.", hint=f"Write it like {flag} alpha=beta.")
        found.append((ends[0], ends[1]))
    return tuple(found)


PAIRS = Kind(
    read=_pairs, metavar="NAME=NAME", python="str | Iterable[str | tuple[str, str]]", repeats=True,
    record=lambda pairs: [list(pair) for pair in pairs],
)  # fmt: skip


def _bounds(given: Any, flag: str) -> dict[str, tuple[float, float]]:
    found = {}
    for name, ends in named(given, flag, "alpha=0,1").items():
        low, high = _ends(name, ends, flag)
        found[name] = (low, high)
    return found


def _ends(name: str, ends: Any, flag: str) -> tuple[float, float]:
    """The two ends of a bound; in text one may be empty, which leaves it open."""
    hint = f"Write both ends: {flag} {name}=0,1, or {flag} {name}=0, for no upper end."
    if isinstance(ends, str):
        parts: list[Any] = [part.strip() for part in ends.split(",")]
        parts = [
            edge if part == "" else part for part, edge in zip(parts, (-INFINITE, INFINITE), strict=False)
        ] + parts[2:]
    else:
        parts = list(several(ends, flag))
    if len(parts) != 2:
        raise UsageError(f"{flag} {name} is {ends!r}.", hint=hint)
    return amount(parts[0], flag), amount(parts[1], flag)


BOUNDS = Kind(
    read=_bounds, metavar="NAME=LOW,HIGH", python="Mapping[str, tuple[float, float]] | str | Iterable[str]",
    repeats=True, record=lambda bounds: {name: list(ends) for name, ends in bounds.items()},
)  # fmt: skip


def _mapping(example: str, metavar: str) -> Kind:
    """Names with a text each: a mapping, or text such as the example."""

    def read(given: Any, flag: str) -> dict[str, str]:
        if isinstance(given, str) or not isinstance(given, Mapping | Iterable):
            given = texts(given, flag)
        return {name: text(value, flag) for name, value in named(given, flag, example).items()}

    return Kind(read=read, metavar=metavar, python="Mapping[str, str] | str | Iterable[str]", repeats=True)


MAPPING = _mapping("loss=eval/loss", "ROLE=COLUMN")
FORMULAS = _mapping("'ratio = B/A'", "NAME=FORMULA")


def _by_group(given: Any, flag: str) -> dict[str, float]:
    """A quantity for each group: `12B` for all, or `NAME=12B`; the key of what is for all is empty."""
    parts = given.items() if isinstance(given, Mapping) else map(_named_quantity, several(given, flag))
    found: dict[str, float] = {}
    for name, value in ((str(name).strip(), finite(value, flag)) for name, value in parts):
        if name in found:
            hint = f"Give one, or one for each group: {flag} GROUP={value:g}."
            raise UsageError(f"{flag} has two values for {name or 'all groups'}.", hint=hint)
        if value < 0:
            raise UsageError(f"{flag} is {value:g}.", hint="Give a number of at least 0.")
        found[name] = value
    return found


def _named_quantity(part: Any) -> tuple[str, Any]:
    name, _, value = part.rpartition("=") if isinstance(part, str) else ("", "", part)
    return name, value


BY_GROUP = Kind(
    read=_by_group, metavar="[NAME=]N", python="Number | str | Iterable[Number] | Mapping[str, Number]", repeats=True
)


def _delta(given: Any, flag: str) -> float | None:
    if isinstance(given, str) and given == "auto":
        return None
    value = amount(given, flag)
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{flag} is {value:g}.", hint="Give a positive number, or auto.")
    return value


DELTA = Kind(
    read=_delta, metavar="NUMBER|auto", python="Number", record=lambda delta: "auto" if delta is None else delta
)


def _margin(given: Any, flag: str) -> float:
    value = amount(given.strip().removesuffix("x") if isinstance(given, str) else given, flag)
    if math.isfinite(value) and value > 0 and value != 1:
        return value
    raise UsageError(
        f"{flag} is {value:g}.",
        hint="Give a factor of the compute multiplier, such as 1.25, or an exponent difference, such as 0.005.",
    )


MARGIN = Kind(read=_margin, metavar="1.25|0.005", python="Number")


def _workers(given: Any, flag: str) -> str:
    if isinstance(given, Integral) and not isinstance(given, bool):
        return str(int(given))
    return text(given, flag)


JOBS = Kind(read=_workers, metavar="N|auto", python="int | str")


def _ks(given: Any, flag: str) -> str:
    """The numbers of attempts as text: `1,10,100` or `log:40`."""
    if isinstance(given, str):
        return given
    return ",".join(part if isinstance(part, str) else f"{finite(part, flag):.17g}" for part in several(given, flag))


KS = Kind(read=_ks, metavar="K,K,log:N", python="str | int | Iterable[int]")
GPU = Kind(
    read=lambda given, flag: given if isinstance(given, str) else finite(given, flag),
    metavar="FLOP/s|GPU",
    python="Number",
)
