"""What the README and the pages of docs/ show is what the commands print, and their links lead somewhere.

Of the commands on the pages, the fast suite runs a few that a seed draws; all of them, and the tutorials, run with
`python -m pytest -m slow tests/test_readme.py tests/test_tutorials.py`.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import shlex

import pytest

from tests import ROOT
from tests.cli.running import run, run_from_scratch
from tests.placeholders import lay_out

EXAMPLE = re.compile(r"(?P<head><!-- example: scaling (?P<command>.+?) -->\n```text\n)(?P<output>.*?)```", re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
SOME = 3
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "sample_data" / "README.md"]


def name(page):
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples_print_what_the_page_shows(page):
    """After a change of output, UPDATE_GOLDEN=1 writes what is printed into the pages."""
    text = page.read_text(encoding="utf-8")
    for match in EXAMPLE.finditer(text):
        printed = run(*shlex.split(match["command"]), cwd=ROOT).stdout
        if "UPDATE_GOLDEN" in os.environ:
            text = text.replace(match[0], f"{match['head']}{printed}```")
        else:
            assert printed == match["output"], match["command"]
    if "UPDATE_GOLDEN" in os.environ:
        page.write_text(text, encoding="utf-8")


def test_every_page_has_a_place_on_the_site():
    """`mkdocs build --strict` refuses pages that its contents leave out."""
    placed = re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(placed) == sorted(str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md"))


def shell_examples():
    """The commands on the pages that need only the sample data."""
    lines = [
        (page, line)
        for page in PAGES
        for block in SHELL.findall(page.read_text(encoding="utf-8"))
        for line in block.replace("\\\n", "").splitlines()
    ]
    return [
        pytest.param(shlex.split(line, comments=True)[1:], id=f"{page.stem}: {line}")
        for page, line in lines
        if line.startswith("scaling ") and ("sample_data" in line or line.startswith("scaling laws"))
    ]


def own_file_examples():
    """The commands on the pages that need files of the reader's own, or public data sets."""
    return [
        pytest.param(shlex.split(line, comments=True)[1:], id=f"{page.stem}: {line}")
        for page in PAGES
        if page.parent.name != "tutorials"
        for block in SHELL.findall(page.read_text(encoding="utf-8"))
        for line in block.replace("\\\n", "").splitlines()
        if line.startswith("scaling ") and "sample_data" not in line and not line.startswith("scaling laws")
    ]


def python_blocks():
    """The blocks of Python on the pages; those of tutorials build on each other, and run in `test_tutorials.py`."""
    pages = [page for page in PAGES if page.parent.name != "tutorials"]
    blocks = [(page, block) for page in pages for block in PYTHON.findall(page.read_text(encoding="utf-8"))]
    return [pytest.param(block, id=f"{page.stem}-{place}") for place, (page, block) in enumerate(blocks)]


@pytest.mark.parametrize("block", python_blocks())
def test_python_of_the_pages_runs(block, tmp_path):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(block, "page", "exec"), {"__name__": "__main__"})


def some_examples():
    """A few of the commands that need only the sample data, others whenever the pages change."""
    examples = shell_examples()
    return random.Random(len(examples)).sample(examples, SOME)


@pytest.mark.parametrize("words", some_examples())
def test_some_commands_of_the_pages_run(words, tmp_path):
    check(words, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("words", shell_examples())
def test_commands_of_the_pages_run(words, tmp_path):
    check(words, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("words", own_file_examples())
def test_commands_for_files_of_the_reader_run(words, tmp_path):
    assert lay_out(" ".join(words), tmp_path), "tests/placeholders.py has no files for this command"
    ran = run_from_scratch(*words, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr


def check(words, tmp_path):
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    ran = run(*words, cwd=tmp_path)
    assert ran.returncode == 0 or ("--fail-if" in words and ran.returncode == 5), ran.stderr


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_pages_that_the_code_names_exist():
    for folder in ("scaling_cli", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            for target in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8")):
                assert (ROOT / target).exists(), f"{path}: {target}"


def test_readme_has_an_example_and_two_set_up_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert EXAMPLE.search(text)
    assert len(re.findall(r"^python3 -m venv", text, re.MULTILINE)) == 2
