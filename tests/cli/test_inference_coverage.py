"""`scaling inference-coverage` as a user meets it: output, errors and exit codes of the real command."""

from __future__ import annotations

import csv
import functools
import io
import json

import jsonschema
import numpy as np
import polars as pl
import pytest

from scaling_cli.verbs.schema import schema_of
from tests import ROOT
from tests.cli.running import run_from_scratch
from tests.cli.running import run_here as run

SAMPLE = ROOT / "sample_data" / "samples.csv"
AUTO = {"beta-binomial", "power-law", "exponentiated-power-law", "mixture", "combined"}
FEW = ("--replicates", 100)
ONE = (*FEW, "--fit", "beta-binomial")  # where the law does not matter
SMALLEST = ("--by", "model", "--where", "model = 'sim-1B'")  # where the group does not matter


def counts(path, n, c, **columns):
    rows = {"problem_id": [f"p{i}" for i in range(len(n))], "n": n, "c": c}
    pl.DataFrame(rows | {name: [value] * len(n) for name, value in columns.items()}).write_csv(path)
    return path


def beta_counts(path, seed=0, problems=60, n=200, alpha=0.5, beta=6.0):
    rng = np.random.default_rng(seed)
    return counts(path, [n] * problems, rng.binomial(n, rng.beta(alpha, beta, problems)))


def document(*arguments):
    ran = run("inference-coverage", *arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    validator().validate(found)
    return found


@functools.cache
def validator():
    schema = schema_of("inference-coverage")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def codes(found):
    return {caveat["code"] for caveat in found["caveats"]}


def test_json_follows_its_schema_whatever_is_asked():
    prices = ("--model-params", "sim-1B=1B", "--model-params", "sim-8B=8B")
    questions = ("--budget", "1e13flops", "--target", 0.5, "--marginal", 1e-3, "--mix", "sim-8B", "--compare", "sim-8B")
    more = ("--tokens-out", 256, "--fit", "all", "--fpr", 0.01, "--train-exchange", 10)
    tokens = ("--pretrain-tokens", "1T", "--inference-tokens", "1T")
    two = ("--by", "model", "--where", "model <> 'sim-70B'")
    found = document(SAMPLE, *two, *prices, *questions, *more, *tokens, *FEW)
    assert [result["group"]["model"] for result in found["results"]] == ["sim-1B", "sim-8B"]
    first = found["results"][0]
    assert list(first)[:4] == ["group", "problems", "attempts", "unsolved"]
    assert set(first) == set(schema_of("inference-coverage")["$defs"]["CoverageResult"]["properties"])
    chances = [result["budgets"][0]["best_probability"] for result in found["results"]]
    assert sum(chances) == pytest.approx(1)


def test_a_backtest_scores_each_law_on_parts_of_the_log(tmp_path):
    rows = document(beta_counts(tmp_path / "a.csv", n=256), "--backtest", *FEW)["results"][0]["backtest"]
    assert {row["trained"] for row in rows} == {128, 32, 8}
    assert {row["law"] for row in rows} == AUTO
    assert all(row["held_out"] == 256 and row["samples"] == 10 for row in rows)
    near = {row["law"]: row["mean_absolute_error"] for row in rows if row["trained"] == 128}
    assert max(near.values()) < 0.05


def test_each_line_of_json_lines_is_a_document():
    ran = run("inference-coverage", SAMPLE, "--by", "model", "--format", "jsonl", *ONE)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) == 3
    for line in lines:
        validator().validate(line)


def test_the_same_command_gives_the_same_bytes():
    arguments = ("inference-coverage", SAMPLE, "--by", "model", "--json", *ONE)
    first, second = run_from_scratch(*arguments), run(*arguments)
    assert first.stdout == second.stdout != ""


def test_the_order_of_rows_does_not_matter(tmp_path):
    rows = pl.read_csv(SAMPLE)
    rows.sample(fraction=1, shuffle=True, seed=1).write_csv(tmp_path / "shuffled.csv")
    one, other = (document(path, "--by", "model", *ONE)["results"] for path in (SAMPLE, tmp_path / "shuffled.csv"))
    assert one == other


