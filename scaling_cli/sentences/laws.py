"""What one law says: its formula."""

from __future__ import annotations

from scaling_cli.numbers.format import escape, with_and
from scaling_cli.results.laws import LawResult
from scaling_cli.sentences import within


def sentence(result: LawResult, subject: str) -> str:
    """The name, the formula and the inputs."""
    inputs = escape(with_and(result.inputs))
    verb = "its input is" if len(result.inputs) == 1 else "its inputs are"
    return f"The law {escape(result.name)} is {within(subject)} = {escape(result.formula)}; {verb} {inputs}."
