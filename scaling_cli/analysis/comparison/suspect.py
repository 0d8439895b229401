"""Losses or inputs of two groups that are probably not measured in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import log

import numpy as np

from scaling_cli.analysis.comparison.groups import ComparisonData
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.results.comparison import Comparison

LARGE = 100.0  # multiplier of compute, or its inverse
BITS = 1 / log(2)  # bits per nat
CLOSE = 0.01  # of a ratio of losses to that of bits to nats
PLACES = 9  # at which losses are compared


def unit_doubts(data: ComparisonData, comparisons: Sequence[Comparison]) -> list[Caveat]:
    """A caveat on the first pair whose losses differ as bits do from nats, or else whose multiplier is always large."""
    for high, low in _in_bits(data):
        return [caveat("bits-and-nats", None, high=high, low=low, ratio=BITS)]
    for pair in comparisons:
        inside = [row.estimate for row in pair.compute_multiplier if not row.is_extrapolated and row.estimate]
        if inside and (min(inside) > LARGE or max(inside) < 1 / LARGE):
            left, right, times = pair.left, pair.right, inside[-1]
            if times < 1:
                left, right, times = right, left, 1 / times
            return [caveat("large-multiplier", None, left=left, right=right, times=times, role=data.margin.role)]
    return []


def _in_bits(data: ComparisonData) -> list[tuple[str, str]]:
    """Pairs of groups of which one has 1.443 times the loss of the other, wherever both have data."""
    found = []
    for (first, one), (second, other) in combinations(zip(data.groups, data.curves or (), strict=False), 2):
        low, high = max(one.span[0], other.span[0]), min(one.span[1], other.span[1])
        if low >= high:
            continue
        places = np.linspace(low, high, PLACES)
        gap = one.log_loss(places) - other.log_loss(places)
        if np.abs(np.abs(gap) - log(BITS)).max() < CLOSE and np.ptp(gap) < 2 * CLOSE:
            found.append((first.name, second.name) if gap[0] > 0 else (second.name, first.name))
    return found
