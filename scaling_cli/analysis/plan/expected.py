"""What a plan is expected to tell: each goal before and after, usual designs beside it, and how an interval falls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.plan.answer import Planned, Task
from scaling_cli.analysis.plan.knowledge import View
from scaling_cli.analysis.plan.limits import Candidates
from scaling_cli.analysis.plan.outlook import Outlook, interval_now, interval_then, width_of
from scaling_cli.arrays import Array, Indices
from scaling_cli.record import Record
from scaling_cli.results.fit import Curve
from scaling_cli.results.plan import GoalOutlook, OtherDesign

FALL_POINTS = 16
WIDTH_DRAWS = 200  # over which variances are averaged; intervals of today are those of all draws


class Expected(Record):
    """Goals, usual designs and the fall of the first goal's interval along the runs, cheapest first."""

    goals: tuple[GoalOutlook, ...]
    usual: tuple[OtherDesign, ...]
    fall: Curve | None


class _Sight(Record):
    """The view of a plan's different places (part 0) and of other designs, and how to count runs."""

    task: Task
    plan: Planned
    places: Indices
    seen: View

    def repeats(self, chosen: Indices) -> Array:
        """How often each arm has each of the places `(arms * n,)`, if these candidates are run."""
        size = len(self.plan.candidates.params)
        at = (chosen // size) * len(self.places) + np.searchsorted(self.places, chosen % size)
        return self.task.seeds * np.bincount(at, minlength=len(self.task.arms) * len(self.places)).astype(float)

    def spare(self, repeats: Array) -> int:
        """Degrees of freedom that so many runs leave for the noise."""
        return self.task.spare(repeats.sum())


def expected(task: Task, plan: Planned, others: Mapping[str, Candidates]) -> Expected:
    """All of it, by the law that will be fitted, averaged over all draws of its parameters."""
    outlook = task.outlook
    places = np.unique(plan.all % len(plan.candidates.params))
    seen = task.seen([plan.place(places), *others.values()], draws=WIDTH_DRAWS)
    sight = _Sight(task, plan, places, seen)
    return Expected(_goals(sight, outlook), _usual(sight, outlook, others), _fall(sight, outlook))


def _goals(sight: _Sight, outlook: Outlook) -> tuple[GoalOutlook, ...]:
    taken, by_round = np.zeros(len(sight.task.arms) * len(sight.places)), []
    for chosen in sight.plan.rounds:
        taken = taken + sight.repeats(chosen.all)
        by_round.append(outlook.width(outlook.deviations(sight.seen, 0, taken), sight.spare(taken)))
    found = []
    today = outlook.seen([sight.plan.place(sight.places)]).goals
    for i, (goal, values) in enumerate(zip(outlook.goals, today, strict=True)):
        before, width = interval_now(values, outlook.level), float(by_round[-1][i])
        found.append(
            GoalOutlook(
                goal.text, goal.weight, values.is_log, before, interval_then(values, width),
                width_of(before, is_log=values.is_log), width, tuple(float(row[i]) for row in by_round),
            )
        )  # fmt: skip
    return tuple(found)


def _usual(sight: _Sight, outlook: Outlook, others: Mapping[str, Candidates]) -> tuple[OtherDesign, ...]:
    wanted = outlook.deviations(sight.seen, 0, sight.repeats(sight.plan.all))
    found, arms = [], len(sight.task.arms)
    for part, (name, design) in enumerate(others.items(), 1):
        split = np.full(arms * len(design.params), 1 / arms)
        deviations = outlook.deviations(sight.seen, part, split)
        times = outlook.times_needed(sight.seen, part, split, wanted)
        widths = outlook.width(deviations, sight.spare(split))
        found.append(OtherDesign(name, len(design.params), float(design.compute.sum()), tuple(widths.tolist()), times))
    return tuple(found)


def _fall(sight: _Sight, outlook: Outlook) -> Curve | None:
    """The width of the first goal's interval over the FLOPs spent: the budget of the plan in parts."""
    cost = float(sight.plan.place(sight.plan.all).compute.sum()) * sight.task.seeds
    repeats = sight.repeats(sight.plan.all)
    shares = np.geomspace(0.05, 1.0, FALL_POINTS)
    widths = [
        float(outlook.width(outlook.deviations(sight.seen, 0, repeats * share), sight.spare(repeats))[0])
        for share in shares
    ]
    if not np.isfinite(widths).all():
        return None
    return Curve(tuple((shares * cost).tolist()), tuple(widths))
