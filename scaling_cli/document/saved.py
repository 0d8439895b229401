"""Saved reports of any command read back, with what their charts need, so that they can be shown again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from msgspec import ValidationError, convert
from msgspec.inspect import (
    DictType,
    FloatType,
    ListType,
    Metadata,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from scaling_cli.document.read import documents
from scaling_cli.errors import DataError
from scaling_cli.record import Record
from scaling_cli.results.report import Report

WRITER = "`scaling COMMAND ... -o FILE.json`"
HINT = f"Give a file that {WRITER} wrote."
CONTRADICTED = (ArithmeticError, ValueError, LookupError, TypeError, AttributeError, AssertionError, StopIteration)


def read_report(path: Path, class_of: Callable[[str], type[Record]]) -> Report[Any]:
    """The report in a JSON document, or in a file of JSON lines of one command.

    Args:
        path: The file.
        class_of: The class of a command's results.

    Raises:
        DataError: The file cannot be read, or is not what a command wrote.
    """
    parts = [_report(document, where, class_of) for where, document in documents(path, WRITER)]
    first = parts[0]
    if any(part.command != first.command for part in parts):
        raise DataError(f"{path} has results of several commands.", hint="Give the results of one command.")
    return Report(
        first.command,
        tuple(dict.fromkeys(source for part in parts for source in part.inputs)),
        {role: column for part in parts for role, column in part.columns.items()},
        first.options,
        tuple(result for part in parts for result in part.results),
        tuple(_unique(caveat for part in parts for caveat in part.caveats)),
        tuple(failure for part in parts for failure in part.failures),
    )


@contextmanager
def checked_while_shown(path: Path) -> Iterator[None]:
    """While a document is shown: what its numbers make impossible is a fault of the document, and is said as one.

    Types are checked when it is read. Whether values fit together (as many x as y, a low end below the high one, a
    name that two parts share) is known only to the views, which trust what an analysis found; a document may have been
    changed since.

    Raises:
        DataError: Its values cannot be those of one result.
    """
    try:
        yield
    except CONTRADICTED as error:
        problem = "its values do not fit together, so it was changed or damaged after it was written"
        raise DataError(f"{path}: {problem} ({type(error).__name__}: {error}).", hint=HINT) from error


def _unique(values: Any) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _report(document: Any, where: str, class_of: Callable[[str], type[Record]]) -> Report[Any]:
    if not isinstance(document, dict) or not str(document.get("schema", "")).startswith("scaling."):
        _refuse(where, "it is not a result of a command")
    command = str(document.get("command"))
    shape = class_of(command)
    results = document.get("results")
    drawing = document.get("drawing") or []
    if not isinstance(results, list):
        _refuse(where, "`results` is not a list")
    if not isinstance(drawing, list):
        _refuse(where, "`drawing` is not a list")
    merged = [_merged(result, drawing[i] if i < len(drawing) else {}) for i, result in enumerate(results)]
    kind = type_info(shape)
    try:
        return convert(
            {**document, "results": [restored(result, kind) for result in merged]},
            Report[shape],  # type: ignore[valid-type]
        )
    except ValidationError as problem:
        _refuse(where, str(problem))


def _merged(result: Any, drawing: Any) -> Any:
    """A result with the parts of its drawing in their places."""
    if isinstance(result, dict) and isinstance(drawing, dict):
        return {**result, **{name: _merged(result.get(name), part) for name, part in drawing.items()}}
    if isinstance(result, list) and isinstance(drawing, list) and len(result) == len(drawing):
        return [_merged(value, part) for value, part in zip(result, drawing, strict=True)]
    return drawing if result is None else result


def restored(value: Any, kind: Type) -> Any:
    """A JSON value as the record of `kind` holds it: null as NaN where a number is due, and keys that were left out."""
    match kind:
        case Metadata(type=inner):
            return restored(value, inner)
        case FloatType() if value is None:
            return math.nan
        case StructType(cls=record, fields=fields) if isinstance(value, dict):
            known = {field.encode_name: field for field in fields}
            unwrapped = getattr(record, "unwrapped", ())
            return {
                name: restored(_wrapped(part, name, unwrapped, known[name].type), known[name].type)
                for name, part in value.items()
                if name in known
            }
        case DictType(value_type=inner) if isinstance(value, dict):
            return {key: restored(part, inner) for key, part in value.items()}
        case VarTupleType(item_type=inner) | ListType(item_type=inner) if isinstance(value, list):
            return [restored(part, inner) for part in value]
        case UnionType(types=inners) if value is not None:
            return restored(value, next(inner for inner in inners if type(inner).__name__ != "NoneType"))
    return value


def _wrapped(part: Any, name: str, unwrapped: tuple[str, ...], kind: Type) -> Any:
    """What JSON printed without its only key, under that key again."""
    if name not in unwrapped or not isinstance(kind, DictType):
        return part
    if isinstance(part, dict) and not {"estimate", "low", "high"} <= part.keys():
        return part
    return {"": part}


def _refuse(where: str, problem: str) -> NoReturn:
    raise DataError(f"{where}: {problem}.", hint=HINT)
