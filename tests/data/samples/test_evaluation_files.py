"""Files of evaluation tools that are still being written, or have two columns that could name the problem."""

from __future__ import annotations

import gzip
import json
import zipfile

import polars as pl
import pytest

from scaling_cli.data.samples.evaluation_files import is_evaluation_file, read_evaluation_file
from scaling_cli.errors import DataError
from tests.data.loading import load_samples
from tests.data.samples.test_load import COUNTS, OUTCOMES, attempts, codes, counts

LISTS = [{"problem_id": name, "correct": outcomes} for name, outcomes in OUTCOMES.items()]
TABLE = [dict(zip(("problem_id", "n", "c"), row, strict=True)) for row in COUNTS]
LM_EVAL = [
    {"doc_id": name, "filter": "none", "resps": [[""] * 4], "metrics": ["acc"], "acc": sum(outcomes) / 4}
    for name, outcomes in OUTCOMES.items()
]


@pytest.mark.parametrize(
    "records",
    [attempts(model="a", task="x").rows(named=True), LISTS, TABLE, LM_EVAL],
    ids=["attempts", "lists", "counts", "lm-eval"],
)
def test_lines_cut_short_are_left_out_and_counted(tmp_path, records):
    lines = [json.dumps(record) for record in records]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join([*lines[:2], lines[0][: len(lines[0]) // 3], *lines[2:], lines[0][:9]]))
    table = load_samples(path)
    assert counts(table) == COUNTS
    assert codes(table) == ["rows-excluded"]
    assert table.caveats[0].message.startswith(f"2 of {len(lines) + 2} rows were left out: 2 with no problem.")
    path.write_text("\n".join(lines))
    assert codes(load_samples(path)) == []


def test_packed_logs_cut_short_are_an_error(tmp_path):
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(attempts().write_ndjson().encode())[:-30])
    with pytest.raises(DataError, match=r"ended before|cannot be"):
        load_samples(path)


def test_a_second_column_that_makes_other_problems_is_named():
    rows = attempts().with_columns(task_id=pl.Series(["a", "b"] * 6))
    table = load_samples(rows)
    assert counts(table) == COUNTS
    assert codes(table) == ["other-problems"]
    message = table.caveats[0].message
    assert "by problem_id (3 of them), but task_id would give 2" in message
    assert "--problem task_id" in message
    assert load_samples(rows, mapping={"problem": "task_id"}).columns["problem"] == "task_id"


@pytest.mark.parametrize(
    "chosen", [{"mapping": {"problem": "problem_id"}}, {"by": ["task_id"]}], ids=["named", "group"]
)
def test_a_column_that_the_user_chose_gets_no_caveat(chosen):
    table = load_samples(attempts().with_columns(task_id=pl.Series(["a", "b"] * 6)), **chosen)
    assert codes(table) == []


@pytest.mark.parametrize(
    "other",
    [pl.col("problem_id").alias("task_id"), pl.lit("humaneval").alias("task_id"), pl.int_range(12).alias("id")],
    ids=["the same", "coarser", "generic"],
)
def test_a_second_column_that_makes_the_same_problems_is_ignored(other):
    table = load_samples(attempts().with_columns(other))
    assert (counts(table), codes(table)) == (COUNTS, [])


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def rows(path, content):
    return read_evaluation_file(written(path, content)).collect().to_dicts()


@pytest.mark.parametrize(
    ("name", "content", "is_one"),
    [
        ("a", b"PK\x03\x04", True),
        ("a", b"\x93NUMPY", True),
        ("a", b'\xef\xbb\xbf\n {"a": 1}', True),
        ("a", b"[1]", True),
        ("a.yaml", b"x: 1", True),
        ("a.yml", b"x: 1", True),
        ("a.csv", b"a,b\n1,2\n", False),
    ],
)
def test_files_of_evaluation_tools_are_known_by_their_first_bytes(tmp_path, name, content, is_one):
    (tmp_path / name).write_bytes(content)
    assert is_evaluation_file(str(tmp_path / name)) == is_one
    assert not is_evaluation_file(str(tmp_path / "none"))


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_of_lists_has_a_problem_for_each_key(tmp_path, indent):
    assert rows(tmp_path / "a.json", json.dumps({"p": [1, 0], "q": [1]}, indent=indent)) == [
        {"problem": "p", "correct": [1, 0]}, {"problem": "q", "correct": [1]},
    ]  # fmt: skip
    lines = '{"correct": [1, 0]}\n{"correct": [1]}\n'
    assert rows(tmp_path / "a.jsonl", lines) == [{"correct": [1, 0]}, {"correct": [1]}]


@pytest.mark.parametrize("indent", [None, 2])
def test_reports_of_attempts_counts_and_single_problems_are_read(tmp_path, indent):
    def read(document):
        return rows(tmp_path / "a.json", json.dumps(document, indent=indent))

    reports = {"p": [[0, {"passed": True}], [1, {"passed": False}]], "q": [[0, {"passed": False}]]}
    assert read(reports) == [{"problem": "p", "correct": [True, False]}, {"problem": "q", "correct": [False]}]
    assert read({"results": reports}) == read(reports)
    assert read({"p": {"n": 3, "c": 1}}) == [{"problem": "p", "n": 3, "c": 1}]
    assert read({"problem": "p", "correct": [1, 0]}) == [{"problem": "p", "correct": [1, 0]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1,\n"b": [1]}', "unknown layout, with the keys a, b"),
        ([], "does not contain a list of objects"),
        ([1, {"a": 1}], "does not contain a list of objects"),
        ('[{"a": 1', "it is not valid JSON: line 1, column"),
        ({"eval": {"t": 5}, "samples": [{"id": 1, "epoch": "x"}]}, "has another type"),
        ({"eval": {}, "samples": [{"id": 1}]}, "has no scored samples"),
    ],
)
def test_documents_without_samples_are_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        rows(tmp_path / "a.json", content)


def test_samples_of_inspect_have_epochs_and_scores(tmp_path):
    samples = [
        {"id": 1, "scores": {"a": {"value": "C"}, "b": {"value": [1]}}},
        {"id": 2, "epoch": 3, "scores": {"a": {"value": 0.5}}, "error": None},
        {"id": 3, "epoch": 1, "scores": {"a": {"value": "C"}}, "error": "lost"},
        {"id": 4, "scores": None},
    ]
    several = rows(tmp_path / "a.json", {"eval": {}, "samples": samples})
    assert [row["score_a"] for row in several] == ["C", "0.5", None, None]
    assert [(row["id"], row["epoch"]) for row in several] == [("1", 1), ("2", 3), ("3", 1), ("4", 1)]
    del samples[0]["scores"]["b"]
    assert [row["correct"] for row in rows(tmp_path / "a.json", {"eval": {}, "samples": samples})] == [
        "C", "0.5", None, None,
    ]  # fmt: skip


def test_a_scorer_of_inspect_that_gives_several_values_has_a_column_for_each(tmp_path):
    scores = [{"judge": {"value": {"strict": outcome, "loose": "C"}}} for outcome in "CIC"]
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"eval": {}, "samples": [{"id": 1, "epoch": n + 1, "scores": each}
                                                        for n, each in enumerate(scores)]}))  # fmt: skip
    with pytest.raises(DataError, match="the columns are id, epoch, score_judge_strict, score_judge_loose") as caught:
        load_samples(path)
    assert "--correct score_judge_strict" in caught.value.hint
    assert load_samples(path, correct="score_judge_strict").frame.select("n", "c").rows() == [(3, 2)]


