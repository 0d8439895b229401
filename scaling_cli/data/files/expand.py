"""Which files `RUNS...` means: files, folders, globs, lists of names, and standard input.

A file keeps the name it was given by; standard input is spooled to a temporary file, because its rows are read more
than once. Folders named `key=value` on the way to a file (hive style) label all of its rows.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote

from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import Record

STDIN = "-"
LIST_MARK = "@"
SUFFIXES = (".csv", ".tsv", ".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".log")
PACKED = (".gz", ".zst")
EVENTS = "tfevents"  # TensorBoard puts it in every name, and the suffix is the host's

# What training programs leave beside their logs, and what holds no measurements.
BYSTANDERS = re.compile(
    r"(config|generation_config|tokenizer\w*|special_tokens_map|added_tokens|vocab|wandb-metadata"
    r"|\w*preprocessor_config|.*\.index)\.json$"
)
ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")
LABEL = re.compile(r"([A-Za-z_][\w.-]*)=(.+)")
GENERIC = ("trainer_state", "log", "logs", "history", "metrics", "results", "train", "progress", "events")


class InputFile(Record):
    """A file to read: its name as given, where its bytes are, and the labels in its path."""

    name: str
    path: str
    labels: tuple[tuple[str, str], ...] = ()
    # Keeps a spooled file, or another name of a file, while something refers to it.
    spool: object = None


class _Spool:
    """Standard input on disk, removed with the last reference to it."""

    def __init__(self) -> None:
        handle, self.path = tempfile.mkstemp(prefix="scaling-stdin-")
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        weakref.finalize(self, Path(self.path).unlink, missing_ok=True)


class _Link:
    """Another name for a file whose own is no UTF-8, which polars cannot open; removed with the last reference."""

    def __init__(self, path: str) -> None:
        folder = tempfile.mkdtemp(prefix="scaling-name-")
        self.path = os.path.join(folder, os.path.basename(_printable(path)))
        os.symlink(os.path.abspath(path), self.path)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


# One spool a stream: what was read once is gone from it, and some commands read their runs twice.
_SPOOLS: weakref.WeakKeyDictionary[TextIO, _Spool] = weakref.WeakKeyDictionary()


def _spooled() -> _Spool:
    return _SPOOLS[sys.stdin] if sys.stdin in _SPOOLS else _SPOOLS.setdefault(sys.stdin, _Spool())


def expand(given: Sequence[str], *, is_spooled: bool = True) -> tuple[InputFile, ...]:
    """The files behind `RUNS...`, each once, in the order given; folders and globs in the order of their names.

    `is_spooled` says whether standard input is read, or only named.

    Raises:
        UsageError: Nothing is given.
        DataError: A folder, a glob or a list names no file.
    """
    if not given:
        raise UsageError("No input files are given.", hint="Name at least one file, folder or glob, or - for stdin.")
    found: dict[str, InputFile] = {}
    for text in given:
        for file in _files(text, is_spooled=is_spooled):
            found.setdefault(file.name, file)
    return tuple(found.values())


def _files(text: str, *, is_spooled: bool) -> Iterator[InputFile]:
    if text == STDIN and not is_spooled:
        yield InputFile(STDIN, STDIN)
    elif text == STDIN:
        spool = _spooled()
        yield InputFile(STDIN, spool.path, (), spool)
    elif text.startswith(LIST_MARK) and not os.path.exists(text):
        for line in _listed(text.removeprefix(LIST_MARK)):
            yield from map(_file, _paths(_given(line)))
    else:
        yield from map(_file, _paths(_given(text)))


def _paths(text: str) -> list[str]:
    if os.path.isdir(text):
        return _walked(text)
    return _matching(text) if glob.has_magic(text) and not os.path.exists(text) else [text]


def _file(path: str) -> InputFile:
    name = _printable(path)
    if name == path or not os.path.lexists(path):
        return InputFile(name, name, tuple(_labels(name)))
    link = _Link(path)
    return InputFile(name, link.path, tuple(_labels(name)), link)


def _printable(path: str) -> str:
    """A path with the bytes that are no UTF-8 written as `\\xff`."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _given(text: str) -> str:
    """The path that `_printable` writes as `text`, where there is one, so that a name can be given as it was shown."""
    if os.path.lexists(text) or not ESCAPED.search(text):
        return text
    raw = ESCAPED.sub(lambda match: os.fsdecode(bytes.fromhex(match[1])), text)
    return raw if os.path.lexists(raw) else text


def _labels(path: str) -> Iterator[tuple[str, str]]:
    if "=" not in path:
        return
    for part in Path(path).parent.parts:
        match = LABEL.fullmatch(unquote(part))
        if match:
            yield match[1], match[2]


def _listed(path: str) -> list[str]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DataError(
            f"The list {path} cannot be read: {reason}.", hint="Write @FILE, where FILE has one path a line."
        ) from None
    names = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not names:
        raise DataError(f"The list {path} names no files.", hint="Write one path a line.")
    return names


def _walked(folder: str) -> list[str]:
    found = [
        os.path.join(place, name)
        for place, folders, names in os.walk(folder)
        if _prune(folders)
        for name in sorted(names)
        if _is_log(name)
    ]
    if not found:
        raise DataError(
            f"The folder {folder} has no logs.", hint=f"Files there should end in {', '.join(SUFFIXES)}, or be named."
        )
    return found


def _prune(folders: list[str]) -> bool:
    """Sort the folders to be entered and drop the hidden ones, in place as `os.walk` wants it; always true."""
    folders[:] = sorted(name for name in folders if not name.startswith("."))
    return True


def _is_log(name: str) -> bool:
    if name.startswith((".", "_")) or BYSTANDERS.fullmatch(name):
        return False
    lowered = name.lower()
    for packed in PACKED:
        lowered = lowered.removesuffix(packed)
    return lowered.endswith(SUFFIXES) or EVENTS in lowered


def _matching(pattern: str) -> list[str]:
    found = sorted(path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))
    if not found:
        raise DataError(f"No file matches {pattern}.", hint="Check the pattern; ** enters folders.")
    return found


def run_names(names: Sequence[str]) -> dict[str, str]:
    """A run's name for each file: its stem, or its folder where stems repeat or say nothing."""
    stems = [_stem(name) for name in names]
    if len(set(stems)) == len(stems) and not any(stem.casefold() in GENERIC for stem in stems):
        return dict(zip(names, stems, strict=True))
    parents = [str(Path(name).parent) for name in names]
    if len(set(parents)) == len(parents):
        longer = parents
    else:
        longer = [os.path.join(parent, stem) for parent, stem in zip(parents, stems, strict=True)]
    if len(set(longer)) < len(longer):
        longer = list(names)  # such as run.csv beside run.json
    is_one_tree = len(longer) > 1 and len({os.path.isabs(name) for name in longer}) == 1
    top = os.path.commonpath([os.path.dirname(name) for name in longer]) if is_one_tree else ""
    return {name: os.path.relpath(one, top or ".") if top else one for name, one in zip(names, longer, strict=True)}


def _stem(name: str) -> str:
    base = os.path.basename(name)
    if EVENTS in base:
        return "events"
    for packed in PACKED:
        base = base.removesuffix(packed)
    return os.path.splitext(base)[0] or base
