"""Starting values for the solver, by variable projection.

Given its exponents, a law is linear in its coefficients, so the best non-negative coefficients follow exactly. A grid
over the exponents alone, with the coefficients solved at each node, therefore maps the whole objective; the best nodes
are then refined on the exact objective (Golub and Pereyra 1973; for scaling laws Open-Athena/vpnls). The grid uses
relative residuals, which are linear in the coefficients and approximate log residuals.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.non_negative import non_negative
from scaling_cli.fitting.problem import SMALL, Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.threads import reuse_memory
from scaling_cli.laws import Law
from scaling_cli.record import Record

if TYPE_CHECKING:
    from scaling_cli.laws.grouped import GroupedLaw

SPARE = 8  # times as many nodes are examined as needed, since some may predict negative values
GRID_SIZE = 1_500  # nodes at most
GRID_VALUES = 2_000_000  # nodes times points at most: the grid only has to find the basin
BLOCK_VALUES = 40_000  # nodes times points at once: for larger arrays, allocating memory costs more than arithmetic
ENOUGH = 1  # points more than parameters with which a group is fitted alone


def starts(problem: Problem, count: int | None = None) -> Array:
    """The `count` best starting coordinates `(count, k)`, best first; by default `law.polished` of them."""
    if problem.law.is_grouped:
        return _group_starts(problem, cast("GroupedLaw", problem.law))[: count or None]
    count = count or problem.law.polished
    known = vars(problem)
    if count > known.get("most_starts", 0):
        most = max(count, problem.law.polished)  # replicates that need other starts ask again
        _remember(problem, most, _candidates(problem, SPARE * most))
    part, candidates = known["candidates"]
    if part is not None:
        problem = problem.subset(part)
    coordinates = np.clip(problem.off_zero(candidates[: SPARE * count]), problem.low, problem.high)
    with np.errstate(all="ignore"):
        # A law with a minus sign may be negative at a start, where its log is undefined.
        usable = np.isfinite(problem.residuals(coordinates)[0]).all(axis=1)
    return coordinates[np.argsort(~usable, kind="stable")[:count]]


def find_starts(problems: Sequence[Problem]) -> None:
    """Find the best nodes of many problems together; `starts` then has the same nodes as without this, and sooner.

    Problems of one law with as many points and the same nodes share a grid. Others are left for `starts`.
    """
    kinds: dict[Hashable, list[tuple[Problem, Array]]] = {}
    for problem in problems:
        law, n = problem.law, len(problem.observed)
        if not law.takes_rows or n * GRID_SIZE > BLOCK_VALUES:
            continue
        nodes = _nodes(problem)
        if n * len(nodes) <= BLOCK_VALUES:
            kinds.setdefault((id(law), problem.space, n, nodes.shape, nodes.tobytes()), []).append((problem, nodes))
    for kind in kinds.values():
        nodes = kind[0][1]
        size = max(1, BLOCK_VALUES // max(nodes.shape[0] * len(kind[0][0].observed), 1))
        for first in range(0, len(kind), size):
            _find([problem for problem, _ in kind[first : first + size]], nodes)


def _find(problems: Sequence[Problem], nodes: Array) -> None:
    """The best of the same `nodes` `(G, k)` for each of several problems of as many points."""
    count, law = len(problems), problems[0].law
    solved = with_coefficients(_grid(problems, len(nodes)), np.tile(nodes, (count, 1)))
    candidates, misfit = solved[0].reshape(count, *nodes.shape), solved[1].reshape(count, -1)
    for problem, theta, misses in zip(problems, candidates, misfit, strict=True):
        _remember(problem, law.polished, (None, _best(theta, misses, SPARE * law.polished)))


def _remember(problem: Problem, most: int, candidates: tuple[Indices | None, Array]) -> None:
    vars(problem).update(most_starts=most, candidates=candidates)


def _best(nodes: Array, misfit: Array, count: int) -> Array:
    return nodes[np.argsort(np.where(np.isfinite(misfit), misfit, np.inf), kind="stable")[:count]]


def _candidates(problem: Problem, count: int) -> tuple[Indices | None, Array]:
    """The `count` best nodes `(count, k)`, and the points that judged them; None where these were all points."""
    reuse_memory()
    n, part = len(problem.observed), None
    nodes = _nodes(problem)
    most = max(GRID_VALUES // len(nodes), 100)
    if n > most:
        part = problem.spread(most)
        problem = problem.subset(part)
    parts = -(-nodes.shape[0] * len(problem.observed) // BLOCK_VALUES)
    blocks = np.array_split(nodes, parts) if parts > 1 else [nodes]
    solved = [with_coefficients(problem, block) for block in blocks]
    candidates, misfit = (np.concatenate(parts) for parts in zip(*solved, strict=True))
    return part, _best(candidates, misfit, count)


def _nodes(problem: Problem) -> Array:
    """Every combination of the values on the law's axes `(G, k)`; coordinates without an axis are 0."""
    law = problem.law
    known = law.nodes(problem.scene)
    if known is not None:
        return known
    values = {name: np.array(sorted(set(given.tolist()))) for name, given in law.axes(problem.scene).items()}
    # Numpy's meshes have 32 dimensions at most; a coordinate with one value needs no dimension.
    axes = {name: given for name, given in values.items() if len(given) > 1}
    if axes and np.prod([len(axis) for axis in axes.values()]) > GRID_SIZE:
        count = max(int(GRID_SIZE ** (1 / len(axes)) + 1e-9), 2)
        axes = {name: axis[np.linspace(0, len(axis) - 1, min(count, len(axis))).astype(int)]
                for name, axis in axes.items()}  # fmt: skip
    mesh = dict(zip(axes, np.meshgrid(*axes.values(), indexing="ij"), strict=True)) if axes else {}
    nodes = np.zeros((next(iter(mesh.values())).size if mesh else 1, len(law.names)))
    for name, given in values.items():
        nodes[:, law.names.index(name)] = mesh[name].ravel() if name in mesh else given[0]
    exponents = [law.names.index(parameter.name) for parameter in law.parameters if parameter.is_signed]
    inside = (nodes >= problem.low) & (nodes <= problem.high)
    return nodes[inside[:, exponents].all(axis=1)]


