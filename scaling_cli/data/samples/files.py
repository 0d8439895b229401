"""Files that evaluation tools write and that are no tables: each becomes rows of a known layout.

Inspect logs (a zip or JSON), EvalPlus results, lm-eval sample files, arrays of numpy and the YAML of Large Language
Monkeys. JSON lines and arrays of plain records come out as tables.
"""

from __future__ import annotations

import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data.files.format import read_head
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.data.names import listing
from scaling_cli.errors import DataError

ZSTANDARD = 93  # the zip method that Python's zipfile reads only from 3.14 on
LOCAL_HEADER = 30  # bytes before the name of a member of a zip; the last four are the sizes of what follows


def is_special(path: str) -> bool:
    """Whether the file is one of those that this module reads."""
    try:
        raw, head = read_head(path)
    except (OSError, EOFError, zlib.error):
        return False  # nor can tables be read from it, whose reader says why
    if raw is not head:
        return False  # packed text goes to the readers of tables
    if head.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        return True
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or Path(path).suffix in (".yaml", ".yml")


def read_special(path: str) -> pl.LazyFrame:
    """The rows of such a file.

    Raises:
        DataError: It is not what it seems, or of a kind that is not known.
    """
    _, head = read_head(path)
    try:
        if head.startswith(b"PK\x03\x04"):
            return _inspect_rows(_zipped_samples(path), path)
        if head.startswith(b"\x93NUMPY"):
            return _array_rows(path)
        if Path(path).suffix in (".yaml", ".yml"):
            return _monkeys_rows(path)
        return _json_rows(path, head)
    except (json.JSONDecodeError, UnicodeDecodeError, zipfile.BadZipFile, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} cannot be read: {type(error).__name__}: {error}.",
            hint="Check that the file is whole, or give a table of counts: problem, n, c.",
        ) from None


def _json_rows(path: str, head: bytes) -> pl.LazyFrame:
    first = head.decode("utf-8-sig", errors="replace").lstrip().split("\n", 1)[0]
    if first.startswith("{") and (line := _object_or_none(first)) is not None:
        if "eval" in line and isinstance(line["eval"], dict):
            return _document_rows(line, path)
        if "resps" in line or "filtered_resps" in line:
            return _lm_eval_rows(path)
        return _line_rows(path, line)
    return _document_rows(json.loads(Path(path).read_text("utf-8-sig")), path)


def _object_or_none(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _document_rows(document: Any, path: str) -> pl.LazyFrame:
    if isinstance(document, list):
        return _records(document, path)
    if "samples" in document and "eval" in document:
        return _inspect_rows(document["samples"], path)
    if isinstance(document.get("eval"), dict):
        return _evalplus_rows(document["eval"])
    if all(isinstance(each, list) for each in document.values()):
        return _records([{"problem": key, "correct": each} for key, each in document.items()], path)
    raise DataError(
        f"{path} is a JSON document of no known layout, with {listing(list(document))}.",
        hint="Give an inspect or EvalPlus file, JSON lines, or a table of counts: problem, n, c.",
    )


def _records(rows: list[Any], path: str) -> pl.LazyFrame:
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path} holds no list of records.", hint="Write one object an attempt or a problem.")
    return pl.DataFrame(rows, infer_schema_length=None, strict=False).lazy()


def _line_rows(path: str, first: dict[str, Any]) -> pl.LazyFrame:
    try:
        rows = pl.scan_ndjson(path, infer_schema_length=None)
        rows.collect_schema()
    except PolarsError:
        # A line cut short, or NaN: the reader of tables takes both, but knows no lists.
        if any(_is_plain_list(value) for value in first.values()):
            return _records([_flat(line) for line in _lines(path)], path)
        return open_inputs([path], "jsonl").frame()
    return rows


def _lines(path: str) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, an empty one for a line that is none, such as one cut short."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        yield from (_object_or_none(line) or {} for line in file if line.strip())


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """What a table can hold of a row."""
    return {key: value for key, value in row.items() if not isinstance(value, dict | list) or _is_plain_list(value)}


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(each, dict | list) for each in value)


def _lm_eval_rows(path: str) -> pl.LazyFrame:
    """A row for each document and filter: how many responses, and what each metric says of them."""
    rows = []
    for line in _lines(path):
        responses = line.get("resps") or [[]]
        count = len(responses[0]) if isinstance(responses[0], list) else len(responses)
        row: dict[str, Any] = {"doc_id": None, "filter": None, "n": count}
        if line:
            row |= {"doc_id": str(line.get("doc_id")), "filter": str(line.get("filter", "none"))}
        metrics = line.get("metrics") or []
        found = {name: line[name] for name in metrics if isinstance(line.get(name), int | float)}
        if not found:
            found = {name: line[name] for name in ("exact_match", "acc", "pass@1") if name in line}
        rows.append(row | {name: float(value) for name, value in found.items()})
    return _lm_eval_counts(pl.DataFrame(rows, infer_schema_length=None), path)


