"""How training compute is counted: rules that give the FLOPs of a run from its params, tokens and shape.

A rule is a formula in `params`, `tokens` and any further columns, so that whatever a lab counts can be written down:

    6ND             6 * params * tokens                     Kaplan et al. 2020, arXiv:2001.08361, section 2.1
    non-embedding   6 * non_embedding(params) * tokens      the same without embeddings, as Kaplan et al. counted
    attention       (6 * params + 6 * layers * width * context) * tokens    with causal attention

Attention costs 12 * layers * width * context per token where nothing is masked (DeepSeek LLM, arXiv:2401.02954, section
3.2), half of it under a causal mask.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import DataError, UsageError
from scaling_cli.formula.tree import Node, parse
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.options.reading import SIX_ND as SIX_ND
from scaling_cli.record import Record

FLOPS_A_PARAM_AND_TOKEN = 6.0  # forward and backward pass, Kaplan et al. 2020, section 2.1
FORMULAS = {
    SIX_ND: "6 * params * tokens",
    "non-embedding": "6 * non_embedding(params) * tokens",
    "attention": "(6 * params + 6 * layers * width * context) * tokens",
}
HOW_TO = f"Choose {', '.join(FORMULAS)}, or write a formula such as '6 * params * tokens'."
TYPICAL = (3e8, 0.5, 4.0)
SIZES = np.array([1e6, 1e9, 1e12])  # params at which a rule shows whether it grows in step with them


class FlopsRule(Record):
    """A way to count: `name` as it was asked for, and its `formula`."""

    name: str
    formula: str

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return _tree(self.formula).names()

    @property
    def extras(self) -> tuple[str, ...]:
        """The columns that it needs beside params and tokens."""
        return tuple(name for name in self.names if name not in ("params", "tokens"))

    @property
    def rate(self) -> float | None:
        """FLOPs per param and token, where they are equal for all sizes; None otherwise, and with further columns."""
        if self.extras:
            return None
        return constant_rate(lambda params: self.compute({"params": params, "tokens": np.ones_like(params)}))

    def compute(self, columns: Mapping[str, Array]) -> Array:
        """Training FLOPs `(n,)` of runs given by their columns `(n,)`."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value: Array = np.asarray(_tree(self.formula).evaluate(columns)) * np.ones_like(columns["params"])
        return value


def scale_name(inputs: Mapping[str, str]) -> str:
    """What says how large a run is, given the column of each input of a law.

    It is compute if params and tokens are inputs, else the column of the first input.
    """
    return "compute" if has_params_and_tokens(inputs) else next(iter(inputs.values()))


def constant_rate(per_token: Callable[[Array], Array]) -> float | None:
    """FLOPs per param and token, where `per_token`, those of training on one token, is in proportion to params."""
    ratio = per_token(SIZES) / SIZES
    return float(ratio[0]) if np.ptp(ratio) <= 1e-12 * ratio[0] else None


@functools.cache
def flops_rule(text: str) -> FlopsRule:
    """The rule called `text`, or the one that `text` writes out.

    Raises:
        UsageError: It is neither a name nor a formula that grows in proportion to tokens.
    """
    rule = FlopsRule(text, FORMULAS.get(text, text))
    _require_proportional(rule)
    return rule


def require_flops(rule: FlopsRule, compute: Array) -> None:
    """Refuse FLOPs `(n,)` of runs that are zero, negative or infinite; those of runs without values are NaN.

    Raises:
        DataError: A run has such FLOPs.
    """
    if (np.isinf(compute) | (compute <= 0)).any():
        raise DataError(
            f"--flops-rule {rule.name!r} does not give every run a number of FLOPs above 0.",
            hint=f"Check {with_and(rule.names)} in the runs, or leave runs out with --where.",
        )


@functools.cache
def _tree(formula: str) -> Node:
    return parse(formula, option="--flops-rule", hint=HOW_TO)


def _require_proportional(rule: FlopsRule) -> None:
    if "tokens" not in rule.names:
        raise UsageError(
            f"--flops-rule {rule.name!r} does not name tokens.",
            hint="Write the FLOPs of a whole run from its params and tokens, such as '6 * params * tokens'.",
        )
    for value in TYPICAL:  # of further columns: a share must be below 1, and a width may not be
        columns = {"params": np.array([3e8])} | {name: np.array([value]) for name in rule.extras}
        one, two = (rule.compute(columns | {"tokens": np.array([tokens])})[0] for tokens in (1e9, 2e9))
        if one > 0 and np.isfinite(two):
            if abs(two / one - 2) < 1e-9:
                return
            break
    raise UsageError(
        f"--flops-rule {rule.name!r} does not grow in proportion to tokens.",
        hint="Write the FLOPs of a whole run, such as '(6 * params + 2e6) * tokens'.",
    )