class _Grid(Record):
    """Several problems of one law and as many points, each at its own stretch of the nodes `(G, k)`.

    `inputs` and `observed` are `(G, n)`, `weights` `(problems, n)`.
    """

    law: Law
    space: str
    inputs: Mapping[str, Array]
    observed: Array
    size: Array
    weights: Array


def _grid(problems: Sequence[Problem], nodes: int) -> _Grid:
    first = problems[0]

    def each(rows: Sequence[Array]) -> Array:
        return np.repeat(np.stack(rows), nodes, axis=0)

    return _Grid(
        first.law,
        first.space,
        {name: each([problem.inputs[name] for problem in problems]) for name in first.inputs},
        each([problem.observed for problem in problems]),
        each([_size(problem) for problem in problems]),
        np.stack([problem.weights for problem in problems]),
    )


def _size(problem: Problem) -> Array:
    """What the residuals of the grid are relative to, `(n,)`."""
    return problem.observed if problem.space == "log" else np.full(len(problem.observed), problem.scene.highest)


def with_coefficients(problem: Problem | _Grid, nodes: Array) -> tuple[Array, Array]:
    """The nodes with the scales of the law solved for, and the misfit of each `(G,)`.

    The column of a scale is the derivative of the prediction in it, which does not depend on its value. The prediction
    less all columns is the part that depends on no scale.
    """
    law, scales = problem.law, problem.law.scales
    prediction, jacobian = law.evaluate_linear(nodes, problem.inputs)
    by_name = dict(zip(law.names, nodes.T, strict=True))
    is_logarithm = dict(zip(law.names, law.is_logarithm, strict=True))
    basis = np.zeros((*prediction.shape, len(scales)))
    rest = prediction
    for column, scale in enumerate(scales):
        for name, by in scale.moves.items():
            share = jacobian[:, :, law.names.index(name)]
            basis[:, :, column] += share * np.reshape(by(by_name), (-1, 1)) if is_logarithm[name] else share
        if any(is_logarithm[name] for name in scale.moves):
            rest = rest - basis[:, :, column]
    size = problem.size if isinstance(problem, _Grid) else _size(problem)
    with np.errstate(over="ignore", invalid="ignore"):  # at a node far from the data
        target = (problem.observed - rest) / size
    signed = np.array([scale.is_signed for scale in scales], dtype=bool)
    coefficients, misfit = non_negative(basis / size[..., None], problem.weights, target, signed)
    theta = nodes.copy()
    for column, scale in enumerate(scales):
        factor = coefficients[:, column]
        # The log of a factor has no gradient near zero, so factors start away from it.
        share = np.mean(np.abs(basis[:, :, column]) / size, axis=1)
        risen = np.maximum(factor, np.exp(SMALL) / np.maximum(share, ALMOST_ZERO))
        for name, by in scale.moves.items():
            if is_logarithm[name]:
                theta[:, law.names.index(name)] += by(by_name) * np.log(risen)
            else:
                theta[:, law.names.index(name)] = factor
    return theta, misfit


