"""Read input files, and leave out those that cannot be used while others can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import polars as pl

from scaling_cli.data.files.expand import InputFile
from scaling_cli.data.files.format import Format
from scaling_cli.data.files.inputs import Inputs, UnreadFile
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN, explained, together
from scaling_cli.errors import DataError

Table = TypeVar("Table")


class UnusableFilesError(Exception):
    """Raised by a reader of inputs to have these files left out, and the others read again."""

    def __init__(self, unread: Sequence[UnreadFile]) -> None:
        super().__init__()
        self.unread = unread


def read_usable(inputs: Inputs, read: Callable[[Inputs], Table]) -> Table:
    """What `read` makes of the inputs without the files that it cannot use, or that cannot be read to their ends.

    Raises:
        DataError: No file is left, or polars fails on all files together, but not on any one.
    """
    while True:
        try:
            with quiet_panics():
                table = read(inputs)
        except UnusableFilesError as error:
            inputs = inputs.without(error.unread)
        except THROWN as error:
            inputs = inputs.without(_unreadable_files(inputs, error))
        else:
            if not (changed := inputs.changed()):
                return table
            if len(inputs.files) == 1:
                raise DataError(changed[0].error, hint=changed[0].hint)
            inputs = inputs.without(changed)


def _unreadable_files(inputs: Inputs, error: BaseException) -> list[UnreadFile]:
    """The files that made reading fail; the error where it is not clear which they are."""
    if len(inputs.files) == 1:
        raise explained(error, inputs.files[0].name) from None
    unread = [file for (kind, layout), files in inputs.layouts.items() for file in _search(kind, layout, files)]
    if not unread:
        raise explained(error, together([file.name for file in inputs.files])) from None
    return unread


def _search(kind: Format, layout: str, files: Sequence[InputFile]) -> Iterator[UnreadFile]:
    """The files that cannot be read, found by bisection, so that a thousand readable ones cost a few scans."""
    try:
        with quiet_panics():
            kind.scan([file.path for file in files], layout).select(pl.all().count()).collect(engine="streaming")
    except THROWN as error:
        if len(files) == 1:
            unread = explained(error, files[0].name)
            yield UnreadFile(files[0].name, unread.message, unread.hint)
            return
        middle = len(files) // 2
        yield from _search(kind, layout, files[:middle])
        yield from _search(kind, layout, files[middle:])
