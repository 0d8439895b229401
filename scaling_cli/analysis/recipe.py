"""From params and tokens to a run: width, depth, heads, batch size and learning rate.

Where the runs have a column for one of them, it is a power of params (for batch size and learning rate, of compute),
fitted by least squares in logs. Otherwise a published rule is used:

- Shape: 12 * depth * width^2 params without embeddings (Kaplan et al. 2020, arXiv:2001.08361, section 2.1), and a width
  of 128 * depth: their loss hardly depends on that ratio between 50 and 300 (figure 5). Widths are multiples of 64, and
  heads divide them into parts that are multiples of 8.
- Batch size (in tokens) 0.2920 * compute^0.3271 and learning rate 0.3118 * compute^-0.1250 (DeepSeek LLM,
  arXiv:2401.02954, eq. 1), found at 1e17 to 2e19 FLOPs with their own schedule.

A file of rules has a line `NAME = FORMULA` for each quantity, in params, tokens, compute and names of earlier lines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.data.names import shortened
from scaling_cli.data.user_texts import read_user_text
from scaling_cli.errors import UsageError
from scaling_cli.formula.tree import Node, parse
from scaling_cli.numbers.format import count, figure, flops
from scaling_cli.points.table import PointTable
from scaling_cli.record import Record

KAPLAN, DEEPSEEK = "Kaplan et al. 2020", "DeepSeek LLM 2024 (batch size in tokens; from runs of 1e17 to 2e19 FLOPs)"
OF_WIDTH = "12 * depth * width^2 params"
PUBLISHED = {
    "depth": ("(params / (12 * 128 ** 2)) ** (1 / 3)", KAPLAN),
    "width": ("(params / (12 * depth)) ** 0.5", KAPLAN),
    "heads": ("width / 128", "one for about each 128 of the width"),
    "batch_size": ("0.2920 * compute ** 0.3271", DEEPSEEK),
    "lr": ("0.3118 * compute ** -0.1250", DEEPSEEK),
}
COLUMNS = {
    "width": ("width", "d_model", "hidden_size", "n_embd", "hidden_dim", "model_dim"),
    "depth": ("depth", "n_layers", "n_layer", "layers", "num_layers", "num_hidden_layers"),
    "heads": ("heads", "n_heads", "n_head", "num_heads", "num_attention_heads"),
    "batch_size": ("batch_size",),
    "lr": ("lr",),
}
OTHER_NAMES = {"learning_rate": "lr"} | {other: name for name, names in COLUMNS.items() for other in names[1:]}
OF_COMPUTE = ("batch_size", "lr")
WHOLE = {"width": 64, "depth": 1, "heads": 1}  # multiples to which a quantity is rounded
HEAD = 8  # multiple of the width of a head, so that heads divide the width
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
        show, unit = (flops, "FLOPs") if label == "compute" else (count, label)
        span = " to ".join(dict.fromkeys(show(float(np.exp(end))) for end in (x.min(), x.max())))
        source = f"column {name} of {usable.sum()} runs of {span} {unit}"
        rules.append(_rule(quantity, f"{scale!r} * {label} ** {slope!r}", source))
    return rules


def rules_of(points: PointTable, compute: Array) -> list[Rule]:
    """A rule for each quantity that the runs `points` have a column for; `compute` is theirs, shaped (n,)."""
    found = {name: points.numbers(name) for name in column_names() if name in points.columns}
    return fitted_rules(found, points.numbers("params"), compute) if "params" in points.columns else []


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
            raise UsageError(f"{path}, line {number}, is not a rule: {shortened(line.strip())!r}.", hint=HOW_TO)
        _require_new(name, rules, f"{path}, line {number},")
        rules.append(_rule(name, formula, Path(path).name))
        known = {*INPUTS, *(rule.name for rule in rules[:-1])}
        unknown = [used for used in rules[-1].formula.names() if used not in known]
        if unknown:
            raise UsageError(
                f"{path}, line {number}, uses {unknown[0]!r}, which no earlier line defines.",
                hint=f"Use {', '.join(sorted(known))}.",
            )
    return rules


def _require_new(name: str, rules: Sequence[Rule], where: str) -> None:
    """Refuse a rule for what the plan gives, for what has a rule, or for a quantity under another name."""
    if name in INPUTS:
        raise UsageError(
            f"{where} is a rule for {name!r}, which the command chooses.",
            hint="Leave the line out, and limit the choice with options: --help lists them under Limits.",
        )
    if any(rule.name == name for rule in rules):
        raise UsageError(f"{where} is a second rule for {name!r}.", hint="Leave one of the two lines out.")
    if name in OTHER_NAMES:
        raise UsageError(
            f"{where} is a rule for {name!r}, which recipes call {OTHER_NAMES[name]!r}.",
            hint=f"Write {OTHER_NAMES[name]} = ..., since there would be a published rule for it, too.",
        )


def _rule(name: str, formula: str, source: str) -> Rule:
    return Rule(name, parse(formula, option="--rules", hint=HOW_TO), source)


def rules_for(fitted: Sequence[Rule], own: Sequence[Rule]) -> list[Rule]:
    """All rules of a recipe, each after those that it uses.

    Args:
        fitted: The rules of the runs.
        own: Those of the user's file, which go before the fitted ones; for what has neither, rules are published.
    """
    names = {rule.name for rule in own}
    known = [*own, *(rule for rule in fitted if rule.name not in names)]
    return _in_order([*known, *_published({rule.name for rule in known})])


def recipe_of(params: float, tokens: float, compute: float, rules: Sequence[Rule]) -> dict[str, float]:
    """Width, depth and so on of one run.

    Raises:
        UsageError: A rule gives no number above zero.
    """
    values: dict[str, Array] = {
        name: np.array([value]) for name, value in zip(INPUTS, (params, tokens, compute), strict=True)
    }
    for rule in rules:
        with np.errstate(all="ignore"):
            value = float((np.asarray(rule.formula.evaluate(values)) * np.ones(1))[0])
        if not 0 < value < np.inf:
            raise UsageError(
                f"The rule for {rule.name!r} gives {value:g} for a run with {figure(params, 3)} params and "
                f"{figure(tokens, 3)} tokens.",
                hint=f"Change its formula in {rule.source}, so that it gives a number above zero.",
            )
        values[rule.name] = np.array([_rounded(rule.name, value, values)])
    return {rule.name: float(values[rule.name][0]) for rule in rules}


def told(rules: Sequence[Rule], recipes: Sequence[tuple[float, Mapping[str, float]]]) -> str:
    """Where the rules come from, and how the params of the recipes compare with those they are for."""
    by_source: dict[str, list[str]] = {}
    for rule in rules:
        by_source.setdefault(rule.source, []).append(rule.name)
    sources = "; ".join(f"{', '.join(each)} by {source}" for source, each in by_source.items())
    return f"{sources}{_shape(recipes)}"


def _published(own: Collection[str]) -> list[Rule]:
    """Rules for what has no other; a depth beside a given width follows from it, so that both give the params."""
    rules = {name: rule for name, rule in PUBLISHED.items() if name not in own}
    if "width" in own and "depth" in rules:
        rules["depth"] = ("params / (12 * width ** 2)", OF_WIDTH)
    return [_rule(name, *rule) for name, rule in rules.items()]


def _shape(recipes: Sequence[tuple[float, Mapping[str, float]]]) -> str:
    """How the params of recipes compare with the params that they are for, as the end of a note."""
    shares = [12 * recipe["depth"] * recipe["width"] ** 2 / params for params, recipe in recipes]
    if not shares:
        return ""
    span = " to ".join(dict.fromkeys(figure(share, 2) for share in (min(shares), max(shares))))
    return f"; 12 * depth * width^2 is {span} times params"


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


def _rounded(name: str, value: float, values: Mapping[str, Array]) -> float:
    """A quantity as it can be built: heads divide the width, and widths and depths are whole."""
    step = WHOLE.get(name)
    if step is None:
        return value
    if name == "heads" and "width" in values:
        most = int(values["width"][0]) // HEAD
        return float(min((n for n in range(1, most + 1) if most % n == 0), key=lambda n: abs(np.log(n / value))))
    return float(max(round(value / step), 1) * step)


def shown(name: str, value: float) -> str:
    """A quantity of a recipe as people read it."""
    return f"{value:.0f}" if name in WHOLE else figure(value, 3)