def _group_starts(problem: Problem, law: GroupedLaw) -> Array:
    """Starts `(starts, k)`: shared parameters at the median of the groups' own values, and at each group's value.

    They come from the fit of each group alone, or of all points where a group has too few.
    """
    codes = problem.columns[law.column]
    pooled = _fitted(problem, law, np.ones(len(codes), dtype=bool))
    alone = []
    for number in range(len(law.labels)):
        points = codes == number
        is_enough = int(points.sum()) >= len(law.inner.names) + ENOUGH
        found = _fitted(problem, law, points) if is_enough else None
        alone.append(found if found is not None else pooled)
    known = [raw for raw in alone if raw is not None]
    if not known:
        return np.clip(np.zeros((1, len(law.names))), problem.low, problem.high)
    middle = np.median(known, axis=0)
    rows = []
    for common in [middle, *known]:
        row = np.zeros(len(law.names))
        for places, raw in zip(law.index, alone, strict=True):
            row[places] = middle if raw is None else raw
        row[[law.names.index(name) for name in law.shared]] = [
            common[law.inner.names.index(name)] for name in law.shared
        ]
        rows.append(row)
    # Coefficients keep the size of their terms in the middle of the data when shared exponents change.
    return np.clip(problem.off_zero(_recentred(problem, law, np.array(rows), alone, middle)), problem.low, problem.high)


def _recentred(problem: Problem, law: GroupedLaw, raw: Array, alone: list[Array | None], middle: Array) -> Array:
    """Centred coordinates of starts, in which each group's own coordinates are those of its own fit."""
    theta = raw @ problem.shift.T + problem.offset
    own = np.zeros(len(law.names))
    for places, found in zip(law.index, alone, strict=True):
        own[places] = middle if found is None else found
    centred = problem.shift @ own + problem.offset
    is_own = np.array([name not in law.shared for name in law.names])
    return np.asarray(np.where(is_own, centred, theta))


def _fitted(problem: Problem, law: GroupedLaw, points: Array) -> Array | None:
    """Coordinates `(k,)` on raw inputs of the inner law fitted to some points; None where that fails."""
    try:
        part = problem_from_arrays(
            law.inner,
            {name: values[points] for name, values in problem.columns.items() if name != law.column},
            problem.observed[points],
            np.arange(int(points.sum())),
            problem.space,
        )
        found = minimise(part, starts(part), delta=np.inf)
    except (ScalingError, np.linalg.LinAlgError):
        return None
    if not np.isfinite(found.value).any():
        return None
    return np.asarray(part.uncentred(found.theta[[np.argmin(found.value)]])[0])
