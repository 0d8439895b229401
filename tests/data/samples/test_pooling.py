"""Which rows may be counted together, and outcomes in words."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2

from scaling_cli.data.samples.log import SamplingLog
from scaling_cli.data.samples.outcomes import (
    are_outcomes,
    missing_outcomes,
    no_outcome,
    outcome,
    unknown_words,
    words_in,
)
from scaling_cli.data.samples.pooling import (
    CHANCE,
    files_differ,
    other_problems,
    pooled_settings,
    refuse_documents,
    refuse_filters,
    refuse_models,
    tasks_of,
)
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import percent
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.record import replace
from tests.data.loading import load_samples


def log(rows, columns=None, **options):
    frame = pl.DataFrame(rows)
    return SamplingLog(frame.lazy(), frame.schema, Samples(**options), columns or {})


def test_models_are_refused_unless_they_are_one_or_groups():
    refuse_models(log({"model": ["a", "a"], "x": [1, 2]}))
    refuse_models(log({"model": ["a", "b"]}, by="model"))
    refuse_models(log({"model": [["a"], ["b"]]}))
    with pytest.raises(UsageError, match="'Model Name' names 2 models") as caught:
        refuse_models(log({"Model Name": ["a", "b"]}))
    assert "--by 'Model Name'" in caught.value.hint


def test_filters_are_refused_unless_they_are_one_or_groups():
    rows = {"filter": ["x", "y"], "doc_id": [1, 1]}
    with pytest.raises(UsageError, match="under 2 filters: x, y"):
        refuse_filters(log(rows))
    refuse_filters(log(rows, by="filter"))
    refuse_filters(log({"filter": ["x", "y"]}))
    refuse_filters(log(rows | {"filter": ["x", "x"]}))


@pytest.mark.parametrize(
    ("rows", "options", "tasks"),
    [
        ({"task": ["a", "b"], "dataset": ["x", "x"]}, {}, ("task",)),
        ({"task": ["a", "b"], "dataset": ["x", "y"]}, {}, ("task", "dataset")),
        ({"task": ["a", "b"]}, {"by": "task"}, ()),
        ({"task": ["a", "b"]}, {"problem": "task"}, ()),
        ({"task": [["a"], ["b"]]}, {}, ()),
        ({"x": [1, 2]}, {}, ()),
    ],
)
def test_tasks_that_differ_are_part_of_the_name_of_a_problem(rows, options, tasks):
    found, caveats = tasks_of(log(rows, **options))
    assert found == tasks
    assert [each.code for each in caveats] == ["pooled-tasks"] * len(tasks)


@pytest.mark.parametrize(
    ("rows", "options", "count"),
    [
        ({"temperature": [0.5, 1.0]}, {}, 1),
        ({"temperature": [0.5, 0.5]}, {}, 0),
        ({"temperature": [0.5, None]}, {}, 0),
        ({"temperature": [0.5, 1.0], "top_p": [1.0, 0.9]}, {}, 2),
        ({"temperature": [0.5, 1.0], "g": ["a", "b"]}, {"by": "g"}, 0),
        ({"temperature": [0.5, 1.0]}, {"by": "temperature"}, 0),
        ({"temperature": [[0.5], [1.0]]}, {}, 0),
        ({"temperature": [0.5, 1.0]}, {"cluster": "temperature"}, 0),
    ],
)
def test_settings_that_differ_within_a_group_are_named(rows, options, count):
    assert [each.code for each in pooled_settings(log(rows, **options))] == ["pooled-settings"] * count


@pytest.mark.parametrize(
    ("other", "options", "is_said"),
    [
        (["x", "y", "x", "y"], {}, True),
        (["a", "a", "b", "b"], {}, False),
        (["x", "x", "x", "x"], {}, False),
        (["x", "y", "x", "y"], {"by": "task_id"}, False),
        (["x", "y", "x", "y"], {"problem": "problem_id"}, False),
        ([["x"], ["y"], ["x"], ["y"]], {}, False),
    ],
)
def test_another_column_that_would_divide_problems_is_named(other, options, is_said):
    rows = {"problem_id": ["a", "a", "b", "b"], "task_id": other}
    assert bool(other_problems(log(rows, {"problem": "problem_id"}, **options))) == is_said
    assert other_problems(log(rows)) == []


def test_outcomes_are_numbers_words_or_those_that_were_named():
    schema = pl.Schema({"w": pl.String, "x": pl.Float64, "b": pl.Boolean})
    frame = pl.DataFrame({
        "w": ["C", " pass ", "no", "0.5", "P", "WA", "nan", "", None],
        "x": [1.0, 0.0, 0.5, None, float("nan"), 2.0, 1.0, 0.0, 1.0],
        "b": [True, False, None, True, True, True, True, True, True],
    })  # fmt: skip
    assert frame.select(outcome("w", schema))["w"].to_list() == [1.0, 1.0, 0.0, 0.5, 0.5, None, None, None, None]
    assert frame.select(outcome("x", schema))["x"].to_list()[:6] == [1.0, 0.0, 0.5, None, None, 2.0]
    assert frame.select(outcome("b", schema))["b"].to_list()[:3] == [1.0, 0.0, None]
    named = frame.select(outcome("w", schema, success=["wa", "C"]))["w"].to_list()
    assert named == [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, None, None]
    assert frame.select(are_outcomes("w", schema))["w"].to_list() == [
        True, True, True, False, False, False, False, True, True,
    ]  # fmt: skip
    assert frame.select(are_outcomes("x", schema)).to_series().to_list()[:6] == [True, True, False, True, False, False]
    lists = pl.Schema({"l": pl.List(pl.Int64)})
    assert pl.select(are_outcomes("l", lists)).item() is False
    with pytest.raises(DataError, match="are not numbers"):
        outcome("l", lists)


WORDS = {"v": ["WA", "WA", "TLE", "C", None, "NaN", "wa"], "x": [1.0] * 7}


def test_words_that_are_not_understood_are_counted_the_most_frequent_first():
    assert unknown_words(log(WORDS), ["v", "x"]) == {"WA": 2, "TLE": 1, "wa": 1}
    assert unknown_words(log(WORDS, success="C"), ["v"]) == {}
    assert words_in({"WA": 1200, "TLE": 1}) == "'WA' (1,200), 'TLE' (1)"
    assert words_in(dict.fromkeys("abcde", 1)).endswith("'e' (1)")
    assert words_in(dict.fromkeys("abcdefg", 1)).endswith("'e' (1) and 2 more")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (6, {"unknown-outcomes": "4 ", "missing-outcomes": "2 "}),
        (4, {"unknown-outcomes": "4 "}),
        (3, {"unknown-outcomes": "3 "}),
    ],
)
def test_words_and_gaps_are_counted_apart(missing, said):
    found = missing_outcomes(log(WORDS), ["v"], missing)
    assert {each.code: each.message[:2] for each in found} == said


def test_without_any_outcome_the_words_or_the_option_are_named():
    assert "No outcome in the column 'v' is understood: 'WA' (2)" in no_outcome(log(WORDS), {"correct": "v"}).message
    assert no_outcome(log(WORDS), {"correct": "x"}).message == "No attempt has an outcome."
    assert no_outcome(log(WORDS), {}).message == "No attempt has an outcome."
    assert (
        no_outcome(replace(log(WORDS), rows=pl.LazyFrame()), {"correct": "gone"}).message
        == "No attempt has an outcome."
    )


def of_files(chances, each=10, problems=40, seed=0):
    """Counts of files whose attempts at the same problems succeed with `chances` times the problems' own chance."""
    rng = np.random.default_rng(seed)
    own = rng.beta(0.5, 2.0, problems)
    parts = [
        pl.DataFrame({"file": f"f{place}", "problem": [f"p{i}" for i in range(problems)], "n": each,
                      "c": rng.binomial(each, np.minimum(own * factor, 1.0))})
        for place, factor in enumerate(chances)
    ]  # fmt: skip
    return pl.concat(parts)


