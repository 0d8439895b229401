"""The comparison of each pair of groups: difference, test, verdict, compute multiplier and crossover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.groups import ComparisonData
from scaling_cli.analysis.comparison.hypothesis_tests import holm
from scaling_cli.analysis.comparison.joint_profile import joint_difference_profile
from scaling_cli.analysis.comparison.models import exponents
from scaling_cli.analysis.comparison.multiplier import LossCurve, crossover, multipliers
from scaling_cli.analysis.comparison.nested import ContrastFit
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.profile import DifferenceProfile, difference_profile
from scaling_cli.analysis.comparison.sharing import covariance
from scaling_cli.analysis.comparison.verdict import ExponentJudgement, exponent_margins, judge, verdict
from scaling_cli.analysis.comparison.wording import drift_words, sentence
from scaling_cli.arrays import Array
from scaling_cli.record import Record, replace
from scaling_cli.results.comparison import Comparison
from scaling_cli.results.fit import Estimate


class Pair(Record):
    """Indices of two groups, and the test of their exponents.

    `scales` are the standard deviations of their residuals, `sizes` the exponents that both would share, and
    `contrast_fit` the fit of their nested models, where there is one; `places` are theirs among its groups.
    """

    left: int
    right: int
    statistic: float
    distribution: NullDistribution
    scales: Array
    sizes: dict[str, float]
    contrast_fit: ContrastFit | None = None
    places: tuple[int, int] = (0, 1)


def pair_of(
    left: int,
    right: int,
    contrast_fit: ContrastFit,
    distribution: NullDistribution,
    places: tuple[int, int] = (0, 1),
) -> Pair:
    """A pair whose nested models were fitted, by itself or, at these places, among all groups."""
    contrast = contrast_fit.contrast
    law, index = contrast.groups[0].problem.law, contrast.null.index[places[0]]
    sizes = {name: abs(float(contrast_fit.null[index[law.names.index(name)]])) for name in exponents(law)}
    return Pair(left, right, contrast_fit.statistic, distribution, contrast_fit.scales, sizes, contrast_fit, places)


def compared_pairs(
    data: ComparisonData, pairs: Sequence[Pair], *, is_sharing: bool, with_multipliers: bool = True
) -> tuple[Comparison, ...]:
    """A comparison for each pair, with p-values adjusted for the number of pairs."""
    p_values: list[float | None] = [pair.distribution.tail(pair.statistic) for pair in pairs]
    comparisons = []
    for pair, p_value, p_adjusted in zip(pairs, p_values, holm(p_values), strict=True):
        judgements = _judgements(data, pair, is_sharing=is_sharing)
        curves = data.curves if with_multipliers else None
        comparisons.append(_comparison(data, pair, judgements, p_value, p_adjusted, curves))
    return tuple(comparisons)


def _judgements(data: ComparisonData, pair: Pair, *, is_sharing: bool) -> dict[str, ExponentJudgement]:
    """The judgement of each exponent."""
    margins = exponent_margins(data.margin, pair.sizes)
    judgements = {}
    for name in pair.sizes:
        profile, error = _joint_difference(pair, name) if is_sharing else _own_difference(data, pair, name)
        judgements[name] = judge(profile, pair.distribution, error=error, margin=margins[name], level=data.level)
    return judgements


def _own_difference(data: ComparisonData, pair: Pair, name: str) -> tuple[DifferenceProfile, float]:
    """The profile of a difference and its standard error, for groups with separate floors."""
    scales = (float(pair.scales[0]), float(pair.scales[1]))
    profile = difference_profile(data.profiles[pair.left][name], data.profiles[pair.right][name], scales)
    errors = [
        profiles[name].unit_error * scale
        for profiles, scale in zip((data.profiles[pair.left], data.profiles[pair.right]), scales, strict=True)
    ]
    return profile, float(np.hypot(errors[0], errors[1]))


def _joint_difference(pair: Pair, name: str) -> tuple[DifferenceProfile, float]:
    """The profile of a difference and its standard error, for groups that share parameters."""
    assert pair.contrast_fit is not None
    wider = pair.contrast_fit.contrast.wider
    assert wider is not None
    k = wider.members[0].problem.law.names.index(name)
    left, right = (int(wider.index[place][k]) for place in pair.places)
    contrast = np.zeros(len(wider.low))
    contrast[left], contrast[right] = 1.0, -1.0
    error = float(np.sqrt(contrast @ covariance(pair.contrast_fit) @ contrast))
    return joint_difference_profile(pair.contrast_fit, left, right, error), error


def _comparison(
    data: ComparisonData,
    pair: Pair,
    judgements: dict[str, ExponentJudgement],
    p_value: float | None,
    p_adjusted: float | None,
    curves: Sequence[LossCurve] | None,
) -> Comparison:
    left, right = data.groups[pair.left], data.groups[pair.right]
    difference = _differences(data, pair, judgements)
    margin = {name: judgement.margin for name, judgement in judgements.items()}
    detectable = {name: judgement.minimum_detectable for name, judgement in judgements.items()}
    equivalences = [judgement.equivalence_p_value for judgement in judgements.values()]
    word = verdict(
        p_adjusted=p_adjusted,
        equivalence_p_values=equivalences,
        is_identified=left.is_identified and right.is_identified,
        level=data.level,
    )
    known = [p for p in equivalences if p is not None]
    compared = Comparison(
        left=left.name,
        right=right.name,
        exponent_difference=difference,
        statistic=pair.statistic,
        p_value=p_value,
        p_adjusted=p_adjusted,
        method=pair.distribution.method,
        verdict=word,
        sentence=sentence(
            left.name,
            right.name,
            word,
            difference=difference,
            p_adjusted=p_adjusted,
            margin=margin,
            detectable=detectable,
            drift=_drift(data, pair, difference),
        ),
        margin=margin,
        equivalence_p_value=max(known) if len(known) == len(equivalences) else None,
        minimum_detectable_difference=detectable,
        compute_multiplier=(),
        crossover=None,
        crossover_probability=None,
    )
    return compared if curves is None else _with_multipliers(compared, data, curves[pair.left], curves[pair.right])


def _with_multipliers(compared: Comparison, data: ComparisonData, ours: LossCurve, theirs: LossCurve) -> Comparison:
    """The comparison with the compute that one group saves at equal loss, and where the curves of both cross."""
    crossed, probability = crossover(ours, theirs, data.margin.to, data.level)
    return replace(
        compared,
        compute_multiplier=multipliers(ours, theirs, data.margin.to, data.level),
        crossover=crossed,
        crossover_probability=probability,
    )


def _drift(data: ComparisonData, pair: Pair, difference: dict[str, Estimate]) -> str:
    """What the difference does, for laws of one exponent whose losses can be compared."""
    if data.curves is None or len(pair.sizes) > 1:
        return ""
    (name,) = pair.sizes
    left, right = (data.results[place].parameters[name].estimate for place in (pair.left, pair.right))
    if left is None or right is None:
        return ""
    return drift_words(difference[name], (left, right), data.margin.role, data.groups[pair.right].name)


def _differences(data: ComparisonData, pair: Pair, judgements: dict[str, ExponentJudgement]) -> dict[str, Estimate]:
    """Left less right of each exponent and, for a surface, of the exponent of compute-optimal params."""
    differences = {name: judgement.difference for name, judgement in judgements.items()}
    if len(differences) > 1 and "params_exponent" in data.results[pair.left].derived:
        differences["params_exponent"] = _split_difference(data, pair)
    return differences


def _split_difference(data: ComparisonData, pair: Pair) -> Estimate:
    values: list[float] = []
    draws: list[Array] = []
    for side in (pair.left, pair.right):
        result = data.results[side]
        values.append(float(result.derived["params_exponent"].estimate or 0.0))
        names = tuple(result.parameters)
        drawn: Array = np.array(result.draws) if result.draws else np.empty((0, len(names)))
        alpha, beta = drawn[:, names.index("alpha")], drawn[:, names.index("beta")]
        draws.append(beta / (alpha + beta))
    count = min(map(len, draws))
    if not count:
        return Estimate(values[0] - values[1])
    tails = [(1 - data.level) / 2, (1 + data.level) / 2]
    low, high = np.quantile(draws[0][:count] - draws[1][:count], tails)
    return Estimate(values[0] - values[1], float(low), float(high))
