"""What one law says: its formula."""

from __future__ import annotations

from scaling_cli.numbers.format import escape
from scaling_cli.results.laws import LawResult


def sentence(result: LawResult, subject: str) -> str:
    """The name, the formula and the inputs."""
    inputs = escape(" and ".join(result.inputs))
    return f"By the law {escape(result.name)}, {subject.lower()} is {escape(result.formula)}; its input is {inputs}."
