"""The error that runs at equal inputs share, such as that of a learning rate that suits one size better than another.

Wild replicates turn the residuals of each run by themselves, so the mean of many runs at one place varies little in
them. If runs at equal inputs share an error, their mean varies by this error, too, however many they are. Its variance
is estimated from the scatter of the means around the law, as in an analysis of variance (Searle, Casella and McCulloch
1992, section 3.6), and is zero if means vary no more than independent runs would make them. Replicates add Gaussian
noise of this variance, which is uncertain and therefore drawn itself: it has the degrees of freedom of the means, and
`PRIOR` more, since most runs err independently.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.leverage import free_jacobian, half_inverse, is_free, once, residuals
from scaling_cli.fitting.noise.scatter import EXACT, scatter
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, robust_scale
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.record import Record
from scaling_cli.streams import generators

PRIOR = 2.0  # degrees of freedom of what is known before
WIDEST = 3 * HUBER_EFFICIENCY  # units of the noise: a larger residual is that of a wrong run, not of its place


class SharedNoise(Record):
    """Errors that runs at equal inputs share.

    `cells` `(n,)` is the number of each point's inputs, `deviations` `(n,)` the standard deviation of the error that is
    added to the point, and `freedom` that of its size.
    """

    cells: Indices
    deviations: Array
    freedom: float

    def draw(self, seed: int, group: int, replicates: Sequence[int]) -> Array:
        """The errors in these replicates `(replicates, n)`."""
        drawn = np.empty((len(replicates), int(self.cells.max()) + 1))
        for row, generator in zip(drawn, generators(seed, group, replicates), strict=True):
            row[:] = generator.standard_normal(len(row))
            row *= np.sqrt(self.freedom / generator.chisquare(self.freedom))
        return np.asarray(drawn[:, self.cells] * self.deviations)


@once
def shared_noise(fitted: Fitted) -> SharedNoise | None:
    """What runs at equal inputs share; None if inputs do not repeat, or means vary no more than runs make them."""
    problem, points = fitted.problem, len(fitted.problem.observed)
    if problem.space == "binomial" or problem.law.is_curve or problem.run_count < points:
        return None
    cells = problem.configurations
    root = np.sqrt(problem.weights)
    weighted = residuals(fitted) * root
    most = WIDEST * robust_scale(weighted, int(is_free(fitted).sum()))
    found = scatter(cells, np.clip(weighted, -most, most), np.ones(points), int(is_free(fitted).sum()))
    if not found.is_enough or most < EXACT:
        return None
    rows = root[:, None] * (free_jacobian(fitted) @ half_inverse(fitted))
    count = np.bincount(cells)
    sums = np.stack([np.bincount(cells, column) for column in rows.T], axis=1)
    pull = np.einsum("ck,ck->c", sums, sums)  # 1' H 1 of each configuration
    per_run = float((count - pull).sum()) / found.spare  # how many times the lack of fit counts the shared variance
    ratio = (found.ratio - 1) / per_run if per_run > 0 else 0.0
    if ratio <= 0:
        return None
    own = (found.lack / (1 + per_run * ratio) + found.pure) / (found.spare + found.repeats)
    shown = (1 - np.minimum(pull / count, 1.0)) / count  # the part that the residuals of runs show
    size = np.sqrt(ratio * own * (1 - shown))
    return SharedNoise(cells, np.where(count > 1, size, 0.0)[cells] / root, found.spare + PRIOR)
