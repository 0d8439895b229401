"""The targets of a forecast: parsed from the options, and converted to the inputs of a law."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.data.names import guess
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record, replace

RANGE_STEPS = 7
SIZES = 240  # candidate splits of a budget
SIZE_SPAN = 1e3  # they reach this factor beyond the params of the data
SURFACE = ("params", "tokens")
ROLES = (*SURFACE, "compute", "step", "lr")  # names that are read in any case
EXAMPLES = {"params": "70B", "tokens": "1.4T", "compute": "1e24", "step": "1e6"}  # amounts in hints

LogLosses = Callable[[Mapping[str, Array]], Array]


class Target(Record):
    """Amounts by role, and the observed loss, if any; `group` is the group it is for, empty for all groups."""

    at: dict[str, float]
    observed: float | None = None
    group: dict[str, str] = {}
    run: str | None = None


class Places(Record):
    """Targets as columns `(n,)` and the scale of each; `split` lists the budgets that were split by the laws."""

    targets: tuple[Target, ...]
    columns: dict[str, Array]
    scale: Array
    split: tuple[float, ...] = ()

    def at(self, kept: Flags) -> Places:
        """The places for which `kept` holds."""
        targets = tuple(target for target, keep in zip(self.targets, kept, strict=True) if keep)
        return Places(targets, {name: values[kept] for name, values in self.columns.items()}, self.scale[kept])


def parse_at(text: str) -> list[Target]:
    """The targets of `--at params=70B,tokens=1.4T`, `--at compute=1e22,1e23` or `--at compute=1e20..1e24`.

    If roles have several amounts, listed or as a range, each combination of amounts is a target.

    Raises:
        UsageError: The text is not a list of amounts by role.
    """
    amounts: dict[str, list[float]] = {}
    name = ""
    for part in text.split(","):
        role, separator, value = part.partition("=") if "=" in part else (name, "", part)
        if not (role.strip() and value.strip()):
            raise UsageError(
                f"--at {text!r} is not a list of ROLE=AMOUNT.", hint="Write it like --at params=70B,tokens=1.4T."
            )
        if separator:
            name = role.strip().casefold() if role.strip().casefold() in ROLES else role.strip()
        amounts.setdefault(name, []).extend(_amounts(value, text))
    return [Target(dict(zip(amounts, row, strict=True))) for row in itertools.product(*amounts.values())]


def _amounts(value: str, text: str) -> list[float]:
    """One amount, or several evenly spaced in logs along a range."""
    low, ranged, high = value.partition("..")
    ends = [parse_number(end) for end in ((low, high) if ranged else (low,))]
    if min(ends) <= 0:
        raise UsageError(f"--at {text!r} has an amount that is not positive.", hint="Give amounts above 0.")
    return [float(amount) for amount in np.geomspace(ends[0], ends[1], RANGE_STEPS)] if ranged else ends


def place(targets: Sequence[Target], inputs: Mapping[str, str], params: Array | None, losses: LogLosses) -> Places:
    """The targets as columns of the law's inputs.

    Args:
        inputs: The column for each input of the laws.
        params: Params of the data, if they are an input: the best split of a budget is sought around them.
        losses: Function from columns to log losses `(n,)`, which the best split minimises.

    Raises:
        UsageError: A target lacks an input, or names a role that the laws do not have.
    """
    if not set(SURFACE) <= set(inputs):
        return _along(targets, inputs)
    rows, split = [], []
    for target in targets:
        _require_known(target, (*inputs, "compute"))
        at = dict(target.at)
        if "compute" in at and not set(SURFACE) <= set(at):
            known = [role for role in SURFACE if role in at]
            if known:
                other = SURFACE[1 - SURFACE.index(known[0])]
                at[other] = at["compute"] / FLOPS_A_PARAM_AND_TOKEN / at[known[0]]
            else:
                split.append(at["compute"])
                at["params"], at["tokens"] = best_split(at["compute"], params, losses)
        missing = [name for name in inputs if name not in at]
        if missing:
            raise UsageError(
                f"A target lacks {' and '.join(missing)}.",
                hint="Write it like --at params=70B,tokens=1.4T, or --at compute=1e24 for the best split.",
            )
        at.setdefault("compute", FLOPS_A_PARAM_AND_TOKEN * at["params"] * at["tokens"])
        rows.append(replace(target, at=at))
    columns = {name: np.array([row.at[name] for row in rows]) for name in inputs}
    return Places(tuple(rows), columns, np.array([row.at["compute"] for row in rows]), tuple(split))


def _along(targets: Sequence[Target], inputs: Mapping[str, str]) -> Places:
    """The targets as places, for laws of one input."""
    (name, column), *_ = inputs.items()
    values = []
    for target in targets:
        at = target.at
        if column == "compute" and column not in at and set(SURFACE) <= set(at):
            at = {"compute": FLOPS_A_PARAM_AND_TOKEN * at["params"] * at["tokens"]}
        if column not in at:
            raise UsageError(
                f"A target lacks {column}, the input of the law.",
                hint=f"Write it like --at {column}={EXAMPLES.get(column, 'AMOUNT')}.",
            )
        values.append(at[column])
    x = np.array(values)
    rows = [replace(target, at={column: value}) for value, target in zip(values, targets, strict=True)]
    return Places(tuple(rows), {name: x}, x)


def best_split(compute: float, params: Array | None, losses: LogLosses) -> tuple[float, float]:
    """Params and tokens with the lowest predicted loss for a budget."""
    around = np.array([1e6, 1e12]) if params is None else params
    sizes = np.geomspace(around.min() / SIZE_SPAN, around.max() * SIZE_SPAN, SIZES)
    tokens = compute / FLOPS_A_PARAM_AND_TOKEN / sizes
    best = int(np.argmin(losses({"params": sizes, "tokens": tokens})))
    return float(sizes[best]), float(tokens[best])


def _require_known(target: Target, known: Sequence[str]) -> None:
    unknown = [role for role in target.at if role not in known]
    if unknown:
        raise UsageError(
            f"--at names {unknown[0]!r}, which is not an input of these laws.",
            hint=f"{guess(unknown[0], known)}Use {', '.join(known)}.",
        )
