"""`scaling fit` as a user meets it: output, errors and exit codes of the real command."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys

import numpy as np
import pytest

from tests import ROOT
from tests.cli.running import is_as_described, run_from_scratch
from tests.cli.running import run as run_alone
from tests.cli.running import run_here as run

SAMPLE = ROOT / "sample_data" / "isoflop_runs.csv"
OPTIMIZERS = ROOT / "sample_data" / "optimizers.csv"
QUICK = ("--interval", "none")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def curve(path, rows=12, extra=""):
    x = np.geomspace(1e18, 1e22, rows)
    lines = "".join(f"r{i},{value:.6e},{30 * value**-0.06 + 1.5:.6f}{extra}\n" for i, value in enumerate(x))
    return write(path, "run_id,compute,loss\n" + lines)


def test_json_follows_its_schema_and_holds_what_a_reader_needs():
    ran = run("fit", SAMPLE, "--json", "--replicates", 100)
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert is_as_described(document, "fit")
    result = document["results"][0]
    assert (document["schema"], result["law"], result["runs"]) == ("scaling.fit/1", "chinchilla", 100)
    assert len(result["draws"]) == 100
    assert document["inputs"][0]["rows"] == 100
    assert document["options"]["level"] == 0.95


def test_same_command_gives_the_same_bytes_for_any_number_of_jobs():
    alone = run_from_scratch("fit", SAMPLE, "--json", "--replicates", 300)
    spread = run_from_scratch("fit", SAMPLE, "--json", "--replicates", 300, "--jobs", 2)
    assert alone.stdout == spread.stdout != ""


def test_seed_changes_the_interval_and_not_the_estimate():
    one, other = (
        json.loads(run("fit", SAMPLE, "--json", "--replicates", 50, "--seed", seed).stdout)["results"][0]["parameters"]
        for seed in (0, 1)
    )
    assert one["alpha"]["estimate"] == other["alpha"]["estimate"]
    assert one["alpha"]["low"] != other["alpha"]["low"]


def test_good_group_is_reported_and_broken_one_listed(tmp_path):
    good = [f"adamw,{c:.4e},{30 * c**-0.06:.5f}" for c in np.geomspace(1e18, 1e22, 12)]
    path = write(tmp_path / "runs.csv", "\n".join(["optimizer,compute,loss", *good, "sgd,1e18,3", "sgd,1e19,2.9"]))
    ran = run("fit", path, "--by", "optimizer", "--law", "power", "--json", *QUICK)
    assert ran.returncode == 5
    document = json.loads(ran.stdout)
    assert [result["group"] for result in document["results"]] == [{"optimizer": "adamw"}]
    assert document["failures"][0]["group"] == {"optimizer": "sgd"}
    assert document["failures"][0]["hint"]
    table = run("fit", path, "--by", "optimizer", "--law", "power", *QUICK)
    assert table.returncode == 5
    assert "sgd" in table.stdout + table.stderr


def test_every_group_broken_is_no_fit(tmp_path):
    path = write(tmp_path / "runs.csv", "o,compute,loss\na,1e18,3\nb,1e18,3\n")
    ran = run("fit", path, "--by", "o", "--x", "compute", "--law", "power", "--json")
    assert ran.returncode == 4
    assert len(json.loads(ran.stdout)["failures"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.csv"], 3, "nowhere.csv"),
        ([SAMPLE, "--law", "chincilla"], 2, "chincilla"),
        ([SAMPLE, "--loss", "los"], 2, "loss"),
        ([SAMPLE, "--where", "params >"], 2, "--where"),
        ([SAMPLE, "--where", "prams > 1"], 2, "params"),
        ([SAMPLE, "--where", "params > 1e30"], 3, "--where"),
        ([SAMPLE, "--map", "loss"], 2, "--map loss=eval/loss"),
        ([SAMPLE, "--map", "loss=loss", "--loss", "params"], 2, "two columns"),
        ([SAMPLE, "--by", "optimiser"], 2, "optimiser"),
        ([SAMPLE, "--delta", "wide"], 2, "wide"),
        ([SAMPLE, "--delta", "-1"], 2, "delta"),
        ([SAMPLE, "--level", "95"], 2, "level"),
        ([SAMPLE, "--replicates", "2"], 2, "replicates"),
        ([SAMPLE, "--jobs", "many"], 2, "--jobs"),
        ([SAMPLE, "--objective", "hubr"], 2, "hubr"),
        ([SAMPLE, "--x", "nothing"], 2, "nothing"),
        ([SAMPLE, "--law", "chinchilla", "--x", "compute"], 2, "--x"),
        ([OPTIMIZERS, "--law", "chinchilla"], 3, "params"),
        ([SAMPLE, "--fail-if", "alpha low"], 2, "alpha.low"),
        ([SAMPLE, "--fail-if", "alfa < 1"], 2, "alpha"),
        ([SAMPLE, "--allow", "everything"], 2, "few-runs"),
        ([SAMPLE, "-o", "no/such/folder/fit.json"], 2, "folder"),
        ([SAMPLE, "--frobnicate"], 2, "--frobnicate"),
        ([], 2, "RUNS"),
    ],
    ids=str,
)
def test_every_error_has_its_code_and_a_hint(arguments, code, said, tmp_path):
    quick = () if "--replicates" in arguments or "--jobs" in arguments else QUICK
    ran = run("fit", *arguments, *quick, cwd=tmp_path)
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: ")
    assert "\nhint: " in ran.stderr
    assert said in ran.stderr


def test_fixed_tokens_per_param_are_refused(tmp_path):
    rows = "".join(
        f"{n:.3e},{20 * n:.3e},{1.7 + 400 * n**-0.34 + 400 * (20 * n) ** -0.28:.5f}\n"
        for n in np.geomspace(1e8, 1e10, 12)
    )
    ran = run("fit", write(tmp_path / "runs.csv", "params,tokens,loss\n" + rows), "--law", "chinchilla", *QUICK)
    assert ran.returncode == 4
    assert "tokens per param" in ran.stderr
    # Left to itself, the tool fits what the data can show.
    ran = run("fit", tmp_path / "runs.csv", *QUICK)
    assert ran.returncode == 0
    assert "power-constant" in ran.stdout
    assert "tokens per param are fixed" in ran.stdout


def test_gate_and_strictness_decide_the_exit_code(tmp_path):
    assert run("fit", SAMPLE, *QUICK, "--fail-if", "alpha > 0.1").returncode == 5
    assert run("fit", SAMPLE, *QUICK, "--fail-if", "alpha < 0.1").returncode == 0
    # No interval was made, and a gate that cannot be judged must not pass.
    tripped = run("fit", SAMPLE, *QUICK, "--quiet", "--fail-if", "alpha.low < 0.1")
    assert tripped.returncode == 5
    assert "alpha.low is missing" in tripped.stderr
    assert run("fit", SAMPLE, *QUICK, "--fail-if", "alpha > nan").returncode == 2
    few = curve(tmp_path / "few.csv", rows=8)
    assert run("fit", few, *QUICK).returncode == 0
    strict = run("fit", few, *QUICK, "--strict", "--quiet")
    assert strict.returncode == 4
    assert "few-runs" in strict.stderr
    assert run("fit", few, *QUICK, "--strict", "--allow", "few-runs").returncode == 0


def test_result_goes_to_stdout_and_caveats_to_stderr(tmp_path):
    ran = run_alone("fit", curve(tmp_path / "few.csv", rows=8), *QUICK)
    assert "power-constant" in ran.stdout
    assert "caveat" not in ran.stdout
    assert "[few-runs]" in ran.stderr
    assert run_alone("fit", tmp_path / "few.csv", *QUICK, "--quiet").stderr == ""
    assert "[few-runs]" in run_alone("fit", tmp_path / "few.csv", *QUICK, "--json").stderr


def test_names_that_stdout_cannot_write_are_written_out(tmp_path):
    rows = "".join(f"日本,{c:.3e},{30 * c**-0.06:.5f}\n" for c in np.geomspace(1e18, 1e22, 12))
    path = write(tmp_path / "runs.csv", "o,compute,loss\n" + rows)
    ran = run_alone("fit", path, "--by", "o", *QUICK, PYTHONIOENCODING="ascii")
    assert ran.returncode == 0, ran.stderr
    assert r"\u65e5" in ran.stdout


@pytest.mark.parametrize(
    ("name", "hint"),
    [("out.pdf", "--figure"), ("out.parquet", ".jsonl, .csv"), ("fit.jsn", "--format")],
)
def test_a_file_named_for_another_format_is_refused_before_work(tmp_path, name, hint):
    ran = run("fit", SAMPLE, *QUICK, "-o", tmp_path / name)
    assert ran.returncode == 2
    assert hint in ran.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("name", "start"),
    [("fit.csv", "law,"), ("fit.json", "{\n"), ("fit.jsonl", '{"schema"'), ("fit.md", "# scaling fit"),
     ("fit.TEX", "%"), ("fit.txt", "Loss falls"), ("fit", "Loss falls")],
)  # fmt: skip
def test_the_suffix_of_a_file_chooses_its_format(tmp_path, name, start):
    assert run("fit", SAMPLE, *QUICK, "-o", tmp_path / name).returncode == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_file_is_written_whole_with_the_rights_of_any_new_file(tmp_path):
    path = tmp_path / "fit.json"
    ran = run("fit", SAMPLE, *QUICK, "-o", path)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert json.loads(path.read_text(encoding="utf-8"))["command"] == "fit"
    assert [each.name for each in tmp_path.iterdir()] == ["fit.json"]
    plain = write(tmp_path / "any", "")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_input_is_never_overwritten_and_links_are_followed(tmp_path):
    runs = curve(tmp_path / "runs.csv")
    before = runs.read_bytes()
    ran = run_alone("fit", runs, *QUICK, "-o", tmp_path / "runs.csv")
    assert (ran.returncode, runs.read_bytes()) == (2, before)
    assert "overwritten" in ran.stderr
    link = tmp_path / "latest.json"
    link.symlink_to(tmp_path / "fit.json")
    assert run_alone("fit", runs, *QUICK, "-o", link).returncode == 0
    assert link.is_symlink()
    assert (tmp_path / "fit.json").exists()
    assert run_alone("fit", runs, *QUICK, "--json", "-o", "/dev/stdout").stdout.startswith("{")


def test_caveats_stay_with_a_table_that_is_written_to_a_file(tmp_path):
    run("fit", curve(tmp_path / "few.csv", rows=8), *QUICK, "-o", tmp_path / "fit.txt")
    assert "[few-runs]" in (tmp_path / "fit.txt").read_text(encoding="utf-8")


def test_closed_pipe_ends_quietly():
    command = f"{sys.executable} -m scaling_cli fit {SAMPLE} --json --replicates 200 | head -c 10"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert ran.stderr == ""
    assert ran.returncode == 0


def test_pipe_has_no_colour_no_plot_and_no_folding(tmp_path):
    ran = run_alone("fit", SAMPLE, *QUICK)
    assert "\x1b" not in ran.stdout
    assert "●" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) > 80
    assert "\x1b[" in run_alone("fit", SAMPLE, *QUICK, FORCE_COLOR="1").stdout
    assert "\x1b[" not in run_alone("fit", SAMPLE, *QUICK, FORCE_COLOR="1", NO_COLOR="1").stdout
    assert "●" in run_alone("fit", SAMPLE, *QUICK, "--plot", "unicode").stdout
    assert run_alone("fit", SAMPLE, *QUICK, "--plot", "ascii").stdout.isascii()


def on_terminal(*arguments, **environment):
    """What a terminal of 80 columns receives."""
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm", **environment}
    process = subprocess.Popen(
        [sys.executable, "-m", "scaling_cli", *map(str, arguments)], stdout=side, stderr=side, stdin=side, cwd=ROOT,
        env={name: value for name, value in environment.items() if name not in ("FORCE_COLOR",)},
    )  # fmt: skip
    os.close(side)
    received = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the way Linux says that the other side has gone
            break
        if not part:
            break
        received += part
    process.wait()
    os.close(main)
    return received.decode().replace("\r\n", "\n")


def test_terminal_gets_a_table_and_a_plot_within_its_width():
    shown = on_terminal("fit", SAMPLE, *QUICK, NO_COLOR="1")
    assert "●" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "●" not in on_terminal("fit", SAMPLE, *QUICK, TERM="dumb", NO_COLOR="1")


def test_names_from_files_cannot_steer_the_terminal(tmp_path):
    path = tmp_path / "evil.csv"
    rows = "".join(f'"\x1b[31m[bold]x",{c:.3e},{30 * c**-0.06:.5f}\n' for c in np.geomspace(1e18, 1e22, 12))
    write(path, '"o\x1b]0;x",compute,loss\n' + rows)
    for form in ("table", "plain", "csv", "md", "latex", "json"):
        ran = run("fit", path, "--by", "o\x1b]0;x", *QUICK, "--format", form)
        assert ran.returncode == 0, ran.stderr
        assert "\x1b" not in ran.stdout + ran.stderr
    assert "\x1b" not in run("fit", path, "--by", "\x1b[31mo").stderr


def test_unfinished_and_odd_rows_are_counted_and_said(tmp_path):
    path = curve(tmp_path / "runs.csv")
    with path.open("a", encoding="utf-8") as file:
        file.write("r90,1e20,nan\nr91,1e20,\nr92,-1e20,2\nr93,1e20,0\nr94,1e2")
    ran = run("fit", path, *QUICK)
    assert ran.returncode == 0, ran.stderr
    assert "[rows-excluded]" in ran.stderr
    assert "5 of 17 rows" in ran.stderr


def test_parameters_are_held_and_formulas_written_on_the_command_line():
    held = run("fit", SAMPLE, "--law", "chinchilla", "--fix", "alpha=0.34", "--interval", "none", "--json")
    assert json.loads(held.stdout)["results"][0]["parameters"]["alpha"] == {"estimate": 0.34, "low": None, "high": None}
    tied = run("fit", SAMPLE, "--law", "chinchilla", "--tie", "alpha=beta", "--interval", "none", "--json")
    parameters = json.loads(tied.stdout)["results"][0]["parameters"]
    assert parameters["alpha"] == parameters["beta"]
    formula = "E + A*params**-alpha + B*tokens**-beta"
    written = run("fit", SAMPLE, "--law", formula, "--bound", "E=0,", "--start", "alpha=0.3", *QUICK)
    assert f"law: {formula}\n" in written.stdout
    assert "E          1.824" in written.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--law", "chinchilla", "--fix", "alpha"], "--fix is 'alpha'"),
        (["--law", "chinchilla", "--fix", "alpha=x"], "'x' is not a number"),
        (["--law", "chinchilla", "--fix", "alpha=1", "--fix", "alpha=2"], "gives alpha two values"),
        (["--law", "chinchilla", "--tie", "alpha=gamma"], "no parameter 'gamma'"),
        (["--law", "E + A*params**-a", "--bound", "a=1"], "--bound a is '1'"),
        (["--law", "E + A*parms**-a + tokens"], "did you mean params"),
        (["--law", "E + eval(params)"], "eval() at character 5 is not a known function"),
    ],
)
def test_wrong_constraints_and_formulas_are_usage_errors(options, said):
    ran = run("fit", SAMPLE, *options)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_version_and_help():
    assert run_alone("--version").stdout.startswith("scaling ")
    assert "Commands:" in run_alone("--help").stdout
    assert run_alone("--help").stdout == run_alone().stdout
    assert "--where" in run_alone("fit", "--help").stdout
    wrong = run_alone("fitt", SAMPLE)
    assert wrong.returncode == 2
    assert "Did you mean 'fit'" in wrong.stderr


def test_library_gives_the_same_result_as_the_command():
    import scaling_cli as scaling

    report = scaling.fit(SAMPLE, replicates=50)
    printed = json.loads(run("fit", SAMPLE, "--json", "--replicates", 50).stdout)["results"][0]
    assert report.results[0].parameters["alpha"].low == printed["parameters"]["alpha"]["low"]
    with pytest.raises(AttributeError):
        scaling.fitt  # noqa: B018


def test_losses_at_the_ends_of_floats_end_in_an_error_without_noise(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("compute,loss\n1e17,1e-300\n1e18,1e300\n1e19,2\n1e20,3\n1e21,1e200\n1e22,1\n")
    ran = run("fit", path)
    assert ran.returncode == 4
    assert ran.stderr.startswith("error: 3 points are too few")
    assert "3 with too large or small loss" in ran.stderr
    assert "Warning" not in ran.stderr


@pytest.fixture
def shaped(tmp_path):
    rows = ["params,tokens,loss,kind"]
    for number, params in enumerate(np.geomspace(1e7, 1e9, 16)):
        tokens = params * (5, 20, 80, 40)[number % 4]
        rows.append(f"{params},{tokens},{1.7 + 900 * (6 * params * tokens) ** -0.15},{'ab'[number % 2]}")
    path = tmp_path / "runs.csv"
    write(path, "\n".join(rows))
    return path


@pytest.mark.parametrize(
    "command",
    [["fit"], ["extrapolate", "--at", "compute=1e22"], ["compare-exponents", "--by", "kind"]],
    ids=lambda c: c[0],
)
def test_a_flops_rule_reaches_commands_that_derive_compute(shaped, command):
    rule = ("--flops-rule", "non-embedding", "--law", "power-constant", "--x", "compute")
    done = run(command[0], shaped, *command[1:], *rule, "--json", "--replicates", "50")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["columns"]["compute"] == "6 * non_embedding(params) * tokens"
    assert document["options"]["flops_rule"] == "non-embedding"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["compare-exponents", "--by", "kind"], "law of params and tokens"),
        (["extrapolate", "--at", "params=1e10,tokens=1e11"], "not that of"),
    ],
)
def test_a_flops_rule_is_refused_where_compute_would_rest_on_another(shaped, command, says):
    done = run(command[0], shaped, *command[1:], "--law", "chinchilla", "--flops-rule", "non-embedding")
    assert done.returncode == 2
    assert says in done.stderr


def test_a_floor_held_above_the_losses_is_named_and_not_the_data():
    ran = run("fit", SAMPLE, "--fix", "E=5")
    assert ran.returncode == 2
    assert "--fix holds E at 5, but 100 of 100 losses lie below that, and a loss cannot be below E." in ran.stderr
    assert "Hold it below 2.201" in ran.stderr


def test_runs_can_be_grouped_by_size(tmp_path):
    tokens = np.geomspace(1e9, 1e11, 8)
    rows = "".join(
        f"{size:g},{count:.6e},{2 + 300 / size**0.3 + 900 / count**0.35:.6f}\n"
        for size in (1e9, 2e8)
        for count in tokens
    )
    path = write(tmp_path / "runs.csv", "params,tokens,loss\n" + rows)
    ran = run("fit", path, "--by", "params", "--x", "tokens", "--json", *QUICK)
    assert ran.returncode == 0, ran.stderr
    results = json.loads(ran.stdout)["results"]
    assert [result["group"] for result in results] == [{"params": "2e+08"}, {"params": "1e+09"}]
    assert [result["parameters"]["b"]["estimate"] for result in results] == pytest.approx([-0.35, -0.35], abs=1e-3)


@pytest.mark.parametrize("command", ["fit", "extrapolate", "inference-coverage", "laws"])
def test_h_is_help(command):
    short, long = run(command, "-h"), run(command, "--help")
    assert short.returncode == long.returncode == 0
    assert short.stdout.startswith(f"Usage: scaling {command} ")
    assert len(short.stdout.splitlines()) <= 40  # one screen
    assert "Examples:" in short.stdout
    assert len(short.stdout) <= len(long.stdout)


def test_a_share_may_be_a_percentage_and_one_that_is_none_names_its_option():
    assert json.loads(run("fit", SAMPLE, *QUICK, "--level", "90%", "--json").stdout)["options"]["level"] == 0.9
    wrong = run("fit", SAMPLE, *QUICK, "--level", "most")
    assert wrong.returncode == 2
    assert "--level: 'most' is not a number." in wrong.stderr


@pytest.mark.parametrize(
    ("rule", "has_powers"), [("7 * params * tokens", True), ("(6 * params + 2e9) * tokens", False)]
)
def test_optimal_exponents_are_told_only_under_rules_they_hold_for(shaped, rule, has_powers):
    fast = ("--law", "chinchilla", "--interval", "none", "--flops-rule", rule, "--json")
    document = json.loads(run("fit", shaped, *fast).stdout)
    codes = [caveat["code"] for caveat in document["caveats"]]
    assert ("params_exponent" in document["results"][0]["derived"]) == has_powers
    assert ("rule-bends-split" in codes) == (not has_powers)


def test_bias_corrected_intervals_stand_a_parameter_at_its_bound():
    ran = run("fit", OPTIMIZERS, "--by", "optimizer", "--interval", "bca", "--replicates", 100, "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert "at-bound" in {caveat["code"] for caveat in document["caveats"]}
    for result in document["results"]:
        assert all(value["low"] <= value["estimate"] <= value["high"] for value in result["parameters"].values())


def test_warnings_of_numpy_do_not_reach_stderr(tmp_path):
    runs = tmp_path / "runs.csv"
    rows = [f"{n:g},{20 * n:g},{1.7 + 400 * n**-0.34 + 400 * (20 * n) ** -0.28:.6f}" for n in (1e7, 2e7, 4e7, 8e7, 2e8)]
    runs.write_text("params,tokens,loss\n" + "\n".join(rows) + "\n")
    found = run("fit", runs, "--law", "E + exp(exp(a * params)) + tokens**-b", "--interval", "none")
    assert "Warning" not in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("words", "hint", "followed"),
    [
        (("--derive", "ratio"), "Write it like --derive 'ratio = B/A'.", ("--derive", "ratio = B/A")),
        (("--start", "alpha=1"), "Write the law as a formula with --law, or leave them out.",
         ("--law", "E + A*params^-alpha + B*tokens^-beta", "--start", "alpha=1")),
    ],
)  # fmt: skip
def test_the_hint_of_an_option_of_laws_works(words, hint, followed):
    quick = ("fit", str(ROOT / "sample_data" / "isoflop_runs.csv"), "--interval", "none")
    refused = run(*quick, *words)
    assert (refused.returncode, hint in refused.stderr) == (2, True), refused.stderr
    assert run(*quick, *followed).returncode == 0