def test_a_forecast_always_holds_the_k_asked_for():
    (result,) = document(SAMPLE, *SMALLEST, "--to", "5e3", *FEW)["results"]
    assert {row["law"] for row in result["forecast"] if row["k"] == 5000} == AUTO


def test_coverage_beyond_the_attempts_is_bounded_and_never_one(tmp_path):
    path = counts(tmp_path / "short.csv", [10] * 30 + [4] * 30, [2, 0, 1] * 20)
    found = document(path, "--k", "1,4,8", *FEW)
    row = found["results"][0]["coverage"][2]
    assert (row["k"], row["estimate"]) == (8, None)
    assert 0 < row["low"] < row["high"] < 1
    assert "short-problems" in codes(found)
    dropped = document(path, "--k", "8", "--short", "drop", *FEW)
    assert dropped["results"][0]["coverage"][0]["estimate"] is not None
    assert "short-problems-dropped" in codes(dropped)
    assert run("inference-coverage", path, "--k", 8, "--short", "error").returncode == 4


def test_problems_never_solved_leave_an_upper_bound_and_no_law(tmp_path):
    found = document(counts(tmp_path / "none.csv", [100] * 39, [0] * 39), "--to", 1000, *FEW)
    result = found["results"][0]
    assert result["coverage"][0]["low"] == 0
    assert result["coverage"][0]["high"] == pytest.approx(1 - 0.9097, abs=1e-4)
    assert result["fits"] == {}
    assert all(row["estimate"] is None for row in result["forecast"])
    assert "all-alike" in codes(found)


def test_copies_of_one_answer_are_told(tmp_path):
    found = document(counts(tmp_path / "greedy.csv", [8] * 40, [0, 8] * 20), *FEW)
    assert "deterministic-sampling" in codes(found)
    assert found["results"][0]["fits"] == {}


def test_a_spread_that_chance_explains_is_told_and_only_the_curve_is_fitted(tmp_path):
    found = document(counts(tmp_path / "flat.csv", [32] * 40, [3, 4] * 20), *FEW)
    assert "overdispersion-not-identified" in codes(found)
    assert list(found["results"][0]["fits"]) == ["mixture", "power-law", "exponentiated-power-law"]


def test_forecasts_too_far_are_refused_without_force(tmp_path):
    path = beta_counts(tmp_path / "a.csv")
    refused = document(path, "--to", "1e6", *FEW)
    assert "far-extrapolation" in codes(refused)
    assert all(row["estimate"] is None for row in refused["results"][0]["forecast"] if row["k"] == 10**6)
    forced = document(path, "--to", "1e6", "--force", *FEW)
    assert all(row["estimate"] is not None for row in forced["results"][0]["forecast"])


def test_laws_that_disagree_give_no_single_number(tmp_path):
    path = counts(tmp_path / "few.csv", [32] * 40, [0] * 34 + [1] * 4 + [5, 20])
    found = document(path, "--to", "3200", *FEW)
    rows = [row for row in found["results"][0]["forecast"] if row["law"] == "combined"]
    assert "laws-disagree" in codes(found)
    assert rows[-1]["estimate"] is None
    assert rows[-1]["high"] - rows[-1]["low"] > 0.5


def test_logs_that_stop_at_success_are_told_and_corrected(shared_data):
    found = document(shared_data / "bon_llama3_attempts" / "attempts.parquet", "--k", "1,60,600", *FEW)
    result = found["results"][0]
    assert (result["design"], result["batch"]) == ("stop-at-success", 60)
    estimates = [row["estimate"] for row in result["coverage"]]
    assert estimates == pytest.approx([0.042243, 0.666667, 0.962264], abs=1e-6)
    assert "stop-at-success" in codes(found)


