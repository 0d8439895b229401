"""Several groups under one law, with some of its parameters shared: the models that a comparison nests.

Each group keeps its own problem, on its own centred inputs. Exponents and floors mean the same whatever the centre, so
sharing one is using one coordinate for it in all groups: a joint problem only says which of its coordinates are whose,
and the engine fits it like any other. A coefficient is the size of its term at the group's own centre, so it is
shared only where everything is: that model is one group of all points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.errors import UsageError
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import GAIN, Solution, Solvable, minimise
from scaling_cli.laws import Law
from scaling_cli.record import Record, replace

EXPONENTS = ("b", "alpha", "beta")  # the names that laws give their exponents
FLOORS = ("c", "E")
CHUNK_VALUES = 1 << 16  # replicates times points in one batch: keeps its arrays in cache


class Member(Record):
    """A group, fitted on its own.

    `theta` `(k,)` are its coordinates; `delta` is where its objective turns straight, in residuals, and `is_tuned` says
    that it follows the size of the residuals, so that other data would have another.
    """

    name: str
    problem: Problem
    theta: Array
    delta: float
    is_tuned: bool = False

    @property
    def points(self) -> int:
        """How many points it has."""
        return len(self.problem.observed)

    @property
    def freedom(self) -> int:
        """Degrees of freedom that its own fit leaves."""
        return self.points - len(self.theta)


def exponents(law: Law) -> tuple[str, ...]:
    """Names of the law's exponents."""
    return tuple(each.name for each in law.parameters if each.name in EXPONENTS and each.kind == "exponent")


def floors(law: Law) -> tuple[str, ...]:
    """Names of the law's floors."""
    return tuple(name for name in law.names if name in FLOORS)


def check_comparable(problem: Problem) -> None:
    """Refuse laws whose exponents mean something else on centred inputs, or that have none.

    Raises:
        UsageError: The law is such.
    """
    law = problem.law
    kept = [law.names.index(name) for name in (*exponents(law), *floors(law))]
    same = np.eye(len(law.names))[kept]
    if not exponents(law) or (problem.shift[kept] != same).any() or problem.offset[kept].any():
        raise UsageError(
            f"{law.name} has no exponent that groups could share.",
            hint="Choose --law power-constant, power or chinchilla.",
        )


class JointProblem(Record):
    """Groups fitted together; see the module's text.

    `index` holds, for each member, the joint coordinates that are its own, in the order of its law; `delta` is one
    a point, in residuals; `runs` numbers the runs of all points.
    """

    members: tuple[Member, ...]
    index: tuple[Indices, ...]
    low: Array
    high: Array
    target: Array
    weights: Array
    delta: Array
    runs: Indices
    penalty: None = None

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Residuals `(replicates, n)` and Jacobian `(replicates, n, K)`: a group touches only what is its own."""
        if target is None:
            target = np.broadcast_to(self.target, (len(theta), len(self.target)))
        residuals = np.empty((len(theta), len(self.target)))
        jacobian = np.zeros((len(theta), len(self.low), len(self.target)))
        for member, index, part in zip(self.members, self.index, parts(self.members), strict=True):
            residuals[:, part], slope = member.problem.residuals(theta[:, index], target[:, part])
            jacobian[:, index, part] = slope.swapaxes(1, 2)
        return residuals, jacobian.swapaxes(1, 2)

    def gathered(self, thetas: Sequence[Array]) -> Array:
        """Joint coordinates `(replicates, K)` from each member's `(replicates, k)`; what is shared is averaged."""
        total, count = np.zeros((len(thetas[0]), len(self.low))), np.zeros(len(self.low))
        for index, theta in zip(self.index, thetas, strict=True):
            total[:, index] += theta
            count[index] += 1
        return np.clip(total / count, self.low, self.high)

    def split(self, theta: Array) -> list[Array]:
        """Each member's coordinates `(replicates, k)` from joint ones `(replicates, K)`."""
        return [theta[:, index] for index in self.index]


def parts(members: Sequence[Member]) -> list[slice]:
    """The points of each member among those of all."""
    ends = np.cumsum([each.points for each in members]).tolist()
    return [slice(end - each.points, end) for each, end in zip(members, ends, strict=True)]


def joined(members: Sequence[Member], shared: Sequence[str], *, is_paired: bool = False) -> JointProblem:
    """The members under one law, with the parameters in `shared` one for all.

    Args:
        is_paired: Whether run i of each group stands for the same thing, so that they err together.
    """
    names = members[0].problem.law.names
    common = [name for name in names if name in shared]
    own = [name for name in names if name not in shared]
    index = []
    for i in range(len(members)):
        first = len(common) + i * len(own)
        place = {name: j for j, name in enumerate(common)} | {name: first + j for j, name in enumerate(own)}
        index.append(np.array([place[name] for name in names]))
    size = len(common) + len(members) * len(own)
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    for where, each in zip(index, members, strict=True):
        low[where] = np.maximum(low[where], each.problem.low)
        high[where] = np.minimum(high[where], each.problem.high)
    return JointProblem(
        members=tuple(members),
        index=tuple(index),
        low=low,
        high=high,
        target=np.concatenate([each.problem.target for each in members]),
        weights=np.concatenate([each.problem.weights for each in members]),
        delta=deltas(members),
        runs=run_numbers(members, is_paired=is_paired),
    )


def deltas(members: Sequence[Member]) -> Array:
    """Where the objective of each point turns straight `(n,)`."""
    return np.concatenate([np.full(each.points, each.delta) for each in members])


def run_numbers(members: Sequence[Member], *, is_paired: bool) -> Indices:
    """Numbers for the runs of all points: each group's its own, or, where paired, one set for all."""
    if is_paired:
        return np.concatenate([each.problem.runs for each in members])
    counts = [each.problem.run_count for each in members]
    firsts = np.cumsum([0, *counts[:-1]])
    return np.concatenate([each.problem.runs + first for each, first in zip(members, firsts, strict=True)])


def one_curve(members: Sequence[Member], *, is_paired: bool = False) -> JointProblem:
    """The model in which the groups do not differ: one group of all points."""
    first = members[0].problem
    pooled = problem_from_arrays(
        first.law,
        {name: np.concatenate([each.problem.columns[name] for each in members]) for name in first.columns},
        np.concatenate([each.problem.observed for each in members]),
        run_numbers(members, is_paired=is_paired),
        first.space,
        weights=np.concatenate([each.problem.weights for each in members]),
    )
    together = Member("all", pooled, np.zeros(len(first.low)), np.inf)
    return replace(joined([together], pooled.law.names), delta=deltas(members))


def solved(
    problem: Solvable,
    starts: Array,
    *,
    delta: float | Array,
    target: Array | None = None,
    weights: Array | None = None,
    gain: float = GAIN,
) -> Solution:
    """`minimise`, in chunks of replicates that stay in cache."""
    size = max(1, CHUNK_VALUES // len(problem.target))
    pieces = [
        minimise(
            problem,
            starts[first : first + size],
            delta=delta if np.ndim(delta) < 2 else np.asarray(delta)[first : first + size],
            target=None if target is None else target[first : first + size],
            weights=None if weights is None else weights[first : first + size],
            gain=gain,
        )
        for first in range(0, len(starts), size)
    ]
    fields = ("theta", "value", "steps", "is_settled")
    return Solution(*(np.concatenate([getattr(each, name) for each in pieces]) for name in fields))
