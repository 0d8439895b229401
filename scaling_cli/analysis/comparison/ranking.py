"""Many groups in one table: their exponents in order, and letters for groups that cannot be told apart.

Two groups have a letter in common unless their exponents differ after adjustment for the number of pairs (a compact
letter display, by insertion and absorption: Piepho 2004). A letter that several groups share names groups that are
consistent with one exponent, which is fitted to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import fdtrc, fdtri

from scaling_cli.analysis.comparison.groups import ComparisonData
from scaling_cli.analysis.comparison.many import common
from scaling_cli.analysis.comparison.multiplier import multiplier_at
from scaling_cli.analysis.comparison.profile import crossings
from scaling_cli.arrays import Array
from scaling_cli.record import replace
from scaling_cli.results.comparison import DIFFERENT, Comparison, Ranked, Sharing
from scaling_cli.results.fit import Estimate

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letters_of(count: int, different: Sequence[tuple[int, int]]) -> list[frozenset[int]]:
    """Sets of groups of which no two differ, such that any two groups that do not differ are in one together."""
    sets = [frozenset(range(count))]
    for left, right in different:
        parted = []
        for held in sets:
            if left in held and right in held:
                parted += [held - {left}, held - {right}]
            else:
                parted.append(held)
        unique = list(dict.fromkeys(parted))
        sets = [held for held in unique if not any(held < other for other in unique)]
    return sets


def ranking(
    data: ComparisonData,
    comparisons: Sequence[Comparison],
    scales: Array,
    reference: str | None,
    same_exponent: float | None = None,
) -> tuple[tuple[Ranked, ...], tuple[Sharing, ...]]:
    """The groups from the steepest exponent to the flattest, and the groups that share one.

    Args:
        data: The groups.
        comparisons: Every pair, or every group with the reference; then there are no letters.
        scales: Noise of each group `(groups,)`.
        reference: The group against which multipliers are; by default the one that needs least for equal loss.
        same_exponent: p-value of the hypothesis that all groups have one exponent, if it has been tested.
    """
    names = [group.name for group in data.groups]
    place = data.margin.start or data.margin.to
    first = data.exponents[0]
    values = [abs(float(group.parameters[first].estimate or 0.0)) for group in data.groups]
    order = np.argsort(values, kind="stable")[::-1].tolist()
    sets = _ordered(data, comparisons, order) if reference is None else []
    best = names.index(reference) if reference is not None else _best(data)
    rows = []
    for group in order:
        letters = "".join(_letter(i) for i, held in enumerate(sets) if group in held)
        multiplier = None
        if data.curves is not None and best is not None and group != best:
            multiplier = multiplier_at(data.curves[group], data.curves[best], place, data.level)
        known = {name: data.groups[group].parameters[name] for name in data.exponents}
        rows.append(Ranked(names[group], letters, known, multiplier, names[best] if best is not None else None))
    sharing = [_sharing(data, scales, sorted(held, key=order.index)) for held in sets if len(held) > 1]
    if len(sets) == 1 and same_exponent is not None:  # all groups: the answer and the table of tests give one number
        sharing = [replace(found, p_value=same_exponent) if found.exponent else found for found in sharing]
    return tuple(rows), tuple(sharing)


def _ordered(data: ComparisonData, comparisons: Sequence[Comparison], order: Sequence[int]) -> list[frozenset[int]]:
    place = {group.name: i for i, group in enumerate(data.groups)}
    apart = [(place[pair.left], place[pair.right]) for pair in comparisons if pair.verdict == DIFFERENT]
    sets = letters_of(len(data.groups), apart)
    return sorted(sets, key=lambda held: sorted(order.index(group) for group in held))


def _letter(index: int) -> str:
    """a to z, then a2, b2 and so on."""
    return LETTERS[index % 26] + (str(index // 26 + 1) if index >= 26 else "")


def _best(data: ComparisonData) -> int | None:
    """The group with the lowest loss where the data of all groups end."""
    if data.curves is None:
        return None
    at = np.log([data.margin.start or data.margin.to])
    return int(np.argmin([float(curve.log_loss(at)[0]) for curve in data.curves]))


def _sharing(data: ComparisonData, scales: Array, held: Sequence[int]) -> Sharing:
    """The exponent that groups share, with its interval, if the law has one."""
    exponents: Mapping[str, Estimate] = {}
    p_value = None
    if len(data.exponents) == 1:
        (name,) = data.exponents
        freedom = float(sum(max(data.members[group].freedom, 1) for group in held))
        known = len(held) - 1
        values, rise = common([data.profiles[group][name] for group in held], scales[list(held)])
        least = int(np.argmin(rise))
        roots = np.sign(np.arange(len(values)) - least) * np.sqrt(np.maximum(rise - rise[least], 0.0))
        low, high = crossings(values, roots, float(np.sqrt(fdtri(1, freedom, data.level))))
        exponents = {name: Estimate(float(values[least]), low, high)}
        p_value = float(fdtrc(known, freedom, float(rise[least]) / known))
    return Sharing(tuple(data.groups[group].name for group in held), dict(exponents), p_value)
