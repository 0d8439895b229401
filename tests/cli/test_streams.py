"""Terminals, streams, files that are written line by line, and exit codes."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from scaling_cli.cli import interrupts, progress, terminal
from scaling_cli.cli.sink import open_sink
from scaling_cli.cli.streams import unwritten
from scaling_cli.cli.verdict import Gates, judged, say, tripped_gate
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.output import Output
from scaling_cli.verbs.each_file import Kept
from tests.robust.zygote import clean_environment


class Screen(io.StringIO):
    """A stream that says whether it is a terminal, and how it writes characters."""

    def __init__(self, *, is_terminal=True, encoding="utf-8"):
        super().__init__()
        self._is_terminal, self._encoding = is_terminal, encoding

    @property
    def encoding(self):
        """The name of the encoding."""
        return self._encoding

    def isatty(self):
        """Whether this is a terminal."""
        return self._is_terminal


@pytest.fixture
def plain_environment(monkeypatch):
    for name in ("TERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("choice", "environment", "is_terminal", "has_color"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_chosen_by_the_flag_then_the_environment_then_the_terminal(
    plain_environment, choice, environment, is_terminal, has_color
):
    for name, value in environment.items():
        plain_environment.setenv(name, value)
    assert terminal.wants_color(choice, Screen(is_terminal=is_terminal)) == has_color


@pytest.mark.parametrize(
    ("encoding", "speaks"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("none", False), (None, False)]
)
def test_tables_need_their_characters(encoding, speaks):
    assert terminal.speaks_unicode(Screen(encoding=encoding)) == speaks


def test_the_width_is_that_of_the_terminal(plain_environment):
    plain_environment.setattr(sys, "stdout", Screen(is_terminal=False))
    assert terminal.width() is None
    plain_environment.setattr(sys, "stdout", Screen())
    plain_environment.setenv("COLUMNS", "77")
    assert terminal.width() == 77


@pytest.mark.parametrize(
    ("label", "quiet", "is_terminal", "has_bar"),
    [
        ("Files", False, True, True),
        ("", False, True, False),
        ("Files", True, True, False),
        ("Files", False, False, False),
    ],
)
def test_progress_is_shown_to_someone_who_looks(plain_environment, label, quiet, is_terminal, has_bar):
    plain_environment.setattr(sys, "stderr", Screen(is_terminal=is_terminal))
    with progress.progress(Output(quiet=quiet), label) as update:
        assert (update is not None) == has_bar


@pytest.mark.parametrize(("passed", "is_open"), [(1.0, False), (1.1, True)])
def test_a_bar_appears_once_the_work_has_proved_long(plain_environment, passed, is_open):
    plain_environment.setattr(sys, "stderr", Screen())
    bar = progress._Bar("Files")
    bar._started = 0.0
    plain_environment.setattr(progress, "time", SimpleNamespace(monotonic=lambda: passed))
    bar.update(1, 3)
    assert (bar._shown is not None) == is_open
    bar.close()


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
        (OSError(errno.ENOSPC, "No space left", "a.json"), 3, "could not be written to a.json: No space left"),
        (OSError(errno.ENOSPC, "No space left"), 3, "could not be written: No space left"),
        (OSError(errno.EMFILE, "Too many open files", "b"), 3, "The system refused for b: Too many open files"),
        (OSError("odd"), 3, "The system refused: odd"),
    ],
)
def test_output_that_cannot_be_written_is_one_line(monkeypatch, capsys, error, code, said):
    monkeypatch.setattr("scaling_cli.cli.streams._silence", lambda stream: None)
    assert unwritten(error) == code
    written = capsys.readouterr().err
    assert said in written
    assert bool(written) == bool(said)


def test_a_signal_that_came_decides_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(interrupts, "_received", [])
    assert not interrupts.was_stopped()
    assert interrupts.ended() == 130
    assert capsys.readouterr().err == "error: Interrupted.\n"
    with pytest.raises(KeyboardInterrupt):
        interrupts._stop(15, None)
    assert interrupts.was_stopped()
    assert interrupts.ended() == 143
    assert capsys.readouterr().err == "error: Terminated.\n"


def test_a_signal_within_code_compiled_from_text_keeps_its_exit_code(tmp_path):
    """`python -m` ends by SIGINT after Ctrl-C in such code, such as that of a dataclass, even if it was caught."""
    script = """
import os, signal
import scaling_cli.cli.run as command_line
from scaling_cli.__main__ import command
from scaling_cli.cli.interrupts import ended

def run(arguments):
    try:
        exec("os.kill(os.getpid(), signal.SIGTERM)")
    except KeyboardInterrupt:
        return ended()

