"""One command on many files, each analysed separately: a file that fails becomes a failure in its report.

Results are returned in the order of the files, whichever worker made them. JSON lines of an earlier run are used again
for files that have not changed since.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from scaling_cli import jobs
from scaling_cli.data.files.digest import content_hash
from scaling_cli.data.files.expand import expand
from scaling_cli.data.files.pipes import STDIN
from scaling_cli.document.write import plain, to_json_lines
from scaling_cli.errors import UsageError
from scaling_cli.options.option import Options
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Report
from scaling_cli.verbs.common import FILE
from scaling_cli.version import __version__

FIRST_AT_ONCE, MOST_AT_ONCE = 64, 256  # files that are analysed together, where the verb can: more of them each time
MOST_SMALL, SMALL = 1024, 2**16  # the same for files that have so many bytes at most, on average
HASH = "_sha256"  # after the name of an option whose value is a file
NO_CONTENTS: Mapping[str, str] = MappingProxyType({})
SHARES = 4  # parts of the files that each of several processes gets at least, if there are so many


class Verb(Protocol):
    """A verb of the library with its options already filled in."""

    def __call__(self, runs: Sequence[str], *, label: Mapping[str, str]) -> Report[Any]:
        """The report on these runs, with the label in every group; an error becomes a failure in it."""


class Many(Record):
    """A verb for many files at once, with its options already filled in: what it reports on each, in their order.

    `most` are as many files as it takes at once: it reports nothing before all of them are done.
    """

    answer: Callable[[Sequence[str]], list[Report[Any]]]
    most: int = MOST_SMALL


class Kept(Record):
    """Lines of an earlier run for one file."""

    lines: tuple[str, ...]


def file_names(given: Sequence[str], suffixes: Sequence[str]) -> list[str]:
    """The files to analyse, in order; `suffixes` are those of logs in folders.

    Raises:
        UsageError: Standard input is among them.
    """
    names = [file.name for file in expand(given, reads_stdin=False, suffixes=suffixes)]
    if STDIN in names:
        raise UsageError("--per-file does not work with standard input.", hint="Leave --per-file out, or name files.")
    return names


def ask_each(
    names: Sequence[str],
    verb: Verb,
    *,
    many: Many | None = None,
    kept: Mapping[str, Kept] | None = None,
    workers: jobs.Workers = jobs.SERIAL,
    on_progress: jobs.Progress | None = None,
) -> Iterator[Report[Any] | Kept]:
    """The report for each file, or what was kept of an earlier one, in the order of the files.

    `many` answers like `verb`, but for many files at once.
    """
    kept = kept or {}
    asked = [name for name in names if name not in kept]
    shares = 1 if workers.is_serial else SHARES * workers.count
    most = MOST_SMALL if _are_small(asked) else MOST_AT_ONCE
    size = 1 if many is None else max(1, min(most, many.most, len(asked) // shares))
    parts = list(_parts(asked, size))
    ends = list(itertools.accumulate(map(len, parts)))

    def progressed(done: int, _: int) -> None:
        if on_progress is not None:
            on_progress(ends[done - 1] if done else 0, len(asked))

    reports = jobs.each(functools.partial(_ask, verb, many), parts, workers=workers, on_progress=progressed)
    answers = (report for part in reports for report in part)
    for name in names:
        yield kept[name] if name in kept else next(answers)


def _parts(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """The names in parts that grow up to `most`, so that first results are written soon."""
    first, size = 0, min(max(FIRST_AT_ONCE, most // 4), most)
    while first < len(names):
        yield names[first : first + size]
        first, size = first + size, min(4 * size, most)


def _are_small(names: Sequence[str]) -> bool:
    return sum(os.path.getsize(name) for name in names if os.path.isfile(name)) <= SMALL * len(names)


def _ask(verb: Verb, many: Many | None, names: Sequence[str]) -> list[Report[Any]]:
    return [verb([name], label={FILE: name}) for name in names] if many is None else many.answer(names)


def lines_of(answer: Report[Any] | Kept, contents: Mapping[str, str] = NO_CONTENTS) -> tuple[str, ...]:
    """The report as JSON lines, without newlines; `contents` has the hashes of files that the options name."""
    if isinstance(answer, Kept):
        return answer.lines
    return tuple(to_json_lines(replace(answer, options={**answer.options, **contents})))


def merged(command: str, reports: Sequence[Report[Any]]) -> Report[Any]:
    """One report of all files."""
    columns = {role: column for report in reports for role, column in report.columns.items()}
    return Report(
        command=command,
        inputs=tuple(source for report in reports for source in report.inputs),
        columns=columns,
        options=reports[0].options | {"per_file": True} if reports else {},
        results=tuple(result for report in reports for result in report.results),
        caveats=tuple(caveat for report in reports for caveat in report.caveats),
        failures=tuple(failure for report in reports for failure in report.failures),
    )


def contents_of(asked: Options) -> dict[str, str]:
    """The hashes of files that options name, such as targets, as JSON lines record them beside the options."""
    named = {name: getattr(asked, name) for name, option in asked.options.items() if "FILE" in option.shown}
    found = {}
    for name, value in named.items():
        values = [value] if isinstance(value, str) else list(value or ())
        if hashes := [content_hash(each) for each in values if os.path.isfile(each)]:
            found[f"{name}{HASH}"] = " ".join(hashes)
    return found


def read_kept(
    path: str, names: Sequence[str], verb: Verb, contents: Mapping[str, str] = NO_CONTENTS
) -> dict[str, Kept]:
    """What an earlier run wrote to `path`, for each file that it could analyse and that has not changed since.

    A last line that was cut short is dropped. Files that failed, or were analysed by another version, are left out, to
    be tried again. `contents` has the hashes of files that the options name.

    Raises:
        UsageError: The file holds something else, or results of other options.
    """
    if not os.path.exists(path):
        return {}
    asked = verb([""], label={FILE: ""}).options  # there is no such file, and the report says how it was asked
    wanted = plain({**asked, **contents})
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    text = Path(path).read_bytes().decode("utf-8", errors="replace")
    whole, _, _ = text.rpartition("\n")
    for line in whole.split("\n") if whole else ():
        document = _document(path, line)
        if document["options"] != wanted:
            raise UsageError(
                f"{path} has results that were made with other options ({_difference(document['options'], wanted)}).",
                hint="Give the same options again, or write to another file.",
            )
        found.setdefault(_file_of(document), []).append((line, document))
    if isinstance(wanted, dict) and wanted.get("by") and found:
        found.pop(next(reversed(found)))  # the groups of the last file may not be all there
    return {
        name: Kept(tuple(line for line, _ in found[name]))
        for name in names
        if name in found and _is_current(name, [document for _, document in found[name]])
    }


def _document(path: str, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
        _file_of(document), document["options"], document["inputs"], document["failures"]
    except (ValueError, KeyError, TypeError, IndexError):
        raise UsageError(
            f"{path} was not written by --per-file --format jsonl.", hint="Give another file to -o."
        ) from None
    return dict(document)


def _file_of(document: Mapping[str, Any]) -> str:
    return str((document["results"] or document["failures"])[0]["group"][FILE])


def _difference(before: Any, now: Any) -> str:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return ", ".join(f"the content of {name.removesuffix(HASH)}" if name.endswith(HASH) else name for name in names)


def _is_current(name: str, documents: Sequence[Mapping[str, Any]]) -> bool:
    if any(document["failures"] for document in documents) or not os.path.isfile(name):
        return False
    if any(document.get("tool_version") != __version__ for document in documents):
        return False
    return all(source["sha256"] == content_hash(name) for source in documents[0]["inputs"])
