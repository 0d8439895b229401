"""Laws that users write: names that are columns are inputs, all others parameters.

A parameter in which the formula is linear is solved for. One that multiplies something with other parameters in it, as
in A * params**-alpha, is a coefficient: taken as positive, and fitted by its logarithm. The rest start from values that
their place in the formula suggests (see `guesses`). `A[optimizer]` is one parameter for each level of a column.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from scaling_cli.errors import UsageError, nearest
from scaling_cli.formula.tree import BY_LEVEL, EXAMPLE, Node, linear_names, parse
from scaling_cli.laws.grouped import LEVEL
from scaling_cli.laws.guesses import Reader
from scaling_cli.laws.law import Parameter
from scaling_cli.laws.places import exchangeable
from scaling_cli.laws.roles import Role
from scaling_cli.laws.written import WrittenLaw
from scaling_cli.record import Record

INPUTS = (
    "params", "tokens", "compute", "step", "unique_tokens", "epochs", "lr", "experts", "batch_size", "granularity",
    "bits", "streams", "x",
)  # fmt: skip  # names that are inputs where the columns are not at hand
NEAR = 0.75  # similarity from which a name is taken for a misspelt column
SHORTEST = 4  # letters: shorter names resemble too many columns
MANY = 5  # parameters; with more, the search also escapes from the best place that it has found
ROUNDS, POLISHED = 30, 24  # rounds of such escapes, and starts that are refined
MOST_LEVELS = 40

Bounds = tuple[float, float]
Levels = Mapping[str, tuple[str, ...]]


def law_from_formula(
    text: str,
    columns: Collection[str] = INPUTS,
    *,
    start: Mapping[str, float] | None = None,
    bound: Mapping[str, Bounds] | None = None,
    levels: Levels | None = None,
) -> WrittenLaw:
    """The law that `text` writes out, of those of its names that are in `columns`.

    `levels` has the labels of columns that index parameters. The name of the law has them written out, so that the law
    can be read again from its name.

    Raises:
        UsageError: The text is not a formula, has no input or no parameter, or misspells a column; or `start` or
            `bound` names a parameter that it does not have.
    """
    tree = parse(text, has_levels=True)
    columns = tuple(dict.fromkeys(name.removeprefix(LEVEL) for name in columns))
    indexed = _indexed(tree, columns, levels or {})
    plain = _without_levels(tree)
    inputs = tuple(name for name in plain.names() if name in columns)
    names = tuple(name for name in plain.names() if name not in columns)
    labelled = {LEVEL + column: labels for column, labels in indexed.values()}
    _check_names(text, (*inputs, *labelled), names, columns)
    reader = Reader(plain, inputs, names, indexed)
    asked = _Asked(start or {}, bound or {})
    asked.check([one for name in names for one in reader.expanded(name)], names)
    whole = _with_levels(tree, indexed)
    parameters, roles = _fitted(reader, names, asked, whole)
    signed = tuple(
        parameter.name for parameter in parameters
        if not parameter.positive and asked.bounds(parameter.name, _base(parameter.name), (-1.0, 1.0))[0] < 0
    )  # fmt: skip
    positive = {parameter.name for parameter in parameters if parameter.positive}
    return WrittenLaw(
        name=_named(text, indexed), formula=text, source="written by the user",
        inputs=(*inputs, *labelled), parameters=parameters, roles=roles, signed=signed, tree=whole,
        levels=labelled, unlogged=inputs,
        absorbs=reader.absorbs(positive - asked.given(names, reader)),
        exchanges=() if start or bound or indexed else exchangeable(plain, inputs),
        polished=POLISHED if len(parameters) > MANY else 8, escapes=ROUNDS if len(parameters) > MANY else 0,
    )  # fmt: skip


def _fitted(
    reader: Reader, names: Sequence[str], asked: _Asked, whole: Node
) -> tuple[tuple[Parameter, ...], dict[str, Role]]:
    """The parameters of the formula `whole`, one for each level, and how each is sought."""
    linear = linear_names(whole, tuple(one for name in names for one in reader.expanded(name)))
    parameters, roles = [], {}
    for name in names:
        for one in reader.expanded(name):
            low, high = asked.bounds(one, name)
            is_coefficient = reader.is_coefficient(name) and low >= (0 if asked.is_bound(one, name) else -np.inf)
            roles[one] = reader.role(
                name, (low, high), asked.start(one, name), is_linear=one in linear, is_coefficient=is_coefficient
            )
            parameters.append(reader.parameter(one, name, is_coefficient=is_coefficient))
    return tuple(parameters), roles


def indices(text: str) -> tuple[str, ...]:
    """The columns that index parameters of a formula."""
    nodes = parse(text, has_levels=True).nodes()
    return tuple(dict.fromkeys(node.parts[0].name for node in nodes if node.operation == BY_LEVEL))


def _indexed(tree: Node, columns: Collection[str], levels: Levels) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The column and the labels of each parameter with levels.

    Raises:
        UsageError: The column does not exist, or has too many levels.
    """
    found = {}
    for node in tree.nodes():
        if node.operation != BY_LEVEL:
            continue
        column, *labels = (part.name for part in node.parts)
        if column not in columns:
            raise UsageError(
                f"{node.name}[{column}] needs a column {column!r}.", hint=f"Columns are {', '.join(columns)}."
            )
        known = tuple(labels) or levels.get(column, ())
        if not 2 <= len(known) <= MOST_LEVELS:
            raise UsageError(
                f"{node.name}[{column}] needs a column with 2 to {MOST_LEVELS} different values, but {column} has "
                f"{len(known)}.",
                hint=f"Write {node.name} without [{column}], or index it by another column.",
            )
        found[node.name] = (column, known)
    return found


