"""The page of reproductions is what is found today."""

from __future__ import annotations

from tests import ROOT
from tests.reproductions import page, rows


def test_the_page_has_every_row_that_can_be_computed_here():
    data = ROOT.parent / "shared" / "data"
    written = (ROOT / "docs" / "reproductions.md").read_text(encoding="utf-8")
    for row in rows(data):
        assert row in written
    if data.is_dir():
        assert page(data) == written
