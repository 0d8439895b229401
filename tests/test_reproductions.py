"""The page of reproductions is what is found today.

Rows that need data sets are slow: python -m pytest -m slow tests/test_reproductions.py
"""

from __future__ import annotations

import pytest

from tests import ROOT
from tests.reproductions import page, rows

DATA = ROOT.parent / "shared" / "data"
WRITTEN = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")


def test_the_page_has_the_rows_that_need_no_data():
    for row in rows(DATA, without_data=True):
        assert row in WRITTEN


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside the project")
def test_the_page_is_what_is_found_in_the_data():
    assert page(DATA) == WRITTEN
