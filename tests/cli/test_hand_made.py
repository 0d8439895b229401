"""More than a thousand hostile cases written by hand; the fast suite runs a few of them.

`python -m pytest -m slow tests/cli/test_hand_made.py` runs all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.running import zygote
from tests.robust.cases import Case, lay_out
from tests.robust.hand import hand_made
from tests.robust.judge import described, faults

STRIDE = 160


def failures(cases: Sequence[Case]) -> list[str]:
    """The cases that end in another way than in words."""
    found = []
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="robust-") as name:
            folder = Path(name)
            lay_out(case, folder)
            ended = zygote().run([word for word in case.arguments if "\0" not in word], folder)
            if wrong := faults(case, ended, folder):
                found.append(described(case, ended, wrong)[:2000])
    return found


def test_a_few_cases_end_in_words():
    found = failures(list(hand_made())[::STRIDE])
    assert not found, found[0]


@pytest.mark.slow
def test_all_cases_end_in_words():
    cases = list(hand_made())
    assert len(cases) > 1000
    found = failures(cases)
    assert not found, f"{len(found)} of {len(cases)}, such as {found[0]}"
