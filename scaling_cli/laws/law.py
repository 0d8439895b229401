"""The interface of a law: a formula with its derivatives, bounds, starting values and descriptions.

A law maps inputs (`params`, `tokens`, `compute`, ...; one value per point) to the log of the predicted loss. The solver
does not work on the parameters that papers print but on *coordinates*, in which the problem is well conditioned: the
log of each positive coefficient; exponents and floors unchanged. Shapes are equal everywhere: coordinates
`(replicates, k)`, predictions `(replicates, n)`, Jacobians `(replicates, n, k)`.

Laws are fitted on centred inputs. There a coefficient is the size of its term in the middle of the data, and hardly
depends on its exponent. `Law.centre` gives the affine map from coordinates on raw inputs to those on centred inputs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from scaling_cli.arrays import Array, Flags, Inputs
from scaling_cli.record import AbstractMeta, Record

Kind: TypeAlias = Literal["exponent", "floor", "other"]


class Parameter(Record, kw_only=True):
    """One parameter as papers print it.

    Attributes:
        unit: Empty for a pure number.
        positive: Whether it is above zero; its coordinate is then its logarithm.
        low, high: Its bounds; those that depend on the data are in `Law.bounds`.
        vanishes: Whether it is the coefficient of a term of the loss: at its lower bound it counts as zero.
        kind: What priors and caveats take it for: the exponent of an input, a floor (the loss that no scale removes),
            or something else.
        is_signed: Whether an exponent is negative for a loss that falls and positive for a metric that grows.
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
    """Parameters that a paper printed for a law, for comparison; `about` gives the data set and the units.

    `covariance` is that of the coordinates `(k, k)`, row by row, where the data of the fit are public.
    """

    name: str
    about: str
    source: str
    parameters: Mapping[str, float]
    covariance: tuple[tuple[float, ...], ...] = ()


class Derived(Record):
    """A quantity computed from the parameters; `compute` takes and returns arrays shaped `(replicates,)`.

    If `is_power_of_compute`, it holds only where compute is proportional to params * tokens.
    """

    name: str
    meaning: str
    compute: Callable[[Mapping[str, Array]], Array]
    is_power_of_compute: bool = False


class Scene(Record):
    """The data that bounds and starts depend on: centred inputs, and the lowest and highest loss (both positive)."""

    inputs: Inputs
    lowest: float
    highest: float


class Scale(Record):
    """A factor in which the law is linear, given its other coordinates.

    `moves` names the coordinates that change with the factor. A coordinate that is not a logarithm is the factor
    itself. A logarithm grows by the log of the factor, times the value of the function in `moves` (1 for a plain
    coefficient), which takes the coordinates `(G,)` by name. `is_signed` factors may be negative.
    """

    moves: Mapping[str, Callable[[Mapping[str, Array]], Array | float]]
    is_signed: bool = False


