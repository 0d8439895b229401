"""Ticks for a logarithmic axis: round values, as many as fit, whether it spans ten decades or a tenth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

DECADE_STEPS = (1, 2, 3, 4, 6, 12)  # decades between ticks
MANTISSAS = ((1.0, 2.0, 3.0, 5.0), (1.0, 2.0, 5.0), (1.0, 3.0))
ROUND_STEPS = (5.0, 2.5, 2.0, 1.0)  # times a power of ten, between ticks that are evenly apart in value
SLACK = 1e-9  # in log10: an end that lies on a tick counts as reaching it


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round values from `low` to `high`, both positive, spread over the axis.

    Among the candidates that fit, the one with most ticks wins; evenly spaced values are only for axes under
    a decade, which are nearly linear.
    """
    candidates = [inside for ticks in _candidates(low, high) if len(inside := _inside(ticks, low, high)) <= most]
    return max(candidates, key=len, default=[])


def _candidates(low: float, high: float) -> Iterator[list[float]]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if high / low < 10:
        yield from _even_candidates(low, high)
    for mantissas in MANTISSAS:
        yield [m * 10.0**power for power in range(first, last + 1) for m in mantissas]
    for step in DECADE_STEPS:
        yield [10.0**power for power in range(first - first % step, last + 1, step)]


def _even_candidates(low: float, high: float) -> Iterator[list[float]]:
    top = math.ceil(math.log10(high - low)) if high > low else 0
    for power in range(top, top - 3, -1):
        for step in ROUND_STEPS:
            size = step * 10.0**power
            yield [index * size for index in range(math.floor(low / size), math.ceil(high / size) + 1) if index > 0]


def _inside(values: list[float], low: float, high: float) -> list[float]:
    return [value for value in values if low * (1 - SLACK) <= value <= high * (1 + SLACK)]


def tick_labels(ticks: list[float], label: Callable[[float], str]) -> list[str]:
    """A label for each tick, with the same decimals where they are plain decimals."""
    labels = [label(tick) for tick in ticks]
    if all(text.replace(".", "", 1).isdigit() for text in labels):
        decimals = max((len(text.partition(".")[2]) for text in labels), default=0)
        return [f"{tick:.{decimals}f}" for tick in ticks] if max(ticks, default=0) < 10 else labels
    return labels
