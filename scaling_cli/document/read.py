"""Saved fits read back, so that later commands need not fit again.

A document needs only `schema`, `law` and the parameter estimates; everything else is optional.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from msgspec import MsgspecError, Struct, ValidationError, convert
from msgspec.json import decode

from scaling_cli.caveats import Caveat
from scaling_cli.caveats.sentences import SENTENCES
from scaling_cli.document.levels import by_level
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.document.sound import first_fault
from scaling_cli.errors import DataError
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.report import Failure

Shape = TypeVar("Shape", bound=Record)

FIT_SCHEMA = "scaling.fit/1"
FIT_WRITER = "`scaling fit --json -o FILE`"


class _OnlyFailures(Struct):
    """The failures of a document: a large one is read in a third of the time where nothing else is wanted."""

    failures: Any = None


def read_fits(path: Path, name: str = "") -> tuple[SavedFit, ...]:
    """Every fit in a JSON document, or in a file of JSON lines; `name` is what errors call it, where not `path`.

    Raises:
        DataError: The file cannot be read, or is not what `scaling fit --json` writes.
    """
    return parse_fits(_text(path, FIT_WRITER, name), name=name or str(path))


def read_failures(path: Path, name: str = "") -> tuple[Failure, ...]:
    """The groups for which a JSON document, or a file of JSON lines, has no fit, each with its error.

    Raises:
        DataError: The file cannot be read, or is not what `scaling fit --json` writes.
    """
    found: list[Failure] = []
    for where, document in _documents(_text(path, FIT_WRITER, name), name or str(path), FIT_WRITER, _OnlyFailures):
        given = document.get("failures") if isinstance(document, dict) else getattr(document, "failures", None)
        if not isinstance(given, list | None):
            _refuse(where, "`failures` is not a list")
        found += [_converted(each, Failure, f"{where}, failures") for each in given or ()]
    return tuple(found)


def documents(path: Path, writer: str, name: str = "") -> list[tuple[str, Any]]:
    """Each JSON document of a file, with the place to name in an error.

    `writer` is the command that writes such files, and `name` is what errors call this one, where not `path`.

    Raises:
        DataError: The file cannot be read, or is not JSON.
    """
    return _documents(_text(path, writer, name), name or str(path), writer)


def _text(path: Path, writer: str, name: str = "") -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise DataError(
            f"{name or path} cannot be read: {reason}.", hint=f"Give a file that {writer} wrote."
        ) from problem


def parse_fits(text: str, *, name: str) -> tuple[SavedFit, ...]:
    """Every fit in the text of a JSON document or of JSON lines; `name` is what errors call it.

    A joint fit of several groups counts as one fit for each of them.

    Raises:
        DataError: The text is not what `scaling fit --json` writes.
    """
    fits = [
        each
        for where, document in _documents(text, name, FIT_WRITER)
        for fit in [_fit(result, where) for result in _results(document, where)]
        for each in by_level(replace(fit, known=_known(document, fit.group, where), **_loss(document, fit.group)))
    ]
    if not fits:
        raise DataError(
            f"{name} contains no fit.", hint="All of its groups may have failed; see `failures` in the file."
        )
    return tuple(fits)


def _documents(text: str, name: str, writer: str, kind: Any = Any) -> list[tuple[str, Any]]:
    """Each document with the place to name in an error; `kind` names the only fields that are wanted."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    # A line that begins a document but does not end it belongs to an indented one.
    if len(lines) > 1 and all(line.lstrip().startswith("{") for _, line in lines):
        places = [(f"{name}, line {number}", line) for number, line in lines]
        return [(where, _decoded(line, where, writer, kind)) for where, line in places]
    return [(name, _decoded(text, name, writer, kind))]


def _decoded(text: str, where: str, writer: str, kind: Any) -> Any:
    try:
        return decode(text, type=kind)
    except (MsgspecError, ValueError, RecursionError):
        pass  # json takes four times as long, but says better what is wrong
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as problem:
        raise DataError(
            f"{where}: not valid JSON ({problem}).",
            hint=f"Write it again with {writer}; the file may have been cut short.",
        ) from problem


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _results(document: Any, where: str) -> list[Any]:
    found = document.get("schema") if isinstance(document, dict) else None
    if found == FIT_SCHEMA:
        results = document.get("results")
        options = document.get("options")
        rule = options.get("flops_rule") if isinstance(options, dict) else None
        if rule not in (None, "6ND"):
            raise DataError(
                f"{where} counts compute by {rule!r}, but a saved fit always uses 6 * params * tokens (6ND).",
                hint="Give the runs instead of the saved fit, with --flops-rule.",
            )
        if isinstance(results, list):
            return results
        _refuse(where, "`results` is not a list")
    if isinstance(found, str) and found.startswith("scaling.fit/"):
        raise DataError(
            f"{where} has schema {found!r}; this version reads {FIT_SCHEMA!r}.",
            hint="Upgrade scaling-cli, or fit again with this version.",
        )
    described = f"has schema {found!r}" if isinstance(found, str) else "has no schema"
    raise DataError(
        f"{where} {described}, so it is not a saved fit.",
        hint=f"Give a file that {FIT_WRITER} wrote.",
    )


def _fit(result: Any, where: str) -> SavedFit:
    """One result as a saved fit; null counts as absent."""
    if not isinstance(result, dict):
        _refuse(where, "a result is not an object")
    given = {key: value for key, value in result.items() if value is not None}
    if isinstance(parameters := given.get("parameters"), dict):
        given["parameters"] = {
            name: _estimate(entry, f"{where}, parameter {name}") for name, entry in parameters.items()
        }
    saved = _converted(given, SavedFit, where)
    width = len(saved.parameters)
    if not width:
        _refuse(where, f"the fit of {saved.law!r} has no parameters")
    if any(len(draw) != width for draw in saved.draws or ()):
        _refuse(where, f"`draws` must be rows of {width} numbers, one per parameter")
    if fault := first_fault(saved):
        _refuse(where, fault)
    return saved


def _known(document: Any, group: dict[str, str], where: str) -> tuple[Caveat, ...]:
    """The caveats of the document about a group, or about all of its groups."""
    given = document.get("caveats") if isinstance(document, dict) else None
    if not isinstance(given, list):
        return ()
    caveats = [_converted(each, Caveat, f"{where}, caveats") for each in given]
    return tuple(each for each in caveats if each.code in SENTENCES and each.group in (None, {}, group))


def _loss(document: Any, group: dict[str, str]) -> dict[str, str | None]:
    """The column of the loss and the option for its unit, where the document has them."""
    options, columns = ((document.get(key) if isinstance(document, dict) else None) for key in ("options", "columns"))
    unit = options.get("loss_unit") if isinstance(options, dict) else None
    column = group.get("loss", columns.get("loss")) if isinstance(columns, dict) else None
    return {
        "column": column if isinstance(column, str) else None,
        "loss_unit": unit if isinstance(unit, str) else None,
    }


def _estimate(entry: Any, where: str) -> Estimate:
    saved = _converted(entry, Estimate, where)
    if saved.estimate is None:
        _refuse(where, "`estimate` is null")
    return saved


def _converted(value: Any, shape: type[Shape], where: str) -> Shape:
    try:
        return convert(value, shape)
    except ValidationError as problem:
        text, _, place = str(problem).partition(" - at `$.")
        _refuse(f"{where}, {place.rstrip('`')}" if place else where, text[0].lower() + text[1:])


def _refuse(where: str, problem: str) -> NoReturn:
    raise DataError(f"{where}: {problem}.", hint=f"Write it again with {FIT_WRITER}.")
