from __future__ import annotations

from collections import Counter

import pytest

from scaling_cli.errors import UsageError
from scaling_cli.options.formats import FORMATS, suffixes
from scaling_cli.report.fit import view
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render, render_notes
from tests.factories import groups_report


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_writes_text_that_ends_in_a_newline(name):
    assert render(groups_report(), name, view, look=Look()).endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_caveat_and_a_failure_are_in_the_text_or_in_the_notes(name):
    made = groups_report()
    text, notes = render(made, name, view, look=Look()), render_notes(made, name, Look())
    chosen = FORMATS[name]
    assert (made.caveats[0].code in text, made.caveats[0].code in notes) == (chosen.has_caveats, not chosen.has_caveats)
    assert (made.failures[0].error in text, made.failures[0].error in notes) == (
        chosen.has_failures,
        not chosen.has_failures,
    )


def test_plain_text_has_details_where_they_are_asked_for():
    brief, whole = (render(groups_report(), "plain", view, look=Look(is_detailed=asked)) for asked in (False, True))
    assert set(brief.splitlines()) < set(whole.splitlines())


def test_a_suffix_belongs_to_one_format():
    counts = Counter(suffix for chosen in FORMATS.values() for suffix in chosen.suffixes)
    assert set(counts.values()) == {1}
    assert suffixes()[".tex"] == "latex"
    assert suffixes(complete=True) == {".json": "json", ".jsonl": "jsonl", ".md": "md", ".html": "html"}


def test_an_unknown_format_is_refused_with_the_names_of_all():
    with pytest.raises(UsageError) as error:
        render(groups_report(), "no-such-format", view, look=Look())
    assert "html" in error.value.hint
