"""Laws defined by their formula, which is parsed, evaluated and differentiated as printed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.formula.tape import Tape, compile_tape
from scaling_cli.formula.tree import Node, linear_names, parse
from scaling_cli.laws.law import Law, Scale, Scene
from scaling_cli.laws.roles import Role, plain_scale
from scaling_cli.record import Record


class Absorb(Record):
    """How a coordinate changes when the mean m of the log of `input` is subtracted: by `sign * m`, times `by`."""

    coordinate: str
    input: str
    by: str | None = None
    sign: float = -1.0


class FormulaLaw(Law, kw_only=True):
    """A law defined by its formula.

    `expression` is evaluated in place of the formula, where the two differ; `where` names parts of it. `roles` gives
    each parameter its bounds and starts. Inputs that no entry of `absorbs` names are not centred; each key of `follows`
    is centred by the mean of the input that is its value. `groups` holds scales that move several coefficients.
    """

    takes_rows: ClassVar[bool] = True

    roles: Mapping[str, Role]
    expression: str = ""
    where: tuple[tuple[str, str], ...] = ()
    absorbs: tuple[Absorb, ...] = ()
    groups: tuple[Scale, ...] = ()
    signed: tuple[str, ...] = ()
    follows: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        _ = self._tape  # raises here if the formula cannot be parsed

    @cached_property
    def _tree(self) -> Node:
        definitions: dict[str, Node] = {}
        for name, text in self.where:
            definitions[name] = parse(text, definitions)
        return parse(self.expression or self.formula, definitions)

    @cached_property
    def _tape(self) -> Tape:
        return compile_tape(self._tree, self.inputs)

    @cached_property
    def _linear(self) -> tuple[str, ...]:
        return linear_names(self._tree, tuple(name for name in self.names if self.roles[name].starts is None))

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs less their mean, where coordinates can absorb it."""
        means = {item.input: float(np.mean(inputs[item.input])) for item in self.absorbs}
        matrix, offset = np.eye(len(self.names)), np.zeros(len(self.names))
        for item in self.absorbs:
            row, amount = self.names.index(item.coordinate), item.sign * means[item.input]
            if item.by is None:
                offset[row] += amount
            else:
                matrix[row, self.names.index(item.by)] += amount
        centred = {name: values - means.get(self.follows.get(name, name), 0.0) for name, values in inputs.items()}
        return centred, matrix, offset

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """The formula and its Jacobian in the coordinates."""
        n = next(iter(inputs.values())).shape[-1]
        # Coordinates before points in memory: the normal matrix then needs no copy of the Jacobian.
        jacobian = np.zeros((len(theta), len(self.parameters), n))
        with np.errstate(all="ignore"):  # overflow gives a bad objective, which the solver rejects
            columns = np.where(self.is_logarithm, np.exp(np.where(self.is_logarithm, theta, 0.0)), theta)
            by_name = {name: columns[:, index, None] for index, name in enumerate(self.names)}
            value, gradient = self._tape.evaluate(by_name, inputs)
            for index, parameter in enumerate(self.parameters):
                if parameter.name in gradient:
                    slope = gradient[parameter.name]
                    jacobian[:, index] = slope * by_name[parameter.name] if parameter.positive else slope
        prediction = np.broadcast_to(value, (len(theta), n)).copy()
        return prediction, jacobian.swapaxes(1, 2)

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log of the formula and its Jacobian; NaN where the formula is negative."""
        prediction, jacobian = self.evaluate_linear(theta, inputs)
        with np.errstate(all="ignore"):
            jacobian /= prediction[:, :, None]
            return np.log(prediction, out=prediction), jacobian

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """The starts of each parameter whose role has some."""
        axes = {}
        for name in self.names:
            starts = self.roles[name].starts
            if starts is not None:
                axes[name] = starts(scene)
        return axes

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The parameters in which the formula is jointly linear, except those in a group, and the groups."""
        grouped = {name for group in self.groups for name in group.moves}
        single = tuple(plain_scale(name, is_signed=name in self.signed) for name in self._linear if name not in grouped)
        return single + self.groups

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of each parameter's role."""
        pairs = np.array([self.roles[name].bounds(scene) for name in self.names])
        return pairs[:, 0], pairs[:, 1]
