"""A design rated: how narrow the goals become, beside a plan of equal cost, and which runs tell little."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.plan.answer import Task, planned
from scaling_cli.analysis.plan.knowledge import View
from scaling_cli.analysis.plan.limits import Bounds, Candidates
from scaling_cli.analysis.plan.outlook import Outlook
from scaling_cli.arrays import Array, Flags
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import number_of
from scaling_cli.record import replace
from scaling_cli.results.plan import Judgement

WIDER = 1.05  # intervals may get this much wider without runs that tell little
JUDGE_DRAWS = 8
MOST_LEFT_OUT = 400  # runs for which each is left out in turn


def judged(name: str, task: Task, runs: Candidates, *, is_present: bool) -> Judgement:
    """A design of one arm; `is_present` where its runs are those that there are."""
    arms = [replace(arm, doubt=0.0) for arm in task.arms]  # widths are compared, and they do not include departures
    if is_present:
        arms = [replace(arm, present=None, covariance=None) for arm in arms]
        task = replace(task, underway=None)
    task = replace(task, arms=arms)
    outlook = task.outlook
    least = task.least_runs
    if len(runs.params) < least and not is_present:
        raise UsageError(
            f"{name} has {number_of(len(runs.params), 'run')}, and {task.arms[0].law.name} "
            f"has {task.parameters} parameters, so at least {least} are needed.",
            hint="Add runs to the design, or start from runs or a saved fit.",
        )
    seen = task.seen([runs], draws=JUDGE_DRAWS)
    count, cost = len(runs.params), runs.compute
    spare = task.spare(count)
    widths = outlook.width(outlook.deviations(seen, 0), spare)
    idle = _idle(outlook, seen, cost)
    best = outlook.width(_best(task, runs), spare)
    return Judgement(
        name, count, float(cost.sum()), tuple(widths.tolist()), tuple(best.tolist()),
        float(cost[idle].sum() / cost.sum()), int(idle.sum()),
    )  # fmt: skip


def _best(task: Task, runs: Candidates) -> Array:
    """The deviations that a plan of the same cost, number and range of runs would give.

    Limits that the design itself does not keep do not count: a plan that kept them could be worse than the design.
    """
    cost = runs.compute
    ratio = runs.tokens / runs.params
    most = task.bounds.most_tokens
    bounds = Bounds(
        (float(cost.min()), float(cost.max())),
        (min(task.bounds.ratio[0], float(ratio.min())), max(task.bounds.ratio[1], float(ratio.max()))),
        task.bounds.sizes if np.isin(runs.params, task.bounds.sizes).all() else (),
        None if most is None else max(most, float(runs.tokens.max())),
    )  # fmt: skip
    least = max(len(runs.params), task.least_runs)
    same = replace(
        task, bounds=bounds, budget=float(cost.sum()), runs=least, seeds=1, share=0.0, rounds=1, machines=None
    )  # fmt: skip
    plan = planned(same, draws=JUDGE_DRAWS)
    return same.outlook.deviations(same.seen([plan.place(plan.all)], draws=JUDGE_DRAWS), 0)


def _idle(outlook: Outlook, seen: View, cost: Array) -> Flags:
    """The runs without which intervals stay within `WIDER`: most of the compute that can be spared, found greedily."""
    idle = np.zeros(len(cost), dtype=bool)
    if len(cost) > MOST_LEFT_OUT:
        return idle
    ones = np.ones(len(cost))
    whole = outlook.deviations(seen, 0, ones)
    if not np.isfinite(whole).all():
        return idle
    loss = np.array(
        [_wider(outlook, seen, whole, np.where(np.arange(len(cost)) == i, 0.0, ones)) for i in range(len(cost))]
    )
    for i in np.argsort(loss / cost):
        trial = idle.copy()
        trial[i] = True
        if _wider(outlook, seen, whole, np.where(trial, 0.0, 1.0)) <= np.log(WIDER):
            idle = trial
    return idle


def _wider(outlook: Outlook, seen: View, whole: Array, repeats: Array) -> float:
    found = outlook.deviations(seen, 0, repeats)
    return float(np.mean(np.log(found / whole))) if np.isfinite(found).all() else np.inf
