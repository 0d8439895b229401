"""Laws defined by their formula, which is parsed, evaluated and differentiated as printed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs, from_coordinates
from scaling_cli.formula.tape import Tape, as_is, compile_tape
from scaling_cli.formula.tree import Node, linear_names, parse
from scaling_cli.laws.law import Law, Scale, Scene
from scaling_cli.laws.roles import Role, plain_scale
from scaling_cli.record import Record

NOTHING = 1e-300  # takes the place of zero where a power of it vanishes: its log is -691


class Absorb(Record):
    """How a coordinate changes when the mean m of the log of `input` is subtracted: by `sign * m`, times `by`."""

    coordinate: str
    input: str
    by: str | None = None
    sign: float = -1.0


class FormulaLaw(Law, kw_only=True):
    """A law defined by its formula.

    Attributes:
        roles: The bounds and starts of each parameter.
        expression: Evaluated in place of the formula, where the two differ.
        where: Parts of the expression, by name.
        absorbs: Which coefficient changes when the mean of an input is subtracted; inputs without an entry are not
            centred.
        groups: Scales that move several coefficients.
        signed: Coefficients that may be negative.
        follows: Inputs that are centred by the mean of another input, each with that input.
        unlogged: Inputs that may be zero or negative, and are taken as they are.
        counts: Those of them that may not be negative, such as params.
        zeros: Inputs that may be zero, since the formula takes their log only in the exponent of a vanishing power.
        exchanges: Sets of terms that are alike, each term by the names of its parameters: the fit orders them by their
            last parameter, the largest first.
    """

    takes_rows: ClassVar[bool] = True

    roles: Mapping[str, Role]
    expression: str = ""
    where: tuple[tuple[str, str], ...] = ()
    absorbs: tuple[Absorb, ...] = ()
    groups: tuple[Scale, ...] = ()
    signed: tuple[str, ...] = ()
    follows: Mapping[str, str] = {}
    unlogged: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()
    exchanges: tuple[tuple[tuple[str, ...], ...], ...] = ()

    @property
    def is_formula(self) -> bool:
        """True: it is a formula."""
        return True

    def __post_init__(self) -> None:
        _ = self._tape_for({})  # raises here if the formula cannot be parsed

    def takes(self, name: str, values: Array) -> bool:
        """Whether the formula can take these values: all, of an input that comes as it is and is no count."""
        if name in self.unlogged or name in self.levels:
            return name not in self.counts or bool((values >= 0).all())
        return bool((values >= 0).all()) if name in self.zeros else Law.takes(self, name, values)

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """Logs of the inputs, or their values where they come as they are; indicators of labels."""
        prepared: dict[str, Array] = {}
        for name in self.inputs:
            values = columns[name]
            if name in self.levels:
                prepared |= {as_is(f"{name}={label}"): (values == code) * 1.0
                             for code, label in enumerate(self.levels[name])}  # fmt: skip
            elif name in self.unlogged and not (values > 0).all():
                prepared[as_is(name)] = np.asarray(values, dtype=float)
            else:
                prepared[name] = np.log(np.maximum(values, NOTHING) if name in self.zeros else values)
        self._tape_for(prepared).check(prepared)
        return prepared

    def in_order(self, theta: Array) -> Array:
        """Coordinates with terms that are alike ordered by their last parameter, the largest first."""
        for terms in self.exchanges:
            places = np.array([[self.names.index(name) for name in term] for term in terms])
            order = np.argsort(-theta[:, places[:, -1]], axis=1, kind="stable")
            theta = theta.copy()
            rows = np.arange(len(theta))[:, None, None]
            theta[rows, places[None]] = theta[rows, places[order]]
        return theta

    @property
    def _whole(self) -> Node:
        """The formula as a tree."""
        return self._tree

    @cached_property
    def _tree(self) -> Node:
        definitions: dict[str, Node] = {}
        for name, text in self.where:
            definitions[name] = parse(text, definitions)
        return parse(self.expression or self.formula, definitions)

    @cached_property
    def _tapes(self) -> dict[frozenset[str], Tape]:
        """A tape for each set of inputs that come as they are."""
        return {}

    def _tape_for(self, inputs: Inputs) -> Tape:
        """The tape that takes these inputs."""
        labels = {f"{name}={label}" for name, labels in self.levels.items() for label in labels}
        unlogged = frozenset(name for name in self.unlogged if as_is(name) in inputs)
        if unlogged not in self._tapes:
            names = (*(name for name in self.inputs if name not in self.levels), *labels)
            self._tapes[unlogged] = compile_tape(self._whole, names, unlogged | labels)
        return self._tapes[unlogged]

    @cached_property
    def _linear(self) -> tuple[str, ...]:
        return linear_names(self._whole, tuple(name for name in self.names if self.roles[name].starts is None))

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
        by_coordinate = np.zeros((len(self.parameters), len(theta), n))
        with np.errstate(all="ignore"):  # overflow gives a bad objective, which the solver rejects
            columns = np.where(self.is_logarithm, np.exp(np.where(self.is_logarithm, theta, 0.0)), theta)
            by_name = {name: columns[:, index, None] for index, name in enumerate(self.names)}
            value, gradient = self._tape_for(inputs).evaluate(by_name, inputs)
            for index, parameter in enumerate(self.parameters):
                if parameter.name in gradient:
                    slope = gradient[parameter.name]
                    by_coordinate[index] = slope * by_name[parameter.name] if parameter.positive else slope
        prediction = np.broadcast_to(value, (len(theta), n)).copy()
        return prediction, from_coordinates(by_coordinate)

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
