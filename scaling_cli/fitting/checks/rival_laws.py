"""By how much laws of more parameters fit the same points better than a law does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import Asking
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum_asking
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import Law, find_law


def improvements(fitted: Fitted, names: Sequence[str]) -> Asking[list[float]]:
    """The p-values by which laws of more parameters fit better by least squares; 1 for those that do not."""
    problem = fitted.problem
    laws = [find_law(name) for name in names]
    is_wider = [len(fitted.theta) < len(law.names) < problem.run_count for law in laws]
    left = (yield from squares(problem)) if any(is_wider) else None
    p_values = []
    for law, is_testable in zip(laws, is_wider, strict=True):
        right = (yield from squares(_with_law(problem, law))) if is_testable and left is not None else None
        if left is None or right is None or not right < left:
            p_values.append(1.0)
            continue
        more, spare = len(law.names) - len(fitted.theta), problem.run_count - len(law.names)
        p_values.append(f_tail((left - right) / more / max(right / spare, ALMOST_ZERO), more, spare))
    return p_values


def _with_law(problem: Problem, law: Law) -> Problem:
    columns: Mapping[str, Array] = problem.columns
    return problem_from_arrays(law, columns, problem.observed, problem.runs, problem.space, weights=problem.weights)


def squares(problem: Problem) -> Asking[float | None]:
    """The least sum of squares; None where the law cannot be fitted."""
    try:
        fitted = yield from optimum_asking(problem, Objective("least-squares"))
    except FitError:
        return None
    return 2 * fitted.value
