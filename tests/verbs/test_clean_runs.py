"""Clean runs get no caveat that says something is wrong; `python -m benchmarks false_caveats` prints how often."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from benchmarks.false_caveats import DESIGNS, LIMIT, TRUE, found

FEW, MANY = 6, 200
SURE = 0.999  # of sets with the largest share that is allowed, so a test of all designs fails by chance in 1 of 100


def too_many(design: str, sets: int, interval: str) -> dict[str, int]:
    """False codes in more sets than chance allows, and how many."""
    most = binom.ppf(SURE, sets, LIMIT)
    counts, _ = found(design, sets, interval)
    return {code: count for code, count in counts.items() if code not in TRUE and count > most}


@pytest.mark.sample(2)
@pytest.mark.parametrize("design", DESIGNS)
def test_clean_runs_get_no_false_caveat(design):
    assert too_many(design, FEW, "wild") == {}


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["wild", "none"])
@pytest.mark.parametrize("design", DESIGNS)
def test_false_caveats_are_on_two_percent_of_clean_sets(design, interval):
    assert too_many(design, MANY, interval) == {}
