"""Intervals of numbers that some replicates do not have."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.allocation.plan import estimated
from scaling_cli.results.fit import Estimate


@pytest.mark.parametrize("count", [20, 41, 60, 199, 1000])
@pytest.mark.parametrize("unreached", [0, 1, 2, 5, 12, 20])
def test_an_end_is_that_of_replicates_with_a_value_or_unknown(count, unreached):
    """An end between the last value and a replicate that no budget satisfies was a huge number."""
    drawn = np.geomspace(1e22, 1e24, count)
    drawn[count - unreached :] = np.inf
    found = estimated(np.concatenate([[1e23], drawn]), 0.95)
    place = 0.975 * (count + 1)  # among the ordered replicates, counted from 1
    if np.ceil(min(place, count)) > count - unreached:
        assert found.high is None
    else:
        assert 1e23 <= found.high <= 1e24
    assert found.low is not None
    assert found.low <= 1e23


def test_what_no_replicate_has_is_unknown_and_the_estimate_widens_only_known_ends():
    assert estimated(np.array([2.0, np.inf, np.inf, np.inf]), 0.9) == Estimate(2.0, 2.0)
    assert estimated(np.array([2.0, np.nan, np.nan]), 0.9) == Estimate(2.0)
    assert estimated(np.array([2.0]), 0.9) == Estimate(2.0)
    assert estimated(np.array([np.inf, 1.0, 1.0, 1.0]), 0.9) == Estimate(None, 1.0, 1.0)
    assert estimated(np.array([2.0, 1.0, 1.0, 1.0]), 0.9) == Estimate(2.0, 1.0, 2.0)
