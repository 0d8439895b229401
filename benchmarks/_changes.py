"""Small changes of a module that `mutation.py` draws from, and which lines run what a change stands in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
WORDS = NAMES | {"minimum": "maximum", "maximum": "minimum", "first": "last", "last": "first", "argmin": "argmax",
                 "argmax": "argmin", "head": "tail"}  # fmt: skip


class Change(NamedTuple):
    """One change: the module, the line, what was there and what stands there instead."""

    path: Path
    line: int
    start: int
    end: int
    before: bytes
    after: bytes


def changes(path: Path) -> Iterator[Change]:
    """All changes of a module."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    for node in _judged(ast.parse(source)):
        for new in _altered(node):
            start, end = place(node)
            after = ast.unparse(new).encode()
            if not isinstance(node, ast.Constant | ast.Name):
                after = b"(" + after + b")"
            yield Change(path, node.lineno, start, end, source[start:end], after)


def _judged(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that compute: not messages, annotations, or what `assert` and `zip(strict=True)` check."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
            skipped.update(ast.walk(node))
        if isinstance(node, ast.keyword) and node.arg == "strict":
            skipped.add(node.value)
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            skipped.update(ast.walk(node.annotation))
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            skipped.update(ast.walk(node.returns))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id[0].isupper():
            skipped.update(ast.walk(node))
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.expr) and node not in skipped)


def _altered(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], right)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS and not _is_text(left, right):
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield inner
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield inner
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.IfExp(test=test, body=body, orelse=other):
            yield ast.IfExp(test, other, body)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * 1.5 if value else 1.0)
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name])
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()) if name in WORDS:
            yield ast.Attribute(value, WORDS[name])


def _is_text(*nodes: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant | ast.JoinedStr) and not _is_number(node) for node in nodes)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def statement(change: Change) -> tuple[int, bool]:
    """The lines of the statement that holds a change, as bits, and whether they run when the module is imported."""
    lines, inside = range(change.line, change.line + change.before.count(b"\n") + 1), False
    holder = lines
    for node in ast.walk(ast.parse(change.path.read_bytes())):  # what is inside comes after what is around it
        if not isinstance(node, ast.stmt) or not node.lineno <= change.line <= (node.end_lineno or 0):
            continue
        body = getattr(node, "body", None) or getattr(node, "cases", None)
        first = body[0] if isinstance(body, list) else None
        start = getattr(first, "pattern", first)
        holder = range(node.lineno, max(node.lineno + 1, start.lineno) if start else (node.end_lineno or 0) + 1)
        inside |= isinstance(node, ast.FunctionDef) and change.line >= node.body[0].lineno
    if change.line in holder:
        lines = range(holder.start, max(holder.stop, lines.stop))
    return sum(1 << line for line in lines), not inside
