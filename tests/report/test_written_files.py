"""Files with results: written whole or not at all, and never over what is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scaling_cli.errors import DataError, UsageError
from scaling_cli.report.written_files import check_apart, check_not_read, check_writable, is_device, write_file


def test_files_are_written_whole_with_the_rights_of_new_ones(tmp_path):
    path = tmp_path / "a"
    (tmp_path / "plain").write_text("")
    write_file(path, "text")
    write_file(tmp_path / "b", b"bytes")
    assert (path.read_text(), (tmp_path / "b").read_bytes()) == ("text", b"bytes")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "link").symlink_to(path)
    write_file(tmp_path / "link", "new")
    assert path.read_text() == "new"
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(DataError, match="could not be written"):
        write_file(tmp_path / "none" / "a", "x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b", "link", "plain"]


def test_devices_and_names_that_cannot_be():
    write_file(Path(os.devnull), "x")
    assert is_device(Path(os.devnull))
    assert not is_device(Path("/tmp"))
    assert not is_device(Path("/nowhere"))
    check_writable(Path(os.devnull))
    check_apart([Path(os.devnull)] * 2)
    with pytest.raises(UsageError, match=r"a{100}\.\.\. cannot be written: File name too long"):
        check_writable(Path("a" * 300))


def test_files_that_are_read_are_not_overwritten_under_any_name(tmp_path):
    read, other = tmp_path / "runs.csv", tmp_path / "fit.json"
    for path in (read, other):
        path.write_text("loss,params\n")
    (tmp_path / "link").symlink_to(read)
    os.link(read, tmp_path / "hard")
    names = [str(read), "nowhere", "not\0a name", os.devnull]
    check_not_read([other, tmp_path / "new.json", Path(os.devnull)], names)
    for path in (read, tmp_path / "link", tmp_path / "hard", tmp_path / "." / "runs.csv"):
        with pytest.raises(UsageError, match="is one of the files that are read, and would be overwritten"):
            check_not_read([other, path], names)
    with open(read) as opened, pytest.raises(UsageError, match="would be overwritten"):
        check_not_read([read], [opened.fileno()])


def test_two_results_have_two_files(tmp_path):
    check_apart([tmp_path / "a", tmp_path / "b"])
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a", tmp_path / "x" / ".." / "a", tmp_path / "link"):
        with pytest.raises(UsageError, match="would be written twice"):
            check_apart([tmp_path / "a", path])
