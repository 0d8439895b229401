"""The files that `RUNS...` stands for: files, folders, globs, lists of paths, and standard input.

A file keeps the name that the user gave. Standard input is copied to a temporary file, because its rows are read more
than once. Folders named `key=value` in a path (Hive style) label all rows of the file.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from scaling_cli.data.files.companions import MLFLOW_METRICS, MLFLOW_RUN, TRAINER_RESULTS, TRAINER_STATE
from scaling_cli.data.files.pipes import STDIN, copy_of, stdin_copy
from scaling_cli.data.files.saved import head_of, is_saved
from scaling_cli.errors import DataError, UsageError
from scaling_cli.input_formats import SUFFIXES
from scaling_cli.record import Record

LIST_MARK = "@"
COMPRESSED = (".gz", ".zst")
EVENTS = "tfevents"  # in every name that TensorBoard gives a file; its suffix is the name of the host

# Files that training programs write next to their logs, without measurements.
NOT_LOGS = (
    r"(config|generation_config|tokenizer\w*|special_tokens_map|added_tokens|vocab|wandb-metadata"
    r"|\w*preprocessor_config|.*\.index)\.json$|debug(-internal|-cli\..*)?\.log$"
)
WANDB_SUMMARY, WANDB_CONSOLE, WANDB_FILES = "wandb-summary.json", "output.log", "files"  # in the folder of a W&B run
TRAINER_EVENTS = "runs"  # in the folder of a run of the Hugging Face Trainer, as are results that repeat its end
TRAINER_PARTS = ("train_results.json", "eval_results.json", "test_results.json", "predict_results.json")
MLFLOW_DELETED = b"lifecycle_stage: deleted"
REMOTE = r"(https?|wandb|s3|gs|hf|az|abfss?|ftp|ssh|sftp|mlflow)://?|(?:wandb|mlflow):"
ESCAPED = r"\\x([89a-f][0-9a-f])"
LABEL = r"([A-Za-z_][\w.-]*)=(.+)"
GENERIC = ("trainer_state", "meta", "log", "logs", "history", "metrics", "results", "train", "progress", "events",
           "wandb-summary", "val", "valid", "validation", "eval", "test")  # fmt: skip


class InputFile(Record):
    """A file to read: its name as given, the path of its bytes, and the labels in its path."""

    name: str
    path: str
    labels: tuple[tuple[str, str], ...] = ()
    # The temporary copy or link at `path`, which is removed with the last reference to it.
    temporary: object = None


class _Link:
    """A temporary link to a file whose name is not UTF-8, which polars cannot open; removed with the last reference."""

    def __init__(self, path: str) -> None:
        folder = tempfile.mkdtemp(prefix="scaling-name-")
        self.path = os.path.join(folder, os.path.basename(_printable(path)))
        os.symlink(os.path.abspath(path), self.path)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)


def expand(
    arguments: Sequence[str], *, reads_stdin: bool = True, suffixes: Sequence[str] = SUFFIXES
) -> tuple[InputFile, ...]:
    """The files behind `RUNS...`, each once, in the order given; within a folder or a glob in the order of their names.

    Without `reads_stdin`, standard input is named, but not read. `suffixes` are those of logs in folders.

    Raises:
        UsageError: There are no arguments, or one is empty.
        DataError: A folder, a glob or a list contains no file.
    """
    if not arguments:
        raise UsageError("No input files are given.", hint="Name at least one file, folder or glob, or - for stdin.")
    if "" in arguments:
        raise UsageError("A path is empty.", hint="Give the path of a file; in a shell, a variable may not be set.")
    files: dict[str, InputFile] = {}
    for argument in arguments:
        for file in _files(argument, reads_stdin=reads_stdin, suffixes=tuple(suffixes)):
            files.setdefault(file.name, file)
    return tuple(files.values())


def _files(argument: str, *, reads_stdin: bool, suffixes: tuple[str, ...]) -> Iterator[InputFile]:
    if not os.path.lexists(argument) and (match := re.match(REMOTE, argument)):
        raise _remote(argument, match[1])
    if argument == STDIN and not reads_stdin:
        yield InputFile(STDIN, STDIN)
    elif argument == STDIN:
        copy = stdin_copy()
        yield InputFile(STDIN, copy.path, (), copy)
    elif argument.startswith(LIST_MARK) and not os.path.exists(argument):
        for line in _paths_in_list(argument.removeprefix(LIST_MARK)):
            yield from map(_file, _paths(_real_path(line), suffixes))
    else:
        yield from map(_file, _paths(_real_path(argument), suffixes))


def _remote(argument: str, kind: str | None) -> DataError:
    """The error for an address, which is not read; its hint says how to get the file."""
    hint = f"Download it first: curl -LO {shlex.quote(argument)}"
    if kind in (None, "wandb", "mlflow"):
        hint = (
            "Export the runs first: in Python, wandb.Api().runs(PROJECT), or Export > CSV in the table of runs; for "
            "MLflow: mlflow experiments csv -x ID -o runs.csv."
        )
    elif kind not in ("http", "https", "ftp"):
        hint = "Copy the file to this machine first, with the client of that storage, and give the path of the copy."
    return DataError(f"{argument} is a web or storage address, but only local files can be read.", hint=hint)


def _paths(path: str, suffixes: tuple[str, ...]) -> list[str]:
    if os.path.isdir(path):
        return _logs_in_folder(path, suffixes)
    return _matching(path) if glob.has_magic(path) and not os.path.exists(path) else [path]


def _file(path: str) -> InputFile:
    name = _printable(path)
    if (copy := copy_of(path)) is not None:
        return InputFile(name, copy.path, (), copy)
    if name == path or not os.path.lexists(path):
        return InputFile(name, name, tuple(_labels(name)))
    link = _Link(path)
    return InputFile(name, link.path, tuple(_labels(name)), link)


def _printable(path: str) -> str:
    """A path in which bytes that are not UTF-8 are written like `\\xff`."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _real_path(text: str) -> str:
    """The path that `_printable` writes as `text`, if there is one, so that users can give a name as it was shown."""
    if "\0" in text:
        raise DataError(f"The path {text!r} has a null character.", hint="Write one path per line of a list, as text.")
    if os.path.lexists(text) or not re.search(ESCAPED, text):
        return text
    raw = re.sub(ESCAPED, lambda match: os.fsdecode(bytes.fromhex(match[1])), text)
    return raw if os.path.lexists(raw) else text


