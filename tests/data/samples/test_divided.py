"""Columns of any name that divide the attempts at a problem, and attempts whose numbers begin anew."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import UsageError
from tests.data.loading import load_samples

PROBLEMS, ATTEMPTS, PARTS = 80, 20, 4


def outcomes(seed=1, ease=1.0):
    """Outcomes by problem and attempt, where problems differ in difficulty."""
    chance = np.random.default_rng(1).beta(0.6, 3.0, PROBLEMS) * ease
    rng = np.random.default_rng(seed)
    return rng.random((PROBLEMS, ATTEMPTS)) < np.minimum(chance, 1.0)[:, None]


def log(solved, **columns):
    """One row per attempt, with `columns` of its problem and number."""
    problem, number = (axis.ravel() for axis in np.indices(solved.shape))
    made = {name: values(problem, number) for name, values in columns.items()}
    return pl.DataFrame(made | {"correct": solved.ravel().astype(int)})


def subsets(numbered=True, name="category"):
    """Problems numbered from 0 in each of four subsets."""
    columns = {
        name: lambda problem, _: np.array(list("abcd"))[problem % PARTS],
        "id": lambda problem, _: problem // PARTS,
    }
    rows = log(outcomes(), **columns, attempt=lambda _, number: number)
    return rows if numbered else rows.drop("attempt")


def solved(table):
    """The successes of all problems in order, and how many attempts a problem has."""
    return sorted(table.frame["c"]), set(table.frame["n"])


def pooled(table, code):
    return [each.message for each in table.caveats if each.code == code]


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("name", ["category", "year", "odd name", "c", "rows", "__part"])
def test_problems_with_one_number_in_several_subsets_are_different(numbered, name):
    table = load_samples(subsets(numbered, name))
    assert solved(table) == (sorted(outcomes().sum(1)), {ATTEMPTS})
    assert f"values of {name} are pooled" in pooled(table, "pooled-tasks")[0]
    assert not pooled(table, "repeated-attempts")


def test_subsets_of_unequal_size_with_lost_rows_are_divided():
    part = np.searchsorted([50, 70], np.arange(PROBLEMS), side="right")
    first = np.array([0, 50, 70])[part]
    rows = log(outcomes(), part=lambda p, _: part[p], id=lambda p, _: p - first[p]).sample(fraction=0.95, seed=2)
    table = load_samples(rows)
    assert table.frame.height == PROBLEMS
    assert table.frame["n"].sum() == rows.height


def test_subsets_in_files_of_their_own_are_divided(tmp_path):
    for (name,), rows in subsets().partition_by("category", as_dict=True, include_key=False).items():
        rows.write_csv(tmp_path / f"{name}.csv")
        rows.group_by("id").agg("correct").write_ndjson(tmp_path / f"{name}.jsonl")
    for kind in ("csv", "jsonl"):
        table = load_samples(list(tmp_path.glob(f"*.{kind}")))
        assert solved(table) == (sorted(outcomes().sum(1)), {ATTEMPTS})
        assert "values of file are pooled" in pooled(table, "pooled-tasks")[0]
        assert not pooled(table, "files-differ")


def test_a_setting_of_any_name_is_named_and_its_attempts_count():
    easy, hard = outcomes(2, ease=2.0), outcomes(3)
    both = pl.concat(
        [
            log(easy, id=lambda p, _: p, attempt=lambda _, a: a).with_columns(arm=pl.lit("x")),
            log(hard, id=lambda p, _: p, attempt=lambda _, a: a).with_columns(arm=pl.lit("y")),
        ]
    )
    table = load_samples(both)
    assert solved(table) == (sorted(easy.sum(1) + hard.sum(1)), {2 * ATTEMPTS})
    assert "Give --by arm" in pooled(table, "pooled-settings")[0]
    apart = load_samples(both, by="arm")
    assert not apart.caveats
    with pytest.raises(UsageError, match="2 models"):
        load_samples(both.rename({"arm": "llm"}))


def test_columns_with_the_same_parts_are_named_once():
    rows = subsets().with_columns(name=pl.col("category").str.to_uppercase())
    assert len(load_samples(rows).caveats) == 1


@pytest.mark.parametrize(
    "column",
    [
        lambda solved, rng: np.indices(solved.shape)[1].ravel() % 4,  # of machines that share each problem
        lambda solved, rng: rng.integers(0, 2, solved.size),
        lambda solved, rng: np.where(solved.ravel() | (rng.random(solved.size) < 0.7), "stop", "length"),
        lambda solved, rng: np.indices(solved.shape)[0].ravel() % 3,  # of problems
    ],
)
def test_machines_ends_of_answers_and_facts_about_problems_divide_nothing(column):
    for seed in range(10):
        made = outcomes(seed)
        rows = log(made, id=lambda p, _: p).with_columns(pl.Series("what", column(made, np.random.default_rng(seed))))
        table = load_samples(rows)
        assert solved(table) == (sorted(made.sum(1)), {ATTEMPTS})
        assert not table.caveats


@pytest.mark.parametrize("name", ["seed", "run", "attempt", "completion_id"])
def test_attempts_under_one_number_count_if_their_outcomes_differ_as_by_chance(name):
    rows = log(outcomes(), **{"id": lambda p, _: p, name: lambda _, a: a % 5, "job": lambda _, a: a // 5})
    table = load_samples(rows)
    assert solved(table) == (sorted(outcomes().sum(1)), {ATTEMPTS})
    assert not table.caveats  # each job numbers its attempts
    alone = load_samples(rows.drop("job"))
    assert solved(alone) == solved(table)
    assert "all rows count" in pooled(alone, "repeated-attempts")[0]
    named = load_samples(rows.drop("job"), attempt=name)
    assert set(named.frame["n"]) == {5}
    assert "only the last row" in pooled(named, "repeated-attempts")[0]


def test_the_last_part_of_attempts_under_one_number_may_be_short():
    rows = log(outcomes()[:, :15], id=lambda p, _: p, seed=lambda _, a: a // 2)
    assert set(load_samples(rows).frame["n"]) == {15}


def test_a_job_that_was_resumed_counts_attempts_once():
    rows = log(outcomes(), id=lambda p, _: p, attempt=lambda _, a: a)
    again = log(outcomes(7), id=lambda p, _: p, attempt=lambda _, a: a).filter(pl.col("id") > PROBLEMS - 5)
    assert set(load_samples(pl.concat([rows, again])).frame["n"]) == {ATTEMPTS}


def test_files_that_each_have_one_attempt_under_one_number_are_attempts(tmp_path):
    for number in range(ATTEMPTS):
        log(outcomes()[:, number : number + 1], id=lambda p, _: p, attempt=lambda _, a: a).write_csv(
            tmp_path / f"{number}.csv"
        )
    table = load_samples(sorted(tmp_path.glob("*.csv")))
    assert solved(table) == (sorted(outcomes().sum(1)), {ATTEMPTS})
    assert not table.caveats


def test_attempts_that_were_graded_again_count_once_by_their_last_row():
    rows = log(outcomes(), id=lambda p, _: p, attempt=lambda _, a: a)
    again = rows.with_columns(
        correct=pl.max_horizontal(
            "correct", pl.Series(np.random.default_rng(0).random(rows.height) < 0.02).cast(pl.Int64)
        )
    )
    table = load_samples(pl.concat([rows, again]))
    assert table.frame["c"].sum() == again["correct"].sum()
    assert set(table.frame["n"]) == {ATTEMPTS}
    assert "only the last row" in pooled(table, "repeated-attempts")[0]


@pytest.mark.slow
def test_machines_are_taken_for_settings_in_no_log_of_a_thousand():
    for seed in range(1000):
        made = outcomes(seed)
        assert not load_samples(log(made, id=lambda p, _: p, machine=lambda _, a: a % 4)).caveats


def test_clusters_may_divide_problems_too():
    table = load_samples(subsets(name="repository"), cluster="repository")
    assert solved(table) == (sorted(outcomes().sum(1)), {ATTEMPTS})
    assert sorted(table.frame["cluster"].unique()) == list("abcd")
