"""Joint fits of several groups under one law, with some of its parameters shared.

Each group keeps its own problem, on its own centred inputs. Exponents and floors do not depend on the centre, so
sharing one means using one coordinate for it in all groups: a joint problem only maps its coordinates to those of the
groups, and is fitted like any other problem. A coefficient depends on the group's centre, so it is shared only if all
parameters are: that model is one group of all points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices, by_coordinates, from_coordinates
from scaling_cli.errors import UsageError
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import GAIN, Solution, Solvable, joined, minimise
from scaling_cli.laws import Law
from scaling_cli.laws.constrained import ConstrainedLaw
from scaling_cli.numbers.format import with_and
from scaling_cli.record import Record, replace

SMALLEST_SCALE = 1e-9  # in units of the residual: exact data have no noise
CHUNK_VALUES = 1 << 16  # replicates times points in one batch: keeps its arrays in cache


class Member(Record):
    """A group, fitted on its own.

    Attributes:
        theta: Its coordinates `(k,)`.
        delta: The residual above which its objective is linear.
        is_tuned: Whether delta follows from the size of the residuals, so that other data would give another delta.
        shape: The noise of each point over that of the group `(n,)`, where the weights of the points follow it; None
            for even noise.
        is_uneven: Whether noise changes with scale, so that fits should allow for it.
    """

    name: str
    problem: Problem
    theta: Array
    delta: float
    is_tuned: bool = False
    shape: Array | None = None
    is_uneven: bool = False

    @property
    def near(self) -> float | Array:
        """The delta of all points, or that of each `(n,)` if it follows their noise."""
        return self.delta if self.shape is None else self.delta * self.shape

    @property
    def points(self) -> int:
        """How many points it has."""
        return len(self.problem.observed)

    @property
    def freedom(self) -> int:
        """Points less parameters of its own fit."""
        return self.points - len(self.theta)

    @property
    def spare_runs(self) -> int:
        """Runs less parameters of its own fit."""
        return self.problem.run_count - len(self.theta)


def exponents(law: Law) -> tuple[str, ...]:
    """Names of the law's exponents."""
    return tuple(parameter.name for parameter in law.parameters if parameter.kind == "exponent")


def floors(law: Law) -> tuple[str, ...]:
    """Names of the law's floors."""
    return tuple(parameter.name for parameter in law.parameters if parameter.kind == "floor")


def check_comparable(problem: Problem) -> None:
    """Refuse laws without exponents, or whose exponents or floors change with the centre of the inputs.

    Raises:
        UsageError: The groups cannot be compared under this law.
    """
    law = problem.law
    wrong = [name for name in (*exponents(law), *floors(law)) if not _is_absolute(problem, name)]
    others = [name for name in law.names if name not in floors(law) and _is_absolute(problem, name)]
    named = f"name the parameter to compare: --exponent {' or --exponent '.join(others)}" if others else ""
    if wrong:
        raise UsageError(
            f"{wrong[0]} of {law.name} depends on the unit of the inputs, so it cannot be compared between groups.",
            hint=f"Choose another --law{', or ' if named else ''}{named}.",
        )
    if exponents(law):
        return
    if isinstance(law, ConstrainedLaw) and (held := [name for name in exponents(law.inner) if name not in law.names]):
        raise UsageError(
            f"No exponent of {law.name} is left to compare, because {with_and(held)} cannot change.",
            hint=f"Leave {with_and(held)} free"
            + (", or hold c, too, to compare constants." if law.inner.name == "power-constant" else "."),
        )
    raise UsageError(
        f"{law.name} has no exponent that can be compared between groups.",
        hint=f"Choose --law power-constant, --law power or --law chinchilla{', or ' if named else ''}{named}.",
    )


def _is_absolute(problem: Problem, name: str) -> bool:
    """Whether a coordinate does not change with the centre of the inputs."""
    at = problem.law.names.index(name)
    return not (problem.shift[at] != np.eye(len(problem.law.names))[at]).any() and not problem.offset[at]


class JointProblem(Record):
    """Groups fitted together; see the module docstring.

    `index` holds, for each member, the indices of its coordinates in the joint ones, in the order of its law. `delta`
    has one value per point. `runs` is the number of each point's run.
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
        """Residuals `(replicates, n)` and Jacobian `(replicates, n, K)`, which is zero in other groups' coordinates."""
        if target is None:
            target = np.broadcast_to(self.target, (len(theta), len(self.target)))
        residuals = np.empty((len(theta), len(self.target)))
        slopes = np.zeros((len(self.low), len(theta), len(self.target)))
        for member, index, part in zip(self.members, self.index, parts(self.members), strict=True):
            residuals[:, part], jacobian = member.problem.residuals(theta[:, index], target[:, part])
            slopes[index, :, part] = by_coordinates(jacobian)
        return residuals, from_coordinates(slopes)

    def kept(self, _: Flags) -> JointProblem:
        """The problem itself, which is the same for every replicate."""
        return self

    def gathered(self, thetas: Sequence[Array]) -> Array:
        """Joint coordinates `(replicates, K)` from each member's `(replicates, k)`; shared ones are averaged."""
        total, count = np.zeros((len(thetas[0]), len(self.low))), np.zeros(len(self.low))
        for index, theta in zip(self.index, thetas, strict=True):
            total[:, index] += theta
            count[index] += 1
        return np.clip(total / count, self.low, self.high)

    def split(self, theta: Array) -> list[Array]:
        """Each member's coordinates `(replicates, k)` from joint ones `(replicates, K)`."""
        return [theta[:, index] for index in self.index]


