"""Many small files are read by one thread of polars; all others by as many as there are."""

from __future__ import annotations

import os

import pytest

from scaling_cli.cli.threads import SMALL, VARIABLE, spare_threads


@pytest.fixture
def threads(monkeypatch):
    monkeypatch.setenv(VARIABLE, "unset")  # so that the test's own setting is taken back, too
    monkeypatch.delenv(VARIABLE)
    return lambda: os.environ.get(VARIABLE)


def test_small_files_and_folders_of_them_need_one(tmp_path, threads):
    (tmp_path / "a.csv").write_text("compute,loss\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.csv").write_text("compute,loss\n")
    spare_threads([str(tmp_path / "a.csv"), str(tmp_path / "folder")])
    assert threads() == "1"


def test_large_files_globs_and_missing_files_keep_all(tmp_path, threads):
    (tmp_path / "small.csv").write_text("compute,loss\n")
    (tmp_path / "large.csv").write_bytes(b"1" * 3 * SMALL)
    for names in (
        [str(tmp_path)],
        [str(tmp_path / "*.csv")],
        [str(tmp_path / "small.csv"), str(tmp_path / "missing.csv")],
        [],
    ):
        spare_threads(names)
        assert threads() is None


def test_the_environment_decides_where_it_says_how_many(tmp_path, threads, monkeypatch):
    monkeypatch.setenv(VARIABLE, "3")
    (tmp_path / "a.csv").write_text("compute,loss\n")
    spare_threads([str(tmp_path / "a.csv")])
    assert threads() == "3"
