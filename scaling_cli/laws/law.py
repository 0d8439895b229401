"""What a law is: a formula that the solver can evaluate, differentiate, start and report.

A law maps inputs (`params`, `tokens`, `compute`, ... one value a point) to the log of the predicted loss. The solver
never sees the parameters of the paper but *coordinates*, in which the problem is well behaved: the log of every
positive coefficient, and every exponent and floor as it is. Shapes are the same everywhere: coordinates
`(replicates, k)`, predictions `(replicates, n)`, Jacobians `(replicates, n, k)`.

A fit is made on centred inputs, so that a coefficient is the size of its term in the middle of the data and hardly
depends on its exponent; `Law.centre` gives the linear map between the two sets of coordinates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]
Inputs: TypeAlias = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as papers print it.

    `low` and `high` bound it; where `positive`, its coordinate is its logarithm. Bounds that depend on the scale of
    the data are in `Law.bounds`. `unit` is empty for a pure number.
    """

    name: str
    meaning: str
    unit: str = ""
    positive: bool = False
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, slots=True)
class Derived:
    """A quantity that follows from the parameters; `compute` takes and gives arrays shaped `(replicates,)`."""

    name: str
    meaning: str
    compute: Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where to start: for each of `G` sets of exponents, a model that is linear in what remains.

    `basis` is shaped `(G, n, p)`: the points' predictions are `basis @ coefficients`, with coefficients >= 0.
    `theta` turns coefficients `(G, p)` into coordinates `(G, k)`.
    """

    basis: Array
    theta: Callable[[Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Law(ABC):
    """A scaling law: see the module's text. Adding one is one file and one name in `LAWS`."""

    name: str
    formula: str
    source: str
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    derived: tuple[Derived, ...] = ()

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """The inputs as `evaluate` wants them, from one array `(n,)` for each of `inputs`: their logarithms."""
        return {name: np.log(columns[name]) for name in self.inputs}

    @abstractmethod
    def centre(self, inputs: Inputs) -> tuple[Inputs, Array]:
        """Centred inputs, and the matrix `(k, k)` that turns coordinates on raw inputs into those on centred ones."""

    @abstractmethod
    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log predictions `(replicates, n)` and their Jacobian `(replicates, n, k)` at `theta` `(replicates, k)`."""

    @abstractmethod
    def grid(self, inputs: Inputs) -> Grid:
        """Starts that cover the law's exponents, on centred inputs."""

    @abstractmethod
    def bounds(self, lowest: float, highest: float) -> tuple[Array, Array]:
        """Bounds `(k,)` of the coordinates on centred inputs, for losses between `lowest` and `highest`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the coordinates."""
        return tuple(parameter.name for parameter in self.parameters)

    def to_parameters(self, theta: Array) -> Array:
        """Parameters as papers print them, from coordinates on raw inputs; both `(..., k)`."""
        positive = np.array([parameter.positive for parameter in self.parameters])
        return np.where(positive, np.exp(np.where(positive, theta, 0.0)), theta)

    def to_coordinates(self, parameters: Array) -> Array:
        """The inverse of `to_parameters`. A coefficient of zero becomes -inf, which `evaluate` takes as no term."""
        positive = np.array([parameter.positive for parameter in self.parameters])
        with np.errstate(divide="ignore"):
            return np.where(positive, np.log(np.where(positive, parameters, 1.0)), parameters)

    def predict(self, parameters: Mapping[str, float], columns: Mapping[str, Array]) -> Array:
        """The loss `(n,)` that the law predicts at `columns`, for parameters as papers print them."""
        values = np.array([[parameters[name] for name in self.names]])
        log_prediction, _ = self.evaluate(self.to_coordinates(values), self.prepare(columns))
        prediction: Array = np.exp(log_prediction[0])
        return prediction
