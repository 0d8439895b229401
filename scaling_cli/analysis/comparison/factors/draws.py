"""The null distribution of a term's statistic, by the restricted wild cluster bootstrap with one Newton step.

The base model is fitted once. Its residuals, with those of each run multiplied by a random factor, are new data under
the null, as in Cameron, Gelbach and Miller (2008). Both models are then fitted by one Gauss-Newton step from the base,
where the law is a straight line in its coordinates (the score bootstrap of Kline and Santos 2012). In that line the
statistic of the term follows from each cell's estimate of the tested parameters and its error, so that thousands of
replicates are a few products of matrices. The residuals' own noise is measured again in every replicate.

Residuals outside delta are clipped as the objective does, and divided by the share inside. They are widened by
(1 - h)^-1/2, with h the leverage of a point in the base model (MacKinnon and White 1985, HC2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.cells import DesignedProblem
from scaling_cli.analysis.comparison.factors.noise import OwnFits, shrunk
from scaling_cli.analysis.comparison.models import parts
from scaling_cli.arrays import ALMOST_ZERO, Array, Indices
from scaling_cli.fitting.drawing import WEBB
from scaling_cli.record import Record

LEAST_SPREAD = 0.05  # lower limit of 1 - leverage
LEAST_INSIDE = 0.3  # of the points of a cell, inside delta
CHUNK = 4096  # replicates at a time
FEW_CLUSTERS = 12  # below which 2^clusters patterns of signs are too few
TINY = 1e-9  # relative size of a direction that counts as none


class Tangent(Record):
    """The law as a straight line at the fitted base.

    For each cell: `basis` `(n, f)` are orthonormal directions of its free coordinates, `estimates` `(m, f)` gives the
    tested coordinates from residuals in that basis, `precision` `(m, m)` is the inverse of their covariance at unit
    noise. `residuals` `(n,)` are those of all points.
    """

    basis: tuple[Array, ...]
    estimates: tuple[Array, ...]
    precision: tuple[Array, ...]
    residuals: Array
    freedom: Array


def tangent(base: DesignedProblem, phi: Array, fits: OwnFits, row: int, names: Sequence[str]) -> Tangent:
    """The law around the fitted base `phi` `(K,)` of one data set, with the tested parameters `names`."""
    target, deltas, scales = fits.target[row], fits.deltas[row], fits.scales[row]
    weights = fits.point_weights(base.members)[row]
    own = [theta[0] for theta in base.split(phi[None])]
    residuals, slopes = (values[0] for values in base.residuals(phi[None], target[None]))
    known = np.sqrt(weights) / np.repeat(scales, [member.points for member in base.members])
    leverage = _leverage(slopes[:, (phi > base.low) & (phi < base.high)] * known[:, None])
    bases, estimates, precision, freedom, pseudo = [], [], [], [], np.empty(len(residuals))
    tested = [base.members[0].problem.law.names.index(name) for name in names]
    for member, theta, part in zip(base.members, own, parts(base.members), strict=True):
        problem = member.problem
        free = (theta > problem.low) & (theta < problem.high)
        free[tested] = True
        root = np.sqrt(weights[part])
        jacobian = problem.residuals(theta[None])[1][0] * root[:, None]
        delta = deltas[part]
        inside = max(float((np.abs(residuals[part]) <= delta).mean()), LEAST_INSIDE)
        pseudo[part] = np.clip(residuals[part], -delta, delta) / inside * root
        basis, triangle = np.linalg.qr(jacobian[:, free])
        inverse = np.linalg.pinv(triangle, rcond=1e-12)
        rows = inverse[[int(np.flatnonzero(np.flatnonzero(free) == k)[0]) for k in tested]]
        bases.append(basis)
        estimates.append(rows)
        precision.append(np.linalg.pinv(rows @ rows.T, rcond=1e-12))
        freedom.append(max(len(basis) - basis.shape[1], 1))
    pseudo /= np.sqrt(np.maximum(1 - leverage, LEAST_SPREAD))
    return Tangent(tuple(bases), tuple(estimates), tuple(precision), pseudo, np.array(freedom, dtype=float))


def _leverage(jacobian: Array) -> Array:
    """Leverage of each point `(n,)` in a linear model."""
    leverage: Array = (basis_of(jacobian) ** 2).sum(axis=1)
    return leverage


def basis_of(jacobian: Array) -> Array:
    """An orthonormal basis `(n, rank)` of the columns of a linear model `(n, k)`."""
    length = np.maximum(np.sqrt((jacobian**2).sum(axis=0)), ALMOST_ZERO)
    basis, sizes, _ = np.linalg.svd(jacobian / length, full_matrices=False)
    return np.asarray(basis[:, sizes > TINY * sizes.max()])


def factors_of(generator: np.random.Generator, replicates: int, runs: Indices) -> Array:
    """Random factors of each point's run `(replicates, n)`: mean 0 and variance 1."""
    count = int(runs.max()) + 1
    drawn = 2.0 * generator.integers(2, size=(replicates, count)) - 1.0
    if count < FEW_CLUSTERS:
        drawn *= WEBB[generator.integers(len(WEBB), size=(replicates, count))]
    return np.asarray(drawn[:, runs])


