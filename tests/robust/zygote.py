"""Run many command lines fast: a process with everything imported forks for each of them.

`Zygote` is the side of the tests. The other side is this module as a script: it takes one request at a time, forks, and
writes how the child ended. The child has the streams of its caller, whose files come through a socket. The fork happens
before polars starts its threads, which do not survive it.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import resource
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests import ROOT
from tests.robust.program import made_once

CPU_SECONDS = 20  # of a command that hangs
WALL_SECONDS = 180  # of one that waits: the machine may be busy
PIECE = 1 << 16  # bytes that a pipe holds


class Ended(NamedTuple):
    """How a command ended: its exit code (negative for a signal), its output, and its largest memory in bytes."""

    code: int
    out: bytes
    err: bytes
    memory: int
    seconds: float


class Zygote:
    """A process that runs command lines, each in a fork of its own."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.robust.zygote", str(theirs.fileno())],
                stdin=subprocess.DEVNULL, cwd=ROOT, env=clean_environment(), pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self._answers = self._socket.makefile("r")

    def run(
        self, arguments: list[str], cwd: Path, environment: dict[str, str] | None = None, *, is_limited: bool = True
    ) -> Ended:
        """`scaling ARGUMENTS` in a folder, with nothing on standard input; `environment` is added to the usual one."""
        asked = {
            "arguments": arguments, "cwd": str(cwd), "environment": clean_environment() | (environment or {}),
            "is_limited": is_limited,
        }  # fmt: skip
        pipes = [os.pipe(), os.pipe()]
        with tempfile.TemporaryFile() as request, open(os.devnull, "rb") as nothing:
            request.write(json.dumps(asked).encode("utf-8", "surrogateescape"))
            request.seek(0)
            files = [request.fileno(), nothing.fileno(), *(written for _, written in pipes)]
            socket.send_fds(self._socket, [b"."], files)
        for _, written in pipes:
            os.close(written)
        out, err = read_all([read for read, _ in pipes])
        ended = json.loads(self._answers.readline())
        return Ended(ended["code"], out, err, ended["memory"], ended["seconds"])

    def close(self) -> None:
        """End the process."""
        self._answers.close()
        self._socket.close()
        self._process.wait(timeout=30)


def clean_environment() -> dict[str, str]:
    """The environment of a command: nothing of the caller's terminal, and the package of this folder."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def read_all(pipes: list[int]) -> list[bytes]:
    """What comes through each pipe until its end; closes them."""
    found: dict[int, list[bytes]] = {pipe: [] for pipe in pipes}
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                if piece := os.read(key.fd, PIECE):
                    found[key.fd].append(piece)
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return [b"".join(pieces) for pieces in found.values()]


def _serve(callers: socket.socket) -> None:
    import importlib
    import pkgutil

    import scaling_cli

    for module in pkgutil.walk_packages(scaling_cli.__path__, "scaling_cli."):
        importlib.import_module(module.name)
    with contextlib.suppress(ImportError):  # what draws figures is optional
        for name in ("axes", "figure", "layout_engine", "backends.backend_agg", "backends.backend_svg"):
            importlib.import_module(f"matplotlib.{name}")
    assert "joblib" not in sys.modules  # with it, commands end by another way
    gc.collect()
    gc.freeze()  # so that a child does not copy all objects to look for garbage
    while True:
        request, files, _, _ = socket.recv_fds(callers, 1, 4)
        if not request:
            return
        with os.fdopen(files[0], "rb") as file:
            asked = json.loads(file.read())
        if any(word.endswith(".html") for word in asked["arguments"]):
            _remember_program()
        child = os.fork()
        if not child:
            callers.close()
            _become(asked, files[1:])
        for handle in files[1:]:
            os.close(handle)
        status, used = _awaited(child, WALL_SECONDS if asked["is_limited"] else None)
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "memory": used.ru_maxrss * 1024,
            "seconds": used.ru_utime + used.ru_stime,
        }
        callers.sendall(json.dumps(answer).encode() + b"\n")


@functools.cache
def _remember_program() -> None:
    """Have the program of live pages made, or read: in a fork, for making it starts threads."""
    from scaling_cli.report.pages import interactive

    if not interactive.is_possible():
        return
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writes, "wb") as pipe:
            pipe.write(made_once(interactive._bundle)().encode())
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        program = pipe.read().decode()
    os.waitpid(child, 0)
    interactive._bundle = functools.cache(lambda: program)


def _awaited(child: int, seconds: float | None) -> tuple[int, resource.struct_rusage]:
    with os.fdopen(os.pidfd_open(child), "rb") as handle:
        if not select.select([handle], [], [], seconds)[0]:
            os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    return status, used


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """Turn this process into the command."""
    if asked["is_limited"]:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    for number, handle in enumerate(files):
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for number, (mode, errors) in enumerate((("r", "strict"), ("w", "strict"), ("w", "backslashreplace")))
    )
    sys.argv = ["scaling", *asked["arguments"]]
    from scaling_cli.__main__ import command

    command()  # what it raises ends this process, as it would end any other


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as inherited:
        _serve(inherited)
