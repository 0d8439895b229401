"""Read the files of evaluation tools, which are not tables, into rows of a known layout.

These are inspect logs (a zip or JSON), EvalPlus results, lm-eval sample files, numpy arrays and the YAML of Large
Language Monkeys. JSON lines and lists of plain records become tables as they are.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.format import HEAD, stored_head, unpacked_head
from scaling_cli.data.files.inputs import open_inputs
from scaling_cli.data.files.unpacked import check_size
from scaling_cli.data.names import listing
from scaling_cli.data.reader_errors import THROWN, explained
from scaling_cli.data.samples.arrays import array_rows
from scaling_cli.data.samples.columns import choose
from scaling_cli.data.samples.monkeys import monkeys_rows
from scaling_cli.errors import DataError

SUMMARIES, JOURNAL = "summaries.json", "_journal/"  # of an inspect log: the first only of an evaluation that finished
SHARE = re.compile(r"pass(@|_at_|_)1(,.*)?")  # a metric of lm-eval that is the share of correct responses
DOCUMENT = "doc_hash"  # of lm-eval: of the content of a document, whose number begins anew in each task
OF_LM_EVAL = ("doc_id", "filter", DOCUMENT, "n")
ZSTANDARD = 93  # a compression method of zip that Python reads only from 3.14 on
# What a file whose content is not what its first bytes promise makes its reader throw.
DAMAGE = (*THROWN, ValueError, RuntimeError, LookupError, TypeError, AttributeError, struct.error, NotImplementedError)
LOCAL_HEADER = 30  # bytes before the name of a member of a zip; the last four are the sizes of name and extra fields


def is_evaluation_file(path: str) -> bool:
    """Whether this module reads the file."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False  # the reader of tables fails, too, and explains why
    if head.startswith((b"PK\x03\x04", b"\x93NUMPY")):
        return True
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or Path(path).suffix in (".yaml", ".yml")


def read_evaluation_file(path: str, most: float | None = None) -> pl.LazyFrame:
    """The rows of such a file; `most` limits the bytes of an archive when it is unpacked.

    Raises:
        DataError: The file is damaged, or its layout is unknown.
    """
    head = unpacked_head(path, stored_head(path))
    try:
        if head.startswith(b"PK\x03\x04"):
            return _inspect_rows(_zipped_samples(path, most), path)
        if head.startswith(b"\x93NUMPY"):
            return array_rows(path)
        if Path(path).suffix in (".yaml", ".yml"):
            return monkeys_rows(path)
        return _json_rows(path)
    except DAMAGE as error:
        raise _damaged(path, error) from None


def _damaged(path: str, error: Exception) -> DataError:
    """The error for a file whose content is not what its first bytes promise."""
    if isinstance(error, json.JSONDecodeError):
        what = f"it is not valid JSON: line {error.lineno}, column {error.colno}"
    elif isinstance(error, UnicodeDecodeError):
        what = "it is not UTF-8 text"
    elif isinstance(error, zipfile.BadZipFile | zlib.error) or type(error) in (RuntimeError, NotImplementedError):
        what = "it is a zip archive that is damaged or encrypted"
    elif isinstance(error, THROWN):
        return explained(error, path)
    else:
        what = "a field is missing, or has another type than such files should have"
    return DataError(
        f"{path} cannot be read: {what}.",
        hint="Check that the file is complete, or give a table of counts with columns problem, n and c.",
    )


def _json_rows(path: str) -> pl.LazyFrame:
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        lines = (line.strip() for line in file if not line.isspace())
        first, rest = next(lines, ""), next(lines, "")  # a line may be long: it has the texts of all attempts
    if first.startswith("{") and (line := _object_or_none(first)) is not None:
        is_nested = not rest and all(isinstance(value, list | dict) for value in line.values())
        if isinstance(line.get("eval"), dict) or is_nested:
            return _document_rows(line, path)
        if "resps" in line or "filtered_resps" in line:
            return _lm_eval_rows(path)
        return _line_rows(path, line)
    return _document_rows(json.loads(Path(path).read_text("utf-8-sig")), path)


