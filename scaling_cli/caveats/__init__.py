"""Caveats: what a reader should know before using a result, each with a stable code and a sentence.

A sentence says what is wrong, what this does to the result, and what to do about it; its last part is the thing to do.
There is one module for each stage: reading runs (`data`), their inputs (`design`), fitting (`fit`), and the questions
asked of a fit (`forecast`, `comparison`, `allocation`, `coverage`, `plan`). Each has the sentences, which `sentences`
joins, and `WHEN` they are said, which only the page of all caveats reads. Codes are for `--allow CODE` and for scripts,
and do not change.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated

from msgspec import Meta

from scaling_cli.record import Record

LARGEST_WRITTEN_OUT = 1e6  # of factors
POWER = r"(?<=\d)e\+?(?=-?\d)0?(?=\d)"  # 1e+24, as Python writes 1e24
ONE_END = r"(?:from )?(?P<end>-?\d\S*) to (?P=end)(?=[,.;)]*(?:\s|$))"  # a range whose ends are written alike


class Caveat(Record):
    """One thing to know before using a result.

    Attributes:
        code: A stable name, for --allow CODE and for scripts.
        message: What is wrong, what this does to the result, and what to do.
        group: The group that it concerns; None for all.
    """

    code: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    message: str
    group: dict[str, str] | None = None


class _Sentence(Formatter):
    """Sentences with a blank before `%`, and without `+` in powers.

    Numbers may have the format `times`: 1,234, and from a million on 1.2e6. A format such as `are|is` gives the first
    word, or for one the second.
    """

    def format_field(self, value: object, format_spec: str) -> str:
        several, bar, one = format_spec.partition("|")
        if bar:
            return one if str(value) == "1" else several
        if format_spec != "times":
            text = str(super().format_field(value, format_spec))
            return f"{text[:-1]} %" if format_spec.endswith("%") else re.sub(POWER, "e", text)
        assert isinstance(value, float | int)
        mantissa, _, power = f"{value:.2g}".partition("e")
        if round(value, 0) < LARGEST_WRITTEN_OUT:
            return f"{value:,.0f}"
        return f"{mantissa}e{int(power)}" if power else mantissa  # infinity has no power


def caveat(code: str, group: dict[str, str] | None = None, **facts: object) -> Caveat:
    """The caveat `code` with its sentence filled in; `group` is empty or None if it concerns the whole result."""
    from scaling_cli.caveats.sentences import SENTENCES  # clean runs need none of them

    message = re.sub(ONE_END, r"\g<end>", _Sentence().vformat(SENTENCES[code], (), facts))
    return Caveat(code, message, group or None)
