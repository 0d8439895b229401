"""Rows of CSV as lists of cells, for the parts of files that are looked at before polars reads them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # 131,072 characters by default, less than one cell may have


def csv_rows(lines: Iterable[str], separator: str = ",", *, skip_blanks: bool = False) -> Iterator[list[str]]:
    """The rows of these lines, up to one that is no CSV, such as a line with a carriage return within."""
    try:
        yield from csv.reader(lines, delimiter=separator, skipinitialspace=skip_blanks)
    except csv.Error:
        return
