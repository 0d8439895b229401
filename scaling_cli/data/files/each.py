"""Open many files, each for a table of its own; small files with the same columns are read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaling_cli.data.cells import plain_columns
from scaling_cli.data.files.format import FILE, GZIP, ZSTD
from scaling_cli.data.files.held import Held, held
from scaling_cli.data.files.inputs import Inputs, Layout, Opened, open_inputs
from scaling_cli.data.quiet import quiet_panics
from scaling_cli.data.reader_errors import THROWN
from scaling_cli.errors import ScalingError
from scaling_cli.record import replace


def open_each(names: Sequence[str], input_format: str | None = None, most: float | None = None) -> list[Opened]:
    """The inputs of each file by itself, or the error that opening it ended with; see `open_files`.

    Files that are not small, or that cannot be read together with others, are read later, each by itself.
    """
    opened = [_opened(name, input_format, most) for name in names]
    layouts: dict[Layout, list[int]] = {}
    for place, inputs in enumerate(opened):
        if isinstance(inputs, Inputs) and _is_small(inputs):
            layouts.setdefault(next(iter(inputs.layouts)), []).append(place)
    for layout, places in layouts.items():
        paths = {inputs.files[0].path: place for place in places if isinstance(inputs := opened[place], Inputs)}
        for path, rows in _read(layout, list(paths)):
            if isinstance(inputs := opened[paths[path]], Inputs):
                opened[paths[path]] = replace(inputs, held=rows)
    return opened


def _opened(name: str, input_format: str | None, most: float | None) -> Opened:
    try:
        return open_inputs([name], input_format, most)
    except ScalingError as error:
        return error


def _is_small(inputs: Inputs) -> bool:
    """Whether the input is one file of text that was read whole to recognise it, and has columns of its layout only."""
    (kind, _), *others = inputs.layouts
    if others or len(inputs.files) > 1 or not kind.has_fixed_columns or inputs.files[0].labels:
        return False
    path = inputs.files[0].path
    if path not in inputs.digests:
        return False
    try:
        with open(path, "rb", buffering=0) as file:
            return not file.read(4).startswith((GZIP, ZSTD))
    except OSError:
        return False


def _read(layout: Layout, paths: Sequence[str]) -> Iterator[tuple[str, Held]]:
    """The rows of these files, without those of files that cannot be read, which are found by bisection."""
    kind, columns = layout
    if len(paths) < 2:
        return
    try:
        with quiet_panics():
            rows = plain_columns(kind.scan(paths, columns)).collect(engine="in-memory")
    except THROWN:
        middle = len(paths) // 2
        yield from _read(layout, paths[:middle])
        yield from _read(layout, paths[middle:])
        return
    yield from held(rows, rows[FILE], paths)
