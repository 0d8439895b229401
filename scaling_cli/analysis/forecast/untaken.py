"""Targets outside of what a law takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.analysis.untaken import remedy, takes
from scaling_cli.data.names import COLUMN
from scaling_cli.errors import UsageError
from scaling_cli.laws import Law


def refuse_untaken(law: Law, inputs: Mapping[str, str], targets: Sequence[Target]) -> None:
    """Refuse a target with a value that the law cannot take; `inputs` has the column of each input.

    Raises:
        UsageError: There is one.
    """
    for target in targets:
        at = {
            name: target.at[role]
            for name, column in inputs.items()
            for role in dict.fromkeys((column, column.removeprefix(COLUMN), name))
            if role in target.at
        }
        for name, value in at.items():
            if not takes(law, name, [value], at):
                shown = inputs[name].removeprefix(COLUMN)
                raise UsageError(
                    f"A target has {shown} {value:g}, which {law.name} cannot take.", hint=remedy(law, name)
                )