command_line.run = run
command()
"""
    (tmp_path / "interrupted.py").write_text(script)
    ended = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, text=True,
        env=clean_environment() | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (143, "error: Terminated.\n")


@pytest.mark.parametrize(
    ("options", "facts", "code"),
    [
        ({}, {}, 0),
        ({}, {"results": 0}, 4),
        ({}, {"results": 0, "failures": 2}, 4),
        ({}, {"failures": 1}, 5),
        ({}, {"codes": {"few-runs"}}, 0),
        ({"strict": True}, {"codes": {"few-runs"}}, 4),
        ({"strict": True}, {}, 0),
        ({"strict": True, "allow": "few-runs"}, {"codes": {"few-runs"}}, 0),
        ({"strict": True, "allow": "few-runs"}, {"codes": {"few-runs", "at-bound"}}, 4),
        ({}, {"tripped": "holds"}, 5),
        ({"strict": True}, {"tripped": "holds", "codes": {"few-runs"}}, 4),
    ],
)
def test_results_caveats_gates_and_failures_add_up_to_a_code(capsys, options, facts, code):
    verdict = judged(Output(**options), **({"results": 2, "codes": set(), "tripped": "", "failures": 0} | facts))
    assert say(verdict) == code
    assert ("error: " in capsys.readouterr().err) == (code == 4 or bool(facts.get("tripped")))


def test_the_first_gate_that_trips_is_named_with_its_group():
    results = [{"group": {}, "a": 1.0}, {"group": {"opt": "adam"}, "a": 3.0}]
    assert tripped_gate(results, Output(fail_if=["a > 5"]), "fit") == ""
    assert (
        tripped_gate(results, Output(fail_if=["a > 5", "a > 2"]), "fit") == "--fail-if 'a > 2' holds in adam: a is 3."
    )
    assert tripped_gate(results, Output(fail_if=["a < 2"]), "fit") == "--fail-if 'a < 2' holds: a is 1."


def test_a_name_that_only_some_results_have_trips_and_one_that_none_has_is_an_error():
    results = [{"group": {"file": "a"}, "b": 1.0}, {"group": {"file": "b"}, "b": 1.0, "c": 2.0}]
    said = "--fail-if 'c > 5' cannot be tested in a, whose result lacks this name."
    assert tripped_gate(results, Output(fail_if=["c > 5"]), "fit") == said
    assert tripped_gate(results, Output(fail_if=["c > 1"]), "fit") == "--fail-if 'c > 1' holds in b: c is 2."
    with pytest.raises(UsageError, match="the result has no d"):
        tripped_gate(results, Output(fail_if=["d > 5"]), "fit")
    gates = Gates(Output(fail_if=["d > 5"]))
    gates.add(results[:1] * 19, "fit")
    with pytest.raises(UsageError, match="the result has no d"):
        gates.add(results[:1], "fit")
    assert tripped_gate([], Output(fail_if=["d > 5"]), "fit") == ""


def test_a_word_that_the_schema_of_the_command_does_not_know_is_refused():
    results = [{"group": {}, "comparisons": [{"verdict": "different"}]}]
    gate = Output(fail_if=["verdict == differnt"])
    with pytest.raises(UsageError, match="verdict is never 'differnt'"):
        tripped_gate(results, gate, "compare-exponents")
    known = Output(fail_if=["verdict == equivalent"])
    assert tripped_gate(results, known, "compare-exponents") == ""


def test_lines_go_to_stdout_or_replace_a_file(tmp_path, capsys):
    with open_sink(None, {}) as (stream, left):
        stream.write("x\n")
        assert left == []
    assert capsys.readouterr().out == "x\n"
    path = tmp_path / "a.jsonl"
    path.write_text("old old old\n")
    with open_sink(str(path), {}) as (stream, _):
        stream.write("new\n")
    assert path.read_text() == "new\n"


def kept(*names):
    return {name: Kept((f'"{name}"',)) for name in names}


def interrupted(path, answers, text, error, *, reached=0):
    """Write some lines, as a command that an error then ends."""
    with open_sink(str(path), answers) as (stream, left):
        stream.write(text)
        del left[:reached]
        raise error


FULL = OSError(errno.ENOSPC, "No space left")


def test_kept_answers_that_were_not_reached_follow_what_was_written(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("old\n")
    with pytest.raises(KeyboardInterrupt):
        interrupted(path, kept("a", "b"), "first\n", KeyboardInterrupt(), reached=1)
    assert path.read_text() == 'first\n"b"\n'
    assert [each.name for each in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_full_disk_keeps_the_old_file_or_whole_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("old\n")
    with pytest.raises(DataError, match="No space left") as caught:
        interrupted(path, kept("a"), "half", FULL)
    assert path.read_text() == "old\n"
    assert "--resume" in caught.value.hint
    with pytest.raises(DataError):
        interrupted(path, {}, "whole\nhalf", FULL)
    assert path.read_text() == "whole\n"
    with pytest.raises(PermissionError):
        interrupted(path, {}, "", PermissionError(errno.EPERM, "no"))


def test_two_commands_do_not_write_to_one_file(tmp_path):
    path = str(tmp_path / "a.jsonl")
    with open_sink(path, {}), pytest.raises(UsageError, match="Another command is writing"), open_sink(path, {}):
        pass
    with open_sink(os.devnull, {}) as (stream, _):
        stream.write("x\n")
