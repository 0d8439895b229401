"""Facts that several commands say in the same words: how many runs, and the ranges of their amounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scaling_cli.laws.grouped import LEVEL
from scaling_cli.numbers.format import amount, number_of
from scaling_cli.report.pages.page import Facts
from scaling_cli.results.report import Source

METHODS = {
    "wild": "wild bootstrap",
    "bca": "BCa bootstrap",
    "profile": "profile likelihood",
    "sandwich": "sandwich standard errors",
    "t": "Student's t",
    "draws": "drawn parameters",
    "rolling+bootstrap": "errors on held-out runs and a bootstrap",
    "bootstrap+spread": "bootstrap and the spread of the laws",
}


def stated(*facts: tuple[str, str]) -> Facts:
    """The facts of which there is something to say."""
    return [(label, sentence) for label, sentence in facts if sentence]


def runs_and_points(runs: int | None, points: int | None, inputs: Sequence[Source]) -> str:
    """The numbers of runs and of points, or the saved fit that stands for them."""
    if (runs is None or points is None) and not inputs:
        return "none: a published fit stands in place of runs"
    if runs is None or points is None:
        return f"saved fit {', '.join(source.path for source in inputs)}"
    return f"{number_of(runs, 'run')}, {number_of(points, 'point')}"


def spans(ranges: Mapping[str, tuple[float, float]], roles: Iterable[str]) -> list[str]:
    """The range of each of these roles, with the unit of compute."""
    return [
        f"{role} {amount(role, low)} to {amount(role, high)}" + (" FLOPs" if role == "compute" else "")
        for role in roles
        for low, high in (ranges[role],)
    ]


def law_words(name: str, formula: str, inputs: Mapping[str, str]) -> str:
    """A law's name and formula, and the columns behind its inputs; a formula of the user's is its own name."""
    renamed = "".join(f", {role} = {column}" for role, column in inputs.items() if role.removeprefix(LEVEL) != column)
    return f"{'' if name == formula else f'{name}: '}{formula}{renamed}"


def method_words(method: str, unit: str | None = None) -> str:
    """How intervals were made: `wild bootstrap over runs`."""
    return METHODS.get(method, method) + (f" over {unit}s" if unit else "")
