"""The result of `scaling compare-exponents`: tests of nested models over all groups, and a verdict on every pair.

Every group has its own floor, unless the user asks for a shared floor and the data do not reject it: with one floor for
groups whose floors differ, the test of equal exponents would always reject.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from scipy.special import fdtri

from scaling_cli.analysis.comparison.drawn import gives_up, null_distributions, resampling_of, test_of
from scaling_cli.analysis.comparison.floorless import no_floor_test
from scaling_cli.analysis.comparison.groups import ComparisonData, comparison_data
from scaling_cli.analysis.comparison.many import MANY_PAIRS, many_ready, tested_pairs, tests_of_many
from scaling_cli.analysis.comparison.models import Member, exponents, floors
from scaling_cli.analysis.comparison.nested import (
    ALL_SEPARATE,
    SHARED,
    ContrastFit,
    fit_contrast,
    models,
    nested,
    same_exponent,
)
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.pairs import compared_pairs, pair_of
from scaling_cli.analysis.comparison.question import (
    ComparisonQuestion,
    law_caveats,
    named_members,
    shared_names,
    what_was_compared,
)
from scaling_cli.analysis.comparison.ranking import ranking
from scaling_cli.analysis.comparison.shared_pairs import pairs_sharing
from scaling_cli.analysis.comparison.sharing import identified, on_one_centre, with_shared
from scaling_cli.analysis.comparison.suspect import unit_doubts
from scaling_cli.analysis.comparison.uneven import marked
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.problem import Problem
from scaling_cli.numbers.format import with_and
from scaling_cli.record import Record, replace
from scaling_cli.results.comparison import Comparison, ComparisonResult, Model, NestedTest
from scaling_cli.results.fit import FitResult

TESTS = {
    "one-curve": "same_curve",
    "separate-coefficients": "same_exponent_and_floor",
    "shared-exponent": "same_exponent",
    "shared-floor": "same_floor",
    SHARED: "same_shared",
}
MOST_MULTIPLIED = 50  # pairs whose multipliers and crossovers are computed; of more, only those of the ranking
WEAK = 0.25  # of the exponent: power is low if the minimum detectable difference is larger


def compare(
    problems: Sequence[Problem],
    results: Sequence[FitResult],
    question: ComparisonQuestion,
    together: Sequence[FitResult] = (),
) -> tuple[ComparisonResult, list[Caveat]]:
    """The comparison of all groups and of every pair, with its caveats.

    Args:
        problems: The points of each group.
        results: Each group's own fit, in the same order.
        question: What the user asks.
        together: Each group's part in the fit of all groups with the parameters that they are to share.

    Raises:
        UsageError: The law has no exponent that can be compared, or an option does not apply to it.
        FitError: Fewer than two groups were fitted.
    """
    members = named_members(problems, results, question)
    members = members if question.is_exact else marked(members)
    pairs = _pairs(members, question.reference)
    is_sharing = bool(shared_names(members[0].problem.law, question))
    is_many = len(pairs) > MANY_PAIRS and not is_sharing and not question.is_exact
    found = _many(members, results, pairs, question) if is_many else _few(members, results, pairs, question, together)
    data, comparisons = found.data, found.comparisons
    alike = found.tests["same_exponent"].p_value if "same_exponent" in found.tests else None
    ranked = ranking(data, comparisons, found.scales, question.reference, alike) if len(members) > 2 else ((), ())
    rows, sharing = ranked
    first_result = results[0]
    result = ComparisonResult(
        **what_was_compared(results),
        exponents=exponents(members[0].problem.law),
        objective={"name": first_result.objective.name, "space": first_result.objective.space},
        is_paired=question.is_paired,
        floor=_floor(members, found.shared),
        shared=found.shared,
        reference=question.reference,
        groups=data.groups,
        models=found.models,
        tests=_with_floors(found, members),
        margin=data.margin,
        comparisons=comparisons,
        ranking=rows,
        sharing=sharing,
        incomparable=question.incomparable,
        fits=found.data.results,
    )
    doubts = [*unit_doubts(data, comparisons), *_power_caveats(comparisons, data)]
    return result, [*law_caveats(members), *found.caveats, *data.caveats, *doubts]


def _with_floors(found: Found, members: Sequence[Member]) -> dict[str, NestedTest]:
    """The tests of all groups, with the one that no group has a floor."""
    test = no_floor_test(members, found.scales)
    return found.tests if test is None else {**found.tests, "no_floor": test}


def _floor(members: Sequence[Member], shared: Sequence[str]) -> str:
    """Whether the groups have a floor each, one for all, or none."""
    names = floors(members[0].problem.law)
    if not names:
        return "none"
    return "shared" if set(names) <= set(shared) else "separate"


class Found(Record):
    """What is found of the groups: their profiles, the pairs, and the tests of all groups."""

    data: ComparisonData
    comparisons: tuple[Comparison, ...]
    scales: Array
    tests: dict[str, NestedTest]
    models: tuple[Model, ...]
    shared: tuple[str, ...]
    caveats: list[Caveat]


def _many(
    members: Sequence[Member],
    results: Sequence[FitResult],
    pairs: Sequence[tuple[int, int]],
    question: ComparisonQuestion,
) -> Found:
    """Many pairs, tested with the noise of all groups."""
    setting = many_ready(members, len(pairs), question)
    freedom = sum(max(member.freedom, 1) for member in members)
    scales = setting.fits.scales[0]
    data = _data(members, results, scales, float(fdtri(1, freedom, question.level)), question)
    compared = compared_pairs(
        data,
        tested_pairs(setting, data, pairs),
        is_sharing=False,
        with_multipliers=len(pairs) <= MOST_MULTIPLIED,
    )
    return Found(data, compared, scales, tests_of_many(setting, data), (), (), [])


def _few(
    members: Sequence[Member],
    results: Sequence[FitResult],
    pairs: Sequence[tuple[int, int]],
    question: ComparisonQuestion,
    together: Sequence[FitResult],
) -> Found:
    """Few pairs, each with nested models and draws of its own."""
    names = shared_names(members[0].problem.law, question)
    contrast_fits = {
        name: fit_contrast(contrast) for name, contrast in nested(members, is_paired=question.is_paired).items()
    }
    sharing = "shared-floor" if names == floors(members[0].problem.law) else SHARED
    if names and sharing == SHARED:
        contrast = with_shared(on_one_centre(members), names, is_paired=question.is_paired)
        contrast_fits[SHARED] = fit_contrast(contrast)
    resampling = resampling_of(members, question)
    asked = [*contrast_fits.values(), *_pair_fits(members, pairs, contrast_fits["shared-exponent"], question)]
    distributions = null_distributions(asked, resampling, question)
    tests = {
        TESTS[name]: test_of(contrast_fit, distribution, name, ALL_SEPARATE)
        for (name, contrast_fit), distribution in zip(contrast_fits.items(), distributions, strict=False)
    }
    caveats: list[Caveat] = []
    same_exponent_fit = contrast_fits["shared-exponent"]
    cut = distributions[list(contrast_fits).index("shared-exponent")].cut(question.level)
    scales, compared = same_exponent_fit.scales, models(contrast_fits, names)
    if names and not gives_up(tests[TESTS[sharing]], question):
        found = pairs_sharing(members, pairs, names, resampling, question)
        data = identified(_data(members, together or results, scales, cut, question), found.of_all)
        tests["same_exponent"] = found.test
        rows = compared_pairs(data, found.pairs, is_sharing=True)
        caveats += [*_doubtful(names, question, tests[TESTS[sharing]]), *_coarseness(found.distributions, question)]
        return Found(data, rows, scales, tests, compared, names, caveats)
    if names:
        caveats.append(_rejected(names, question, tests[TESTS[sharing]]))
    answered = list(zip(asked[len(contrast_fits) :], distributions[len(contrast_fits) :], strict=True))
    data = _data(members, results, scales, cut, question)
    rows = compared_pairs(
        data,
        [pair_of(left, right, *answer) for (left, right), answer in zip(pairs, answered, strict=True)],
        is_sharing=False,
    )
    caveats += _coarseness([distribution for _, distribution in answered], question)
    return Found(data, rows, scales, tests, compared, (), caveats)


def _rejected(names: Sequence[str], question: ComparisonQuestion, test: NestedTest) -> Caveat:
    """What is said where the groups cannot share what they were to share, by the option that asked for it."""
    p_value = "unknown" if test.p_value is None else f"{test.p_value:.2g}"
    if not question.shared:
        return caveat("shared-floor-rejected", p_value=p_value)
    return caveat("share-rejected", names=", ".join(names), p_value=p_value)


def _doubtful(names: Sequence[str], question: ComparisonQuestion, test: NestedTest) -> list[Caveat]:
    """A caveat if the test rejects what the groups share, though not clearly enough to give it up."""
    if test.p_value is None or test.p_value > 1 - question.level:
        return []
    option = "--share" if question.shared else "--shared-floor"
    return [caveat("doubtful-sharing", names=with_and(names), p_value=f"{test.p_value:.2g}", option=option)]


def _data(
    members: Sequence[Member], results: Sequence[FitResult], scales: Array, cut: float, question: ComparisonQuestion
) -> ComparisonData:
    data = comparison_data(
        members, results, scales=scales, cut=cut, level=question.level, margin=question.margin, to=question.to
    )
    return data if question.incomparable is None else replace(data, curves=None)


def _coarseness(distributions: Sequence[NullDistribution], question: ComparisonQuestion) -> list[Caveat]:
    """A caveat if there are too few replicates for p-values adjusted for this many pairs."""
    pairs = len(distributions)
    if distributions[0].draws is None or 2 * pairs < (1 - question.level) * (question.replicates + 1):
        return []
    least = min(1.0, pairs / (question.replicates + 1))
    return [caveat("coarse-p-values", pairs=pairs, replicates=question.replicates, least=least)]


def _power_caveats(comparisons: Sequence[Comparison], data: ComparisonData) -> list[Caveat]:
    """A caveat with the number of pairs that could not show a difference of a quarter of the exponent."""
    sizes = {group.name: group.parameters for group in data.groups}
    weak = 0
    for comparison in comparisons:
        weak += any(
            value is None or value > WEAK * abs(sizes[comparison.left][name].estimate or 0)
            for name, value in comparison.minimum_detectable_difference.items()
        )
    return [caveat("low-power", weak=weak, pairs=len(comparisons), share=WEAK)] if weak else []


def _pairs(members: Sequence[Member], reference: str | None) -> list[tuple[int, int]]:
    """Indices of left and right: every pair, or every other group against the reference."""
    if reference is None:
        return list(itertools.combinations(range(len(members)), 2))
    right = [member.name for member in members].index(reference)
    return [(left, right) for left in range(len(members)) if left != right]


def _pair_fits(
    members: Sequence[Member], pairs: Sequence[tuple[int, int]], all_groups: ContrastFit, question: ComparisonQuestion
) -> list[ContrastFit]:
    if len(members) == 2 and pairs == [(0, 1)]:
        return [all_groups]
    return [
        fit_contrast(same_exponent([members[left], members[right]], is_paired=question.is_paired))
        for left, right in pairs
    ]
