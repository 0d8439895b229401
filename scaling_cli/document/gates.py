"""`--fail-if`: a test on a number of a result, such as `alpha.low < 0.2`.

The grammar is a path, a comparison and a number. A path starts at the result, its parameters or its derived
quantities; one that ends at an estimate means its value. A number that is missing trips the test: a gate that cannot
be judged must not pass.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

from scaling_cli.errors import UsageError
from scaling_cli.record import record

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
GRAMMAR = re.compile(r"\s*(?P<path>[^<>=!\s]+)\s*(?P<comparison><=|>=|==|!=|<|>)\s*(?P<number>[^<>=!\s]+)\s*")
SHORTCUTS = ("parameters", "derived")


@record
class Gate:
    """A parsed test."""

    text: str
    path: tuple[str, ...]
    comparison: str
    number: float

    def trips(self, result: Mapping[str, object]) -> bool:
        """Whether the test holds for `result`, a result as it stands in JSON, or cannot be judged.

        Raises:
            UsageError: The result has nothing at this path.
        """
        value = self.value(result)
        return value is None or COMPARISONS[self.comparison](value, self.number)

    def value(self, result: Mapping[str, object]) -> float | None:
        """The number at the path, None where it is missing.

        Raises:
            UsageError: The result has nothing there, or no number.
        """
        value = self._find(result)
        if isinstance(value, Mapping) and "estimate" in value:
            value = value["estimate"]
        if value is not None and not isinstance(value, (int, float)):
            raise UsageError(f"--fail-if {self.text!r}: {'.'.join(self.path)} is no number.", hint=self._hint(result))
        return value

    def _find(self, result: Mapping[str, object]) -> object:
        for root in (result, *(result.get(name) for name in SHORTCUTS)):
            found, value = _follow(root, self.path)
            if found:
                return value
        raise UsageError(f"--fail-if {self.text!r}: a result has no {'.'.join(self.path)}.", hint=self._hint(result))

    def _hint(self, result: Mapping[str, object]) -> str:
        names = [name for root in SHORTCUTS if isinstance(part := result.get(root), Mapping) for name in part]
        return f"Name a number, such as {', '.join(names)} or quality.rmse_log; .low and .high are interval ends."


def parse_gate(text: str) -> Gate:
    """The test that `text` writes.

    Raises:
        UsageError: It is not a path, a comparison and a number.
    """
    match = GRAMMAR.fullmatch(text)
    try:
        number = float("nan") if match is None else float(match["number"])
        if match is None or not math.isfinite(number):
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--fail-if {text!r} is not a test.",
            hint="Write a name, a comparison and a number: 'alpha.low < 0.2'.",
        ) from None
    return Gate(text, tuple(match["path"].split(".")), match["comparison"], number)


def _follow(value: object, path: Sequence[str]) -> tuple[bool, object]:
    for step in path:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, (list, tuple)) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False, None
    return True, value
