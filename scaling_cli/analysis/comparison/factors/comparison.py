"""The result of `scaling compare-exponents --factors`: what each factor moves, over cells of a design."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtri

from scaling_cli.analysis.comparison.factors.answer import FactorQuestion, coefficients, effects_in
from scaling_cli.analysis.comparison.factors.design import Factor, Term
from scaling_cli.analysis.comparison.factors.term_test import Ready, judged_term, ready
from scaling_cli.analysis.comparison.floorless import no_floor_test
from scaling_cli.analysis.comparison.groups import comparison_data
from scaling_cli.analysis.comparison.models import exponents, floors
from scaling_cli.analysis.comparison.nested import ALL_SEPARATE
from scaling_cli.analysis.comparison.question import ComparisonQuestion, law_caveats, named_members, what_was_compared
from scaling_cli.caveats import Caveat
from scaling_cli.fitting.problem import Problem
from scaling_cli.results.comparison import ComparisonResult, NestedTest
from scaling_cli.results.fit import FitResult


def compare_factors(
    problems: Sequence[Problem], results: Sequence[FitResult], factors: Sequence[Factor], question: ComparisonQuestion
) -> tuple[ComparisonResult, list[Caveat]]:
    """What each factor and each interaction of two moves, with caveats.

    Args:
        problems: The points of each cell.
        results: Each cell's own fit, in the same order.
        factors: The design over these cells.
        question: What the user asks.

    Raises:
        UsageError: The law has no exponent that can be compared.
        FitError: Fewer than two cells were fitted.
    """
    members = named_members(problems, results, question)
    setting = ready(members, is_paired=question.is_paired, replicates=question.replicates, seed=question.seed)
    freedom = sum(max(member.freedom, 1) for member in members)
    data = comparison_data(
        members,
        results,
        scales=setting.fits.scales[0],
        cut=float(fdtri(1, freedom, question.level)),
        level=question.level,
        margin=question.margin,
        to=question.to,
    )
    no_floor = no_floor_test(members, setting.fits.scales[0])
    asked = FactorQuestion(data.margin, question.level, question.unlike)
    law, first = members[0].problem.law, results[0]
    result = ComparisonResult(
        **what_was_compared(results),
        exponents=exponents(law),
        objective={"name": first.objective.name, "space": first.objective.space},
        is_paired=question.is_paired and setting.is_matched,
        floor="separate" if floors(law) else "none",
        reference=None,
        groups=data.groups,
        models=(),
        tests={**of_all_cells(setting), **({} if no_floor is None else {"no_floor": no_floor})},
        margin=data.margin,
        comparisons=(),
        factors=effects_in(setting, factors, asked),
        incomparable=question.incomparable,
        fits=tuple(results),
    )
    return result, law_caveats(members)


def of_all_cells(setting: Ready) -> dict[str, NestedTest]:
    """Tests whether all cells share some parameters, whatever the factors."""
    law = setting.members[0].problem.law
    cells = len(setting.members)
    each = Term((Factor("cell", tuple(map(str, range(cells))), np.arange(cells)),))
    shared = {"same_exponent": ("shared-exponent", exponents(law))}
    if floors(law):
        shared["same_exponent_and_floor"] = ("separate-coefficients", (*exponents(law), *floors(law)))
        shared["same_floor"] = ("shared-floor", floors(law))
    known = (*exponents(law), *floors(law), *coefficients(setting.members[0]))
    if set(known) == set(law.names):
        shared["same_curve"] = ("one-curve", law.names)
    found = {}
    for hypothesis, (model, names) in shared.items():
        test = judged_term(setting, each, [each], names)
        assert test is not None
        draws = test.distribution.draws
        found[hypothesis] = NestedTest(
            test.statistic,
            test.p_value,
            test.distribution.method,
            model,
            ALL_SEPARATE,
            0 if draws is None else len(draws),
        )
    return found
