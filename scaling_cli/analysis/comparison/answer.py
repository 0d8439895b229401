"""Does a factor move the exponent, or only the constant? Nested models, every pair, and what may be said of each.

The question is asked with a floor of its own for every group, unless the user asks for one floor and the data do not
object: assuming one floor for groups whose floors differ makes "same exponent" fail every time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial

import numpy as np

from scaling_cli import jobs
from scaling_cli.analysis.comparison.groups import Evidence, evidence
from scaling_cli.analysis.comparison.models import Member, check_comparable, exponents, floors
from scaling_cli.analysis.comparison.nested import (
    ALL_SEPARATE,
    Posed,
    centred,
    models,
    nested,
    pose,
    reference_of,
    same_exponent,
)
from scaling_cli.analysis.comparison.pairs import Pair, compared_pairs
from scaling_cli.analysis.comparison.reference import Reference
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.objective import LAD_DELTA
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.uncertainty import Resampling, group_hash
from scaling_cli.numbers.format import group_label
from scaling_cli.record import Record
from scaling_cli.results.comparison import Comparison, ComparisonResult, NestedTest
from scaling_cli.results.fit import FitResult

TESTS = {
    "one-curve": "same_curve",
    "separate-coefficients": "same_exponent_and_floor",
    "shared-exponent": "same_exponent",
    "shared-floor": "same_floor",
}
MANY_RUNS = 30  # in every group, from which F replaces the bootstrap
DRIFT = 1.25  # of the compute multiplier: a difference that lets it drift less is too small to matter
WEAK = 0.25  # of the exponent: a larger minimum detectable difference is low power


class Question(Record):
    """What the user asks of the groups.

    `margin` is a drift of the compute multiplier (above 1) or an exponent difference (below 1); `to` is how far the
    drift counts, None for as far beyond the data as they span; `is_exact` trusts F however few the runs; `is_tuned`
    says that the objective's delta was chosen by the data.
    """

    level: float
    replicates: int
    seed: int
    reference: str | None = None
    shared_floor: bool = False
    margin: float = DRIFT
    to: float | None = None
    is_paired: bool = False
    is_exact: bool = False
    is_tuned: bool = False
    workers: jobs.Workers = jobs.SERIAL
    on_progress: jobs.Progress | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.margin) and self.margin > 0 and self.margin != 1):
            raise UsageError(
                f"The margin is {self.margin:g}.",
                hint="Give a drift of the compute multiplier such as 1.25, or an exponent difference such as 0.005.",
            )


def compare(
    problems: Sequence[Problem], results: Sequence[FitResult], question: Question
) -> tuple[ComparisonResult, list[Caveat]]:
    """Every test and every pair of the groups, and what to be told about them.

    Args:
        problems: The points of each group.
        results: Each group's own fit, in the same order.
        question: What is asked.

    Raises:
        UsageError: The law has no exponent, or the question does not go with it.
        FitError: Fewer than two groups were fitted.
    """
    members = [
        _member(problem, result, is_tuned=question.is_tuned) for problem, result in zip(problems, results, strict=True)
    ]
    _check(members, question)
    posed = {name: pose(each) for name, each in nested(members, is_paired=question.is_paired).items()}
    resampling = _resampling(members, question)
    pairs = _pairs(members, question.reference)
    asked = [*posed.values(), *_pairs_posed(members, pairs, posed["shared-exponent"], question)]
    references = _references(asked, resampling, question)
    tests = {
        TESTS[name]: _test(each, reference, name, ALL_SEPARATE)
        for (name, each), reference in zip(posed.items(), references, strict=False)
    }
    answered = list(zip(asked[len(posed) :], references[len(posed) :], strict=True))
    caveats = _law_caveats(members)
    has_one_floor = question.shared_floor and not _rejects(tests["same_floor"], question)
    if has_one_floor:
        tests["same_exponent"], answered = _under_one_floor(members, pairs, resampling, question)
    elif question.shared_floor:
        caveats.append(caveat("shared-floor-rejected", p_value=f"{tests['same_floor'].p_value:.2g}"))
    first = posed["shared-exponent"]
    found = evidence(
        members,
        results,
        scales=first.scales,
        cut=references[list(posed).index("shared-exponent")].cut(question.level),
        level=question.level,
        margin=question.margin,
        to=question.to,
    )
    comparisons = compared_pairs(
        found,
        [Pair(left, right, *answer) for (left, right), answer in zip(pairs, answered, strict=True)],
        has_one_floor=has_one_floor,
    )
    one = results[0]
    result = ComparisonResult(
        group={},
        runs=sum(each.runs for each in results),
        points=sum(each.points for each in results),
        law=one.law,
        formula=one.formula,
        inputs=one.inputs,
        reason=one.reason,
        exponents=exponents(members[0].problem.law),
        objective={"name": one.objective.name, "space": one.objective.space},
        interval=one.interval,
        is_paired=question.is_paired,
        floor=("shared" if has_one_floor else "separate") if floors(members[0].problem.law) else "none",
        reference=question.reference,
        groups=found.groups,
        models=models(posed),
        tests=tests,
        margin=found.margin,
        comparisons=comparisons,
        fits=tuple(results),
    )
    caveats += _coarseness([reference for _, reference in answered], question)
    return result, [*caveats, *found.caveats, *_power_caveats(comparisons, found)]


def _law_caveats(members: Sequence[Member]) -> list[Caveat]:
    """A law without a floor gives slopes, which are exponents only where there is no floor."""
    law = members[0].problem.law
    falls = any(each.theta[law.names.index("b")] < 0 for each in members) if "b" in law.names else False
    return [caveat("apparent-exponents", law=law.name)] if falls and not floors(law) else []


def _coarseness(references: Sequence[Reference], question: Question) -> list[Caveat]:
    """Whether so many pairs can be adjusted for with so few replicates."""
    pairs = len(references)
    if references[0].draws is None or 2 * pairs < (1 - question.level) * (question.replicates + 1):
        return []
    least = min(1.0, pairs / (question.replicates + 1))
    return [caveat("coarse-p-values", pairs=pairs, replicates=question.replicates, least=least)]


def _power_caveats(comparisons: Sequence[Comparison], found: Evidence) -> list[Caveat]:
    """How many pairs could not have shown a difference of a quarter of the exponent."""
    sizes = {each.name: each.parameters for each in found.groups}
    weak = 0
    for each in comparisons:
        weak += any(
            value is None or value > WEAK * abs(sizes[each.left][name].estimate or 0)
            for name, value in each.minimum_detectable_difference.items()
        )
    return [caveat("low-power", weak=weak, pairs=len(comparisons), share=WEAK)] if weak else []


def _member(problem: Problem, result: FitResult, *, is_tuned: bool) -> Member:
    law = problem.law
    values = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    theta = np.clip(centred(problem, _finite(law.to_coordinates(values)[0])), problem.low, problem.high)
    given = result.objective.delta
    delta = LAD_DELTA if result.objective.name == "lad" else np.inf if given is None else given
    return Member(group_label(result.group), problem, theta, delta, is_tuned)


def _finite(coordinates: Array) -> Array:
    """Coordinates with that of a vanished coefficient very low instead of infinitely so."""
    return np.where(np.isneginf(coordinates), -1e3, coordinates)


def _check(members: Sequence[Member], question: Question) -> None:
    if len(members) < 2:
        raise FitError(
            f"A comparison needs two groups that can be fitted, and there {'is one' if members else 'are none'}.",
            hint="Look at the groups with scaling fit --by, and choose a --law that more of them can carry.",
        )
    law = members[0].problem.law
    check_comparable(members[0].problem)
    if question.shared_floor and not floors(law):
        raise UsageError(f"{law.name} has no floor to share.", hint="Leave out --shared-floor.")
    names = [each.name for each in members]
    if question.reference is not None and question.reference not in names:
        raise UsageError(f"No group is called {question.reference!r}.", hint=f"Choose one of {', '.join(names)}.")


def _resampling(members: Sequence[Member], question: Question) -> Resampling | None:
    """How the nulls' distributions are drawn; None where F is good enough."""
    few = any(each.problem.run_count < MANY_RUNS for each in members)
    clustered = any(each.problem.run_count < each.points for each in members)
    absolute = any(each.delta <= LAD_DELTA for each in members)
    if question.is_exact or not (few or clustered or absolute or question.is_paired):
        return None
    return Resampling(question.replicates, question.seed, group_hash({}))


