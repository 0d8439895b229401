"""Files that are written from the records say what the records say."""

from __future__ import annotations

import pytest

from tests import ROOT
from tests.written import WRITTEN


@pytest.mark.parametrize("path", WRITTEN)
def test_written_files_are_up_to_date(path):
    assert (ROOT / path).read_text(encoding="utf-8") == WRITTEN[path](), "run: python -m tests.written"
