"""Tables of solutions and verifications as arrays, one group at a time: where polars becomes numpy for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from scaling_cli.arrays import Array
from scaling_cli.coverage.verifications import levels
from scaling_cli.data.names import in_order
from scaling_cli.data.samples.load import SampleTable
from scaling_cli.record import Record


class SettingGroup(Record):
    """One group: its problems, and either accuracies at settings or verdicts on solutions.

    `settings` `(settings, 2)` has numbers of solutions and of verifications that all problems have, and `accuracy`
    `(problems, settings)` the accuracies there. Or `correct` and `verdicts` have for each problem an array `(n,)` and
    one of `(n, m)`. `left_out` counts settings that only some problems have.
    """

    values: dict[str, str]
    problems: int
    settings: Array
    accuracy: Array
    left_out: int = 0
    correct: tuple[Array, ...] = ()
    verdicts: tuple[Array, ...] = ()


def setting_groups(table: SampleTable, by: Sequence[str]) -> Iterator[SettingGroup]:
    """The groups of a table, in the order of their values."""
    parts = table.frame.partition_by(list(by), as_dict=True) if by else {(): table.frame}
    for key in sorted(parts, key=lambda key: [in_order(str(label)) for label in key]):
        values = dict(zip(by, map(str, key), strict=True))
        yield _settings(values, parts[key]) if "accuracy" in table.frame.columns else _verdicts(values, parts[key])


def _settings(values: dict[str, str], frame: pl.DataFrame) -> SettingGroup:
    """Accuracies at the settings that all problems have."""
    problems = frame["problem"].n_unique()
    key = ["solutions", "verifications"]
    counts = frame.group_by(key).len().sort(key)
    shared = counts.filter(pl.col("len") == problems)
    kept = frame.join(shared.select(key), on=key).sort("problem", *key)
    accuracy = kept["accuracy"].to_numpy().reshape(problems, len(shared))
    return SettingGroup(values, problems, shared.select(key).to_numpy(), accuracy, len(counts) - len(shared))


def _verdicts(values: dict[str, str], frame: pl.DataFrame) -> SettingGroup:
    """The solutions of each problem with as many verdicts as each of them has."""
    correct, verdicts, most = [], [], 0
    for part in frame.partition_by("problem", maintain_order=True):
        judged = part["verdicts"].list.len().to_list()
        fewest, most = min(judged), max(most, *judged)
        correct.append(part["correct"].to_numpy().astype(float))
        verdicts.append(np.array([row[:fewest] for row in part["verdicts"].to_list()], dtype=float))
    sizes = [len(each) for each in correct]
    shared = len(levels(min(sizes))) * len(levels(min(each.shape[1] for each in verdicts)))
    return SettingGroup(
        values, len(correct), np.zeros((0, 2)), np.zeros((len(correct), 0)),
        left_out=len(levels(max(sizes))) * len(levels(most)) - shared,
        correct=tuple(correct), verdicts=tuple(verdicts),
    )  # fmt: skip