def _lm_eval_counts(rows: pl.DataFrame, path: str) -> pl.LazyFrame:
    metrics = rows.columns[3:]
    if not metrics:
        raise DataError(f"{path} has no metric for each document.", hint="Run lm-eval with --log_samples.")
    most = max(rows["n"].to_list())
    if most == 1:
        return rows.drop("n").rename({metrics[0]: "correct"} if len(metrics) == 1 else {}).lazy()
    share = rows[metrics[0]] * rows["n"]
    if len(metrics) > 1 or float((share - share.round()).abs().max() or 0) > 1e-6:  # type: ignore[arg-type]
        raise DataError(
            f"{path} has {most} responses a document, but no metric that counts the right ones among them.",
            hint="lm-eval scores only the first response under its default filter: log a per-document pass@1, or "
            "give one row a response.",
        )
    return rows.select("doc_id", "filter", "n", c=share.round().cast(pl.Int64)).lazy()


def _evalplus_rows(tasks: dict[str, Any]) -> pl.LazyFrame:
    """A row for each attempt; `correct` passes the base tests and, where they were run, the plus tests."""
    rows = []
    for task, attempts in tasks.items():
        for number, attempt in enumerate(attempts):
            base, plus = attempt["base_status"], attempt.get("plus_status")
            correct = base == "pass" and plus in ("pass", None)
            rows.append({"task_id": task, "attempt": number, "correct": correct, "base_status": base == "pass"})
    return pl.DataFrame(rows).lazy()


def _zipped_samples(path: str) -> list[Any]:
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("summaries.json")
        if member.compress_type != ZSTANDARD:
            return list(json.loads(archive.read(member)))
    try:
        return list(json.loads(_unpacked(path, member)))
    except (PolarsError, OSError):
        raise DataError(
            f"{path} is packed with zstandard in a way that cannot be unpacked here.",
            hint=f"Convert it: inspect log convert --to json --output-dir . {path}",
        ) from None


def _unpacked(path: str, member: zipfile.ZipInfo) -> str:
    """The text of a member packed with zstandard, which polars unpacks as it reads a table: a line is a cell."""
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER)
        file.seek(sum(struct.unpack("<HH", header[-4:])), os.SEEK_CUR)  # past its name and extra fields
        packed = file.read(member.compress_size)
    lines = pl.read_csv(packed, has_header=False, separator="\x01", quote_char=None, infer_schema=False)
    return "\n".join(lines.to_series().fill_null(""))


def _inspect_rows(samples: list[Any], path: str) -> pl.LazyFrame:
    """A row for each sample and epoch; one whose run ended in an error has no score, and so is missing."""
    rows = []
    for sample in samples:
        scores = {} if sample.get("error") else sample.get("scores") or {}
        row = {"id": str(sample["id"]), "epoch": int(sample.get("epoch", 1))}
        rows.append(row | {f"score_{name}": _text(score.get("value")) for name, score in scores.items()})
    frame = pl.DataFrame(rows, infer_schema_length=None)
    scorers = frame.columns[2:]
    if not scorers:
        raise DataError(f"{path} has no scored sample.", hint="Score it: inspect score.")
    return frame.rename({scorers[0]: "correct"} if len(scorers) == 1 else {}).lazy()


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _array_rows(path: str) -> pl.LazyFrame:
    try:
        array = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{path} cannot be read: {error}.", hint="Save a matrix of 0 and 1.") from None
    if array.ndim != 2:
        raise DataError(f"{path} has {array.ndim} dimensions.", hint="Save a matrix: problems by attempts.")
    return pl.DataFrame(array.astype(np.float64), schema=[f"a{i}" for i in range(array.shape[1])]).lazy()


def _monkeys_rows(path: str) -> pl.LazyFrame:
    """One problem: the list `is_corrects` of a YAML file. Text of samples is indented, so no key can hide in it."""
    found: list[bool] = []
    inside = False
    with open(path, encoding="utf-8-sig") as file:
        for line in file:
            if inside and not line.startswith(("-", " ")):
                break
            inside = inside or line.startswith("is_corrects:")
            words = re.findall(r"[a-z]+", line.lower()) if inside else []
            found += [word == "true" for word in words if word in ("true", "false")]
    if not found:
        raise DataError(f"{path} has no list is_corrects.", hint="Give a table of counts instead: problem, n, c.")
    return pl.DataFrame({"problem": [Path(path).stem], "is_corrects": [found]}).lazy()
