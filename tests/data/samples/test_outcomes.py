"""Outcomes in words, in nested fields, in lists, and in the files of evaluation tools."""

import json
import zipfile

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.samples.outcomes import WORDS, outcome
from scaling_cli.errors import DataError, ScalingError
from tests.data.loading import load_samples

PROBLEMS, ATTEMPTS = 12, 6


def drawn(seed):
    """Outcomes (problems, attempts) of 0 and 1."""
    return np.random.default_rng(seed).integers(0, 2, (PROBLEMS, ATTEMPTS))


def attempts(outcomes, words):
    return pl.DataFrame(
        [(f"p{i}", j, words[value]) for i, row in enumerate(outcomes.tolist()) for j, value in enumerate(row)],
        schema=["problem", "attempt", "verdict"],
        orient="row",
    )


def successes(table):
    return table.frame.with_columns(pl.col("problem").str.extract(r"(\d+)").cast(int)).sort("problem")["c"].to_list()


def codes(table):
    return {caveat.code for caveat in table.caveats}


def test_words_that_are_not_understood_are_named_with_the_option_to_use():
    frame = attempts(drawn(1), {0: "WA", 1: "AC"})
    with pytest.raises(DataError, match=r"'verdict' is understood: .*'WA' \(\d+\)") as caught:
        load_samples(frame, mapping={"correct": "verdict"})
    assert "--success WORD" in caught.value.hint


def test_the_words_of_success_make_all_other_words_failures():
    outcomes = drawn(2)
    table = load_samples(attempts(outcomes, {0: "WA", 1: "AC"}), mapping={"correct": "verdict"}, success=("ac",))
    assert successes(table) == outcomes.sum(axis=1).tolist()
    assert not codes(table) & {"unknown-outcomes", "missing-outcomes"}


def test_some_words_that_are_not_understood_are_a_caveat_that_names_them():
    frame = attempts(drawn(3), {0: "FAILED", 1: "PASSED"})
    odd = frame.with_columns(verdict=pl.when(pl.col("attempt") == 0).then(pl.lit("ERROR")).otherwise("verdict"))
    table = load_samples(odd, mapping={"correct": "verdict"})
    (caveat,) = [caveat for caveat in table.caveats if caveat.code == "unknown-outcomes"]
    assert f"'ERROR' ({PROBLEMS})" in caveat.message
    assert "--success" in caveat.message
    assert "unknown-outcomes" not in codes(load_samples(frame, mapping={"correct": "verdict"}))


@pytest.mark.sample
@pytest.mark.parametrize(("words", "kind"), [({0: "no", 1: "AC"}, "failures"), ({0: "WA", 1: "yes"}, "successes")])
@pytest.mark.parametrize("layout", ["attempts", "matrix"])
def test_words_of_which_only_one_kind_is_understood_are_refused(words, kind, layout):
    frame, outcomes = attempts(drawn(4), words), drawn(4)
    if layout == "matrix":
        frame = frame.pivot("attempt", index="problem", values="verdict")
    options = {"layout": layout, **({"mapping": {"correct": "verdict"}} if layout == "attempts" else {})}
    with pytest.raises(DataError, match=f"Only words for {kind} are understood .*'(AC|WA)'") as caught:
        load_samples(frame, **options)
    assert "--success WORD" in caught.value.hint
    assert successes(load_samples(frame, **options, success=(words[1],))) == outcomes.sum(axis=1).tolist()


@pytest.mark.parametrize(
    "words", [("N", "Y"), ("F", "T"), ("wrong", "right"), ("timeout", "ok"), ("Rejected", "ACCEPTED")]
)
def test_usual_pairs_of_words_are_understood(words):
    table = load_samples(attempts(drawn(5), dict(enumerate(words))), mapping={"correct": "verdict"})
    assert successes(table) == drawn(5).sum(axis=1).tolist()
    assert not table.caveats


