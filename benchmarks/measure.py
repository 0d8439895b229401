"""CPU seconds and peak memory of commands, each in a process of its own."""

from __future__ import annotations

import compileall
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The kernel counts the memory of the process that starts a command as the command's own, so a small one starts it.
LAUNCHER = """
import os, sys
child = os.fork()
if not child:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system) and the largest memory in MB."""

    seconds: float
    memory: float


def cost(arguments: Sequence[str], *, repeats: int = 1) -> Cost:
    """The cost of `python ARGUMENTS`: the shortest time and the least memory of some processes.

    Raises:
        SystemExit: The command failed.
    """
    costs = [_once([sys.executable, *arguments]) for _ in range(repeats)]
    return Cost(min(each.seconds for each in costs), min(each.memory for each in costs))


def scaling(*arguments: str, repeats: int = 1) -> Cost:
    """The cost of `scaling ARGUMENTS`, with modules that are compiled, as pip leaves them."""
    _compile()
    return cost(["-m", "scaling_cli", *arguments], repeats=repeats)


@cache
def _compile() -> None:
    compileall.compile_dir(ROOT / "scaling_cli", quiet=1)


def _once(command: Sequence[str]) -> Cost:
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(launcher, env=environment, capture_output=True, text=True, check=False)
    code, seconds, memory = done.stdout.split()
    if code != "0":
        raise SystemExit(f"{' '.join(command)} ended with exit code {code}.\n{done.stderr}")
    return Cost(float(seconds), float(memory) / 1024)


def machine() -> str:
    """The machine and the versions that a table was measured with."""
    import numpy as np
    import polars as pl

    models = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    total = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {total / 1e6:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"polars {pl.__version__}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
