"""What is known before a plan, as arms: from runs that are fitted, a saved fit, or a published one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.plan.departures import size_of
from scaling_cli.analysis.plan.ground import Columns, ground
from scaling_cli.analysis.plan.knowledge import RIVALS, Arm, Noise, noise_of, present_compute
from scaling_cli.analysis.recipe import rules_of
from scaling_cli.analysis.recorded_cost import recorded
from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.names import inputs_in_words
from scaling_cli.document.published import published_fit
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.laws import FAMILIES, Law, find_law, is_formula
from scaling_cli.laws.published import guessed_covariance, published_law
from scaling_cli.numbers.format import group_label
from scaling_cli.options.plan import LEAST_NOISE, Plan
from scaling_cli.points.choose import Choice
from scaling_cli.points.group import grouped_for
from scaling_cli.points.mixture import MIXTURE
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting

USUAL_NOISE = 0.005  # of log loss, where no runs tell: seeds of small language models differ by 0.2 % to 0.5 %
HEAVY = 1.5  # times the robust noise: a larger standard deviation is that of a few runs
WEAK = 1e3  # times the guessed uncertainty: keeps the search from singular matrices, and decides nothing
EXCLUDED = 0.01  # level of the F test that excludes a law for its rival: only clear evidence
UNCOUNTED = 1_000  # runs behind a saved fit that does not say how many: its noise is taken as known
KNOWN_ROLES = ("params", "tokens", "compute")


def published_arm(asked: Plan) -> Arm:
    """A published fit in place of runs."""
    known = published_law(asked.law)
    saved = published_fit(asked.law, level=asked.level, seed=asked.seed)
    _require_plannable(known.law, known.roles)
    noise = Noise(asked.noise if asked.noise is not None else USUAL_NOISE)
    parameters = np.array([known.parameters.tolist(), *(saved.draws or ())], dtype=float)
    prior = WEAK**2 * guessed_covariance(known.law, known.fit)
    return Arm("", known.law, parameters, noise, known.roles, prior=prior)


def saved_arm(saved: SavedFit, asked: Plan) -> Arm:
    """A saved fit in place of runs: its replicates say how well the parameters are known.

    Raises:
        UsageError: It has no replicates.
    """
    law = find_law(saved.law, tuple(saved.inputs))
    _require_plannable(law, saved.inputs)
    if not saved.draws:
        raise UsageError(
            "The saved fit has no replicates, so its uncertainty is not known.",
            hint="Fit again with --interval wild and without --no-draws: scaling fit RUNS --interval wild -o FIT.json.",
        )
    if set(saved.parameters) != set(law.names):
        raise DataError(
            f"The saved fit of {law.name} has parameters {', '.join(saved.parameters)}, not {', '.join(law.names)}.",
            hint="Write it again with `scaling fit --json -o FILE`.",
        )
    order = [list(saved.parameters).index(name) for name in law.names]
    estimate = [saved.parameters[name].estimate for name in law.names]
    parameters = np.array([estimate, *([row[i] for i in order] for row in saved.draws)], dtype=float)
    coordinates = law.to_coordinates(parameters[1:])
    coordinates = coordinates[np.isfinite(coordinates).all(axis=1)]
    sigma = asked.noise or max(saved.noise or USUAL_NOISE, LEAST_NOISE)
    return Arm(
        group_label(saved.group), law, parameters, Noise(sigma), _roles(law, saved.inputs),
        covariance=np.cov(coordinates.T), behind=saved.runs or UNCOUNTED,
    )  # fmt: skip


def fitted_arm(
    points: PointTable, group: dict[str, str], choice: Choice, settings: Settings, asked: Plan
) -> tuple[Arm, list[Caveat]]:
    """Runs, fitted: by the law that was asked for, or by its rival where the runs exclude it."""
    _require_plannable(choice.law, choice.inputs)
    grouped = grouped_for(points, group, choice, "log", Weighting(None, 0.0, "none"))
    excluded = _is_excluded(points, group, choice) if asked.law == "auto" else False
    if excluded:
        choice = Choice(find_law(RIVALS[choice.law.name]), choice.inputs, choice.reason)
        grouped = grouped_for(points, group, choice, "log", Weighting(None, 0.0, "none"))
    result, caveats = fit(grouped, settings)
    problem = grouped.problem
    parameters = np.array(
        [[result.parameters[name].estimate for name in problem.law.names], *(result.draws or ())], dtype=float
    )
    seen = result.observations
    assert seen is not None
    residuals = np.log(np.array(seen.observed)) - np.log(np.array(seen.predicted))
    compute = _compute_of(points, problem.columns)
    sigma = _scale(residuals, result.noise, len(problem.law.names))
    noise = Noise(asked.noise) if asked.noise is not None else noise_of(residuals, compute, sigma)
    arm = Arm(
        group_label(group), problem.law, parameters, noise, choice.inputs, present=dict(problem.columns),
        is_rival_excluded=excluded,
        rules=tuple(rules_of(points, compute)) if asked.recipe else (),
        recorded=recorded(points, compute, asked.gpus),
        doubt=sigma * _departures(problem.law, problem.columns, parameters[:1], residuals),
    )  # fmt: skip
    if excluded:
        caveats = [*caveats, caveat("plan-other-law", group, law=problem.law.name)]
    return arm, caveats


def _departures(law: Law, columns: Columns, parameters: Array, residuals: Array) -> float:
    """The size of departures from the law, in units of the noise, by the residuals of its fit."""
    place = ground(law, [columns])
    rows = place.at(0, place.coordinates(parameters))[1][0]
    logs = np.log(np.stack([columns[name] for name in law.inputs], axis=1))
    return size_of(residuals, rows, logs)


def _scale(residuals: Array, robust: float, parameters: int) -> float:
    """The noise of one run: the standard deviation of the residuals, or the robust one where a few runs are far off."""
    plain = float(np.sqrt(np.sum(residuals**2) / max(len(residuals) - parameters, 1)))
    is_usable = np.isfinite(robust) and robust > 0
    return max(robust if is_usable and plain > HEAVY * robust else plain, LEAST_NOISE)


def _is_excluded(points: PointTable, group: dict[str, str], choice: Choice) -> bool:
    """Whether the runs exclude the law for the rival that has it as a special case, by an F test of least squares."""
    from scipy.special import fdtrc

    if choice.law.name not in RIVALS or len(points) < 2 * len(choice.law.parameters) + 2:
        return False
    sums = []
    rival = find_law(RIVALS[choice.law.name])
    for law in (choice.law, rival):
        grouped = grouped_for(points, group, Choice(law, choice.inputs), "log", Weighting(None, 0.0, "none"))
        sums.append(float(np.sum(optimum(grouped.problem, Objective("least-squares")).log_residuals ** 2)))
    spare = len(points) - len(rival.parameters)
    statistic = (sums[0] - sums[1]) / max(sums[1] / spare, ALMOST_ZERO)
    return bool(statistic > 0 and fdtrc(1, spare, statistic) < EXCLUDED)


def _compute_of(points: PointTable, columns: Mapping[str, Array]) -> Array:
    return points.numbers("compute") if points.is_complete("compute") else present_compute(columns)


def _roles(law: Law, inputs: Mapping[str, str]) -> dict[str, str]:
    return {name: inputs.get(name, name) for name in law.inputs}


def require_plannable_name(name: str) -> None:
    """Refuse the name of a law that a plan cannot use before the runs are read, which may lack its columns.

    Raises:
        UsageError: It is one.
    """
    if name.startswith(MIXTURE) and name in FAMILIES:
        raise UsageError(
            f"{name} is a law of shares of domains, but a plan can choose only params and tokens.",
            hint="Give the runs with --law chinchilla, or with another law of params and tokens.",
        )
    if name in ("auto", *FAMILIES) or is_formula(name):
        return
    law = find_law(name)
    _require_plannable(law, {each: "params" for each in law.inputs if each == "x"})  # the column of x is seen later


def _require_plannable(law: Law, inputs: Mapping[str, str]) -> None:
    if law.is_curve:
        raise UsageError(
            f"{law.name} describes whole training curves, but a plan needs a law of the final loss of runs.",
            hint="Use --law chinchilla, or a law of compute, params or tokens.",
        )
    columns = [inputs.get(name, name) for name in law.inputs]
    if not set(columns) <= set(KNOWN_ROLES):
        raise UsageError(
            f"{law.name} is a law of {inputs_in_words(law.inputs, inputs)}, but a plan can choose only params and "
            "tokens.",
            hint="Give the runs with --law chinchilla, or with another law of params and tokens.",
        )
