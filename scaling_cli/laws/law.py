"""What a law is: a formula that the solver can evaluate, differentiate, start and report.

A law maps inputs (`params`, `tokens`, `compute`, ... one value a point) to the log of the predicted loss. The solver
never sees the parameters of the paper but *coordinates*, in which the problem is well behaved: the log of every
positive coefficient, and every exponent and floor as it is. Shapes are the same everywhere: coordinates
`(replicates, k)`, predictions `(replicates, n)`, Jacobians `(replicates, n, k)`.

A fit is made on centred inputs, so that a coefficient is the size of its term in the middle of the data and hardly
depends on its exponent; `Law.centre` gives the affine map between the two sets of coordinates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import numpy as np

from scaling_cli.arrays import Array, Flags, Inputs
from scaling_cli.record import Record

Kind: TypeAlias = Literal["exponent", "floor", "other"]


class Parameter(Record, kw_only=True):
    """One parameter as papers print it.

    `low` and `high` bound it; where `positive`, its coordinate is its logarithm. Bounds that depend on the scale of
    the data are in `Law.bounds`. `unit` is empty for a pure number. `vanishes` marks the coefficient of a term of the
    loss: at its lower bound the term is gone, and it is zero. `kind` marks the power of an input, and the loss that no
    scale removes: those are what priors and caveats speak of. An exponent that `is_signed` is negative for a loss that
    falls and positive for a metric that grows.
    """

    name: str
    meaning: str
    unit: str = ""
    positive: bool = False
    low: float = -np.inf
    high: float = np.inf
    vanishes: bool = False
    kind: Kind = "other"
    is_signed: bool = False


class Published(Record):
    """The parameters that a paper printed for a law, for comparison; `about` says of what, and in which units."""

    name: str
    about: str
    source: str
    parameters: Mapping[str, float]


class Derived(Record):
    """A quantity that follows from the parameters; `compute` takes and gives arrays shaped `(replicates,)`.

    Where `is_power_of_compute`, it holds only as long as compute is in proportion to params * tokens.
    """

    name: str
    meaning: str
    compute: Callable[[Mapping[str, Array]], Array]
    is_power_of_compute: bool = False


class Scene(Record):
    """The data that bounds and starts refer to: centred inputs, and the least and the largest loss (positive)."""

    inputs: Inputs
    lowest: float
    highest: float


class Scale(Record):
    """A factor in which the law is linear once its other coordinates are known.

    `moves` names the coordinates that carry it. One that is not a logarithm is the factor itself; a logarithm grows by
    the factor's logarithm times what `moves` gives for the coordinates `(G, k)` by name (a plain coefficient: 1).
    `is_signed` factors may be negative.
    """

    moves: Mapping[str, Callable[[Mapping[str, Array]], Array | float]]
    is_signed: bool = False


class Law(Record, ABC, kw_only=True):
    """A scaling law: see the module's text. Adding one is one file and one name in `HOMES`.

    `narrow` are inputs, such as another loss or bits, that need not span decades. Where `is_curve`, a point depends
    on those before it in its run: `prepare` is also given `run` `(n,)`, and all rows of a run are points. `polished` is
    how many starts are worth polishing: more where the law has many minima.
    """

    name: str
    formula: str
    source: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    derived: tuple[Derived, ...] = ()
    published: tuple[Published, ...] = ()
    narrow: tuple[str, ...] = ()
    is_curve: bool = False
    polished: int = 8

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """The inputs as `evaluate` wants them, from one array `(n,)` for each of `inputs`: their logarithms."""
        return {name: np.log(columns[name]) for name in self.inputs}

    @abstractmethod
    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Centred inputs, and the map from coordinates on raw inputs to those on centred ones.

        The map is a matrix `(k, k)` and an offset `(k,)`: `centred = matrix @ raw + offset`.
        """

    @abstractmethod
    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log predictions `(replicates, n)` and their Jacobian `(replicates, n, k)` at `theta` `(replicates, k)`."""

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Predictions, not their logs, and their Jacobian, shaped as those of `evaluate`."""
        log_prediction, jacobian = self.evaluate(theta, inputs)
        prediction = np.exp(log_prediction)
        return prediction, (jacobian.swapaxes(1, 2) * prediction[:, None, :]).swapaxes(1, 2)

    @abstractmethod
    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """For each coordinate in which the law is not linear, values to start from, on centred inputs."""

    def nodes(self, scene: Scene) -> Array | None:
        """Starts `(G, k)` on centred inputs that are better than a grid of the axes; None where that will do."""
        return None

    @property
    @abstractmethod
    def scales(self) -> tuple[Scale, ...]:
        """The factors in which the law is linear."""

    @abstractmethod
    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """Bounds `(k,)` of the coordinates on centred inputs."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the coordinates."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def is_logarithm(self) -> Flags:
        """Which coordinates are logarithms of their parameters `(k,)`."""
        return np.array([parameter.positive for parameter in self.parameters], dtype=bool)

    @property
    def vanishing(self) -> Flags:
        """Which coordinates are those of terms that may be gone `(k,)`."""
        return np.array([parameter.vanishes for parameter in self.parameters], dtype=bool)

    def to_parameters(self, theta: Array) -> Array:
        """Parameters as papers print them, from coordinates on raw inputs; both `(..., k)`."""
        positive = self.is_logarithm
        return np.where(positive, np.exp(np.where(positive, theta, 0.0)), theta)

    def to_coordinates(self, parameters: Array) -> Array:
        """The inverse of `to_parameters`. A coefficient of zero becomes -inf, which `evaluate` takes as no term."""
        positive = self.is_logarithm
        with np.errstate(divide="ignore"):
            return np.where(positive, np.log(np.where(positive, parameters, 1.0)), parameters)

    def predict(self, parameters: Mapping[str, float], columns: Mapping[str, Array]) -> Array:
        """The loss `(n,)` that the law predicts at `columns`, for parameters as papers print them."""
        values = np.array([[parameters[name] for name in self.names]])
        prediction: Array = self.evaluate_linear(self.to_coordinates(values), self.prepare(columns))[0][0]
        return prediction
