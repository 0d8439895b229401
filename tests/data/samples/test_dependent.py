"""Outcomes that depend on those before them, and counts of whether any attempt succeeded."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.samples.dependent import refuse_single
from scaling_cli.errors import DataError
from tests.data.loading import load_samples

PROBLEMS, ATTEMPTS = 120, 12


def outcomes(seed=0):
    """Outcomes by problem and attempt."""
    rng = np.random.default_rng(seed)
    return rng.random((PROBLEMS, ATTEMPTS)) < rng.beta(0.6, 3.0, PROBLEMS)[:, None]


def solved_so_far(made):
    return np.maximum.accumulate(made, axis=1)


def until_solved(made):
    """Failures in place of the attempts after the first success."""
    return made & (np.cumsum(made, axis=1) == 1)


def matrix(made, folder):
    path = folder / "matrix.csv"
    pl.DataFrame(made.astype(int), schema=[f"try_{place}" for place in range(ATTEMPTS)], orient="row").write_csv(path)
    return path


def lists(made, folder):
    path = folder / "lists.jsonl"
    path.write_text("\n".join(json.dumps({"id": place, "correct": row}) for place, row in enumerate(made.tolist())))
    return path


def attempts(made, folder):
    path = folder / "attempts.csv"
    problem, number = (axis.ravel() for axis in np.indices(made.shape))
    rows = pl.DataFrame({"id": problem, "attempt": number, "correct": made.ravel().astype(int)})
    rows.sample(fraction=1.0, shuffle=True, seed=1).write_csv(path)
    return path


WRITTEN = pytest.mark.parametrize("written", [matrix, lists, attempts])


@WRITTEN
def test_whether_any_attempt_so_far_succeeded_is_no_outcome(written, tmp_path):
    path = written(solved_so_far(outcomes()), tmp_path)
    with pytest.raises(DataError, match="all attempts after the first success succeed"):
        load_samples(path)
    assert load_samples(path, design="fixed").frame["c"].sum() == solved_so_far(outcomes()).sum()


@WRITTEN
def test_attempts_filled_in_after_the_first_success_are_refused(written, tmp_path):
    path = written(until_solved(outcomes()), tmp_path)
    with pytest.raises(DataError, match=r"\d+ of 120 problems have one success in several attempts") as caught:
        load_samples(path)
    assert "--design fixed" in caught.value.hint
    assert load_samples(path, design="fixed").frame["c"].max() == 1


@WRITTEN
def test_attempts_that_do_not_depend_on_each_other_count(written, tmp_path):
    for seed in range(10):
        assert load_samples(written(outcomes(seed), tmp_path)).frame["c"].sum() == outcomes(seed).sum()


def test_attempts_that_end_at_the_first_success_count(tmp_path):
    made = outcomes()
    rows = [row[: row.argmax() + 1 if row.any() else None].tolist() for row in made]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(json.dumps({"id": place, "correct": row}) for place, row in enumerate(rows)))
    assert load_samples(path).frame["c"].sum() == made.any(axis=1).sum()


@pytest.mark.parametrize("made", ["num_attempts", "n", "attempts"])
@pytest.mark.parametrize("won", ["solved", "passed", "success"])
def test_counts_of_attempts_beside_a_verdict_on_all_of_them_are_refused(made, won):
    rows = pl.DataFrame({"id": range(PROBLEMS), made: [ATTEMPTS] * PROBLEMS, won: outcomes().any(axis=1)})
    with pytest.raises(DataError, match="whether any attempt succeeded"):
        load_samples(rows)
    ended = rows.with_columns(pl.Series(made, outcomes().argmax(axis=1) + 1)).with_columns(
        pl.when(won).then(made).otherwise(ATTEMPTS).alias(made), pl.col(won).cast(pl.String)
    )
    table = load_samples(ended)
    assert table.layout == "counts"
    assert table.frame["n"].sum() == ended[made].sum()


def test_single_successes_of_hard_problems_are_usual():
    few = pl.DataFrame({"n": [20] * 80, "c": [1] * 8 + [0] * 72, "group": ["a", "b"] * 40})
    refuse_single(few, [])
    many = few.with_columns(c=pl.Series([1, 1, 1, 1, 0] * 16))
    with pytest.raises(DataError):
        refuse_single(many, [])
    with pytest.raises(DataError):
        refuse_single(many, ["group"])
    refuse_single(many.with_columns(c=pl.Series([2, *many["c"][1:]])), [])
    refuse_single(many.with_columns(n=pl.Series([19, *many["n"][1:]])), [])
    refuse_single(many.with_columns(n=1), [])
