"""Places in a result by name, as `--fail-if` writes them: `alpha.low`, `loss.high`, `coverage[k=100]`, `verdict`.

A path is keys joined by points. It starts at the result, or at one of its main parts (`ROOTS`); a path that leads
nowhere from there may start at any object within the result. Lists are walked through: a path means every row, an
index (`predictions.0`) one row, and a key with a value in brackets the rows that have this value. A path that ends at
an estimate means its value. Quotes are around what has points, blanks or brackets of its own: `"A[v[2]]".low`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number

Place: TypeAlias = tuple[str, ...]

QUOTED = r"\"[^\"]*\"|'[^']*'"
BRACKETS = rf"\[(?:{QUOTED}|[^\]])*\]"
STEP = re.compile(rf"(?:{QUOTED}|{BRACKETS}|[^.\[\]])+")
ROW = re.compile(rf"(?P<name>[^\[]*)\[(?P<key>[^=\]]+)=(?P<value>\s*(?:{QUOTED})\s*|[^\]]*)\]")
PLAIN = re.compile(r"(?:[^<>=!\s\[\]\"']|\[[^\[\]\"']*\])+")  # what needs no quotes
ROOTS = ("parameters", "derived", "predictions", "allocations", "comparisons", "coverage", "forecast", "budgets")
BULK = ("draws", "group")  # keys under which no path looks
ESTIMATE = ("estimate", "low", "high")


def steps(path: str) -> Place:
    """The keys of a path, each with its brackets."""
    return tuple(STEP.findall(path))


def lookup(result: Mapping[str, object], path: Place) -> list[tuple[Place, object]]:
    """Each place to which a path leads, with its value: from the result, else from a main part, else from any object.

    From any object, a path may lead to places of several kinds: all of them are returned, for the caller to judge.
    """
    for root in ((), *((name,) for name in ROOTS)):
        places = list(_walk(result, (*root, *path), ()))
        if places:
            return places
    return [
        place
        for start, value in _inside(result, ())
        if isinstance(value, Mapping)
        for place in _walk(value, path, start)
    ]


def kind(place: Place) -> str:
    """A place without the numbers of rows: what `predictions.0.loss` and `predictions.1.loss` have in common."""
    return ".".join(step.partition("[")[0] for step in place if not step.isdigit())


def named(place: Place) -> str:
    """The path to a place and those like it in other rows, as it is typed."""
    return ".".join(written(step) for step in place if not step.isdigit())


def names(result: Mapping[str, object]) -> list[str]:
    """A short path for each number and word of a result; those of the main parts come first."""
    leaves = dict.fromkeys(_leaves(result))
    main_first = sorted(leaves, key=lambda leaf: leaf[0] not in ROOTS)
    return list(dict.fromkeys(_shortest(result, leaf) for leaf in main_first))


def row_values(result: Mapping[str, object], path: Place) -> tuple[str, list[object]]:
    """Of a path with a key in brackets, that key and its values in all rows; otherwise nothing."""
    for end, step in enumerate(path):
        if match := ROW.fullmatch(step):
            key = match["key"].strip()
            for keys in ((key,), ("at", key)):
                values = [value for _, value in lookup(result, (*path[:end], match["name"], *keys))]
                if values:
                    return key, values
    return "", []


def number_or_word(text: str) -> float | str:
    """The number that a text writes, else the text; within quotes always a word."""
    if re.fullmatch(QUOTED, text):
        return text[1:-1]
    try:
        return parse_number(text)
    except UsageError:
        return text


def written(key: str) -> str:
    """A key as a path names it: in quotes, where it has signs of its own."""
    quote = "'" if '"' in key else '"'
    return key if PLAIN.fullmatch(key) else f"{quote}{key}{quote}"


def _unquoted(text: str) -> str:
    return re.sub(QUOTED, lambda part: part[0][1:-1], text)


def _shortest(result: Mapping[str, object], leaf: Place) -> str:
    """The shortest end of a path that leads to places of this kind alone."""
    whole = ".".join(leaf)
    ends = (leaf[start:] for start in range(len(leaf) - 1, 0, -1))
    alone = next((end for end in ends if {kind(place) for place, _ in lookup(result, end)} == {whole}), leaf)
    return named(alone)


def _walk(value: object, path: Place, at: Place) -> Iterator[tuple[Place, object]]:
    """The places to which a path leads from `value`; none where it leads nowhere, and None where a value is missing."""
    if isinstance(value, (list, tuple)):
        rows = range(len(value))
        if path and path[0].isdigit():
            rows, path = rows[int(path[0]) : int(path[0]) + 1], path[1:]
        for row in rows:
            yield from _walk(value[row], path, (*at, str(row)))
    elif not path:
        yield at, value["estimate"] if isinstance(value, Mapping) and "estimate" in value else value
    elif value is None:
        yield at, None
    elif isinstance(value, Mapping):
        step, parts, rest = _first_step(value, path)
        for part in parts:
            yield from _walk(part, rest, (*at, step))


def _first_step(value: Mapping[str, object], path: Place) -> tuple[str, list[object], Place]:
    """The longest beginning of a path that is a key, which may have points in it; what it leads to, and the rest."""
    for end in range(len(path), 0, -1):
        step = ".".join(path[:end])
        if (match := ROW.fullmatch(step)) and match["name"] in value:
            return step, list(_rows(value[match["name"]], match["key"].strip(), match["value"].strip())), path[end:]
        for key in (step, _unquoted(step)):
            if key in value:
                return step, [value[key]], path[end:]
    return "", [], path


def _rows(value: object, key: str, wanted: str) -> Iterator[object]:
    """The rows of a list in which `key`, of the row or of its `at`, has the value that is wanted."""
    for row in value if isinstance(value, (list, tuple)) else ():
        holders = (row, row.get("at")) if isinstance(row, Mapping) else ()
        if any(isinstance(holder, Mapping) and key in holder and _is_same(holder[key], wanted) for holder in holders):
            yield row


def _is_same(value: object, text: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value in (text, _unquoted(text))
    wanted = number_or_word(text)
    return isinstance(wanted, float) and math.isclose(value, wanted, rel_tol=1e-9)


def _inside(value: object, at: Place) -> Iterator[tuple[Place, object]]:
    """A value and all that it holds, each with its place."""
    yield at, value
    parts: Iterator[tuple[str, object]] = iter(())
    if isinstance(value, Mapping):
        parts = ((key, part) for key, part in value.items() if key not in BULK)
    elif isinstance(value, (list, tuple)):
        parts = ((str(row), part) for row, part in enumerate(value) if isinstance(part, Mapping))
    for step, part in parts:
        yield from _inside(part, (*at, step))


def _leaves(result: Mapping[str, object]) -> Iterator[Place]:
    """The places of numbers and words, without the numbers of rows; an estimate with its interval is one place."""
    estimates = set()
    for place, value in _inside(result, ()):
        if is_estimate := isinstance(value, Mapping) and "estimate" in value:
            estimates.add(place)
        is_value = value is not None and not isinstance(value, (Mapping, list, tuple))
        if is_estimate or (is_value and not (place[-1] in ESTIMATE and place[:-1] in estimates)):
            yield tuple(step for step in place if not step.isdigit())