def parts(members: Sequence[Member]) -> list[slice]:
    """The slice of each member's points among the points of all."""
    ends = np.cumsum([member.points for member in members]).tolist()
    return [slice(end - member.points, end) for member, end in zip(members, ends, strict=True)]


def joint_problem(
    members: Sequence[Member],
    shared: Sequence[str],
    *,
    is_paired: bool = False,
    equal: tuple[int, int] | None = None,
) -> JointProblem:
    """The members under one law, with the parameters named in `shared` shared by all.

    Args:
        is_paired: Whether run i of every group is a matched run, with correlated errors.
        equal: Two members whose exponents are equal, too.
    """
    names = members[0].problem.law.names
    common = [name for name in names if name in shared]
    own = [name for name in names if name not in shared]
    index = []
    for i in range(len(members)):
        first = len(common) + i * len(own)
        place = {name: j for j, name in enumerate(common)} | {name: first + j for j, name in enumerate(own)}
        index.append(np.array([place[name] for name in names]))
    if equal is not None:
        index = _with_equal_exponents(index, members[0].problem.law, equal)
    size = int(np.concatenate(index).max()) + 1
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    for where, member in zip(index, members, strict=True):
        low[where] = np.maximum(low[where], member.problem.low)
        high[where] = np.minimum(high[where], member.problem.high)
    return JointProblem(
        members=tuple(members),
        index=tuple(index),
        low=low,
        high=high,
        target=np.concatenate([member.problem.target for member in members]),
        weights=np.concatenate([member.problem.weights for member in members]),
        delta=deltas(members),
        runs=run_numbers(members, is_paired=is_paired),
    )


def _with_equal_exponents(index: list[Indices], law: Law, equal: tuple[int, int]) -> list[Indices]:
    """The indices with one coordinate for each exponent of two members, numbered without gaps."""
    left, right = equal
    for name in exponents(law):
        k = law.names.index(name)
        index[right][k] = index[left][k]
    _, numbers = np.unique(np.concatenate(index), return_inverse=True)
    return list(numbers.reshape(len(index), -1))


def deltas(members: Sequence[Member]) -> Array:
    """The delta of each point `(n,)`, that of its group."""
    return np.concatenate([np.full(member.points, member.delta) for member in members])


def run_numbers(members: Sequence[Member], *, is_paired: bool) -> Indices:
    """The number of each point's run: separate numbers per group, or, if paired, equal numbers for matched runs."""
    if is_paired:
        return np.concatenate([member.problem.runs for member in members])
    counts = [member.problem.run_count for member in members]
    firsts = np.cumsum([0, *counts[:-1]])
    return np.concatenate([member.problem.runs + first for member, first in zip(members, firsts, strict=True)])


def of_all_points(members: Sequence[Member], *, is_paired: bool = False) -> Problem:
    """The points of all groups as one problem, with one centre."""
    first = members[0].problem
    return problem_from_arrays(
        first.law,
        {name: np.concatenate([member.problem.columns[name] for member in members]) for name in first.columns},
        np.concatenate([member.problem.observed for member in members]),
        run_numbers(members, is_paired=is_paired),
        first.space,
        weights=np.concatenate([member.problem.weights for member in members]),
    )


def one_curve(members: Sequence[Member], *, is_paired: bool = False) -> JointProblem:
    """The model in which groups do not differ: one group of all points."""
    pooled = of_all_points(members, is_paired=is_paired)
    together = Member("all", pooled, np.zeros(len(pooled.low)), np.inf)
    return replace(joint_problem([together], pooled.law.names), delta=deltas(members))


def solve_in_chunks(
    problem: Solvable,
    starts: Array,
    *,
    delta: float | Array,
    target: Array | None = None,
    weights: Array | None = None,
    gain: float = GAIN,
    fixed: Flags | None = None,
) -> Solution:
    """The solution of `minimise`, computed in chunks of replicates that fit in the cache."""
    size = max(1, CHUNK_VALUES // len(problem.target))
    pieces = [
        minimise(
            problem,
            starts[first : first + size],
            delta=delta if np.ndim(delta) < 2 else np.asarray(delta)[first : first + size],
            target=None if target is None else target[first : first + size],
            weights=None if weights is None else weights[first : first + size],
            gain=gain,
            fixed=fixed,
        )
        for first in range(0, len(starts), size)
    ]
    return joined(pieces)


def scaled_inverse(jacobian: Array) -> tuple[Array, Array]:
    """The inverse `(k, k)` of J'J for the columns of J over their lengths, and these lengths `(k,)`.

    Columns differ by orders of magnitude, and a direction that the rows do not determine gets no share.
    """
    length = np.maximum(np.sqrt((jacobian**2).sum(axis=0)), ALMOST_ZERO)
    return np.linalg.pinv((jacobian / length).T @ (jacobian / length), rcond=1e-12), length
