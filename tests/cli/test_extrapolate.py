from __future__ import annotations

import functools
import json

import numpy as np
import pytest

from scaling_cli import extrapolate
from tests import ROOT
from tests.cli.running import is_as_described, run_from_scratch
from tests.cli.running import run_here as run

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"
FAST = ("--replicates", "40")
ONE_LAW = (*FAST, "--law", "power-constant")  # for what does not depend on which laws are averaged
SURFACE = (*FAST, "--law", "chinchilla")  # the same for runs of params and tokens


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "fit.json"
    assert run("fit", RUNS, "--replicates", "40", "--json", "-o", path).returncode == 0
    return path


def test_json_follows_its_schema_and_holds_all_that_was_asked_for(tmp_path):
    targets = tmp_path / "targets.csv"
    targets.write_text("params,tokens,loss\n1e10,2e11,2.13\n2e10,4e11,2.05\n")
    done = run("extrapolate", RUNS, "--at", "compute=1e22", "--targets", targets, "--target-loss", "2.3",
               "--backtest", *FAST, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert is_as_described(document, "extrapolate")
    (result,) = document["results"]
    assert [each["law"] for each in result["laws"]].count("general") == 1
    assert len(result["predictions"]) == 3
    assert result["score"]["points"] == 2
    assert result["backtest"][0]["baselines"].keys() == {"last point", "last factor of 2", "power law"}
    assert result["inverse"][0]["compute"]["low"] < result["inverse"][0]["compute"]["estimate"]
    assert "optimal-split" in {each["code"] for each in document["caveats"]}


def test_the_page_names_the_estimator_and_the_track_record():
    done = run("extrapolate", RUNS, *FAST)
    assert done.returncode == 0
    assert "estimator: forecast: mean of" in done.stdout
    assert "track record: rms error on larger runs" in done.stdout


def test_the_answer_is_the_same_twice():
    arguments = ("extrapolate", RUNS, "--at", "compute=1e22", *FAST, "--json")
    first, second = (each(*arguments).stdout for each in (run, run_from_scratch))
    assert first == second != ""


def test_a_saved_fit_describes(saved):
    done = run("extrapolate", saved, "--at", "params=7B,tokens=140B", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert is_as_described(document, "extrapolate")
    (result,) = document["results"]
    assert result["estimator"] == "describe"
    assert result["law"] == "chinchilla"
    low, high = (result["predictions"][0]["loss"][end] for end in ("low", "high"))
    assert low < result["predictions"][0]["loss"]["estimate"] < high
    assert result["predictions"][0]["prediction"]["high"] > high


@pytest.mark.parametrize("option", [("--backtest",), ("--then", "acc"), ("--law", "power")])
def test_a_saved_fit_cannot_be_asked_for_what_needs_the_runs(saved, option):
    done = run("extrapolate", saved, "--at", "compute=1e22", *option)
    assert done.returncode == 2
    assert "needs the runs" in done.stderr


def test_describe_uses_the_plain_fit_and_shows_other_objectives():
    done = run("extrapolate", RUNS, "--estimator", "describe", "--at", "params=7B,tokens=140B", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["law"] == "chinchilla"
    assert result["predictions"][0]["model_spread"]["low"] is not None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--at", "70B"), 2, "is not a list of ROLE=AMOUNT"),
        (("--at", "params=7B"), 2, "lacks tokens"),
        (("--at", "width=7"), 2, "width"),
        (("--law", "all"), 2, "ranks laws"),
        (("--target-loss", "0"), 2, "must be above 0"),
        (("--targets", "none.csv"), 3, "none.csv"),
    ],
)
def test_questions_that_make_no_sense_end_in_a_hint(arguments, code, said):
    done = run("extrapolate", RUNS, *arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "hint:" in done.stderr


def test_tokens_at_fixed_params(tmp_path):
    done = run("extrapolate", RUNS, "--target-loss", "2.4", "--at", "params=2B", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    (inverse,) = json.loads(done.stdout)["results"][0]["inverse"]
    assert inverse["at"]["params"] == pytest.approx(2e9)
    assert inverse["at"]["tokens"] > 1e10


def test_a_metric_is_forecast_through_the_loss(tmp_path):
    path = tmp_path / "runs.csv"
    compute = np.geomspace(1e18, 1e21, 20)
    loss = 1.5 + 2 * (compute / 1e18) ** -0.25
    accuracy = 0.25 + 0.7 / (1 + np.exp(4 * (loss - 2.0)))
    rows = "".join(f"{c:.6e},{y:.6f},{a:.6f}\n" for c, y, a in zip(compute, loss, accuracy, strict=True))
    path.write_text("compute,loss,accuracy\n" + rows)
    done = run("extrapolate", path, "--at", "compute=2e21", "--at", "compute=1e26", "--then", "accuracy",
               "--chance", "0.25", *ONE_LAW, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert is_as_described(document, "extrapolate")
    near, far = document["results"][0]["then"]["predictions"]
    truth = 0.25 + 0.7 / (1 + np.exp(4 * (1.5 + 2 * 2000**-0.25 - 2.0)))
    assert near["metric"]["estimate"] == pytest.approx(truth, abs=0.01)
    assert far["metric"]["estimate"] is None or not far["is_outside"]


def test_a_metric_in_percent_does_not_go_with_a_share_of_chance(tmp_path):
    rows = [f"{1e18 * 2**i:.3e},{3.5 - i / 10:.3f},{25 + i**2 / 10:.2f}" for i in range(12)]
    (tmp_path / "runs.csv").write_text("\n".join(["compute,loss,accuracy", *rows]) + "\n")
    done = run("extrapolate", tmp_path / "runs.csv", "--at", "compute=1e22", "--then", "accuracy", "--chance", "0.25")
    assert done.returncode == 3
    assert "accuracy has values up to 37.1, but its level of chance is 0.25" in done.stderr
    assert "Divide accuracy by 100" in done.stderr


def test_groups_fail_apart(tmp_path):
    path = tmp_path / "runs.csv"
    rows = [f"a,{c:.3e},{1.5 + 2 * (c / 1e18) ** -0.2:.5f}" for c in np.geomspace(1e18, 1e21, 12)]
    path.write_text("\n".join(["optimizer,compute,loss", *rows, "b,1e18,3.1", "b,1e19,2.9"]) + "\n")
    done = run("extrapolate", path, "--by", "optimizer", *ONE_LAW, "--json")
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert [each["group"] for each in document["results"]] == [{"optimizer": "a"}]
    assert [each["group"] for each in document["failures"]] == [{"optimizer": "b"}]


@pytest.mark.parametrize("format", ["plain", "csv", "md", "latex", "jsonl"])
def test_every_format_shows_the_forecast(format):
    done = run("extrapolate", RUNS, "--at", "params=7B,tokens=140B", *FAST, "--format", format)
    assert done.returncode == 0, done.stderr
    assert "7B" in done.stdout or "7000000000" in done.stdout


def test_the_plot_marks_the_edge_of_the_data():
    done = run("extrapolate", RUNS, "--at", "compute=1e22", *FAST, "--plot", "ascii")
    assert done.returncode == 0, done.stderr
    assert "edge of the data" in done.stdout


def test_runs_far_beyond_the_data_carry_a_caveat():
    done = run("extrapolate", RUNS, "--at", "compute=1e25", *FAST, "--strict", "--allow", "optimal-split")
    assert done.returncode == 4
    assert "[far-forecast]" in done.stderr


def schedule_rows(name, lr, steps=range(200, 4001, 200)):
    """A run whose loss falls with the area under its schedule, and further for each drop of the rate."""
    area = np.cumsum([lr(step) * 200 for step in steps])
    return [
        f"{name},{step},{lr(step):.6g},{2.5 + 0.5 * total**-0.5 - 200 * (3e-4 - lr(step)):.6f}"
        for step, total in zip(steps, area, strict=True)
    ]


@pytest.fixture
def unfinished(tmp_path):
    def decay(step):
        return 3e-4 if step <= 2000 else 3e-4 - 2.5e-4 * (step - 2000) / 2000

    log, rest = tmp_path / "log.csv", tmp_path / "rest.csv"
    header = "run_id,step,lr,loss\n"
    flat, done, cut = (schedule_rows(name, rate) for name, rate in
                       (("flat", lambda _: 3e-4), ("done", decay), ("cut", decay)))  # fmt: skip
    log.write_text(header + "\n".join([*flat, *done, *cut[:13]]) + "\n")
    rest.write_text(header + "\n".join(cut[13:]) + "\n")
    return log, rest


def test_an_unfinished_run_is_continued_along_its_schedule(unfinished):
    log, rest = unfinished
    done = run("extrapolate", log, "--law", "annealing", "--targets", rest, *FAST, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert is_as_described(document, "extrapolate")
    (result,) = document["results"]
    assert len(result["predictions"]) == 7
    assert result["score"]["mape"] < 0.01


def test_a_decay_that_no_run_has_seen_is_refused(unfinished):
    log, rest = unfinished
    done = run("extrapolate", log, "--where", "run_id = 'flat' or (run_id = 'cut' and step <= 2000)",
               "--law", "annealing", "--targets", rest, *FAST)  # fmt: skip
    assert done.returncode == 4
    assert "no run here shows what effect" in done.stderr


def test_a_schedule_law_asks_for_the_schedule(unfinished):
    done = run("extrapolate", unfinished[0], "--law", "annealing", "--at", "step=9000", *FAST)
    assert done.returncode == 2
    assert "--targets FILE" in done.stderr


def codes(done):
    assert done.returncode == 0, done.stderr
    return {each["code"] for each in json.loads(done.stdout)["caveats"]}


def test_models_at_several_token_counts_swing_with_the_token_cutoff(shared_data):
    grid = (shared_data / "gemstones" / "hot_final_grid.parquet", "--params", "params_total")
    assert {"unstable-forecast", "mid-schedule-points"} <= codes(
        run("extrapolate", *grid, "--checkpoints", "all", *FAST, "--json")
    )
    assert "lone-growth" in codes(run("extrapolate", *grid, *FAST, "--json"))


def test_runs_that_repeat_their_data_carry_a_caveat(shared_data):
    done = run("extrapolate", shared_data / "datablations" / "contour_runs.csv", *FAST, "--json")
    assert {"repeated-data", "late-rise"} <= codes(done)


def test_points_in_mid_schedule_carry_a_caveat(shared_data):
    curves = shared_data / "mpl_lr_schedules" / "curves.csv"
    where = "schedule LIKE 'cosine%' AND size_m = 100"
    points = ("--checkpoints", "all", "--x", "step", "--where", where)
    assert "mid-schedule" in codes(run("extrapolate", curves, *points, *ONE_LAW, "--json"))
    assert "undecayed-lr" in codes(run("extrapolate", curves, *FAST, "--json"))


def test_runs_of_one_size_do_not_tell_how_loss_depends_on_size(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("params,tokens,compute,loss\n" + "".join(f"1e9,2e10,1.2e20,{2.5 + i / 100}\n" for i in range(8)))
    done = run("extrapolate", path, "--x", "params", *FAST)
    assert done.returncode == 4
    assert "1 value of params" in done.stderr
    assert "--x" in done.stderr


def test_targets_without_a_loss_are_forecast_beside_those_that_have_it(tmp_path):
    targets = tmp_path / "targets.csv"
    targets.write_text("note,params,tokens,val loss\nplanned,7e9,1.4e11,\ndone,7e9,2.8e11,2.1\nfailed,7e9,3e11,n/a\n")
    done = run("extrapolate", RUNS, "--targets", targets, *SURFACE, "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert [each["observed"] for each in result["predictions"]] == [None, 2.1, None]
    assert result["score"]["points"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("params,tokens\n", "has no targets"),
        ("params,tokens\n7e9,1e11\n7e9,1e11,1\n", "has a line with more cells than its header"),
        ("params,tokens\n0,1e11\n", "targets.csv: The only row cannot be used"),
        ("params,tokens\n7e9,1e11\n0,1e11\n", "1 of 2 rows cannot be used as targets"),
    ],
)
def test_rows_that_are_not_targets_are_refused(tmp_path, text, said):
    targets = tmp_path / "targets.csv"
    targets.write_text(text)
    done = run("extrapolate", RUNS, "--targets", targets, *FAST)
    assert done.returncode == 3
    assert said in done.stderr


def test_a_metric_that_does_not_follow_the_loss_is_refused(tmp_path):
    path = tmp_path / "runs.csv"
    compute = np.geomspace(1e18, 1e21, 12)
    path.write_text(
        "compute,loss,flat\n" + "".join(f"{c:.6e},{1.5 + 2 * (c / 1e18) ** -0.25:.6f},0.5\n" for c in compute)
    )
    done = run("extrapolate", path, "--at", "compute=2e21", "--then", "flat", *ONE_LAW)
    assert done.returncode == 4
    assert "no better than the mean of" in done.stderr


@functools.cache  # many are compared with the same forecast
def forecast(*options):
    ran = run("extrapolate", RUNS, "--at", "compute=1e22", *options, *FAST, "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)["results"][0]


HELD = ("--law", "chinchilla", "--fix", "E=1.7")


@pytest.mark.sample
@pytest.mark.parametrize("estimator", ["forecast", "describe"])
@pytest.mark.parametrize(
    ("options", "changed"),
    [
        (("--objective", "lad"), "objective lad"),
        (("--objective", "least-squares"), "objective least-squares"),
        (("--delta", "0.001"), "delta 0.001"),
        (("--scale-weight", "1"), "points weighted by scale^1"),
        (("--weight", "tokens"), "points weighted by tokens"),
        (HELD, "E = 1.7 held"),
        (("--law", "chinchilla", "--tie", "alpha=beta"), "alpha = beta held"),
    ],
)
def test_forecasts_obey_the_options_of_a_fit_and_say_so(options, changed, estimator):
    plain = forecast("--estimator", estimator, *(options[:2] if "--law" in options else ()))
    altered = forecast("--estimator", estimator, *options)
    assert altered["changed"] == [changed]
    assert plain["changed"] == []
    assert altered["predictions"][0]["loss"]["estimate"] != plain["predictions"][0]["loss"]["estimate"]


def test_priors_can_be_left_out_and_added():
    assert forecast("--prior", "none")["predictions"] != forecast()["predictions"]
    described = ("--estimator", "describe", "--prior")
    assert forecast(*described, "weak")["predictions"] != forecast(*described, "none")["predictions"]


def test_a_formula_may_have_starts_and_bounds():
    formula = ("--law", "E + A*params^-a + B*tokens^-b", "--start", "a=0.3", "--bound", "a=0.1,0.2")
    assert forecast(*formula)["predictions"] != forecast(*formula[:2])["predictions"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fix", "E=1.7"), "--law chinchilla"),
        (("--space", "linear"), "--estimator describe"),
        (("--law", "all"), "Leave --law out"),
    ],
)
def test_what_a_forecast_cannot_obey_is_refused_with_what_can(options, said):
    refused = run("extrapolate", RUNS, "--at", "compute=1e22", *options)
    assert refused.returncode == 2
    assert said in refused.stderr


def test_targets_keep_their_names_and_roles_may_be_capitals(tmp_path):
    targets = tmp_path / "targets.csv"
    targets.write_text("name,params,tokens\nsmall,7e9,1.4e11\nlarge,2e10,4e11\n")
    done = run("extrapolate", RUNS, "--targets", targets, "--at", "Params=8B,TOKENS=1e11", *SURFACE)
    rows = [line.split()[:2] for line in done.stdout.splitlines()[-3:]]
    assert rows == [["-", "8B"], ["small", "7B"], ["large", "20B"]]
    document = json.loads(run("extrapolate", RUNS, "--targets", targets, *SURFACE, "--json").stdout)
    assert [each["name"] for each in document["results"][0]["predictions"]] == ["small", "large"]


OPTIMIZERS = ROOT / "sample_data" / "optimizers.csv"
ADAMW = (OPTIMIZERS, "--where", "optimizer = 'adamw'")


def test_a_target_inside_the_data_is_told_by_all_runs_alike_and_says_so():
    done = run("extrapolate", *ADAMW, "--at", "compute=1e19", "--at", "compute=1e23", *FAST, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert is_as_described(document, "extrapolate")
    (result,) = document["results"]
    inside, beyond = result["predictions"]
    assert (inside["estimator"], beyond["estimator"]) == ("inside", "forecast")
    assert inside["loss"]["estimate"] == pytest.approx(2.93, abs=0.02)  # of runs at 8.64e18: 2.95
    assert inside["prediction"]["high"] - inside["prediction"]["low"] < 0.1
    assert result["inside"]["below"] == pytest.approx(8.64e22 / 8)
    assert sum(each["weight"] for each in result["inside"]["laws"]) == pytest.approx(1)
    assert document["caveats"] == []


def test_only_pages_with_targets_inside_speak_of_it():
    within = run("extrapolate", *ADAMW, "--at", "compute=1e19", "--details", *ONE_LAW).stdout
    assert "inside: below compute 1.08e22" in within
    assert "all runs have equal weight" in within
    assert "inside" not in run("extrapolate", *ADAMW, "--at", "compute=1e23", "--details", *ONE_LAW).stdout


def test_the_curve_goes_through_the_runs():
    report = extrapolate(
        OPTIMIZERS, where="optimizer = 'adamw'", at=["compute=1e18"], law="power-constant", replicates=40
    )
    (result,) = report.results
    curve = result.curve
    assert min(curve.x) == pytest.approx(1e18)
    drawn = np.interp(np.log(result.scale), np.log(curve.x), curve.y)
    assert drawn == pytest.approx(np.array(result.observations.observed), rel=0.02)


def test_targets_below_the_data_carry_a_caveat():
    assert "below-data" in codes(run("extrapolate", *ADAMW, "--at", "compute=1e17", *ONE_LAW, "--json"))
    assert "below-data" in codes(run("extrapolate", RUNS, "--at", "compute=1e17", *SURFACE, "--json"))
    assert "below-data" not in codes(run("extrapolate", RUNS, "--at", "compute=6e18", *SURFACE, "--json"))


def test_a_loss_above_those_of_the_runs_carries_a_caveat():
    done = run("extrapolate", *ADAMW, "--target-loss", "9,3.1,2.6,1.3", *ONE_LAW, "--json")
    assert "target-above-data" in codes(done)
    document = json.loads(done.stdout)
    assert document["results"][0]["inverse"][0]["compute"]["estimate"] is None
    told = [each["message"] for each in document["caveats"] if each["code"] == "target-above-data"]
    assert [message.split(" is ")[0] for message in told] == ["A loss of 9", "A loss of 3.1"]


def test_copies_of_a_log_are_told_as_such_and_not_as_runs_in_mid_schedule(tmp_path):
    copies = [tmp_path / f"{name}.csv" for name in "ab"]
    for path in copies:
        path.write_bytes(OPTIMIZERS.read_bytes())
    assert codes(run("extrapolate", *copies, "--at", "compute=1e23", *ONE_LAW, "--json")) == {
        "copied-files",
        "pooled-groups",
    }
    twin = tmp_path / "twin.csv"
    twin.write_bytes(RUNS.read_bytes())
    assert "[copied-files]" in run("optimal-allocation", RUNS, twin, "--budget", "1e21", *FAST).stderr


MIXED = "(E + A*params^-0.35 + B*tokens^-0.37)*exp(c*share)"  # a share of zero is a value as good as any


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Runs with a share of code from 0 on, and the fit of a formula to them."""
    folder = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(0)
    params, tokens, share = 10 ** rng.uniform(7.5, 9, 24), 10 ** rng.uniform(9, 10.5, 24), np.tile([0.0, 0.1, 0.3], 8)
    loss = (1.8 + 480 / params**0.35 + 2100 / tokens**0.37) * np.exp(0.1 * share)
    table = np.column_stack([params, tokens, share, loss])
    np.savetxt(folder / "runs.csv", table, delimiter=",", header="params,tokens,share,loss", comments="")
    saved = run("fit", folder / "runs.csv", "--law", MIXED, *FAST, "-o", folder / "fit.json", "-q")
    assert saved.returncode == 0, saved.stderr
    return folder


@pytest.mark.parametrize("source", ["runs.csv", "fit.json"])
def test_an_input_may_be_zero_where_its_law_takes_it(mixed, source):
    law = ("--law", MIXED, *FAST) if source == "runs.csv" else ()
    (mixed / "targets.csv").write_text("params,tokens,share\n7e10,1.4e12,0\n7e10,1.4e12,0.1\n")
    truth = 1.8 + 480 / 7e10**0.35 + 2100 / 1.4e12**0.37
    for asked in (("--at", "params=70B,tokens=1.4T,share=0,0.1"), ("--targets", mixed / "targets.csv")):
        done = run("extrapolate", mixed / source, *law, *asked, "--json")
        assert done.returncode == 0, done.stderr
        first, second = (each["loss"]["estimate"] for each in json.loads(done.stdout)["results"][0]["predictions"])
        assert (first, second) == pytest.approx((truth, truth * np.exp(0.01)), rel=1e-3)


def test_a_budget_is_split_by_a_saved_fit_with_zeros_among_its_inputs(mixed):
    for further in ("--hold=share=0", "--search=share", "--search=share=0..0.2"):
        done = run("optimal-allocation", mixed / "fit.json", "--budget", "1e22", further, "--json")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("law", "at", "hint"),
    [
        ((MIXED,), "share=0..0.3", "List the amounts instead: share=0,0.1,0.2."),
        ((MIXED,), "tokens=0", "Give amounts above 0."),
        (("additive", "--x", "params,tokens,share"), "share=0", "Give values above 0."),
        (("additive", "--x", "params,tokens,share"), "share=-1", "Give values above 0."),
        (("E + A*params^-0.35 + B*tokens^-0.37*share^c",), "share=0", "Give values above 0."),
    ],
)
def test_an_amount_that_its_law_cannot_take_is_refused_with_one_that_it_can(mixed, law, at, hint):
    words = ("extrapolate", mixed / "runs.csv", "--where", "share > 0", "--law", *law, *FAST)
    done = run(*words, "--at", f"params=70B,tokens=1.4T,{at}")
    assert (done.returncode, f"hint: {hint}\n" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("option", [("--fix", "alpha=0.3"), ("--tie", "alpha=beta"), ("--space", "linear")])
@pytest.mark.parametrize("source", ["saved", "published"])
def test_a_fit_in_place_of_runs_is_not_told_to_choose_a_law(saved, source, option):
    given = (saved,) if source == "saved" else ("--law", "chinchilla:besiroglu")
    done = run("extrapolate", *given, "--at", "compute=1e24", *option)
    assert (done.returncode, f"which {option[0]} cannot change" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("at", "hint"),
    [
        (("--at", "compute=1e24,lr=1"), "Ask for compute alone, with --at compute=1e+24, or give the runs"),
        (("--at", "compute=1e24..x"), "Write it like 70B"),
    ],
)
def test_a_saved_law_of_compute_is_not_told_to_read_columns(tmp_path, at, hint):
    fit = tmp_path / "fit.json"
    assert run("fit", RUNS, "--law", "power-constant", "--x", "compute", *FAST, "-o", fit, "-q").returncode == 0
    refused = run("extrapolate", fit, *at)
    assert (refused.returncode, hint in refused.stderr, "--at" in refused.stderr) == (2, True, True), refused.stderr
    assert run("extrapolate", fit, "--at", "compute=1e+24").returncode == 0


@pytest.mark.parametrize(
    ("law", "hint", "followed"),
    [
        ("chinchilla:besiroglu", "Use `scaling optimal-allocation`", ("optimal-allocation", "--target-loss", "2")),
        ("power:kaplan-params", "Give --at params=AMOUNT, and no --target-loss", ("extrapolate", "--at", "params=1B")),
    ],
)
def test_a_published_fit_has_no_runs_from_which_to_seek_a_loss(law, hint, followed):
    refused = run("extrapolate", "--law", law, "--target-loss", "2")
    assert (refused.returncode, hint in refused.stderr) == (2, True), refused.stderr
    assert run(followed[0], "--law", law, *followed[1:]).returncode == 0
