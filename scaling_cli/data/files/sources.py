"""The files that a result was read from, with the hash and the number of rows of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from scaling_cli.data.files.digest import Digest, digest_file
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.inputs import Inputs, UnreadFile
from scaling_cli.results.report import Source


class BackgroundHashes:
    """Hashes of the inputs, computed in a thread while polars reads the files."""

    def __init__(self, inputs: Inputs) -> None:
        """Start hashing; `sources` waits for the end."""
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._known = inputs.digests
        self._digests: dict[str, Future[Digest]] = {
            file.path: self._pool.submit(digest_file, file.path)
            for file in inputs.files
            if file.path not in inputs.digests
        }

    def sources(self, inputs: Inputs, total: int | None) -> tuple[Source, ...]:
        """Each file with its hash and rows; `total` is the number of rows of all files, if it is known."""
        digests = {
            file.path: self._known[file.path] if file.path in self._known else self._digests[file.path].result()
            for file in inputs.files
        }
        self._pool.shutdown()
        rows = _rows(inputs, digests, total)
        return tuple(Source(file.name, digests[file.path].sha256, rows[file.path]) for file in inputs.files)


def without_rows(sources: Sequence[Source]) -> list[UnreadFile]:
    """The files with a header and nothing below it: runs that stopped before they wrote a row."""
    hint = "Check that the job that writes it has finished, or leave it out."
    return [UnreadFile(each.path, f"{each.path} has no rows.", hint) for each in sources if each.rows < 1]


def _rows(inputs: Inputs, digests: Mapping[str, Digest], total: int | None) -> dict[str, int]:
    """The rows of each file: from its lines, if their sum agrees with the total, else by reading."""
    if len(inputs.files) == 1 and total is not None:
        return {inputs.files[0].path: total}
    from_lines = {path: lines - 1 for path, digest in digests.items() if (lines := digest.lines) is not None}
    are_lines_rows = all(kind.line_per_row for kind, _ in inputs.layouts) and len(from_lines) == len(digests)
    if are_lines_rows and sum(from_lines.values()) == total:  # compressed files and odd line ends have another sum
        return from_lines
    return dict.fromkeys(digests, 0) | {
        path: count for scan in inputs.scans() for path, count in _rows_by_file(scan.rows).items()
    }


def _rows_by_file(rows: pl.LazyFrame) -> dict[str, int]:
    counts = rows.select(FILE).group_by(FILE).len().collect(engine="streaming")
    return dict(zip(counts[FILE].to_list(), counts["len"].to_list(), strict=True))
