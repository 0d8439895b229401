"""Runs of a known law that are damaged in a known way never give a wrong answer in silence.

    PYTHONPATH=. python -m pytest -m slow -n0 tests/verbs/test_damaged_runs.py     # 2,000 draws, ten minutes

The environment variables DAMAGE_DRAWS (2000) and DAMAGE_FIRST (0, the first seed of each way and command) choose other
draws, so that many can be made in several parts: the next part of 2,000 draws begins where this one ended, at seed 10.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.grids import one_of_each
from tests.verbs.damage.judged import Verdict, drawn, judge
from tests.verbs.damage.ways import WAYS

if TYPE_CHECKING:
    from tests.verbs.damage.known import Way

MANY, FIRST = (int(os.environ.get(name, default)) for name, default in (("DAMAGE_DRAWS", 2000), ("DAMAGE_FIRST", 0)))
EACH = pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
ASKED = [(way, verb) for way in WAYS for verb in way.verbs]
EACH_ASKED = pytest.mark.parametrize(("way", "verb"), ASKED, ids=[f"{way.name}-{verb}" for way, verb in ASKED])
DRAWS = [(way, verb, 3 * place) for place, (way, verb) in enumerate(ASKED)]  # both strengths, and both formats


def test_there_are_at_least_thirty_ways_and_each_has_its_own_name():
    assert len({way.name for way in WAYS}) == len(WAYS) >= 30
    assert len(DRAWS) >= 100


@EACH
def test_the_two_strengths_of_a_way_differ(way):
    weak, strong = (drawn(way, seed) for seed in (0, 1))
    assert any(
        not (strong.tables[name] == table if isinstance(table, str) else table.equals(strong.tables[name]))
        for name, table in weak.tables.items()
        if name in strong.tables
    )


@pytest.mark.parametrize(
    ("way", "verb", "seed"),
    one_of_each(
        DRAWS,
        name=lambda way, verb, _: f"{way.name}-{verb}",
        kind=lambda way, verb, seed: WAYS.index(way) // 8,
    ),
)
def test_a_wrong_answer_is_never_silent(way, verb, seed, tmp_path):
    verdict = judge(way, seed, tmp_path, verb)
    assert verdict.outcome != "silent", verdict.account
    if verb in way.always and way.codes:
        assert verdict.is_named, verdict.account
    if way.leaves_enough:
        assert verdict.answered or (is_refusable(way, verb) and verdict.is_named), verdict.account


@pytest.mark.slow
@EACH_ASKED
def test_no_wrong_answer_is_silent_in_many_draws(way, verb, tmp_path):
    seeds = range(FIRST, FIRST - (-MANY // len(ASKED)))
    verdicts = {seed: judge(way, seed, tmp_path / str(seed), verb) for seed in seeds}
    may_refuse = is_refusable(way, verb)
    answered = [verdict.answered or (may_refuse and verdict.is_named) for verdict in verdicts.values()]
    assert not silent(way, verb, verdicts)
    assert not way.leaves_enough or sum(answered) >= 0.9 * len(answered) - 1e-9


def is_refusable(way: Way, verb: str) -> bool:
    """Whether the command may be refused by name: its target or budget needs a column that was not recognised, or the
    unit of runs or of the target, which are millions of times apart without it.
    """
    return verb != "fit" and (" called " in way.name or "without a unit" in way.name or "without its unit" in way.name)


def silent(way: Way, verb: str, verdicts: dict[int, Verdict]) -> str:
    """What is wrong with the draws whose wrong answer, or whose damage, no caveat names."""
    must = verb in way.always and bool(way.codes)
    return "\n".join(
        f"seed {seed}: {found.account}"
        for seed, found in verdicts.items()
        if found.outcome == "silent" or (must and not found.is_named)
    )
