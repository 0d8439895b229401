"""CSV, TSV and other text with separators, and the CSV that a W&B chart or TensorBoard exports.

Cells stay text, so that one rule reads all numbers, and no type guessed from the first rows can fail later in the file.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Sequence
from itertools import islice
from typing import Any

import polars as pl

from scaling_cli.data.cells import NESTED
from scaling_cli.data.files.csv_rows import csv_rows
from scaling_cli.data.files.decimals import POINT, decimal_sign, with_points
from scaling_cli.data.files.format import BOM, FILE, Format, text_frame
from scaling_cli.data.files.json_runs import flattened
from scaling_cli.data.files.small_files import are_many_and_small, scan_csv, scan_joined
from scaling_cli.errors import DataError

MARKDOWN_RULE = r"^(:?-+:?)?$"
ZIP = b"PK\x03\x04"
PADDED, BARE = "p", "b"  # whether cells have blanks around them
AROUND = ' "'  # a quote after a blank does not quote, so it is removed, too
SEPARATORS = (",", "\t", ";", "|")
NOT_LITERAL = r"([:,\[]\s*)-?(?:nan|inf)\b"  # numbers that Python prints and does not read

# W&B names the columns of a chart "run - metric", and adds the least and the greatest of the values averaged.
CHART_COLUMN = r"(?P<run>.+) - (?P<metric>.+?)(?P<range>__MIN|__MAX)?"

# TensorBoard exports one tag of one run to a file, whose name alone says which; a run may be a part of another.
SCALARS = "Wall time,Step,Value"
SCALARS_FILE = r"(?:.*/)?run-(?P<run>.+)-tag-(?P<tag>.+?)(?: ?\(\d+\))?\.csv(?:\.gz|\.zst)?"
TAGGED = "tagged "  # before the layout of a file whose name says the run and the tag
SPLIT_OF_RUN = r"(?P<run>.+?)[_.-](?P<split>train|eval|val|valid|validation|test)"


def _header(head: bytes) -> str:
    return head.removeprefix(BOM).lstrip(b"\r\n").split(b"\n", 1)[0].decode(errors="replace").strip("\r")


def _layout(path: str, head: bytes) -> str:
    """The separator, the decimal sign, whether cells have blanks around them, and the header line.

    Files that agree on all of these can be read together.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(
            f"{path} is UTF-16 text, but only UTF-8 can be read.",
            hint=f"Convert it: iconv -f UTF-16 -t UTF-8 {shlex.quote(path)} > runs.csv",
        )
    if head.startswith(ZIP):
        raise DataError(
            f"{path} is {'a spreadsheet' if b'xl/' in head or path.lower().endswith('.xlsx') else 'a zip archive'}, "
            "not a table in text or Parquet.",
            hint="Save the sheet of a spreadsheet (.xlsx) as CSV; unpack other archives.",
        )
    if head.startswith(b"SQLite format 3"):
        raise DataError(
            f"{path} is a database (SQLite), not a table.",
            hint="If it is MLflow's: mlflow experiments csv -x ID -o runs.csv. Else write a CSV of the runs.",
        )
    if b"\0" in head:
        raise DataError(
            f"{path} is a binary file of an unknown format.", hint="Give CSV, TSV, Parquet, JSON or TensorBoard files."
        )
    header = _header(head)
    unquoted = "".join(header.split('"')[::2])
    separator = max(SEPARATORS, key=unquoted.count)
    sign = POINT if separator == "," else decimal_sign(path, head.removeprefix(BOM).lstrip(b"\r\n"), separator)
    return separator + sign + (PADDED if _is_padded(head, separator) else BARE) + header


def _is_padded(head: bytes, separator: str) -> bool:
    """Whether there are blanks around the separator, which mean nothing."""
    mark = separator.encode()
    return separator != "\t" and b" " in head and (mark + b" " in head or b" " + mark in head)


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    rows = _cells(paths, layout)
    if layout[2] == BARE:
        return rows
    names = rows.collect_schema().names()
    bare = [name if name == FILE else name.strip(AROUND) for name in names]
    new = {name: short for name, short in zip(names, bare, strict=True) if short and bare.count(short) == 1}
    return rows.with_columns(pl.exclude(FILE).str.strip_chars(AROUND)).rename(new)


