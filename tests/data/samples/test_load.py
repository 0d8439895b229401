import gzip
import io
import json
import zipfile

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.samples import load
from scaling_cli.errors import DataError, UsageError
from tests.data.loading import load_samples

OUTCOMES = {"p1": [1, 0, 0, 1], "p2": [0, 0, 0, 0], "p3": [1, 1, 1, 1]}
COUNTS = [("p1", 4, 2), ("p2", 4, 0), ("p3", 4, 4)]


def attempts(**columns):
    rows = [
        {"problem_id": problem, "attempt": number, "correct": bool(correct)}
        for problem, outcomes in OUTCOMES.items()
        for number, correct in enumerate(outcomes)
    ]
    return pl.DataFrame([row | columns for row in rows])


def counts(table):
    return table.frame.select("problem", "n", "c").rows()


def codes(table):
    return [caveat.code for caveat in table.caveats]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "json"])
def test_attempts_are_counted_whatever_the_format(tmp_path, suffix):
    path, rows = tmp_path / f"log.{suffix}", attempts()
    {"csv": rows.write_csv, "parquet": rows.write_parquet, "jsonl": rows.write_ndjson, "json": rows.write_json}[suffix](
        path
    )
    table = load_samples(path)
    assert (counts(table), table.layout) == (COUNTS, "attempts")
    assert table.columns == {"problem": "problem_id", "correct": "correct", "attempt": "attempt"}
    assert table.sources[0].rows == 12


def test_counts_are_taken_as_they_are():
    rows = pl.DataFrame(COUNTS, schema=["task_id", "num_samples", "num_correct"], orient="row")
    assert (counts(load_samples(rows)), load_samples(rows).layout) == (COUNTS, "counts")


def test_a_row_for_each_k_is_one_problem(tmp_path):
    rows = pl.DataFrame(COUNTS, schema=["Problem Idx", "Num. Samples Total", "Num. Samples Correct"], orient="row")
    long = rows.join(pl.DataFrame({"Scaling Parameter": [1, 10, 100], "Score": [0.1, 0.2, 0.3]}), how="cross")
    table = load_samples(long.with_columns(pl.col("Num. Samples Correct").cast(pl.Float32)))
    assert (counts(table), table.layout) == (COUNTS, "curve")


def test_lists_of_outcomes_are_counted_in_order():
    rows = pl.DataFrame({"task_id": list(OUTCOMES), "is_corrects": list(OUTCOMES.values())})
    table = load_samples(rows)
    assert (counts(table), table.layout) == (COUNTS, "list")


def test_the_first_success_is_found_where_numbers_of_attempts_differ():
    outcomes = [[0, 0, 1], [1], [0, 1, 1, 0], [0, 0]]
    rows = pl.DataFrame({"task_id": list("abcd"), "is_corrects": outcomes})
    assert load_samples(rows).frame["first"].to_list() == [3, 1, 2, 0]
    long = rows.with_columns(attempt=pl.int_ranges(5, 5 + pl.col("is_corrects").list.len()))
    attempts = long.explode("is_corrects", "attempt").rename({"is_corrects": "correct"}).sample(
        fraction=1, shuffle=True, seed=0
    )  # fmt: skip
    assert load_samples(attempts).frame["first"].to_list() == [3, 1, 2, 0]


def test_a_matrix_has_one_row_per_problem(tmp_path):
    matrix = np.array(list(OUTCOMES.values()))
    np.save(tmp_path / "r.npy", matrix)
    table = load_samples(tmp_path / "r.npy")
    assert table.layout == "matrix"
    assert table.frame.select("n", "c").rows() == [(4, 2), (4, 0), (4, 4)]
    pl.DataFrame(matrix).write_csv(tmp_path / "r.csv")
    assert load_samples(tmp_path / "r.csv").frame.equals(table.frame)


def test_the_index_of_an_attempt_is_not_mistaken_for_a_count():
    rows = pl.DataFrame({"i": [0, 0, 1, 1], "n": [0, 1, 0, 1], "flagged": [False, True, False, False]})
    table = load_samples(rows)
    assert counts(table) == [("0", 2, 1), ("1", 2, 0)]
    assert table.columns == {"problem": "i", "correct": "flagged", "attempt": "n"}


