"""What pages are made of: sentences of groups, rows with their groups, and the figure that a view composes."""

from __future__ import annotations

from types import SimpleNamespace

from scaling_cli.report.pages.facts import runs_and_points, spans, stated
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.page import Page, Section, answers, group_cells, grouped, joined, panels_of
from scaling_cli.report.pages.sheet import Sheet, words


def report(*results):
    return SimpleNamespace(results=[SimpleNamespace(group=group, sentence=said) for group, said in results])


GROUPS = report(({"data": "web"}, "First."), ({"data": "code"}, ""), ({"data": "books"}, "Third."), ({}, "Last."))


def test_each_sentence_is_led_by_its_group_and_the_others_are_counted():
    assert answers(GROUPS) == ["web: First.", "books: Third.", "Last."] or answers(GROUPS) == [
        "data=web: First.", "data=books: Third.", "Last."]  # fmt: skip
    assert len(answers(GROUPS, 3)) == 3
    assert answers(GROUPS, 1)[1:] == ["And 2 more groups, in the tables below."]
    assert answers(report(*[({}, "x")] * 1500), 5)[-1] == "And 1,495 more groups, in the tables below."


def test_rows_have_their_group_before_them_and_a_column_of_the_same_name_is_told_apart():
    made = report(({"data": "web", "run": "r"}, ""), ({"data": "a\x1b"}, ""))
    assert list(grouped(made, ("run", "loss"), lambda _: [[1, 2.0], [3, 4.0]])) == [
        ["data", "group_run", "run", "loss"],
        ["web", "r", 1, 2.0], ["web", "r", 3, 4.0], ["a\\x1b", "", 1, 2.0], ["a\\x1b", "", 3, 4.0],
    ]  # fmt: skip
    assert group_cells(("x", "data"), made.results[0]) == ("", "web")


def test_the_figure_is_what_the_view_composes_or_its_charts_one_under_another():
    view = SimpleNamespace(charts=lambda _: ["a", "b"])
    assert panels_of(view, GROUPS) == [["a"], ["b"]]
    composed = SimpleNamespace(charts=lambda _: ["a", "b"], panels=lambda _: [["a", "b"], []])
    assert panels_of(composed, GROUPS) == [["a", "b"]]


def test_a_page_is_brief_or_whole():
    sheet = Sheet(words("name"), (("\x1b[1m",),))
    sections = [Section("kept", sheet), Section("detail", sheet, is_detail=True)]
    page = Page([("a", "1")], sections, ["said"], details=[("b", "2")])
    assert [section.title for section in page.brief.sections] == ["kept"]
    assert (page.brief.facts, page.brief.details, page.brief.sentences) == ([("a", "1")], [], ["said"])
    assert page.whole.facts == [("a", "1"), ("b", "2")]
    assert [section.title for section in page.whole.sections] == ["kept", "detail"]
    assert page.whole.sections[0].sheet.rows == (("\\x1b[1m",),)


def test_empty_blocks_and_facts_are_left_out():
    assert joined(["a", "", "b"], "|") == "a|b"
    assert stated(("a", "1"), ("b", ""), ("c", "3")) == [("a", "1"), ("c", "3")]


def test_runs_and_points_are_counted_or_stand_in_a_saved_fit():
    sources = [SimpleNamespace(path="a.json"), SimpleNamespace(path="b.json")]
    assert runs_and_points(1, 3, []) == "1 run, 3 points"
    assert runs_and_points(None, 3, sources) == runs_and_points(3, None, sources) == "saved fit a.json, b.json"
    assert runs_and_points(None, None, []) == "none: a published fit stands in place of runs"
    assert spans({"compute": (1e18, 1e20), "params": (1e8, 1e9)}, ["compute", "params"]) == [
        "compute 1e18 to 1e20 FLOPs", "params 100M to 1B"]  # fmt: skip


def test_text_is_folded_to_the_width_but_never_to_less_than_twenty_columns():
    words = "one two three four five six seven"
    assert Look().wrapped(words, indent=2) == words
    assert Look(width=22).wrapped(words, indent=2) == "one two three four\n  five six seven"
    assert Look(width=5).wrapped(words, indent=2) == Look(width=20).wrapped(words, indent=2)
    assert max(map(len, Look(width=5).wrapped(words, indent=2).split("\n"))) > 15
    assert Look(width=22).wrapped("a-b " * 8, indent=0).count("-\n") == 0


def test_colour_and_rules_are_for_what_supports_them():
    assert Look(color=True).painted("x", "red") == "\x1b[31mx\x1b[0m"
    assert Look().painted("x", "red") == "x"
    assert [Look(width=80).is_drawn, Look(color=True).is_drawn, Look().is_drawn] == [True, True, False]
