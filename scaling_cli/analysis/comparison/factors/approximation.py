"""The F distribution that a term's statistic follows, where cells have noise of their own that is only roughly known.

Around the fitted base the statistic is a quadratic form in the estimates of the cells. It is compared with F after it
is divided by `stretch`, its mean over that of F, with degrees of freedom that match mean and variance (Box 1954;
Brunner, Dette and Munk 1997; Satterthwaite 1946; for two means Welch 1947). With h_g the part of cell g in the
statistic, s_g^2 the variance that weighted its points, v_g that by which it is judged and n_g the degrees of freedom:

    stretch = sum_g (h_g + 4 l_g / n_g) v_g / s_g^2 / q,
    freedom = (sum_g h_g v_g / s_g^2)^2 / sum_g (h_g v_g / s_g^2)^2 / n_g.

The term 4 l_g / n_g allows for weights that are estimated from the same residuals, which make errors of a weighted mean
look smaller than they are (Kenward and Roger 1997; Meier 1953 for one mean). l_g is zero where a contrast takes each
cell's estimate as it is, as for an interaction of two factors with two levels each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.draws import Tangent, basis_of, columns_of
from scaling_cli.analysis.comparison.factors.noise import OwnFits
from scaling_cli.analysis.comparison.factors.statistic import Pose
from scaling_cli.arrays import Array
from scaling_cli.record import Record


class Approximation(Record):
    """A statistic over `stretch` follows F with `fewer` and `freedom` degrees of freedom."""

    fewer: float
    freedom: float
    stretch: float


def approximated(line: Tangent, pose: Pose, names: Sequence[str], fits: OwnFits, row: int) -> Approximation:
    """The distribution of the statistic of one data set.

    Args:
        line: The law at the fitted base.
        pose: The models without the term and with it.
        names: The parameters that are `involved`.
        fits: Each cell's own fit and noise.
        row: Which data set.
    """
    scales, known = fits.scales[row], fits.known[row]
    excess = (fits.spreads[row] / scales) ** 2
    wider, base = (_projection(line, columns_of(model, names), scales) for model in (pose.wider, pose.base))
    part = wider - base
    diagonal, inner = _blocks(part, len(scales)), _blocks(wider, len(scales))
    held = np.maximum(np.einsum("gii->g", diagonal), 0.0)
    loose = np.maximum(held - np.einsum("gij,gji->g", diagonal, inner), 0.0)
    total = float(line.freedom.sum())
    mean = float(excess @ held)
    if mean <= 0:
        return Approximation(pose.fewer, total, 1.0)
    weighted = part * np.repeat(excess, len(names))
    freedom = mean**2 / float(np.sum((excess * held) ** 2 / known))
    return Approximation(
        min(mean**2 / float(np.sum(weighted * weighted.T)), pose.fewer),
        min(freedom, total),
        (mean + 4 * float(np.sum(excess * loose / known))) / pose.fewer,
    )


def _projection(line: Tangent, columns: Sequence[Array], scales: Array) -> Array:
    """The projection `(cells m, cells m)` of whitened estimates on a model with the columns `(m, P)` of each cell."""
    rows = np.concatenate(
        [
            np.linalg.cholesky(precision + 1e-12 * np.trace(precision) * np.eye(len(precision))).T @ design / scale
            for design, precision, scale in zip(columns, line.precision, scales, strict=True)
        ]
    )
    basis = basis_of(rows)
    found: Array = basis @ basis.T
    return found


def _blocks(matrix: Array, cells: int) -> Array:
    """The blocks of the cells on the diagonal `(cells, m, m)`."""
    size = len(matrix) // cells
    return np.array([matrix[i * size : (i + 1) * size, i * size : (i + 1) * size] for i in range(cells)])
