"""What is asked of the groups of a comparison, and the groups themselves, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scaling_cli import jobs
from scaling_cli.analysis.comparison.equal_inputs import with_equal_inputs
from scaling_cli.analysis.comparison.models import Member, check_comparable, floors
from scaling_cli.analysis.comparison.nested import centred
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import guess
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.objective import LAD_DELTA
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import Law, is_formula
from scaling_cli.numbers.format import group_label
from scaling_cli.record import Record
from scaling_cli.results.fit import FitResult

DRIFT = 1.25  # of the compute multiplier: exponent differences that cause less drift are too small to matter


class ComparisonQuestion(Record):
    """What the user asks about the groups.

    Attributes:
        shared: Parameters that all groups share, unless the data reject it.
        margin: A drift of the compute multiplier (above 1), or an exponent difference (below 1).
        to: The input up to which the drift is measured; None for as far beyond the data as they span.
        is_paired: Whether all groups have runs at the same inputs and with the same seeds.
        is_exact: Whether F is used even with few runs.
        is_tuned: Whether the objective's delta follows from the data.
        has_replicates: Whether the user set their number.
        incomparable: A column because of which the losses of different groups cannot be compared.
        unlike: Factors and interactions whose levels have such losses.
    """

    level: float
    replicates: int
    seed: int
    reference: str | None = None
    shared: tuple[str, ...] = ()
    shared_floor: bool = False
    margin: float = DRIFT
    to: float | None = None
    is_paired: bool = False
    is_exact: bool = False
    is_tuned: bool = False
    has_replicates: bool = False
    incomparable: str | None = None
    unlike: frozenset[str] = frozenset()
    workers: jobs.Workers = jobs.SERIAL
    on_progress: jobs.Progress | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.margin) and self.margin > 0 and self.margin != 1):
            raise UsageError(
                f"--margin is {self.margin:g}.",
                hint="Give a factor of the compute multiplier, such as 1.25, or an exponent difference, such as 0.005.",
            )


def check_law(problem: Problem, question: ComparisonQuestion) -> None:
    """Refuse, before any group is fitted, a law that cannot answer; `problem` is that of one group.

    Raises:
        UsageError: The law has no exponent that can be compared, or no floor to share.
    """
    check_comparable(problem)
    law = problem.law
    if question.shared_floor and not floors(law):
        named = ", or name what groups share, such as --share E" if is_formula(law.name) else ""
        raise UsageError(f"{law.name} has no floor that groups could share.", hint=f"Leave out --shared-floor{named}.")


def shared_names(law: Law, question: ComparisonQuestion) -> tuple[str, ...]:
    """The parameters that all groups are to share, in the order of the law."""
    asked = {*question.shared, *(floors(law) if question.shared_floor else ())}
    return tuple(name for name in law.names if name in asked)


def named_members(
    problems: Sequence[Problem], results: Sequence[FitResult], question: ComparisonQuestion
) -> list[Member]:
    """The groups with their own fits.

    Raises:
        UsageError: No group has the name of the reference.
        FitError: Fewer than two groups were fitted.
    """
    members = [
        _member(problem, result, is_tuned=question.is_tuned) for problem, result in zip(problems, results, strict=True)
    ]
    _check(members, question)
    return with_equal_inputs(members, is_paired=question.is_paired or question.is_exact)


def _member(problem: Problem, result: FitResult, *, is_tuned: bool) -> Member:
    law = problem.law
    values = np.array([[result.parameters[name].estimate for name in law.names]], dtype=float)
    theta = np.clip(centred(problem, _finite(law.to_coordinates(values)[0])), problem.low, problem.high)
    given = result.objective.delta
    delta = LAD_DELTA if result.objective.name == "lad" else np.inf if given is None else given
    return Member(group_label(result.group), problem, theta, delta, is_tuned)


def _finite(coordinates: Array) -> Array:
    """Coordinates with -inf, the log of a coefficient of zero, replaced by a very low number."""
    return np.where(np.isneginf(coordinates), -1e3, coordinates)


def _check(members: Sequence[Member], question: ComparisonQuestion) -> None:
    if len(members) < 2:
        raise FitError(
            f"A comparison needs two groups that can be fitted, but {'only one' if members else 'none'} could be.",
            hint="Run scaling fit --by to see why groups fail, or choose a --law with fewer parameters.",
        )
    check_reference(question.reference, [member.name for member in members])


def check_reference(reference: str | None, names: Sequence[str]) -> None:
    """Refuse a reference that is no group.

    Raises:
        UsageError: It is none.
    """
    if reference is not None and reference not in names:
        near = guess(reference, names)
        raise UsageError(f"No group is called {reference!r}.", hint=f"{near}Choose one of {', '.join(names)}.")


def law_caveats(members: Sequence[Member]) -> list[Caveat]:
    """A caveat for laws without a floor: their exponents are slopes, which differ if floors differ."""
    law = members[0].problem.law
    falls = any(member.theta[law.names.index("b")] < 0 for member in members) if "b" in law.names else False
    return [caveat("apparent-exponents", law=law.name)] if falls and not floors(law) else []


def what_was_compared(results: Sequence[FitResult]) -> dict[str, Any]:
    """The fields of a comparison that repeat what was fitted, from the fits of its groups."""
    first = results[0]
    return {
        "group": {},
        "runs": sum(result.runs for result in results),
        "points": sum(result.points for result in results),
        "law": first.law,
        "formula": first.formula,
        "inputs": first.inputs,
        "reason": first.reason,
        "interval": first.interval,
    }
