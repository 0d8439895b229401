"""Tables of counts and attempts as arrays, one group at a time: where polars becomes numpy for samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from scaling_cli.coverage.counts import Array, Counts, Indices, make_counts
from scaling_cli.data.names import in_order
from scaling_cli.data.samples.load import SampleTable
from scaling_cli.numbers.format import group_label
from scaling_cli.record import Record


class Verdicts(Record):
    """By problem: how many attempts a logged verifier accepted, and how many of these were correct."""

    accepted: Indices
    correct: Indices


class Outcomes(Record):
    """The attempts at one problem: the success of each, and its score as `weight`.

    An attempt without a score has the lowest one and no success, so it is chosen only where no other can be, and is
    then no answer. Where answers are voted on, `success` and `weight` have one entry per answer, and the weight is how
    often it was given; `attempts` are all, also those without an answer, which cast no vote.
    """

    success: Array
    weight: Array
    attempts: int
    solved: int


class SampleGroup(Record):
    """One group of problems: their names, counts, and what else was logged of their attempts."""

    values: dict[str, str]
    problems: tuple[str, ...]
    counts: Counts
    first: Indices | None = None
    verdicts: Verdicts | None = None
    scored: tuple[Outcomes, ...] = ()
    voted: tuple[Outcomes, ...] = ()

    @property
    def name(self) -> str:
        """The value of the group's column, `col=value, col=value` for several, empty for one group of all."""
        return group_label(self.values)

    @property
    def label(self) -> dict[str, str] | None:
        """The group as a caveat names it."""
        return self.values or None


def counts_of(frame: pl.DataFrame) -> Counts:
    """Counts of a table with columns `n`, `c` and perhaps `cluster`."""
    cluster = None
    if "cluster" in frame.columns:
        cluster = np.unique(frame["cluster"].fill_null("").to_numpy(), return_inverse=True)[1].astype(np.int64)
    return make_counts(frame["n"].to_numpy(), frame["c"].to_numpy(), cluster)


def sample_groups(table: SampleTable, by: Sequence[str]) -> list[SampleGroup]:
    """The groups of a table, in the order of their values."""
    return [_group(values, frame, table) for values, frame in _split(table.frame, by)]


def _split(frame: pl.DataFrame, by: Sequence[str]) -> list[tuple[dict[str, str], pl.DataFrame]]:
    if not by:
        return [({}, frame)]
    parts = frame.drop_nulls(list(by)).partition_by(list(by), as_dict=True, include_key=True)
    ordered = sorted(parts, key=lambda key: [in_order(str(label)) for label in key])
    return [(dict(zip(by, map(str, key), strict=True)), parts[key]) for key in ordered]


def _group(values: dict[str, str], frame: pl.DataFrame, table: SampleTable) -> SampleGroup:
    scored: tuple[Outcomes, ...] = ()
    voted: tuple[Outcomes, ...] = ()
    if table.attempts is not None:
        here = [pl.col(name) == value for name, value in values.items()]
        attempts = table.attempts.filter(*here, pl.col("success").is_not_null()).collect(engine="streaming")
        attempts = attempts.join(frame.select("problem"), on="problem", how="semi")
        if "score" in attempts.columns and table.columns.get("score") != table.columns.get("correct"):
            scored = _scored(attempts)
        if "answer" in attempts.columns:
            voted = _voted(attempts)
    return SampleGroup(
        values=values,
        problems=tuple(frame["problem"].to_list()),
        counts=counts_of(frame),
        first=frame["first"].to_numpy() if "first" in frame.columns else None,
        verdicts=_verdicts(frame),
        scored=scored,
        voted=voted,
    )


def _verdicts(frame: pl.DataFrame) -> Verdicts | None:
    if "accepted" not in frame.columns:
        return None
    return Verdicts(frame["accepted"].to_numpy(), frame["accepted_correct"].to_numpy())


def _scored(attempts: pl.DataFrame) -> tuple[Outcomes, ...]:
    has_score = pl.col("score").is_not_null()
    lists = attempts.group_by("problem").agg(
        pl.col("success") & has_score, pl.col("score").fill_null(-np.inf), solved=pl.col("success").sum()
    )
    return tuple(
        _outcomes(success, score, len(success), int(solved))
        for success, score, solved in lists.sort("problem").select("success", "score", "solved").iter_rows()
    )


def _voted(attempts: pl.DataFrame) -> tuple[Outcomes, ...]:
    answers = attempts.group_by("problem", "answer").agg(
        weight=pl.len(), solved=pl.col("success").sum(), success=pl.col("success").mean()
    )
    has_answer = pl.col("answer").is_not_null()
    lists = answers.sort("problem", "answer").group_by("problem", maintain_order=True).agg(
        pl.col("success", "weight").filter(has_answer), attempts=pl.col("weight").sum(), solved=pl.col("solved").sum()
    )  # fmt: skip
    rows = lists.select("success", "weight", "attempts", "solved").iter_rows()
    return tuple(_outcomes(success, weight, int(made), int(solved)) for success, weight, made, solved in rows)


def _outcomes(success: Sequence[float], weight: Sequence[float], attempts: int, solved: int) -> Outcomes:
    return Outcomes(np.array(success, dtype=float), np.array(weight, dtype=float), attempts, solved)
