"""Laws that users write: names that are columns are inputs, all others parameters.

A parameter in which the formula is linear is solved for. One that multiplies something with other parameters in it, as
in A * params**-alpha, is a coefficient: taken as positive, and fitted by its logarithm. The rest start from values that
their place in the formula suggests: an exponent from those that laws have, a number that is added to an input, or
divides or multiplies it, from the size of that input.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.formula.tape import compile_tape
from scaling_cli.formula.tree import EXAMPLE, Node, linear_names, parse
from scaling_cli.laws.formula import FormulaLaw
from scaling_cli.laws.law import Kind, Parameter, Scene
from scaling_cli.laws.roles import Role

INPUTS = (
    "params", "tokens", "compute", "step", "unique_tokens", "epochs", "lr", "experts", "batch_size", "granularity",
    "bits", "streams", "x",
)  # fmt: skip  # names that are inputs where the columns are not at hand
EXPONENTS = np.array([0.04, 0.12, 0.3, 0.6, 1.2])
SIZES = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 20.0])  # of an input, or of its inverse
LARGEST_LOG = 700.0  # beyond it exp() overflows
NEAR = 0.75  # similarity from which a name is taken for a misspelt column
SHORTEST = 4  # letters: shorter names resemble too many columns

Bounds = tuple[float, float]


def law_from_formula(
    text: str,
    columns: Collection[str] = INPUTS,
    *,
    start: Mapping[str, float] | None = None,
    bound: Mapping[str, Bounds] | None = None,
) -> FormulaLaw:
    """The law that `text` writes out, of those of its names that are in `columns`.

    Raises:
        UsageError: The text is not a formula, has no input or no parameter, or misspells a column; or `start` or
            `bound` names a parameter that it does not have.
    """
    start, bound = start or {}, bound or {}
    tree = parse(text)
    inputs = tuple(name for name in tree.names() if name in columns)
    names = tuple(name for name in tree.names() if name not in columns)
    _check_names(text, inputs, names, columns)
    for name in (*start, *bound):
        if name not in names:
            raise UsageError(f"The formula has no parameter {name!r}.", hint=f"Its parameters are {', '.join(names)}.")
    linear = linear_names(tree, names)
    roles, parameters = {}, []
    for name in names:
        low, high = bound.get(name, (-np.inf, np.inf))
        shares_term = name in linear and bool(_multiplied_by(tree, name) - set(inputs))
        is_coefficient = shares_term and (name not in bound or low >= 0)
        is_exponent = name not in linear and _suggests_exponent(tree, name)
        roles[name] = _role(tree, name, (low, high), start.get(name), name in linear, is_coefficient, inputs)
        meaning = "coefficient" if is_coefficient else "exponent" if is_exponent else "number"
        kind: Kind = "exponent" if is_exponent and not is_coefficient else "other"
        parameters.append(Parameter(name=name, meaning=f"{meaning} of the formula", positive=is_coefficient, kind=kind))
    signed = tuple(
        parameter.name for parameter in parameters
        if not parameter.positive and bound.get(parameter.name, (-1.0, 1.0))[0] < 0
    )  # fmt: skip
    return FormulaLaw(
        name=text, formula=text, source="written by the user", inputs=inputs, parameters=tuple(parameters),
        roles=roles, signed=signed,
    )  # fmt: skip


def _check_names(text: str, inputs: tuple[str, ...], names: tuple[str, ...], columns: Collection[str]) -> None:
    for name in names:
        near = difflib.get_close_matches(name, [column for column in columns if column not in inputs], n=1, cutoff=NEAR)
        if near and len(name) >= SHORTEST:
            raise UsageError(
                f"The formula has {name!r}, which is not a column; did you mean {near[0]}?",
                hint="Correct it, or, if it is a parameter, give it a name that is less like a column's.",
            )
    if not inputs:
        raise UsageError(f"No name in {text!r} is a column.", hint=f"Columns are {', '.join(columns)}. {EXAMPLE}")
    if not names:
        raise UsageError(f"{text!r} has no parameter to fit.", hint=EXAMPLE)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _walk(part)


def _multiplied_by(node: Node, name: str) -> set[str]:
    """Names in what multiplies or divides `name` on the way from the root of a formula that is linear in it."""
    factors: set[str] = set()
    for part, other in zip(node.parts, reversed(node.parts), strict=True):
        if name in part.names():
            factors |= _multiplied_by(part, name)
            if node.operation in ("mul", "div"):
                factors |= set(other.names())
    return factors


def _suggests_exponent(tree: Node, name: str) -> bool:
    return any(node.operation == "pow" and name in node.parts[1].names() for node in _walk(tree))


def _role(
    tree: Node,
    name: str,
    bounds: Bounds,
    start: float | None,
    is_linear: bool,
    is_coefficient: bool,
    inputs: tuple[str, ...],
) -> Role:
    low, high = bounds
    if not low < high:
        raise UsageError(f"The bounds of {name} are {low:g} and {high:g}.", hint="Give the lower one first.")
    if is_coefficient:
        with np.errstate(divide="ignore"):
            logs = np.clip(np.log([max(low, 0.0), max(high, 0.0)]), -LARGEST_LOG, LARGEST_LOG)
        return Role(lambda _: (float(logs[0]), float(logs[1])))
    if is_linear:
        return Role(lambda _: (low, high))
    if start is not None:
        return Role(lambda _: (low, high), lambda _: np.array([start]))
    guess = _guess(tree, name, inputs)
    return Role(lambda _: (low, high), lambda scene: _within(guess, scene, low, high))


def _within(guess: tuple[Node, int] | None, scene: Scene, low: float, high: float) -> Array:
    """Values to start from: those inside the bounds, or some made from the bounds."""
    if guess is None:
        values = np.concatenate([-EXPONENTS[::-1], EXPONENTS])
    else:
        node, power = guess
        size = compile_tape(node, tuple(scene.inputs)).evaluate({}, scene.inputs)[0]
        typical = float(np.exp(np.mean(np.log(np.maximum(np.abs(size), 1e-300)))))
        values = SIZES * typical**power
    inside = values[(values > low) & (values < high)]
    if len(inside):
        return inside
    if np.isfinite(low) and np.isfinite(high):
        return np.linspace(low, high, 7)[1:-1]
    return low + EXPONENTS if np.isfinite(low) else high - EXPONENTS


def _guess(tree: Node, name: str, inputs: tuple[str, ...]) -> tuple[Node, int] | None:
    """The part of the formula whose size that of `name` should follow, and whether directly (1) or inversely (-1)."""
    if _suggests_exponent(tree, name):
        return None
    for node in _walk(tree):
        for part, other in zip(node.parts, reversed(node.parts), strict=True):
            alone = part.parts[0] if part.operation == "neg" else part
            is_of_inputs = bool(other.names()) and set(other.names()) <= set(inputs)
            if len(node.parts) == 2 and alone.operation == "name" and alone.name == name and is_of_inputs:
                return other, -1 if node.operation == "mul" else 1
    return None
