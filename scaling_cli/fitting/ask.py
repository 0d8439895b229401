"""Work that asks the solver, so that the questions of many fits can be answered in one batch.

A fit is written as a generator: it yields an `Ask` wherever it needs the solver, gets back a `Solution`, and in the end
returns its result. `alone` answers the asks of one fit as they come. `together` lets many fits run side by side, and
answers their asks of one law in one batch of the solver. A step costs a batch of a thousand rows little more than a
single row, so fits of a few points are faster by far; their numbers are the same to the solver's precision. A fit that
consists of fits, such as a forecast, lets them run `side_by_side`.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.extra import Constraint
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import GAIN, MAX_STEPS, Solution, Solvable, minimise
from scaling_cli.fitting.stacked_problems import padded, stacked
from scaling_cli.record import Record

BATCH_VALUES = 1 << 16  # replicates times points in one batch: keeps its arrays in cache
AT_ONCE = 1024  # fits under way together
UNEVEN = 1.5  # problems are stacked with others that have at most so many times their points

Result = TypeVar("Result")


class Ask(Record):
    """A question to the solver: the arguments of `minimise`, whose docstring explains them."""

    problem: Solvable
    theta: Array
    delta: float | Array
    weights: Array | None = None
    target: Array | None = None
    strength: float = 0.0
    constraint: Constraint | None = None
    fixed: Flags | None = None
    gain: float = GAIN
    most_steps: int = MAX_STEPS
    near: bool = False

    @property
    def points(self) -> int:
        """How many points its problem has."""
        return int(self.problem.target.shape[-1])

    @property
    def values(self) -> int:
        """How many residuals it has in all."""
        return len(self.theta) * self.points

    def answer(self) -> Solution:
        """The answer to this question by itself."""
        return minimise(
            self.problem, self.theta, delta=self.delta, weights=self.weights, target=self.target,
            strength=self.strength, constraint=self.constraint, fixed=self.fixed, gain=self.gain,
            most_steps=self.most_steps, near=self.near,
        )  # fmt: skip


class Parts(Record):
    """Fits that a fit consists of: it gets back the outcome of each, in the place of a solution."""

    works: Sequence[Asking[Any]]


Asking: TypeAlias = Generator[Ask | Parts, Solution, Result]


def alone(work: Asking[Result]) -> Result:
    """The result of one fit, whose asks are answered as they come."""
    try:
        ask = next(work)
        while True:
            ask = work.send(_sent(together(ask.works)) if isinstance(ask, Parts) else ask.answer())
    except StopIteration as end:
        result: Result = end.value
        return result


def side_by_side(works: Sequence[Asking[Result]]) -> Asking[list[Result | ScalingError]]:
    """The outcomes of `together`, inside of a fit: their asks also share batches with those of other fits.

    At most `AT_ONCE` are under way: more are no faster, and need more memory.
    """
    outcomes: list[Result | ScalingError] = []
    for first in range(0, len(works), AT_ONCE):
        outcomes += cast(list[Result | ScalingError], (yield Parts(works[first : first + AT_ONCE])))
    return outcomes


def _sent(outcomes: list[Any]) -> Solution:
    return cast(Solution, outcomes)  # `side_by_side` alone is sent them


def together(works: Sequence[Asking[Result]]) -> list[Result | ScalingError]:
    """The result of each fit, or the error that ended it; all fits are under way at once.

    An ask waits until those of its kind fill a batch. Only when every fit waits, the commonest kind is answered, so
    asks of rare kinds wait for each other. Fits that have an answer go on first, so few are at their replicates.
    """
    fits = [_Fit(work) for work in works]
    waiting: dict[Hashable, _Waiting] = {}
    ready: list[tuple[_Fit, Solution | None]] = [(fit, None) for fit in reversed(fits)]
    while ready or waiting:
        if not ready:
            commonest = max(waiting, key=lambda kind: len(waiting[kind].asks))
            ready += waiting.pop(commonest).answers()
            continue
        fit, answer = ready.pop()
        ask = fit.go_on(answer)
        if not isinstance(ask, Ask):
            ready += fit.began(ask) if isinstance(ask, Parts) else fit.ended()
            continue
        kind = _kind(ask)
        if kind is None:
            ready.append((fit, ask.answer()))
            continue
        if kind in waiting and waiting[kind].values + ask.values > BATCH_VALUES:
            ready += waiting.pop(kind).answers()
        waiting.setdefault(kind, _Waiting()).add(fit, ask)
    return [fit.outcome for fit in fits]


class _Fit:
    """A fit under way, and the fit of which it is a part."""

    def __init__(self, work: Asking[Any], whole: _Fit | None = None) -> None:
        self.work, self.whole = work, whole
        self.parts: list[_Fit] = []
        self.missing = 0  # parts that have not ended
        self.outcome: Any = None  # the result, or the error that ended it

    def go_on(self, answer: Solution | None) -> Ask | Parts | None:
        """Its next ask, or None at its end."""
        try:
            return next(self.work) if answer is None else self.work.send(answer)
        except StopIteration as end:
            self.outcome = end.value
        except ScalingError as error:
            self.outcome = error
        return None

    def began(self, parts: Parts) -> list[tuple[_Fit, Solution | None]]:
        """The fits that it now waits for."""
        self.parts = [_Fit(work, self) for work in parts.works]
        self.missing = len(self.parts)
        return [(part, None) for part in reversed(self.parts)] or [(self, _sent([]))]

    def ended(self) -> list[tuple[_Fit, Solution | None]]:
        """The fit that waited for this one alone, with the outcomes of all its parts."""
        if self.whole is None:
            return []
        self.whole.missing -= 1
        return [] if self.whole.missing else [(self.whole, _sent([part.outcome for part in self.whole.parts]))]


class _Waiting:
    """Asks of one kind by their fit, and how many values they have."""

    def __init__(self) -> None:
        self.asks: dict[_Fit, Ask] = {}
        self.values = 0

    def add(self, fit: _Fit, ask: Ask) -> None:
        """Let one more ask wait."""
        self.asks[fit] = ask
        self.values += ask.values

    def answers(self) -> Iterator[tuple[_Fit, Solution]]:
        """Each fit with the answer to its ask."""
        return zip(self.asks, answered(list(self.asks.values())), strict=True)


def certain(outcomes: Sequence[Result | ScalingError]) -> list[Result]:
    """The results of fits none of which may fail.

    Raises:
        ScalingError: The first error among the outcomes.
    """
    results: list[Result] = []
    for outcome in outcomes:
        if isinstance(outcome, ScalingError):
            raise outcome
        results.append(outcome)
    return results


def answered(asks: Sequence[Ask]) -> list[Solution]:
    """The answer to each ask, in batches of one law."""
    kinds: dict[Hashable, list[int]] = {}
    for place, ask in enumerate(asks):
        kinds.setdefault(_kind(ask) or place, []).append(place)
    answers: dict[int, Solution] = {}
    for places in kinds.values():
        for batch in _batches(asks, sorted(places, key=lambda place: asks[place].points)):
            answers.update(zip(batch, _answer([asks[place] for place in batch]), strict=True))
    return [answers[place] for place in range(len(asks))]


def _kind(ask: Ask) -> tuple[Hashable, ...] | None:
    """What asks of one batch have in common; None for an ask that is answered by itself."""
    problem = ask.problem
    if not isinstance(problem, Problem) or not problem.law.takes_rows or ask.constraint is not None:
        return None
    if np.ndim(ask.delta) or ask.values > BATCH_VALUES:
        return None
    fixed = None if ask.fixed is None else ask.fixed.tobytes()
    return id(problem.law), problem.space, ask.gain, ask.most_steps, ask.near, problem.penalty is None, fixed


def _batches(asks: Sequence[Ask], places: Sequence[int]) -> Iterator[list[int]]:
    """Asks of one kind, ordered by points, in batches of which each fits in the cache."""
    batch: list[int] = []
    rows = 0
    for place in places:
        ask = asks[place]
        is_uneven = bool(batch) and ask.points > UNEVEN * asks[batch[0]].points
        if batch and (is_uneven or (rows + len(ask.theta)) * ask.points > BATCH_VALUES):
            yield batch
            batch, rows = [], 0
        batch.append(place)
        rows += len(ask.theta)
    if batch:
        yield batch


def _answer(asks: Sequence[Ask]) -> list[Solution]:
    if len(asks) == 1:
        return [asks[0].answer()]
    first, counts = asks[0], [len(ask.theta) for ask in asks]
    owner = np.repeat(np.arange(len(asks)), counts)
    problems = [ask.problem for ask in asks if isinstance(ask.problem, Problem)]
    stack = stacked(problems, owner)
    n = stack.target.shape[1]
    weights, target = None, None
    if any(ask.weights is not None for ask in asks):
        weights = padded([_rows(ask.weights, ask, ask.problem.weights) for ask in asks], n, last=0.0)
    if any(ask.target is not None for ask in asks):
        target = padded([_rows(ask.target, ask, ask.problem.target) for ask in asks], n)
    solution = minimise(
        stack,
        np.concatenate([ask.theta for ask in asks]),
        delta=np.array([float(np.asarray(ask.delta)) for ask in asks])[owner, None],
        weights=weights,
        target=target,
        strength=np.array([ask.strength for ask in asks])[owner],
        fixed=first.fixed,
        gain=first.gain,
        most_steps=first.most_steps,
        near=first.near,
    )
    ends = np.cumsum(counts).tolist()
    return [solution.rows(slice(end - count, end)) for end, count in zip(ends, counts, strict=True)]


def _rows(given: Array | None, ask: Ask, own: Array) -> Array:
    return np.broadcast_to(own, (len(ask.theta), len(own))) if given is None else given