def test_evalplus_without_attempts_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.json has no attempts"):
        rows(tmp_path / "a.json", {"eval": {"t": []}})


def test_evalplus_needs_the_plus_tests_only_where_they_were_run(tmp_path):
    statuses = [("pass", None), ("pass", "fail"), ("fail", "pass"), ("pass", "pass")]
    attempts = [{"base_status": base} | ({"plus_status": plus} if plus else {}) for base, plus in statuses]
    found = rows(tmp_path / "a.json", {"eval": {"t": attempts}})
    assert [row["correct"] for row in found] == [True, False, False, True]
    assert [row["attempt"] for row in found] == [0, 1, 2, 3]
    assert [row["base_status"] for row in found] == [True, True, False, True]


def lm_eval(*lines):
    base = {"doc_id": 0, "filter": "none", "resps": [["a", "b"]]}
    return "\n".join(json.dumps(base | line) for line in lines) + "\n"


def test_one_response_of_lm_eval_is_an_outcome_and_several_are_counts(tmp_path):
    one = lm_eval({"resps": [["a"]], "metrics": ["acc"], "acc": 1.0}, {"resps": [], "metrics": ["acc"], "acc": 0.0})
    assert rows(tmp_path / "a.jsonl", one)[0] == {"doc_id": "0", "filter": "none", "correct": 1.0}
    several = lm_eval({"metrics": ["acc"], "acc": 0.5}, {"metrics": ["acc"], "acc": 1.0, "doc_id": 7})
    assert rows(tmp_path / "a.jsonl", several) == [
        {"doc_id": "0", "filter": "none", "n": 2, "c": 1}, {"doc_id": "7", "filter": "none", "n": 2, "c": 2},
    ]  # fmt: skip
    flat = lm_eval({"resps": ["a", "b", "c"], "exact_match": 1.0})
    assert rows(tmp_path / "a.jsonl", flat)[0]["n"] == 3


