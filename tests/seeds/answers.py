"""Runs the commands of the table of systems, and compares their answers with the truths."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import time
from pathlib import Path
from typing import Any

from scaling_cli.cli.run import run
from scaling_cli.record import Record
from tests.seeds.systems import System

LEVEL = 0.99
ROUNDING = 1e-6  # relative: estimates of quantities that have no interval must be this close


class Compared(Record):
    """A true parameter and the interval that the command found for it; the ends are None where it has none."""

    group: str
    name: str
    truth: float
    estimate: float | None
    low: float | None
    high: float | None

    @property
    def is_inside(self) -> bool:
        """Whether the interval holds the truth."""
        if self.low is None or self.high is None:
            return False
        slack = ROUNDING * abs(self.truth)
        return self.low - slack <= self.truth <= self.high + slack


class Answer(Record):
    """What a command answered: its exit code, its refusal if it refused, its results, and the truths compared."""

    system: System
    code: int
    refusal: str
    results: tuple[dict[str, Any], ...]
    compared: tuple[Compared, ...]
    seconds: float

    @property
    def misses(self) -> list[Compared]:
        """The truths outside their intervals."""
        return [one for one in self.compared if not one.is_inside]


def answer(system: System, folder: Path, *, interval: str = "wild", replicates: int = 400) -> Answer:
    """Run the command of a system on its file in `folder`."""
    arguments = shlex.split(system.command.replace("{}", str(folder / f"{system.file}.csv")))
    if arguments[0] == "fit":
        arguments += ["--level", str(LEVEL), "--interval", interval, "--replicates", str(replicates)]
    out, err = io.StringIO(), io.StringIO()
    began = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*arguments, "--json"])
    spent = time.process_time() - began
    document = json.loads(out.getvalue()) if out.getvalue().startswith("{") else {}
    results = tuple(document.get("results", ()))
    failures = [f"{each['group']}: {each['error']}" for each in document.get("failures", ())]
    compared = tuple(_compared(system, results)) if code == 0 else ()
    return Answer(system, code, " ".join([err.getvalue().strip(), *failures]).strip(), results, compared, spent)


def _compared(system: System, results: tuple[dict[str, Any], ...]) -> list[Compared]:
    found = {",".join(result["group"].values()): result for result in results}
    rows = []
    for group, truths in system.truths.items():
        known = {**found.get(group, {}).get("parameters", {}), **found.get(group, {}).get("derived", {})}
        for name, truth in truths.items():
            value = known.get(name, {})
            rows.append(Compared(group, name, truth, *(value.get(key) for key in ("estimate", "low", "high"))))
    return rows
