"""A plan as plain numbers: the runs in order, why each is there, and everything that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.hardware import Machines
from scaling_cli.analysis.plan.answer import Planned, Task
from scaling_cli.analysis.plan.expected import expected
from scaling_cli.analysis.plan.ground import along, ground, optimum
from scaling_cli.analysis.plan.knowledge import RIVALS, Arm
from scaling_cli.analysis.plan.limits import shared_budget
from scaling_cli.analysis.plan.reserve import bends, shown
from scaling_cli.analysis.plan.usual import usual_designs
from scaling_cli.arrays import Array, Indices
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import flops, number_of, percent, with_and
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.results.fit import Curve
from scaling_cli.results.plan import ComparedGroup, PlannedRun, PlanResult, Test

FAR = 2.0  # times the best params of its budget: further off, a run tells mostly of one term
CURVE_POINTS = 24
SPENT = 0.9  # of the budget: if less is spent, the plan says why
GOAL, TEST = "goal", "test"


def result_of(
    task: Task, plan: Planned, machines: Machines | None, source: str, group: Mapping[str, str]
) -> PlanResult:
    """The result of one plan."""
    place, pool = plan.place(plan.all), plan.candidates
    compute = float(place.compute.sum()) * task.seeds
    spent = compute if task.machines is None else float(task.machines.equivalent(place.compute).sum()) * task.seeds
    runs = len(plan.all) * task.seeds
    found = expected(task, plan, usual_designs(runs, compute, float(pool.compute.min()), is_surface=task.is_surface))
    law, noises = task.arms[0].law, _noises(task)
    has_rival = all(arm.law.name in RIVALS and not arm.is_rival_excluded for arm in task.arms)
    return PlanResult(
        group=dict(group),
        law=law.name,
        formula=law.formula,
        laws=(law.name, *((RIVALS[law.name],) if has_rival else ())),
        source=source,
        level=task.level,
        noise=noises[0].noise,
        noise_slope=noises[0].noise_slope,
        budget=task.budget,
        compute=compute,
        bill=None if machines is None else machines.bill(np.repeat(place.compute, task.seeds)),
        goals=found.goals,
        runs=_runs(task, plan, machines),
        test=_test(task, plan),
        usual=found.usual,
        candidates=len(pool.params) * len(task.arms),
        tokens_per_param=task.bounds.ratio,
        notes=(
            *shared_budget(f"{flops(task.budget * task.sharing)} FLOPs", task.sharing),
            *_underway(task),
            *_notes(task, float(pool.compute.max()), spent, runs),
        ),
        present=_present(task.arms),
        fall=found.fall,
        best=_best(task),
        compared=noises if len(noises) > 1 else (),
    )


def _noises(task: Task) -> tuple[ComparedGroup, ...]:
    """The noise of each arm in the middle of the candidates."""
    middle = np.array([np.sqrt(np.prod(task.bounds.compute))])
    return tuple(ComparedGroup(arm.name, float(arm.noise.at(middle)[0]), arm.noise.slope) for arm in task.arms)


def _runs(task: Task, plan: Planned, machines: Machines | None) -> tuple[PlannedRun, ...]:
    rows = []
    for number, chosen in enumerate(plan.rounds, 1):
        for purpose, indices in ((GOAL, chosen.main), (TEST, chosen.tests)):
            counts = np.bincount(indices)
            found = np.flatnonzero(counts)
            rows += [(number, purpose, int(index), int(counts[index]) * task.seeds) for index in found]
    places = plan.place(np.array([row[2] for row in rows], dtype=int))
    best = [_best_params(task, places.compute, i) for i in range(len(task.arms))]
    order = sorted(range(len(rows)), key=lambda i: (rows[i][0], places.compute[i], places.params[i]))
    return tuple(
        PlannedRun(
            round=rows[i][0],
            purpose=rows[i][1],
            repeats=rows[i][3],
            params=float(places.params[i]),
            tokens=float(places.tokens[i]),
            compute=float(places.compute[i]),
            tokens_per_param=float(places.tokens[i] / places.params[i]),
            why=_why(rows[i][1], float(places.params[i]), best[plan.arm(rows[i][2])][i]),
            arm=task.arms[plan.arm(rows[i][2])].name,
            bill=None if machines is None else machines.bill(places.compute[i : i + 1]),
        )
        for i in order
    )


def _why(purpose: str, params: float, best: float) -> str:
    if purpose == TEST:
        return "tests the law"
    if not np.isfinite(best):
        return "answers the goals"
    if params > FAR * best:
        return "few tokens: shows the loss from tokens"
    if params < best / FAR:
        return "few params: shows the loss from params"
    return "near the best split: shows the lowest loss"


def _best_params(task: Task, compute: Array, number: int = 0) -> Array:
    """Best params `(n,)` by the estimate of one arm at these budgets; NaN for laws without a best split."""
    if not task.is_surface:
        return np.full(len(compute), np.nan)
    arm = task.arms[number]
    different = np.unique(compute)
    spots = [along(float(budget)) for budget in different]
    place = ground(arm.law, spots)
    theta = place.coordinates(arm.parameters[:1])
    found = [optimum(*place.at(i, theta), spot).log_params[0] for i, spot in enumerate(spots)]
    best: Array = np.exp(np.array(found))[np.searchsorted(different, compute)]
    return best


def _test(task: Task, plan: Planned) -> Test | None:
    """The reserved runs, and what they and the others would show of a wrong law."""
    tests = np.concatenate([chosen.tests for chosen in plan.rounds])
    if not len(tests):
        return None
    from scaling_cli.analysis.plan.knowledge import view

    pool = plan.candidates
    seen = view(task.arms, task.goals, [pool.columns], draws=1)
    noise = np.concatenate([arm.noise.at(pool.compute) for arm in task.arms])
    logs = [np.tile(np.log(values), len(task.arms)) for values in (pool.params, pool.tokens)]
    bent = bends(logs if task.is_surface else [logs[0] + logs[1]])
    repeated: Indices = np.repeat(plan.all, task.seeds)
    compute = float(plan.place(tests).compute.sum()) * task.seeds
    departure = shown(seen.model(), bent, noise, repeated)
    return Test(len(tests) * task.seeds, compute, departure if departure < 1 else None)


def _present(arms: Sequence[Arm]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Params and tokens of the runs that there are."""
    found = [arm.present for arm in arms if arm.present is not None and has_params_and_tokens(arm.present)]
    if not found:
        return (), ()
    params, tokens = (np.concatenate([columns[name] for columns in found]) for name in ("params", "tokens"))
    return tuple(params.tolist()), tuple(tokens.tolist())


