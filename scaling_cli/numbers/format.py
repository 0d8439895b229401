"""Numbers and names as people read them: rounded, with suffixes, and with control characters made visible."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from scaling_cli.record import Record

MISSING = "-"
PLAIN_DIGITS = 4  # of a number without an interval
MOST_ASKED = 17  # digits of a number that was asked about: those of double precision
LARGEST_DECIMAL = 1e6
SMALLEST_DECIMAL = 1e-3
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
INTERVAL_DIGITS = 3  # of the width of an interval: the ends differ by at least a hundred units of their last digit
MOST_DIGITS = 6  # of an estimate, however narrow its interval
WIDE_RATIO = 1e3  # above it the ends of an interval share no digit worth showing
SCIENTIFIC_RATIO = 10.0  # likewise of numbers with a power of ten, each of which then has
SCIENTIFIC_DIGITS = 2
SMALLEST_POWER = 1e-300  # below it, a power of ten may be 0
BRIEF_DIGITS = 3  # of a number in a sentence that has no interval
BRIEF_DECIMALS, LARGEST_BRIEF = 2, 10.0  # the least decimals of a smaller number in a sentence
BRIEF_WIDTH = 2.0  # units of the last digit, at least, between the ends of an interval in a sentence


def figure(number: float | None, digits: int = PLAIN_DIGITS) -> str:
    """A number on its own, to `digits` significant digits, without trailing zeros or padded exponents."""
    if number is None or not math.isfinite(number):
        return MISSING
    if number != 0 and not SMALLEST_DECIMAL <= abs(number) < LARGEST_DECIMAL:
        return _scientific(number, digits)
    leading = 0 if number == 0 else math.floor(math.log10(abs(number)))
    return _trimmed(f"{number:.{max(0, digits - 1 - leading)}f}")


def asked(number: float | None, digits: int = PLAIN_DIGITS) -> str:
    """A number that was asked about, with the digits that tell it from a whole one: 0.99999 is not 1."""
    if number is None or not math.isfinite(number):
        return MISSING
    texts = (figure(number, more) for more in range(digits, MOST_ASKED))
    return next((text for text in texts if float(text).is_integer() == float(number).is_integer()), figure(number))


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
    return MISSING if number is None or not math.isfinite(number) else _scientific(number, 3) if number else "0"


def percent(share: float | None, digits: int = 2) -> str:
    """A share of one: 0.00512 is 0.51 %."""
    return MISSING if share is None or not math.isfinite(share) else f"{figure(100 * share, digits)} %"


def signed(number: float | None, decimals: int) -> str:
    """A difference with its sign; what rounds to zero has none."""
    if number is None or not math.isfinite(number):
        return MISSING
    text = f"{number:+.{decimals}f}"
    return text.lstrip("+-") if float(text) == 0 else text


def signed_percent(share: float | None, decimals: int = 1) -> str:
    """A difference as a share of one: 0.0123 is +1.2 %."""
    return MISSING if share is None or not math.isfinite(share) else f"{signed(100 * share, decimals)} %"


def decimal(number: float | None, decimals: int) -> str:
    """A number with so many decimals, for columns whose numbers are of one size."""
    return MISSING if number is None or not math.isfinite(number) else _fixed(number, decimals)


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
    if _is_wide(known):
        return Rounded(*(figure(number, INTERVAL_DIGITS) for number in numbers))
    size = max(abs(number) for number in known)
    if size == 0 or SMALLEST_DECIMAL <= size < LARGEST_DECIMAL:
        decimals = _decimals(known)
        return Rounded(*(MISSING if number is None else _fixed(number, decimals) for number in numbers))
    if size < SMALLEST_POWER or min(map(abs, known)) * SCIENTIFIC_RATIO < size:
        return Rounded(*(figure(number, SCIENTIFIC_DIGITS) for number in numbers))
    power = math.floor(math.log10(size))
    last = power - _decimals([number / 10.0**power for number in known])
    return Rounded(*(MISSING if number is None else _to_power(number, last) for number in numbers))


def brief(value: WithInterval, units: float = BRIEF_WIDTH) -> str:
    """The estimate and its interval for a sentence, with as few digits as tell the ends of the interval from another.

    `units` is how many units of the last digit, at least, lie between the ends.
    """
    known = [number for number in (value.estimate, value.low, value.high) if number is not None]
    size, width = max(map(abs, known), default=0.0), max(known, default=0.0) - min(known, default=0.0)
    if not SMALLEST_DECIMAL <= size < LARGEST_DECIMAL or width == 0 or _is_wide(known):
        shown = Rounded(*(figure(number, BRIEF_DIGITS) for number in (value.estimate, value.low, value.high)))
        return shown.whole
    leading = math.floor(math.log10(size))
    decimals = max(-math.floor(math.log10(width / units)), BRIEF_DECIMALS if size < LARGEST_BRIEF else 0)
    decimals = max(0, min(decimals, MOST_DIGITS - 1 - leading))
    numbers = (value.estimate, value.low, value.high)
    return Rounded(*(MISSING if number is None else _fixed(number, decimals) for number in numbers)).whole


def _is_wide(known: list[float]) -> bool:
    """Whether positive numbers lie so far from each other that decimals shared by all would erase the smallest."""
    return min(known) > 0 and max(known) / min(known) > WIDE_RATIO


def _decimals(known: list[float]) -> int:
    """Decimals that give the interval's width `INTERVAL_DIGITS` digits, and no number over `MOST_DIGITS`."""
    size = max(abs(number) for number in known)
    leading = 0 if size == 0 else math.floor(math.log10(size))
    width, most = max(known) - min(known), MOST_DIGITS - 1 - leading
    if len(known) == 1:
        decimals = PLAIN_DIGITS - 1 - leading
    elif width == 0:
        decimals = most
    else:
        decimals = INTERVAL_DIGITS - 1 - math.floor(math.log10(width))
    return max(0, min(decimals, most))


