"""What the README shows is what the commands print."""

from __future__ import annotations

import re
import shlex

import pytest

from tests import ROOT
from tests.cli.running import run

EXAMPLE = re.compile(r"<!-- example: scaling (?P<command>.+?) -->\n```text\n(?P<output>.*?)```", re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page):
    """After a change, put the printed text into the page."""
    for match in EXAMPLE.finditer(page.read_text(encoding="utf-8")):
        ran = run(*shlex.split(match["command"]), cwd=ROOT)
        assert ran.stdout == match["output"], match["command"]


def test_readme_has_an_example_and_two_set_up_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert EXAMPLE.search(text)
    assert len(re.findall(r"^python3 -m venv", text, re.MULTILINE)) == 2
