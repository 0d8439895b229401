"""Numbers as people write them: `70B`, `6e23`, `1.3 × 10^9`, `1_000`, `1,000,000`, `10PFdays`, and shares: `40%`."""

from __future__ import annotations

import math
import re

from scaling_cli.errors import UsageError
from scaling_cli.numbers.units import COMPUTE_SUFFIXES

SMALLEST, LARGEST = 1e-60, 1e60  # of amounts: their products and ratios must not overflow

POWERS = {  # of ten, that a suffix stands for
    "": 0,
    "k": 3,
    "thousand": 3,
    "m": 6,
    "million": 6,
    "b": 9,
    "bn": 9,
    "g": 9,
    "billion": 9,
    "t": 12,
    "trillion": 12,
}

# A comma is accepted only between groups of three digits: "1,5" may mean 1.5, and guessing would be
# wrong by 10x.
NUMBER = (
    r"(?i)(?P<sign>[+-]?)"
    r"(?P<digits>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?P<power>e[+-]?[0-9]+)?"
    r"\s*(?P<suffix>(?:[a-z]+(?:[-_/ ][a-z]+)*)?)"
)

# What papers and spreadsheets write otherwise: a pattern, and what stands in its place. Patterns are read by Python and
# by polars, so they look neither ahead nor back.
WRITTEN = (
    (r"^\*+([^*]+)\*+$", "$1"),  # bold in Markdown
    (r"^[~≈]\s*", ""),
    (r"−", "-"),
    (r"\s*[×x*·]\s*10(?:\^|\*\*)", "e"),
)
# Thousands may be apart by blanks of any width, or by apostrophes.
GAP = "[\u00a0\u202f\u2009 '\u2019]"
GROUPED = rf"^[+-]?[0-9]{{1,3}}(?:{GAP}[0-9]{{3}})+(?:\.[0-9]*)?\s*[A-Za-z]*$"


def _plain(text: str) -> str:
    for pattern, written in WRITTEN:
        text = re.sub(pattern, written.replace("$1", r"\1"), text)
    return re.sub(GAP, "", text) if re.fullmatch(GROUPED, text) else text


def parse_number(text: str) -> float:
    """The number a person wrote: `parse_number("70B") == 7e10`; with a unit of compute, in FLOPs.

    Raises:
        UsageError: The text is not a finite number with one of the known suffixes.
    """
    match = re.fullmatch(NUMBER, _plain(text.strip()))
    scale, unit = _scale(match["suffix"].casefold()) if match else (None, 1.0)
    if match is None or scale is None:
        raise _not_a_number(text)
    plain = match["digits"].replace(",", "").replace("_", "")
    # Scaling through the decimal exponent keeps "1.4T" the same float as 1.4e12; a product would round
    # twice.
    power = int((match["power"] or "e0")[1:]) + scale
    value = float(f"{match['sign']}{plain}e{power}") * unit
    if value in (float("inf"), float("-inf")):
        raise _not_a_number(text)
    return value


def is_computable(value: float) -> bool:
    """Whether products and powers of a number stay numbers; zero and infinity are left to the option."""
    return value == 0 or not math.isfinite(value) or SMALLEST <= abs(value) <= LARGEST


def parse_share(text: str) -> float:
    """A share as a person writes it: `parse_share("40%") == 0.4 == parse_share("0.4")`.

    Raises:
        UsageError: The text is not a number.
    """
    written = text.strip()
    if not written.endswith("%"):
        return parse_number(written)
    return float(f"{parse_number(written.removesuffix('%')) / 100:.15g}")


def _scale(suffix: str) -> tuple[int | None, float]:
    """The power of ten of a suffix, None where it is unknown, and what is left of its unit."""
    if suffix in POWERS:
        return POWERS[suffix], 1.0
    unit = re.sub(r"[-/ ]", "_", suffix)
    if unit not in COMPUTE_SUFFIXES:
        return None, 1.0
    return 0, COMPUTE_SUFFIXES[unit]


def _not_a_number(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is not a number.",
        hint="Write it like 70B, 1.4T, 160M, 124k, 6e23 or 1_000_000, with a point for decimals.",
    )
