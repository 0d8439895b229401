"""From options to a task: what is known (runs, a saved or a published fit), goals, limits; and the whole answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.hardware import Hardware, flops_of, hardware
from scaling_cli.analysis.plan.answer import Task, planned
from scaling_cli.analysis.plan.check import simulated
from scaling_cli.analysis.plan.goals import Goal, check_goal, parse_goal
from scaling_cli.analysis.plan.judge import judged
from scaling_cli.analysis.plan.knowledge import RIVALS, Arm, Noise, noise_of
from scaling_cli.analysis.plan.limits import Bounds, Candidates, compute_bounds, parse_sizes
from scaling_cli.analysis.plan.result import result_of
from scaling_cli.analysis.plan.until import least_budget, parse_until
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.document.published import published_fit
from scaling_cli.document.read import SavedFit
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.laws import Law, find_law
from scaling_cli.laws.published import guessed_covariance, published_law
from scaling_cli.numbers.format import group_label
from scaling_cli.options.plan import Plan
from scaling_cli.points.choose import Choice
from scaling_cli.points.group import grouped_for
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace
from scaling_cli.results.plan import Judgement, PlanResult

USUAL_NOISE = 0.005  # of log loss, where no runs tell: seeds of small language models differ by 0.2 % to 0.5 %
HEAVY = 1.5  # times the robust noise: a larger standard deviation is that of a few runs
LEAST_NOISE = 1e-6
EXCLUDED = 0.01  # level of the F test that excludes a law for its rival: only clear evidence
KNOWN_ROLES = ("params", "tokens", "compute")
PRIOR = (0.05, 0.20)


def goals_of(asked: Plan) -> tuple[Goal, ...]:
    """The goals, with that of --until if it is another one."""
    goals = tuple(map(parse_goal, asked.goal))
    if asked.until is not None:
        wanted = parse_until(asked.until).goal
        goals = goals if any(goal.text == wanted.text for goal in goals) else (wanted, *goals)
    return goals


def compares(asked: Plan) -> bool:
    """Whether the goals compare two groups.

    Raises:
        UsageError: Only some of them do.
    """
    between = [goal.between for goal in goals_of(asked)]
    if any(between) and not all(between):
        raise UsageError(
            "Some goals compare two groups, and others are of one group.",
            hint="Plan them one after another: first difference(...) and multiplier@..., then the others.",
        )
    return all(between)


def published_arm(asked: Plan) -> Arm:
    """A published fit in place of runs."""
    known = published_law(asked.law)
    saved = published_fit(asked.law, level=asked.level, seed=asked.seed)
    _require_plannable(known.law)
    noise = Noise(asked.noise if asked.noise is not None else USUAL_NOISE)
    parameters = np.array([known.parameters.tolist(), *(saved.draws or ())], dtype=float)
    return Arm("", known.law, parameters, noise, _roles(known.law, {}), prior=guessed_covariance(known.law, known.fit))


def saved_arm(saved: SavedFit, asked: Plan) -> Arm:
    """A saved fit in place of runs: its replicates say how well the parameters are known.

    Raises:
        UsageError: It has no replicates.
    """
    law = find_law(saved.law, tuple(saved.inputs))
    _require_plannable(law)
    if not saved.draws:
        raise UsageError(
            "The saved fit has no replicates, so nothing says how uncertain it is.",
            hint="Save it with an interval: scaling fit RUNS -o FIT.json.",
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
    sigma = asked.noise or saved.noise or USUAL_NOISE
    return Arm(
        group_label(saved.group), law, parameters, Noise(sigma), _roles(law, saved.inputs),
        covariance=np.cov(coordinates.T),
    )  # fmt: skip


def fitted_arm(
    points: PointTable, group: dict[str, str], choice: Choice, settings: Settings, asked: Plan
) -> tuple[Arm, list[Caveat]]:
    """Runs, fitted: by the law that was asked for, or by its rival where the runs exclude it."""
    _require_plannable(choice.law)
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
    )  # fmt: skip
    if excluded:
        caveats = [*caveats, caveat("plan-other-law", group, law=problem.law.name)]
    return arm, caveats


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
    statistic = (sums[0] - sums[1]) / max(sums[1] / spare, 1e-300)
    return bool(statistic > 0 and fdtrc(1, spare, statistic) < EXCLUDED)


def _compute_of(points: PointTable, columns: Mapping[str, Array]) -> Array:
    if points.is_complete("compute"):
        return points.numbers("compute")
    if {"params", "tokens"} <= set(columns):
        return 6.0 * columns["params"] * columns["tokens"]
    return next(iter(columns.values()))


def _roles(law: Law, inputs: Mapping[str, str]) -> dict[str, str]:
    return {name: inputs.get(name, name) for name in law.inputs}


def _require_plannable(law: Law) -> None:
    if law.is_curve:
        raise UsageError(
            f"{law.name} describes whole training curves, and a plan chooses runs.",
            hint="Use --law chinchilla, or a law of compute, params or tokens.",
        )


def answered(
    arms: Sequence[Arm], asked: Plan, source: str, group: Mapping[str, str]
) -> tuple[PlanResult, list[Caveat]]:
    """The whole answer for one group, for two that are compared, or for a fit in place of runs."""
    task, machines = task_of(arms, asked)
    note: tuple[str, ...] = ()
    if asked.until is not None:
        least = least_budget(task, parse_until(asked.until), lambda budget: _bounds(task.arms, asked, budget))
        note = (f"the least budget for {asked.until}",)
        task = replace(task, budget=least, bounds=_bounds(task.arms, asked, least))
    plan = planned(task)
    result = result_of(task, plan, machines, source, group)
    everything = plan.place(np.repeat(plan.all, task.seeds))
    check = None
    if asked.check_:
        if len(arms) > 1:
            raise UsageError("--check simulates plans of one group.", hint="Leave it out, or plan without --by.")
        check = simulated(arms[0], task.goals, everything, seed=asked.seed)
    result = replace(result, check=check, judged=_judgements(task, asked), notes=(*note, *result.notes))
    return result, _doubts(result, machines.doubts() if machines else [], group)


def _doubts(result: PlanResult, found: list[Caveat], group: Mapping[str, str]) -> list[Caveat]:
    unknown = [goal.goal for goal in result.goals if not np.isfinite(goal.width_after)]
    if unknown:
        found = [*found, caveat("plan-unknown-goal", dict(group), goals=", ".join(unknown))]
    return found


def task_of(arms: Sequence[Arm], asked: Plan) -> tuple[Task, Hardware | None]:
    """What is to be planned, and the GPUs that it is planned for.

    Raises:
        UsageError: A goal does not go with the law, or with the number of groups.
    """
    goals = goals_of(asked)
    for goal in goals:
        for arm in arms:
            check_goal(goal, arm.law)
    if any(goal.between for goal in goals) and len(arms) != 2:
        raise UsageError(
            f"{goals[0].text} compares two groups, and there {'is' if len(arms) == 1 else 'are'} {len(arms)}.",
            hint="Name the column that makes two groups with --by, and leave others out with --where.",
        )
    machines = hardware(asked.gpus, asked.peak_flops, asked.mfu, asked.price_per_gpu_hour)
    underway = None if asked.underway is None else read_design(asked.underway)
    if underway is not None and len(arms) > 1:
        raise UsageError("--underway is for plans of one group.", hint="Leave it out, or plan without --by.")
    budget = flops_of(asked.budget, machines) if asked.budget is not None else _judged_budget(asked)
    task = Task(
        arms=arms, goals=goals, bounds=_bounds(arms, asked, budget), budget=budget, runs=asked.max_runs,
        level=asked.level, seeds=asked.seeds, share=asked.test_share, rounds=asked.rounds, underway=underway,
    )  # fmt: skip
    return task, machines


def _judged_budget(asked: Plan) -> float:
    """Without a budget, that of the design to judge."""
    assert asked.judge is not None
    return float(read_design(asked.judge).compute.sum())


def _bounds(arms: Sequence[Arm], asked: Plan, budget: float) -> Bounds:
    present = [_known_compute(arm) for arm in arms]
    known = [each for each in present if each is not None]
    compute = compute_bounds(budget, asked.min_compute, asked.max_compute, np.concatenate(known) if known else None)
    return Bounds(
        compute, (asked.min_tokens_per_param, asked.max_tokens_per_param),
        parse_sizes(asked.sizes) if asked.sizes else (), asked.unique_tokens,
    )  # fmt: skip


def _known_compute(arm: Arm) -> Array | None:
    if arm.present is None:
        return None
    if {"params", "tokens"} <= set(arm.present):
        return 6.0 * arm.present["params"] * arm.present["tokens"]
    role = next(iter(arm.roles.values()))
    return np.asarray(next(iter(arm.present.values()))) if role == "compute" else None


def _judgements(task: Task, asked: Plan) -> tuple[Judgement, ...]:
    """The design of --judge, and that of the runs that there are."""
    found = []
    if len(task.arms) > 1:
        return ()
    arm = task.arms[0]
    if asked.judge is not None:
        found.append(judged(asked.judge, task, read_design(asked.judge), is_present=False))
    if arm.present is not None and {"params", "tokens"} <= set(arm.present):
        there = Candidates(arm.present["params"], arm.present["tokens"])
        found.append(judged("your runs", task, there, is_present=True))
    return tuple(found)


def read_design(path: str) -> Candidates:
    """The params and tokens of runs in a file; either may follow from compute.

    Raises:
        DataError: A row has neither two of them.
    """
    from scaling_cli.data.runs.targets import load_targets

    params, tokens = [], []
    for at, _, _, _ in load_targets(path):
        if "compute" in at and "params" in at and "tokens" not in at:
            at = {**at, "tokens": at["compute"] / 6 / at["params"]}
        if not {"params", "tokens"} <= set(at):
            raise DataError(
                f"{path} has a run without params and tokens.", hint="Write one run per row, under params,tokens."
            )
        params.append(at["params"])
        tokens.append(at["tokens"])
    return Candidates(np.array(params), np.array(tokens))
