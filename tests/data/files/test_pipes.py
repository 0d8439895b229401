"""Standard input and pipes."""

from __future__ import annotations

import io
import os
import sys
import threading

import pytest

from scaling_cli.data.files import pipes
from scaling_cli.data.files.pipes import StreamCopy, copy_of, is_pipe, stdin_copy
from scaling_cli.errors import DataError


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch):
    """Copies of pipes are kept until the end of a command, and here until that of a test."""
    monkeypatch.setattr(pipes, "_PIPE_COPIES", {})


def content(copy):
    with open(copy.path, "rb") as file:
        return file.read()


def test_standard_input_is_copied_once_whatever_it_is_called(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abc")))
    first = stdin_copy()
    assert content(first) == b"abc"
    assert stdin_copy() is first
    assert copy_of("-") is first
    assert copy_of("/dev/stdin") is first
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"other")))
    assert content(stdin_copy()) == b"other"


def test_a_copy_begins_with_what_was_read_and_is_removed_with_its_last_reference():
    copy = StreamCopy(io.BytesIO(b"bc"), b"a")
    assert content(copy) == b"abc"
    path = copy.path
    del copy
    assert not os.path.exists(path)


def test_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="Standard input is closed"):
        stdin_copy()


def test_only_pipes_are_copied(tmp_path):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    for name, is_one in (("file", False), ("pipe", True), ("none", False), ("a\0b", False)):
        assert is_pipe(str(tmp_path / name)) == is_one
    assert copy_of(str(tmp_path / "file")) is None
    assert copy_of(str(tmp_path / "none")) is None


@pytest.mark.parametrize("text", [b"", b"x", b"a,b\n1,2\n" * 10_000])
def test_a_pipe_is_read_whole_and_once(tmp_path, text):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)

    def write():
        with open(path, "wb") as pipe:
            pipe.write(text)

    writer = threading.Thread(target=write)
    writer.start()
    copy = copy_of(path)
    writer.join()
    assert content(copy) == text
    assert copy_of(path) is copy


def test_a_pipe_that_nobody_writes_to_is_named_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(pipes, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is a pipe, and no program writes to it"):
        copy_of(str(tmp_path / "pipe"))
