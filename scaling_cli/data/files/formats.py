"""Find the format of a file: by its content, or by its name in the list `input_formats`."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from scaling_cli.data.files.format import Format
from scaling_cli.data.names import unknown
from scaling_cli.errors import DataError
from scaling_cli.input_formats import FORMATS, NAMES, SYNONYMS


@cache
def load_format(name: str) -> Format:
    """The format called `name`, such as `csv`.

    Raises:
        UsageError: It does not exist.
    """
    name = SYNONYMS.get(name, name)
    if name not in FORMATS:
        raise unknown("input format", name, NAMES)
    module, _, constant = FORMATS[name][0].partition(".")
    found: Format = getattr(import_module(f"scaling_cli.data.files.{module}"), constant)
    return found


def format_of(path: str, head: bytes) -> Format:
    """The format of a file by its first bytes; its suffix is ignored.

    Raises:
        DataError: The file is empty.
    """
    if not head.strip():
        raise DataError(f"{path} is empty.", hint="Check that the job that writes it has finished, or leave it out.")
    return next(kind for kind in map(load_format, FORMATS) if kind.recognises(head))