def _best(task: Task) -> Curve | None:
    """Tokens of the best split over its params, along the budgets of the candidates."""
    if not task.is_surface:
        return None
    compute = np.geomspace(*task.bounds.compute, CURVE_POINTS)
    params = _best_params(task, compute)
    if not np.isfinite(params).all():
        return None
    return Curve(tuple(params.tolist()), tuple((compute / FLOPS_A_PARAM_AND_TOKEN / params).tolist()))


def _underway(task: Task) -> tuple[str, ...]:
    """That expected intervals count on runs under way."""
    if task.underway is None:
        return ()
    runs = number_of(len(task.underway.params), "run")
    total = flops(float(task.underway.compute.sum()))
    return (f"expected intervals also rest on {runs} under way ({total} FLOPs), which cost nothing of the budget",)


def _notes(task: Task, largest: float, spent: float, runs: int) -> tuple[str, ...]:
    """Why much of the budget is left; `largest` is the most FLOPs of a possible run."""
    if spent >= SPENT * task.budget:
        return ()
    smallest, most = task.bounds.compute
    if spent >= SPENT * runs * _charged(task, min(largest, most)):
        reasons = [f"{'--max-compute allows' if largest > SPENT * most else _limits(task)} no larger ones"]
    else:
        reasons = ["larger runs in place of these would not lower the expected error of the goals"]
    if runs >= task.runs:
        reasons.append("--max-runs allows no further ones")
    elif task.budget - spent < task.seeds * _charged(task, smallest):
        reasons.append(f"the rest does not pay for another run of {flops(smallest)} FLOPs (--min-compute)")
    return (f"{percent(spent / task.budget)} of the budget is spent: {', and '.join(reasons)}",)


def _limits(task: Task) -> str:
    """What keeps runs below --max-compute."""
    given = {"--sizes": task.bounds.sizes, "--unique-tokens": task.bounds.most_tokens}
    names = [name for name, limit in given.items() if limit]
    return f"{with_and([*names, 'the range of tokens per param'])} {'allow' if names else 'allows'}"


def _charged(task: Task, compute: float) -> float:
    """What one run of so many FLOPs takes of the budget."""
    return compute if task.machines is None else float(task.machines.equivalent(np.array([compute]))[0])
