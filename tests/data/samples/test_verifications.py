"""Logs of solutions and of verifications of each."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.samples.load import load_samples
from scaling_cli.data.samples.verifications import read_verifications
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.inference_coverage import InferenceCoverage

SETTINGS = {
    "problem": ["p", "p", "p", "q"],
    "correct": ["0.5", "0.25", "1", "0"],
    "s": [1, 1, 2, 1],
    "v": ["0", "0", "4", "0"],
}
VERDICTS = {
    "problem": ["p", "p", "p", "q", "q"],
    "attempt": [1, 1, 2, 1, 1],
    "correct": [1, 1, 0, 1, 1],
    "verdict": [1, 0, 1, None, 1],
}


def read(rows, **options):
    return load_samples(pl.DataFrame(rows), InferenceCoverage(**options), read_verifications)


def settings(changes=None, **options):
    return read(SETTINGS | (changes or {}), solutions="s", verifications="v", **options)


def test_rows_of_one_setting_are_averaged():
    table = settings()
    assert table.layout == "settings"
    assert table.frame.rows() == [("p", 1.0, 0.0, 0.375), ("p", 2.0, 4.0, 1.0), ("q", 1.0, 0.0, 0.0)]
    assert table.columns == {"problem": "problem", "correct": "correct", "solutions": "s", "verifications": "v"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"s": [1, 1, 0, 1]}, "fewer than 1 solution"),
        ({"v": [0, 0, -1, 0]}, "a negative number of verifications"),
        ({"correct": [0.5, 0.5, 1.1, 0]}, "not shares between 0 and 1"),
        ({"correct": [0.5, 0.5, -0.1, 0]}, "not shares between 0 and 1"),
        ({"correct": [None] * 4}, "No attempt has an outcome"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        settings(changes)


def test_verdicts_on_a_solution_are_listed_in_order():
    table = read(VERDICTS, verified="verdict", verify_cost=1.0)
    assert table.layout == "verdicts"
    assert table.frame.rows() == [("p", "1", 1.0, [1.0, 0.0]), ("p", "2", 0.0, [1.0]), ("q", "1", 1.0, [1.0])]


def test_a_solution_has_one_outcome():
    with pytest.raises(UsageError, match="Rows of one solution have different outcomes"):
        read(VERDICTS | {"correct": [1, 0, 0, 1, 1]}, verified="verdict", verify_cost=1.0)


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        (SETTINGS, {"solutions": "x", "verifications": "v"}, UsageError, "Unknown column 'x'"),
        (SETTINGS, {"solutions": "s", "verifications": "v", "by": "x"}, UsageError, "Unknown column 'x'"),
        ({"s": [1], "v": [1], "correct": [1]}, {"solutions": "s", "verifications": "v"}, DataError, "as 'problem'"),
        ({"problem": ["p"], "correct": [1], "w": [1]}, {"verified": "w", "verify_cost": 1}, DataError, "as 'attempt'"),
        (SETTINGS | {"model": list("abab")}, {"solutions": "s", "verifications": "v"}, UsageError, "names 2 models"),
    ],
)  # fmt: skip
def test_a_log_that_lacks_a_column_is_refused(rows, options, error, message):
    with pytest.raises(error, match=message):
        read(rows, **options)


def test_tasks_and_groups_name_the_problems():
    table = settings({"task": ["x", "x", "x", "y"], "g": ["1", "1", "2", "2"]}, by="g")
    assert table.frame.columns == ["g", "problem", "solutions", "verifications", "accuracy"]
    assert table.frame["problem"].to_list() == ["x/p", "x/p", "y/q"]
    assert [caveat.code for caveat in table.caveats] == ["pooled-tasks"]


@pytest.mark.parametrize("name", ["problem", "s"])
def test_settings_cannot_be_grouped_by_what_they_are_settings_of(name):
    rows = pl.DataFrame({"problem": ["a", "b"], "s": [1, 2], "v": [1, 1], "correct": [0.5, 0.75]})
    with pytest.raises(UsageError, match=f"--by cannot group by '{name}'"):
        read_verifications(rows.lazy(), InferenceCoverage(solutions="s", verifications="v", by=[name]))


@pytest.mark.parametrize(
    ("changes", "codes", "said"),
    [
        ({}, ["rows-excluded"], "1 with no verdict"),
        ({"correct": [1, None, 0, 1, 1], "verdict": [1, 0, 1, 0, 1]}, ["rows-excluded"], "1 with no outcome"),
        ({"correct": ["y", "y", "n", "hm", "y"]}, ["rows-excluded", "unknown-outcomes"], "'hm' (1)"),
        ({"problem": ["p", "p", None, "q", "q"], "verdict": [1] * 5}, ["rows-excluded"], "no problem"),
        ({"verdict": ["yes", "no", "yes", "unsure", "no"]}, ["rows-excluded"], "no verdict"),
        ({"verdict": [1] * 5}, [], ""),
    ],
)
def test_rows_without_what_a_verification_needs_are_counted(changes, codes, said):
    found = read(VERDICTS | changes, verified="verdict", verify_cost=1.0).caveats
    assert [each.code for each in found] == codes
    assert said in "".join(each.message for each in found)


def test_settings_without_a_number_are_counted():
    found = settings({"v": ["0", "0", None, "0"]}).caveats
    assert [each.code for each in found] == ["rows-excluded"]
    assert "no number of verifications" in found[0].message


@pytest.mark.parametrize("correct", [[100, 100, 0, 0, 0], [0.8, 0.8, 0.1, 0.1, 0.1]])
def test_a_solution_is_correct_or_not(correct):
    with pytest.raises(DataError, match="values other than 0 and 1"):
        read(VERDICTS | {"correct": correct}, verified="verdict", verify_cost=1.0)


def doubled(name="verification", split=True):
    """The log of 24 solutions with three verifications of each, written twice."""
    rows = [
        {"problem": f"p{i}", "attempt": 1, "correct": 1, "verdict": int(i % 2 if split and v else 1), name: v}
        for i in range(24)
        for v in range(3)
    ]
    return pl.DataFrame(rows * 2)


@pytest.mark.parametrize("name", ["verification", "verifier_seed", "judge_sample", "Seed"])
def test_verifications_that_are_in_the_log_twice_count_once(name):
    table = read(doubled(name), verified="verdict", verify_cost=1.0, attempt="attempt")
    assert table.frame["verdicts"].list.len().to_list() == [3] * 24
    assert [found.code for found in table.caveats] == ["repeated-verifications"]
    assert f"72 rows repeat a verification of the same solution by its {name}" in table.caveats[0].message


def test_a_seed_of_the_solution_numbers_no_verifications():
    log = doubled().with_columns(seed=pl.col("problem")).drop("verification").head(72)
    table = read(log, verified="verdict", verify_cost=1.0, attempt="attempt")
    assert table.frame["verdicts"].list.len().to_list() == [3] * 24
    assert table.caveats == ()


@pytest.mark.parametrize(
    ("log", "is_said"),
    [
        (doubled().drop("verification"), True),
        (doubled(split=False).drop("verification"), False),  # a verifier that never changes its mind
        (doubled().drop("verification").head(143), False),
        (doubled().drop("verification").filter(pl.col("problem").str.len_chars() < 3), False),  # too few solutions
    ],
)
def test_verdicts_that_all_come_in_pairs_are_doubtful(log, is_said):
    table = read(log, verified="verdict", verify_cost=1.0)
    assert ("doubled-verifications" in [found.code for found in table.caveats]) == is_said
