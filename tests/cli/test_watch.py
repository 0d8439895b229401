"""A log that grows while it is watched, and is stopped by the loss to beat."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scaling_cli.cli import watch
from scaling_cli.errors import DataError, FitError
from scaling_cli.options.watch import Watching
from tests import ROOT
from tests.cli.running import run

HEADER = "run_id,step,lr,loss\n"
QUICK = ("--replicates", "20", "--quiet")


def decay(step):
    return 3e-4 if step <= 2000 else 3e-4 - 2.5e-4 * (step - 2000) / 2000


def rows(name, rate, noise):
    """A run whose loss falls with the area under its schedule, and further for each drop of the rate."""
    steps = range(200, 4001, 200)
    area = np.cumsum([rate(step) * 200 for step in steps])
    return [
        f"{name},{step},{rate(step):.6g},{2.5 + 0.5 * total**-0.5 - 200 * (3e-4 - rate(step)) + shock:.6f}"
        for step, total, shock in zip(steps, area, noise, strict=True)
    ]


@pytest.fixture
def files(tmp_path):
    """The log of two finished runs and the beginning of a third, the rows to come, and the rest of the schedule."""
    noise = 0.002 * np.random.default_rng(0).standard_normal((3, 20))
    flat, done, cut = (rows(name, rate, shocks) for name, rate, shocks in
                       zip(("flat", "done", "cut"), (lambda _: 3e-4, decay, decay), noise, strict=True))  # fmt: skip
    log, rest = tmp_path / "log.csv", tmp_path / "rest.csv"
    log.write_text(HEADER + "\n".join([*flat, *done, *cut[:8]]) + "\n")
    rest.write_text("run_id,step,lr\n" + "\n".join(row.rpartition(",")[0] for row in cut[13:]) + "\n")
    return log, rest, cut[8:]


def test_a_loss_that_can_be_beaten_is_no_reason_to_stop(files):
    log, rest, _ = files
    ended = run("extrapolate", log, "--targets", rest, "--beat", "3.2", *QUICK)
    assert ended.returncode == 0, ended.stderr
    ended = run("extrapolate", log, "--targets", rest, "--beat", "2.0", *QUICK)
    assert ended.returncode == 5
    assert "--beat 2 is out of reach" in ended.stderr


def test_a_growing_log_is_watched_and_stopped(files):
    """The log is too short at first; then it grows, and its end is forecast above the loss to beat."""
    log, rest, _ = files
    whole = log.read_text()
    log.write_text("\n".join(whole.splitlines()[:5]) + "\n")
    words = (sys.executable, "-m", "scaling_cli", "extrapolate", log, "--targets", rest, "--replicates", "20")
    watching = subprocess.Popen(
        [*words, "--watch", "--every", "0.2", "--beat", "2.5"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert watching.stderr is not None
        assert "waiting: " in watching.stderr.readline()
        assert watching.poll() is None
        log.write_text("")  # as while it is replaced
        assert "is empty" in watching.stderr.readline()
        log.write_text(whole)
        out, err = watching.communicate(timeout=100)
        assert watching.returncode == 5, (out, err)
        assert "expect a loss of" in out
        assert "--beat 2.5 is out of reach" in err
    finally:
        watching.kill()


def test_a_log_that_ends_too_short_is_an_error_and_one_that_is_never_read_too(files, monkeypatch):
    monkeypatch.setattr(watch, "UNCHANGED", 2)
    log, _, _ = files
    how = Watching(watch=True, every=0.01)

    def asked(error):
        def ask():
            raise error

        return ask

    for error in FitError("Too short.", hint="Wait."), DataError("No file.", hint="Check."):
        with pytest.raises(type(error), match=error.message):
            watch.watched(asked(error), lambda _: 0, [str(log)], how)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--law", "chinchilla", "--targets", "REST"), "does not know the learning-rate schedule"),
        ((), "depends on its schedule, which is not given"),
    ],
)
def test_a_run_without_a_schedule_is_refused(files, words, problem):
    log, rest, _ = files
    ended = run("extrapolate", log, "--watch", *[rest if word == "REST" else word for word in words])
    assert ended.returncode == 2
    assert problem in ended.stderr


def test_a_log_without_learning_rates_is_refused(files, tmp_path):
    log, rest, _ = files
    bare = tmp_path / "bare.csv"
    lines = [line.split(",") for line in log.read_text().splitlines()]
    bare.write_text("\n".join(",".join([each[0], each[1], each[3]]) for each in lines) + "\n")
    ended = run("extrapolate", bare, "--targets", rest, "--watch")
    assert ended.returncode == 3
    assert "needs lr" in ended.stderr
