"""Which columns of a matrix of outcomes are attempts, and which sum them up or describe the problem."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.samples.numbered import matrix_columns
from scaling_cli.errors import UsageError
from tests.data.loading import load_samples

PROBLEMS, ATTEMPTS = 30, 8
SOLVED = np.random.default_rng(3).random((PROBLEMS, ATTEMPTS)) < np.linspace(0, 0.6, PROBLEMS)[:, None]


def matrix(name="run_{}", **others):
    problems = {"problem": [f"p{place}" for place in range(PROBLEMS)]}
    cells = {name.format(place): SOLVED[:, place].astype(int) for place in range(ATTEMPTS)}
    return pl.DataFrame(problems | cells | others)


@pytest.mark.sample(3)
@pytest.mark.parametrize("name", ["run_{}", "seed{}", "Run {}", "{}", "0.7/run_{}/pass@1", "pass_{}", "gpt4_{}_ok"])
@pytest.mark.parametrize("other", ["any", "pass_at_8", "pass@8", "majority", "greedy", "level", "maj@8"])
def test_what_stands_beside_numbered_attempts_is_not_counted(name, other):
    table = load_samples(matrix(name).with_columns(pl.Series(other, SOLVED.any(axis=1).astype(int))))
    assert table.layout == "matrix"
    assert table.frame["n"].to_list() == [ATTEMPTS] * PROBLEMS
    assert table.frame["c"].sum() == SOLVED.sum()
    (found,) = table.caveats
    assert found.code == "uncounted-columns"
    assert f"'{other}' is not" in found.message


@pytest.mark.parametrize("others", [{"solved": 1}, {"score": 0}, {"total": 5}, {"level": np.arange(PROBLEMS) % 5}])
def test_a_word_for_attempts_tells_them_from_outcomes_and_numbers_of_the_problem(others):
    table = load_samples(matrix(**{name: np.broadcast_to(value, PROBLEMS) for name, value in others.items()}))
    assert (table.layout, table.frame["n"].max(), table.frame["c"].sum()) == ("matrix", ATTEMPTS, SOLVED.sum())


@pytest.mark.parametrize(
    ("values", "count"), [(np.arange(PROBLEMS), 0), (["easy", "hard"] * 15, 0), ([0.5, 1] * 15, 0), ([0, 1] * 15, 1)]
)
def test_only_columns_of_outcomes_are_named_as_not_counted(values, count):
    assert len(load_samples(matrix(what=values)).caveats) == count


def test_results_of_tests_beside_the_outcome_are_no_attempts():
    table = load_samples(matrix("test_{}", passed=SOLVED.all(axis=1)))
    assert (table.layout, table.frame["n"].max()) == ("attempts", 1)


@pytest.mark.parametrize("names", [["a", "b", "c"], ["x_0", "x_1", "y_0", "y_1"], ["gpt4", "llama", "qwen3"]])
def test_without_one_numbered_name_for_most_columns_all_are_counted(names):
    found = matrix_columns(names)
    assert (found.attempts, found.others, found.shared) == (names, [], None)


def test_columns_called_pass_at_k_are_never_attempts():
    assert matrix_columns(["pass@1", "pass@2", "pass@4"]).attempts == []
    found = matrix_columns(["first", "second", "pass_at_2"])
    assert (found.attempts, found.others) == (["first", "second"], ["pass_at_2"])


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["run", "run.1", "run.2"], []),
        (["try", "try2", "try3", "any"], ["any"]),
        (["solved_1", "solved_2", "solved"], ["solved"]),
        (["temp0.7_run1", "temp0.7_run2", "temp0.7_run3", "temp1.0_run1"], ["temp1.0_run1"]),
    ],
)
def test_a_series_may_begin_without_a_number(names, others):
    assert matrix_columns(names).others == others


def test_a_matrix_of_nothing_but_attempts_has_no_caveat():
    assert not load_samples(matrix()).caveats


def models(best):
    """One attempt of each of three models at each problem, of which the first solves a share `best`."""
    rng = np.random.default_rng(8)
    chances = {"gpt4": best, "llama": 0.2, "qwen3": 0.2}
    return pl.DataFrame({"problem": range(100)} | {name: rng.random(100) < chance for name, chance in chances.items()})


def test_columns_of_models_are_no_attempts():
    with pytest.raises(UsageError, match=r"'gpt4' \(\d+ %\) and '\w+' \(\d+ %\) differ") as caught:
        load_samples(models(0.8))
    assert "--correct gpt4" in caught.value.hint
    assert load_samples(models(0.8), correct="gpt4").frame["c"].sum() == models(0.8)["gpt4"].sum()
    assert set(load_samples(models(0.8), layout="matrix").frame["n"]) == {3}
    assert set(load_samples(models(0.2)).frame["n"]) == {3}


def test_columns_of_problems_are_no_attempts_in_groups_either():
    chances = np.linspace(0.05, 0.95, 12)
    made = np.random.default_rng(4).random((40, 12)) < chances
    rows = pl.DataFrame({f"x{place}": made[:, place] for place in range(12)} | {"model": ["a", "b"] * 20})
    with pytest.raises(UsageError, match="no attempts at the same problems") as caught:
        load_samples(rows, by="model")
    assert "call them problem_0, problem_1" in caught.value.hint
    renamed = rows.rename({f"x{place}": f"problem_{place}" for place in range(12)})
    assert load_samples(renamed, by="model").frame["n"].to_list() == [20] * 24


def test_two_graders_are_no_attempts():
    strict = np.random.default_rng(5).random(100) < 0.3
    flexible = strict | (np.random.default_rng(6).random(100) < 0.25)
    rows = pl.DataFrame({"id": range(100), "strict": strict, "flexible": flexible})
    with pytest.raises(UsageError, match="no attempts at the same problems"):
        load_samples(rows)
    assert set(load_samples(rows.rename({"strict": "run_0", "flexible": "run_1"})).frame["n"]) == {2}


def test_an_array_with_problems_as_columns_is_refused(tmp_path):
    made = np.random.default_rng(9).random((PROBLEMS, 20)) < np.linspace(0, 0.9, PROBLEMS)[:, None]
    np.save(tmp_path / "log.npy", made.T)
    with pytest.raises(UsageError, match="no attempts at the same problems") as caught:
        load_samples(tmp_path / "log.npy")
    assert "exchange rows and columns" in caught.value.hint
    np.save(tmp_path / "log.npy", made)
    assert set(load_samples(tmp_path / "log.npy").frame["n"]) == {20}


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3, 100), (80, 4), (30, 30), (200, 20)])
def test_attempts_are_alike_in_all_of_many_logs(shape):
    for seed in range(300):
        rng = np.random.default_rng(seed)
        made = rng.random(shape) < rng.beta(*rng.uniform(0.1, 3, 2), shape[0])[:, None]
        assert load_samples(pl.DataFrame(made, orient="row")).frame["c"].sum() == made.sum()
