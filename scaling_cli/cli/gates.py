"""`--fail-if`: a test on a number or a word of a result, such as `alpha.low < 0.2` or `verdict == different`.

A test is a path (see `scaling_cli.cli.places`), a comparison and a number or a word; words can only be compared by ==
and !=. If a path means several places, such as the loss of every prediction, one of them is enough to fail the gate. A
missing value also fails it: a gate must not pass if its test cannot be evaluated. For the same reason,
a word that the place never holds, such as a mistyped verdict, is an error.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from scaling_cli.cli.places import (
    BRACKETS,
    QUOTED,
    Place,
    kind,
    lookup,
    named,
    names,
    number_or_word,
    row_values,
    steps,
    written,
)
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import figure
from scaling_cli.record import Record

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
GRAMMAR = re.compile(
    rf"\s*(?P<path>(?:{QUOTED}|{BRACKETS}|[^<>=!\s\[\]])+)\s*(?P<comparison><=|>=|==|!=|<|>)"
    rf"\s*(?P<value>{QUOTED}|[^<>=!\s]+)\s*"
)
SWITCH_WORDS = ("true", "false")
NO_WORDS: Mapping[str, Collection[str]] = MappingProxyType({})
NAMED = 12  # names that a hint lists
GATE_DIGITS = 6  # of the number that a test compares


class UnknownNameError(UsageError):
    """A result has nothing at the path of a gate; another result may, if it is of another law."""


class Gate(Record):
    """A parsed test against `value`, a number or a word."""

    text: str
    path: Place
    comparison: str
    value: float | str

    def trips(self, result: Mapping[str, object], allowed: Mapping[str, Collection[str]] = NO_WORDS) -> str:
        """The first place of a result, as JSON has it, where the test holds or cannot be judged; else empty.

        Args:
            result: The result.
            allowed: The only words that some keys can have, by key.

        Raises:
            UnknownNameError: The result has nothing at this path.
            UsageError: It has a value of another kind, or never this word.
        """
        places = lookup(result, self.path)
        kinds = list(dict.fromkeys(kind(place) for place, _ in places))
        if not places:
            error = self._refusal(f"the result has no {'.'.join(self.path)}.", result)
            raise UnknownNameError(error.message, hint=error.hint)
        if len(kinds) > 1:
            ways = list(dict.fromkeys(named(place) for place, _ in places))[:NAMED]
            raise self._error(f"{'.'.join(self.path)} can mean several things.", f"Write one of {', '.join(ways)}.")
        values = [(place, self._comparable(value, result)) for place, value in places]
        self._check_word(places, allowed)
        for place, value in values:
            if value is None or COMPARISONS[self.comparison](value, self.value):
                return f"{'.'.join(place)} is {_shown(value)}"
        return ""

    def _comparable(self, value: object, result: Mapping[str, object]) -> float | str | None:
        """The value at a place, if it is of the kind that the test compares with."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        if value is None or isinstance(value, str if isinstance(self.value, str) else (int, float)):
            return value
        wanted = "a word" if isinstance(self.value, str) else "a number"
        problem = f"is {value!r}, not {wanted}" if isinstance(value, (str, int, float)) else f"is not {wanted}"
        raise self._refusal(f"{'.'.join(self.path)} {problem}.", result)

    def _check_word(self, places: Sequence[tuple[Place, object]], allowed: Mapping[str, Collection[str]]) -> None:
        """Refuse a word that these places never hold."""
        if not isinstance(self.value, str):
            return
        is_switch = any(isinstance(value, bool) for _, value in places)
        words = SWITCH_WORDS if is_switch else allowed.get(places[0][0][-1], ())
        if words and self.value not in words:
            problem = f"{'.'.join(self.path)} is never {self.value!r}."
            raise self._error(problem, f"It is one of {', '.join(words)}.")

    def _refusal(self, problem: str, result: Mapping[str, object]) -> UsageError:
        """An error that lists the names that this result has, the nearest first."""
        import difflib

        key, values = row_values(result, self.path)
        if values:
            shown = [f"{value:g}" if isinstance(value, float) else written(str(value)) for value in values]
            return self._error(problem, f"The rows have {key} {', '.join(dict.fromkeys(shown))}.")
        known = names(result)
        near = difflib.get_close_matches(".".join(self.path), known, n=3, cutoff=0.6)
        listed = list(dict.fromkeys([*near, *known]))
        more = f" and {len(listed) - NAMED} more, see --json" if len(listed) > NAMED else ""
        return self._error(
            problem,
            f"The names are {', '.join(listed[:NAMED])}{more}; .low and .high are the ends of an interval, and "
            "name[key=value] is one row of several.",
        )

    def _error(self, problem: str, hint: str) -> UsageError:
        return UsageError(f"--fail-if {self.text!r}: {problem}", hint=hint)


def _shown(value: float | str | None) -> str:
    """A value as people write it; one that is compared is close to a round number at most by chance."""
    return "missing" if value is None else value if isinstance(value, str) else figure(value, GATE_DIGITS)


def parse_gate(text: str) -> Gate:
    """The test that `text` describes.

    Raises:
        UsageError: It is not a path, a comparison and a number, nor a path, == or != and a word.
    """
    match = GRAMMAR.fullmatch(text)
    value = number_or_word(match["value"]) if match else ""
    if match is None or (isinstance(value, str) and match["comparison"] not in ("==", "!=")):
        raise UsageError(
            f"--fail-if {text!r} is not a test.",
            hint="Write a name, a comparison and a number, as in 'alpha.low < 0.2', or a word, as in "
            "'verdict == different'; put a name or a word with blanks or brackets of its own in quotes, as in "
            "'\"A[v[2]]\" < 5'.",
        )
    return Gate(text, steps(match["path"]), match["comparison"], value)