def _cells(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    rows = scan_joined(paths, layout[0]) if are_many_and_small(paths) else scan_csv(paths, layout[0])
    if re.search(rf"^\s|\s$|\s{re.escape(layout[0])}|{re.escape(layout[0])}\s", layout[2:]):
        rows = _without_blanks(rows)
    return rows if layout[1] == POINT else rows.with_columns(with_points(pl.exclude(FILE)))


def _without_blanks(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Names and cells without the blanks around them, and without the rule under the header of a Markdown table."""
    names = [name for name in rows.collect_schema().names() if name != FILE]
    bare = [name.strip() for name in names]
    if len(set(bare)) < len(bare):
        return rows
    stripped = rows.rename(dict(zip(names, bare, strict=True))).with_columns(pl.col(bare).str.strip_chars())
    is_rule = pl.all_horizontal(pl.col(bare).fill_null("").str.contains(MARKDOWN_RULE))
    is_empty = pl.all_horizontal(pl.col(bare).fill_null("") == "")
    return stripped.filter(is_empty | ~is_rule)


def _is_chart(head: bytes) -> bool:
    header = _header(head)
    return " - " in header and "__MIN" in header and "__MAX" in header and bool(_chart(header))


def _chart(header: str) -> dict[str, dict[str, str]]:
    """The columns of a chart by run and metric; empty for any other table."""
    columns = next(csv_rows([header]), [])
    matches = [re.fullmatch(CHART_COLUMN, column) for column in columns[1:]]
    runs: dict[str, dict[str, str]] = {}
    for match in matches:
        if match is None:
            return {}
        if match["range"] is None:
            runs.setdefault(match["run"], {})[match["metric"]] = match[0]
    return runs


def _scan_chart(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    """One row per run and step, from a table with one column per run."""
    rows = _cells(paths, layout)
    step = rows.collect_schema().names()[0]
    parts = [
        rows.select(
            FILE,
            pl.lit(run).alias("run_id"),
            pl.col(step).alias("step"),
            *(pl.col(column).alias(metric) for metric, column in metrics.items()),
        ).filter(pl.any_horizontal(pl.col(*metrics).is_not_null()))
        for run, metrics in _chart(layout[3:]).items()
        if metrics.keys() != {"_step"}
    ]
    if not parts:
        raise DataError(
            f"{paths[0]} is not the CSV of a W&B chart, whose columns are called 'run - metric'.",
            hint="Leave --input-format out, and the format is recognised.",
        )
    return pl.concat(parts, how="diagonal")


def _has_objects(head: bytes) -> bool:
    """Whether a cell of the first row is an object, such as the settings of a run."""
    if b"{" not in head:
        return False
    text = head.removeprefix(BOM).decode(errors="replace")
    separator = max(SEPARATORS, key=_header(head).count)
    try:
        header, *rows = islice(csv_rows(text.lstrip().splitlines(keepends=True), separator), 2)
    except ValueError:
        return False
    return any(_object(cell) for row in rows for cell in row) and not any(map(_object, header))


def _object(cell: str) -> dict[str, Any]:
    """The object that a cell holds, as JSON or Python writes it; empty for any other cell."""
    if not (cell.startswith("{") and cell.endswith("}")):
        return {}
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(cell if read is json.loads else re.sub(NOT_LITERAL, r"\1None", cell))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, dict) else {}
    return {}


def _scan_objects(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    """The cells of a table, and those of the objects in it as `column/name`.

    Raises:
        DataError: A column and a field of an object have one name.
    """
    rows = _scan(paths, layout).collect(engine="streaming")
    parts = [rows]
    for column in rows.columns:
        if column == FILE or not rows[column].str.starts_with("{").any():
            continue
        objects = [_object(cell or "") for cell in rows[column]]
        fields = text_frame([flattened(each, column + NESTED) for each in objects])
        if taken := sorted({*fields.columns} & {name for part in parts for name in part.columns}):
            raise DataError(
                f"{paths[0]} has a column {taken[0]!r}, and so does the object in its column {column!r}.",
                hint="Rename the column, so that it is clear which of the two counts.",
            )
        parts.append(fields)
        others = [None if found else cell for found, cell in zip(objects, rows[column], strict=True)]
        parts[0] = parts[0].with_columns(pl.Series(column, others, pl.String))
    return pl.concat(parts, how="horizontal").lazy()


def _layout_of_objects(path: str, head: bytes) -> str:
    if not _has_objects(head):
        raise DataError(
            f"{path} has no objects such as {{'lr': 0.1}} in the cells of its first row.",
            hint="Leave --input-format out, and the format is recognised.",
        )
    return _layout(path, head)


OBJECTS = Format(_has_objects, _layout_of_objects, _scan_objects)


def _scalars(path: str) -> tuple[str, str]:
    """The run and the column of a file that TensorBoard exported, by its name; both empty for another name."""
    if (match := re.fullmatch(SCALARS_FILE, path)) is None:
        return "", ""
    run, column = match["run"], match["tag"]
    if (part := re.fullmatch(SPLIT_OF_RUN, run)) is not None and part["split"] not in column.split("_"):
        run, column = part["run"], f"{part['split']}/{column}"
    return run, column


def _scan_scalars(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    """One row per step of a file, with the value in a column that is called after the tag."""
    if not layout.endswith(SCALARS):
        raise DataError(
            f"{paths[0]} is not a CSV that TensorBoard exported, whose columns are {SCALARS}.",
            hint="Leave --input-format out, and the format is recognised.",
        )
    if not layout.startswith(TAGGED):
        return _scan(paths, layout)
    columns: dict[str, list[str]] = {}
    for path in paths:
        columns.setdefault(_scalars(path)[1], []).append(path)
    runs = pl.col(FILE).replace_strict({path: _scalars(path)[0] for path in paths}, return_dtype=pl.String)
    parts = [
        _cells(files, layout.removeprefix(TAGGED)).select(
            FILE, runs.alias("run_id"), pl.col("Step").alias("step"), pl.col("Value").alias(column)
        )
        for column, files in columns.items()
    ]
    return pl.concat(parts, how="diagonal")


SCALARS_CSV = Format(
    lambda head: _header(head) == SCALARS,
    lambda path, head: (TAGGED if all(_scalars(path)) else "") + _layout(path, head),
    _scan_scalars,
)
CHART = Format(_is_chart, _layout, _scan_chart)
DELIMITED = Format(  # accepts anything, so it must be tried last
    lambda head: True, _layout, _scan, line_per_row=True, has_fixed_columns=True
)
