"""Quantities that a user asks for, as formulas of a law's parameters and derived quantities: `ratio = B/A`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.formula.tree import BY_LEVEL, Node, parse
from scaling_cli.laws.law import Derived, Law
from scaling_cli.record import replace

EXAMPLE = "Write it like --derive 'ratio = B/A', with the parameters of the law; one of a group is A[muon]."


def with_derived(law: Law, asked: Mapping[str, str]) -> Law:
    """`law` with the quantities that the formulas in `asked` define.

    Raises:
        UsageError: A text is not a formula, names what the law does not have, or has the name of a parameter.
    """
    for name, text in asked.items():
        known = {quantity.name: quantity for quantity in law.derived}
        if name in law.names or name in known:
            raise UsageError(
                f"--derive names {name!r}, but {law.name} already has a quantity of this name.",
                hint="Choose another name.",
            )
        tree = _plain(parse(text, option="--derive", hint=EXAMPLE, has_levels=True))
        for part in tree.names():
            if part not in law.names and part not in known:
                names = ", ".join((*law.names, *known))
                raise UsageError(
                    f"--derive {name} has {part!r}, which is not a parameter of {law.name}.", hint=f"It has {names}."
                )
        law = replace(law, derived=(*law.derived, Derived(name, text, _computed(tree, known))))
    return law


def _plain(node: Node) -> Node:
    """`A[muon]` as the name of the parameter of a level, not of a column."""
    if node.operation == BY_LEVEL:
        return Node("name", name=f"{node.name}[{','.join(part.name for part in node.parts)}]")
    return Node(node.operation, tuple(map(_plain, node.parts)), node.name, node.value)


def _computed(tree: Node, known: Mapping[str, Derived]) -> Callable[[Mapping[str, Array]], Array]:
    def compute(parameters: Mapping[str, Array]) -> Array:
        quantities = {name: known[name].compute(parameters) for name in tree.names() if name in known}
        shape = np.shape(next(iter(parameters.values())))
        with np.errstate(all="ignore"):
            return np.broadcast_to(tree.evaluate({**parameters, **quantities}), shape).astype(float)

    return compute
