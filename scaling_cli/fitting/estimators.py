"""Estimates under other common objectives; on real data these differ as much as sampling noise moves an estimate."""

from __future__ import annotations

import numpy as np

from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.record import replace
from scaling_cli.results.fit import Alternative, ObjectiveValue

HOFFMANN_DELTA = 1e-3  # in log loss; Hoffmann et al. 2022, section 3.3
COMMON = (
    (Objective("huber"), "log"),
    (Objective("huber", HOFFMANN_DELTA), "log"),
    (Objective("lad"), "log"),
    (Objective("least-squares"), "log"),
    (Objective("least-squares"), "linear"),
)


def alternatives(fitted: Fitted) -> tuple[Alternative, ...]:
    """Estimates under each common objective except the fit's own."""
    problem, others = fitted.problem, []
    for objective, space in COMMON:
        has_no_logs = space == "log" and (problem.observed <= 0).any()
        if has_no_logs or (objective, space) == (fitted.objective, problem.space):
            continue
        try:
            other = optimum(_in_space(problem, space), objective)
        except FitError:
            continue
        quantities = Quantities(problem)
        values = quantities.of_parameters(problem.parameters(other.theta[None]))[0].tolist()
        named = dict(zip(quantities.names, values, strict=True))
        delta = other.delta if objective.name == "huber" else None
        others.append(
            Alternative(
                ObjectiveValue(objective.name, space, delta, other.value),
                {name: named[name] for name in problem.law.names},
                {quantity.name: named[quantity.name] for quantity in problem.law.derived},
            )
        )
    return tuple(others)


def _in_space(problem: Problem, space: str) -> Problem:
    target = np.log(problem.observed) if space == "log" else problem.observed
    return replace(problem, space=space, target=target)
