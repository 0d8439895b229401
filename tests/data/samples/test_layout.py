"""Columns and layouts of sampling logs."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest

from scaling_cli.data.samples.columns import check_roles, choose, is_pass_rate, named, rivals
from scaling_cli.data.samples.layout import detect_layout
from scaling_cli.data.samples.log import SamplingLog, without_problem
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.record import replace
from tests.data.loading import load_samples


def log(rows, tasks=(), **options):
    frame = pl.DataFrame(rows)
    return SamplingLog(frame.lazy(), frame.schema, Samples(**options), tasks=tasks)


def layout(rows, **options):
    found, columns = detect_layout(log(rows, **options))
    return found, {role: column for role, column in columns.items() if column is not None}


@pytest.mark.parametrize(
    ("names", "role", "column"),
    [
        (["task_id", "problem_id"], "problem", "problem_id"),
        (["name", "id"], "problem", "id"),
        (["acc", "passed"], "correct", "passed"),
        (["seed", "sample_idx", "run"], "attempt", "seed"),
        (["rollout", "n"], "attempt", "n"),
        (["total", "num_samples"], "n", "num_samples"),
        (["x"], "problem", None),
        (["Problem-ID"], "problem", "Problem-ID"),
    ],
)
def test_the_best_alias_is_chosen(names, role, column):
    assert choose(names, {}, role) == column


def test_a_mapping_comes_first_and_takes_a_column_away_from_other_roles():
    assert choose(["correct", "passed"], {"correct": "passed"}, "correct") == "passed"
    assert choose(["n"], {"attempt": "n"}, "n") is None
    assert choose(["correct"], {"correct": "none"}, "correct") is None
    with pytest.raises(UsageError, match="Unknown column 'x'"):
        choose(["correct"], {"correct": "x"}, "correct")
    with pytest.raises(UsageError, match="Several columns could be correct: passed, solved"):
        choose(["passed", "solved"], {}, "correct")
    with pytest.raises(UsageError, match="Unknown role 'corect'"):
        check_roles({"corect": "x"})


def test_rivals_are_other_names_of_problems_beside_one_that_is_not_generic():
    assert rivals(["task_id", "problem_id", "id"], "problem", "problem_id") == ["task_id"]
    assert rivals(["task_id", "id"], "problem", "id") == []
    assert rivals(["task_id", "x"], "problem", "x") == []
    assert named(["Temp", "x", "top-p"], ("temp", "top_p")) == ["Temp", "top-p"]


@pytest.mark.parametrize(
    ("name", "is_rate"),
    [
        ("pass@1", True),
        ("x/pass_at_10", True),
        ("coverage@k", True),
        ("pass_1,none", True),
        ("pass_rate", True),
        ("eval/solve rate", True),
        ("success_fraction", True),
        ("mean_correct", True),
        ("avg_score", True),
        ("score", False),
        ("rate", False),
        ("pass", False),
        ("bypass@1", False),
    ],
)
def test_names_of_pass_rates(name, is_rate):
    assert is_pass_rate(name) == is_rate


ATTEMPTS = {"problem": ["a", "a", "b"], "correct": [1, 0, 1]}
MATRIX = {"problem": ["a", "b"], "s0": [1, 0], "s1": [0, 1]}
COUNTS = {"problem": ["a", "b"], "n": [4, 4], "c": [1, 2]}


@pytest.mark.parametrize(
    ("rows", "options", "found"),
    [
        (ATTEMPTS, {}, "attempts"),
        (MATRIX, {}, "matrix"),
        (COUNTS, {}, "counts"),
        (COUNTS, {"input_format": "curve"}, "counts"),  # one row per problem, whatever it is called
        ({"problem": ["a", "b"], "correct": [[1, 0], [1]]}, {}, "list"),
        (MATRIX | {"s1": [0, 2]}, {"input_format": "matrix"}, "matrix"),
        ({"s0": [1, 0], "s1": [0, 1]}, {}, "matrix"),
        ({"index": [3, 4], "s0": [1, 0], "s1": [0, 1]}, {}, "matrix"),
        ({"problem": ["a", "a"], "k": [1, 2], "n": [4, 4], "c": [1, 1]}, {}, "curve"),
        (ATTEMPTS | {"n": [4, 4, 4], "c": [1, 1, 1]}, {}, "attempts"),  # counts beside each attempt
        (ATTEMPTS | {"score": [0.1, 0.2, 0.3]}, {"correct": "none", "score": "score", "threshold": 0.5}, "attempts"),
        ({"problem": ["a", "b"], "model": ["x", "y"], "s0": [1, 0], "s1": [0, 1]}, {"by": "model"}, "matrix"),
    ],
)  # fmt: skip
def test_the_layout_is_recognised(rows, options, found):
    assert layout(rows, **options)[0] == found


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        ({"s0": [1, 0]}, {}, DataError, "identified as 'problem'"),  # one column is no matrix
        (MATRIX | {"s1": [0, 2]}, {}, DataError, "identified as 'correct'"),
        (ATTEMPTS, {"input_format": "list"}, DataError, "do not have the layout list"),
        (ATTEMPTS, {"input_format": "counts"}, DataError, "do not have the layout counts"),
        ({"problem": ["a", "a"], "n": [4, 4], "c": [1, 2]}, {}, UsageError, "several rows of counts"),
        ({"problem": ["a", "a"], "k": [1, 2], "n": [4, 4], "c": [1, 1]}, {"input_format": "counts"}, UsageError,
         "several rows"),
        (ATTEMPTS | {"n": [4, 4, 4], "s": [1, 1, 1]}, {"c": "s"}, UsageError, "several rows"),
        ({"problem": ["a"], "pass@10": [0.5]}, {}, DataError, "'pass@10' looks like a share"),
        ({"problem": ["a"], "score_x": ["C"]}, {}, DataError, "the columns are problem, score_x"),
    ],
)  # fmt: skip
def test_what_has_no_layout_is_refused(rows, options, error, message):
    with pytest.raises(error, match=message):
        layout(rows, **options)


def test_the_hint_names_a_score_where_there_is_one():
    with pytest.raises(DataError) as caught:
        layout({"problem": ["a"], "score_x": ["C"]})
    assert caught.value.hint == "Choose columns: --correct score_x."
    with pytest.raises(DataError) as caught:
        layout({"problem": ["a"], "text": ["C"]})
    assert caught.value.hint == "Choose columns: --problem COL --correct COL, or --n COL --c COL."


def test_roles_that_only_some_questions_need_are_read_where_they_are_named():
    rows = ATTEMPTS | {"verdict": [1, 1, 0], "score": [0.1, 0.2, 0.3]}
    found = layout(rows, verified="verdict")[1]
    assert found == {"problem": "problem", "correct": "correct", "verified": "verdict"}
    assert layout(COUNTS | {"repo": ["x", "y"]}, cluster="repo")[1]["cluster"] == "repo"


@pytest.mark.parametrize(
    ("sample", "is_number"),
    [
        ([0, 1, 0, 1], True),
        (["0", " 1", "0", "1"], True),
        (["x", "1", "0", "1"], False),
        ([0.0, 1.0, 0.0, 1.0], False),
        ([None, None, None, None], False),
        ([0, 0, 0, 1], False),  # one and a half of a problem, on average
    ],
)
def test_a_general_name_numbers_attempts_if_it_holds_several_whole_numbers_of_each_problem(sample, is_number):
    rows = {"problem": ["a", "a", "b", "b"], "correct": [1, 0, 1, 0], "sample": sample}
    assert ("attempt" in layout(rows)[1]) == is_number
    assert layout(rows, attempt="sample")[1]["attempt"] == "sample"


def test_a_problem_is_named_after_its_task_and_row():
    rows = {"task": ["x", "y"], "problem": [1.0, 2.0], "model": ["m", "m"]}
    found = replace(log(rows, tasks=("task",), by="model"), columns={"problem": "problem"})
    frame = found.rows.select(found.problem(), *found.groups()).collect()
    assert frame.rows() == [("x/1", "m"), ("y/2", "m")]
    alone = replace(found, tasks=())
    assert alone.rows.select(alone.problem()).collect()["problem"].to_list() == ["1", "2"]
    none = replace(found, columns={})
    assert none.rows.select(none.problem()).collect()["problem"].to_list() == ["row 1", "row 2"]


def test_what_counts_as_a_success_and_what_is_done_with_gaps():
    assert log(ATTEMPTS).success_at == 1.0
    assert log(ATTEMPTS, threshold=0.0).success_at == 0.0
    assert log(ATTEMPTS).missing_done == "left out"
    assert log(ATTEMPTS, on_missing="fail").missing_done == "counted as failed"
    assert without_problem(0, 5) == ()
    assert "2 of 5 rows" in without_problem(2, 5)[0].message


def test_a_group_and_the_problem_do_not_number_attempts():
    rows = {"problem": ["a", "a"], "seed": [1, 2], "correct": [1, 0]}
    assert layout(rows)[1]["attempt"] == "seed"
    assert "attempt" not in layout(rows, by="seed")[1]
    run = {"run": ["a", "a"], "correct": [1, 0]}
    assert layout(run, problem="run")[1] == {"problem": "run", "correct": "correct"}


SOLVED = [[1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0]]  # by problem and attempt


def transposed(pattern, **others):
    """One row per attempt, with a column for each problem."""
    return pl.DataFrame(others | {pattern.format(place): cells for place, cells in enumerate(SOLVED)})


@pytest.mark.parametrize("pattern", ["problem_{}", "q{}", "HumanEval/{}", "Question {}", "task.{}"])
@pytest.mark.parametrize("others", [{}, {"attempt": [0, 1, 2]}, {"run": ["a", "b", "c"]}])
def test_columns_called_after_problems_are_problems_and_the_rows_attempts(pattern, others):
    table = load_samples(transposed(pattern, **others))
    assert sorted(table.frame.select("n", "c").iter_rows()) == [(3, 0), (3, 1), (3, 1), (3, 3)]
    assert pattern.format(0) in set(table.frame["problem"])
    assert not table.caveats


def test_columns_called_after_problems_keep_groups_and_words():
    rows = transposed("problem_{}", model=["a", "a", "b"]).with_columns(
        problem_0=pl.Series(["yes", "no", None]), problem_1=pl.Series([True, False, False])
    )
    with pytest.raises(UsageError, match="2 models"):
        load_samples(rows)
    table = load_samples(rows, by="model")
    found = {(row["model"], row["problem"]): (row["n"], row["c"]) for row in table.frame.iter_rows(named=True)}
    assert found["a", "problem_0"] == (2, 1)
    assert found["a", "problem_1"] == (2, 1)
    assert found["b", "problem_2"] == (1, 1)


@pytest.mark.parametrize("pattern", ["sample_{}", "attempt {} of problem", "prompt_{}", "{}"])
def test_columns_called_otherwise_are_attempts(pattern):
    table = load_samples(transposed(pattern))
    assert table.layout == "matrix"
    assert table.frame["n"].to_list() == [4, 4, 4]


@pytest.mark.parametrize("number", ["seed", "attempt", "rollout_id"])
def test_numbered_columns_are_problems_where_another_column_numbers_the_rows(number):
    rows = transposed("x{}", **{number: [0, 1, 2]})
    assert load_samples(rows).frame["n"].to_list() == [3] * 4
    grouped = load_samples(pl.concat([rows.with_columns(model=pl.lit(name)) for name in "ab"]), by="model")
    assert grouped.frame["n"].to_list() == [3] * 8


def test_numbered_columns_are_attempts_where_another_column_numbers_problems():
    assert load_samples(transposed("x{}", problem=[0, 1, 2])).frame["n"].to_list() == [4] * 3


@pytest.mark.parametrize("others", [{"sample_id": [0, 1, 2]}, {"level": ["easy", "hard", "easy"]}])
def test_numbered_columns_beside_others_of_no_known_kind_are_asked_about(others):
    rows = transposed("x{}", **others)
    with pytest.raises(DataError, match="'problem'") as caught:
        load_samples(rows)
    assert caught.value.hint is not None
    assert "columns x0 to x3 are attempts" in caught.value.hint
    assert "--input-format matrix" in caught.value.hint
    assert load_samples(rows, layout="matrix").frame["n"].to_list() == [4] * 3
    assert "problem_0" in caught.value.hint
    renamed = rows.rename({f"x{place}": f"problem_{place}" for place in range(4)})
    assert load_samples(renamed).frame["n"].to_list() == [3] * 4


def test_the_layout_matrix_keeps_rows_as_problems():
    assert load_samples(transposed("problem_{}"), layout="matrix").frame["n"].to_list() == [4, 4, 4]


def test_counts_at_each_k_without_a_problem_are_refused():
    rows = {"k": [1, 2, 4], "n": [50, 50, 50], "c": [5, 9, 16]}
    with pytest.raises(DataError, match="different values of 'k', but no column names their problem"):
        layout(rows)
    assert layout(rows | {"problem": ["a", "a", "b"]})[0] == "curve"
    assert layout(rows, input_format="counts")[0] == "counts"


@pytest.mark.parametrize("first", ["0,1,0", "True,False,False", "0.0,1.0,1.0"])
def test_a_matrix_without_names_of_columns_is_refused(tmp_path, first):
    path = tmp_path / "log.csv"
    path.write_text("\n".join([first] * 4))
    with pytest.raises(DataError, match="The first line, which should hold the names of columns, holds outcomes"):
        load_samples(path)
    path.write_text("\n".join(["a_0,a_1,a_2", *[first] * 4]))
    assert load_samples(path).frame.height == 4
    path.write_text("\n".join(["0,1", "1,1", "0,1"]))
    assert load_samples(path).frame["c"].to_list() == [2, 1]


@pytest.mark.parametrize(
    "text",
    [
        lambda row: str(row),
        lambda row: str([bool(each) for each in row]),
        lambda row: " ".join(map(str, row)).join("[]"),
        lambda row: json.dumps(["pass" if each else "fail" for each in row]),
    ],
)
def test_lists_written_as_text_are_lists(tmp_path, text):
    path = tmp_path / "log.csv"
    pl.DataFrame({"id": range(4), "correct": [text(row) for row in SOLVED]}).write_csv(path)
    table = load_samples(path)
    assert table.layout == "list"
    assert sorted(table.frame.select("n", "c").iter_rows()) == [(3, 0), (3, 1), (3, 1), (3, 3)]
    with gzip.open(tmp_path / "log.jsonl.gz", "wt") as file:
        file.write("\n".join(json.dumps({"id": place, "correct": row}) for place, row in enumerate(SOLVED)))
    assert load_samples(tmp_path / "log.jsonl.gz").frame.sort("problem")["c"].to_list() == [1, 0, 3, 1]


def test_arrays_of_one_length_are_lists():
    rows = pl.DataFrame({"id": range(4), "correct": SOLVED}, schema_overrides={"correct": pl.Array(pl.Int8, 3)})
    assert load_samples(rows).frame.sort("problem")["c"].to_list() == [1, 0, 3, 1]


def test_a_few_words_in_brackets_are_no_lists():
    rows = pl.DataFrame({"id": ["a", "a", "b", "b"], "correct": ["pass", "fail", "pass", "[fail]"]})
    assert load_samples(rows).layout == "attempts"


def texts(attempts=5, problems=12, **others):
    """One row per attempt, each with an id of its own."""
    rows = {"id": range(problems * attempts), **others, "correct": [1, 0, 0, 0, 0] * (problems * attempts // 5)}
    return pl.DataFrame(rows)


@pytest.mark.parametrize("name", ["question", "prompt", "Instruction"])
def test_texts_of_problems_name_them_where_ids_name_rows(name):
    table = load_samples(texts(**{name: [f"What is {place // 5}?" for place in range(60)]}))
    assert table.columns["problem"] == name
    assert table.frame.select(pl.col("n", "c").unique()).row(0) == (5, 1)


@pytest.mark.parametrize(
    "question",
    [
        [f"What is {place}?" for place in range(60)],  # one attempt each
        ["Solve this."] * 60,
        [f"Template {place % 3}" for place in range(60)],
        [f"What is {place if place < 40 else 40}?" for place in range(60)],
    ],
)
def test_ids_name_problems_where_texts_do_not(question):
    table = load_samples(texts(question=question))
    assert table.columns["problem"] == "id"
    assert load_samples(texts(question=question), problem="question").columns["problem"] == "question"
