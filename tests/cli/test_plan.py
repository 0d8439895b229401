"""`scaling plan` as a user meets it: from the command to the file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests import ROOT
from tests.cli.running import run as run_alone
from tests.cli.running import run_here as run

RUNS = str(ROOT / "sample_data" / "isoflop_runs.csv")
FIRST = ("plan", "--law", "chinchilla:besiroglu", "--budget", "1e21", "--goal", "params@1e24")
FEW = ("--law", "chinchilla", "--replicates", "40", "--max-runs", "8")
QUICK = ("--law", "chinchilla", "--replicates", "40", "--max-runs", "10")


def planned(*words):
    ended = run(*words, "--json", "--quiet")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)["results"]


def test_the_first_minute_needs_no_data():
    ended = run(*FIRST)
    assert ended.returncode == 0, ended.stderr
    first = ended.stdout.splitlines()[0]
    assert first.startswith("20 runs, ")
    assert "95 % interval of best params at 1e24 FLOPs is expected to be [" in first
    assert "IsoFLOP grid of +-0.75 decades would need" in first


def test_a_launcher_reads_one_row_per_run(tmp_path):
    path = tmp_path / "runs.csv"
    assert run(*FIRST, "--rounds", "2", "-o", str(path), "-q").returncode == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert len({row["run"] for row in rows}) == 20
    assert {row["round"] for row in rows} == {"1", "2"}
    assert sum(float(row["compute"]) for row in rows) <= 1e21 * (1 + 1e-9)
    for row in rows:
        assert 6 * int(row["params"]) * int(row["tokens"]) == pytest.approx(float(row["compute"]), rel=1e-5)


def test_json_lines_of_the_runs_say_what_the_csv_says(tmp_path):
    lines, table = tmp_path / "runs.jsonl", tmp_path / "runs.csv"
    ended = run(*FIRST, "--recipe", "--launch", str(lines), "--launch", str(table), "-q")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("20 runs, ")  # the result is printed all the same
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    with table.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [list(row) for row in written]
    assert len({row["run"] for row in rows}) == len(rows) == 20
    for row, same in zip(rows, written, strict=True):
        assert (row["params"], row["tokens"], row["gpu_hours"]) == (int(same["params"]), int(same["tokens"]), None)
        assert row["width"] == float(same["width"])


@pytest.mark.parametrize(
    ("name", "problem"),
    [("runs.csv", "files that are read"), ("runs.txt", "does not end in"), ("no/r.csv", "cannot be")],
)
def test_the_runs_to_train_are_written_safely(tmp_path, name, problem):
    (tmp_path / "runs.csv").write_text("params,tokens\n1e8,2e10\n")
    ended = run(*FIRST, "--underway", str(tmp_path / "runs.csv"), "--launch", str(tmp_path / name))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert problem in ended.stderr
    assert (tmp_path / "runs.csv").read_text() == "params,tokens\n1e8,2e10\n"


def test_a_plan_is_judged_by_the_tool_that_made_it(tmp_path):
    path = tmp_path / "runs.csv"
    few = (*FIRST, "--max-runs", "10")
    assert run(*few, "--test-share", "0", "-o", str(path), "-q").returncode == 0
    (result,) = planned(*few, "--judge", str(path))
    (mine,) = result["judged"]
    # A plan for one goal is nearly the best of its cost: searches of different draws differ by little.
    assert mine["widths"][0] == pytest.approx(mine["best_widths"][0], rel=0.1)
    grid = tmp_path / "grid.csv"
    steps = 10 ** np.linspace(-0.5, 0.5, 5)
    table = [(np.sqrt(c / 120) * s, c / 6 / (np.sqrt(c / 120) * s)) for c in np.geomspace(1e18, 1e20, 4) for s in steps]
    pl.DataFrame(table, schema=["params", "tokens"], orient="row").write_csv(grid)
    (result,) = planned(*few, "--judge", str(grid))
    assert result["judged"][0]["widths"][0] > 2 * result["judged"][0]["best_widths"][0]


def test_money_buys_the_runs():
    bought = ("--peak-flops", "h100", "--mfu", "0.4", "--price-per-gpu-hour", "2")
    (result,) = planned(
        "plan", "--law", "chinchilla:besiroglu", "--budget", "2000usd", "--goal", "params@1e24", *bought
    )
    assert result["bill"]["price"] <= 2000 * (1 + 1e-9)
    assert result["budget"] == pytest.approx(1000 * 3600 * 989.4e12 * 0.4)
    assert sum(each["bill"]["price"] * each["repeats"] for each in result["runs"]) == pytest.approx(
        result["bill"]["price"]
    )


def test_a_budget_in_dollars_gives_the_split_of_its_flops_in_a_file(tmp_path):
    path = tmp_path / "split.json"
    bought = ("--peak-flops", "h100", "--mfu", "0.4", "--price-per-gpu-hour", "2")
    words = (
        "optimal-allocation",
        "--law",
        "chinchilla:besiroglu",
        "--budget",
        "1e6usd",
        *bought,
        "-o",
        str(path),
        "-q",
    )
    ended = run(*words)
    assert ended.returncode == 0, ended.stderr
    (row,) = json.loads(path.read_text())["results"][0]["allocations"]
    assert row["compute"] == pytest.approx(5e5 * 3600 * 989.4e12 * 0.4)  # 500,000 GPU-hours
    assert 6 * row["params"]["estimate"] * row["tokens"]["estimate"] == pytest.approx(row["compute"], rel=1e-6)
    assert row["bill"]["price"] == pytest.approx(1e6)


def test_a_recipe_of_a_users_file_reaches_the_launcher(tmp_path):
    rules, launch = tmp_path / "house.txt", tmp_path / "runs.jsonl"
    rules.write_text("# ours\ndepth = 8 + params / 1e8\nwidth = 100 * depth\nwarmup = 0.01 * tokens\n")
    ended = run(*FIRST, "--recipe", "--rules", str(rules), "--launch", str(launch))
    assert ended.returncode == 0, ended.stderr
    assert "depth, width, warmup by house.txt; heads" in ended.stdout  # what is not ours names its source
    assert "DeepSeek LLM 2024" in ended.stdout
    rows = [json.loads(line) for line in launch.read_text().splitlines()]
    assert len(rows) == 20
    for row in rows:
        assert row["depth"] == max(round(8 + row["params"] / 1e8), 1)
        assert row["width"] == 64 * round(100 * row["depth"] / 64)
        assert row["warmup"] == pytest.approx(0.01 * row["tokens"])


def priced_runs(path, hours, **columns):
    generator = np.random.default_rng(2)
    compute = np.repeat(np.geomspace(1e18, 1e20, 4), 6)
    params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.8, 0.8, 24)
    tokens = compute / 6 / params
    loss = (1.8 + 480 / params**0.348 + 2085 / tokens**0.366) * np.exp(0.004 * generator.standard_normal(24))
    took = hours(compute) * np.exp(0.05 * generator.standard_normal(24))
    frame = pl.DataFrame({"params": params, "tokens": tokens, "loss": loss, "took": took, **columns})
    frame.with_columns(took=pl.col("took") * (450 if columns else 1)).write_csv(path)
    return str(path)


def test_money_buys_runs_at_the_cost_of_those_that_there_are(tmp_path):
    """Cost is fitted to GPU-hours; seconds and GPUs say the same."""
    path = priced_runs(tmp_path / "runs.csv", lambda compute: 40 * (compute / 1e19) ** 0.9)
    timed = priced_runs(tmp_path / "timed.csv", lambda compute: 40 * (compute / 1e19) ** 0.9, world_size=8)
    words = ("--goal", "params@1e24", "--budget", "2000usd", "--price-per-gpu-hour", "2", *QUICK)
    (result,) = planned("plan", path, "--map", "gpu_hours=took", *words)
    (same,) = planned("plan", timed, "--map", "seconds=took", *words)
    for each in (result, same):
        assert 0.5 * 2000 < each["bill"]["price"] <= 2000 * (1 + 1e-9)
        assert "GPU-hours grow as compute^0.9" in each["notes"][0]
        for run_ in each["runs"]:
            assert run_["bill"]["gpu_hours"] == pytest.approx(40 * (run_["compute"] / 1e19) ** 0.9, rel=0.1)
    assert result["runs"] == same["runs"]


def test_a_cost_that_does_not_grow_with_compute_is_refused(tmp_path):
    path = priced_runs(tmp_path / "runs.csv", lambda compute: 7 + 0 * compute)
    words = ("plan", path, "--map", "gpu_hours=took", "--goal", "alpha", *QUICK)
    refused = run(*words, "--budget", "2000usd", "--price-per-gpu-hour", "2")
    assert refused.returncode == 2
    assert "those of training runs grow about as compute" in refused.stderr
    known = run(*words, "--budget", "1e20", "--json")
    assert known.returncode == 0
    document = json.loads(known.stdout)
    assert document["results"][0]["bill"] is None
    assert "cost-not-fitted" in {each["code"] for each in document["caveats"]}


def test_seconds_alone_are_not_a_cost(tmp_path):
    path = priced_runs(tmp_path / "runs.csv", lambda compute: 40 * (compute / 1e19))
    words = ("plan", path, "--map", "seconds=took", "--goal", "alpha", *QUICK)
    assert "no number of GPUs" in run(*words, "--budget", "8gpu*30days").stderr
    assert "cost-not-fitted" not in run(*words, "--budget", "1e20").stderr  # many logs have a clock


@pytest.mark.thorough
def test_the_least_budget_is_enough_and_a_smaller_one_is_not():
    wanted, few = 0.2, (*FIRST, "--max-runs", "10")
    (result,) = planned(*few, "--until", f"width(params@1e24) < {wanted}")
    assert result["budget"] < 1e21
    assert result["goals"][0]["width_after"] == pytest.approx(wanted, rel=0.05)
    refused = run(*few, "--until", "width(params@1e24) < 0.001")
    assert refused.returncode == 2
    assert "is expected to be" in refused.stderr


def test_runs_that_there_are_narrow_the_interval_and_are_judged():
    words = ("--law", "chinchilla", "--replicates", "300", "--max-runs", "10")
    (result,) = planned("plan", RUNS, "--budget", "3e21", "--goal", "params@1e24", "--goal", "2*alpha", *words)
    assert result["source"] == "runs"
    for goal in result["goals"]:
        assert goal["width_after"] < goal["width_before"]
    assert [goal["weight"] for goal in result["goals"]] == [1, 2]
    (mine,) = result["judged"]
    assert (mine["name"], mine["runs"]) == ("your runs", 100)
    assert 0 < mine["idle"] < 1


def test_a_saved_fit_stands_for_its_runs(tmp_path):
    path = tmp_path / "fit.json"
    assert run("fit", RUNS, "--law", "chinchilla", "--replicates", "200", "-o", str(path), "-q").returncode == 0
    (result,) = planned("plan", str(path), "--budget", "3e21", "--goal", "params@1e24", "--max-runs", "10")
    assert result["source"] == "saved"
    assert result["goals"][0]["width_after"] < result["goals"][0]["width_before"]


@pytest.mark.parametrize(
    "given",
    [("--max-runs", "3"), ("--sizes", "60M"), ("--rounds", "2"), ("--check",), ("--seed", "3"), ("--law", "power"),
     ("--until", "width(coverage@200) < 0.1")],
)  # fmt: skip
def test_a_plan_of_attempts_refuses_options_of_runs(given):
    samples = str(ROOT / "sample_data" / "samples.csv")
    ended = run("plan", samples, "--by", "model", "--goal", "coverage@10000", "--budget", "1000", *given)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"A goal of coverage asks for attempts, which {given[0]} cannot change." in ended.stderr


def test_runs_under_way_are_counted_on(tmp_path):
    path = tmp_path / "underway.csv"
    path.write_text("params,tokens\n1e8,2e10\n1e9,1e9\n3e9,1e9\n2e8,3e10\n")
    alone, helped = (planned(*FIRST, "--max-runs", "8", *more)[0] for more in ((), ("--underway", str(path))))
    assert helped["goals"][0]["width_after"] < alone["goals"][0]["width_after"]


def two_recipes(tmp_path):
    """A file with the same runs of two recipes."""
    path = tmp_path / "recipes.csv"
    rows = []
    for recipe, alpha in (("old", 0.35), ("new", 0.36)):
        for params in np.geomspace(2e7, 2e9, 5):
            for tokens in np.geomspace(5e8, 5e10, 4):
                noise = 1 + 0.002 * np.sin(len(rows) ** 2)
                rows.append(f"{recipe},{params},{tokens},{(1.8 + 480 / params**alpha + 2100 / tokens**0.37) * noise}")
    path.write_text("recipe,params,tokens,loss\n" + "\n".join(rows) + "\n")
    return str(path)


def test_runs_of_one_group_tell_nothing_of_another(tmp_path):
    asked = ("plan", two_recipes(tmp_path), "--by", "recipe", "--budget", "1e20", "--goal", "alpha", *FEW)
    path = tmp_path / "more.csv"
    path.write_text("recipe,params,tokens\nnew,1e8,2e10\nnew,1e9,1e9\nnew,3e9,1e9\nnew,2e8,3e10\n")
    alone, helped, judged = (planned(*asked, *more) for more in ((), ("--underway", str(path)), ("--judge", str(path))))
    assert [each["group"]["recipe"] for each in alone] == ["new", "old"]
    assert helped[0]["goals"][0]["width_after"] < alone[0]["goals"][0]["width_after"]
    assert helped[1]["goals"] == alone[1]["goals"]
    assert [[one["name"] for one in each["judged"]] for each in judged] == [[str(path), "your runs"], ["your runs"]]


def test_the_group_of_each_run_under_way_must_be_known(tmp_path):
    asked = ("plan", two_recipes(tmp_path), "--by", "recipe", "--budget", "1e20", "--goal", "alpha", "--underway")
    path = tmp_path / "more.csv"
    for text, words in (
        ("params,tokens\n1e8,2e10\n", "more.csv has no column recipe"),
        ("recipe,params,tokens\nnow,1e8,2e10\n", "more.csv has a run of recipe=now, but the groups are recipe=new and"),
    ):
        path.write_text(text)
        ended = run(*asked, str(path))
        assert (ended.returncode, ended.stdout) == (3, "")
        assert words in ended.stderr


def test_a_comparison_names_the_group_that_cannot_be_fitted(tmp_path):
    path = tmp_path / "few.csv"
    lines = Path(two_recipes(tmp_path)).read_text().splitlines()
    path.write_text("\n".join(lines[:27]) + "\n")
    asked = ("plan", str(path), "--by", "recipe", "--budget", "1e20", "--goal", "difference(alpha)")
    ended = run(*asked, "--law", "chinchilla")
    assert ended.returncode == 4
    assert "error: new: 6 points are too few for chinchilla" in ended.stderr
    ended = run(*asked[:3], "recipe,params", *asked[4:])
    assert ended.returncode == 2
    assert "compares two groups, but there are 7 groups" in ended.stderr


def test_two_groups_share_the_runs(tmp_path):
    generator = np.random.default_rng(3)
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 6)
    rows = []
    for recipe, alpha in (("old", 0.35), ("new", 0.36)):
        params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.8, 0.8, 30)
        tokens = compute / 6 / params
        loss = (1.8 + 480 / params**alpha + 2100 / tokens**0.37) * np.exp(0.003 * generator.standard_normal(30))
        rows += [
            {"recipe": recipe, "params": n, "tokens": d, "loss": y}
            for n, d, y in zip(params, tokens, loss, strict=True)
        ]
    path = tmp_path / "runs.csv"
    pl.DataFrame(rows).write_csv(path)
    words = ("plan", str(path), "--by", "recipe", "--budget", "5e20", *QUICK)
    (result,) = planned(*words, "--goal", "difference(alpha)", "--goal", "multiplier@1e22")
    assert {each["arm"] for each in result["runs"]} == {"old", "new"}
    assert all(goal["width_after"] < goal["width_before"] for goal in result["goals"])
    each_alone = planned(*words, "--goal", "alpha")
    assert [result["group"] for result in each_alone] == [{"recipe": "new"}, {"recipe": "old"}]
    assert sum(result["compute"] for result in each_alone) <= 5e20 * (1 + 1e-9)
    assert [result["budget"] for result in each_alone] == [2.5e20, 2.5e20]
    assert all("shared equally by 2 groups" in result["notes"][0] for result in each_alone)


def test_groups_that_share_a_budget_are_told_how_much_all_of_them_need(tmp_path):
    saved = tmp_path / "fit.json"
    quick = ("--law", "power-constant", "--replicates", "40")
    optimizers = str(ROOT / "sample_data" / "optimizers.csv")
    assert run("fit", optimizers, "--by", "optimizer", *quick, "-o", str(saved), "-q").returncode == 0
    words = ("plan", str(saved), "--goal", "loss@1e22", "--max-runs", "4")
    refused = run(*words, "--budget", "1e19", "--min-compute", "1e19")
    assert refused.returncode == 2
    assert "for each group" in refused.stderr
    least = refused.stderr.split("Give --budget ")[1].split()[0]
    found = planned(*words, "--budget", least, "--min-compute", "1e19")
    assert sum(result["compute"] for result in found) == pytest.approx(float(least), rel=0.01)


def test_groups_of_problems_share_the_attempts(tmp_path):
    samples = str(ROOT / "sample_data" / "samples.csv")
    words = ("plan", samples, "--by", "model", "--goal", "coverage@10000", "--budget")
    assert sum(result["compute"] for result in planned(*words, "9000")) <= 9000
    refused = run(*words, "2")
    assert (refused.returncode, "less than one attempt for each group" in refused.stderr) == (2, True)


def test_a_log_of_other_columns_is_refused_without_options_that_a_plan_has_not(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("pid,tries,good\np1,8,3\np2,8,5\n", encoding="utf-8")
    refused = run("plan", path, "--goal", "coverage@100", "--budget", "100")
    assert refused.returncode == 3
    assert "hint: Give a table with the columns problem, n (its attempts) and c" in refused.stderr
    path.write_text("model,problem,n,c\na,p1,8,3\nb,p2,8,5\n", encoding="utf-8")
    assert "--by model" in run("plan", path, "--goal", "coverage@100", "--budget", "100").stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("plan", "--law", "chinchilla:besiroglu", "--budget", "1e21"), "has no goal"),
        (("plan", "--law", "chinchilla:besiroglu", "--goal", "alpha"), "has no budget"),
        (("plan", "--goal", "alpha", "--budget", "1e21"), "No runs are given"),
        ((*FIRST[:-1], "loss"), "lacks the compute after @"),
        ((*FIRST, "--goal", "difference(alpha)"), "Some goals compare"),
        ((*FIRST[:-1], "difference(alpha)"), "compares two groups"),
        ((*FIRST, "--max-runs", "4"), "at least 6 are needed"),
        ((*FIRST, "--budget", "1e6usd"), "given 2 times"),
        ((*FIRST, "--sizes", "1T"), "is within the limits"),
        ((*FIRST, RUNS), "cannot be combined with runs"),
        ((*FIRST, "--goal", "coverage@100"), "so they cannot be combined"),
        ((*FIRST[:4], "1e5", *FIRST[5:]), "The budget has compute 100000, which is too small"),
        ((*FIRST, "--max-compute", "1e5"), "--max-compute has compute 100000, which is too small"),
        ((*FIRST, "--sizes", "60,150"), "--sizes has params 60, which is too small"),
        (("plan", RUNS, "--budget", "1e18", "--until", "width(alpha) < 0.1"), "The smallest run takes 6e18 FLOPs"),
    ],
)
def test_what_cannot_be_planned_is_refused_before_any_work(words, problem):
    ended = run(*words)
    assert ended.returncode == 2, ended.stdout
    assert problem in ended.stderr
    assert "hint:" in ended.stderr


@pytest.mark.parametrize("words", [("--budget", "1e16"), ("--budget", "1e21", "--min-compute", "1e22")])
def test_a_budget_below_the_smallest_runs_says_what_the_least_would_be(words):
    """The hint works: a plan with the budget that it names has enough runs to fit the law."""
    first = ("plan", "--law", "chinchilla:besiroglu", "--goal", "alpha", "--test-share", "0")
    refused = run(*first, *words)
    assert refused.returncode == 2
    assert "at least 6 runs" in refused.stderr
    least = refused.stderr.split("Give --budget ")[1].split()[0]
    (result,) = planned(*first, "--budget", least, *words[2:])
    assert sum(each["repeats"] for each in result["runs"]) == 6


def test_a_plan_after_runs_does_not_go_below_them(tmp_path):
    path = priced_runs(tmp_path / "runs.csv", lambda compute: compute / 1e18)
    words = ("plan", path, "--goal", "alpha", *QUICK)
    assert "The smallest run takes 1e18 FLOPs" in run(*words, "--budget", "1e17").stderr
    (result,) = planned(*words, "--budget", "1.01e18")
    assert [each["compute"] for each in result["runs"]] == [pytest.approx(1e18, rel=0.01)]


def test_what_no_run_determines_is_unknown_and_not_a_wide_interval():
    ended = run_alone(*FIRST[:-1], "alpha", "--min-tokens-per-param", "20", "--max-tokens-per-param", "20")
    assert ended.returncode == 0, ended.stderr
    assert "would stay unknown" in ended.stdout.splitlines()[0]
    assert "plan-unknown-goal" in ended.stderr


def test_a_design_of_too_few_runs_is_not_judged(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("params,tokens\n1e9,2e10\n")
    ended = run("plan", "--law", "chinchilla:besiroglu", "--judge", str(path), "--goal", "alpha")
    assert ended.returncode == 2
    assert "has 1 run, and chinchilla has 5 parameters" in ended.stderr


def test_a_hint_at_an_option_of_fit_says_how_to_plan_with_it(tmp_path):
    """The loss does not depend on where a sigmoid would begin, which only `scaling fit` can hold."""
    words = ("--law", "sigmoid", "--x", "compute")
    plan = ("--budget", "1e21", "--goal", "loss@1e22")
    refused = run("plan", RUNS, *plan, *words)
    assert refused.returncode == 4
    assert "hold a parameter with --fix NAME=VALUE" in refused.stderr
    assert "does not have --fix: fit the law first with `scaling fit RUNS ... -o FIT.json`" in refused.stderr
    saved = tmp_path / "fit.json"
    assert run("fit", RUNS, *words, "--fix", "x0=1", "-o", saved, "-q").returncode == 0
    assert run("plan", saved, *plan).returncode == 0
    far = run("plan", saved, "--budget", "1e21", "--goal", "loss@1e24")
    assert (far.returncode, "Ask for a goal closer to the runs" in far.stderr) == (2, True)


def test_groups_that_fail_are_told_how_to_plan_with_an_option_of_fit(tmp_path):
    both = tmp_path / "both.csv"
    line = pl.DataFrame({"recipe": "line", "compute": np.geomspace(1e18, 1e20, 9), "loss": np.linspace(3, 2.5, 9)})
    level = line.with_columns(recipe=pl.lit("level"), loss=pl.Series([2.0, 2.1, 2.0] * 3))
    pl.concat([line, level]).write_csv(both)
    words = ("--by", "recipe", "--law", "power-constant", "--budget", "1e21", "--goal", "loss@1e22", "--json")
    (failure,) = json.loads(run("plan", both, *words).stdout)["failures"]
    assert failure["group"] == {"recipe": "level"}
    assert "does not have --fix: fit the law first" in failure["hint"]


@pytest.mark.parametrize("law", ["annealing", "kaplan-steps", "routed"])
def test_a_law_that_no_plan_can_use_is_refused_before_its_columns_are_looked_for(law):
    ended = run("plan", RUNS, "--budget", "1e21", "--goal", "loss@1e24", "--law", law)
    assert (ended.returncode, "--law chinchilla" in ended.stderr) == (2, True)


@pytest.mark.parametrize("words", [("--interval", "profile"), ("--interval", "none"), ("--no-draws",)])
def test_a_saved_fit_without_replicates_is_told_how_to_get_them(tmp_path, words):
    saved = tmp_path / "fit.json"
    plan = ("plan", saved, "--budget", "1e21", "--goal", "loss@1e24")
    assert run("fit", RUNS, *words, "-o", saved, "-q").returncode == 0
    refused = run(*plan)
    assert (refused.returncode, "--interval wild and without --no-draws" in refused.stderr) == (2, True)
    assert run("fit", RUNS, "--interval", "wild", "--replicates", "99", "-o", saved, "-q").returncode == 0
    assert run(*plan).returncode == 0


def test_a_plan_is_not_told_to_do_without_intervals():
    refused = run(*FIRST, "--replicates", "5")
    assert (refused.returncode, "hint: Use --replicates 1000.\n" in refused.stderr) == (2, True)
