"""Run the real command."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from scaling_cli.cli.run import run as main
from scaling_cli.options.commands import SUMMARIES
from tests.robust.zygote import Zygote, clean_environment

# Variables with such names are read while Python starts or a library is imported.
START_UP = ("LANG", "LC_", "MALLOC_", "OPENBLAS_", "POLARS_", "PYTHON")


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """`scaling ARGUMENTS` with nothing of the caller's terminal; output and exit code, as text.

    The command has a process, a folder and streams of its own, but is forked from a process that has imported
    everything, which saves a third of a second. `run_from_scratch` starts Python for it.
    """
    if any(name.startswith(START_UP) for name in environment):
        return run_from_scratch(*arguments, cwd=cwd, **environment)
    words = list(map(str, arguments))
    ended = zygote().run(words, cwd or Path.cwd(), environment, is_limited=False)
    out, err = (_text(written) for written in (ended.out, ended.err))
    return subprocess.CompletedProcess(words, ended.code, out, err)


def run_from_scratch(
    *arguments: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The same in a new Python, whose sets have an order of their own: for what starts, and for the same bytes."""
    return subprocess.run(
        [sys.executable, "-m", "scaling_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
    )


def run_here(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The same in this process, for what only depends on the words of a command.

    What a command found in files is remembered, so that showing it in another way costs little. Files that options
    name, such as targets, must not change between two commands.
    """
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    folder = contextlib.chdir(cwd) if cwd else contextlib.nullcontext()
    with folder, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _remembered(words[0]):
        code = main(words)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def is_as_described(document: Any, command: str) -> bool:
    """Whether JSON follows the schema of a command; if not, an error says where it does not."""
    _validator(command).validate(document)
    return True


@functools.cache
def _validator(command: str) -> Any:
    import jsonschema

    from scaling_cli.verbs.schema import schema_of

    schema = schema_of(command)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _remembered(command: str) -> contextlib.AbstractContextManager[object]:
    if command not in SUMMARIES:
        return contextlib.nullcontext()
    name = command.replace("-", "_")
    module = importlib.import_module(f"scaling_cli.verbs.{name}")
    return mock.patch.object(module, name, _remembering(getattr(module, name)))


@functools.cache
def _remembering(verb: Callable[..., Any]) -> Callable[..., Any]:
    """A verb that answers a question about the same bytes once; no command changes an answer."""
    answers: dict[str, Any] = {}

    def answer(argument: Any, asked: Any, **others: Any) -> Any:
        if not argument or not all(Path(name).is_file() for name in argument):
            return verb(argument, asked, **others)
        key = repr((argument, [Path(name).read_bytes() for name in argument], asked.__dict__))
        if key not in answers:
            answers[key] = verb(argument, asked, **others)
        return answers[key]

    return answer


@functools.cache
def zygote() -> Zygote:
    """The process from which those of commands are forked; to start it takes a second."""
    started = Zygote()
    atexit.register(started.close)
    return started


def _text(written: bytes) -> str:
    return written.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")  # as text of a process is read
