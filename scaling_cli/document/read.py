"""Saved fits read back, so that later commands need not fit again.

A document needs only `schema`, `law` and the parameter estimates; the rest is read where it is there.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from scaling_cli.errors import DataError
from scaling_cli.fitting.intervals import INTERVALS
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, ObjectiveValue

FIT_SCHEMA = "scaling.fit/1"
HEAD_BYTES = 400  # the schema is the first key


class SavedFit(Record):
    """A fit as it was saved: `draws` follow the order of `parameters`, `level` and `method` are of the intervals."""

    group: dict[str, str]
    law: str
    parameters: dict[str, Estimate]
    draws: tuple[tuple[float, ...], ...] | None
    noise: float | None
    ranges: dict[str, tuple[float, float]]
    level: float | None
    inputs: dict[str, str]
    objective: ObjectiveValue | None
    method: str | None = None

    @property
    def resampling(self) -> str | None:
        """How the replicates were drawn: `wild` or `bootstrap`, or None without them or where that was not saved."""
        if not self.draws:
            return None
        return "bootstrap" if self.method == "bca" else self.method


def is_document(path: Path) -> bool:
    """Whether a file is a document of this tool, by what it begins with, so that runs in JSON are none."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.lstrip().startswith(b"{") and b'"scaling.' in head.partition(b'"schema"')[2][:40]


def read_fits(path: Path) -> tuple[SavedFit, ...]:
    """Every fit in a JSON document, or in a file of JSON lines.

    Raises:
        DataError: The file cannot be read, or is not what `scaling fit --json` writes.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise DataError(
            f"{path} cannot be read: {reason}.", hint="Give a file that `scaling fit --json -o FILE` wrote."
        ) from problem
    return parse_fits(text, name=str(path))


def parse_fits(text: str, *, name: str) -> tuple[SavedFit, ...]:
    """Every fit in the text of a JSON document or of JSON lines; `name` is what errors call it.

    Raises:
        DataError: The text is not what `scaling fit --json` writes.
    """
    fits = [_fit(result, where) for where, document in _documents(text, name) for result in _results(document, where)]
    if not fits:
        raise DataError(f"{name} holds no fit.", hint="Its groups may all have failed: see `failures` in it.")
    return tuple(fits)


def _documents(text: str, name: str) -> list[tuple[str, Any]]:
    """Each document with the place to name in an error."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    # A line that begins a document but does not end it belongs to an indented one.
    if len(lines) > 1 and all(line.lstrip().startswith("{") for _, line in lines):
        return [(f"{name}, line {number}", _decoded(line, f"{name}, line {number}")) for number, line in lines]
    return [(name, _decoded(text, name))]


def _decoded(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError) as problem:
        raise DataError(
            f"{where}: not valid JSON ({problem}).",
            hint="Write it again with `scaling fit --json -o FILE`; the file may have been cut short.",
        ) from problem


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _results(document: Any, where: str) -> list[Any]:
    found = document.get("schema") if isinstance(document, dict) else None
    if found == FIT_SCHEMA:
        results = document.get("results")
        options = document.get("options")
        rule = options.get("flops_rule") if isinstance(options, dict) else None
        if rule not in (None, "6ND"):
            raise DataError(
                f"{where} counts compute by {rule!r}, and a saved fit would be read by 6ND.",
                hint="Give the runs, with --flops-rule.",
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
        hint="Give a file that `scaling fit --json -o FILE` wrote.",
    )


def _fit(result: Any, where: str) -> SavedFit:
    if not isinstance(result, dict):
        _refuse(where, "a result is not an object")
    law = result.get("law")
    if not isinstance(law, str):
        _refuse(where, "a result names no `law`")
    entries = _object(result, "parameters", where)
    if not entries:
        _refuse(where, f"the fit of {law!r} has no `parameters`")
    parameters = {key: _estimate(entry, f"{where}, parameter {key}") for key, entry in entries.items()}
    interval = _object(result, "interval", where)
    level, method = interval.get("level"), interval.get("method")
    noise = result.get("noise")
    return SavedFit(
        group={key: str(value) for key, value in _object(result, "group", where).items()},
        law=law,
        parameters=parameters,
        draws=_draws(result.get("draws"), len(parameters), where),
        noise=None if noise is None else _number(noise, f"{where}, noise"),
        ranges={key: _range(pair, where) for key, pair in _object(result, "ranges", where).items()},
        level=None if level is None else _number(level, f"{where}, interval level"),
        inputs={key: str(value) for key, value in _object(result, "inputs", where).items()},
        objective=_objective(_object(result, "objective", where), where),
        method=str(method) if method in INTERVALS else None,
    )


def _object(result: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = result.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(where, f"`{key}` is not an object")
    return value


def _estimate(entry: Any, where: str) -> Estimate:
    if not isinstance(entry, dict):
        _refuse(where, 'expected {"estimate": number}')
    low, high = entry.get("low"), entry.get("high")
    return Estimate(
        estimate=_number(entry.get("estimate"), where),
        low=None if low is None else _number(low, where),
        high=None if high is None else _number(high, where),
    )


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(where, f"expected a finite number, found {json.dumps(value)[:40]}")
    return float(value)


def _range(pair: Any, where: str) -> tuple[float, float]:
    if not isinstance(pair, list) or len(pair) != 2:
        _refuse(where, "a range is not [min, max]")
    return _number(pair[0], where), _number(pair[1], where)


def _draws(rows: Any, width: int, where: str) -> tuple[tuple[float, ...], ...] | None:
    if rows is None:
        return None
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != width for row in rows):
        _refuse(where, f"`draws` are not rows of {width} numbers, one a parameter")
    return tuple(tuple(_number(value, f"{where}, draws") for value in row) for row in rows)


def _objective(entry: dict[str, Any], where: str) -> ObjectiveValue | None:
    if not {"name", "space", "value"} <= entry.keys():
        return None
    delta = entry.get("delta")
    return ObjectiveValue(
        name=str(entry["name"]),
        space=str(entry["space"]),
        delta=None if delta is None else _number(delta, f"{where}, objective"),
        value=_number(entry["value"], f"{where}, objective"),
        weights=None if entry.get("weights") is None else str(entry["weights"]),
        prior=str(entry.get("prior", "none")),
    )


def _refuse(where: str, problem: str) -> NoReturn:
    raise DataError(f"{where}: {problem}.", hint="Write it again with `scaling fit --json -o FILE`.")