def test_human_eval_results_are_attempts(tmp_path):
    path = tmp_path / "samples_results.jsonl"
    lines = [{"task_id": "HumanEval/0", "completion": "x", "result": "passed", "passed": True}]
    lines.append({"task_id": "HumanEval/0", "completion": "y", "result": "timed out", "passed": False})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert counts(load_samples(path)) == [("HumanEval/0", 2, 1)]


def test_evalplus_results_need_base_and_plus_tests(tmp_path):
    statuses = [("pass", "pass"), ("pass", "fail"), ("fail", "fail")]
    document = {"date": "x", "eval": {"Mbpp/2": [{"base_status": b, "plus_status": p} for b, p in statuses]}}
    (tmp_path / "eval_results.json").write_text(json.dumps(document))
    assert counts(load_samples(tmp_path / "eval_results.json")) == [("Mbpp/2", 3, 1)]
    base = load_samples(tmp_path / "eval_results.json", mapping={"correct": "base_status"})
    assert counts(base) == [("Mbpp/2", 3, 2)]


def lm_eval_line(doc, share, filter="none", responses=4):
    return {
        "doc_id": doc, "doc": {"question": "?"}, "filter": filter, "resps": [["a"] * responses],
        "filtered_resps": ["a"], "metrics": ["exact_match"], "exact_match": share,
    }  # fmt: skip


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_lm_eval_repeats_are_counted_from_their_pass_rate(tmp_path):
    path = write_lines(tmp_path / "samples_gsm8k_2026-01-01.jsonl", [lm_eval_line(0, 0.5), lm_eval_line(1, 0.0)])
    assert counts(load_samples(path)) == [("0", 4, 2), ("1", 4, 0)]


def test_lm_eval_repeats_without_a_pass_rate_are_refused(tmp_path):
    with pytest.raises(DataError, match="4 responses"):
        load_samples(write_lines(tmp_path / "s.jsonl", [lm_eval_line(0, 0.3)]))


def test_lm_eval_filters_are_never_pooled(tmp_path):
    path = write_lines(
        tmp_path / "s.jsonl", [lm_eval_line(0, 1.0, name, 1) for name in ("strict-match", "flexible-extract")]
    )
    with pytest.raises(UsageError, match="2 filters"):
        load_samples(path)
    assert counts(load_samples(path, where="filter = 'strict-match'")) == [("0", 1, 1)]


def inspect_samples():
    values = [("a", 1, "C"), ("a", 2, "I"), ("b", 1, "I"), ("b", 2, "I"), ("a", 1, "C")]
    samples = [{"id": i, "epoch": e, "scores": {"match": {"value": value}}} for i, e, value in values]
    return [*samples, {"id": "b", "epoch": 3, "error": {"message": "boom"}, "scores": {}}]