class Law(Record, kw_only=True, dict=True, metaclass=AbstractMeta):
    """A scaling law; see the module docstring. To add one, write it in a module and add its name to `HOMES`.

    Attributes:
        takes_rows: Whether `evaluate` also takes inputs with a row for each replicate, `(replicates, n)`.
        is_held: Whether some of its parameters are fixed or tied.
        is_grouped: Whether it shares parameters between groups.
        is_written: Whether it is given by text, as users write laws.
        narrow: Inputs that need not span decades, such as another loss or bits.
        is_curve: Whether a point depends on the earlier points of its run: `prepare` also gets `run` `(n,)`, and all
            rows of a run are points.
        polished: How many starts the solver refines; laws with many minima need more.
        escapes: Rounds of random steps from the best place found.
        levels: The labels of each input that is a column of labels; such an input comes as the number of each point's
            label.
        flags: Inputs that are 0 or 1, each with the words that mean 0 where the column has words.
        is_predictive: Whether a fit is of use for its predictions even where the data do not determine the parameters.
        is_ranked: Whether it is among the laws that `--law all` tries.
        undetermined: Why points at random inputs do not determine the parameters, where they do not; the law is listed
            with this reason.
        parts: Inputs that add up to params, for a law without params.
        shares: Inputs that are shares of a mixture, and so add up to one.
        flops_rule: Counts the FLOPs of a run where these are not 6 * params * tokens.
    """

    takes_rows: ClassVar[bool] = False
    is_held: ClassVar[bool] = False
    is_grouped: ClassVar[bool] = False
    is_written: ClassVar[bool] = False

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
    escapes: int = 0
    levels: Mapping[str, tuple[str, ...]] = {}
    flags: Mapping[str, tuple[str, ...]] = {}
    is_predictive: bool = False
    is_ranked: bool = True
    undetermined: str = ""
    parts: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    flops_rule: str = ""

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """The inputs that `evaluate` takes: the logarithms of one array `(n,)` for each name in `inputs`."""
        return {name: np.log(columns[name]) for name in self.inputs}

    def takes(self, name: str, values: Array) -> bool:
        """Whether the law can take these values `(n,)` of an input, beside the checks of `prepare`."""
        return bool((values >= 0).all() if self.is_curve else (values > 0).all())

    def in_order(self, theta: Array) -> Array:
        """Coordinates `(replicates, k)` with terms that could exchange their names in a fixed order."""
        return theta

    @property
    def is_formula(self) -> bool:
        """Whether the law is any formula, in groups or with parameters held; sums of powers are not."""
        return False

    @abstractmethod
    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Centred inputs, and the map from coordinates on raw inputs to those on centred ones.

        The map is a matrix `(k, k)` and an offset `(k,)`: `centred = matrix @ raw + offset`.
        """

    @abstractmethod
    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log predictions `(replicates, n)` and their Jacobian `(replicates, n, k)` at `theta` `(replicates, k)`."""

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Predictions (not their logs) and their Jacobian, in the shapes of `evaluate`."""
        log_prediction, jacobian = self.evaluate(theta, inputs)
        prediction = np.exp(log_prediction)
        return prediction, jacobian * prediction[:, :, None]

    @abstractmethod
    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """Starting values, on centred inputs, of each coordinate in which the law is not linear."""

    def nodes(self, scene: Scene) -> Array | None:
        """Starts `(G, k)` on centred inputs for laws that need better than a grid of the axes; None for the others."""
        return None

    @property
    @abstractmethod
    def scales(self) -> tuple[Scale, ...]:
        """The factors in which the law is linear."""

    @abstractmethod
    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """Bounds `(k,)` of the coordinates on centred inputs."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the coordinates."""
        return tuple(parameter.name for parameter in self.parameters)

    @cached_property
    def is_logarithm(self) -> Flags:
        """Which coordinates are logarithms of their parameters `(k,)`."""
        return np.array([parameter.positive for parameter in self.parameters], dtype=bool)

    @cached_property
    def vanishing(self) -> Flags:
        """Which coordinates belong to terms that may vanish `(k,)`."""
        return np.array([parameter.vanishes for parameter in self.parameters], dtype=bool)

    def to_parameters(self, theta: Array) -> Array:
        """Parameters as papers print them, from coordinates on raw inputs; both `(..., k)`."""
        positive = self.is_logarithm
        return np.where(positive, np.exp(np.where(positive, theta, 0.0)), theta)

    def to_coordinates(self, parameters: Array) -> Array:
        """The inverse of `to_parameters`. A coefficient of zero becomes -inf, for which `evaluate` drops the term."""
        positive = self.is_logarithm
        with np.errstate(divide="ignore"):
            return np.where(positive, np.log(np.where(positive, parameters, 1.0)), parameters)

    def predict(self, parameters: Mapping[str, float], columns: Mapping[str, Array]) -> Array:
        """The loss `(n,)` that the law predicts at `columns`, for parameters as papers print them."""
        values = np.array([[parameters[name] for name in self.names]])
        prediction: Array = self.evaluate_linear(self.to_coordinates(values), self.prepare(columns))[0][0]
        return prediction
