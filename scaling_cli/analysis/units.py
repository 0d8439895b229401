"""Amounts that lack their unit: 7 params for 7B, or a budget of 5,000 (PF-days) for runs whose compute is in FLOPs."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.data.runs.amounts import SLIP, SMALLEST, WRITTEN
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import figure

EXAMPLES = {"params": "70B", "tokens": "1.4T", "compute": "6e23"}


def refuse_without_unit(subject: str, amounts: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse an amount so far from those of the runs that one of the two must lack its unit.

    Args:
        subject: What has the amounts, as it begins the message.
        amounts: The amount of each role.
        ranges: The least and the largest amount that the runs have of each role; empty for a published fit, which is
            one of language models.

    Raises:
        UsageError: There is one.
    """
    for role in (role for role in SMALLEST if role in amounts and (role in ranges or not ranges)):
        amount, least = amounts[role], SMALLEST[role]
        low, high = ranges.get(role, (float("inf"), float("inf")))
        if amount < least and SLIP * amount <= low:
            smaller = f", and {low / amount:.2g} times smaller than in any run" if low < float("inf") else ""
            raise UsageError(
                f"{subject} {role} {figure(amount, 3)}, which is too small for any language model{smaller}.",
                hint=f"Write it with its unit, as in {EXAMPLES[role]}.",
            )
        if high < least and amount >= SLIP * high:
            header, cell = WRITTEN[role]
            raise UsageError(
                f"{subject} {role} {figure(amount, 3)}, but {role} of the runs are at most {figure(high, 3)}, so they "
                "probably lack a unit.",
                hint=f"Give it in the header of their column, as in {header!r}, or in the cells, as in {cell}.",
            )