def test_inspect_logs_are_read_without_inspect(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("summaries.json", json.dumps(inspect_samples()))
    (tmp_path / "log.json").write_text(json.dumps({"eval": {"task": "t"}, "samples": inspect_samples()}))
    for name in ("log.eval", "log.json"):
        table = load_samples(tmp_path / name)
        assert counts(table) == [("a", 2, 1), ("b", 2, 0)]  # an error is missing, not a failure
        assert codes(table) == ["missing-outcomes", "repeated-attempts"]
    assert counts(load_samples(tmp_path / "log.eval", on_missing="fail")) == [("a", 2, 1), ("b", 3, 0)]


def zstandard_zip(path, text):
    """A zip with one member of method 93, which Python's own library cannot write before 3.14."""
    packed = io.BytesIO()
    lines = pl.DataFrame({"line": text.split("\n")})
    lines.write_csv(packed, include_header=False, quote_style="never", compression="zstd", check_extension=False)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", "{}")
        archive.writestr("summaries.json", packed.getvalue())
    whole = bytearray(path.read_bytes())
    local, central = whole.rfind(b"PK\x03\x04"), whole.rfind(b"PK\x01\x02")
    whole[local + 8 : local + 10] = whole[central + 10 : central + 12] = (93).to_bytes(2, "little")
    path.write_bytes(whole)


@pytest.mark.parametrize("indent", [None, 2])
def test_inspect_logs_packed_with_zstandard_are_read(tmp_path, indent):
    zstandard_zip(tmp_path / "log.eval", json.dumps(inspect_samples(), indent=indent))
    assert counts(load_samples(tmp_path / "log.eval")) == [("a", 2, 1), ("b", 2, 0)]


def test_a_damaged_zstandard_log_says_how_to_convert_it(tmp_path):
    zstandard_zip(tmp_path / "log.eval", json.dumps(inspect_samples()))
    whole = bytearray((tmp_path / "log.eval").read_bytes())
    start = whole.find(b"\x28\xb5\x2f\xfd")
    whole[start + 6 : start + 30] = b"\xff" * 24
    (tmp_path / "log.eval").write_bytes(whole)
    with pytest.raises(DataError) as caught:
        load_samples(tmp_path / "log.eval")
    assert "inspect log convert" in caught.value.hint


def test_large_language_monkeys_have_one_yaml_file_per_problem(tmp_path):
    text = "prompt: 'x'\nis_corrects:\n- true\n- false\nsamples:\n- 'is_corrects: [true, true]'\n"
    (tmp_path / "0.yaml").write_text(text)
    (tmp_path / "1.yaml").write_text("is_corrects: [false, false, true]\nquestion: why\n")
    table = load_samples([tmp_path / "0.yaml", tmp_path / "1.yaml"])
    assert counts(table) == [("0", 2, 1), ("1", 3, 1)]


def test_a_resumed_log_counts_each_attempt_once_by_its_last_row():
    rows = pl.concat([attempts(), attempts().filter(pl.col("attempt") == 1).with_columns(correct=pl.lit(True))])
    table = load_samples(rows)
    assert counts(table) == [("p1", 4, 3), ("p2", 4, 1), ("p3", 4, 4)]
    assert codes(table) == ["repeated-attempts"]


def test_models_are_not_pooled():
    rows = pl.concat([attempts(model="a"), attempts(model="b")])
    with pytest.raises(UsageError, match="'model'") as error:
        load_samples(rows)
    assert "--by model" in error.value.hint
    table = load_samples(rows, by=["model"])
    assert table.frame.select("model", "problem", "n").rows()[:2] == [("a", "p1", 4), ("a", "p2", 4)]


def test_tasks_are_pooled_with_a_caveat_and_their_problems_stay_separate():
    table = load_samples(pl.concat([attempts(task="x"), attempts(task="y")]))
    assert table.frame.height == 6
    assert codes(table) == ["pooled-tasks"]


def test_scores_need_a_threshold():
    rows = attempts().with_columns(correct=pl.col("correct") * 0.7)
    with pytest.raises(UsageError, match="values other than 0 and 1"):
        load_samples(rows)
    assert counts(load_samples(rows, threshold=0.5)) == COUNTS


def test_missing_outcomes_are_left_out_and_counted():
    rows = (
        attempts()
        .with_columns(correct=pl.col("correct").cast(pl.Float64))
        .with_columns(correct=pl.when(pl.col("attempt") == 0).then(float("nan")).otherwise("correct"))
    )
    table = load_samples(rows)
    assert counts(table) == [("p1", 3, 1), ("p2", 3, 0), ("p3", 3, 3)]
    assert codes(table) == ["missing-outcomes"]


@pytest.mark.parametrize("words", [("C", "I"), ("true", "False"), ("pass", "fail"), ("1", "0"), ("resolved", "no")])
def test_words_for_outcomes_are_known(words):
    rows = attempts().with_columns(correct=pl.when("correct").then(pl.lit(words[0])).otherwise(pl.lit(words[1])))
    assert counts(load_samples(rows)) == COUNTS


def test_two_candidates_for_a_role_are_refused():
    with pytest.raises(UsageError, match="passed") as error:
        load_samples(attempts(passed=True))
    assert "--correct" in error.value.hint
    assert counts(load_samples(attempts(passed=True), mapping={"correct": "correct"})) == COUNTS


def test_more_successes_than_attempts_are_refused():
    with pytest.raises(DataError, match="c = 9"):
        load_samples(pl.DataFrame({"problem_id": ["a"], "n": [4], "c": [9]}))


def test_a_table_without_outcomes_says_what_it_lacks():
    with pytest.raises(DataError, match="correct"):
        load_samples(pl.DataFrame({"problem_id": ["a", "a"], "text": ["x", "y"]}))


def test_a_broken_document_is_an_error_not_a_traceback(tmp_path):
    (tmp_path / "x.json").write_text('{"eval": {"a": [1]}}')
    with pytest.raises(DataError, match="cannot be read"):
        load_samples(tmp_path / "x.json")


def test_verifier_and_cluster_columns_are_counted():
    rows = attempts().with_columns(accepted=pl.col("attempt") < 2, repo=pl.col("problem_id").str.slice(0, 1))
    table = load_samples(rows, mapping={"verified": "accepted", "cluster": "repo"})
    assert table.frame.select("accepted", "accepted_correct", "cluster").rows() == [
        (2, 1, "p"), (2, 0, "p"), (2, 2, "p"),
    ]  # fmt: skip


def test_packed_tables_are_read(tmp_path):
    with gzip.open(tmp_path / "log.csv.gz", "wb") as file:
        file.write(attempts().write_csv().encode())
    assert counts(load_samples(tmp_path / "log.csv.gz")) == COUNTS


def test_real_attempts_are_recognised(shared_data):
    table = load_samples(shared_data / "bon_llama3_attempts" / "attempts.parquet")
    assert (table.frame.height, int(table.frame["n"].sum())) == (159, 29_880)
    assert table.layout == "attempts"


def test_a_bad_file_among_good_ones_is_listed(tmp_path):
    attempts().write_json(tmp_path / "good.json")
    (tmp_path / "bad.json").write_text("[1, 2]")
    table = load_samples([tmp_path / "good.json", tmp_path / "bad.json"])
    assert counts(table) == COUNTS
    assert [file.path for file in table.unread] == [str(tmp_path / "bad.json")]


def test_counts_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="several rows of counts"):
        load_samples(pl.DataFrame({"problem_id": ["a", "a"], "n": [10, 10], "c": [1, 2]}))


