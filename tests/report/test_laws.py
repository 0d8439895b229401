from __future__ import annotations

import pytest

from scaling_cli.laws import LAWS
from scaling_cli.library.answer import answer
from scaling_cli.options.laws import Laws
from scaling_cli.report import laws as view
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.verbs import laws as verb


def laws(name=None):
    return verb.laws(name, Laws())


@pytest.mark.sample(3)
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", [None, *(law.name for law in LAWS)])
def test_nothing_is_wider_than_the_terminal(name, width):
    text = render(laws(name), "table", view, look=Look(width))
    assert max(len(line) for line in text.splitlines()) <= width


def test_the_list_leaves_most_of_a_narrow_terminal_to_the_formulas():
    lines = render(laws(), "table", view, look=Look(80)).splitlines()
    assert any(line.endswith("E + A / params^alpha + B / tokens^beta") for line in lines)
    assert len(lines) < 2 * len(LAWS) + 10


def test_a_law_is_one_line_at_a_prompt():
    assert repr(answer(laws("power"))).splitlines()[1] == "  The law power is loss = a * x^b; its input is x.>"


def test_rows_are_the_parameters_and_what_follows_from_them():
    report = laws("chinchilla")
    (law,) = report.results
    header, *rows = view.records(report)
    assert header == ("law", "formula", "source", "inputs", "parameter", "kind", "unit", "meaning")
    assert {row[:4] for row in rows} == {("chinchilla", law.formula, law.source, "params tokens")}
    assert [row[4:7] for row in rows] == [
        ("E", "fitted", "loss"), ("A", "fitted", "loss"), ("B", "fitted", "loss"), ("alpha", "fitted", ""),
        ("beta", "fitted", ""), ("params_exponent", "derived", ""), ("tokens_exponent", "derived", ""),
    ]  # fmt: skip
    assert rows[0][7] == "irreducible loss"
    assert view.charts(report) == []
