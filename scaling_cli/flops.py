"""How training compute is counted: rules that give the FLOPs of a run from its params, tokens and shape.

A rule is a formula in `params`, `tokens` and any further columns, so that whatever a lab counts can be written down:

    6ND             6 * params * tokens                     Kaplan et al. 2020, arXiv:2001.08361, section 2.1
    non-embedding   6 * non_embedding(params) * tokens      the same without embeddings, as Kaplan et al. counted
    attention       (6 * params + 6 * layers * width * context) * tokens    with causal attention

`non_embedding(params)` solves params = n + 47491 n^(1/3) for n, which Pearce and Song 2024 (arXiv:2406.12907) fitted to
the models of Hoffmann et al. 2022. Attention costs 12 * layers * width * context a token where nothing is masked
(DeepSeek LLM, arXiv:2401.02954, section 3.2), half of it under a causal mask.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from scaling_cli.errors import UsageError
from scaling_cli.record import Record

PEARCE_SONG = 47491.0  # embedding params are this times the cube root of the others

SIX_ND = "6ND"
FLOPS_A_PARAM_AND_TOKEN = 6.0  # forward and backward pass, Kaplan et al. 2020, section 2.1
FORMULAS = {
    SIX_ND: "6 * params * tokens",
    "non-embedding": "6 * non_embedding(params) * tokens",
    "attention": "(6 * params + 6 * layers * width * context) * tokens",
}
LONGEST = 500  # characters of a formula: what a person writes
LARGEST = 1e300

Numbers = NDArray[np.float64]

SIZES: Numbers = np.array([1e6, 1e9, 1e12])  # params at which a rule shows whether it grows in step with them


def non_embedding(params: Numbers) -> Numbers:
    """Params without embeddings, from all params."""
    # The one real root of r^3 + w r = params, r the cube root of what is sought (Holmes 2002, Math. Gazette 86, 473).
    scale = np.sqrt(PEARCE_SONG / 3)
    root = 2 * scale * np.sinh(np.arcsinh(params / (2 * scale**3)) / 3)
    cubed: Numbers = root**3
    return cubed


def with_embedding(params: Numbers) -> Numbers:
    """All params, from those without embeddings."""
    total: Numbers = params + PEARCE_SONG * np.cbrt(params)
    return total


OPERATORS: dict[type[ast.AST], Callable[..., Numbers]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "non_embedding": non_embedding, "log": np.log, "exp": np.exp, "sqrt": np.sqrt,
}  # fmt: skip


class FlopsRule(Record):
    """A way to count: `name` as it was asked for, `formula` in full, `names` of the columns it needs."""

    name: str
    formula: str
    names: tuple[str, ...]

    @property
    def extras(self) -> tuple[str, ...]:
        """The columns it needs beside params and tokens."""
        return tuple(name for name in self.names if name not in ("params", "tokens"))

    @property
    def rate(self) -> float | None:
        """FLOPs a param and token, where they are the same for all sizes; None elsewhere, and with further columns."""
        if self.extras:
            return None
        return constant_rate(lambda params: self.compute({"params": params, "tokens": np.ones_like(params)}))

    def compute(self, columns: Mapping[str, Numbers]) -> Numbers:
        """Training FLOPs `(n,)` of runs given by their columns `(n,)`."""
        tree = _parsed(self.formula)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value: Numbers = np.asarray(_value(tree, columns), dtype=float) * np.ones_like(columns["params"])
        return value


def constant_rate(per_token: Callable[[Numbers], Numbers]) -> float | None:
    """FLOPs a param and token, where `per_token`, those of training params on one, is in proportion to params."""
    ratio = per_token(SIZES) / SIZES
    return float(ratio[0]) if np.ptp(ratio) <= 1e-12 * ratio[0] else None


def flops_rule(text: str) -> FlopsRule:
    """The rule called `text`, or the one that `text` writes out.

    Raises:
        UsageError: It is neither a name nor a formula that grows in step with tokens.
    """
    formula = FORMULAS.get(text, text)
    try:
        if not formula.strip():
            raise ValueError("it is empty")
        if len(formula) > LONGEST:
            raise ValueError(f"it has {len(formula)} characters, of which {LONGEST} would be read")
        names = tuple(dict.fromkeys(_names(_parsed(formula), formula)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(
            f"--flops-rule {_shortened(text)!r} is no rule: {_reason(error)}.",
            hint=f"Choose {', '.join(FORMULAS)}, or write a formula such as '6 * params * tokens'.",
        ) from None
    rule = FlopsRule(text, formula, names)
    _require_proportional(rule)
    return rule


@functools.cache
def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:40]}..."


def _reason(error: Exception) -> str:
    """What is wrong with a formula, and where; places count characters from 1."""
    match error:
        case SyntaxError(msg=message, offset=int() as place):
            return f"{message} at character {place}"
        case RecursionError() | MemoryError():
            return "it is nested too deeply"
    return str(error)


def _require_proportional(rule: FlopsRule) -> None:
    if "tokens" not in rule.names:
        raise UsageError(
            f"--flops-rule {rule.name!r} does not name tokens.",
            hint="Write the FLOPs of a whole run from its params and tokens, such as '6 * params * tokens'.",
        )
    columns = {name: np.array([3e8]) for name in (*rule.extras, "params")}
    one, two = (rule.compute(columns | {"tokens": np.array([tokens])})[0] for tokens in (1e9, 2e9))
    if one > 0 and np.isfinite(two) and abs(two / one - 2) < 1e-9:
        return
    raise UsageError(
        f"--flops-rule {rule.name!r} does not grow in step with tokens.",
        hint="Write the FLOPs of a whole run, such as '(6 * params + 2e6) * tokens'.",
    )


def _names(node: ast.expr, formula: str) -> list[str]:
    """Names of columns in a formula; anything but numbers, names, arithmetic and known functions is refused.

    Raises:
        ValueError: It holds something else; the message says what and where.
    """
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and value < LARGEST:
            return []
        case ast.Name(id=name):
            return [name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return _names(operand, formula)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _names(left, formula) + _names(right, formula)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return _names(argument, formula)
    raise ValueError(_refusal(node, formula))


def _refusal(node: ast.expr, formula: str) -> str:
    """Why a part of a formula is refused, and where it stands."""
    part, place = ast.get_source_segment(formula, node), _place(node.col_offset, formula)
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return f"the number at character {place} is too large"
        case ast.BinOp(op=ast.BitXor(), left=left):
            return f"^ at character {_after(left, formula)} is not a power here: write **"
        case ast.BinOp(left=left):
            return f"the operator at character {_after(left, formula)} is none of + - * / **"
        case ast.Call(func=ast.Name(id=name)):
            known = ", ".join(FUNCTIONS)
            return f"{name}() at character {place} is not a function of one argument that is known here: {known}"
    return f"{part!r} at character {place} is not a number, a column or arithmetic"


def _after(left: ast.expr, formula: str) -> int:
    """The place of the operator after its left side; parentheses and spaces may stand between."""
    end = left.end_col_offset or 0
    rest = formula.encode()[end:]
    return _place(end + len(rest) - len(rest.lstrip(b" \t)")), formula)


def _place(offset: int, formula: str) -> int:
    """The character, from 1, at a place that Python counts in bytes from 0."""
    return len(formula.encode()[:offset].decode()) + 1


def _value(node: ast.AST, columns: Mapping[str, Numbers]) -> Numbers:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type, return-value]
        case ast.Name(id=name):
            return columns[name]
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](_value(operand, columns))
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_value(left, columns), _value(right, columns))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_value(argument, columns))
    raise ValueError