def test_groups_cannot_replace_the_counts():
    with pytest.raises(UsageError, match="called 'n'"):
        load_samples(pl.DataFrame(COUNTS, schema=["problem_id", "n", "c"], orient="row"), by=["n"])


def test_columns_of_words_are_not_a_matrix_of_outcomes():
    rows = pl.DataFrame({"task": ["a", "a"], "prompt": ["x", "y"], "ok": [1, 0]})
    with pytest.raises(DataError, match="have no column that could be identified as 'problem'"):
        load_samples(rows)


MATRIX = pl.DataFrame({"problem": ["a", "b"], "s0": [1, 0], "s1": [1, 0], "s2": [0, None]})


@pytest.mark.parametrize("name", ["problem", "question_id", "", "Unnamed: 0", "Index"])
def test_a_matrix_may_name_its_problems(name):
    table = load_samples(MATRIX.rename({"problem": name}))
    assert (table.layout, table.columns) == ("matrix", {"problem": name})
    assert table.frame.rows() == [("a", 3, 2), ("b", 2, 0)]


def test_the_problem_of_a_matrix_can_be_given():
    table = load_samples(MATRIX.rename({"problem": "q"}), layout="matrix", mapping={"problem": "q"})
    assert table.frame["problem"].to_list() == ["a", "b"]


def test_a_matrix_with_repeated_problems_needs_groups_that_separate_them():
    twice = pl.concat([MATRIX.with_columns(model=pl.lit(name)) for name in "xy"])
    with pytest.raises(UsageError, match="several rows"):
        load_samples(twice.drop("model"), layout="matrix")
    assert load_samples(twice, by=["model"]).frame.height == 4


def test_counts_and_attempts_of_zeros_and_ones_are_not_a_matrix():
    assert load_samples(pl.DataFrame({"problem": ["a", "b"], "n": [1, 1], "c": [1, 0]})).layout == "counts"
    assert load_samples(pl.DataFrame({"problem": ["a", "b"], "correct": [1, 0]})).layout == "attempts"


def test_rows_of_a_matrix_without_a_problem_are_counted():
    table = load_samples(pl.DataFrame({"problem": ["a", None, None], "s0": [1, 0, 1], "s1": [1, 0, 0]}))
    assert table.frame["problem"].to_list() == ["a"]
    assert any("2 of 3" in caveat.message for caveat in table.caveats)


@pytest.mark.parametrize(("most", "is_read"), [(3, True), (2, False)])
def test_a_log_of_very_many_columns_is_refused(monkeypatch, most, is_read):
    monkeypatch.setattr(load, "MOST_COLUMNS", most)
    rows = pl.DataFrame({"problem": ["a"], "n": [4], "c": [1]})
    if is_read:
        assert counts(load_samples(rows)) == [("a", 4, 1)]
    else:
        with pytest.raises(DataError, match="has 3 columns, but at most 2 can be read"):
            load_samples(rows)


