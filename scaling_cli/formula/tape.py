"""Formulas evaluated and differentiated, many sets of parameters at once.

A tree becomes a tape: its operations in order, each distinct one once. A pass forward over the tape gives the values,
shaped `(replicates, 1)` for what depends on parameters alone, `(n,)` on inputs alone, `(replicates, n)` on both. A pass
backward gives the derivative of the result in every parameter (reverse accumulation, Griewank and Walther 2008), at a
cost of a few forward passes whatever the number of parameters.

Inputs come as logs, or as they are (under the key `as_is(name)`) where they have values that are not positive.
`base ** exponent` is `exp(exponent * log(base))` unless the exponent is a number, and the log of an input, of a product
or of such an exponential is known without computing it. A log or a power that such an input cannot take is refused with
the part of the formula where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.errors import DataError
from scaling_cli.formula.functions import apply, embedding_growth, worn_slope
from scaling_cli.formula.tree import Node
from scaling_cli.record import Record, State, replace


class _Step(Record):
    """One operation: the places of its arguments on the tape, and a name or number where it has one."""

    operation: str
    left: int = -1
    right: int = -1
    name: str = ""
    value: float = 0.0


def as_is(name: str) -> str:
    """The key of an input whose values are given as they are, not as logs."""
    return f"{name} as it is"


class Tape(Record):
    """A formula's operations in order; the last is the result. `varies` marks those that depend on parameters.

    `logs` has the text of each part of the formula whose log is taken, by its place.
    """

    steps: tuple[_Step, ...]
    varies: tuple[bool, ...]
    logs: Mapping[int, str] = {}

    def check(self, inputs: Inputs) -> None:
        """Refuse a log or a power that depends on inputs alone and is taken of a value that is not positive.

        Raises:
            DataError: There is one; the message names the part of the formula.
        """
        values: list[Array] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                place = len(values)
                values.append(np.asarray(np.nan) if self.varies[place] else _value(step, values, {}, inputs))
        for place, text in self.logs.items():
            if not self.varies[place] and not np.all(values[place] > 0):
                bad = int(np.sum(~(np.atleast_1d(values[place]) > 0)))
                raise DataError(
                    f"The formula takes the log or a power of {text}, which is not positive at {bad:,} points.",
                    hint="Leave these points out with --where, or write that part so that it stays positive.",
                )

    def evaluate(self, parameters: Mapping[str, Array], inputs: Inputs) -> tuple[Array, dict[str, Array]]:
        """The formula's value, and its derivative in each parameter that occurs, as shapes combine.

        Args:
            parameters: Values shaped (replicates, 1).
            inputs: Logs of the inputs, shaped (n,).
        """
        values: list[Array] = []
        for step in self.steps:
            values.append(_value(step, values, parameters, inputs))
        slopes: list[Array | None] = [None] * len(values)
        slopes[-1] = np.ones(())
        gradient: dict[str, Array] = {}
        for place in range(len(values) - 1, -1, -1):
            slope, step = slopes[place], self.steps[place]
            slopes[place] = None
            if slope is None or not self.varies[place]:
                continue
            if step.operation == "parameter":
                gradient[step.name] = slope
                continue
            for part, share in _shares(step, slope, values, place, self.varies):
                before = slopes[part]
                slopes[part] = share if before is None else before + share
        return values[-1], gradient


def _value(step: _Step, values: list[Array], parameters: Mapping[str, Array], inputs: Inputs) -> Array:
    match step.operation:
        case "number":
            return np.asarray(step.value)
        case "parameter":
            return parameters[step.name]
        case "log-input":
            return inputs[step.name]
        case "input":
            return inputs[as_is(step.name)]
        case "power":
            return values[step.left] ** step.value
    return apply(step.operation, *[values[place] for place in (step.left, step.right) if place >= 0])


def _shares(
    step: _Step, slope: Array, values: list[Array], place: int, varies: tuple[bool, ...]
) -> list[tuple[int, Array]]:
    """How the derivative in an operation's result passes on to each argument that depends on parameters."""
    left, right, shares = step.left, step.right, []
    match step.operation:
        case "add":
            shares = [(left, slope), (right, slope)]
        case "sub":
            shares = [(left, slope), (right, -slope)] if varies[right] else [(left, slope)]
        case "mul":
            shares = [(a, slope * values[b]) for a, b in ((left, right), (right, left)) if varies[a]]
        case "div":
            share = slope / values[right]
            shares = [(left, share)]
            if varies[right]:
                shares.append((right, -share * values[place]))
        case "neg":
            shares = [(left, -slope)]
        case "exp":
            shares = [(left, slope * values[place])]
        case "log":
            shares = [(left, slope / values[left])]
        case "softplus":
            shares = [(left, slope * np.exp(values[left] - values[place]))]
        case "power":
            shares = [(left, slope * (step.value * values[left] ** (step.value - 1)))]
        case "non_embedding":
            shares = [(left, slope / embedding_growth(values[place]))]
        case "worn":
            shares = [(right, slope * worn_slope(values[left], values[right]))]
        case "min" | "max":
            taken = values[left] <= values[right] if step.operation == "min" else values[left] >= values[right]
            shares = [(left, np.where(taken, slope, 0.0)), (right, np.where(taken, 0.0, slope))]
    return [(part, share) for part, share in shares if varies[part]]


