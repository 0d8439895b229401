"""Amounts of targets that a law cannot take, such as zero where it takes the logarithm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.data.names import COLUMN
from scaling_cli.errors import UsageError
from scaling_cli.laws import Law


def refuse_untaken(law: Law, inputs: Mapping[str, str], targets: Sequence[Target]) -> None:
    """Refuse a target outside of what the law takes; `inputs` has the column of each input.

    Raises:
        UsageError: There is one.
    """
    for target in targets:
        for name, column in inputs.items():
            role = next((key for key in (column, column.removeprefix(COLUMN), name) if key in target.at), None)
            if role is None or law.takes(name, np.array([target.at[role]])):
                continue
            least = "of at least" if law.takes(name, np.zeros(1)) else "above"
            raise UsageError(
                f"A target has {role} {target.at[role]:g}, but {law.name} takes only amounts {least} 0.",
                hint=f"Give {role} {least} 0.",
            )
