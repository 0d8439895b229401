"""JSON for the result of any command: one document, or one line per group.

All text is ASCII: other characters and control characters, as in names of files and groups, are escaped.
"""

from __future__ import annotations

import functools
import json
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from scaling_cli.caveats import Caveat
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Report
from scaling_cli.version import __version__

Plain: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

SCHEMA_VERSION = 1
OPTIONAL = ("draws",)  # keys of a result that may be left out
NUMBERS = frozenset((float, int))
UNCHANGED = frozenset((str, int, bool, type(None)))
ENCODER = json.JSONEncoder(allow_nan=False)
MOST_DRAWN = 50_000  # points of a drawing that are kept in a document
ONE_LINE = 112  # characters up to which an object of plain values stays on its line


def schema_name(command: str) -> str:
    """What `schema` says in the documents of a command."""
    return f"scaling.{command}/{SCHEMA_VERSION}"


def to_json(report: Report[Any], *, draws: bool = True) -> str:
    """The report as one indented document; `draws` says whether it keeps replicates and drawings for later commands."""
    document = _document(report, draws=draws)
    drawing = [drawn_parts(result) for result in report.results] if draws else []
    return _indented(document | ({"drawing": drawing} if any(drawing) else {}), "") + "\n"


def drawn_parts(value: object) -> Plain:
    """What only charts use of a value, in the places where it stands; empty if there is none, or far too much."""
    if isinstance(value, tuple | list | array):
        parts = [drawn_parts(each) for each in value] if value and isinstance(value[0], Record) else []
        return parts if any(parts) else []
    if not isinstance(value, Record):
        return {}
    found: dict[str, Plain] = {}
    for name in value.__struct_fields__:
        part = getattr(value, name)
        if name in value.drawn and part is not None and _points(part) <= MOST_DRAWN:
            found[name] = whole(part)
        elif name not in value.drawn and (inner := drawn_parts(part)):
            found[name] = inner
    return found


def whole(value: object) -> Plain:
    """`value` in JSON's own types, with what only charts use."""
    if isinstance(value, Record):
        return {name: whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list | array):
        return [whole(each) for each in value]
    if isinstance(value, Mapping):
        return {key: whole(each) for key, each in value.items()}
    return plain(value)


def _points(value: object) -> int:
    """How many points a drawn part has."""
    observed = getattr(value, "observed", ())
    return len(observed) if isinstance(observed, tuple | list | array) else 0


def to_json_lines(report: Report[Any]) -> Iterator[str]:
    """One complete document per line (without its newline), for each result and each failure; none has replicates."""
    known = _Known(report.caveats)
    for result in report.results:
        line = _part(report, result.group, known)
        yield _compact(_document(replace(line, results=(result,)), draws=False))
    for failure in report.failures:
        line = _part(report, failure.group, known)
        yield _compact(_document(replace(line, failures=(failure,)), draws=False))


class _Known:
    """Caveats by the keys and the values of their groups, so that those of a group are found without a search."""

    def __init__(self, caveats: Sequence[Caveat]) -> None:
        self._by_group: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}
        self._caveats = caveats
        for place, caveat in enumerate(caveats):
            group = caveat.group or {}
            keys = tuple(sorted(group))
            self._by_group.setdefault(keys, {}).setdefault(tuple(group[key] for key in keys), []).append(place)

    def of(self, group: Mapping[str, str]) -> tuple[Caveat, ...]:
        """The caveats that concern all groups or this one, in their order."""
        places: list[int] = []
        for keys, found in self._by_group.items():
            if all(key in group for key in keys):
                places += found.get(tuple(group[key] for key in keys), [])
        return tuple(self._caveats[place] for place in sorted(places))


def _part(report: Report[Any], group: Mapping[str, str], known: _Known) -> Report[Any]:
    """The report with the inputs and caveats of one group, and as yet no result.

    Of a group that is a file, only that file is an input.
    """
    named = tuple(source for source in report.inputs if source.path == group.get("file"))
    return replace(report, inputs=named or report.inputs, results=(), caveats=known.of(group), failures=())


def _document(report: Report[Any], *, draws: bool) -> dict[str, Plain]:
    head: dict[str, Plain] = {
        "schema": schema_name(report.command),
        "tool_version": __version__,
    }
    body = plain(report)
    assert isinstance(body, dict)
    if not draws:
        for result in body["results"]:
            for name in OPTIONAL:
                result.pop(name, None)
    return head | body


def plain(value: object) -> Plain:
    """`value` in JSON's own types: records by field, tuples as lists, infinities and NaN as null."""
    if type(value) in UNCHANGED:
        return value  # type: ignore[return-value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list | array):
        if set(map(type, value)) == {float} and all(map(math.isfinite, value)):  # a replicate; there may be millions
            return list(value)
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    assert isinstance(value, Record)
    found = {name: plain(getattr(value, name)) for name in _written(type(value))}
    for name in value.unwrapped:
        inner = found[name]
        if isinstance(inner, dict) and len(inner) == 1:
            found[name] = next(iter(inner.values()))
    return found


@functools.cache
def _written(record: type[Record]) -> tuple[str, ...]:
    """The fields of a class that stand in its documents."""
    return tuple(name for name in record.__struct_fields__ if name not in record.drawn)


def _compact(value: Plain) -> str:
    # DEL is the one control character that json takes for printable ASCII.
    return ENCODER.encode(value).replace("\x7f", "\\u007f")


def _indented(value: Plain, margin: str) -> str:
    """JSON with one item per line; a list or object of plain values, such as a replicate, stays on one line."""
    if not isinstance(value, dict | list) or not value:
        return _compact(value)
    items = value.values() if isinstance(value, dict) else value
    if not any(isinstance(each, dict | list) for each in items):
        line = _compact(value)
        if isinstance(value, list) or len(margin) + len(line) <= ONE_LINE:
            return line
    inner = margin + "  "
    if isinstance(value, list) and all(map(_is_numbers, value)):
        rows_at_once = ENCODER.encode(value)[1:-1].replace("], [", f"],\n{inner}[")
        return f"[\n{inner}{rows_at_once}\n{margin}]"
    if isinstance(value, dict):
        rows = [f"{_compact(key)}: {_indented(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(inner + row for row in rows) + f"\n{margin}}}"
    return "[\n" + ",\n".join(inner + _indented(each, inner) for each in value) + f"\n{margin}]"


def _is_numbers(value: Plain) -> bool:
    return isinstance(value, list) and bool(value) and NUMBERS.issuperset(map(type, value))
