"""`--fail-if`: a test on a number or a word of a result, such as `alpha.low < 0.2` or `verdict == different`.

The grammar is a path (see `document.paths`), a comparison and a number or a word; words are only equal or not. A path
that means several places, such as the loss of every prediction, trips where one of them does. What is missing trips the
test: a gate that cannot be judged must not pass.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from scaling_cli.cli.places import Place, found, kind, names, row_values, steps
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
GRAMMAR = re.compile(
    r"\s*(?P<path>(?:[^<>=!\s\[\]]|\[[^\]]*\])+)\s*(?P<comparison><=|>=|==|!=|<|>)\s*(?P<value>[^<>=!\s]+)\s*"
)
NAMED = 12  # names that a hint lists


class Gate(Record):
    """A parsed test against `value`, a number or a word."""

    text: str
    path: Place
    comparison: str
    value: float | str

    def trips(self, result: Mapping[str, object]) -> str:
        """The first place of a result, as it stands in JSON, where the test holds or cannot be judged; else empty.

        Raises:
            UsageError: The result has nothing at this path, or something of another kind.
        """
        for place, value in self._places(result):
            if value is None or COMPARISONS[self.comparison](value, self.value):
                return f"{'.'.join(place)} is {'missing' if value is None else value}"
        return ""

    def _places(self, result: Mapping[str, object]) -> list[tuple[Place, float | str | None]]:
        places = found(result, self.path)
        kinds = list(dict.fromkeys(kind(place) for place, _ in places))
        if not places:
            raise self._refusal(f"a result has no {'.'.join(self.path)}.", result)
        if len(kinds) > 1:
            raise UsageError(
                f"--fail-if {self.text!r}: {'.'.join(self.path)} may be several things.",
                hint=f"Write one of {', '.join(kinds[:NAMED])}.",
            )
        return [(place, self._comparable(value, result)) for place, value in places]

    def _comparable(self, value: object, result: Mapping[str, object]) -> float | str | None:
        """What stands at a place, where it is of the kind that the test names."""
        if isinstance(value, bool):
            value = "true" if value else "false"
        if value is None or isinstance(value, str if isinstance(self.value, str) else (int, float)):
            return value
        what = "word" if isinstance(self.value, str) else "number"
        said = f" but {value!r}" if isinstance(value, (str, int, float)) else ""
        raise self._refusal(f"{'.'.join(self.path)} is no {what}{said}.", result)

    def _refusal(self, problem: str, result: Mapping[str, object]) -> UsageError:
        """An error that names what this very result has, the nearest first."""
        import difflib

        key, values = row_values(result, self.path)
        if values:
            told = ", ".join(
                dict.fromkeys(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
            )
            return UsageError(f"--fail-if {self.text!r}: {problem}", hint=f"Rows have {key} {told}.")
        known = names(result)
        near = difflib.get_close_matches(".".join(self.path), known, n=3, cutoff=0.6)
        listed = list(dict.fromkeys([*near, *known]))
        more = f" and {len(listed) - NAMED} more, as in --json" if len(listed) > NAMED else ""
        return UsageError(
            f"--fail-if {self.text!r}: {problem}",
            hint=f"Here are {', '.join(listed[:NAMED])}{more}; .low and .high are ends of an interval, and "
            "name[key=value] is one row of several.",
        )


def parse_gate(text: str) -> Gate:
    """The test that `text` writes.

    Raises:
        UsageError: It is not a path, a comparison and a number, nor a path, == or != and a word.
    """
    match = GRAMMAR.fullmatch(text)
    value = _value(match["value"]) if match else ""
    if match is None or (isinstance(value, str) and match["comparison"] not in ("==", "!=")):
        raise UsageError(
            f"--fail-if {text!r} is not a test.",
            hint="Write a name, a comparison and a number, as in 'alpha.low < 0.2', or a word, as in "
            "'verdict == different'.",
        )
    return Gate(text, steps(match["path"]), match["comparison"], value)


def _value(text: str) -> float | str:
    try:
        return parse_number(text)
    except UsageError:
        return text
