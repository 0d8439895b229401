"""From params and tokens to a run: width, depth, heads, batch size and learning rate.

Where the runs have a column for one of them, it is a power of params (for batch size and learning rate, of compute),
fitted by least squares in logs. Otherwise a published rule is used:

- Shape: 12 * depth * width^2 params without embeddings (Kaplan et al. 2020, arXiv:2001.08361, section 2.1), and a width
  of 128 * depth: their loss hardly depends on that ratio between 50 and 300 (figure 5).
- Batch size (in tokens) 0.2920 * compute^0.3271 and learning rate 0.3118 * compute^-0.1250 (DeepSeek LLM,
  arXiv:2401.02954, eq. 1), found at 1e17 to 2e19 FLOPs with their own schedule.

A file of rules has a line `NAME = FORMULA` for each quantity, in params, tokens, compute and names of earlier lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.data.user_texts import read_user_text
from scaling_cli.errors import UsageError
from scaling_cli.formula.tree import Node, parse
from scaling_cli.numbers.format import figure
from scaling_cli.record import Record, replace
from scaling_cli.results.plan import PlanResult

KAPLAN, DEEPSEEK = "Kaplan et al. 2020", "DeepSeek LLM 2024 (batch size in tokens)"
PUBLISHED = {
    "depth": ("(params / (12 * 128 ** 2)) ** (1 / 3)", KAPLAN),
    "width": ("(params / (12 * depth)) ** 0.5", KAPLAN),
    "heads": ("width / 128", "one for each 128 of the width"),
    "batch_size": ("0.2920 * compute ** 0.3271", DEEPSEEK),
    "lr": ("0.3118 * compute ** -0.1250", DEEPSEEK),
}
COLUMNS = {
    "width": ("width", "d_model", "hidden_size", "n_embd"),
    "depth": ("depth", "n_layers", "n_layer", "layers", "num_layers"),
    "heads": ("heads", "n_heads", "n_head", "num_heads"),
    "batch_size": ("batch_size",),
    "lr": ("lr",),
}
OF_COMPUTE = ("batch_size", "lr")
WHOLE = {"width": 64, "depth": 1, "heads": 1}  # multiples to which a quantity is rounded
FEWEST = 4  # runs from which a rule is fitted
HOW_TO = "Write one rule per line, such as 'depth = 12 * (params / 1e8)^0.3'."
INPUTS = ("params", "tokens", "compute")


class Rule(Record):
    """A quantity as a formula of amounts and of earlier quantities, and where the formula comes from."""

    name: str
    formula: Node
    source: str


def column_names() -> tuple[str, ...]:
    """Columns of runs that are read for rules, where they exist."""
    return tuple(name for names in COLUMNS.values() for name in names)


def fitted_rules(columns: Mapping[str, Array], params: Array, compute: Array) -> list[Rule]:
    """A rule for each quantity that the runs have a column for; `columns` are those that exist, shaped (n,)."""
    rules = []
    for quantity, names in COLUMNS.items():
        name = next((name for name in names if name in columns), None)
        if name is None:
            continue
        along, label = (compute, "compute") if quantity in OF_COMPUTE else (params, "params")
        usable = np.isfinite(columns[name]) & (columns[name] > 0) & np.isfinite(along)
        if usable.sum() < FEWEST:
            continue
        x, y = np.log(along[usable]), np.log(columns[name][usable])
        slope = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0
        scale = float(np.exp(y.mean() - slope * x.mean()))
        rules.append(_rule(quantity, f"{scale!r} * {label} ** {slope!r}", f"column {name} of {usable.sum()} runs"))
    return rules


def read_rules(path: str) -> list[Rule]:
    """The rules of a file, in its order; empty lines and lines that begin with # are skipped.

    Raises:
        DataError: The file cannot be read.
        UsageError: A line is not a rule, or uses a name that no earlier line defines.
    """
    lines = read_user_text(path, HOW_TO).splitlines()
    rules: list[Rule] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, formula = (part.strip() for part in line.partition("="))
        if not (equals and name.isidentifier() and formula):
            raise UsageError(f"{path}, line {number}, is not a rule: {line.strip()!r}.", hint=HOW_TO)
        rules.append(_rule(name, formula, Path(path).name))
        known = {*INPUTS, *(rule.name for rule in rules[:-1])}
        unknown = [used for used in rules[-1].formula.names() if used not in known]
        if unknown:
            raise UsageError(
                f"{path}, line {number}, uses {unknown[0]!r}, which no earlier line defines.",
                hint=f"Use {', '.join(sorted(known))}.",
            )
    return rules


def _rule(name: str, formula: str, source: str) -> Rule:
    return Rule(name, parse(formula, option="--rules", hint=HOW_TO), source)


def with_recipes(result: PlanResult, own: Sequence[Rule]) -> PlanResult:
    """The plan with a recipe for each run: by the user's rules, else by published ones; a note names their sources."""
    names = {rule.name for rule in own}
    rules = [*own, *(_rule(name, *rule) for name, rule in PUBLISHED.items() if name not in names)]
    rules = _in_order(rules)
    runs = []
    for run in result.runs:
        values: dict[str, Array] = {name: np.array([getattr(run, name)]) for name in INPUTS}
        for rule in rules:
            values[rule.name] = _rounded(rule.name, np.asarray(rule.formula.evaluate(values)) * np.ones(1))
        runs.append(replace(run, recipe={rule.name: float(values[rule.name][0]) for rule in rules}))
    by_source: dict[str, list[str]] = {}
    for rule in rules:
        by_source.setdefault(rule.source, []).append(rule.name)
    note = "recipe: " + "; ".join(f"{', '.join(each)} by {source}" for source, each in by_source.items())
    return replace(result, runs=tuple(runs), notes=(*result.notes, note))


def _in_order(rules: Sequence[Rule]) -> list[Rule]:
    """Rules so that each comes after those that it uses; published rules use names of the user's."""
    ordered: list[Rule] = []
    left = list(rules)
    while left:
        known = {*INPUTS, *(rule.name for rule in ordered)}
        ready = next((rule for rule in left if set(rule.formula.names()) <= known), left[0])
        ordered.append(ready)
        left.remove(ready)
    return ordered


def _rounded(name: str, value: Array) -> Array:
    step = WHOLE.get(name)
    if step is None:
        return value
    rounded: Array = np.maximum(np.round(value / step), 1) * step
    return rounded


def shown(name: str, value: float) -> str:
    """A quantity of a recipe as people read it."""
    return f"{value:.0f}" if name in WHOLE else figure(value, 3)