def involved(base: DesignedProblem, tested: Sequence[str]) -> tuple[str, ...]:
    """Parameters on whose model the statistic depends: those with one, and those in which the tested ones are written.

    A coefficient in the middle of the data depends on the exponent of its cell, so its test involves the exponent.
    """
    names = base.members[0].problem.law.names
    size = len(base.members)
    has_model = {name for name in names if len(base.places[name]) < size}
    needed = set(tested) | has_model
    for name in (*tested, *has_model):
        k = names.index(name)
        for turn in base.maps:
            needed |= {other for other in names if np.abs(turn[k, base.places[other]]).max(initial=0.0) > 0}
    return tuple(name for name in names if name in needed)


def drawn_statistics(
    line: Tangent, base: DesignedProblem, wider: DesignedProblem, names: Sequence[str], factors: Array, fewer: int
) -> Array:
    """The statistic in each replicate `(replicates,)`.

    Args:
        line: The law at the fitted base.
        base: The model without the term, and `wider` with it.
        names: The parameters that are `involved`.
        factors: Random factors of the points `(replicates, n)`.
        fewer: Parameters that the base has less.
    """
    slices = parts(base.members)
    pieces = []
    for first in range(0, len(factors), CHUNK):
        data = factors[first : first + CHUNK] * line.residuals
        values, squares = [], []
        for basis, rows, part in zip(line.basis, line.estimates, slices, strict=True):
            along = data[:, part] @ basis
            values.append(along @ rows.T)
            squares.append(np.maximum((data[:, part] ** 2).sum(axis=1) - (along**2).sum(axis=1), 0.0))
        scales, _ = shrunk(np.stack(squares, axis=1), line.freedom)
        explained = [_explained(line, columns_of(model, names), values, scales) for model in (wider, base)]
        pieces.append((explained[0] - explained[1]) / fewer)
    return np.maximum(np.concatenate(pieces), 0.0)


def columns_of(model: DesignedProblem, names: Sequence[str]) -> list[Array]:
    """For each cell the map `(m, P)` from the model's coefficients to the cell's parameters `names`."""
    all_names = model.members[0].problem.law.names
    rows = [all_names.index(name) for name in names]
    columns = np.concatenate([model.places[name] for name in names])
    return [turn[rows][:, columns] for turn in model.maps]


def _explained(line: Tangent, columns: Sequence[Array], values: Sequence[Array], scales: Array) -> Array:
    """The sum of squares `(replicates,)` that a model explains of the cells' estimates."""
    size = columns[0].shape[1]
    turned = np.array([(design.T @ precision).T for design, precision in zip(columns, line.precision, strict=True)])
    inner = np.array([design.T @ precision @ design for design, precision in zip(columns, line.precision, strict=True)])
    weights = scales**-2
    normal = (weights @ inner.reshape(len(inner), -1)).reshape(-1, size, size)
    right = np.einsum("rg,rgm,gmp->rp", weights, np.stack(values, axis=1), turned, optimize=True)
    # A tiny ridge: a cell that does not determine a parameter leaves a direction without information.
    normal += 1e-10 * np.trace(normal, axis1=1, axis2=2)[:, None, None] / size * np.eye(size)
    solved = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
    found: Array = np.einsum("rp,rp->r", right, solved)
    return found
