"""From options to a task: goals, limits and what is known; and the whole answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.hardware import Machines, flops_of
from scaling_cli.analysis.plan.answer import Task, planned
from scaling_cli.analysis.plan.check import simulated
from scaling_cli.analysis.plan.given_designs import NO_GROUP, design_if_any, read_design
from scaling_cli.analysis.plan.goals import Goal, check_goal, parse_goal
from scaling_cli.analysis.plan.judge import judged
from scaling_cli.analysis.plan.knowledge import Arm, present_compute
from scaling_cli.analysis.plan.limits import Bounds, Candidates, compute_bounds, parse_sizes
from scaling_cli.analysis.plan.result import result_of
from scaling_cli.analysis.plan.until import least_budget, parse_until
from scaling_cli.analysis.recipe import Rule, read_rules, recipe_of, rules_for, told
from scaling_cli.analysis.recorded_cost import machines_of
from scaling_cli.analysis.units import refuse_without_unit
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import number_of
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.options.plan import Plan
from scaling_cli.record import replace
from scaling_cli.results.plan import Judgement, PlanResult


def goals_of(asked: Plan) -> tuple[Goal, ...]:
    """The goals, with that of --until if it is another one.

    Raises:
        UsageError: A goal cannot be read, or the goals need different logs, or only some of them compare two groups.
    """
    goals = tuple(map(parse_goal, asked.goal))
    if asked.until is not None:
        wanted = parse_until(asked.until).goal
        goals = goals if any(goal.text == wanted.text for goal in goals) else (wanted, *goals)
    of_attempts = [goal.what == "coverage" for goal in goals]
    if any(of_attempts) and not all(of_attempts):
        raise UsageError(
            "Goals of coverage need a log of attempts, and other goals need runs, so they cannot be combined.",
            hint="Use one command for the goals of coverage, and another for the others.",
        )
    between = [goal.between for goal in goals]
    if any(between) and not all(between):
        raise UsageError(
            "Some goals compare two groups, and others concern one group, so they cannot be combined.",
            hint="Use one command for difference(...) and multiplier@..., and another for the other goals.",
        )
    return goals


def compares(asked: Plan) -> bool:
    """Whether the goals compare two groups."""
    return goals_of(asked)[0].between


def require_two_groups(goals: Sequence[Goal], count: int) -> None:
    """Refuse goals that compare two groups where there are more or fewer.

    Raises:
        UsageError: There are.
    """
    if any(goal.between for goal in goals) and count != 2:
        there = f"there {'is' if count == 1 else 'are'} {number_of(count, 'group')}"
        raise UsageError(
            f"{goals[0].text} compares two groups, but {there}.",
            hint="Name the column of the groups with --by, and keep two of them with --where.",
        )


def answered(
    arms: Sequence[Arm], asked: Plan, source: str, group: Mapping[str, str], *, sharing: int = 1
) -> tuple[PlanResult, list[Caveat]]:
    """The whole answer for one group, for two that are compared, or for a fit in place of runs.

    `sharing` groups have an answer each, and an equal share of the budget.
    """
    machines, cost_doubts = machines_of([arm.recorded for arm in arms], asked, has_price=isinstance(asked.budget, str))
    task = task_of(arms, asked, machines, sharing, group)
    note: tuple[str, ...] = ()
    if asked.until is not None:
        # What is wanted is a width, which does not include departures.
        arms = [replace(arm, doubt=0.0) for arm in arms]
        task = replace(task, arms=arms)
        least, bounds = least_budget(task, parse_until(asked.until), lambda budget: _bounds(arms, asked, budget))
        note = (f"the least budget for {asked.until}",)
        task = replace(task, budget=least, bounds=bounds)
    plan = planned(task)
    result = result_of(task, plan, machines, source, group)
    check = None
    if asked.check_:
        widths = [goal.width_after for goal in result.goals]
        trained = plan.place(np.repeat(plan.all, task.seeds)).joined(task.underway)
        check = simulated(arms[0], task.goals, trained, widths, task.level, seed=asked.seed)
    result = replace(
        result,
        check=check,
        judged=_judgements(task, asked, group),
        notes=(*note, *((machines.note,) if machines and machines.note else ()), *result.notes),
    )
    if asked.recipe:
        own = read_rules(asked.rules) if asked.rules is not None else []
        result = _with_recipes(result, {arm.name if len(arms) > 1 else "": arm.rules for arm in arms}, own)
    found = [replace(each, group=dict(group) or None) for each in cost_doubts]
    return result, _doubts(result, [*found, *(machines.doubts() if machines else [])], group)


def _with_recipes(result: PlanResult, fitted: Mapping[str, Sequence[Rule]], own: Sequence[Rule]) -> PlanResult:
    """The plan with a recipe for each run by the `fitted` rules of its group; notes name the sources."""
    by_arm = {arm: rules_for(rules, own) for arm, rules in fitted.items()}
    runs = tuple(
        replace(run, recipe=recipe_of(run.params, run.tokens, run.compute, by_arm[run.arm])) for run in result.runs
    )
    notes = [
        f"recipe{f' of {arm}' if arm else ''}: "
        + told(rules, [(run.params, run.recipe) for run in runs if run.arm == arm])
        for arm, rules in by_arm.items()
    ]
    return replace(result, runs=runs, notes=(*result.notes, *notes))


def _doubts(result: PlanResult, found: list[Caveat], group: Mapping[str, str]) -> list[Caveat]:
    unknown = [goal.goal for goal in result.goals if not np.isfinite(goal.width_after)]
    if unknown:
        found = [*found, caveat("plan-unknown-goal", dict(group), goals=", ".join(unknown))]
    return found


def _ranges(arm: Arm) -> dict[str, tuple[float, float]]:
    """The least and the largest amount that the runs have of each role; none for a published fit."""
    if arm.present is None:
        return {}
    amounts = {arm.roles.get(name, name): values for name, values in arm.present.items()}
    compute = _known_compute(arm)
    if compute is not None:
        amounts.setdefault("compute", compute)
    return {role: (float(values.min()), float(values.max())) for role, values in amounts.items()}


def _refuse_units(arms: Sequence[Arm], asked: Plan, budget: float, bounds: Bounds) -> None:
    """Refuse a budget and limits without their unit, where it is known how large runs are."""
    limits = {
        "The budget has": ("compute", budget if asked.budget is not None else None),
        "--min-compute has": ("compute", asked.min_compute),
        "--max-compute has": ("compute", asked.max_compute),
        "--unique-tokens has": ("tokens", asked.unique_tokens),
        "--sizes has": ("params", min(bounds.sizes, default=None)),
    }
    for arm in arms:
        if arm.present is None and arm.prior is None:
            continue
        for subject, (role, amount) in limits.items():
            if amount is not None:
                refuse_without_unit(subject, {role: amount}, _ranges(arm))


def task_of(
    arms: Sequence[Arm],
    asked: Plan,
    machines: Machines | None,
    sharing: int = 1,
    group: Mapping[str, str] = NO_GROUP,
) -> Task:
    """What is to be planned, with the runs of files that are of this group.

    Raises:
        UsageError: A goal does not go with the law, or with the number of groups.
    """
    goals = goals_of(asked)
    for goal in goals:
        for arm in arms:
            check_goal(goal, arm.law, arm.roles)
            if arm.present is not None or arm.prior is not None:
                refuse_without_unit(f"--goal {goal.text} has", goal.at, _ranges(arm))
    require_two_groups(goals, len(arms))
    of_one = {"--check": asked.check_, "--judge": asked.judge is not None, "--underway": asked.underway is not None}
    if len(arms) > 1 and (option := next((option for option, is_given in of_one.items() if is_given), None)):
        raise UsageError(
            f"{option} works only with goals of one group, but {goals[0].text} compares two.",
            hint=f"Leave {option} out, or give goals such as alpha or params@1e24 instead.",
        )
    underway = None if asked.underway is None else design_if_any(asked.underway, group)
    sharing = 1 if asked.budget is None else sharing
    budget = _judged_budget(asked, group) if asked.budget is None else flops_of(asked.budget, machines) / sharing
    bounds = _bounds(arms, asked, budget)
    _refuse_units(arms, asked, budget, bounds)
    return Task(
        arms=arms, goals=goals, bounds=bounds, budget=budget, runs=asked.max_runs,
        level=asked.level, seeds=asked.seeds, share=asked.test_share, rounds=asked.rounds, underway=underway,
        machines=machines if isinstance(asked.budget, str) else None, sharing=sharing,
    )  # fmt: skip


def _judged_budget(asked: Plan, group: Mapping[str, str]) -> float:
    """Without a budget, that of the design to judge."""
    assert asked.judge is not None
    return float(read_design(asked.judge, group).compute.sum())


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
    is_known = has_params_and_tokens(arm.present) or next(iter(arm.roles.values())) == "compute"
    return present_compute(arm.present) if is_known else None


def _judgements(task: Task, asked: Plan, group: Mapping[str, str] = NO_GROUP) -> tuple[Judgement, ...]:
    """The design of --judge, and that of the runs that there are."""
    found = []
    if len(task.arms) > 1:
        return ()  # without --judge, which `task_of` refuses
    arm = task.arms[0]
    design = None if asked.judge is None else design_if_any(asked.judge, group)
    if asked.judge is not None and design is not None:
        found.append(judged(asked.judge, task, design, is_present=False))
    if arm.present is not None and has_params_and_tokens(arm.present):
        there = Candidates(arm.present["params"], arm.present["tokens"])
        found.append(judged("your runs", task, there, is_present=True))
    return tuple(found)