def _pairs(members: Sequence[Member], reference: str | None) -> list[tuple[int, int]]:
    """Indices of left and right: every pair, or every other group against the reference."""
    if reference is None:
        return list(itertools.combinations(range(len(members)), 2))
    right = [each.name for each in members].index(reference)
    return [(left, right) for left in range(len(members)) if left != right]


def _pairs_posed(
    members: Sequence[Member], pairs: Sequence[tuple[int, int]], every: Posed, question: Question
) -> list[Posed]:
    if len(members) == 2 and pairs == [(0, 1)]:
        return [every]
    return [pose(same_exponent([members[left], members[right]], is_paired=question.is_paired)) for left, right in pairs]


def _references(asked: Sequence[Posed], resampling: Resampling | None, question: Question) -> list[Reference]:
    """The distribution of each statistic; a question that is asked twice is answered once."""
    different = list({id(each): each for each in asked}.values())
    task = partial(reference_of, resampling)
    found = list(jobs.each(task, different, workers=question.workers, on_progress=question.on_progress))
    by_identity = {id(each): reference for each, reference in zip(different, found, strict=True)}
    return [by_identity[id(each)] for each in asked]


def _under_one_floor(
    members: Sequence[Member],
    pairs: Sequence[tuple[int, int]],
    resampling: Resampling | None,
    question: Question,
) -> tuple[NestedTest, list[tuple[Posed, Reference]]]:
    """The same questions of groups with one floor."""
    several = [list(members), *([members[left], members[right]] for left, right in pairs)]
    asked = [pose(same_exponent(each, is_paired=question.is_paired, shared_floor=True)) for each in several]
    references = _references(asked, resampling, question)
    test = _test(asked[0], references[0], "separate-coefficients", "shared-floor")
    return test, list(zip(asked[1:], references[1:], strict=True))


def _test(posed: Posed, reference: Reference, null: str, against: str) -> NestedTest:
    draws = 0 if reference.draws is None else len(reference.draws)
    return NestedTest(posed.statistic, reference.tail(posed.statistic), reference.method, null, against, draws)


def _rejects(test: NestedTest, question: Question) -> bool:
    return test.p_value is None or test.p_value <= 1 - question.level