def test_an_empty_outcome_is_missing_and_not_a_word():
    frame = attempts(drawn(4), {0: "no", 1: "yes"})
    gaps = frame.with_columns(verdict=pl.when(pl.col("attempt") > 0).then("verdict"))
    assert codes(load_samples(gaps, mapping={"correct": "verdict"})) == {"missing-outcomes"}


def test_a_matrix_of_words_is_read(tmp_path):
    outcomes = drawn(5)
    words = [["yes" if value else "no" for value in row] for row in outcomes]
    lines = [",".join([f"p{i}", *row]) for i, row in enumerate(words)]
    (tmp_path / "m.csv").write_text("problem," + ",".join(f"run{j}" for j in range(ATTEMPTS)) + "\n" + "\n".join(lines))
    assert successes(load_samples(tmp_path / "m.csv")) == outcomes.sum(axis=1).tolist()


@pytest.mark.parametrize("suffix", ["jsonl", "json", "parquet", "frame"])
def test_a_nested_outcome_is_reached_by_the_names_of_both_levels(tmp_path, suffix):
    outcomes = drawn(6)
    rows = [
        {"task_id": f"t{i}", "sample": j, "result": {"passed": bool(value), "time": {"wall": 0.5}}}
        for i, row in enumerate(outcomes)
        for j, value in enumerate(row)
    ]
    given = tmp_path / f"log.{suffix}"
    if suffix == "jsonl":
        given.write_text("\n".join(map(json.dumps, rows)))
    elif suffix == "json":
        given.write_text(json.dumps(rows))
    elif suffix == "parquet":
        pl.DataFrame(rows).write_parquet(given)
    else:
        given = pl.DataFrame(rows)
    table = load_samples(given, mapping={"correct": "result/passed"}, where='"result/time/wall" < 1')
    assert successes(table) == outcomes.sum(axis=1).tolist()


def test_columns_of_lists_are_listed_and_not_cast(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps({"total": 2, "resolved_ids": ["a"], "unresolved_ids": ["b"]}))
    with pytest.raises(DataError, match="the columns are total, resolved_ids, unresolved_ids"):
        load_samples(tmp_path)


def test_a_list_of_grades_comes_before_the_pass_rate_beside_it(tmp_path):
    outcomes = drawn(7)
    rows = [
        {"question_id": f"q{i}", "graded_list": [bool(value) for value in row], "pass@1": float(row.mean())}
        for i, row in enumerate(outcomes)
    ]
    (tmp_path / "eval_all.json").write_text(json.dumps(rows))
    assert successes(load_samples(tmp_path)) == outcomes.sum(axis=1).tolist()


@pytest.mark.parametrize("names", [("pass@1", "pass@10"), ("pass@10", "pass@1"), ("pass_at_10", "pass_at_1")])
def test_pass_at_1_of_lm_eval_counts_the_right_responses_beside_other_metrics(tmp_path, names):
    outcomes = drawn(8)
    values = {name: (0.5 if name.endswith("10") else None) for name in names}
    rows = [
        {
            "doc_id": i,
            "filter": "none",
            "resps": [["a"] * ATTEMPTS],
            "metrics": list(names),
            **{name: float(row.mean()) if value is None else value for name, value in values.items()},
        }
        for i, row in enumerate(outcomes)
    ]
    (tmp_path / "samples_x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert successes(load_samples(tmp_path)) == outcomes.sum(axis=1).tolist()


def inspect_log(path, outcomes, member):
    samples = [
        {"id": f"{i}", "epoch": j + 1, "scores": {"match": {"value": "C" if value else "I"}}}
        for i, row in enumerate(outcomes)
        for j, value in enumerate(row)
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", "{}")
        archive.writestr(member, json.dumps(samples))


def test_a_folder_of_inspect_logs_is_read(tmp_path):
    outcomes = drawn(9)
    inspect_log(tmp_path / "2026-01-01T10-00-00+00-00_t_x.eval", outcomes, "summaries.json")
    assert successes(load_samples(tmp_path)) == outcomes.sum(axis=1).tolist()


def test_the_log_of_an_evaluation_that_did_not_finish_says_so(tmp_path):
    inspect_log(tmp_path / "a.eval", drawn(10), "_journal/summaries/1.json")
    with pytest.raises(DataError, match="did not finish") as caught:
        load_samples(tmp_path / "a.eval")
    assert "inspect log recover" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("epoch.json", {"eval": {}, "samples": [{"id": 1, "epoch": "first", "scores": {"a": {"value": 1}}}]}),
        ("plus.json", {"eval": {"a": [1]}}),
        ("torn.json", "[2026-01-01] step"),
        ("torn.json", '[{"a": 1}, {"a"'),
    ],
)
def test_errors_about_damaged_files_name_the_file_and_no_error_of_python(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DataError) as caught:
        load_samples(path)
    assert str(path) in caught.value.message
    assert "Error" not in caught.value.message
    assert "Expecting" not in caught.value.message


