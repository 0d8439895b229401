"""Damaged files and odd options, by the thousand: every command answers or refuses in words.

The fast suite runs `FEW` cases. `python -m pytest -m slow tests/cli/test_generated.py` runs 20,000, or as many as the
variable ROBUST_CASES says; `--hypothesis-seed=N` draws others.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.cli.running import zygote
from tests.robust.cases import Case, cases, lay_out
from tests.robust.judge import described, faults

FEW, MANY = 25, int(os.environ.get("ROBUST_CASES", "20000"))
QUIET = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


def check(case: Case) -> None:
    """Run a case in a folder of its own.

    Raises:
        AssertionError: Something is wrong with the way it ended.
    """
    with tempfile.TemporaryDirectory(prefix="robust-") as name:
        folder = Path(name)
        lay_out(case, folder)
        ended = zygote().run(list(case.arguments), folder)
        if found := faults(case, ended, folder):
            raise AssertionError(described(case, ended, found))


@settings(QUIET, max_examples=FEW, derandomize=True, phases=[Phase.generate])
@given(case=cases())
def test_a_few_damaged_cases_end_in_words(case):
    check(case)


@pytest.mark.slow
@settings(QUIET, max_examples=MANY)
@given(case=cases())
def test_thousands_of_damaged_cases_end_in_words(case):
    check(case)
