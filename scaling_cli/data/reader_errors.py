"""The border of reading: what readers of files throw becomes an error for users: what is wrong, where, what to do.

Whatever a file holds, its readers throw one of `THROWN`. An error of any other kind is a bug, and stays a traceback.
polars says what failed in words for programmers. Only what names the data is taken from them: the column and a cell.
"""

from __future__ import annotations

import re
import shlex
import zipfile
import zlib
from collections.abc import Sequence

from polars.exceptions import ColumnNotFoundError, NoDataError, PanicException, PolarsError

from scaling_cli.data.names import shortened
from scaling_cli.errors import DataError

# zlib, zip and the rest of Python's library; polars, and what Rust panics with.
THROWN = (OSError, EOFError, OverflowError, RecursionError, MemoryError, UnicodeError, zlib.error, zipfile.BadZipFile,
          PolarsError, PanicException)  # fmt: skip

COLUMN = r"\bcolumn '([^'\n]+)'"
CELL = r"values?: \[\"?([^\",\]]+)"
REWRITE = "Check that the file is complete, or write it again."

# What the text of polars contains, what it means, and what to do; the first that fits is taken.
MEANINGS = (
    (r"as dtype `?str`?\b", "cannot be read: a cell begins with a quote that is never closed.",
     "Close the quote, or remove it."),
    (r"more fields than defined", "has a line with more cells than its header.",
     "Put cells that contain the separator in quotes, with no blank before the first quote, or remove the line."),
    (r"conversion from|could not parse|strict conversion", "has a cell of another type than the rest of its column",
     "Correct the cell, or choose another column with --map ROLE=COLUMN."),
    (r"cannot cast|casting|not supported for dtype|dtype", "has a column of lists, dates or other values that are not "
     "numbers or words", "Choose other columns with --map ROLE=COLUMN, or write single values into this one."),
    (r"out-of-range date", "has a date that does not exist", "Correct it, or leave the column out."),
    (r"parquet|PAR1|thrift", "cannot be read: it is a Parquet file that is damaged or cut short.", REWRITE),
)  # fmt: skip


def explained(error: BaseException, name: str) -> DataError:
    """The error about a file or table called `name` that could not be read or computed with; `error` is of `THROWN`."""
    text = str(error)
    if isinstance(error, MemoryError) or "memory allocation" in text:
        return DataError(
            f"{name} needs more memory than there is.", hint="Read fewer rows with --where, or split the file."
        )
    if isinstance(error, RecursionError):
        return DataError(f"{name} is nested too deeply to be a log.", hint="Write one flat object or line per row.")
    if isinstance(error, zlib.error | EOFError | zipfile.BadZipFile) or type(error).__name__ == "BadGzipFile":
        return DataError(f"{name} cannot be decompressed: it is damaged or cut short.", hint=REWRITE)
    if isinstance(error, UnicodeEncodeError):
        return DataError(
            f"{name} has half of a surrogate pair, which is not a character.",
            hint="Remove \\ud800 to \\udfff from its text, or write it with both halves.",
        )
    if isinstance(error, OverflowError):
        return DataError(f"{name} has a number that is too large to compute with.", hint="Correct it, or remove it.")
    if "invalid utf-8" in text or isinstance(error, UnicodeError):
        return DataError(
            f"{name} is not UTF-8 text.", hint=f"Convert it: iconv -f LATIN1 -t UTF-8 {shlex.quote(name)} > runs.csv"
        )
    if isinstance(error, NoDataError):
        return DataError(f"{name} is empty.", hint="Check the job that writes it, or leave the file out.")
    if isinstance(error, OSError):
        what = "it does not exist" if isinstance(error, FileNotFoundError) else _said(error)
        return DataError(f"{name} cannot be read: {what}.", hint="Check the path, its permissions and the disk.")
    if isinstance(error, ColumnNotFoundError):
        return DataError(
            f"{name} cannot be read: it lacks a column that it should have.",
            hint="If it changed while it was read, run the command again.",
        )
    for pattern, what, hint in MEANINGS:
        if re.search(pattern, text):
            return DataError(f"{name} {what}{'' if what.endswith('.') else _place(text) + '.'}", hint=hint)
    return DataError(f"{name} cannot be read: it is damaged, or changed while it was read.", hint=REWRITE)


def _said(error: OSError) -> str:
    """What the system says, without the name of the file."""
    return f"it cannot be opened ({error.strerror})" if error.strerror else "it cannot be opened"


def _place(text: str) -> str:
    column, cell = re.search(COLUMN, text), re.search(CELL, text)
    where = f": column {shortened(column[1])!r}" if column else ""
    return where + (f", such as {shortened(cell[1])!r}" if column and cell else "")


def together(names: Sequence[str]) -> str:
    """The name of several files that fail only together."""
    return names[0] if len(names) == 1 else f"{names[0]} together with {len(names) - 1:,} other files"