def _labels(path: str) -> Iterator[tuple[str, str]]:
    if "=" not in path:
        return
    for part in Path(path).parent.parts:
        if match := re.fullmatch(LABEL, unquote(part)):
            yield match[1], match[2]


def _paths_in_list(path: str) -> list[str]:
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise DataError(
            f"The list {path} cannot be read: {reason}.", hint="Write @FILE, where FILE has one path per line."
        ) from None
    paths = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not paths:
        raise DataError(f"The list {path} contains no paths.", hint="Write one path per line.")
    return paths


def _logs_in_folder(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    paths = [
        path
        for place, folders, names in os.walk(folder)
        for name in _logs_among(place, names, folders, suffixes)
        if not is_saved(path := os.path.join(place, name))  # the result of an earlier command
    ]
    if not paths:
        raise DataError(
            f"The folder {folder} contains no logs.",
            hint=f"Name the files themselves; in folders, only files that end in {', '.join(suffixes)} are read.",
        )
    return paths


def _logs_among(place: str, names: Sequence[str], folders: list[str], suffixes: tuple[str, ...]) -> list[str]:
    """The files of a folder that are logs. Its folders are sorted, in place as `os.walk` wants it, without hidden ones.

    The log of a run of MLflow is `meta.yaml`, with which the folders beside it are read. MLflow shows no deleted runs.
    """
    if MLFLOW_RUN in names and MLFLOW_METRICS in folders:
        folders.clear()
        return [] if MLFLOW_DELETED in head_of(os.path.join(place, MLFLOW_RUN)) else [MLFLOW_RUN]
    skipped = {TRAINER_EVENTS} if TRAINER_STATE in names else set()
    folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in skipped)
    return [name for name in sorted(names) if _is_log(name, suffixes) and not _is_repeated(name, names)]


def _is_repeated(name: str, names: Sequence[str]) -> bool:
    """Whether what a file holds of a run stands in another log of the same folder."""
    if name == WANDB_CONSOLE:
        return WANDB_SUMMARY in names
    if name == TRAINER_RESULTS:
        return TRAINER_STATE in names
    return name in TRAINER_PARTS and (TRAINER_STATE in names or TRAINER_RESULTS in names)


def _is_log(name: str, suffixes: tuple[str, ...]) -> bool:
    if name.startswith((".", "_")) or re.fullmatch(NOT_LOGS, name):
        return False
    lowered = name.lower()
    for suffix in COMPRESSED:
        lowered = lowered.removesuffix(suffix)
    return lowered.endswith(suffixes) or EVENTS in lowered


def _matching(pattern: str) -> list[str]:
    paths = sorted(path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))
    if not paths:
        raise DataError(f"No file matches {pattern}.", hint="Check the pattern; ** also matches subfolders.")
    return paths


def run_names(names: Sequence[str]) -> dict[str, str]:
    """A name of a run for each file: its stem, or its folder if stems repeat or are as general as `metrics`."""
    stems = [_stem(name) for name in names]
    if len(set(stems)) == len(stems) and not any(map(is_generic, names)):
        return dict(zip(names, stems, strict=True))
    parents = [str(_folder(Path(name))) for name in names]
    if len(set(parents)) == len(parents):
        longer = parents
    else:
        longer = [os.path.join(parent, stem) for parent, stem in zip(parents, stems, strict=True)]
    if len(set(longer)) < len(longer):
        longer = list(names)  # such as run.csv beside run.json
    is_one_tree = len(longer) > 1 and len({os.path.isabs(name) for name in longer}) == 1
    top = os.path.commonpath([os.path.dirname(name) for name in longer]) if is_one_tree else ""
    return {name: os.path.relpath(one, top or ".") if top else one for name, one in zip(names, longer, strict=True)}


def _folder(path: Path) -> Path:
    """The folder that a run is named after."""
    is_wandb = path.name == WANDB_SUMMARY and path.parent.name == WANDB_FILES
    return path.parent.parent if is_wandb else path.parent


def is_generic(name: str) -> bool:
    """Whether the name of a file is that of a log, not of its run, as `metrics.csv` is."""
    return _stem(name).casefold() in GENERIC


def _stem(name: str) -> str:
    base = os.path.basename(name)
    if EVENTS in base:
        return "events"
    for suffix in COMPRESSED:
        base = base.removesuffix(suffix)
    return os.path.splitext(base)[0] or os.path.basename(name)
