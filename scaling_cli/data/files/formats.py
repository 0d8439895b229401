"""Find the format of a file: by its content, or by its name in the list `input_formats`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

from scaling_cli.data.files.format import Format, line_blocks
from scaling_cli.data.files.saved import begins_saved
from scaling_cli.data.files.text_logs import looks_like_table, unknown_text
from scaling_cli.data.names import unknown
from scaling_cli.errors import DataError
from scaling_cli.input_formats import FORMATS, LOGS, NAMES, SYNONYMS, TABLES


@cache
def load_format(name: str) -> Format:
    """The format called `name`, such as `csv`.

    Raises:
        UsageError: It does not exist.
    """
    name = SYNONYMS.get(name, name)
    if name not in FORMATS:
        raise unknown("input format", name, NAMES)
    module, _, constant = FORMATS[name][0].rpartition(".")
    found: Format = getattr(import_module(f"scaling_cli.data.files.{module}"), constant)
    return found


@contextmanager
def as_asked(name: str | None) -> Iterator[None]:
    """Add to an error about files that the user may have named the wrong format for them."""
    try:
        yield
    except DataError as error:
        if name is None or "--input-format" in error.hint:
            raise
        hint = f"{error.hint} Or leave --input-format out, and the format is recognised."
        raise error.hinting(hint) from error.__cause__


def format_of(path: str, head: bytes) -> Format:
    """The format of a file by its first bytes; its suffix is ignored.

    Raises:
        DataError: The file is empty, a result of this tool, or a text that is neither a table nor a known log.
    """
    if not head.strip():
        raise DataError(f"{path} is empty.", hint="Check that the job that writes it has finished, or leave it out.")
    if begins_saved(head):
        raise DataError(
            f"{path} is a result that scaling saved, not runs.",
            hint="Give the runs that it was made from, or a plan that was saved as CSV. `scaling show` shows the "
            "result again, and extrapolate, optimal-allocation and plan take a saved fit.",
        )
    # Every line of a log has a blank; most tables have none, and there may be thousands of them.
    names = FORMATS if b" " in head else TABLES
    found = next(kind for kind in map(load_format, names) if kind.recognises(head))
    if not found.line_per_row or looks_like_table(head):
        return found
    logs = [load_format(name) for name in LOGS]
    # The head may end within the line that shows the format, so it is read again as part of the whole.
    for block in line_blocks(path):
        for kind in logs:
            if kind.recognises(block):
                return kind
    raise unknown_text(path, head)
