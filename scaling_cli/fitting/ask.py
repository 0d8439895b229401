"""Work that asks the solver, so that the questions of many fits can be answered in one batch.

A fit is written as a generator: it yields an `Ask` wherever it needs the solver, gets back a `Solution`, and in the end
returns its result. `alone` answers the asks of one fit as they come. `together` lets many fits run side by side, and
answers their asks of one law in one batch of the solver. A step costs a batch of a thousand rows little more than a
single row, so fits of a few points are faster by far; their numbers are the same to the solver's precision.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.extra import Constraint
from scaling_cli.fitting.prior import Penalty
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.solve import GAIN, MAX_STEPS, Solution, Solvable, minimise
from scaling_cli.laws import Law
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


Asking: TypeAlias = Generator[Ask, Solution, Result]


def alone(work: Asking[Result]) -> Result:
    """The result of one fit, whose asks are answered as they come."""
    try:
        ask = next(work)
        while True:
            ask = work.send(ask.answer())
    except StopIteration as end:
        result: Result = end.value
        return result


def together(works: Sequence[Asking[Result]]) -> list[Result | ScalingError]:
    """The result of each fit, or the error that ended it; all fits are under way at once.

    An ask waits until those of its kind fill a batch. Only when every fit waits, the commonest kind is answered, so
    asks of rare kinds wait for each other. Fits that have an answer go on first, so few are at their replicates.
    """
    outcomes: dict[int, Result | ScalingError] = {}
    waiting: dict[Hashable, _Waiting] = {}
    ready: list[tuple[int, Solution | None]] = [(place, None) for place in reversed(range(len(works)))]
    while ready or waiting:
        if not ready:
            commonest = max(waiting, key=lambda kind: len(waiting[kind].asks))
            ready += waiting.pop(commonest).answers()
            continue
        place, answer = ready.pop()
        try:
            ask = next(works[place]) if answer is None else works[place].send(answer)
        except StopIteration as end:
            outcomes[place] = end.value
            continue
        except ScalingError as error:
            outcomes[place] = error
            continue
        kind = _kind(ask)
        if kind is None:
            ready.append((place, ask.answer()))
            continue
        if kind in waiting and waiting[kind].values + ask.values > BATCH_VALUES:
            ready += waiting.pop(kind).answers()
        waiting.setdefault(kind, _Waiting()).add(place, ask)
    return [outcomes[place] for place in range(len(works))]


class _Waiting:
    """Asks of one kind by the place of their fit, and how many values they have."""

    def __init__(self) -> None:
        self.asks: dict[int, Ask] = {}
        self.values = 0

    def add(self, place: int, ask: Ask) -> None:
        """Let one more ask wait."""
        self.asks[place] = ask
        self.values += ask.values

    def answers(self) -> Iterator[tuple[int, Solution]]:
        """The answer to each ask, after its place."""
        return zip(self.asks, answered(list(self.asks.values())), strict=True)


def in_turns(works: Sequence[Asking[Result]], at_once: int = AT_ONCE) -> Iterator[Result | ScalingError]:
    """The outcomes of `together`, of so many fits at once: more are no faster, and need more memory."""
    for first in range(0, len(works), at_once):
        yield from together(works[first : first + at_once])


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


class Stack(Record):
    """Problems of one law in one space; every array has a row for each replicate.

    `inputs` are `(replicates, n)`, as are `target` and `weights`; `low` and `high` are `(replicates, k)`.
    """

    law: Law
    inputs: Mapping[str, Array]
    space: str
    target: Array
    weights: Array
    low: Array
    high: Array
    penalty: Penalty | None

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Target less prediction `(replicates, n)`, and the prediction's Jacobian `(replicates, n, k)`."""
        evaluate = self.law.evaluate_linear if self.space == "linear" else self.law.evaluate
        prediction, jacobian = evaluate(theta, self.inputs)
        return (self.target if target is None else target) - prediction, jacobian

    def kept(self, replicates: Flags) -> Stack:
        """The problems of some of the replicates."""
        return Stack(
            self.law,
            {name: values[replicates] for name, values in self.inputs.items()},
            self.space, self.target[replicates], self.weights[replicates],
            self.low[replicates], self.high[replicates], self.penalty,
        )  # fmt: skip


def stacked(problems: Sequence[Problem], owner: Indices) -> Stack:
    """The problems side by side; `owner` `(replicates,)` is the index of each replicate's problem.

    The penalty keeps one row per replicate of the whole stack, since the solver asks for it by number.
    """
    first = problems[0]
    most = max(len(problem.observed) for problem in problems)
    return Stack(
        first.law,
        {name: padded([problem.inputs[name] for problem in problems], most)[owner] for name in first.inputs},
        first.space,
        padded([problem.target for problem in problems], most)[owner],
        padded([problem.weights for problem in problems], most, last=0.0)[owner],
        np.stack([problem.low for problem in problems])[owner],
        np.stack([problem.high for problem in problems])[owner],
        _penalties(problems, owner),
    )


def padded(rows: Sequence[Array], most: int, *, last: float | None = None) -> Array:
    """Rows `(n,)` or blocks `(replicates, n)` below each other, each filled up to `most` points.

    They are filled with their first value, or with `last`.
    """
    if all(row.shape[-1] == most for row in rows):
        return np.stack(rows) if rows[0].ndim == 1 else np.concatenate(rows)
    full = np.empty((sum(1 if row.ndim == 1 else len(row) for row in rows), most))
    place = 0
    for row in rows:
        block = np.atleast_2d(row)
        here, n = slice(place, place + len(block)), block.shape[1]
        full[here, :n], full[here, n:] = block, block[:, :1] if last is None else last
        place += len(block)
    return full


def _penalties(problems: Sequence[Problem], owner: Indices) -> Penalty | None:
    penalties = [problem.penalty for problem in problems if problem.penalty is not None]
    if not penalties:
        return None
    mean, spread = (np.stack([getattr(each, name) for each in penalties])[owner] for name in ("mean", "spread"))
    return Penalty(penalties[0].index, penalties[0].is_log, mean, spread)