def test_a_verifier_that_was_logged_is_scored(tmp_path):
    rng = np.random.default_rng(0)
    correct = rng.random((40, 20)) < rng.beta(0.6, 2.0, (40, 1))
    accepted = np.where(correct, rng.random((40, 20)) < 0.9, rng.random((40, 20)) < 0.2)
    rows = [
        {"problem_id": i, "attempt": j, "correct": bool(correct[i, j]), "accepted": bool(accepted[i, j])}
        for i in range(40)
        for j in range(20)
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "v.parquet")
    result = document(tmp_path / "v.parquet", "--verified", "accepted", "--k", "1,10", *FEW)["results"][0]
    for row in result["selection"]:
        assert row["method"] == "logged-verifier"
        assert row["low"] < row["estimate"] < row["oracle"]


def test_weak_tests_are_seen_through(tmp_path):
    # Tests that pass one wrong answer in fifty make coverage rise to one; what is behind stays well below.
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 3.0, 400)
    path = counts(tmp_path / "weak.csv", [200] * 400, rng.binomial(200, 0.02 + 0.98 * p))
    found = document(path, "--fpr", 0.02, "--k", "1,100", *ONE)
    result = found["results"][0]
    seen, behind = result["coverage"][1]["estimate"], result["selection"][1]
    assert seen > 0.9
    assert behind["oracle"] == pytest.approx((1 - (1 - p) ** 100).mean(), abs=0.06)
    assert behind["estimate"] < result["verifier"]["ceiling"] < 0.7
    assert "false-positives" in codes(found)


def test_best_of_k_and_votes_come_from_attempts(tmp_path):
    rng = np.random.default_rng(1)
    rows = []
    for i in range(30):
        p = rng.beta(1.0, 2.0)
        for j in range(12):
            right = bool(rng.random() < p)
            answer = "right" if right else f"wrong{rng.integers(3)}"
            rows.append({"id": i, "attempt": j, "correct": right, "reward": right + rng.normal(), "said": answer})
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    arguments = ("--correct", "correct", "--score", "reward", "--answer", "said", "--k", "1,4,12")
    result = document(tmp_path / "a.csv", *arguments, *FEW)["results"][0]
    by_method = {
        method: [r for r in result["selection"] if r["method"] == method] for method in ("best-of-k", "majority")
    }
    for rows in by_method.values():
        assert rows[0]["estimate"] == pytest.approx(result["coverage"][0]["estimate"], abs=0.03)
        assert all(row["estimate"] <= row["oracle"] for row in rows[1:])
    assert by_method["best-of-k"][1]["estimate"] > by_method["best-of-k"][0]["estimate"]


def test_paired_differences_are_as_measured(shared_data):
    found = document(
        shared_data / "pythia_math" / "counts.csv", "--by", "model", "--k", "100", "--fit", "none",
        "--compare", "Pythia 6.9B", "--where", "model IN ('Pythia 12B', 'Pythia 6.9B')", *FEW,
    )  # fmt: skip
    row = found["results"][0]["comparisons"][0]
    assert row["difference"]["estimate"] == pytest.approx(0.0518, abs=5e-5)
    assert row["se_paired"] == pytest.approx(0.0134, abs=5e-5)
    unpaired = [result["coverage"][0]["se_problems"] for result in found["results"]]
    assert np.hypot(*unpaired) == pytest.approx(0.0490, abs=5e-5)


def test_csv_keeps_every_digit():
    ran = run("inference-coverage", SAMPLE, "--by", "model", "--format", "csv", *ONE)
    rows = list(csv.DictReader(io.StringIO(ran.stdout)))
    row = next(row for row in rows if row["name"] == "coverage" and row["model"] == "sim-1B")
    assert len(row["estimate"]) > 12


@pytest.mark.parametrize("format", ["plain", "md", "latex", "csv", "table"])
def test_every_format_has_every_group(format):
    ran = run("inference-coverage", SAMPLE, "--by", "model", "--format", format, "--budget", "1e13flops",
              "--model-params", "1B", "--tokens-out", 100, *ONE)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    for group in ("sim-1B", "sim-8B", "sim-70B"):
        assert group in ran.stdout


