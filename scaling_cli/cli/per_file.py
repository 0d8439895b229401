"""`--per-file`: one result per file, written as soon as the order of the files allows."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_cli.cli.inputs import is_result
from scaling_cli.cli.output import chosen_format
from scaling_cli.cli.progress import progress
from scaling_cli.cli.show import deliver
from scaling_cli.cli.sink import open_sink
from scaling_cli.cli.verdict import Gates, Verdict, judged, say
from scaling_cli.errors import UsageError
from scaling_cli.jobs import Workers
from scaling_cli.numbers.format import escape, number_of
from scaling_cli.options.output import Drawn, Output
from scaling_cli.report.pages.look import Look
from scaling_cli.report.written_files import check_not_read
from scaling_cli.verbs import each_file as work
from scaling_cli.verbs.common import FILE

if TYPE_CHECKING:
    from scaling_cli.options.work import Batch
    from scaling_cli.report.pages.page import View

SHOWN = 5  # failed files named in the summary; the lines have them all


def deliver_each(
    runs: Sequence[str],
    suffixes: Sequence[str],
    verb: work.Verb,
    batch: Batch,
    workers: Workers,
    output: Output,
    view: View,
    many: work.Many | None = None,
    contents: Mapping[str, str] = work.NO_CONTENTS,
) -> int:
    """Analyse each file, write the results, and return the exit code of them all.

    In folders, only files with one of `suffixes` are read. `many` answers like `verb`, but for many files at once.
    `contents` has the hashes of files that the options name.
    """
    is_streamed = chosen_format(output, Look()) == "jsonl"
    if batch.resume and not (batch.per_file and is_streamed and output.output):
        raise UsageError(
            "--resume works only with a file of JSON lines.", hint="Write --per-file --format jsonl -o FILE."
        )
    if is_streamed and (output.report or (isinstance(output, Drawn) and output.figure)):
        raise UsageError("--figure and --report cannot be combined with JSON lines.", hint="Leave them out.")
    names = _logs(work.file_names(runs, suffixes), output.output)
    kept = work.read_kept(output.output, names, verb, contents) if batch.resume and output.output else {}
    with progress(output, "Files") as on_progress:
        answers = work.ask_each(names, verb, many=many, kept=kept, workers=workers, on_progress=on_progress)
        if not is_streamed:
            reports = [answer for answer in answers if not isinstance(answer, work.Kept)]
        else:
            tally = _stream(answers, output, {name: kept[name] for name in names if name in kept}, contents)
    if not is_streamed:
        return deliver(work.merged(reports[0].command, reports), output, view)
    if not output.quiet:
        sys.stderr.write(tally.summary(len(names)))
    return say(tally.verdict())


def _logs(names: list[str], output: str | None) -> list[str]:
    """The files to read: an earlier result, which the new one replaces, is left out.

    Raises:
        UsageError: The file to write is a log.
    """
    if output is None or not os.path.isfile(output):
        return names
    if not is_result(output):
        check_not_read([Path(output)], names)
    return [name for name in names if not (os.path.exists(name) and os.path.samefile(name, output))]


class _Tally:
    """Counts of the results, caveats and failures in the lines."""

    def __init__(self, output: Output) -> None:
        self._output, self._results, self._gates = output, 0, Gates(output)
        self._codes: set[str] = set()
        self._failed: list[str] = []

    def add(self, line: str) -> None:
        """Count one line."""
        document: dict[str, Any] = json.loads(line)
        self._results += len(document["results"])
        for failure in document["failures"]:
            self._failed.append(f"{failure['group'].get(FILE, '')}: {failure['error']}")
        self._codes |= {caveat["code"] for caveat in document["caveats"]}
        self._gates.add(document["results"], document["command"])

    def verdict(self) -> Verdict:
        """The verdict on all files, as on one report."""
        return judged(
            self._output,
            results=self._results,
            codes=self._codes,
            tripped=self._gates.tripped(),
            failures=len(self._failed),
        )

    def summary(self, files: int) -> str:
        """How many files there were, and which failed."""
        lines = [f"{number_of(files, 'file')}: {number_of(self._results, 'result')}, {len(self._failed):,} failed\n"]
        lines += [f"failed: {escape(said)}\n" for said in self._failed[:SHOWN]]
        if len(self._failed) > SHOWN:
            lines.append(f"failed: {len(self._failed) - SHOWN:,} more, each with its error in the output\n")
        return "".join(lines)


def _stream(answers: Iterator[Any], output: Output, kept: dict[str, work.Kept], contents: Mapping[str, str]) -> _Tally:
    """Write all lines of a file at once, so that a reader never sees only some of them."""
    tally = _Tally(output)
    with open_sink(output.output, kept) as (stream, left):
        for answer in answers:
            lines = work.lines_of(answer, contents)
            stream.write("".join(line + "\n" for line in lines))
            stream.flush()
            if left and isinstance(answer, work.Kept):
                left.pop(0)
            for line in lines:
                tally.add(line)
    return tally
