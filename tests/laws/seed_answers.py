"""Runs the commands of the table of systems, and compares their answers with the truths.

`python -m tests.laws.seed_answers FOLDER [FILE...]` prints the table.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from scaling_cli.cli.run import run
from scaling_cli.record import Record
from tests.laws.seed_systems import SYSTEMS, System

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


def main() -> None:
    """Run each command, print a line about it, and count the truths outside their intervals."""
    folder, *wanted = sys.argv[1:]
    chosen = [system for system in SYSTEMS if not wanted or system.file in wanted]
    answers = []
    for system in chosen:
        found = answer(system, Path(folder), interval="sandwich")
        answers.append(found)
        _say(_line(found))
        for miss in found.misses:
            interval = _interval(miss.estimate, miss.low, miss.high)
            _say(f"    {miss.group} {miss.name}: truth {miss.truth:.6g}, {interval}")
    truths = sum(len(one.compared) for one in answers)
    answered = f"{sum(one.code == 0 for one in answers)} of {len(answers)} commands answer"
    _say(f"{answered}; {sum(len(one.misses) for one in answers)} of {truths} truths lie outside their 99 % intervals")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _interval(estimate: float | None, low: float | None, high: float | None) -> str:
    return f"{estimate:.6g} [{low}, {high}]" if estimate is not None else "not reported"


def _line(found: Answer) -> str:
    inside = len(found.compared) - len(found.misses)
    said = f"{inside}/{len(found.compared)} inside" if found.code == 0 else f"exit {found.code}"
    return f"{found.system.file:18} {said:14} {found.seconds:5.1f}s  {found.refusal[:230]}"


if __name__ == "__main__":
    main()
