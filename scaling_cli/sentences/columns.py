"""What the columns of a file say: whether it can be fitted, and with what."""

from __future__ import annotations

from scaling_cli.numbers.format import escape, number_of, with_and
from scaling_cli.results.columns import ColumnsResult

INPUTS = ("params", "tokens", "compute")


def sentence(result: ColumnsResult, subject: str) -> str:
    """How many points of how many runs there are, with which inputs; or what keeps them from being fitted."""
    if result.problem:
        return f"Nothing can be fitted yet: {escape(result.problem)}"
    known = [role.role for role in result.roles if role.role in INPUTS and role.low is not None]
    by = f", with {with_and(known)}" if known else ""
    return f"{number_of(result.points, 'point')} of {number_of(result.runs, 'run')} can be fitted{by}."
