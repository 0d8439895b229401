"""Formulas as trees, read from text by a whitelist of syntax.

Numbers, names, `+ - * / **` (also written `^`), parentheses and the functions of `FUNCTIONS` are all there is: the text
is parsed, never run. In a law, `A[optimizer]` is a parameter with one value for each level of a column; the levels may
be written out, `A[optimizer, 'adamw', 'muon']`. A formula that is refused is refused with the reason and the character
where it stands.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.formula.functions import FUNCTIONS, apply
from scaling_cli.record import Record

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
}  # fmt: skip
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
BY_LEVEL = "by level"  # the operation of a parameter with one value for each level of a column
LONGEST = 1_000  # characters: far beyond any law, and short of what would strain the parser
LEVELS = r"'[^']*'|\"[^\"]*\""  # a written level
SHOWN = 40  # characters of a longer formula in a message
DEEPEST = 250  # operations within one another: recursion goes no deeper
LARGEST = 1e300
EXAMPLE = "Write it like 'E + A*params**-alpha + B*tokens**-beta'."


class Node(Record):
    """A part of a formula: an operation on its `parts`; `value` holds a number, or `name` a name.

    The operation `by level` is a parameter by level of a column: `name` is the parameter, the first part names the
    column, and the names of further parts are its levels, where the formula has them.
    """

    operation: str
    parts: tuple[Node, ...] = ()
    name: str = ""
    value: float = 0.0

    def names(self) -> tuple[str, ...]:
        """The names that occur, each once, in the order in which they are read."""
        if self.operation == "name":
            return (self.name,)
        if self.operation == BY_LEVEL:
            return (self.name, self.parts[0].name)
        return tuple(dict.fromkeys([name for part in self.parts for name in part.names()]))

    def nodes(self) -> Iterator[Node]:
        """This part and all parts within it."""
        yield self
        for part in self.parts:
            yield from part.nodes()

    def written(self) -> str:
        """The text of this part, for messages."""
        match self.operation:
            case "number":
                return f"{self.value:g}"
            case "name":
                return self.name
            case "neg":
                return f"-{self.parts[0].written()}"
        if self.operation in SIGNS:
            return "(" + f" {SIGNS[self.operation]} ".join(part.written() for part in self.parts) + ")"
        return f"{self.operation}({', '.join(part.written().strip('()') for part in self.parts)})"

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        """The value of the formula, as shapes combine, operation by operation as it is written."""
        if self.operation == "number":
            return np.asarray(self.value)[()]
        if self.operation == "name":
            return values[self.name]
        return apply(self.operation, *[part.evaluate(values) for part in self.parts])


def number(value: float) -> Node:
    """A constant."""
    return Node("number", value=value)


def parse(
    text: str,
    definitions: Mapping[str, Node] | None = None,
    *,
    option: str = "--law",
    hint: str = EXAMPLE,
    has_levels: bool = False,
) -> Node:
    """The tree of a formula; names in `definitions` stand for the trees given there.

    Args:
        text: The formula.
        definitions: Trees by name.
        option: The option that a refusal names.
        hint: How to write a formula, for a refusal.
        has_levels: Whether a parameter may have a value for each level of a column.

    Raises:
        UsageError: The text is not a formula of the whitelist.
    """
    reader = _Reader(text, definitions or {}, option, hint, has_levels)
    if not text.strip():
        raise reader.refusal("it is empty")
    if len(text) > LONGEST and len(re.sub(LEVELS, "", text)) > LONGEST:
        raise reader.refusal(f"it has {len(text):,} characters, but at most {LONGEST:,} are allowed")
    try:
        tree = ast.parse(reader.python, mode="eval")
    except SyntaxError as error:
        raise reader.refusal(_problem(error, reader)) from None
    except (ValueError, MemoryError, RecursionError):
        raise reader.refusal("it is nested too deeply, or has characters that are not text") from None
    return reader.node(tree.body)


def _problem(error: SyntaxError, reader: _Reader) -> str:
    """What is wrong with the syntax, and where."""
    message = error.msg.partition(". ")[0]
    if not error.offset:
        return "something is missing at its end" if message == "invalid syntax" else message
    place = reader.place(len(reader.python[: error.offset - 1].encode()))
    if message == "invalid decimal literal":
        return f"a name follows the number at character {place} directly: write * between them"
    if reader.text[place - 1 : place] == "=":
        return f"it has an = at character {place}: write only the right-hand side"
    if message == "invalid syntax":
        return f"it cannot be read from character {place} on"
    return f"{message} at character {place}"


class _Reader(Record):
    text: str
    definitions: Mapping[str, Node]
    option: str
    hint: str
    has_levels: bool = False

    @property
    def python(self) -> str:
        """The formula as Python would write it, on one line."""
        return re.sub(r"\s", " ", self.text).lstrip().replace("^", "**")

    def place(self, offset: int) -> int:
        """The character of the text, from 1, at an offset that Python counts in bytes from 0."""
        ahead = len(self.python.encode()[:offset].decode())
        place = len(self.text) - len(self.text.lstrip())
        while ahead > 0 and place < len(self.text):
            ahead -= 2 if self.text[place] == "^" else 1
            place += 1
        return place + 1

    def node(self, tree: ast.expr, depth: int = 1) -> Node:
        if depth > DEEPEST:
            raise self.refusal(f"it has more than {DEEPEST} nested operations")
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if value >= LARGEST:
                    raise self.refusal(f"the number at character {self.place(tree.col_offset)} is too large")
                return number(float(value))
            case ast.Name(id=name):
                return self.definitions.get(name, Node("name", name=name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Node("neg", (self.node(operand, depth + 1),))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.node(operand, depth + 1)
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) not in OPERATORS:
                    raise self.refusal(
                        f"the operator at character {self.operator_place(left)} is not one of + - * / ** ^"
                    )
                return Node(OPERATORS[type(operator)], (self.node(left, depth + 1), self.node(right, depth + 1)))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                self.check_call(name, len(arguments), self.place(tree.col_offset))
                return Node(name, tuple([self.node(argument, depth + 1) for argument in arguments]))
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=column)) if self.has_levels:
                return Node(BY_LEVEL, (Node("name", name=column),), name)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(column))) if self.has_levels:
                return Node(BY_LEVEL, (Node("name", name=column),), name)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Tuple(elts=[ast.Name(id=column), *labels])) if (
                self.has_levels and all(_is_text(label) for label in labels)
            ):
                levels = [Node("name", name=label.value) for label in labels]  # type: ignore[attr-defined]
                return Node(BY_LEVEL, (Node("name", name=column), *levels), name)
        place, end = self.place(tree.col_offset), self.place(tree.end_col_offset or 0)
        raise self.refusal(
            f"{self.text[place - 1 : end - 1]!r} at character {place} is not a number, a name or arithmetic"
        )

    def operator_place(self, left: ast.expr) -> int:
        """The place of the operator after its left side; parentheses and spaces may stand between."""
        rest = self.python.encode()[left.end_col_offset or 0 :]
        return self.place((left.end_col_offset or 0) + len(rest) - len(rest.lstrip(b" )")))

    def check_call(self, name: str, count: int, place: int) -> None:
        known = f"Functions are {', '.join(FUNCTIONS)}."
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, FUNCTIONS, n=1)
            hint = f"Did you mean {near[0]}? {known}" if near else known
            raise self.refusal(f"{name}() at character {place} is not a known function", hint)
        if count != (wanted := FUNCTIONS[name][0]):
            arguments = "1 argument" if wanted == 1 else f"{wanted} arguments"
            raise self.refusal(f"{name}() at character {place} takes {arguments}, not {count}")

    def refusal(self, problem: str, hint: str = "") -> UsageError:
        shown = self.text if len(self.text) <= LONGEST else f"{self.text[:SHOWN]}..."
        return UsageError(f"{self.option} {shown!r} is not a formula: {problem}.", hint=hint or self.hint)


def _is_text(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and isinstance(tree.value, str)


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
    linear: tuple[str, ...] = ()
    for name in names:
        if degree(node, frozenset((*linear, name))) <= 1:
            linear = (*linear, name)
    return linear
