"""Tables with one row per problem: what problems without any attempt do."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.errors import UsageError
from tests.data.loading import load_samples


def test_a_problem_with_no_attempts_is_left_out_and_counted():
    table = load_samples(pl.DataFrame({"problem": ["a", "b", "c"], "n": [0, 8, 8], "c": [0, 3, 5]}))
    assert table.frame["problem"].to_list() == ["b", "c"]
    (found,) = table.caveats
    assert found.code == "unattempted-problems"
    assert found.message.startswith("1 of 3 problems has no attempt and is left out")


def test_an_empty_list_of_outcomes_is_a_problem_without_attempts():
    table = load_samples(pl.DataFrame({"problem": ["a", "b", "c", "d"], "correct": [[], [], [1, 0, 1], [0, 0, 1]]}))
    assert table.frame["problem"].to_list() == ["c", "d"]
    assert "2 of 4 problems have no attempt and are left out" in table.caveats[0].message


def test_attempts_at_every_problem_need_no_caveat():
    assert not load_samples(pl.DataFrame({"problem": ["b", "c"], "correct": [[1, 0, 1], [0, 0, 1]]})).caveats


@pytest.mark.parametrize("name", ["overall", "Total", "p"])
def test_a_row_of_totals_is_no_problem(name):
    few = 3 if name != "p" else 12  # a name of any kind, if there are many problems
    n, c = [20] * few, list(range(few))
    rows = pl.DataFrame({"problem": [*map(str, range(few)), name], "n": [*n, sum(n)], "c": [*c, sum(c)]})
    table = load_samples(rows)
    assert table.frame["c"].sum() == sum(c)
    assert "a total of the others" in table.caveats[0].message
    twice = pl.concat([rows.with_columns(model=pl.lit(model)) for model in "ab"])
    assert load_samples(twice, by="model").frame["c"].sum() == 2 * sum(c)


@pytest.mark.parametrize(("n", "c"), [([20, 20, 20, 59], [1, 2, 3, 6]), ([20, 20, 20, 60], [1, 2, 3, 5])])
def test_a_problem_called_total_counts_if_it_is_not_the_sum(n, c):
    table = load_samples(pl.DataFrame({"problem": ["a", "b", "c", "total"], "n": n, "c": c}))
    assert table.frame["n"].sum() == sum(n)
    assert not table.caveats


def test_a_few_problems_with_large_counts_are_not_taken_for_totals():
    table = load_samples(pl.DataFrame({"problem": ["a", "b", "c"], "n": [40, 20, 20], "c": [0, 0, 0]}))
    assert table.frame.height == 3


@pytest.mark.parametrize("part", ["seed", "Shard", "worker_id"])
def test_counts_of_parts_of_the_attempts_add_up(part):
    rows = pl.DataFrame({"problem": ["a", "a", "b", "b"], part: [0, 1, 0, 1], "n": [10, 10, 4, 6], "c": [3, 3, 0, 1]})
    table = load_samples(rows)
    assert table.frame.rows() == [("a", 20, 6), ("b", 10, 1)]
    assert table.columns["part"] == part
    assert load_samples(rows, by=[part]).frame["n"].to_list() == [10, 4, 10, 6]


def test_counts_that_differ_in_another_column_do_not_add_up():
    rows = pl.DataFrame({"problem": ["a", "a"], "temperature": [0.5, 1.0], "n": [10, 10], "c": [3, 4]})
    with pytest.raises(UsageError, match="several rows of counts") as caught:
        load_samples(rows)
    assert load_samples(rows, by=["temperature"]).frame["n"].to_list() == [10, 10]
    assert "a column called shard" in caught.value.hint
    assert load_samples(rows.rename({"temperature": "shard"})).frame.rows() == [("a", 20, 7)]
    both = pl.concat([rows, rows]).with_columns(seed=pl.Series([0, 0, 1, 1]), c=pl.Series([1, 2, 3, 4]))
    with pytest.raises(UsageError, match="several rows of counts"):
        load_samples(both)


def test_counts_of_parts_keep_the_cluster_of_a_problem():
    rows = pl.DataFrame({"problem": ["a", "a"], "topic": ["x", "x"], "seed": [0, 1], "n": [10, 10], "c": [3, 4]})
    table = load_samples(rows, mapping={"cluster": "topic"})
    assert table.frame.select("n", "c", "cluster").rows() == [(20, 7, "x")]