@pytest.mark.parametrize(
    ("by", "message"), [("n", "which is also a column of the result"), ("x", "Unknown column 'x'")]
)
def test_groups_that_cannot_be_are_refused(by, message):
    with pytest.raises(UsageError, match=message):
        load_samples(pl.DataFrame({"problem": ["a"], "n": [4], "c": [1]}), by=[by])


def test_rows_that_a_condition_cannot_judge_are_left_out():
    rows = attempts()
    odd = rows.with_columns(t=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("x")).otherwise(pl.lit("2")))
    long = pl.concat([rows.with_columns(t=pl.lit("1"))] * 84 + [odd])  # the first thousand cells are numbers
    assert counts(load_samples(long, where="t > 1")) == [("p1", 3, 1), ("p2", 4, 0), ("p3", 4, 4)]


def test_a_condition_may_name_roles():
    rows = attempts().rename({"attempt": "number"})
    table = load_samples(rows, where="attempt < 2", mapping={"attempt": "number"})
    assert counts(table) == [("p1", 2, 1), ("p2", 2, 0), ("p3", 2, 2)]


def test_each_file_has_its_rows_and_tables_in_memory_have_no_files(tmp_path):
    attempts().write_csv(tmp_path / "a.csv")
    attempts().with_columns(pl.col("problem_id") + "x").write_json(tmp_path / "b.json")
    table = load_samples([tmp_path / "a.csv", tmp_path / "b.json"])
    assert {source.path.rsplit("/", 1)[1]: source.rows for source in table.sources} == {"a.csv": 12, "b.json": 12}
    assert table.frame.height == 6
    assert load_samples(attempts()).sources == ()
    alone = load_samples(tmp_path / "a.csv", where="attempt < 2")
    assert alone.sources[0].rows == 12  # of the file, not of what was kept
    with pytest.raises(DataError, match="does not contain a list of objects"):
        load_samples([_written(tmp_path / "c.json", "[1]")])
    with pytest.raises(DataError, match="None of 2 files can be read"):
        load_samples([_written(tmp_path / name, "[1]") for name in ("c.json", "d.json")])


def _written(path, text):
    path.write_text(text)
    return path


MARKED = pl.DataFrame({"problem": ["a", "b"], "n": [8, 8], "c": [3, 5], "mark": [0.5, 0.7]})


@pytest.mark.parametrize("role", ["cluster", "score", "answer", "verified", "attempt", "problem", "n"])
def test_a_column_that_does_not_exist_is_refused_whatever_the_layout(role):
    with pytest.raises(UsageError, match="Unknown column 'mrk'") as caught:
        load_samples(MARKED, mapping={role: "mrk"})
    assert "Did you mean 'mark'?" in caught.value.hint


@pytest.mark.parametrize("role", ["score", "answer", "verified"])
def test_counts_have_no_column_of_single_attempts(role):
    with pytest.raises(UsageError, match=f"--{role} is read from single attempts") as caught:
        load_samples(MARKED, mapping={role: "mark"})
    assert f"Leave --{role} out" in caught.value.hint
    assert load_samples(MARKED, mapping={"cluster": "mark"}).columns["cluster"] == "mark"


def test_a_column_without_verdicts_is_no_verifier_that_rejects_everything():
    table = attempts().with_columns(verdict=pl.Series(["a1", "b2", "c3"] * 4))
    with pytest.raises(DataError, match="Column 'verdict' has no verdicts"):
        load_samples(table, mapping={"verified": "verdict"})
    understood = attempts().with_columns(verdict=pl.Series(["yes", "no", "x"] * 4))
    loaded = load_samples(understood, mapping={"verified": "verdict"})
    assert loaded.frame["accepted"].sum() == 4
    (doubt,) = [each for each in loaded.caveats if each.code == "missing-verdicts"]
    assert doubt.message.startswith("4 attempts have no verdict in column verdict")


def test_scores_in_place_of_verdicts_are_refused():
    table = attempts().with_columns(pl.Series("how sure", [0.2, 0.7, 1.0] * 4))
    with pytest.raises(DataError, match="values other than 0 and 1") as caught:
        load_samples(table, mapping={"verified": "how sure"})
    assert "--score 'how sure' in place of --verified" in caught.value.hint