def test_a_wide_array_is_counted_as_lists_and_a_short_one_is_damaged(tmp_path):
    outcomes = np.random.default_rng(11).integers(0, 2, (3, 1500))
    np.save(tmp_path / "wide.npy", outcomes.astype(np.int8))
    assert load_samples(tmp_path / "wide.npy").frame["c"].to_list() == outcomes.sum(axis=1).tolist()
    (tmp_path / "short.npy").write_bytes((tmp_path / "wide.npy").read_bytes()[:-10])
    with pytest.raises(DataError, match="damaged"):
        load_samples(tmp_path / "short.npy")


@pytest.mark.parametrize("attempts", [10**9, 10**15])
def test_more_attempts_than_can_be_resampled_are_refused(attempts):
    with pytest.raises(DataError, match="the most that can be resampled"):
        load_samples(pl.DataFrame({"problem": ["a", "b"], "n": [attempts, attempts], "c": [3, 4]}))


@pytest.mark.parametrize("name", ["pass@1", "pass_at_10", "humaneval/pass@k", "pass@1,none"])
def test_a_share_of_attempts_is_not_an_outcome(name):
    with pytest.raises(ScalingError, match="shares of attempts") as raised:
        load_samples(pl.DataFrame({"problem": ["a", "b"], name: [0.5, 0.25]}), mapping={"correct": name})
    assert "--n and --c" in raised.value.hint
    with pytest.raises(ScalingError, match="share that is averaged"):
        load_samples(pl.DataFrame({"k": [1, 2, 4], name: [0.1, 0.2, 0.3]}))


def test_cells_that_repeat_are_read_as_each_by_itself():
    cells = ["1", " PASS ", "wa", "nan", "", None, "n/a", "0.5", "70%", "C", "True", "-", "1e-3"]
    schema = pl.Schema({"cell": pl.String})
    alone = [pl.DataFrame({"cell": [cell]}, schema).select(outcome("cell", schema)).item() for cell in cells]
    many = pl.DataFrame({"cell": cells * 5}, schema).select(outcome("cell", schema)).to_series()
    assert many.to_list() == alone * 5
    assert alone[:9] == [1.0, 1.0, None, None, None, None, None, 0.5, None]


def test_words_are_successes_failures_or_half():
    good = {"c", "true", "yes", "pass", "passed", "correct", "resolved", "success"}
    good |= {"y", "t", "ok", "right", "solved", "accepted"}
    half, schema = {"p"}, pl.Schema({"cell": pl.String})
    assert good | half < set(WORDS)
    for word in WORDS:
        (found,) = pl.DataFrame({"cell": [word]}, schema).select(outcome("cell", schema)).to_series()
        assert found == (1.0 if word in good else 0.5 if word in half else 0.0)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("C true yes pass passed correct resolved success", 1.0),
        ("P", 0.5),
        ("I N false no fail failed incorrect unresolved failure timeout", 0.0),
    ],
)
def test_words_of_evaluation_tools_have_their_numbers(words, number):
    frame = pl.DataFrame({"verdict": [each for word in words.split() for each in (word, word.upper())]})
    assert frame.select(outcome("verdict", frame.schema))["verdict"].to_list() == [number] * frame.height
    assert {word.upper() for word in words.split()} <= {word.upper() for word in WORDS}
