"""Places in a result by name, as `--fail-if` writes them: `alpha.low`, `loss.high`, `coverage[k=100]`, `verdict`.

A path is keys with points between. It starts at the result, or at one of its main parts (`ROOTS`); what stands at no
such place is looked for further down, where one place of that name suffices. Lists are walked through: a path means
every row, an index (`predictions.0`) one of them, and a key with a value in brackets those that have it. A path that
ends at an estimate means its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number

Place: TypeAlias = tuple[str, ...]

STEP = re.compile(r"(?:[^.\[\]]|\[[^\]]*\])+")
ROW = re.compile(r"(?P<name>[^\[]*)\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]")
ROOTS = ("parameters", "derived", "predictions", "allocations", "comparisons", "coverage", "forecast", "budgets")
BULK = ("draws", "group")  # no place to look for a number in
INTERVAL = ("low", "high")


def steps(path: str) -> Place:
    """The keys of a path, each with its brackets."""
    return tuple(STEP.findall(path))


def found(result: Mapping[str, object], path: Place) -> list[tuple[Place, object]]:
    """Each place that a path leads to, with what stands there: from the result, else from its main parts, else below.

    Further down, places of several kinds may answer to the name: they are all here, for the caller to judge.
    """
    for root in ((), *((name,) for name in ROOTS)):
        places = list(_walked(result, (*root, *path), ()))
        if places:
            return places
    return [place for start in _objects(result, ()) for place in _walked(start[1], path, start[0])]


def kind(place: Place) -> str:
    """A place without the numbers of rows: what `predictions.0.loss` and `predictions.1.loss` have in common."""
    return ".".join(step.partition("[")[0] for step in place if not step.isdigit())


def names(result: Mapping[str, object]) -> list[str]:
    """A short name for each number and word of a result, as a path takes it; those of the main parts come first."""
    leaves = dict.fromkeys(_leaves(result, ()))
    roots = [leaf for leaf in leaves if leaf[0] in ROOTS]
    rest = [leaf for leaf in leaves if leaf[0] not in ROOTS]
    return list(dict.fromkeys(_shortest(result, leaf) for leaf in (*roots, *rest)))


def row_values(result: Mapping[str, object], path: Place) -> tuple[str, list[object]]:
    """Of a path with a key in brackets, that key and the values that rows have there; else nothing."""
    for end, step in enumerate(path):
        if match := ROW.fullmatch(step):
            key = match["key"].strip()
            for asked in ((match["name"], key), (match["name"], "at", key)):
                values = [value for _, value in found(result, (*path[:end], *asked))]
                if values:
                    return key, values
    return "", []


def _shortest(result: Mapping[str, object], leaf: Place) -> str:
    whole = ".".join(leaf)
    for start in range(len(leaf) - 1, -1, -1):
        kinds = {kind(place) for place, _ in found(result, leaf[start:])}
        if kinds == {whole}:
            return ".".join(leaf[start:])
    return whole


def _walked(value: object, path: Place, at: Place) -> Iterator[tuple[Place, object]]:
    """What the path leads to from here; nothing where it leads nowhere, and None where something is missing."""
    if isinstance(value, (list, tuple)):
        if path and path[0].isdigit():
            rows = [int(path[0])] if int(path[0]) < len(value) else []
            path = path[1:]
        else:
            rows = list(range(len(value)))
        for row in rows:
            yield from _walked(value[row], path, (*at, str(row)))
    elif not path:
        yield at, value["estimate"] if isinstance(value, Mapping) and "estimate" in value else value
    elif value is None:
        yield at, None
    elif isinstance(value, Mapping):
        for end in range(len(path), 0, -1):  # a key may have a point in it
            step = ".".join(path[:end])
            if (match := ROW.fullmatch(step)) and match["name"] in value:
                for chosen in _rows(value[match["name"]], match["key"].strip(), match["value"].strip()):
                    yield from _walked(chosen, path[end:], (*at, step))
                return
            if step in value:
                yield from _walked(value[step], path[end:], (*at, step))
                return


def _rows(value: object, key: str, wanted: str) -> Iterator[object]:
    """The rows of a list whose key, or amount of `at`, has the value."""
    for row in value if isinstance(value, (list, tuple)) else ():
        amounts = row.get("at") if isinstance(row, Mapping) else None
        for holder in (row, amounts):
            if isinstance(holder, Mapping) and key in holder and _is_same(holder[key], wanted):
                yield row
                break


def _is_same(value: object, text: str) -> bool:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return math.isclose(value, parse_number(text), rel_tol=1e-9)
        except UsageError:
            return False
    return value == text


def _objects(value: object, at: Place) -> Iterator[tuple[Place, object]]:
    """Every object below, its place before those within it."""
    if isinstance(value, Mapping):
        yield at, value
        for key, each in value.items():
            if key not in BULK:
                yield from _objects(each, (*at, key))
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from _objects(each, (*at, str(place)))


def _leaves(value: object, at: Place) -> Iterator[Place]:
    """The kind of each place with a number or a word; an estimate with its interval is one."""
    if isinstance(value, Mapping):
        if "estimate" in value:
            yield at
        for key, each in value.items():
            if key not in BULK and not ("estimate" in value and key in ("estimate", *INTERVAL)):
                yield from _leaves(each, (*at, key))
    elif isinstance(value, (list, tuple)):
        for each in value:
            if isinstance(each, Mapping):
                yield from _leaves(each, at)
    elif value is not None and at:
        yield at