def _fixed(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def _to_power(number: float, last: int) -> str:
    """A number with its own power of ten, whose last digit stands for `10**last`."""
    if number == 0:
        return "0"
    leading = math.floor(math.log10(abs(number)))
    mantissa, power = f"{number:.{max(0, leading - last)}e}".split("e")
    return f"{mantissa}e{int(power)}"


def amount(role: str, number: float) -> str:
    """A quantity in the notation of its role: params and tokens with suffixes, compute in FLOPs."""
    if role == "compute":
        return flops(number)
    return count(number) if role in ("params", "tokens", "unique_tokens") else figure(number)


def number_of(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def with_and(names: Iterable[str]) -> str:
    """Names in a sentence: `a`, `a and b`, or `a, b and c`."""
    return _joined(names, " and ")


def with_or(names: Iterable[str]) -> str:
    """Alternatives in a sentence: `a`, `a, or b`, or `a, b, or c`."""
    return _joined(names, ", or ")


def _joined(names: Iterable[str], word: str) -> str:
    *first, last = [*names] or [""]
    return f"{', '.join(first)}{word}{last}" if first else last


def escape(text: str) -> str:
    r"""Untrusted text, with what does not print or reorders what does written out as `\x1b` or `\u202e`."""
    if text.isprintable():
        return text
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
    """`group_label`, safe to print; a loss among several goes before its group: `code_loss of adamw`."""
    others = {column: value for column, value in group.items() if column != "loss"}
    is_loss_of_group = others and len(others) < len(group)
    return escape(f"{group['loss']} of {group_label(others)}" if is_loss_of_group else group_label(group))


def is_called(label: str, name: object) -> bool:
    """Whether a group has this name, which may be a number or a truth value of the table."""
    if isinstance(name, str | bool):
        return label.lower() == str(name).lower() if isinstance(name, bool) else label == name
    try:
        return float(label) == float(name)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return label == str(name)
