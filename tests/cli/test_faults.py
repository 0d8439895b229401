"""Faults from outside: signals, killed workers, full and read-only disks, two writers, odd locales, low limits.

`python -m pytest -m slow tests/cli/test_faults.py` runs all of them. A command that is stopped says so in one line,
leaves no unfinished file, and loses none; `--resume` goes on from what was finished.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.running import run

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
SIGNALS = {signal.SIGINT: (130, "error: Interrupted.\n"), signal.SIGTERM: (143, "error: Terminated.\n")}
FILES = 30
MANY = ("--per-file", "--interval", "none", "--format", "jsonl")


def start(*arguments: object, cwd: Path, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scaling_cli", *map(str, arguments)],
        cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        **options,
    )  # fmt: skip


def code_of(*arguments: object, cwd: Path) -> int:
    """The exit code of a command that nothing disturbs."""
    process = start(*arguments, cwd=cwd)
    process.communicate(timeout=300)
    return process.returncode


def shell(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = line.replace("scaling", f"{sys.executable} -m scaling_cli", 1)
    return subprocess.run(
        ["bash", "-c", command], cwd=cwd, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=300
    )


def one_line(text: str) -> bool:
    """Whether stderr holds one error, perhaps with its hint, and no traceback."""
    lines = text.strip().splitlines()
    return len(lines) <= 2 and text.startswith("error: ") and "Traceback" not in text


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder with many logs."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for place in range(FILES):
        (folder / f"log{place:02d}.csv").write_bytes(RUNS.read_bytes())
    return folder


@contextlib.contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    """A tmpfs of this size at `place`; skips the test where it may not be mounted."""
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", place], capture_output=True
    ).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("seed", range(6))
def test_a_signal_at_any_time_ends_a_command_in_one_line(tmp_path, number, seed):
    shutil.copy(RUNS, tmp_path / "runs.csv")
    code, line = SIGNALS[number]
    process = start("fit", "runs.csv", "--replicates", 20_000, "-o", "out.json", cwd=tmp_path)
    time.sleep(random.Random(seed).uniform(0.0, 2.5))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    names = {path.name for path in tmp_path.iterdir()}
    if process.returncode == 0:
        json.loads((tmp_path / "out.json").read_text())
    elif "scaling_cli" in err or "error:" in err:
        assert (process.returncode, err) == (code, line)
    # Before the first line of this program runs, Python itself answers a signal.
    assert names - {"out.json"} == {"runs.csv"}
    assert (tmp_path / "runs.csv").read_bytes() == RUNS.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL])
@pytest.mark.parametrize("jobs", [1, 2])
def test_many_files_go_on_where_a_signal_stopped_them(tmp_path, logs, number, jobs):
    whole = start("fit", "logs", *MANY, cwd=tmp_path).communicate()[0]
    out = tmp_path / "out.jsonl"
    process = start("fit", "logs", *MANY, "-o", out, "--jobs", jobs, cwd=tmp_path, start_new_session=True)
    end = time.monotonic() + 120
    while not (out.exists() and out.read_text().count("\n") > 2) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(number)
    process.wait(60)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # workers of a killed parent
    _, err = process.communicate(timeout=60)
    if number in SIGNALS and process.returncode:
        assert (process.returncode, err.strip().splitlines()[-1] + "\n") == SIGNALS[number]
    for line in out.read_text().rpartition("\n")[0].splitlines():
        json.loads(line)
    assert code_of("fit", "logs", *MANY, "-o", out, "--resume", cwd=tmp_path) == 0
    assert out.read_text() == whole
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "out.jsonl"}


@pytest.mark.slow
def test_a_killed_worker_is_said_in_one_line_and_its_work_can_be_resumed(tmp_path, logs):
    out = tmp_path / "out.jsonl"
    process = start("fit", "logs", *MANY, "-o", out, "--jobs", 2, "--quiet", cwd=tmp_path)
    end, killed = time.monotonic() + 120, False
    while not killed and time.monotonic() < end and process.poll() is None:
        for child in workers_of(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
                killed = True
        time.sleep(0.01)
    _, err = process.communicate(timeout=120)
    if process.returncode == 0:
        pytest.skip("the work ended before a worker could be killed")
    assert process.returncode == 3, err
    assert one_line(err), err
    assert "--resume" in err
    assert code_of("fit", "logs", *MANY, "-o", out, "--resume", cwd=tmp_path) == 0
    assert out.read_text().count("\n") == FILES


def workers_of(parent: int) -> list[int]:
    """The processes that do joblib's work for `parent`."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            words = (place / "stat").read_text().rpartition(")")[2].split()
            if int(words[1]) == parent and b"popen_loky" in (place / "cmdline").read_bytes():
                found.append(int(place.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "option", ["-o disk/out.json", "--report disk/out.html", "--per-file --format jsonl -o disk/o.jsonl"]
)
def test_a_full_disk_keeps_what_was_there(tmp_path, logs, option):
    with small_disk(tmp_path / "disk", 16):
        (tmp_path / "disk" / "full").write_bytes(b"x" * 10_000)
        ended = shell(f"scaling fit logs --interval none --spread --quiet {option}", tmp_path)
        assert ended.returncode == 3
        assert one_line(ended.stderr), ended.stderr
        assert "No space left" in ended.stderr
        left = {path.name for path in (tmp_path / "disk").iterdir()} - {"full", "o.jsonl"}
        assert not left
        if (lines := tmp_path / "disk" / "o.jsonl").exists():
            assert all(json.loads(line) for line in lines.read_text().splitlines())


@pytest.mark.slow
def test_a_temporary_folder_without_room_is_named(tmp_path):
    with small_disk(tmp_path / "disk", 4):
        ended = shell(f"cat {RUNS} {RUNS} | scaling fit - --interval none", tmp_path, TMPDIR=str(tmp_path / "disk"))
        assert ended.returncode in (0, 3)
        assert ended.returncode == 0 or one_line(ended.stderr), ended.stderr


@pytest.mark.slow
def test_a_read_only_disk_is_found_before_the_work(tmp_path):
    with small_disk(tmp_path / "disk", 64):
        subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
        ended = shell(f"scaling fit {RUNS} --replicates 100000 -o disk/out.json", tmp_path)
        assert ended.returncode == 3
        assert "read" in ended.stderr
        assert one_line(ended.stderr), ended.stderr


@pytest.mark.slow
def test_two_commands_never_write_one_file_together(tmp_path, logs):
    first = start("fit", "logs", *MANY, "-o", "out.jsonl", cwd=tmp_path)
    end = time.monotonic() + 60
    while not (tmp_path / "out.jsonl").exists() and time.monotonic() < end:
        time.sleep(0.005)
    second = start("fit", "logs", *MANY, "-o", "out.jsonl", cwd=tmp_path)
    for process in (first, second):
        process.communicate(timeout=300)
    codes = [first.returncode, second.returncode]
    assert codes[0] == 0
    assert codes[1] in (0, 2)  # it came while the first wrote, or after
    assert [len(json.loads(line)["results"]) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == [
        1
    ] * FILES


@pytest.mark.slow
@pytest.mark.parametrize(
    "limits",
    ["ulimit -n 24", "ulimit -s 512", "ulimit -v 3000000", "export TMPDIR=/nowhere", "export HOME=/nowhere; cd /",
     "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", "export LC_ALL=tr_TR.UTF-8", "export PYTHONIOENCODING=ascii",
     "export PYTHONIOENCODING=utf-16", "export COLUMNS=1 TERM=dumb", "export PYTHONWARNINGS=error", "umask 777"],
)  # fmt: skip
def test_odd_surroundings_change_no_number(tmp_path, limits):
    line = f"{limits}; {sys.executable} -m scaling_cli fit {RUNS} --interval none --json"
    ended = subprocess.run(["bash", "-c", line], env=ENVIRONMENT, capture_output=True, cwd=tmp_path, timeout=120)
    assert ended.returncode == 0, ended.stderr
    text = ended.stdout.decode("utf-16" if "utf-16" in limits else "utf-8")
    assert json.loads(text)["results"][0]["law"] == "chinchilla"


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [150_000, 400_000, 700_000])
def test_too_little_memory_never_passes_for_a_result(tmp_path, kilobytes):
    line = f"ulimit -v {kilobytes}; exec timeout 100 {sys.executable} -m scaling_cli fit {RUNS} -o out.json"
    ended = subprocess.run(["bash", "-c", line], env=ENVIRONMENT, capture_output=True, cwd=tmp_path)
    assert (ended.returncode == 0) == (tmp_path / "out.json").exists()
    if ended.returncode == 0:
        json.loads((tmp_path / "out.json").read_text())
    assert {path.name for path in tmp_path.iterdir()} <= {"out.json"}


@pytest.mark.slow
def test_a_pipe_without_a_writer_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    begun = time.monotonic()
    ended = shell("scaling fit pipe", tmp_path)
    assert ended.returncode == 3
    assert "pipe is a pipe, and no program writes to it" in ended.stderr
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    "line",
    [
        "scaling fit <(sleep 1; cat {runs}) --interval none --json",
        "cat {runs} | scaling fit /dev/stdin --interval none --json",
        "scaling fit /dev/stdin --interval none --json < {runs}",
    ],
)
def test_pipes_are_read_as_files(tmp_path, line):
    ended = subprocess.run(
        ["bash", "-c", line.format(runs=RUNS).replace("scaling", f"{sys.executable} -m scaling_cli", 1)],
        env=ENVIRONMENT, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["inputs"][0]["rows"] == 100


@pytest.mark.thorough
def test_a_saved_fit_may_come_through_a_pipe(tmp_path):
    assert shell(f"scaling fit {RUNS} --replicates 40 -o fit.json", tmp_path).returncode == 0
    plain = shell("scaling extrapolate fit.json --at compute=1e22 --json", tmp_path)
    piped = shell("scaling extrapolate - --at compute=1e22 --json < fit.json", tmp_path)
    assert (plain.returncode, piped.returncode) == (0, 0)
    assert json.loads(plain.stdout)["results"] == json.loads(piped.stdout)["results"]


def test_resuming_follows_no_planted_link(tmp_path):
    (tmp_path / "logs").mkdir()
    shutil.copy(RUNS, tmp_path / "logs" / "a.csv")
    assert code_of("fit", "logs", *MANY, "-o", "out.jsonl", cwd=tmp_path) == 0
    (tmp_path / "precious").write_text("precious")
    from scaling_cli.cli.sink import _successor

    _successor(tmp_path / "out.jsonl").symlink_to(tmp_path / "precious")
    (tmp_path / ".out.jsonl.resumed").symlink_to(tmp_path / "precious")
    assert code_of("fit", "logs", *MANY, "-o", "out.jsonl", "--resume", cwd=tmp_path) == 0
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("scaling fit - --interval none -o runs.csv < runs.csv", "one of the files that are read"),
        ("scaling fit @list.txt --interval none -o list.txt", "one of the files that are read"),
        ("scaling fit . --interval none --format csv -o bad.csv", "one of the files that are read"),
        ("scaling fit runs.csv -o out.json --report ./out.json", "would be written twice"),
        ("scaling fit runs.csv -o " + "x" * 300 + ".json", "File name too long"),
        ("scaling fit runs.csv -o loop.json", "cannot be written"),
    ],
)
def test_what_would_destroy_a_file_is_refused_before_the_work(tmp_path, line, why):
    shutil.copy(RUNS, tmp_path / "runs.csv")
    (tmp_path / "list.txt").write_text("runs.csv\n")
    (tmp_path / "bad.csv").write_bytes(b"\0\1")
    (tmp_path / "loop.json").symlink_to("loop.json")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    ended = shell(line, tmp_path)
    assert ended.returncode == 2
    assert why in ended.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_name_that_is_nearly_too_long_is_written(tmp_path):
    ended = shell(f"scaling fit {RUNS} --interval none -o {'x' * 250}.json", tmp_path)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("form", ["--json", "--format csv", "--format jsonl", "--format md"])
def test_a_plot_stays_out_of_what_programs_read(tmp_path, form):
    plain = run("fit", RUNS, "--interval", "none", *form.split(), cwd=tmp_path)
    drawn = run("fit", RUNS, "--interval", "none", *form.split(), "--plot", "ascii", cwd=tmp_path)
    assert drawn.stdout == plain.stdout
    assert len(drawn.stderr) > len(plain.stderr)
