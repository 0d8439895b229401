"""Print the table of systems, their commands, truths and answers: `python -m tests.seeds FOLDER [FILE...]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.seeds.answers import Answer, answer
from tests.seeds.systems import SYSTEMS


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
