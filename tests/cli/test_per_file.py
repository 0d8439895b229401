"""`--per-file` as a user meets it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from scaling_cli.cli.sink import open_sink
from scaling_cli.verbs.each_file import Kept
from tests import ROOT
from tests.cli.running import is_as_described, run
from tests.grids import one_of_each

QUICK = ("--interval", "none", "--objective", "least-squares")  # what is fitted does not matter here
STREAM = ("--per-file", "--format", "jsonl", *QUICK)


@pytest.fixture
def logs(tmp_path):
    """Twelve logs, of which three cannot be fitted."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for i in range(12):
        noise = np.random.default_rng(i).normal(0, 0.003, 12)
        x = np.geomspace(1e17, 1e22, 12)
        y = (1.5 + 30 * x**-0.06) * np.exp(noise)
        lines = "".join(f"{a:.6e},{b:.6f}\n" for a, b in zip(x, y, strict=True))
        (folder / f"log{i:02}.csv").write_text("compute,loss\n" + lines)
    (folder / "log03.csv").write_bytes(b"\x00\x01" * 50)
    (folder / "log05.csv").write_text("")
    (folder / "log08.csv").write_text("compute,loss\n1e18,2\n")
    return folder


def documents(text):
    return [json.loads(line) for line in text.splitlines()]


def test_each_file_is_a_line_in_order_and_bad_ones_are_named_failures(logs):
    ran = run("fit", logs, *STREAM)
    assert ran.returncode == 5
    lines = documents(ran.stdout)
    assert [(line["results"] or line["failures"])[0]["group"] for line in lines] == [
        {"file": str(logs / f"log{i:02}.csv")} for i in range(12)
    ]
    assert [i for i, line in enumerate(lines) if line["failures"]] == [3, 5, 8]
    assert ran.stderr.startswith("12 files: 9 results, 3 failed\n")
    assert f"failed: {logs}/log05.csv" in ran.stderr
    for line in lines:
        assert is_as_described(line, "fit")
        assert line["options"] == lines[0]["options"]


def test_other_formats_and_other_workers_tell_the_same(logs):
    serial = run("fit", logs, *STREAM).stdout
    assert run("fit", logs, *STREAM, "--jobs", 2, "--quiet").stdout == serial
    whole = json.loads(run("fit", logs, "--per-file", *QUICK, "--json", "--no-draws").stdout)
    assert whole["results"] == [result for line in documents(serial) for result in line["results"]]
    assert len(whole["failures"]) == 3


@pytest.mark.slow
def test_a_dask_scheduler_gives_the_same_bytes(logs):
    distributed = pytest.importorskip("distributed")
    serial = run("fit", logs, *STREAM).stdout
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        ran = run("fit", logs, *STREAM, "--backend", "dask", "--scheduler", cluster.scheduler_address, "--quiet")
    assert ran.returncode == 5
    assert ran.stdout == serial


@pytest.mark.slow
def test_ray_gives_the_same_bytes(logs):
    pytest.importorskip("ray")
    ran = run("fit", logs, *STREAM, "--backend", "ray", "--jobs", 2, "--quiet")
    assert ran.returncode == 5
    assert ran.stdout == run("fit", logs, *STREAM).stdout


def test_a_file_alone_answers_as_it_does_among_others(logs):
    among = documents(run("fit", logs, *STREAM).stdout)[0]["results"][0]
    alone = json.loads(run("fit", logs / "log00.csv", *QUICK, "--json").stdout)["results"][0]
    assert among["parameters"] == alone["parameters"]
    assert alone["group"] == {}


def test_resuming_gives_the_same_bytes_whatever_was_there(logs, tmp_path):
    out = tmp_path / "out.jsonl"
    fresh = run("fit", logs, *STREAM).stdout
    lines = fresh.splitlines(keepends=True)
    # Nothing; half a line; lines after a failure, which is tried again, and out of order.
    for left in ("", lines[0] + lines[1][:50], lines[7] + lines[2] + lines[3]):
        out.write_text(left)
        ran = run("fit", logs, *STREAM, "-o", out, "--resume")
        assert ran.returncode == 5
        assert out.read_text() == fresh
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out.jsonl"]


