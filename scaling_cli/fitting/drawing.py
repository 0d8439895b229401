"""What replicates draw: runs with replacement, residuals times random factors, or noise of a model.

- `Redrawn` draws runs with replacement, each with all its points.
- `Turned` keeps every run and multiplies its residuals, corrected for leverage, by a random sign (Rademacher weights),
  or by one of Webb's six values if there are so few runs that patterns of signs would repeat. Each replicate is also
  multiplied by the square root of freedom over chi-squared, which gives replicates the tails of Student's t, because
  the size of the noise is estimated from few runs. `noise/hidden.py` adds what the residuals of runs far from all
  others do not show.
- `Modelled` draws Gaussian noise of the size that `noise/model.py` estimates, if noise clearly changes with scale, or
  if there are hardly more runs than parameters, and each run has one point.
- `Joined` adds errors that runs at equal inputs share, where `noise/shared.py` finds any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.fitting.leverage import freed_residuals, freedom, is_free, residuals
from scaling_cli.fitting.noise.hidden import hidden_noise
from scaling_cli.fitting.noise.model import NoiseModel, noise_model
from scaling_cli.fitting.noise.shared import SharedNoise, shared_noise
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import Record
from scaling_cli.streams import draws, generators

WEBB = np.sqrt([0.5, 1.0, 1.5])  # with either sign; Webb 2014
FEW_SIGNS = 12  # runs below which 2^runs sign patterns are too few


class Resampling(Record):
    """What to draw. `group` gives each group its own draws; in a paired design all groups share one value.

    If the draws of several groups belong together (`is_matched`), wild replicates always turn the runs' own residuals,
    which say how far the errors of matched runs are correlated. Noise that no residual shows is drawn by `own`, the
    number of the group itself, where it is given.
    """

    replicates: int
    seed: int
    group: int
    is_matched: bool = False
    own: int | None = None

    @property
    def hidden(self) -> int:
        """The number of the group in draws of noise that residuals do not show."""
        return (self.group if self.own is None else self.own) + 1


class Redrawn(Record):
    """Draws the data of bootstrap replicates: runs drawn with replacement."""

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array, Array | None]:
        """The weights of these replicates `(replicates, n)`; the targets stay as they are."""
        return run_weights(resampling, replicates, problem.runs) * problem.weights, None


class Turned(Record):
    """Draws the data of wild replicates: predictions plus the runs' residuals times random factors.

    `hidden` `(m, n)` is the noise that the residuals do not show; its size has `spare` degrees of freedom.
    """

    prediction: Array
    residuals: Array
    freedom: float
    hidden: Array
    spare: float

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        """The targets of these replicates `(replicates, n)`; the weights stay as they are."""
        factors = run_multipliers(resampling, replicates, problem.run_count, self.freedom)
        target = self.prediction + factors[:, problem.runs] * self.residuals
        if len(self.hidden):
            drawn = np.empty((len(replicates), len(self.hidden)))
            for row, generator in zip(drawn, generators(resampling.seed, resampling.hidden, replicates), strict=True):
                row[:] = generator.standard_normal(len(row))
                row *= np.sqrt(self.spare / generator.chisquare(self.spare))
            target += drawn @ self.hidden
        return None, target


class Modelled(Record):
    """Draws the data of wild replicates: predictions plus Gaussian noise of the modelled size."""

    prediction: Array
    model: NoiseModel

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        """The targets of these replicates `(replicates, n)`; the weights stay as they are."""
        n, freedom = len(self.prediction), self.model.freedom
        normal, squares = np.empty((len(replicates), n + 1)), np.empty(len(replicates))
        for row, generator in enumerate(generators(resampling.seed, resampling.group, replicates)):
            normal[row] = generator.standard_normal(n + 1)
            squares[row] = generator.chisquare(freedom)
        noise = normal[:, 1:] * self.model.deviations(normal[:, 0])
        return None, self.prediction + np.sqrt(freedom / squares)[:, None] * noise


class Joined(Record):
    """Draws the data of wild replicates, with the errors that runs at equal inputs share."""

    scheme: Turned | Modelled
    shared: SharedNoise

    def draw(self, problem: Problem, resampling: Resampling, replicates: Sequence[int]) -> tuple[Array | None, Array]:
        """The targets of these replicates `(replicates, n)`; the weights stay as they are."""
        weights, target = self.scheme.draw(problem, resampling, replicates)
        return weights, target + self.shared.draw(resampling.seed, resampling.hidden + 1, replicates)


Scheme: TypeAlias = Redrawn | Turned | Modelled | Joined


def run_weights(resampling: Resampling, replicates: Sequence[int], runs: Indices, *, count: int | None = None) -> Array:
    """How often each point is drawn `(replicates, n)`: as often as its run, of `count` runs that are drawn from."""
    count = int(runs.max()) + 1 if count is None else count
    drawn = np.empty((len(replicates), count))
    for row, generator in enumerate(generators(resampling.seed, resampling.group, replicates)):
        drawn[row] = np.bincount(generator.integers(count, size=count), minlength=count)
    return drawn[:, runs]


def run_multipliers(resampling: Resampling, replicates: Sequence[int], runs: int, freedom: float) -> Array:
    """Random factors by which the residuals of each run are multiplied `(replicates, runs)`."""
    sizes = len(WEBB) if runs < FEW_SIGNS else 0
    factors, chosen, squares = draws(resampling.seed, resampling.group, replicates, runs, sizes=sizes, freedom=freedom)
    if chosen is not None:
        factors *= WEBB[chosen]
    assert squares is not None
    factors *= np.sqrt(freedom / squares)[:, None]
    return factors


def wild_scheme(fitted: Fitted, resampling: Resampling) -> Scheme:
    """How wild replicates of this fit are drawn."""
    if resampling.is_matched:
        return turned(fitted)
    model, shared = noise_model(fitted), shared_noise(fitted)
    scheme = turned(fitted) if model is None else Modelled(fitted.problem.target - residuals(fitted), model)
    return scheme if shared is None else Joined(scheme, shared)


def turned(fitted: Fitted) -> Turned:
    """The draws of wild replicates from the runs' own residuals."""
    prediction = fitted.problem.target - residuals(fitted)
    spare = max(fitted.problem.run_count - int(is_free(fitted).sum()), 1)
    return Turned(prediction, freed_residuals(fitted), freedom(fitted), hidden_noise(fitted), spare)