def test_two_metrics_of_single_responses_keep_their_names(tmp_path):
    line = lm_eval({"resps": [["a"]], "metrics": ["acc", "f1"], "acc": 1.0, "f1": 0.5})
    assert rows(tmp_path / "a.jsonl", line) == [{"doc_id": "0", "filter": "none", "acc": 1.0, "f1": 0.5}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"metrics": ["acc"], "acc": 0.3}, "has 2 responses per document"),
        ({"metrics": ["acc", "f1"], "acc": 0.5, "f1": 0.5}, "has 2 responses per document"),
        ({"metrics": []}, "has no metrics of single documents"),
    ],
)
def test_responses_whose_share_is_not_known_are_refused(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        rows(tmp_path / "a.jsonl", lm_eval(line))


@pytest.mark.parametrize("odd", [b"", b'{"problem": "b", "x": NaN}\n'])
@pytest.mark.parametrize("outcomes", [1, [1, 0]])
def test_lines_of_values_or_lists_are_a_table(tmp_path, odd, outcomes):
    content = json.dumps({"problem": "a", "correct": outcomes, "more": {"x": 1}}) + "\n" + odd.decode()
    content += json.dumps({"problem": "c", "correct": outcomes}) + "\n"
    found = rows(tmp_path / "a.jsonl", content)
    assert [row["problem"] for row in found] == (["a", "b", "c"] if odd else ["a", "c"])
    assert found[0]["correct"] == (str(outcomes) if odd and outcomes == 1 else outcomes)


def test_the_yaml_of_a_problem_ends_its_list_at_the_next_key(tmp_path):
    text = "x: [true]\nis_corrects:\n- True\n- false\n\nnext: true\n"
    assert rows(tmp_path / "p7.yaml", text.replace("\n\n", "\n")) == [{"problem": "p7", "is_corrects": [True, False]}]
    assert rows(tmp_path / "p.yml", "is_corrects: [true, false]\n")[0]["is_corrects"] == [True, False]
    with pytest.raises(DataError, match="has no list is_corrects"):
        rows(tmp_path / "p.yaml", "x: [true]\n")


def test_an_archive_that_is_no_log_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as archive:
        archive.writestr("other.json", "{}")
    with pytest.raises(DataError, match="is a zip archive, but not an inspect log"):
        read_evaluation_file(str(tmp_path / "a.eval"))
    (tmp_path / "b.eval").write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(DataError, match="a zip archive that is damaged"):
        read_evaluation_file(str(tmp_path / "b.eval"))


@pytest.mark.parametrize("texts", [["x" * 2000] * 50, {"a": "x" * 100_000}])
def test_lines_may_be_longer_than_what_shows_the_format(tmp_path, texts):
    lines = [{"id": place, "samples": texts, "correct": [1, 0]} for place in range(3)]
    found = rows(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert [(row["id"], row["correct"]) for row in found] == [(0, [1, 0]), (1, [1, 0]), (2, [1, 0])]
    repeats = [{"doc_id": place, "resps": [["x" * 50_000] * 2], "pass@1": 0.5} for place in range(3)]
    assert len(rows(tmp_path / "b.jsonl", "\n".join(map(json.dumps, repeats)))) == 3