def _named(text: str, indexed: Mapping[str, tuple[str, tuple[str, ...]]]) -> str:
    """The formula with all levels written out."""
    for column, labels in dict(indexed.values()).items():
        written = ", ".join((column, *(f'"{label}"' if "'" in label else f"'{label}'" for label in labels)))
        text = re.sub(rf"\[\s*{re.escape(column)}\s*\]", lambda _, written=written: f"[{written}]", text)  # type: ignore[misc]
    return text


def _base(name: str) -> str:
    return name.partition("[")[0]


def _without_levels(node: Node) -> Node:
    if node.operation == BY_LEVEL:
        return Node("name", name=node.name)
    return Node(node.operation, tuple(map(_without_levels, node.parts)), node.name, node.value)


def _with_levels(node: Node, indexed: Mapping[str, tuple[str, tuple[str, ...]]]) -> Node:
    """Each parameter with levels as the sum of its levels, times indicators."""
    if node.operation != BY_LEVEL:
        return Node(node.operation, tuple(_with_levels(part, indexed) for part in node.parts), node.name, node.value)
    column, labels = indexed[node.name]
    terms = [
        Node("mul", (Node("name", name=f"{node.name}[{label}]"), Node("name", name=f"{LEVEL}{column}={label}")))
        for label in labels
    ]
    total = terms[0]
    for term in terms[1:]:
        total = Node("add", (total, term))
    return total


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


class _Asked(Record):
    """Starts and bounds that the user gave, by parameter; one without levels holds for all levels."""

    starts: Mapping[str, float]
    limits: Mapping[str, Bounds]

    def check(self, names: Collection[str], bases: Collection[str]) -> None:
        for name in (*self.starts, *self.limits):
            if name not in names and name not in bases:
                hint = f"{nearest(name, names)}Its parameters are {', '.join(names)}."
                raise UsageError(f"The formula has no parameter {name!r}.", hint=hint)

    def is_bound(self, name: str, base: str) -> bool:
        return name in self.limits or base in self.limits

    def bounds(self, name: str, base: str, otherwise: Bounds = (-np.inf, np.inf)) -> Bounds:
        low, high = self.limits.get(name, self.limits.get(base, otherwise))
        if not low < high:
            raise UsageError(
                f"The lower bound of {name}, {low:g}, is not below the upper one, {high:g}.",
                hint="Give the lower one first.",
            )
        return low, high

    def start(self, name: str, base: str) -> float | None:
        return self.starts.get(name, self.starts.get(base))

    def given(self, bases: Collection[str], reader: Reader) -> set[str]:
        """The parameters with a start or bounds, which refer to the units of the data."""
        return {one for base in bases for one in reader.expanded(base) if {one, base} & {*self.starts, *self.limits}}