def test_control_characters_never_reach_the_terminal(tmp_path):
    path = beta_counts(tmp_path / "a.csv")
    pl.read_csv(path).with_columns(model=pl.lit("\x1b[31mred[/bold]")).write_csv(path)
    ran = run("inference-coverage", path, "--by", "model", *ONE)
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "\\x1b[31mred" in ran.stdout


def test_a_plot_can_be_drawn_into_a_pipe():
    ran = run("inference-coverage", SAMPLE, "--by", "model", "--plot", "ascii", *ONE)
    assert "attempts k" in ran.stdout
    assert ran.stdout.isascii()


def test_a_gate_trips_on_coverage():
    gate = ("--fail-if", "coverage.0.estimate < 0.5")
    assert run("inference-coverage", SAMPLE, "--by", "model", *gate, *ONE).returncode == 5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((SAMPLE,), 2, "--by model"),
        (("nothing.csv",), 3, "does not exist"),
        ((SAMPLE, "--by", "modle"), 2, "Did you mean 'model'"),
        ((SAMPLE, "--by", "model", "--k", "1.5"), 2, "whole numbers"),
        ((SAMPLE, "--by", "model", "--k", "log:x"), 2, "not a number"),
        ((SAMPLE, "--by", "model", "--fit", "magic"), 2, "beta-binomial"),
        ((SAMPLE, "--by", "model", "--budget", "10"), 2, "without a unit"),
        ((SAMPLE, "--by", "model", "--budget", "10usd"), 2, "--price-out"),
        ((SAMPLE, "--by", "model", "--target", "1.5"), 2, "between 0 and 1"),
        ((SAMPLE, "--by", "model", "--marginal", "nan"), 2, "--marginal"),
        ((SAMPLE, "--by", "model", "--marginal", "2"), 2, "--marginal is 2"),
        ((SAMPLE, "--by", "model", "--threshold", "nan"), 2, "threshold"),
        ((SAMPLE, "--by", "model", "--fpr", "1"), 2, "--fpr below --tpr"),
        ((SAMPLE, "--by", "model", "--compare", "sim-2B"), 2, "sim-1B"),
        ((SAMPLE, "--by", "model", "--mix", "sim-1B"), 2, "--budget"),
        ((SAMPLE, "--by", "model", "--train-exchange", "14"), 2, "--pretrain-tokens"),
        ((SAMPLE, "--by", "model", "--train-exchange", "14", "--pretrain-tokens", "0", "--inference-tokens", "1T"),
         2, "--pretrain-tokens"),
        ((SAMPLE, "--by", "model", "--to", "0"), 2, "--to"),
        ((SAMPLE, "--by", "model", "--level", "95"), 2, "0.95"),
        ((SAMPLE, "--by", "model", "--replicates", "3"), 2, "2000"),
        ((SAMPLE, "--by", "model", "--design", "stop-at-success"), 2, "--design"),
        ((SAMPLE, "--by", "model", "--n", "tries"), 2, "tries"),
    ],
)  # fmt: skip
def test_every_mistake_ends_in_an_error_and_a_hint(arguments, code, words):
    ran = run("inference-coverage", *arguments)
    assert ran.returncode == code, ran.stderr
    assert "error: " in ran.stderr
    assert "hint: " in ran.stderr
    assert words in ran.stderr


@pytest.mark.parametrize(
    ("n", "c"), [([1], [1]), ([1], [0]), ([5], [2]), ([1] * 30, [0, 1] * 15), ([3, 4], [1, 2]), ([2] * 30, [1] * 30)]
)
def test_the_smallest_logs_end_in_a_result_or_an_error(tmp_path, n, c):
    ran = run("inference-coverage", counts(tmp_path / "tiny.csv", n, c), *FEW)
    assert ran.returncode in (0, 4), ran.stderr
    assert "Traceback" not in ran.stderr
    assert "Warning" not in ran.stderr


