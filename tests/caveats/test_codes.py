"""Each caveat appears where it must, and not where it must not."""

from __future__ import annotations

import pytest

from scaling_cli.caveats.sentences import SENTENCES
from tests.caveats import asked, reading, sampled
from tests.grids import one_in

CASES = {**reading.CASES, **asked.CASES, **sampled.CASES}


def codes(caveats):
    return {found.code for found in getattr(caveats, "caveats", caveats)}


def test_each_caveat_has_a_case_in_which_it_must_appear_and_one_in_which_it_must_not():
    assert CASES.keys() == SENTENCES.keys()


@pytest.mark.parametrize("code", one_in(3, CASES, salt="must"))
def test_it_appears_where_it_must(code):
    assert code in codes(CASES[code][0]())


@pytest.mark.parametrize("code", one_in(6, CASES))
def test_it_does_not_appear_where_it_must_not(code):
    assert code not in codes(CASES[code][1]())
