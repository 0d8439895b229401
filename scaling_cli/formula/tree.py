"""Formulas as trees, read from text by a whitelist of syntax.

Numbers, names, `+ - * / **` (also written `^`), parentheses and the functions of `FUNCTIONS` are all there is: the text
is parsed, never run. Products of powers are kept as exponentials of logs, since an input to a power is the exponential
of a power times its log, which laws have at hand.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping

from scaling_cli.errors import UsageError
from scaling_cli.record import Record

FUNCTIONS = {"log": 1, "exp": 1, "sqrt": 1, "softplus": 1, "min": 2, "max": 2}  # how many arguments each takes
OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
}  # fmt: skip
LONGEST = 1_000  # characters: far beyond any law, and short of what would strain the parser
LARGEST = 1e300
EXAMPLE = "Write it like 'E + A*params**-alpha + B*tokens**-beta'."


class Node(Record):
    """A part of a formula: an operation on its `parts`; `value` holds a number, or `name` a name."""

    operation: str
    parts: tuple[Node, ...] = ()
    name: str = ""
    value: float = 0.0

    def names(self) -> tuple[str, ...]:
        """The names that occur, each once, in the order in which they are read."""
        if self.operation == "name":
            return (self.name,)
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names()))


def number(value: float) -> Node:
    """A constant."""
    return Node("number", value=value)


def parse(text: str, definitions: Mapping[str, Node] | None = None) -> Node:
    """The tree of a formula; names in `definitions` stand for the trees given there.

    Raises:
        UsageError: The text is not a formula of the whitelist.
    """
    if len(text) > LONGEST:
        raise UsageError(f"The formula has {len(text)} characters.", hint=f"{LONGEST} are the most that are read.")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise UsageError(f"The formula {text!r} cannot be read: {error}.", hint=EXAMPLE) from None
    return _Reader(text, definitions or {}).node(tree.body)


class _Reader(Record):
    text: str
    definitions: Mapping[str, Node]

    def node(self, tree: ast.expr) -> Node:
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) < LARGEST:
                return number(float(value))
            case ast.Name(id=name):
                return self.definitions.get(name, Node("name", name=name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Node("neg", (self.node(operand),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.node(operand)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                return Node(OPERATORS[type(operator)], (self.node(left), self.node(right)))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments)
        raise UsageError(f"{ast.unparse(tree)!r} is not part of a formula.", hint=f"{EXAMPLE} {self.known()}")

    def call(self, name: str, arguments: list[ast.expr]) -> Node:
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, FUNCTIONS, n=1)
            hint = f"Did you mean {near[0]}? {self.known()}" if near else self.known()
            raise UsageError(f"The formula calls {name}(), which is no function here.", hint=hint)
        if len(arguments) != FUNCTIONS[name]:
            raise UsageError(f"{name}() has {len(arguments)} arguments, not {FUNCTIONS[name]}.", hint=EXAMPLE)
        return Node(name, tuple(self.node(argument) for argument in arguments))

    def known(self) -> str:
        return f"Functions are {', '.join(FUNCTIONS)}."


def degree(node: Node, names: frozenset[str]) -> float:
    """Degree of the formula in `names` taken together: 0 where none occurs, 1 where it is linear, else infinite."""
    if node.operation == "name":
        return 1.0 if node.name in names else 0.0
    degrees = [degree(part, names) for part in node.parts]
    match node.operation:
        case "add" | "sub" | "neg":
            return max(degrees)
        case "mul":
            return sum(degrees) if sum(degrees) <= 1 else float("inf")
        case "div":
            return degrees[0] if degrees[1] == 0 else float("inf")
    return 0.0 if not any(degrees) else float("inf")


def linear_names(node: Node, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `names`, chosen in order, in which the formula is linear all at once."""
    found: tuple[str, ...] = ()
    for name in names:
        if degree(node, frozenset((*found, name))) <= 1:
            found = (*found, name)
    return found