def test_files_that_solve_the_same_problems_at_other_rates_have_a_caveat():
    counts = of_files([1.0, 0.4, 1.0])
    (found,) = files_differ(counts, ())
    rate = counts.filter(file="f1").select(pl.col("c").sum() / pl.col("n").sum()).item()
    others = counts.filter(pl.col("file") != "f1").select(pl.col("c").sum() / pl.col("n").sum()).item()
    assert found.code == "files-differ"
    assert f"{percent(rate)} of the attempts in f1 succeed" in found.message
    assert f"{percent(others)} of those in the others" in found.message


def test_the_difference_of_files_is_that_of_mantel_and_haenszel():
    """The chi-squared of the 2 x 2 tables of the problems, by hand, at the size where the caveat begins."""
    for seed in range(30):
        counts = of_files([1.0, 0.6], seed=seed)
        a, b = (counts.filter(file=name) for name in ("f0", "f1"))
        n, c, total, solved = (
            part.to_numpy().astype(float) for part in (a["n"], a["c"], a["n"] + b["n"], a["c"] + b["c"])
        )
        variance = np.sum(n * (total - n) * solved * (total - solved) / total**2 / (total - 1))
        p = chi2.sf(np.sum(c - n * solved / total) ** 2 / variance, 1)
        assert bool(files_differ(counts, ())) == (2 * p < CHANCE)


def test_files_of_one_model_have_no_caveat():
    """Of 400 pairs of files of one model, at most one may have a caveat: its probability is 1e-4."""
    pairs = (of_files([1.0, 1.0], each=6, problems=25, seed=seed) for seed in range(400))
    assert sum(bool(files_differ(counts, ())) for counts in pairs) <= 1


def test_only_problems_that_files_share_count_and_each_group_by_itself():
    one, two = of_files([1.0]), of_files([0.3], seed=1).with_columns(file=pl.lit("g"))
    assert files_differ(pl.concat([one, two]), ())
    assert not files_differ(pl.concat([one, two.with_columns(problem="other " + pl.col("problem"))]), ())
    apart = pl.concat([one.with_columns(model=pl.lit("a")), two.with_columns(model=pl.lit("b"))])
    assert not files_differ(apart, ("model",))
    assert not files_differ(one.with_columns(c=0), ())
    assert not files_differ(pl.concat([one.with_columns(c=0), two.with_columns(c=0)]), ())