def test_a_target_beyond_the_attempts_is_forecast():
    found = document(SAMPLE, *SMALLEST, "--target", 0.9, "--target", 0.5, *FEW)
    beyond, within = found["results"][0]["budgets"]
    assert (beyond["is_forecast"], within["is_forecast"]) == (True, False)
    assert beyond["k_low"] < 400 < beyond["k"]
    assert beyond["k_high"] is None  # the lower end of the forecast does not reach the target
    assert beyond["coverage"]["estimate"] == pytest.approx(0.9, abs=1e-3)
    assert within["k_low"] < within["k"] < within["k_high"] < 400


def test_one_row_of_problems_solved_is_not_taken_for_a_log(tmp_path):
    assert "one-problem" in codes(document(counts(tmp_path / "one.csv", [200], [61]), *ONE))


def test_budgets_of_logs_that_stop_come_from_the_product_limit(shared_data):
    path = shared_data / "bon_llama3_attempts" / "attempts.parquet"
    prices = ("--price-out", 10, "--tokens-out", 100)  # a thousandth of a dollar an attempt
    asked = ("--budget", "0.1usd", "--marginal", 1e-3, "--target", 0.9, "--policy", "stop")
    found = document(path, *asked, *prices, *ONE)["results"][0]["budgets"]
    by_question = {row["question"]: row for row in found}
    assert by_question["budget"]["k"] > 100
    assert by_question["budget"]["attempts"] == pytest.approx(100, abs=1)
    assert by_question["budget"]["coverage"]["estimate"] > 0.77
    assert 60 < by_question["marginal"]["k"] < 600
    assert by_question["target"]["k"] == pytest.approx(300, abs=20)


def test_logs_that_stop_are_not_paired(shared_data):
    path = shared_data / "bon_jailbreak_text" / "counts.csv"
    ran = run("inference-coverage", path, "--by", "model", "--fit", "none", "--compare", "GPT4o", *FEW)
    assert ran.returncode == 2
    assert "cannot be paired" in ran.stderr


def test_groups_without_a_common_problem_are_neither_mixed_nor_compared(tmp_path):
    rng = np.random.default_rng(0)
    c = rng.binomial(50, rng.beta(0.5, 5, 40))
    rows = pl.DataFrame({"problem_id": [f"p{i}" for i in range(40)], "n": 50, "c": c, "model": ["a"] * 20 + ["b"] * 20})
    rows.write_csv(tmp_path / "apart.csv")
    cost = ("--budget", "1e14flops", "--model-params", "1B", "--tokens-out", 5)
    for asked in (("--compare", "a"), ("--mix", "a", *cost)):
        ran = run("inference-coverage", tmp_path / "apart.csv", "--by", "model", *asked, *ONE)
        assert ran.returncode == 3
        assert "share" in ran.stderr


def test_the_chance_that_all_attempts_succeed_is_shown_on_request(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\n" + "\n".join(f"p{i},4,{c}" for i, c in enumerate([4, 3, 2, 0])))
    plain = run("inference-coverage", path, "--fit", "none", *FEW)
    asked = run("inference-coverage", path, "--all-succeed", "--k", "2", "--fit", "none", *FEW)
    assert "pass^k" not in plain.stdout
    # C(c, 2) / C(4, 2) is 1, 1/2, 1/6 and 0.
    section = asked.stdout.split("All of k succeed (pass^k)")[1].split("\n\n")[0]
    assert section.split()[-2:] == ["2", "0.4167"]


def test_a_budget_beyond_what_laws_are_followed_to_is_not_answered_but_by_force():
    prices = ("--price-out", 2, "--tokens-out", 1000)
    asked = ("inference-coverage", SAMPLE, *SMALLEST, "--budget", "1000usd", *prices, *FEW)
    refused = run(*asked, "--format", "plain")
    budgets = refused.stdout.partition("Budgets")[2]
    assert budgets.count("500,000  not forecast") == 1
    assert "k = 500,000 is 1,250 times the attempts made and is not forecast. Give --force" in refused.stderr
    assert "so its coverage is a forecast" not in refused.stderr
    forced = run(*asked, "--format", "plain", "--force")
    assert forced.stdout.partition("Budgets")[2].count("500,000*") == 1
    assert "is a guess at best" in forced.stderr
