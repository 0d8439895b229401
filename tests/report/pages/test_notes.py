from __future__ import annotations

from scaling_cli.caveats import Caveat
from scaling_cli.report.fit import view
from scaling_cli.report.pages.html import report_page
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.markdown import markdown_notes
from scaling_cli.report.pages.notes import caveat_lines
from scaling_cli.results.report import Failure
from tests.factories import report

SAID = "Only 4 runs for 3 parameters; add runs."
SEVERAL = [Caveat("few-runs", SAID, {"optimizer": name}) for name in ("adamw", "muon", "so\x1bap", "lion", "sgd")]
WHOLE = Caveat("rows-excluded", "2 of 9 rows left out; mend them.")
FAILED = Failure({"optimizer": "sophia"}, "Only 2 runs.", "Add runs.")


def test_a_caveat_of_several_groups_is_said_once_in_every_form():
    made = report(caveats=(WHOLE, *SEVERAL), failures=(FAILED,))
    page = report_page(made, view.pages(made), [])
    for text in (caveat_lines(made.caveats, Look()), markdown_notes(made.caveats, made.failures), page):
        assert text.count(SAID) == 1
        assert text.count(WHOLE.message) == 1
        assert "\x1b" not in text


def test_pages_name_the_groups_that_lines_only_count():
    assert caveat_lines(SEVERAL, Look()).startswith("caveat: adamw, muon, so\\x1bap and 2 more: Only 4 runs")
    assert markdown_notes([WHOLE, *SEVERAL], [FAILED]).splitlines() == [
        "- **Caveat**: 2 of 9 rows left out; mend them. (rows-excluded)",
        r"- **Caveat** (adamw, muon, so\\x1bap, lion, sgd): Only 4 runs for 3 parameters; add runs. (few-runs)",
        "- **Failed** (sophia): Only 2 runs. Add runs.",
    ]


def test_a_page_names_no_more_groups_than_can_be_read():
    many = [Caveat("few-runs", SAID, {"width": str(i)}) for i in range(45)]
    assert markdown_notes(many, []).count("\n") == 1
    assert ", 19 and 25 more)" in markdown_notes(many, [])


def test_the_order_is_that_of_the_first_group():
    other = Caveat("short-range", "compute spans 1 decade; add runs.", {"optimizer": "adamw"})
    lines = caveat_lines([SEVERAL[0], other, SEVERAL[1]], Look()).splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["[few-runs]", "[short-range]"]


def test_a_terminal_shows_five_caveats_and_counts_the_others():
    codes = ["rows-excluded", "loss-unit", "few-runs", "at-bound", "off-hull", "short-range", "poor-fit", "best-over"]
    many = [Caveat(code, f"Said of {code}.") for code in codes]
    lines = caveat_lines(many, Look(width=200)).splitlines()
    assert [line.rpartition("[")[2] for line in lines[:5]] == [
        "at-bound]", "poor-fit]", "few-runs]", "off-hull]", "short-range]",
    ]  # fmt: skip
    assert lines[5:] == [
        "caveats: 3 that say how the data were read and used are left out here; --details shows all 8."
    ]
    for look in (Look(), Look(width=200, is_detailed=True)):
        assert caveat_lines(many, look).count("\n") == 8
