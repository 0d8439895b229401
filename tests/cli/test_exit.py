"""The end of a command: nothing left behind, nothing lost, and the right code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import scaling_cli.verbs.fit  # noqa: F401
from scaling_cli.cli.run import run as run_line
from tests import ROOT
from tests.cli.running import run
from tests.grids import one_in

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"
FIT = ("fit", "-", "--interval", "none", "--json")


def piped(tmp_path: Path, *, shell: str) -> subprocess.CompletedProcess[str]:
    """A shell line about `scaling`, with temporary files of its own."""
    line = shell.format(python=sys.executable, runs=RUNS)
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # where the disk is full, Python leaves half of it
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment)


def test_standard_input_leaves_no_file_behind(tmp_path):
    shown = piped(tmp_path, shell="cat {runs} | {python} -m scaling_cli " + " ".join(FIT))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.endswith("}\n")
    assert not list(tmp_path.iterdir())


def test_a_long_result_arrives_whole_and_a_reader_may_leave(tmp_path):
    line = "{python} -m scaling_cli fit {runs} --replicates 200 --json | "
    assert piped(tmp_path, shell=line + "tail -c 2").stdout == "}\n"
    left = piped(tmp_path, shell=line + "head -c 1")
    assert (left.stdout, left.stderr) == ("{", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("fit", RUNS, "--interval", "none", "--fail-if", "alpha.estimate > 0"), 5), (("fit", "none.csv"), 3)],
)
def test_exit_codes_survive(arguments, code):
    assert run(*arguments).returncode == code


NO_ROOM = "hint: Make room"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    ["fit {runs} --interval none --json", "--help", "--version", "fit {runs} --interval none -o /dev/full",
     "fit {runs} --interval none --per-file --format jsonl"],
)  # fmt: skip
def test_a_full_disk_is_said_in_one_line(tmp_path, arguments):
    shown = piped(tmp_path, shell="{python} -m scaling_cli " + arguments + " >/dev/full")
    assert shown.returncode == 3
    assert "could not be written: No space left on device." in shown.stderr
    assert NO_ROOM in shown.stderr
    assert "Traceback" not in shown.stderr
    assert "Exception ignored" not in shown.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(("arguments", "code"), [("fit none.csv", 3), ("fit --nothing", 2)])
def test_an_error_that_cannot_be_told_keeps_its_code(tmp_path, arguments, code):
    assert piped(tmp_path, shell="{python} -m scaling_cli " + arguments + " 2>/dev/full").returncode == code


@pytest.mark.parametrize("arguments", ["--help", "--version", "fit {runs} --interval none --json"])
def test_a_reader_who_left_before_the_first_line_is_no_error(tmp_path, arguments):
    # `true` may end before or after the first write: both must be quiet.
    shown = piped(tmp_path, shell="{python} -m scaling_cli " + arguments + " | true; exit ${{PIPESTATUS[0]}}")
    assert (shown.returncode, shown.stderr) == (0, "")


def test_closed_streams_do_not_stop_a_command(tmp_path):
    line = "{python} -m scaling_cli fit {runs} --interval none -o " + str(tmp_path / "fit.json")
    assert piped(tmp_path, shell=line + " >&- 2>&-").returncode == 0
    assert (tmp_path / "fit.json").read_text().endswith("}\n")


@pytest.mark.parametrize("option", one_in(2, ["-o out.json", "--report out.md"]))
def test_a_disk_that_fills_up_leaves_no_half_file(tmp_path, option):
    before = tmp_path / option.split()[1]
    before.write_text("what was there")
    line = f"cd {tmp_path}; ulimit -f 1; {{python}} -m scaling_cli fit {{runs}} --interval none --spread {option}"
    shown = piped(tmp_path, shell=line)
    assert shown.returncode == 3
    assert f"error: {before.name} could not be written: File too large.\nhint: Make room" in shown.stderr
    assert list(tmp_path.iterdir()) == [before]
    assert before.read_text() == "what was there"


def test_lines_on_a_disk_that_fills_up_are_whole_and_can_be_continued(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in "abcdef":
        (logs / f"{name}.csv").write_bytes(RUNS.read_bytes())
    out = tmp_path / "out.jsonl"
    command = f"{{python}} -m scaling_cli fit {logs} --per-file --interval none -o {out}"
    shown = piped(tmp_path, shell="ulimit -f 9; " + command)
    assert shown.returncode == 3
    assert "--resume" in shown.stderr
    lines = out.read_text()
    assert lines.endswith("}\n")
    assert 0 < lines.count("\n") < 6
    again = piped(tmp_path, shell="ulimit -f 9; " + command + " --resume")
    assert again.returncode == 3
    assert out.read_text() == lines
    assert piped(tmp_path, shell=command + " --resume").returncode == 0
    assert out.read_text().count("\n") == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "out.jsonl"]


def test_an_end_of_file_that_no_one_expected_is_a_bug(monkeypatch):
    def broken(*_, **__):
        raise EOFError

    monkeypatch.setattr("scaling_cli.verbs.fit.fit", broken)
    with pytest.raises(EOFError):
        run_line(["fit", str(RUNS)])
