"""A plan for what is known: the best runs that the limits allow, in rounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.hardware import Machines
from scaling_cli.analysis.plan.designs import Chosen, DesignQuestion, design, with_runs
from scaling_cli.analysis.plan.goals import Goal, total_weights
from scaling_cli.analysis.plan.knowledge import RIVALS, Arm, View, view
from scaling_cli.analysis.plan.limits import Bounds, Candidates, candidates
from scaling_cli.analysis.plan.outlook import Outlook
from scaling_cli.analysis.plan.reserve import bends
from scaling_cli.analysis.plan.search import OVER, Limits
from scaling_cli.analysis.plan.square_error import Model
from scaling_cli.arrays import Array, Indices
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import flops
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import Record, replace

SEARCH_DRAWS = 16  # of the parameters, over which the search takes the mean; widths are those of all draws
SPARE = 1  # runs beyond the parameters, without which the noise cannot be seen


class Task(Record):
    """What is to be planned.

    Attributes:
        budget: FLOPs of all runs.
        sharing: How many groups, each with a plan of its own, have an equal share of the whole budget.
        runs: Most runs.
        seeds: Equal runs at each place.
        share: Share of runs and budget that tests the law.
        rounds: Into how many rounds the runs are split.
        underway: Runs that are being trained, with an unknown loss.
        machines: What gives the cost of a run, where the budget is time or money.
    """

    arms: Sequence[Arm]
    goals: Sequence[Goal]
    bounds: Bounds
    budget: float
    runs: int
    level: float = 0.95
    seeds: int = 1
    share: float = 0.15
    rounds: int = 1
    underway: Candidates | None = None
    levels: tuple[int, int] | None = None
    machines: Machines | None = None
    sharing: int = 1

    @property
    def is_surface(self) -> bool:
        """Whether the law has params and tokens."""
        return has_params_and_tokens(self.arms[0].law.inputs)

    @property
    def outlook(self) -> Outlook:
        """Goals with their expected widths."""
        return Outlook(self.arms, self.goals, self.level)

    def seen(self, designs: Sequence[Candidates], *, draws: int = 0) -> View:
        """The law that will be fitted, with the runs of several designs as parts; runs under way are known."""
        under_way = [] if self.underway is None else [self.underway]
        found = self.outlook.seen([*designs, *under_way], draws=draws)
        if not under_way:
            return found
        rows = found.rows[-1]
        return replace(found, known=found.known + rows.swapaxes(1, 2) @ rows)

    def spare(self, runs: float) -> int:
        """Degrees of freedom that so many further runs leave for the noise."""
        under_way = 0 if self.underway is None else len(self.underway.params)
        return self.present + under_way + int(runs) - self.parameters

    @property
    def parameters(self) -> int:
        """Parameters of all arms."""
        return sum(len(arm.law.parameters) for arm in self.arms)

    @property
    def present(self) -> int:
        """Runs that there are, or that were there for a saved fit."""
        return sum(arm.behind if arm.present is None else len(next(iter(arm.present.values()))) for arm in self.arms)

    @property
    def least_runs(self) -> int:
        """The fewest runs from which the law can be fitted with an interval."""
        is_known = self.present > 0 or all(arm.covariance is not None for arm in self.arms)
        return 1 if is_known else self.parameters + SPARE


class Planned(Record):
    """The runs of a plan among the candidates, by round."""

    candidates: Candidates
    rounds: tuple[Chosen, ...]

    @property
    def all(self) -> Indices:
        """Every run, with repeats."""
        return np.concatenate([chosen.all for chosen in self.rounds])

    def arm(self, index: int) -> int:
        """The arm of a candidate."""
        return index // len(self.candidates.params)

    def place(self, chosen: Indices) -> Candidates:
        """The params and tokens of candidates."""
        within = chosen % len(self.candidates.params)
        return Candidates(self.candidates.params[within], self.candidates.tokens[within])


def planned(task: Task, *, draws: int = SEARCH_DRAWS) -> Planned:
    """The best design found; where it has too few runs to fit the law, the best of small runs, all in one round.

    Raises:
        UsageError: The budget or the number of runs is too small for any design.
    """
    found = _designed(task, draws)
    if len(found.all) >= task.least_runs:
        return found
    low = task.bounds.compute[0]
    small = replace(task.bounds, compute=(low, max(low, task.budget / (task.least_runs * task.seeds))))
    return _designed(replace(task, share=0.0, rounds=1, bounds=small), draws)


def _designed(task: Task, draws: int) -> Planned:
    levels = {"levels": task.levels} if task.levels else {}
    pool = candidates(task.bounds, is_surface=task.is_surface, **levels)
    price = pool.compute if task.machines is None else task.machines.equivalent(pool.compute)
    cost = np.tile(price, len(task.arms)) * task.seeds
    _require_enough(task, cost)
    models = _models(task, pool, draws)
    noise = np.concatenate([arm.noise.at(pool.compute) for arm in task.arms]) / np.sqrt(task.seeds)
    logs = [np.tile(np.log(values), len(task.arms)) for values in (pool.params, pool.tokens)]
    bent = bends(logs if task.is_surface else [logs[0] + logs[1]])
    weights = total_weights(task.goals)
    places, budget = task.runs // task.seeds, task.budget
    rounds: list[Chosen] = []
    for left in range(task.rounds, 0, -1):
        limits = Limits(cost, budget / left, max(places // left, 1 if places else 0))
        chosen = design(DesignQuestion(models, bent, noise, weights, task.share if places // left > 3 else 0.0), limits)
        rounds.append(chosen)
        models = [with_runs(model, chosen.all) for model in models]
        places -= len(chosen.all)
        budget -= float(cost[chosen.all].sum())
    return Planned(pool, tuple(rounds))


def _models(task: Task, pool: Candidates, draws: int) -> list[Model]:
    """The law and its rival, as far as they are not excluded, with the runs that are under way."""
    has_rival = all(arm.law.name in RIVALS and not arm.is_rival_excluded for arm in task.arms)
    parts = [pool.columns] + ([task.underway.columns] if task.underway is not None else [])
    models = []
    for rival in (False, True) if has_rival else (False,):
        seen = view(task.arms, task.goals, parts, draws=draws, rival=rival, with_prior=True, with_doubt=True)
        model = seen.model()
        usable = np.isfinite(model.goals).all(axis=(1, 2))
        model = replace(model, jacobian=model.jacobian[usable], known=model.known[usable], goals=model.goals[usable])
        if not usable.any():
            raise _no_goal(task)
        if task.underway is not None:
            rows = seen.rows[1][usable]
            model = replace(model, known=model.known + rows.swapaxes(1, 2) @ rows)
        models.append(replace(model, jacobian=model.jacobian * np.sqrt(task.seeds)))
    return models


def _no_goal(task: Task) -> UsageError:
    names = ", ".join(goal.text for goal in task.goals)
    if not task.is_surface:
        return UsageError(
            f"{task.arms[0].law.name} is too steep to compute {names} with its uncertainty.",
            hint="Ask for a goal closer to the runs, or check the fit with `scaling fit`.",
        )
    return UsageError(
        f"{task.arms[0].law.name} has no value for {names}: its loss has no minimum there.",
        hint="Ask for another goal, such as loss@params=70B,tokens=1.4T, or check the fit with `scaling fit`.",
    )


def _of_the_smallest(count: int) -> str:
    if count == 1:
        return "The smallest run takes"
    return f"A fit needs at least {count} runs. Of the smallest size, these take"


def _require_enough(task: Task, cost: Array) -> None:
    places = task.runs // task.seeds
    least = task.least_runs
    if places < least == 1:
        raise UsageError(
            f"--max-runs is {task.runs}, fewer than the {task.seeds} seeds of one run.",
            hint=f"Give --max-runs {task.seeds} or more, or fewer --seeds.",
        )
    if places < least:
        raise UsageError(
            f"{task.runs} {'run is' if task.runs == 1 else 'runs are'} too few: {task.arms[0].law.name} has "
            f"{task.parameters} parameters{' in all groups' if len(task.arms) > 1 else ''}, so at least "
            f"{least * task.seeds} are needed{f' with {task.seeds} seeds each' if task.seeds > 1 else ''}.",
            hint=f"Give --max-runs {least * task.seeds} or more, or start from runs or a saved fit.",
        )
    needed = least * float(cost.min())
    if task.budget * OVER < needed:
        raise UsageError(
            f"{_of_the_smallest(least * task.seeds)} {flops(needed)} FLOPs, more than the budget of "
            f"{flops(task.budget)} FLOPs{' for each group' if task.sharing > 1 else ''}.",
            hint=f"Give --budget {flops(needed * task.sharing)} or more, or allow smaller runs with --min-compute.",
        )
