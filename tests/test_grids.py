"""Which cases of a test `@pytest.mark.sample` leaves in the fast suite."""

from __future__ import annotations

import re
import subprocess
import sys

SOURCE = """
import pytest

@pytest.mark.sample
@pytest.mark.parametrize("a", range(5))
@pytest.mark.parametrize(("b", "c"), [(1, 2), (3, 4)])
def test_values(a, b, c): pass

@pytest.mark.sample(3)
@pytest.mark.parametrize("a", [*range(12), pytest.param(12, marks=pytest.mark.thorough)])
def test_some(a): pass

@pytest.mark.parametrize("a", range(4))
def test_every(a): pass
"""
HOOK = """
import pytest
from tests.grids import mark_rest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items): mark_rest(items)
"""


def collected(folder, choice):
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", choice, str(folder)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return re.findall(r"::(\w+)\[(.+)\]", listed.stdout)


def test_a_sample_has_each_value_or_a_share_and_the_rest_is_thorough(tmp_path):
    (tmp_path / "test_grid.py").write_text(SOURCE)
    (tmp_path / "conftest.py").write_text(HOOK)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  sample\n  thorough\n")
    fast, rest = collected(tmp_path, "not thorough"), collected(tmp_path, "thorough")
    values = [case.split("-") for name, case in fast if name == "test_values"]
    assert len(values) == 5
    assert {first for first, *_ in values} == {"1", "3"}
    assert {last for *_, last in values} == set("01234")
    assert [name for name, _ in fast].count("test_some") == 4
    assert [name for name, _ in fast].count("test_every") == 4
    assert {("test_some", "12")} < set(rest)
    assert len({*fast, *rest}) == len(fast) + len(rest) == 10 + 13 + 4
