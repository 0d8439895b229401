"""The example scripts run as they stand."""

from __future__ import annotations

import contextlib
import runpy

import pytest

from tests import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs(path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [str(path)])
    try:
        with contextlib.chdir(ROOT):
            runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        assert not end.code
    assert capsys.readouterr().out.count("\n") > 3
