"""Tables with one row per problem: what problems without any attempt do."""

from __future__ import annotations

import polars as pl

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
