"""Every pair of groups: difference, test, verdict, compute multiplier and crossover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.groups import Evidence
from scaling_cli.analysis.comparison.hypothesis_tests import holm
from scaling_cli.analysis.comparison.models import exponents, parts
from scaling_cli.analysis.comparison.multiplier import crossover, multipliers
from scaling_cli.analysis.comparison.nested import Posed
from scaling_cli.analysis.comparison.profile import (
    DifferenceProfile,
    difference_profile,
    linear_profile,
    standard_errors,
)
from scaling_cli.analysis.comparison.reference import Reference
from scaling_cli.analysis.comparison.verdict import Judged, exponent_margins, judge, verdict
from scaling_cli.analysis.comparison.wording import sentence
from scaling_cli.record import Record
from scaling_cli.results.comparison import Comparison, Multiplier
from scaling_cli.results.fit import Estimate


class Pair(Record):
    """Indices of two groups, and what their nested models say with its null distribution."""

    left: int
    right: int
    posed: Posed
    reference: Reference


def compared_pairs(evidence: Evidence, pairs: Sequence[Pair], *, has_one_floor: bool) -> tuple[Comparison, ...]:
    """A comparison for each pair; p-values are adjusted for their number."""
    p_values: list[float | None] = [each.reference.tail(each.posed.statistic) for each in pairs]
    found = []
    for pair, p_value, p_adjusted in zip(pairs, p_values, holm(p_values), strict=True):
        judged = _judged(evidence, pair, has_one_floor=has_one_floor)
        found.append(_comparison(evidence, pair, judged, p_value, p_adjusted))
    return tuple(found)


def _judged(evidence: Evidence, pair: Pair, *, has_one_floor: bool) -> dict[str, Judged]:
    """What is said of each exponent."""
    law = evidence.members[0].problem.law
    posed, index = pair.posed, pair.posed.contrast.null.index[0]
    sizes = {name: abs(float(posed.null[index[law.names.index(name)]])) for name in exponents(law)}
    margins = exponent_margins(evidence.margin, sizes)
    found = {}
    for name in exponents(law):
        profile, error = _joint_difference(pair, name) if has_one_floor else _own_difference(evidence, pair, name)
        found[name] = judge(profile, pair.reference, error=error, margin=margins[name], level=evidence.level)
    return found


def _own_difference(evidence: Evidence, pair: Pair, name: str) -> tuple[DifferenceProfile, float]:
    """The profile of a difference, and its standard error, of groups with floors of their own."""
    k = evidence.members[0].problem.law.names.index(name)
    scales = (float(pair.posed.scales[0]), float(pair.posed.scales[1]))
    profile = difference_profile(evidence.profiles[pair.left][name], evidence.profiles[pair.right][name], scales)
    members = evidence.members[pair.left], evidence.members[pair.right]
    errors = [standard_errors(member, scale)[k] for member, scale in zip(members, scales, strict=True)]
    return profile, float(np.hypot(*errors))


def _joint_difference(pair: Pair, name: str) -> tuple[DifferenceProfile, float]:
    """The same for groups with one floor, where the joint fit is nearly linear: a floor that many points share."""
    wider, fitted = pair.posed.contrast.wider, pair.posed.fitted
    assert wider is not None
    assert fitted is not None
    k = wider.members[0].problem.law.names.index(name)
    contrast = np.zeros(len(fitted))
    contrast[wider.index[0][k]], contrast[wider.index[1][k]] = 1.0, -1.0
    weights = wider.weights.copy()
    for part, scale in zip(parts(wider.members), pair.posed.scales, strict=True):
        weights[part] /= scale**2
    jacobian = wider.residuals(fitted[None])[1][0] * np.sqrt(weights)[:, None]
    error = float(np.sqrt(contrast @ np.linalg.pinv(jacobian.T @ jacobian) @ contrast))
    return linear_profile(float(contrast @ fitted), error), error


def _comparison(
    evidence: Evidence, pair: Pair, judged: dict[str, Judged], p_value: float | None, p_adjusted: float | None
) -> Comparison:
    left, right = evidence.groups[pair.left], evidence.groups[pair.right]
    difference = _differences(evidence, pair, judged)
    margin = {name: each.margin for name, each in judged.items()}
    detectable = {name: each.minimum_detectable for name, each in judged.items()}
    equivalences = [each.equivalence_p_value for each in judged.values()]
    word = verdict(
        p_adjusted=p_adjusted,
        equivalence_p_values=equivalences,
        is_identified=left.is_identified and right.is_identified,
        level=evidence.level,
    )
    crossed, probability = None, None
    rows: tuple[Multiplier, ...] = ()
    if evidence.lines is not None:
        ours, theirs = evidence.lines[pair.left], evidence.lines[pair.right]
        rows = multipliers(ours, theirs, evidence.margin.to, evidence.level)
        crossed, probability = crossover(ours, theirs, evidence.margin.to, evidence.level)
    known = [p for p in equivalences if p is not None]
    return Comparison(
        left=left.name,
        right=right.name,
        exponent_difference=difference,
        statistic=pair.posed.statistic,
        p_value=p_value,
        p_adjusted=p_adjusted,
        method=pair.reference.method,
        verdict=word,
        sentence=sentence(
            left.name,
            right.name,
            word,
            difference=difference,
            p_adjusted=p_adjusted,
            margin=margin,
            detectable=detectable,
        ),
        margin=margin,
        equivalence_p_value=max(known) if len(known) == len(equivalences) else None,
        minimum_detectable_difference=detectable,
        compute_multiplier=rows,
        crossover=crossed,
        crossover_probability=probability,
    )


def _differences(evidence: Evidence, pair: Pair, judged: dict[str, Judged]) -> dict[str, Estimate]:
    """Left less right of each exponent; on a surface also that of the compute-optimal split."""
    differences = {name: each.difference for name, each in judged.items()}
    if len(differences) > 1 and "params_exponent" in evidence.results[pair.left].derived:
        differences["params_exponent"] = _split_difference(evidence, pair)
    return differences


def _split_difference(evidence: Evidence, pair: Pair) -> Estimate:
    values, draws = [], []
    for side in (pair.left, pair.right):
        result = evidence.results[side]
        values.append(float(result.derived["params_exponent"].estimate or 0.0))
        names = evidence.members[side].problem.law.names
        drawn = np.array(result.draws) if result.draws else np.empty((0, len(names)))
        alpha, beta = drawn[:, names.index("alpha")], drawn[:, names.index("beta")]
        draws.append(beta / (alpha + beta))
    count = min(map(len, draws))
    if not count:
        return Estimate(values[0] - values[1])
    tails = [(1 - evidence.level) / 2, (1 + evidence.level) / 2]
    low, high = np.quantile(draws[0][:count] - draws[1][:count], tails)
    return Estimate(values[0] - values[1], float(low), float(high))
