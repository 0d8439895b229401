"""Which columns of a matrix of outcomes are attempts: those with one name and different numbers, where most are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scaling_cli.data.names import normalise
from scaling_cli.record import Record

NUMBER = re.compile(r"\d+")
# The k of pass@10, pass_at_10 and the like is how many attempts one value sums up, and numbers no attempt.
OF_K = r"(.*_)?(pass|coverage|best|maj|majority|any|cons|consensus)(@|_at_|_of_)(%s)([,_].*)?"
SUMMARY, SUMMARIES = re.compile(OF_K % r"k|\d+"), re.compile(OF_K % "#")
# Columns that are numbered after one of these words are attempts, whatever else the table holds.
WORDS = frozenset(
    (
        *("attempt", "completion", "epoch", "gen", "generation", "rep", "repeat", "repetition", "replicate"),
        *("response", "rollout", "run", "sample", "seed", "trial", "try"),
        *("correct", "pass", "passed", "solved", "success"),
    )
)
# Columns that are numbered after one of these words are problems, so that each row is an attempt at all of them.
OF_PROBLEMS = frozenset(
    (
        *("problem", "prob", "p", "question", "q", "task", "item", "puzzle"),
        *("aime", "amc", "gpqa", "gsm8k", "humaneval", "mbpp"),
    )
)


class MatrixColumns(Record):
    """The columns that are attempts, the others, and the name that the attempts share, such as `run_#`, if any."""

    attempts: list[str]
    others: list[str]
    shared: str | None

    @property
    def are_named(self) -> bool:
        """Whether the name that the attempts share has a word for an attempt."""
        return not WORDS.isdisjoint(self._words)

    @property
    def are_problems(self) -> bool:
        """Whether the name that these columns share has a word for a problem, and none for an attempt."""
        return not self.are_named and not OF_PROBLEMS.isdisjoint(self._words)

    @property
    def are_numbered(self) -> bool:
        """Whether these columns have one name and different numbers, and the name has no word for an attempt."""
        return self.shared is not None and not self.are_named

    @property
    def _words(self) -> list[str]:
        return [] if self.shared is None else self.shared.replace("#", "_").split("_")


def matrix_columns(cells: Sequence[str]) -> MatrixColumns:
    """Divide the columns of outcomes into attempts and others, such as `any` or `pass_at_20` beside `run_0`, `run_1`.

    Where no shared name has more than half of the columns, all are attempts but those called pass@k.
    """
    shared, numbered = _most_shared(cells)
    if shared is None:
        numbered = [name for name in cells if SUMMARY.fullmatch(normalise(name)) is None]
    taken = set(numbered)
    return MatrixColumns(numbered, [name for name in cells if name not in taken], shared)


def _most_shared(cells: Sequence[str]) -> tuple[str | None, list[str]]:
    """The pattern, with `#` for the number, that more than half of the columns follow, and those columns; or None."""
    following: dict[str, list[str]] = {}
    firsts = _firsts(cells)
    for name in cells:
        for pattern in _patterns(name) | firsts.get(name, set()):
            following.setdefault(pattern, []).append(name)
    most = max(following, key=lambda pattern: len(following[pattern]), default=None)
    if most is None or len(following[most]) < 2 or 2 * len(following[most]) <= len(cells):
        return None, []
    return most, following[most]


def _patterns(name: str) -> set[str]:
    """The normalised name with `#` in place of one of its numbers, for each of them."""
    plain = normalise(name)
    found = {plain[: each.start()] + "#" + plain[each.end() :] for each in NUMBER.finditer(plain)}
    return {pattern for pattern in found if SUMMARIES.fullmatch(pattern) is None}


def _firsts(cells: Sequence[str]) -> dict[str, set[str]]:
    """Columns without a number that begin a series, with its pattern: `run` of `run`, `run.1`, or `try` of `try2`.

    Pandas numbers columns of one name from `.1`. Beside `solved_1`, a column `solved` is something else.
    """
    known = set(cells)
    plain = {normalise(name) for name in cells}
    found: dict[str, set[str]] = {}
    for name in cells:
        if f"{name}.1" in known:
            found[name] = {f"{normalise(name)}_#"}
        elif not NUMBER.search(name):
            found[name] = {
                f"{normalise(name)}{mark}#"
                for mark in ("", "_")
                if f"{normalise(name)}{mark}2" in plain and f"{normalise(name)}{mark}1" not in plain
            }
    return found