def test_resuming_tries_failures_and_changed_files_again(logs, tmp_path):
    out = tmp_path / "out.jsonl"
    run("fit", logs, *STREAM, "-o", out)
    (logs / "log05.csv").write_bytes((logs / "log00.csv").read_bytes())
    (logs / "log01.csv").write_bytes((logs / "log00.csv").read_bytes())
    run("fit", logs, *STREAM, "-o", out, "--resume")
    found = documents(out.read_text())
    assert found[5]["results"][0]["parameters"] == found[0]["results"][0]["parameters"]
    assert found[1]["results"][0]["parameters"] == found[0]["results"][0]["parameters"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--seed", "1"], "other options (seed)"),
        (["--where", "compute > 1"], "other options (where)"),
    ],
)
def test_results_of_other_options_are_not_continued(logs, tmp_path, extra, message):
    out = tmp_path / "out.jsonl"
    run("fit", logs, *STREAM, "-o", out)
    before = out.read_text()
    ran = run("fit", logs, *STREAM, "-o", out, "--resume", *extra)
    assert ran.returncode == 2
    assert message in ran.stderr
    assert out.read_text() == before


def test_results_for_other_targets_of_the_same_file_are_not_continued(logs, tmp_path):
    out, targets = tmp_path / "out.jsonl", tmp_path / "targets.csv"
    asked = (
        "extrapolate",
        logs,
        "--per-file",
        "--targets",
        targets,
        "-o",
        out,
        "--resume",
        "--replicates",
        "20",
        "--law",
        "power-constant",
    )
    targets.write_text("compute\n1e23\n")
    assert run(*asked).returncode == 5
    first = out.read_bytes()
    assert run(*asked).returncode == 5
    assert out.read_bytes() == first
    targets.write_text("compute\n1e24\n")
    ran = run(*asked)
    assert (ran.returncode, out.read_bytes()) == (2, first)
    assert "made with other options (the content of targets)" in ran.stderr


def test_results_of_another_version_are_made_again(logs, tmp_path):
    out = tmp_path / "out.jsonl"
    run("fit", logs, *STREAM, "-o", out)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    lines[0] |= {"tool_version": "0.0.1", "results": [lines[0]["results"][0] | {"sentence": "old"}]}
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run("fit", logs, *STREAM, "-o", out, "--resume")
    assert not any("old" in result["sentence"] for line in documents(out.read_text()) for result in line["results"])


def test_what_cannot_be_resumed_is_a_usage_error(logs, tmp_path):
    assert run("fit", logs, "--resume").returncode == 2
    assert run("fit", logs, "--per-file", "--resume", "-o", tmp_path / "out.json").returncode == 2
    other = tmp_path / "other.jsonl"
    other.write_text('{"some": "thing"}\n')
    ran = run("fit", logs, *STREAM, "-o", other, "--resume")
    assert ran.returncode == 2
    assert "hint:" in ran.stderr
    assert run("fit", "-", *STREAM).returncode == 2


def test_an_interrupted_run_leaves_whole_lines_and_can_be_resumed(logs, tmp_path):
    for i in range(12, 80):
        (logs / f"log{i:03}.csv").write_bytes((logs / "log00.csv").read_bytes())
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "scaling_cli", "fit", str(logs), *STREAM, "-o", str(out)]
    process = subprocess.Popen(command, cwd=ROOT)
    while not (out.exists() and out.stat().st_size):
        assert process.poll() is None, "it ended before it wrote anything"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    text = out.read_text()
    assert text.endswith("\n")
    assert 0 < len(documents(text)) < 80
    assert run("fit", logs, *STREAM, "-o", out, "--resume").returncode == 5
    assert len(documents(out.read_text())) == 80
    assert out.read_text() == run("fit", logs, *STREAM).stdout


