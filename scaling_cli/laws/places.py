"""Where the parameters of a written formula stand: what multiplies them, and which of their terms are alike.

A formula is read from its root downwards. What is added and multiplied there is linear; the base of a power, the
argument of a log, a denominator or an exponent begins a part of its own. A parameter that is linear in its part, and
multiplied there by something with other parameters, is a coefficient. Bases, arguments of logs and denominators have to
stay positive, so coefficients in them are taken as positive, as those of the whole formula are.

The powers of inputs that multiply a coefficient say how it changes when an input is measured in other units:

    A x^(-alpha) = A' (x / m)^(-alpha)   with   log A' = log A - alpha log m.

With m the geometric mean of the input, A' hardly depends on alpha, which is what makes a fit well conditioned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scaling_cli.formula.tree import Node, degree
from scaling_cli.record import Record

ALIKE = "#"  # stands for every parameter where two terms are compared
Powers = dict[str, list[tuple[float, str | None]]]


class Place(Record):
    """A part of the formula in which a parameter is linear: the part, its factors (with +1 or -1), and whether the part
    has to be positive.
    """

    part: Node
    factors: tuple[tuple[Node, int], ...]
    is_positive: bool

    def other_names(self) -> set[str]:
        """The names in the factors."""
        return {name for factor, _ in self.factors for name in factor.names()}


def parts(node: Node, *, is_positive: bool = True) -> Iterator[tuple[Node, bool]]:
    """The parts of a formula, from the root on, and whether each has to be positive."""
    yield node, is_positive
    for inner, inner_is_positive in _inner(node):
        yield from parts(inner, is_positive=inner_is_positive)


def _inner(node: Node) -> Iterator[tuple[Node, bool]]:
    """The parts that begin directly below the linear part of `node`."""
    match node.operation:
        case "add" | "sub" | "mul" | "neg":
            for part in node.parts:
                yield from _inner(part)
        case "div":
            yield from _inner(node.parts[0])
            yield node.parts[1], True
        case "pow":
            yield node.parts[0], True
            yield node.parts[1], False
        case "log" | "sqrt":
            yield node.parts[0], True
        case _:
            for part in node.parts:
                yield part, False


def place_of(tree: Node, name: str) -> Place | None:
    """The outermost part in which a parameter is linear; None if it is in none."""
    for part, is_positive in parts(tree):
        if degree(part, frozenset((name,))) == 1:
            return Place(part, tuple(_factors(part, name, 1)), is_positive)
    return None


def _factors(node: Node, name: str, sign: int) -> Iterator[tuple[Node, int]]:
    if node.operation == "mul":
        for part, other in zip(node.parts, reversed(node.parts), strict=True):
            if name in part.names():
                yield other, sign
                yield from _factors(part, name, sign)
                return
    elif node.operation == "div":
        yield node.parts[1], -sign
        yield from _factors(node.parts[0], name, sign)
    else:
        for part in node.parts:
            if name in part.names():
                yield from _factors(part, name, sign)
                return


def powers(node: Node, inputs: Collection[str], scale: float = 1.0) -> Powers:
    """The powers of inputs in a product: for each input the numbers and the parameters (times a number) that add up."""
    match node.operation:
        case "name" if node.name in inputs:
            return {node.name: [(scale, None)]}
        case "neg":
            return powers(node.parts[0], inputs, scale)
        case "sqrt":
            return powers(node.parts[0], inputs, scale / 2)
        case "mul" | "div":
            found = powers(node.parts[0], inputs, scale)
            for name, terms in powers(node.parts[1], inputs, scale if node.operation == "mul" else -scale).items():
                found.setdefault(name, []).extend(terms)
            return found
        case "pow":
            exponent = _linear(node.parts[1], inputs)
            base = powers(node.parts[0], inputs)
            if exponent is None or any(by is not None for terms in base.values() for _, by in terms):
                return {}
            return {
                name: [(scale * own * part, by) for own, _ in terms for part, by in exponent]
                for name, terms in base.items()
            }
    return {}


def _linear(node: Node, inputs: Collection[str]) -> list[tuple[float, str | None]] | None:
    """An exponent as numbers times parameters; None if it is anything else."""
    match node.operation:
        case "number":
            return [(node.value, None)]
        case "name":
            return None if node.name in inputs else [(1.0, node.name)]
        case "neg":
            inner = _linear(node.parts[0], inputs)
            return None if inner is None else [(-part, by) for part, by in inner]
        case "add" | "sub":
            left, right = (_linear(part, inputs) for part in node.parts)
            sign = 1.0 if node.operation == "add" else -1.0
            return None if left is None or right is None else left + [(sign * part, by) for part, by in right]
        case "mul":
            left, right = (_linear(part, inputs) for part in node.parts)
            if left is None or right is None:
                return None
            for one, other in ((left, right), (right, left)):
                if len(one) == 1 and one[0][1] is None:
                    return [(one[0][0] * part, by) for part, by in other]
    return None


def known_terms(node: Node, inputs: Collection[str]) -> list[Node]:
    """The terms of a sum that have no parameter."""
    if node.operation in ("add", "sub"):
        return [term for part in node.parts for term in known_terms(part, inputs)]
    return [node] if set(node.names()) <= set(inputs) else []


def exchangeable(tree: Node, inputs: Collection[str]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Sets of terms of the whole sum that differ only in the names of their parameters, each by these names."""
    alike: dict[Node, list[tuple[str, ...]]] = {}
    terms = list(_terms(tree))
    for term in terms:
        names = tuple(name for name in term.names() if name not in inputs)
        is_own = not any(set(names) & set(other.names()) for other in terms if other is not term)
        if len(names) > 1 and is_own:
            alike.setdefault(_renamed(term, dict.fromkeys(names, ALIKE)), []).append(names)
    return tuple(tuple(found) for found in alike.values() if len(found) > 1)


def _terms(node: Node) -> Iterator[Node]:
    if node.operation == "add":
        for part in node.parts:
            yield from _terms(part)
    else:
        yield node


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    name = names.get(node.name, node.name)
    return Node(node.operation, tuple(_renamed(part, names) for part in node.parts), name, node.value)
