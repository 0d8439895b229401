"""A plan simulated: losses of its runs are drawn with noise, the law is fitted, and the goals are compared.

The estimate of today is taken as the truth. Expected widths follow from the law's gradient there, so this checks the
linear approximation that the plan rests on; that the estimate may be wrong is a matter of its interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.plan.goals import Goal, known, places
from scaling_cli.analysis.plan.ground import Columns, ground
from scaling_cli.analysis.plan.knowledge import Arm, present_compute
from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.arrays import NORMAL_95
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.results.plan import Check

SIMULATIONS = 200
DECIMALS = 1e-9


def simulated(arm: Arm, goals: Sequence[Goal], runs: Candidates, *, count: int = SIMULATIONS, seed: int = 0) -> Check:
    """How wide the goals of one arm scatter if the runs are trained, over what is expected; and the coverage of that.

    The truth is the estimate, so that widths can be compared; runs that are there already are drawn again, too.
    """
    columns = _with_present(arm, runs)
    compute = np.concatenate([runs.compute, present_compute(arm.present)]) if arm.present is not None else runs.compute
    noise = arm.noise.at(compute)
    truth = arm.parameters[:1]
    place = ground(arm.law, [columns, *(spot for goal in goals for spot in places(goal, arm.law))])
    theta = place.coordinates(truth)
    log_loss, rows = place.at(0, theta)
    rng = np.random.default_rng([seed, len(compute)])
    target = log_loss + noise * rng.standard_normal((count, len(compute)))
    problem = problem_from_arrays(
        arm.law, columns, np.exp(log_loss[0]), np.arange(len(compute)), weights=1 / np.maximum(noise, DECIMALS) ** 2
    )
    start = problem.law.to_coordinates(truth) @ problem.shift.T + problem.offset
    solution = minimise(problem, np.tile(start, (count, 1)), delta=np.inf, target=target)
    found = place.coordinates(problem.parameters(solution.theta))
    information = rows[0].T / noise**2 @ rows[0]
    ratios, coverage, first = [], [], 1
    for goal in goals:
        there = known(goal, place, found, first)
        here = known(goal, place, theta, first)
        first += len(places(goal, arm.law))
        gradient = here.gradient[0]
        error = float(np.sqrt(gradient @ np.linalg.solve(information, gradient)))
        off = there.values - here.values[0]
        usable = off[np.isfinite(off)]
        spread = np.subtract(*np.quantile(usable, [0.975, 0.025])) / (2 * NORMAL_95 * error) if len(usable) else np.nan
        ratios.append(float(spread))
        coverage.append(float(np.mean(np.abs(np.nan_to_num(off, nan=np.inf)) <= NORMAL_95 * error)))
    return Check(count, tuple(ratios), tuple(coverage))


def _with_present(arm: Arm, runs: Candidates) -> Columns:
    planned = arm.columns(runs.columns)
    if arm.present is None:
        return planned
    return {name: np.concatenate([planned[name], arm.present[name]]) for name in planned}
