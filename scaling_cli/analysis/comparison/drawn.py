"""Tests of nested models, and how their null distributions are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from scaling_cli import jobs
from scaling_cli.analysis.comparison.models import Member
from scaling_cli.analysis.comparison.nested import ContrastFit, null_distribution_of
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.question import ComparisonQuestion
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.objective import LAD_DELTA
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.results.comparison import NestedTest

MANY_RUNS = 30  # runs in every group from which on F replaces the bootstrap
GIVEN_UP = 0.1  # of 1 - level: the p-value at which parameters that users share are given up


def resampling_of(members: Sequence[Member], question: ComparisonQuestion) -> Resampling | None:
    """How the null distributions are drawn; None if F is used instead."""
    few = any(member.problem.run_count < MANY_RUNS for member in members)
    clustered = any(member.problem.run_count < member.points for member in members)
    absolute = any(member.delta <= LAD_DELTA for member in members)
    if question.is_exact or not (few or clustered or absolute or question.is_paired):
        return None
    return Resampling(question.replicates, question.seed, group_hash({}))


def null_distributions(
    asked: Sequence[ContrastFit], resampling: Resampling | None, question: ComparisonQuestion
) -> list[NullDistribution]:
    """The null distribution of each fit's statistic; a fit that occurs twice is drawn once."""
    different = list({id(contrast_fit): contrast_fit for contrast_fit in asked}.values())
    task = partial(null_distribution_of, resampling)
    distributions = list(jobs.each(task, different, workers=question.workers, on_progress=question.on_progress))
    by_identity = {
        id(contrast_fit): distribution for contrast_fit, distribution in zip(different, distributions, strict=True)
    }
    return [by_identity[id(contrast_fit)] for contrast_fit in asked]


def test_of(contrast_fit: ContrastFit, distribution: NullDistribution, null: str, against: str) -> NestedTest:
    """The test of the model `null` against the wider model `against`."""
    draws = 0 if distribution.draws is None else len(distribution.draws)
    return NestedTest(
        contrast_fit.statistic, distribution.tail(contrast_fit.statistic), distribution.method, null, against, draws
    )


def gives_up(test: NestedTest, question: ComparisonQuestion) -> bool:
    """Whether the data clearly say that groups do not share what users say they share, or cannot tell.

    Where groups do share a floor, the data sets in which this test rejects are those whose exponents differ by chance,
    and separate floors then make most pairs different. So the test must reject at a tenth of the size, or have the
    least p-value that its draws allow.
    """
    size = 1 - question.level
    least = 1 / (test.replicates + 1) if test.replicates else 0.0
    return test.p_value is None or test.p_value <= min(max(GIVEN_UP * size, 1.001 * least), size)
