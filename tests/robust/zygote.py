"""Run many command lines fast: a process with everything imported forks for each of them.

`Zygote` is the side of the tests. The other side is this module as a script: it reads one JSON object per line, forks,
and writes how the child ended. The fork happens before polars starts its threads, which do not survive it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests import ROOT

CPU_SECONDS = 20  # of a command that hangs
WALL_SECONDS = 180  # of one that waits: the machine may be busy
MODULES = (
    "scaling_cli.__main__", "scaling_cli.cli.command", "scaling_cli.cli.show", "scaling_cli.cli.per_file",
    "scaling_cli.verbs.fit", "scaling_cli.verbs.extrapolate", "scaling_cli.verbs.optimal_allocation",
    "scaling_cli.verbs.compare_exponents", "scaling_cli.verbs.inference_coverage", "scaling_cli.verbs.columns",
    "scaling_cli.report.pages.render", "scaling_cli.report.pages.html", "scaling_cli.analysis.coverage.answer",
    "scaling_cli.analysis.forecast.answer", "scaling_cli.data.samples.load", "scipy.special",
)  # fmt: skip


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
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            environment.pop(name, None)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.robust.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    def run(self, arguments: list[str], cwd: Path, given: bytes = b"") -> Ended:
        """`scaling ARGUMENTS` in a folder, with `given` on standard input."""
        with tempfile.TemporaryDirectory(prefix="zygote-") as folder:
            streams = [str(Path(folder) / name) for name in ("in", "out", "err")]
            Path(streams[0]).write_bytes(given)
            asked = {"arguments": arguments, "cwd": str(cwd), "streams": streams}
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            ended = json.loads(self._process.stdout.readline())
            out, err = (Path(name).read_bytes() for name in streams[1:])
            return Ended(ended["code"], out, err, ended["memory"], ended["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)


def _serve() -> None:
    import importlib

    for name in MODULES:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked)
        begun = time.monotonic()
        status, used = _awaited(child, begun)
        code = os.waitstatus_to_exitcode(status)
        memory = used.ru_maxrss * 1024
        answers.write(json.dumps({"code": code, "memory": memory, "seconds": used.ru_utime + used.ru_stime}) + "\n")
        answers.flush()


def _awaited(child: int, begun: float) -> tuple[int, resource.struct_rusage]:
    while True:
        done, status, used = os.wait4(child, os.WNOHANG)
        if done:
            return status, used
        if time.monotonic() - begun > WALL_SECONDS:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)


def _become(asked: dict[str, list[str]]) -> None:
    """Turn this process into the command."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    os.chdir(str(asked["cwd"]))
    for number, name in enumerate(asked["streams"]):
        handle = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        for number in range(3)
    )
    sys.argv = ["scaling", *asked["arguments"]]
    from scaling_cli.__main__ import command

    code = 1
    try:
        command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  (what Python does with what nothing catches)
        import traceback

        traceback.print_exc()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