def _object_or_none(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _document_rows(document: Any, path: str) -> pl.LazyFrame:
    if isinstance(document, list):
        return _records(document, path)
    if "samples" in document and "eval" in document:
        return _inspect_rows(document["samples"], path)
    if isinstance(document.get("eval"), dict):
        return _evalplus_rows(document["eval"], path)
    if all(isinstance(outcomes, list) for outcomes in document.values()):
        return _records([{"problem": name, "correct": list(map(_outcome, of))} for name, of in document.items()], path)
    if choose(list(document), {}, "problem") is not None:
        return _records([document], path)  # one problem, over several lines
    values = list(document.values())
    if all(
        isinstance(value, dict) and choose(list(value), {}, "n") and choose(list(value), {}, "c") for value in values
    ):
        return _records([{"problem": name} | counts for name, counts in document.items()], path)
    if len(values) == 1 and isinstance(values[0], dict):
        return _document_rows(values[0], path)
    raise DataError(
        f"{path} is a JSON document of an unknown layout, with the keys {listing(list(document))}.",
        hint="Give an inspect or EvalPlus file, JSON lines, or a table of counts with columns problem, n and c.",
    )


def _outcome(attempt: Any) -> Any:
    """The outcome of an attempt; bigcode-evaluation-harness writes the number of the attempt and a report on it."""
    is_pair = isinstance(attempt, list) and len(attempt) == 2 and isinstance(attempt[1], dict)
    return attempt[1].get("passed") if is_pair else attempt


def _records(rows: list[Any], path: str) -> pl.LazyFrame:
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(
            f"{path} does not contain a list of objects.", hint="Write one JSON object per attempt or per problem."
        )
    return plain_columns(pl.DataFrame(rows, infer_schema_length=None, strict=False).lazy())


def _line_rows(path: str, first: dict[str, Any]) -> pl.LazyFrame:
    try:
        rows = pl.scan_ndjson(path, infer_schema_length=None)
        rows = plain_columns(rows)
    except PolarsError:
        # A line is cut short, or has NaN. The reader of tables accepts both, but not lists.
        if any(_is_plain_list(value) for value in first.values()):
            return _records([_flat(line) for line in _lines(path)], path)
        return open_inputs([path], "jsonl").frame()
    return rows


def _lines(path: str) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines, with an empty one for a line that is broken, such as one cut short."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        yield from (_object_or_none(line) or {} for line in file if line.strip())


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row that a table can hold: values and lists of values."""
    return {key: value for key, value in row.items() if not isinstance(value, dict | list) or _is_plain_list(value)}


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _lm_eval_rows(path: str) -> pl.LazyFrame:
    """A row for each document and filter, with the number of responses and the value of each metric."""
    rows = []
    for line in _lines(path):
        responses = line.get("resps") or [[]]
        count = len(responses[0]) if isinstance(responses[0], list) else len(responses)
        row: dict[str, Any] = dict.fromkeys(OF_LM_EVAL) | {"n": count}
        if line:
            row |= {"doc_id": str(line.get("doc_id")), "filter": str(line.get("filter", "none"))}
            row[DOCUMENT] = line.get(DOCUMENT)
        names = line.get("metrics") or []
        metrics = {name: line[name] for name in names if isinstance(line.get(name), int | float)}
        if not metrics:
            metrics = {name: line[name] for name in ("exact_match", "acc", "pass@1") if name in line}
        rows.append(row | {name: float(value) for name, value in metrics.items()})
    return _lm_eval_counts(pl.DataFrame(rows, infer_schema_length=None), path)


def _lm_eval_counts(rows: pl.DataFrame, path: str) -> pl.LazyFrame:
    metrics = rows.columns[len(OF_LM_EVAL) :]
    if not metrics:
        raise DataError(f"{path} has no metrics of single documents.", hint="Run lm-eval with --log_samples.")
    most = max(rows["n"].to_list())
    if rows[DOCUMENT].is_null().all():
        rows = rows.drop(DOCUMENT)
    if most == 1:
        return rows.drop("n").rename({metrics[0]: "correct"} if len(metrics) == 1 else {}).lazy()
    metric = next((name for name in metrics if SHARE.fullmatch(name)), metrics[0])
    share = rows[metric] * rows["n"]
    is_named = len(metrics) == 1 or SHARE.fullmatch(metric) is not None
    if not is_named or float((share - share.round()).abs().max() or 0) > 1e-6:  # type: ignore[arg-type]
        raise DataError(
            f"{path} has {most} responses per document, but no metric that gives the share of correct ones.",
            hint="With its default filter, lm-eval scores only the first response; log pass@1 for each document, or "
            "write one row per response.",
        )
    return rows.drop(metrics).with_columns(c=share.round().cast(pl.Int64)).lazy()


def _evalplus_rows(tasks: dict[str, Any], path: str) -> pl.LazyFrame:
    """One row per attempt; it is correct if it passes the base tests and, if they were run, the plus tests."""
    rows = []
    for task, attempts in tasks.items():
        for number, attempt in enumerate(attempts):
            base, plus = attempt["base_status"], attempt.get("plus_status")
            correct = base == "pass" and plus in ("pass", None)
            rows.append({"task_id": task, "attempt": number, "correct": correct, "base_status": base == "pass"})
    if not rows:
        raise DataError(f"{path} has no attempts.", hint="Check that the evaluation has finished, or leave it out.")
    return pl.DataFrame(rows).lazy()


def _zipped_samples(path: str, most: float | None) -> list[Any]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if SUMMARIES not in names:
            raise _unfinished(path, names)
        member = archive.getinfo(SUMMARIES)
        check_size(path, member.file_size, member.compress_size, most)
        if member.compress_type != ZSTANDARD:
            return list(json.loads(archive.read(member)))
    try:
        return list(json.loads(_decompressed(path, member)))
    except (PolarsError, OSError):
        raise DataError(
            f"{path} is compressed with zstandard in a form that cannot be read.",
            hint=f"Convert it: inspect log convert --to json --output-dir . {shlex.quote(path)}",
        ) from None


def _unfinished(path: str, names: list[str]) -> DataError:
    """The error for a zip without the summaries that inspect writes at the end."""
    if any(name.startswith(JOURNAL) for name in names):
        return DataError(
            f"{path} is the inspect log of an evaluation that did not finish: it has only the journal of its samples.",
            hint=f"Restore it and give the restored log: inspect log recover {shlex.quote(path)}",
        )
    return DataError(
        f"{path} is a zip archive, but not an inspect log.",
        hint="Unpack it and give the files in it; save the sheet of a .xlsx file as CSV.",
    )


def _decompressed(path: str, member: zipfile.ZipInfo) -> str:
    """The text of a member compressed with zstandard; polars decompresses it while it reads lines as cells."""
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER)
        file.seek(sum(struct.unpack("<HH", header[-4:])), os.SEEK_CUR)  # past its name and extra fields
        compressed = file.read(member.compress_size)
    lines = pl.read_csv(compressed, has_header=False, separator="\x01", quote_char=None, infer_schema=False)
    return "\n".join(lines.to_series().fill_null(""))


def _inspect_rows(samples: list[Any], path: str) -> pl.LazyFrame:
    """One row per sample and epoch; a sample that ended in an error has no score, so its outcome is missing."""
    rows = []
    for sample in samples:
        scores = {} if sample.get("error") else sample.get("scores") or {}
        row = {"id": str(sample["id"]), "epoch": int(sample.get("epoch", 1))}
        rows.append(row | dict(_outcomes(scores)))
    frame = pl.DataFrame(rows, infer_schema_length=None)
    scorers = frame.columns[2:]
    if not scorers:
        raise DataError(f"{path} has no scored samples.", hint=f"Score them: inspect score {shlex.quote(path)}")
    return frame.rename({scorers[0]: "correct"} if len(scorers) == 1 else {}).lazy()


def _outcomes(scores: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """A column for the value of each scorer, and for each of the values of one that gives several."""
    for name, score in scores.items():
        value = score.get("value")
        if isinstance(value, dict):
            yield from ((f"score_{name}_{key}", _text(one)) for key, one in value.items())
        else:
            yield f"score_{name}", _text(value)


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)
