"""Starting values for the solver, by variable projection.

Given its exponents, a law is linear in its coefficients, so the best non-negative coefficients follow exactly. A grid
over the exponents alone, with the coefficients solved at each node, therefore maps the whole objective; the best nodes
are then refined on the exact objective (Golub and Pereyra 1973; for scaling laws Open-Athena/vpnls). The grid uses
relative residuals, which are linear in the coefficients and approximate log residuals.
"""

from __future__ import annotations

import itertools

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.normal import solve_positive
from scaling_cli.fitting.problem import SMALL, Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.threads import reuse_memory
from scaling_cli.laws.grouped import GroupedLaw

SPARE = 8  # times as many nodes are examined as needed, since some may predict negative values
GRID_SIZE = 1_500  # nodes at most
GRID_VALUES = 2_000_000  # nodes times points at most: the grid only has to find the basin
BLOCK_VALUES = 40_000  # nodes times points at once: for larger arrays, allocating memory costs more than arithmetic
FEW_COLUMNS = 7  # up to here all sets of columns are tried
ENOUGH = 1  # points more than parameters with which a group is fitted alone
RIDGE = 1e-13  # of the diagonal: keeps collinear columns solvable


def starts(problem: Problem, count: int | None = None) -> Array:
    """The `count` best starting coordinates `(count, k)`, best first; by default `law.polished` of them."""
    if isinstance(problem.law, GroupedLaw):
        return _group_starts(problem, problem.law)[: count or None]
    count = count or problem.law.polished
    known = vars(problem)
    if count > known.get("most_starts", 0):
        known["most_starts"] = max(count, problem.law.polished)  # replicates that need other starts ask again
        known["candidates"] = _candidates(problem, SPARE * known["most_starts"])
    part, candidates = known["candidates"]
    if part is not None:
        problem = problem.subset(part)
    coordinates = np.clip(problem.off_zero(candidates[: SPARE * count]), problem.low, problem.high)
    with np.errstate(all="ignore"):
        # A law with a minus sign may be negative at a start, where its log is undefined.
        usable = np.isfinite(problem.residuals(coordinates)[0]).all(axis=1)
    return coordinates[np.argsort(~usable, kind="stable")[:count]]


def _candidates(problem: Problem, count: int) -> tuple[Indices | None, Array]:
    """The `count` best nodes `(count, k)`, and the points that judged them; None where these were all points."""
    reuse_memory()
    n, part = len(problem.observed), None
    nodes = _nodes(problem)
    most = max(GRID_VALUES // len(nodes), 100)
    if n > most:
        part = np.argsort(problem.observed, kind="stable")[np.linspace(0, n - 1, most).astype(int)]
        problem = problem.subset(part)
    parts = -(-nodes.shape[0] * len(problem.observed) // BLOCK_VALUES)
    blocks = np.array_split(nodes, parts) if parts > 1 else [nodes]
    solved = [with_coefficients(problem, block) for block in blocks]
    candidates, misfit = (np.concatenate(parts) for parts in zip(*solved, strict=True))
    return part, candidates[np.argsort(np.where(np.isfinite(misfit), misfit, np.inf), kind="stable")[:count]]


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


def with_coefficients(problem: Problem, nodes: Array) -> tuple[Array, Array]:
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
    size = problem.observed if problem.space == "log" else np.full(len(problem.observed), problem.scene.highest)
    with np.errstate(over="ignore", invalid="ignore"):  # at a node far from the data
        target = (problem.observed - rest) / size
    signed = np.array([scale.is_signed for scale in scales], dtype=bool)
    coefficients, misfit = non_negative(basis / size[:, None], problem.weights, target, signed)
    theta = nodes.copy()
    for column, scale in enumerate(scales):
        factor = coefficients[:, column]
        # The log of a factor has no gradient near zero, so factors start away from it.
        share = np.mean(np.abs(basis[:, :, column]) / size, axis=1)
        risen = np.maximum(factor, np.exp(SMALL) / np.maximum(share, 1e-300))
        for name, by in scale.moves.items():
            if is_logarithm[name]:
                theta[:, law.names.index(name)] += by(by_name) * np.log(risen)
            else:
                theta[:, law.names.index(name)] = factor
    return theta, misfit


# Losses near the limits of floats overflow, and a misfit of NaN never compares as better, so such starts are not taken.
@np.errstate(over="ignore", invalid="ignore")
def non_negative(
    basis: Array, weights: Array, target: Array | None = None, signed: Flags | None = None
) -> tuple[Array, Array]:
    """Non-negative least squares of `basis @ coefficients = target`, for many bases at once.

    Args:
        basis: Shaped (G, n, p). With few columns all sets of them are tried, 2^p - 1; with more than `FEW_COLUMNS`,
            columns with negative coefficients are left out until there are none.
        weights: Shaped (n,).
        target: Shaped (G, n); ones by default.
        signed: Which columns may have negative coefficients, shaped (p,); none by default.

    Returns:
        Coefficients (G, p) and weighted sums of squared residuals (G,).
    """
    target = np.ones(basis.shape[:2]) if target is None else target
    free = np.zeros(basis.shape[2], dtype=bool) if signed is None else signed
    weighted = np.swapaxes(basis * weights[:, None], 1, 2)
    matrix = np.matmul(weighted, basis)
    scale = 1.0 / np.maximum(np.sqrt(np.einsum("gpp->gp", matrix)), 1e-300)
    matrix *= scale[:, :, None] * scale[:, None, :]
    right = np.matmul(weighted, target[:, :, None])[:, :, 0] * scale
    total = (target * target) @ weights
    if basis.shape[2] > FEW_COLUMNS:
        best, misfit = _pruned(matrix, right, total, free)
        return best * scale, misfit
    best = np.zeros(right.shape)
    misfit = total.copy()
    for active in _sets(basis.shape[2]):
        block = matrix[:, active[:, None], active] + RIDGE * np.eye(len(active))
        solved = solve_positive(block, right[:, active])
        rss = total - np.einsum("ga,ga->g", solved, right[:, active])
        better = ((solved >= 0) | free[active]).all(axis=1) & (rss < misfit)
        misfit = np.where(better, rss, misfit)
        complete = np.zeros(right.shape)
        complete[:, active] = solved
        best = np.where(better[:, None], complete, best)
    with np.errstate(over="ignore"):  # a coefficient may overflow at a node far from the data
        return best * scale, misfit


def _pruned(matrix: Array, right: Array, total: Array, free: Flags) -> tuple[Array, Array]:
    """Coefficients `(G, p)` and sums of squares by leaving out columns whose coefficient is negative."""
    p = right.shape[1]
    active = np.ones(right.shape, dtype=bool)
    solved: Array = np.zeros(right.shape)
    for _ in range(p):
        kept = active[:, :, None] & active[:, None, :]
        block = np.where(kept, matrix, 0.0) + np.eye(p) * np.where(active, RIDGE, 1.0)[:, :, None]
        solved = np.asarray(np.linalg.solve(block, np.where(active, right, 0.0)[:, :, None])[:, :, 0], dtype=float)
        wrong = active & (solved < 0) & ~free
        if not wrong.any():
            break
        active = active & ~wrong
    solved = np.where(active & (free | (solved >= 0)), solved, 0.0)
    misfit: Array = total - 2 * np.einsum("gp,gp->g", solved, right) + np.einsum("gp,gpq,gq->g", solved, matrix, solved)
    return solved, np.maximum(misfit, 0.0)


def _sets(columns: int) -> list[Indices]:
    return [
        np.array(chosen) for size in range(1, columns + 1) for chosen in itertools.combinations(range(columns), size)
    ]


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
