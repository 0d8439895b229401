"""The targets of a forecast: parsed from the options, and converted to the inputs of a law."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.split import LogLosses, best_split
from scaling_cli.analysis.forecast.untaken import FLAGS, refuse_unused
from scaling_cli.analysis.units import refuse_without_unit
from scaling_cli.arrays import Array, Flags
from scaling_cli.data.names import COLUMN, guess
from scaling_cli.data.runs.derive import HIGH_RATIO, LOW_RATIO
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.numbers.format import flops, with_and
from scaling_cli.numbers.parse import LARGEST, SMALLEST, is_computable, parse_number
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.record import Record, replace

RANGE_STEPS = 7
ROLES = (*SURFACE, "compute", "step", "lr")  # names that are read in any case
EXAMPLES = {"params": "70B", "tokens": "1.4T", "compute": "1e24", "step": "1e6"}  # amounts in hints


class Target(Record):
    """Amounts by role, and the observed loss, if any; `group` is the group it is for, empty for all groups.

    `labels` has the text of each amount that may be the level of a column instead, such as `optimizer=muon`.
    """

    at: dict[str, float]
    observed: float | None = None
    group: dict[str, str] = {}
    run: str | None = None
    labels: dict[str, str] = {}

    def of_groups(self, columns: Collection[str]) -> Target:
        """The target with its levels of these columns as its group.

        Raises:
            UsageError: Another label is not a number.
        """
        levels = {name: label for name, label in self.labels.items() if name in columns}
        words = [name for name in self.labels if name not in self.at and name not in levels]
        if words:
            raise UsageError(
                f"A target has {words[0]} {self.labels[words[0]]!r}, which is not a number.",
                hint="Give a number, such as 70B or 1.4T; words are for columns whose groups are fitted: "
                f"{', '.join(columns) or 'none here'}.",
            )
        at = {name: amount for name, amount in self.at.items() if name not in levels}
        return replace(self, at=at, group={**self.group, **levels}, labels={})


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
    amounts: dict[str, list[tuple[float | None, str]]] = {}
    name = ""
    for part in text.split(","):
        role, separator, value = part.partition("=") if "=" in part else (name, "", part)
        if not (role.strip() and value.strip()):
            raise UsageError(
                f"--at {text!r} is not a list of ROLE=AMOUNT.", hint="Write it like --at params=70B,tokens=1.4T."
            )
        if separator:
            name = role.strip().casefold() if role.strip().casefold() in ROLES else role.strip()
        amounts.setdefault(name, []).extend(_amounts_or_label(name, value, text))
    rows = (dict(zip(amounts, row, strict=True)) for row in itertools.product(*amounts.values()))
    return [
        Target(
            {role: amount for role, (amount, _) in row.items() if amount is not None},
            labels={role: label for role, (_, label) in row.items() if label},
        )
        for row in rows
    ]


def _amounts_or_label(name: str, value: str, text: str) -> list[tuple[float | None, str]]:
    """Amounts, each with its text where that may be the level of a column; a word has no amount."""
    if name in ROLES:
        return [(amount, "") for amount in _amounts(name, value, text)]
    try:
        amounts = _amounts(name, value, text)
    except UsageError:
        if value.strip()[:1].isdigit():
            raise
        return [(None, value.strip())]
    return [(amount, value.strip() if len(amounts) == 1 else "") for amount in amounts]


def _amounts(name: str, value: str, text: str) -> list[float]:
    """One amount, or several evenly spaced in logs along a range; whether 0 suits a further input, its law knows."""
    low, ranged, high = value.partition("..")
    try:
        ends = [parse_number(end) for end in ((low, high) if ranged else (low,))]
    except UsageError as error:
        raise UsageError(f"--at {text!r}: {error.message}", hint=error.hint) from None
    if min(ends) <= 0 and (ranged or name in FLAGS):
        hint = (
            f"List the amounts instead: {name}=0,0.1,0.2." if ranged and name not in FLAGS else "Give amounts above 0."
        )
        raise UsageError(f"--at {text!r} has an amount that is not positive.", hint=hint)
    return [float(amount) for amount in np.geomspace(ends[0], ends[1], RANGE_STEPS)] if ranged else ends


def place(
    targets: Sequence[Target],
    inputs: Mapping[str, str],
    params: Array | None,
    losses: LogLosses,
    *,
    ranges: Mapping[str, tuple[float, float]],
    ratios: tuple[float, float] = (LOW_RATIO, HIGH_RATIO),
    has_runs: bool = True,
) -> Places:
    """The targets as columns of the law's inputs.

    Args:
        inputs: The column for each input of the laws.
        ranges: The least and the largest value of each role that the data have.
        params: Params of the data, if they are an input: the best split of a budget is sought around them.
        losses: Function from columns to log losses `(n,)`, which the best split minimises.
        ratios: The least and the largest compute / (6 * params * tokens) that a target may have.
        has_runs: Whether there are runs, which could be fitted otherwise.

    Raises:
        UsageError: A target contradicts itself, lacks an input or a unit, or names a role that the laws do not have.
    """
    for target in targets:
        refuse_without_unit("The target has", target.at, ranges)
    for role, amount in ((role, amount) for target in targets for role, amount in target.at.items()):
        if not is_computable(amount):
            raise UsageError(
                f"A target has {role} {amount:g}, which is too {'large' if amount > 1 else 'small'} to compute with.",
                hint=f"Give a number between {SMALLEST:g} and {LARGEST:g}.",
            )
    if not has_params_and_tokens(inputs):
        return _along(targets, inputs, ranges, has_runs=has_runs)
    rows, split = [], []
    for target in targets:
        _require_known(target, (*inputs, "compute"))
        at = dict(target.at)
        _require_all(at, [name for name in inputs if name not in SURFACE], inputs)
        _refuse_contradiction(at, ratios)
        if "compute" in at and not has_params_and_tokens(at):
            known = [role for role in SURFACE if role in at]
            if known:
                other = SURFACE[1 - SURFACE.index(known[0])]
                at[other] = at["compute"] / FLOPS_A_PARAM_AND_TOKEN / at[known[0]]
            else:
                split.append(at["compute"])
                at["params"], at["tokens"] = best_split(at["compute"], params, losses, at)
        _require_all(at, inputs, inputs)
        at.setdefault("compute", FLOPS_A_PARAM_AND_TOKEN * at["params"] * at["tokens"])
        rows.append(replace(target, at=at))
    columns = {name: np.array([row.at[name] for row in rows]) for name in inputs}
    return Places(tuple(rows), columns, np.array([row.at["compute"] for row in rows]), tuple(split))


def _require_all(at: Mapping[str, float], names: Iterable[str], inputs: Iterable[str]) -> None:
    """Refuse a target without one of the names; the hint shows one with all inputs."""
    missing = [name for name in names if name not in at]
    if missing:
        others = "".join(f",{name}=AMOUNT" for name in inputs if name not in SURFACE)
        raise UsageError(
            f"A target lacks {with_and(missing)}.",
            hint=f"Write it like --at params=70B,tokens=1.4T{others}, or --at compute=1e24{others} for the best split; "
            "in a file of --targets, these are columns.",
        )


def _refuse_contradiction(at: Mapping[str, float], ratios: tuple[float, float]) -> None:
    """Refuse compute that params and tokens do not give; it may differ as much as that of runs may."""
    if not {"compute", *SURFACE} <= at.keys():
        return
    split = FLOPS_A_PARAM_AND_TOKEN * at["params"] * at["tokens"]
    if not ratios[0] <= at["compute"] / split <= ratios[1]:
        raise UsageError(
            f"A target has {flops(at['compute'])} compute, but 6 * params * tokens is {flops(split)}.",
            hint="Give either compute, or params and tokens.",
        )


def _along(
    targets: Sequence[Target], inputs: Mapping[str, str], ranges: Mapping[str, tuple[float, float]], *, has_runs: bool
) -> Places:
    """The targets as places, for laws that are not of params and tokens; a sole input is the scale."""
    column = next(iter(inputs.values()))
    rows, scale = [], []
    for target in targets:
        given = _named_as_read(target.at, inputs.values())
        at = _completed(given)
        missing = [name.removeprefix(COLUMN) for name in inputs.values() if name not in at]
        if missing:
            names = [name.removeprefix(COLUMN) for name in inputs.values()]
            example = ",".join(f"{name}={EXAMPLES.get(name, 'AMOUNT')}" for name in names)
            what = "the input of the law" if len(inputs) == 1 else "which the law needs"
            raise UsageError(
                f"A target lacks {with_and(missing)}, {what}.",
                hint=f"Write it like --at {example}; in a file of --targets, these are columns.",
            )
        if len(inputs) == 1:
            refuse_unused(_one_of_three(given, column), column, ranges, has_runs=has_runs)
        is_split = column == "compute" and has_params_and_tokens(given)
        shown = {role: at[role] for role in SURFACE} if is_split else {}
        rows.append(replace(target, at={**shown, **{name: at[name] for name in inputs.values()}}))
        scale.append(at.get("compute"))
    columns = {name: np.array([row.at[read] for row in rows]) for name, read in inputs.items()}
    if len(inputs) == 1:
        return Places(tuple(rows), columns, next(iter(columns.values())))
    if "compute" not in ranges and not has_runs:  # a saved fit of runs whose compute is not known has no distances
        scale = [1.0] * len(rows)
    if None in scale:
        raise UsageError(
            "A target lacks compute, by which its distance from the runs is measured.",
            hint="Add it: --at " + ",".join(f"{name}=AMOUNT" for name in (*inputs.values(), "compute")) + ".",
        )
    return Places(tuple(rows), columns, np.array(scale, dtype=float))


def _named_as_read(at: Mapping[str, float], columns: Iterable[str]) -> dict[str, float]:
    """The amounts, under the names that columns of the file have beside the roles."""
    return {COLUMN + role if COLUMN + role in columns else role: value for role, value in at.items()}


def _completed(at: Mapping[str, float]) -> dict[str, float]:
    """The amounts, with the third of params, tokens and compute where two of them are given."""
    known = dict(at)
    if "compute" not in known and has_params_and_tokens(known):
        known["compute"] = FLOPS_A_PARAM_AND_TOKEN * known["params"] * known["tokens"]
    for role, other in (SURFACE, SURFACE[::-1]):
        if role not in known and {"compute", other} <= set(known):
            known[role] = known["compute"] / FLOPS_A_PARAM_AND_TOKEN / known[other]
    return known


def _one_of_three(at: Mapping[str, float], column: str) -> Mapping[str, float]:
    """The amounts without params and tokens where a law of compute uses both.

    Raises:
        UsageError: There are compute, params and tokens, and they contradict each other.
    """
    if column != "compute" or not has_params_and_tokens(at):
        return at
    _refuse_contradiction(at, (LOW_RATIO, HIGH_RATIO))  # as far as a run may differ without a caveat
    split = FLOPS_A_PARAM_AND_TOKEN * at["params"] * at["tokens"]
    return {"compute": split} | {role: amount for role, amount in at.items() if role not in SURFACE}


def _require_known(target: Target, known: Sequence[str]) -> None:
    unknown = [role for role in target.at if role not in known]
    if unknown:
        raise UsageError(
            f"--at names {unknown[0]!r}, which is not an input of these laws.",
            hint=f"{guess(unknown[0], known)}Use {', '.join(known)}.",
        )
