"""Single numbers as people read them: with suffixes, without trailing zeros or padded exponents."""

from __future__ import annotations

import math

MISSING = "-"
PLAIN_DIGITS = 4  # of a number without an interval
LARGEST_DECIMAL = 1e6
SMALLEST_DECIMAL = 1e-3
SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def figure(number: float | None, digits: int = PLAIN_DIGITS) -> str:
    """A number on its own, to `digits` significant digits, without trailing zeros or padded exponents."""
    if number is None:
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
    return MISSING if share is None else f"{figure(100 * share, digits)} %"