@pytest.fixture
def logs(tmp_path):
    """Two files of attempts at the same problems, of which the second succeeds less often."""
    paths = []
    for place, chance in enumerate((0.8, 0.3)):
        rng = np.random.default_rng(place)
        rows = pl.DataFrame({"problem": np.repeat(np.arange(30), 8), "correct": rng.random(240) < chance})
        paths.append(tmp_path / f"{'ab'[place]}.csv")
        rows.write_csv(paths[-1])
    return paths


def test_files_are_compared_unless_they_are_groups(logs):
    assert "files-differ" in {each.code for each in load_samples(logs).caveats}
    apart = load_samples(logs, by=("file",))
    assert "files-differ" not in {each.code for each in apart.caveats}
    assert apart.frame.group_by("file").agg(pl.col("n").sum()).sort("file").rows() == [("a", 240), ("b", 240)]
    assert not load_samples(logs[:1]).caveats


def test_files_of_evaluation_tools_can_be_groups_and_are_compared(tmp_path):
    paths = []
    for place, chance in enumerate((0.8, 0.3)):
        rng = np.random.default_rng(place)
        lines = [
            json.dumps(
                {"task_id": f"HumanEval/{task}", "completion": "x", "result": "", "passed": bool(rng.random() < chance)}
            )
            for task in range(30)
            for _ in range(8)
        ]
        paths.append(tmp_path / f"{'ab'[place]}.jsonl")
        paths[-1].write_text("\n".join(lines))
    assert "files-differ" in {each.code for each in load_samples(paths).caveats}
    assert load_samples(paths, by=("file",)).frame["file"].unique().sort().to_list() == ["a", "b"]


def test_documents_of_several_tasks_under_one_number_are_refused():
    rows = {"doc_id": [0, 1, 0, 1], "doc_hash": ["a", "b", "c", "d"], "file": ["x", "x", "y", "y"]}
    with pytest.raises(UsageError, match="One doc_id names several documents") as caught:
        refuse_documents(log(rows))
    assert "--by file" in caught.value.hint
    refuse_documents(log(rows, by="file"))
    refuse_documents(log(rows, problem="doc_id"))
    refuse_documents(log(rows | {"doc_hash": ["a", "b", "a", None]}))
    refuse_documents(log({"doc_id": [0]}))


@pytest.mark.parametrize("responses", [1, 4])
def test_the_content_of_documents_of_lm_eval_is_compared(tmp_path, responses):
    for task in "ab":
        lines = [
            {"doc_id": doc, "doc_hash": f"{task}{doc}", "resps": [["x"] * responses], "metrics": ["acc"], "acc": 1.0}
            for doc in range(3)
        ]
        (tmp_path / f"{task}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(UsageError, match="One doc_id names several documents"):
        load_samples(tmp_path)
    assert load_samples(tmp_path, problem="doc_hash").frame.height == 6
    assert load_samples(tmp_path, by="file").frame.height == 6


def test_copies_of_a_file_are_refused(tmp_path):
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"problem": np.repeat(np.arange(40), 10), "correct": rng.integers(0, 2, 400)})
    for name in ("a", "b"):
        rows.write_csv(tmp_path / f"{name}.csv")
    with pytest.raises(UsageError, match="a and b have equally many successes at each problem"):
        load_samples(tmp_path)
    assert load_samples(tmp_path, by="file").frame["n"].sum() == 800
    rows.with_columns(correct=rng.integers(0, 2, 400)).write_csv(tmp_path / "b.csv")
    assert load_samples(tmp_path).frame["n"].sum() == 800


def test_files_of_one_attempt_each_may_agree(tmp_path):
    for name in ("a", "b"):
        pl.DataFrame({"problem": range(40), "correct": [0, 1] * 20}).write_csv(tmp_path / f"{name}.csv")
    assert load_samples(tmp_path).frame["n"].sum() == 80


def test_rows_in_no_group_are_counted():
    rows = pl.DataFrame({"model": ["a", "a", None, None, None], "id": ["p"] * 5, "correct": [1, 0, 1, 1, 0]})
    (found,) = load_samples(rows, by="model").caveats
    assert "3 of 5 rows were left out: 3 with no model" in found.message
    counts = pl.DataFrame({"model": ["a", None], "id": ["p", "q"], "n": [50, 50], "c": [1, 2]})
    assert "1 of 2 rows was left out" in load_samples(counts, by="model").caveats[0].message


def test_remedies_keep_the_groups():
    rows = pl.DataFrame({"model": ["a", "b"], "my task": ["x", "y"], "id": ["p", "p"], "correct": [1, 0]})
    with pytest.raises(UsageError) as caught:
        load_samples(rows, by="my task")
    assert "--by 'my task,model'" in caught.value.hint
    found = tasks_of(log({"task": ["a", "b"]}, by="model"))[1]
    assert "Give --by model,task" in found[0].message
