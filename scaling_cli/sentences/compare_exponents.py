"""What a comparison says: whether the exponents differ, and how much more compute one group needs."""

from __future__ import annotations

from scaling_cli.numbers.format import brief, escape
from scaling_cli.results.comparison import Comparison, ComparisonResult
from scaling_cli.results.fit import Estimate

MOST_COUNTED = 4  # names of pairs that are listed


def sentence(result: ComparisonResult, subject: str) -> str:
    """The verdict on the only pair, with its compute multiplier, or how many pairs have each verdict."""
    if len(result.comparisons) == 1:
        (pair,) = result.comparisons
        return f"{escape(pair.sentence)}{_needs(pair, result, subject)}"
    return _counted(result)


def _needs(pair: Comparison, result: ComparisonResult, subject: str) -> str:
    inside = [row for row in pair.compute_multiplier if not row.is_extrapolated and row.estimate is not None]
    if not inside:
        return ""
    row, role = inside[-1], escape(result.margin.role)
    times = brief(Estimate(row.estimate, row.low, row.high))
    return f" At equal {subject.lower()}, {escape(pair.left)} needs {times} times the {role} of {escape(pair.right)}."


def _counted(result: ComparisonResult) -> str:
    by: dict[str, list[str]] = {}
    for pair in result.comparisons:
        by.setdefault(pair.verdict, []).append(f"{escape(pair.left)} and {escape(pair.right)}")
    if not by:
        return ""
    parts = [f"{len(names):,} {verdict.replace('-', ' ')} ({_named(names)})" for verdict, names in by.items()]
    widest = max(result.comparisons, key=_size)
    difference = next(iter(widest.exponent_difference.values()))
    return (
        f"Of {len(result.comparisons):,} pairs of exponents, {'; '.join(parts)}. The largest difference is that of "
        f"{escape(widest.left)} and {escape(widest.right)}, {brief(difference)}."
    )


def _size(pair: Comparison) -> float:
    return abs(next(iter(pair.exponent_difference.values())).estimate or 0.0)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_COUNTED:,} more" if len(names) > MOST_COUNTED else ""
    return ", ".join(names[:MOST_COUNTED]) + more
