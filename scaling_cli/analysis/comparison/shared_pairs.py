"""Equal exponents of all groups and of each pair, where all groups share other parameters."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.comparison.drawn import null_distributions, test_of
from scaling_cli.analysis.comparison.models import Member
from scaling_cli.analysis.comparison.nested import SHARED, ContrastFit, fit_contrast
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.pairs import Pair, pair_of
from scaling_cli.analysis.comparison.question import ComparisonQuestion
from scaling_cli.analysis.comparison.sharing import on_one_centre, same_exponent_of
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import Record
from scaling_cli.results.comparison import NestedTest


class SharingPairs(Record):
    """The test of equal exponents among groups that share parameters, and the pairs within the fit of all of them."""

    of_all: ContrastFit
    test: NestedTest
    pairs: tuple[Pair, ...]
    distributions: tuple[NullDistribution, ...]


def pairs_sharing(
    members: Sequence[Member],
    pairs: Sequence[tuple[int, int]],
    names: Sequence[str],
    resampling: Resampling | None,
    question: ComparisonQuestion,
) -> SharingPairs:
    """The test of equal exponents, and all pairs, with parameters shared by all groups."""
    same = on_one_centre(members)
    which: list[tuple[int, int] | None] = [None, *(pairs if len(members) > 2 else ())]
    asked = [fit_contrast(same_exponent_of(same, names, pair, is_paired=question.is_paired)) for pair in which]
    distributions = null_distributions(asked, resampling, question)
    test = test_of(asked[0], distributions[0], "shared-exponent", SHARED)
    first = 1 if len(members) > 2 else 0
    compared = tuple(
        pair_of(left, right, fit, distribution, (left, right))
        for (left, right), fit, distribution in zip(pairs, asked[first:], distributions[first:], strict=True)
    )
    return SharingPairs(asked[0], test, compared, tuple(distributions[first:]))
