"""Numbers and names as people read them: rounded, with suffixes, and with control characters made visible."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from scaling_cli.record import Record

MISSING = "-"
PLAIN_DIGITS = 4  # of a number without an interval
LARGEST_DECIMAL = 1e6
SMALLEST_DECIMAL = 1e-3
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
INTERVAL_DIGITS = 3  # of the width of an interval: the ends differ by at least a hundred units of their last digit
MOST_DIGITS = 6  # of an estimate, however narrow its interval
WIDE_RATIO = 1e3  # above it the ends of an interval share no digit worth showing


def figure(number: float | None, digits: int = PLAIN_DIGITS) -> str:
    """A number on its own, to `digits` significant digits, without trailing zeros or padded exponents."""
    if number is None or not math.isfinite(number):
        return MISSING
    if number != 0 and not SMALLEST_DECIMAL <= abs(number) < LARGEST_DECIMAL:
        return _scientific(number, digits)
    leading = 0 if number == 0 else math.floor(math.log10(abs(number)))
    return _trimmed(f"{number:.{max(0, digits - 1 - leading)}f}")


def _scientific(number: float, digits: int) -> str:
    mantissa, exponent = f"{number:.{digits - 1}e}".split("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(number: float) -> str:
    """Params or tokens with a suffix: 44M, 16.2B, 1.4T; scientific from 1e15 on."""
    if number >= 999.5e12:
        return flops(number)
    for size, suffix in SUFFIXES:
        # 999.5K would print as 1000K: it belongs to the next suffix.
        if number >= 0.9995 * size:
            return figure(number / size, 3) + suffix
    return figure(number, 3)


def flops(number: float | None) -> str:
    """Compute in FLOPs: 5.76e23."""
    return MISSING if number is None else _scientific(number, 3)


def percent(share: float | None, digits: int = 2) -> str:
    """A share of one: 0.00512 is 0.51 %."""
    return MISSING if share is None or not math.isfinite(share) else f"{figure(100 * share, digits)} %"


class Rounded(Record):
    """An estimate and the ends of its interval as text."""

    estimate: str
    low: str
    high: str

    @property
    def interval(self) -> str:
        """`[low, high]`, or the mark of a missing value."""
        return MISSING if self.low == self.high == MISSING else f"[{self.low}, {self.high}]"

    @property
    def whole(self) -> str:
        """The estimate, and its interval where there is one."""
        return self.estimate if self.interval == MISSING else f"{self.estimate} {self.interval}"


class WithInterval(Protocol):
    """An estimate with the ends of its interval, where there are any."""

    @property
    def estimate(self) -> float | None:
        """The number itself."""

    @property
    def low(self) -> float | None:
        """The lower end."""

    @property
    def high(self) -> float | None:
        """The upper end."""


def rounded(value: WithInterval) -> Rounded:
    """The three numbers sharing their last digit, which the width of the interval decides."""
    numbers = (value.estimate, value.low, value.high)
    known = [number for number in numbers if number is not None]
    if not known:
        return Rounded(MISSING, MISSING, MISSING)
    # Positive ends that lie orders of magnitude apart: one last digit for all would erase the small ones.
    if min(known) > 0 and max(known) / min(known) > WIDE_RATIO:
        return Rounded(*(MISSING if number is None else figure(number, INTERVAL_DIGITS) for number in numbers))
    power = _shared_power(max(abs(number) for number in known))
    known = [number / 10.0**power for number in known]
    decimals = _decimals(known)
    return Rounded(
        *(MISSING if number is None else _fixed(number / 10.0**power, decimals, power) for number in numbers)
    )


def _shared_power(size: float) -> int:
    """The power of ten written out after all of them, 0 where plain decimals read well."""
    if size == 0 or SMALLEST_DECIMAL <= size < LARGEST_DECIMAL:
        return 0
    return math.floor(math.log10(size))


def _decimals(known: list[float]) -> int:
    """Decimals that give the interval's width `INTERVAL_DIGITS` digits, and no number over `MOST_DIGITS`."""
    size = max(abs(number) for number in known)
    leading = 0 if size == 0 else math.floor(math.log10(size))
    width = max(known) - min(known)
    if len(known) == 1:
        decimals = PLAIN_DIGITS - 1 - leading
    elif width == 0:
        decimals = MOST_DIGITS - 1 - leading
    else:
        decimals = INTERVAL_DIGITS - 1 - math.floor(math.log10(width))
    return max(0, min(decimals, MOST_DIGITS - 1 - leading))


def _fixed(number: float, decimals: int, power: int) -> str:
    text = f"{number:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text if power == 0 else f"{text}e{power}"


def amount(role: str, number: float) -> str:
    """A quantity in the notation of its role: params and tokens with suffixes, compute in FLOPs."""
    if role == "compute":
        return flops(number)
    return count(number) if role in ("params", "tokens", "unique_tokens") else figure(number)


def escape(text: str) -> str:
    r"""Untrusted text, with what does not print or reorders what does written out as `\x1b` or `\u202e`."""
    return "".join(character if character.isprintable() else _written_out(character) for character in text)


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def group_in_full(group: Mapping[str, str]) -> str:
    """A group by its columns: `col=value, col=value`."""
    return ", ".join(f"{column}={value}" for column, value in group.items())


def group_label(group: Mapping[str, str]) -> str:
    """A group as one name: the value of its column, `col=value, col=value` for several, else empty."""
    return next(iter(group.values())) if len(group) == 1 else group_in_full(group)


def group_name(group: Mapping[str, str]) -> str:
    """`group_label`, safe to print."""
    return escape(group_label(group))
