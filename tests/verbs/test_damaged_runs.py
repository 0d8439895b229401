"""Runs of a known law that are damaged in a known way never give a wrong answer in silence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.verbs.damage.judged import Verdict, drawn, judge
from tests.verbs.damage.ways import CLOSED, OPEN, WAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.verbs.damage.known import Way

FEW, MANY = 2, 2000
EACH = pytest.mark.parametrize("way", CLOSED, ids=[way.name for way in CLOSED])


def account(verdicts: dict[int, Verdict]) -> str:
    return "\n".join(f"seed {seed}: {found.account}" for seed, found in verdicts.items() if found.outcome == "silent")


def judged(way: Way, seeds: range, folder: Path) -> dict[int, Verdict]:
    return {seed: judge(way, seed, folder / str(seed)) for seed in seeds}


def test_there_are_at_least_thirty_ways_and_each_has_its_own_name():
    assert len({way.name for way in WAYS}) == len(WAYS) >= 30
    assert {way.name for way in WAYS} >= OPEN.keys()


@EACH
def test_the_two_strengths_of_a_way_differ(way):
    weak, strong = (drawn(way, seed) for seed in (0, 1))
    assert any(not strong.tables[name].equals(table) for name, table in weak.tables.items() if name in strong.tables)


@EACH
@pytest.mark.parametrize("seed", range(FEW))
def test_a_wrong_answer_is_never_silent(way, seed, tmp_path):
    verdict = judge(way, 3 * seed, tmp_path)  # seeds 0 and 3: both strengths and both formats
    assert verdict.outcome != "silent", verdict.account


@pytest.mark.slow
@EACH
def test_no_wrong_answer_is_silent_in_many_draws(way, tmp_path):
    verdicts = judged(way, range(-(-MANY // len(WAYS))), tmp_path)
    by_strength = defaultdict(list)
    for seed, verdict in verdicts.items():
        by_strength[seed % 2].append(verdict.answered)
    assert not account(verdicts)
    if way.leaves_enough:
        assert all(sum(answered) >= 0.9 * len(answered) for answered in by_strength.values())
