"""The example scripts run as they stand."""

from __future__ import annotations

import contextlib
import runpy

import pytest

from tests import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_runs(path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [str(path)])
    code = None
    with contextlib.chdir(ROOT):
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as end:
            code = end.code
    assert not code
    assert capsys.readouterr().out.count("\n") > 3
