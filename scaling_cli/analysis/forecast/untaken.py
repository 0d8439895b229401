"""Amounts of targets that a law cannot take, or would ignore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.untaken import remedy, require_whole, takes
from scaling_cli.data.names import COLUMN
from scaling_cli.errors import UsageError
from scaling_cli.laws import Law
from scaling_cli.numbers.surface import SURFACE

FLAGS = (*SURFACE, "compute", "step")  # roles with an option of their own
SAME = 1e-2  # relative: amounts as people write them, such as 124M for 124,439,808 params


def refuse_untaken(law: Law, inputs: Mapping[str, str], targets: Sequence[Mapping[str, float]]) -> None:
    """Refuse a target with a value that the law cannot take, or with shares of a mixture that do not add up to one.

    `inputs` has the column of each input.

    Raises:
        UsageError: There is one.
    """
    for target in targets:
        at = {
            name: target[role]
            for name, column in inputs.items()
            for role in dict.fromkeys((column, column.removeprefix(COLUMN), name))
            if role in target
        }
        for name, value in at.items():
            if not takes(law, name, [value], at):
                shown = inputs[name].removeprefix(COLUMN)
                raise UsageError(
                    f"A target has {shown} {value:g}, which {law.name} cannot take.", hint=remedy(law, name)
                )
        if at.keys() >= set(law.shares):
            require_whole({name: at[name] for name in law.shares}, "A target has")


def refuse_unused(
    at: Mapping[str, float], column: str, ranges: Mapping[str, tuple[float, float]], *, has_runs: bool
) -> None:
    """Refuse a target with an amount that a law of `column` alone would ignore.

    Raises:
        UsageError: There is one, other than an amount that all runs have in common.
    """
    for role, amount in at.items():
        low, high = ranges.get(role, (np.nan, np.nan))
        if role == column or (low == high and np.isclose(amount, low, rtol=SAME)):
            continue
        lead = f"The target has {role} {amount:.3g}, but the law is of {column} alone, so {role} would be ignored"
        if role not in ranges:
            flag = f"--{role} COLUMN" if role in FLAGS else f"--map {role}=COLUMN"
            why, cure = f"no column of the runs was read as {role}", f"Name the column of {role} with {flag}"
        elif low == high:
            why, cure = f"all runs have {role} {low:.3g}", f"Add runs with other {role}"
        else:
            why = f"{role} of the runs are read, but not used"
            cure = "Name a law of params and tokens, such as --law chinchilla" if role in SURFACE else (
                f"Forecast along {role} with --x {role}"
            )  # fmt: skip
        alone = f"sk for {column} alone, with --at {column}={at[column]:.4g}"
        hint = f"{cure}, or a{alone}." if has_runs else f"A{alone}, or give the runs in place of the fit."
        raise UsageError(f"{lead}: {why}.", hint=hint)
