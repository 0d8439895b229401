"""Tutorials are scripts: their blocks run from top to bottom in one folder, as a reader would run them.

`.ci/run` runs them all: python -m pytest -m slow tests/test_tutorials.py
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import pytest

from tests import ROOT
from tests.cli.running import run

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks_of(page):
    return [(match[1], match[2]) for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_the_blocks_of_a_tutorial_run_in_their_order(page, tmp_path):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    for language, block in blocks_of(page):
        if language == "python":
            call = [sys.executable, "-c", block]
            ran = subprocess.run(
                call, capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}
            )
            assert ran.returncode == 0, ran.stderr
            continue
        for line in block.replace("\\\n", "").splitlines():
            words = shlex.split(line, comments=True)
            assert words[0] == "scaling", line
            done = run(*words[1:], cwd=tmp_path)
            assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_every_tutorial_is_on_the_site_and_has_commands():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    home = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in TUTORIALS:
        assert f"tutorials/{page.name}" in site
        assert f"tutorials/{page.name}" in home
        assert any(language == "sh" for language, _ in blocks_of(page))
