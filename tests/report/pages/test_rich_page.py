"""Pages on a terminal, from sheets made by hand: rules, groups, titles, colours and what fits on one screen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scaling_cli.record import replace
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import Page, Section
from scaling_cli.report.pages.rich_page import _blocks, _drawn, _rows, _tables, screenful, write
from scaling_cli.report.pages.sheet import Column, Sheet
from scaling_cli.results.report import Failure

COLUMNS = (Column("data", is_group=True, is_bold=True), Column("run"), Column("loss", "number"))
SHEET = Sheet(COLUMNS, (("web", "a", "3.25"), ("web", "[b]b", "12.5"), ("code", "c", "2.75")))


def lines(section, **look):
    return _drawn(_tables(section, Look(**look)), Look(**look)).splitlines()


def test_a_table_has_a_rule_under_its_header_and_a_line_between_groups():
    assert lines(Section("", SHEET), width=60) == [
        "data  run   loss",
        "────────────────",
        "web   a     3.25",
        "      [b]b  12.5",
        "",
        "code  c     2.75",
    ]
    ascii_lines = lines(Section("", SHEET), width=60, unicode=False)
    assert ascii_lines[1] == "-" * 16
    assert ascii_lines[2:] == lines(Section("", SHEET), width=60)[2:]


def test_a_group_is_named_in_its_first_row_and_followed_by_a_line_if_any_has_several():
    assert list(_rows(SHEET)) == [
        (("web", "a", "3.25"), False), (("", "[b]b", "12.5"), True), (("code", "c", "2.75"), False),
    ]  # fmt: skip
    single = Sheet(COLUMNS, SHEET.rows[1:])
    assert [ends for _, ends in _rows(single)] == [False, False]
    assert [row[0] for row, _ in _rows(single)] == ["web", "code"]
    broken = Sheet(COLUMNS[1:], tuple(row[1:] for row in SHEET.rows), breaks=(1,))
    assert [ends for _, ends in _rows(broken)] == [True, False, False]


def test_a_title_stands_right_above_the_first_table_and_none_above_nothing():
    found = lines(Section("all runs", SHEET), width=60)
    assert found[:2] == ["all runs", "data  run   loss"]
    assert _tables(Section("all runs", Sheet(COLUMNS, ())), Look(60)) == []


def test_words_are_on_the_left_and_numbers_on_the_right():
    sheet = Sheet((Column("name"), Column("value", "number")), (("long name", "1"), ("x", "1000")))
    assert lines(Section("", sheet))[2:] == ["long name      1", "x           1000"]


def test_facts_fold_beside_their_labels():
    page = Page([("law", "one two three four five six"), ("data", "9 runs")], sentences=["That is all."])
    found = [_drawn([block], Look(20)) for block in _blocks(page, Look(20))]
    assert found == ["law   one two three\n      four five six\ndata  9 runs\n", "That is all.\n"]
    assert list(_blocks(Page([]), Look(20))) == []


def test_colour_is_written_where_it_is_asked_for():
    plain, coloured = (_drawn(_tables(Section("all", SHEET), Look(60, color=color)), Look(60, color=color))
                       for color in (False, True))  # fmt: skip
    assert "\x1b[" not in plain
    assert "\x1b[1mall\x1b[0m" in coloured
    assert "\x1b[1mweb" in coloured
    assert "\x1b[2m" in coloured


def test_without_a_width_nothing_is_folded():
    sheet = Sheet((Column("why", "text"),), (("word " * 60,),))
    assert len(lines(Section("", sheet))[2]) == 299
    assert max(map(len, lines(Section("", sheet), width=40))) <= 40


def block(count, name="line"):
    return "".join(f"{name} {place}\n" for place in range(count))


@pytest.mark.parametrize(
    ("counts", "most", "kept"),
    [
        ([3, 4], 9, [3, 4]),
        ([3, 5], 9, [3, 5]),
        ([3, 6], 9, [3]),
        ([3, 9], 10, [3, "6 of 9"]),
        ([3, 9], 9, [3]),
        ([12], 5, ["5 of 12"]),
        ([3, 4, 2], 9, [3, 4]),
    ],
)
def test_blocks_are_kept_while_they_fit_and_a_long_table_is_cut(counts, most, kept):
    found = screenful([block(count) for count in counts], most)
    expected = []
    for count in kept:
        if isinstance(count, int):
            expected.append(block(count))
        else:
            left, whole = map(int, count.split(" of "))
            expected.append(block(whole)[: len(block(left - 1))] + f"and {whole - left + 1:,} more lines\n")
    assert found == expected


def report(failures=()):
    results = [SimpleNamespace(group={}, sentence="Loss falls.")]
    return SimpleNamespace(results=results, failures=failures)


def view(*pages):
    return SimpleNamespace(pages=lambda _: pages)


LONG = Page([("law", "power")], [Section("runs", replace(SHEET, rows=SHEET.rows * 12))], details=[("why", "it fits")])
SHORT = Page([("law", "power")], [Section("runs", SHEET)])


def test_a_terminal_shows_one_screen_and_says_how_to_see_the_rest():
    text = write(report(), view(LONG), look=Look(80))
    assert text.startswith("Loss falls.\n\nlaw  power\n\nruns\n")
    assert text.endswith("more lines\n\n--details shows the rest.\n")
    assert len(text.splitlines()) <= 2 + 25 + 2
    assert "why" not in text
    whole = write(report(), view(LONG), look=Look(80, is_detailed=True))
    assert "why  it fits" in whole
    assert "--details" not in whole
    assert len(whole.splitlines()) > 40
    piped = write(report(), view(LONG), look=Look())
    assert "more lines" not in piped
    assert "--details" not in piped


def test_what_fits_is_shown_whole_unless_details_are_left_out():
    assert "--details" not in write(report(), view(SHORT), look=Look(80))
    assert "--details" in write(report(), view(replace(SHORT, details=[("why", "it fits")])), look=Look(80))


def test_what_failed_comes_last_with_its_reason_and_hint():
    text = write(report((Failure({"data": "b\x1b"}, "1 point is too few.", "Add runs."),)), view(SHORT), look=Look(80))
    last = text.split("\n\n")[-1].splitlines()
    assert last[0].split() == ["failed", "why", "hint"]
    assert "b\\x1b" in last[2]
    assert last[2].rstrip().endswith("1 point is too few.  Add runs.")


def test_brackets_numbers_and_names_of_pictures_are_written_as_they_are(monkeypatch):
    sheet = Sheet((Column("name"), Column("value", "number")), (("[red]:smile: 12", "3"),))
    for color in (False, True):
        assert "[red]:smile: 12" in _drawn(_tables(Section("", sheet), Look(60, color=color)), Look(60, color=color))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1m" in _drawn(_tables(Section("", sheet), Look(60, color=True)), Look(60, color=True))


def test_a_terminal_has_the_first_answers_and_one_page_with_details_is_enough_to_say_so():
    made = report()
    made.results = [SimpleNamespace(group={"data": str(place)}, sentence="Loss falls.") for place in range(60)]
    shown, whole = (write(made, view(SHORT), look=look).count("Loss falls.") for look in (Look(80), Look()))
    assert (shown < 60, whole) == (True, 60)
    detailed = replace(SHORT, details=[("why", "it fits")])
    assert "--details" in write(report(), view(SHORT, detailed), look=Look(80))