def test_a_resumed_run_that_is_interrupted_keeps_what_it_added(tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("old\n")

    def interrupted():
        with open_sink(str(out), {"a.csv": Kept(("old",))}) as (stream, _):
            stream.write("new\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.read_text() == "new\nold\n"
    assert list(tmp_path.iterdir()) == [out]


def test_results_among_the_logs_are_not_read_as_logs(logs):
    out = logs / "out.jsonl"
    run("fit", logs, *STREAM, "-o", out)
    before = out.read_text()
    assert len(documents(before)) == 12
    run("fit", logs, *STREAM, "-o", out, "--resume")
    assert out.read_text() == before


def test_a_missing_file_is_a_failure_among_others(logs):
    lines = documents(run("fit", logs / "log00.csv", logs / "none.csv", *STREAM).stdout)
    assert [bool(line["failures"]) for line in lines] == [False, True]
    assert "does not exist" in lines[1]["failures"][0]["error"]


def test_gates_and_strictness_count_for_every_file(logs):
    ran = run("fit", logs, *STREAM, "--fail-if", "b.estimate > 0")
    assert ran.returncode == 5
    strict = run("fit", logs, *STREAM, "--strict")
    assert strict.returncode in (4, 5)
    everything = run("fit", logs / "log03.csv", logs / "log05.csv", *STREAM)
    assert everything.returncode == 4


def test_a_log_on_stdin_is_read_like_a_file(logs):
    content = (logs / "log00.csv").read_bytes()
    ran = subprocess.run(
        [sys.executable, "-m", "scaling_cli", "fit", "-", "--interval", "none", "--json"],
        input=content,
        capture_output=True,
        cwd=ROOT,
    )
    assert ran.returncode == 0
    document = json.loads(ran.stdout)
    assert document["inputs"][0]["path"] == "-"
    assert document["inputs"][0]["rows"] == 12


@pytest.fixture
def sampled(tmp_path):
    """Four sampling logs, of which one names no problems and one repeats an attempt."""
    folder = tmp_path / "sampled"
    folder.mkdir()
    for i in range(4):
        solved = np.random.default_rng(i).binomial(20, np.linspace(0.02, 0.9, 30))
        rows = "".join(f"p{j},20,{c}\n" for j, c in enumerate(solved))
        (folder / f"log{i}.csv").write_text("problem_id,n,c\n" + rows)
    (folder / "log1.csv").write_text("a,b\n1,2\n")
    (folder / "log2.csv").write_text((folder / "log2.csv").read_text() + ",20,3\n")
    return folder


@pytest.fixture
def surfaces(tmp_path):
    """Three logs of params and tokens, and one that cannot be read."""
    folder = tmp_path / "surfaces"
    folder.mkdir()
    sample = (ROOT / "sample_data" / "isoflop_runs.csv").read_text().splitlines(keepends=True)
    for i, name in enumerate(("a", "c", "d")):
        (folder / f"{name}.csv").write_text("".join([sample[0], *sample[1 + i :]]))
    (folder / "b.csv").write_text("a,b\n1,2\n")
    return folder


COVERAGE = ("--k", "1,10", "--replicates", "200", "--fit", "beta-binomial")
FORECAST = ("--at", "compute=1e22", "--replicates", "20", "--law", "chinchilla")


@pytest.mark.parametrize(
    ("command", "folder", "options", "failing"),
    one_of_each(
        [("inference-coverage", "sampled", COVERAGE, 1), ("extrapolate", "surfaces", FORECAST, 1)],
        name=lambda command, *_: command,
        kind=lambda *_: "any",
    ),
)
def test_other_commands_take_each_file_on_its_own(request, tmp_path, command, folder, options, failing):
    files = sorted(request.getfixturevalue(folder).iterdir())
    asked = (command, files[0].parent, *options, "--per-file", "--format", "jsonl")
    out = tmp_path / "out.jsonl"
    ran = run(*asked, "-o", out, "--jobs", 2)
    assert ran.returncode == 5, ran.stderr
    lines = documents(out.read_text())
    assert [(line["results"] or line["failures"])[0]["group"] for line in lines] == [
        {"file": str(path)} for path in files
    ]
    assert [i for i, line in enumerate(lines) if line["failures"]] == [failing]
    for line in lines:
        assert is_as_described(line, command)
    alone = json.loads(run(command, files[0], *options, "--json").stdout)
    assert {**lines[0]["results"][0], "group": {}} == alone["results"][0]
    kept = out.read_text()
    assert run(*asked, "-o", out, "--resume").returncode == 5
    assert out.read_text() == kept
    other = run(*asked, "-o", out, "--resume", "--seed", 1)
    assert (other.returncode, "other options (seed)" in other.stderr) == (2, True)


def test_what_concerns_a_file_is_said_on_each_of_its_lines(sampled):
    lines = documents(run("inference-coverage", sampled, *COVERAGE, "--per-file", "--format", "jsonl").stdout)
    told = [[caveat["code"] for caveat in line["caveats"]] for line in lines]
    assert ["rows-excluded" in codes for codes in told] == [False, False, True, False]
    grouped = sampled / "log0.csv"
    rows = grouped.read_text().splitlines()
    grouped.write_text(
        "\n".join([rows[0] + ",kind", *(f"{row},{'ab'[i % 2]}" for i, row in enumerate(rows[1:])), ",5,1,a"])
    )
    lines = documents(
        run("inference-coverage", grouped, *COVERAGE, "--by", "kind", "--per-file", "--format", "jsonl").stdout
    )
    assert [line["results"][0]["group"]["kind"] for line in lines] == ["a", "b"]
    assert all("rows-excluded" in [caveat["code"] for caveat in line["caveats"]] for line in lines)


def test_processes_without_files_to_spread_are_refused(sampled):
    ran = run("inference-coverage", sampled, "--jobs", 2)
    assert (ran.returncode, "--per-file" in ran.stderr) == (2, True)


def test_matrices_in_a_folder_are_asked_one_by_one(tmp_path):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(3).integers(0, 2, (30, 10)))
    lines = documents(run("inference-coverage", tmp_path, *COVERAGE, "--per-file", "--format", "jsonl").stdout)
    assert [len(line["results"]) for line in lines] == [1, 1]
