"""What a comparison says: whether the exponents differ, and how much more compute one group needs."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.numbers.format import brief, escape
from scaling_cli.results.comparison import DIFFERENT, Comparison, ComparisonResult, FactorEffect, Ranked, Sharing
from scaling_cli.results.fit import Estimate
from scaling_cli.sentences import within

MOVES = {
    True: "{} depends on",
    False: "{} does not depend on",
    None: "the data do not show whether {} depends on",
}
ALLOWED = 0.2  # p-value of no floors from which on a law without floors is mentioned
MOST_COUNTED = 4  # names of pairs that are listed


def sentence(result: ComparisonResult, subject: str) -> str:
    """What is found of the groups, and whether the data allow a law without floors, which would be sharper."""
    return _found(result, subject) + _no_floor(result)


def _no_floor(result: ComparisonResult) -> str:
    test = result.tests.get("no_floor")
    if test is None or test.p_value is None or test.p_value < ALLOWED:
        return ""
    return (
        f" The data do not show that any group has a floor (p = {test.p_value:.2g}), so --law power, which gives "
        "narrower intervals, can be used too."
    )


def _found(result: ComparisonResult, subject: str) -> str:
    """The verdict on the only pair, with its compute multiplier; the verdicts of all pairs; or those on factors."""
    if result.factors:
        return _factors(result)
    if not result.comparisons and result.ranking:
        return _pinned(result, subject)
    if len(result.comparisons) == 1:
        (pair,) = result.comparisons
        return f"{escape(pair.sentence)}{_needs(pair, result, subject)}"
    return _of_many(result) or _counted(result)


def _factors(result: ComparisonResult) -> str:
    """Which factors change the exponent, which do not, and for which the data do not decide."""
    by: dict[bool | None, list[str]] = {}
    for effect in result.factors:
        if effect.exponent is not None:
            by.setdefault(effect.exponent.moves, []).append(_factor(effect))
    if not by:
        return "The design cannot separate the factors."
    found = [(words, _named(by[moves])) for moves, words in MOVES.items() if moves in by]
    parts = [f"{words.format('it' if place else 'the exponent')} {names}" for place, (words, names) in enumerate(found)]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}.{''.join(map(_at_levels, result.factors))}"


def _at_levels(effect: FactorEffect) -> str:
    """What an interaction that changes the exponent means at each level of one of its factors."""
    if not effect.levels:
        return ""
    start = effect.sentence.find(". With ")
    return escape(effect.sentence[start + 1 :]) if start >= 0 else ""


def _factor(effect: FactorEffect) -> str:
    assert effect.exponent is not None
    sizes = [
        f"{brief(value)}{f' in {name}' if len(effect.exponent.effect) > 1 else ''}"
        for name, value in effect.exponent.effect.items()
    ]
    mean = " on average" if effect.exponent.averaged else ""
    return f"{escape(effect.name)} ({', '.join(sizes)}{mean})"


def _needs(pair: Comparison, result: ComparisonResult, subject: str) -> str:
    inside = [row for row in pair.compute_multiplier if not row.is_extrapolated and row.estimate is not None]
    if not inside:
        return ""
    row, role = inside[-1], escape(result.margin.role)
    times = brief(Estimate(row.estimate, row.low, row.high))
    return f" At equal {within(subject)}, {escape(pair.left)} needs {times} times the {role} of {escape(pair.right)}."


def _pinned(result: ComparisonResult, subject: str) -> str:
    """The multiplier of each group where exponent and floor are held."""
    rows = [row for row in result.ranking if row.multiplier is not None]
    listed = [f"{escape(row.name)} needs {brief(row.multiplier)}" for row in rows[:MOST_COUNTED] if row.multiplier]
    more = f", and {len(rows) - MOST_COUNTED:,} more" if len(rows) > MOST_COUNTED else ""
    role, against = escape(result.margin.role), escape(rows[0].against or "")
    return f"At equal {within(subject)}, {', '.join(listed)}{more} times the {role} of {against}."


def is_rejected(sharing: Sharing, result: ComparisonResult) -> bool:
    """Whether the data reject one exponent for groups of which no two are shown to differ."""
    return sharing.p_value is not None and sharing.p_value <= 1 - result.interval.level


def _of_many(result: ComparisonResult) -> str:
    """Which groups are consistent with one exponent, if that is simple to say."""
    sharing = max(result.sharing, key=lambda found: len(found.groups), default=None)
    if sharing is None or not sharing.exponent or result.reference is not None:
        return ""
    inside, total = set(sharing.groups), len(result.ranking)
    shared = brief(next(iter(sharing.exponent.values())))
    others = [row for row in result.ranking if row.name not in inside]
    if not others:
        one = f"and one exponent fits all: {shared}"
        if is_rejected(sharing, result):
            one = "but the data reject one exponent for all"
        return f"No two of the {total:,} exponents are shown to differ, {one} (p = {sharing.p_value:.2g})."
    if is_rejected(sharing, result):
        return ""
    apart = {frozenset((pair.left, pair.right)) for pair in result.comparisons if pair.verdict == DIFFERENT}
    if any(frozenset((row.name, name)) not in apart for row in others for name in inside):
        return (
            f"{len(apart):,} of {len(result.comparisons):,} pairs of exponents differ, from "
            f"{_ranked(result.ranking[0])} to {_ranked(result.ranking[-1])}; groups with a letter in common are not "
            "shown to differ."
        )
    listed = ", ".join(_ranked(row) for row in others[:MOST_COUNTED])
    more = f" and {len(others) - MOST_COUNTED:,} more" if len(others) > MOST_COUNTED else ""
    return (
        f"{len(inside):,} of {total:,} groups are consistent with one exponent, {shared} (p = {sharing.p_value:.2g}); "
        f"{'the others are' if len(others) > 1 else 'the other is'} not: {listed}{more}."
    )


def _ranked(row: Ranked) -> str:
    return f"{escape(row.name)} ({brief(next(iter(row.exponent.values())))})"


def _counted(result: ComparisonResult) -> str:
    by: dict[str, list[str]] = {}
    for pair in result.comparisons:
        by.setdefault(pair.verdict, []).append(f"{escape(pair.left)} and {escape(pair.right)}")
    if not by:
        return ""
    parts = [f"{len(names):,} {verdict.replace('-', ' ')} ({_named(names)})" for verdict, names in by.items()]
    differing = [pair for pair in result.comparisons if pair.verdict == DIFFERENT]
    name, widest = max(_differences(differing or result.comparisons), key=lambda found: _size(*found))
    many = f" in {escape(name)}" if len(widest.exponent_difference) > 1 else ""
    names, by_much = f"{escape(widest.left)} and {escape(widest.right)}", brief(widest.exponent_difference[name])
    said = (
        f"The largest difference is that of {names}, {by_much}{many}.",
        f"Those of {names} differ by {by_much}{many}.",
        f"Those of {names} differ most, by {by_much}{many}.",
    )[len(differing[:2])]
    return f"Of {len(result.comparisons):,} pairs of exponents, {'; '.join(parts)}. {said}"


def _differences(pairs: Sequence[Comparison]) -> list[tuple[str, Comparison]]:
    """Each difference: of a law with several exponents those whose interval leaves out zero, if there are any."""
    found = [(name, pair) for pair in pairs for name in pair.exponent_difference]
    return [each for each in found if _is_clear(*each)] or found


def _is_clear(name: str, pair: Comparison) -> bool:
    value = pair.exponent_difference[name]
    return value.low is not None and value.high is not None and (value.low > 0 or value.high < 0)


def _size(name: str, pair: Comparison) -> float:
    return abs(pair.exponent_difference[name].estimate or 0.0)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_COUNTED:,} more" if len(names) > MOST_COUNTED else ""
    return ", ".join(names[:MOST_COUNTED]) + more
