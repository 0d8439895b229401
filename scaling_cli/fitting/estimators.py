"""What other reasonable objectives would have said: on real data that matters as much as the noise of sampling."""

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
REASONABLE = (
    (Objective("huber"), "log"),
    (Objective("huber", HOFFMANN_DELTA), "log"),
    (Objective("lad"), "log"),
    (Objective("least-squares"), "log"),
    (Objective("least-squares"), "linear"),
)


def alternatives(fitted: Fitted) -> tuple[Alternative, ...]:
    """Estimates under each reasonable objective but the fit's own."""
    problem, found = fitted.problem, []
    for objective, space in REASONABLE:
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
        found.append(
            Alternative(
                ObjectiveValue(objective.name, space, delta, other.value),
                {name: named[name] for name in problem.law.names},
                {quantity.name: named[quantity.name] for quantity in problem.law.derived},
            )
        )
    return tuple(found)


def _in_space(problem: Problem, space: str) -> Problem:
    target = np.log(problem.observed) if space == "log" else problem.observed
    return replace(problem, space=space, target=target)