def compile_tape(tree: Node, inputs: tuple[str, ...], unlogged: frozenset[str] = frozenset()) -> Tape:
    """The tape of a formula in which the names of `inputs` are inputs and all others parameters.

    Inputs in `unlogged` come as they are.
    """
    builder = _Builder(inputs, unlogged)
    last = builder.add(tree)
    wanted = {last}
    for place in range(last, -1, -1):
        if place in wanted:
            wanted |= {builder.steps[place].left, builder.steps[place].right} - {-1}
    order = sorted(wanted)
    moved = {place: new for new, place in enumerate(order)} | {-1: -1}
    steps = (builder.steps[place] for place in order)
    return Tape(
        tuple(replace(step, left=moved[step.left], right=moved[step.right]) for step in steps),
        tuple(builder.varies[place] for place in order),
        {moved[place]: text for place, text in builder.logs.items() if place in moved},
    )


class _Builder(State):
    inputs: tuple[str, ...]
    unlogged: frozenset[str]
    steps: list[_Step] = []
    varies: list[bool] = []
    places: dict[_Step, int] = {}
    logs: dict[int, str] = {}

    def emit(self, operation: str, left: int = -1, right: int = -1, *, name: str = "", value: float = 0.0) -> int:
        step = _Step(operation, left, right, name, value)
        if step not in self.places:
            self.places[step] = len(self.steps)
            self.steps.append(step)
            self.varies.append(operation == "parameter" or any(self.varies[i] for i in (left, right) if i >= 0))
        return self.places[step]

    def add(self, node: Node) -> int:
        """The place on the tape of a node's value."""
        match node.operation:
            case "number":
                return self.emit("number", value=node.value)
            case "name" if node.name in self.unlogged:
                return self.emit("input", name=node.name)
            case "name" if node.name in self.inputs:
                return self.emit("exp", self.emit("log-input", name=node.name))
            case "name":
                return self.emit("parameter", name=node.name)
            case "pow":
                return self.power(*node.parts)
            case "sqrt":
                return self.emit("power", self.add(node.parts[0]), value=0.5)
            case "log":
                return self.log(self.add(node.parts[0]), node.parts[0].written())
            case "div":
                return self.divide(*map(self.add, node.parts))
        return self.emit(node.operation, *map(self.add, node.parts))

    def power(self, base: Node, exponent: Node) -> int:
        place, to = self.add(base), self.add(exponent)
        known = self.steps[to]
        if known.operation == "neg" and self.steps[known.left].operation == "number":
            known = _Step("number", value=-self.steps[known.left].value)
        is_whole = known.operation == "number" and known.value == int(known.value)
        if known.operation == "number" and (self.varies[place] or (is_whole and self.steps[place].operation != "exp")):
            return self.emit("power", place, value=known.value)
        return self.emit("exp", self.emit("mul", to, self.log(place, base.written())))

    def log(self, place: int, text: str) -> int:
        """The log of a value; `text` is how the formula writes it."""
        step = self.steps[place]
        if step.operation == "exp":
            return step.left
        if step.operation in ("mul", "div") and "exp" in (
            self.steps[step.left].operation,
            self.steps[step.right].operation,
        ):
            joined = "add" if step.operation == "mul" else "sub"
            return self.emit(joined, self.log(step.left, text), self.log(step.right, text))
        self.logs[place] = text
        return self.emit("log", place)

    def divide(self, above: int, below: int) -> int:
        step = self.steps[below]
        if step.operation != "exp":
            return self.emit("div", above, below)
        product = self.steps[step.left]
        if product.operation == "mul":
            power = self.emit("mul", self.emit("neg", product.left), product.right)
        else:
            power = self.emit("neg", step.left)
        return self.emit("mul", above, self.emit("exp", power))
