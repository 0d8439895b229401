"""The tests of many pairs, whose p-values must stay small after adjustment for their number.

The noise of every group is measured with that of all groups, and a pair is tested as a factor with two levels. With
independent runs the p-value is that of F, and has no lower limit. Where errors are shared between points (checkpoints,
or matched runs), draws count, and there are as many as the adjustment of the smallest p-value needs.

Groups with `PLENTY` runs each are tested by F, whose statistic follows from the groups' own profiles: the best
objective of two groups that share an exponent is the minimum over its value of the sum of both profiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.comparison import of_all_cells
from scaling_cli.analysis.comparison.factors.design import Factor, Term
from scaling_cli.analysis.comparison.factors.term_test import Ready, judged_term, ready
from scaling_cli.analysis.comparison.groups import ComparisonData
from scaling_cli.analysis.comparison.models import Member, exponents, floors
from scaling_cli.analysis.comparison.nested import ALL_SEPARATE
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.pairs import Pair
from scaling_cli.analysis.comparison.profile import ParameterProfile, difference_profile
from scaling_cli.analysis.comparison.question import ComparisonQuestion
from scaling_cli.arrays import Array
from scaling_cli.results.comparison import NestedTest

MANY_PAIRS = 10  # beyond it, a thousand draws cannot decide after adjustment
PLENTY = 30  # runs of every group, from which on F alone is right
MOST_TOGETHER = 25  # groups whose nested models are fitted together
MOST_REPLICATES = 100_000
DRAWS_BEYOND = 40  # expected draws beyond the cut of the smallest adjusted p-value
BETWEEN = 8  # points between the nodes of profiles that are added


def many_ready(members: Sequence[Member], pairs: int, question: ComparisonQuestion) -> Ready:
    """The groups with their noise, and enough random factors for the adjustment to that many pairs."""
    replicates = question.replicates
    if not question.has_replicates:
        needed = math.ceil(DRAWS_BEYOND * pairs / (1 - question.level))
        is_shared = question.is_paired or any(member.problem.run_count < member.points for member in members)
        replicates = max(replicates, min(needed, MOST_REPLICATES)) if is_shared else replicates
    return ready(members, is_paired=question.is_paired, replicates=replicates, seed=question.seed)


def tested_pairs(setting: Ready, data: ComparisonData, pairs: Sequence[tuple[int, int]]) -> list[Pair]:
    """The test of each pair of groups."""
    members = setting.members
    by_f = (
        not setting.is_clustered
        and len(data.exponents) == 1
        and all(member.problem.run_count >= PLENTY for member in members)
    )
    return [_by_profile(setting, data, *pair) if by_f else _by_fits(setting, data, *pair) for pair in pairs]


def _by_fits(setting: Ready, data: ComparisonData, left: int, right: int) -> Pair:
    two = setting.subset([left, right])
    term = Term((Factor("group", ("left", "right"), np.arange(2)),))
    test = judged_term(two, term, [term], data.exponents)
    assert test is not None
    return Pair(left, right, test.statistic, test.distribution, two.fits.scales[0], _sizes(setting, data, left, right))


def _by_profile(setting: Ready, data: ComparisonData, left: int, right: int) -> Pair:
    (name,) = data.exponents
    scales = setting.fits.spreads[0][[left, right]]
    profiles = data.profiles[left][name], data.profiles[right][name]
    statistic = difference_profile(*profiles, (float(scales[0]), float(scales[1]))).statistic(0.0)
    variances = np.array([profile.unit_error for profile in profiles]) ** 2 * scales**2
    freedom = float(sum(max(setting.members[group].freedom, 1) for group in (left, right)))
    share = variances / variances.sum()
    known = float(min(1 / np.sum(share**2 / setting.fits.known[0][[left, right]]), freedom))
    return Pair(left, right, statistic, NullDistribution(1, known), scales, _sizes(setting, data, left, right))


def _sizes(setting: Ready, data: ComparisonData, left: int, right: int) -> dict[str, float]:
    """The exponents that two groups would share: their means, weighted by precision."""
    names = setting.members[0].problem.law.names
    found = {}
    for name in data.exponents:
        k = names.index(name)
        values = np.array([setting.members[group].theta[k] for group in (left, right)])
        weights = np.array([setting.errors[group][0, k] for group in (left, right)]) ** -2
        found[name] = abs(float(np.average(values, weights=weights)))
    return found


def tests_of_many(setting: Ready, data: ComparisonData) -> dict[str, NestedTest]:
    """Tests of all groups at once."""
    if len(setting.members) <= MOST_TOGETHER or len(data.exponents) > 1:
        return of_all_cells(setting)
    law = setting.members[0].problem.law
    tests = {"same_exponent": _shared(setting, data, exponents(law)[0], "shared-exponent")}
    if floors(law):
        tests["same_floor"] = _shared(setting, data, floors(law)[0], "shared-floor")
    return tests


def _shared(setting: Ready, data: ComparisonData, name: str, model: str) -> NestedTest:
    """F of one parameter that all groups share."""
    profiles = [known[name] for known in data.profiles]
    fewer = len(profiles) - 1
    rise = float(common(profiles, setting.fits.scales[0])[1].min())
    freedom = float(sum(max(member.freedom, 1) for member in setting.members))
    null = NullDistribution(fewer, freedom)
    return NestedTest(rise / fewer, null.tail(rise / fewer), "F", model, ALL_SEPARATE)


def common(profiles: Sequence[ParameterProfile], scales: Array) -> tuple[Array, Array]:
    """Values that groups may share, and at each the rise of their objectives above that of separate fits."""
    low, high = max(profile.values[0] for profile in profiles), min(profile.values[-1] for profile in profiles)
    if low >= high:
        low, high = high, low
    nodes = np.unique(np.clip(np.concatenate([profile.values for profile in profiles]), low, high))
    places = np.linspace(0, len(nodes) - 1, BETWEEN * (len(nodes) - 1) + 1)
    values = np.interp(places, np.arange(len(nodes)), nodes)
    rise = np.zeros(len(values))
    for profile, scale in zip(profiles, scales, strict=True):  # one by one: all of them would need quadratic memory
        rise += (np.interp(values, profile.values, profile.roots) / scale) ** 2
    return values, rise
