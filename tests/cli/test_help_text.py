"""Help in columns, defaults as a shell writes them, and what a shell offers."""

from __future__ import annotations

import os

import pytest

from scaling_cli.cli import help as helps
from scaling_cli.cli.completion import column_names, completion
from scaling_cli.cli.help import command_help, default_of, main_help
from scaling_cli.cli.run import run
from scaling_cli.options import kinds
from scaling_cli.options.commands import SUMMARIES, find_command
from scaling_cli.options.option import Options, option


class Some(Options):
    """Options with every kind of default."""

    heading = "Some"
    text: str = option("a", kinds.TEXT, "Text.", is_basic=True)
    number: float = option(0.5, kinds.number(), "Number.", letter="n", metavar="X", is_basic=True)
    whole: int = option(300, kinds.whole(), "Whole.")
    switch: bool = option(False, kinds.SWITCH, "Switch.")
    kept: bool = option(True, kinds.SWITCH, "Kept.")
    none: str | None = option(None, kinds.COLUMN, "None.")
    several: tuple[str, ...] = option((), kinds.TEXTS, "Several.")
    words: str = option("x", kinds.choice("x", "xy", "z"), "Words.", choices=("x", "xy", "z"))
    delta: float | None = option(None, kinds.DELTA, "Delta.")


OPTIONS = Some.options


def test_defaults_are_shown_as_they_are_written():
    assert {name: default_of(each) for name, each in OPTIONS.items()} == {
        "text": "a", "number": "0.5", "whole": "300", "switch": "", "kept": "", "none": "", "several": "", "words": "x",
        "delta": "",
    }  # fmt: skip


def test_a_row_has_letter_flag_value_and_default():
    assert helps._row(OPTIONS["number"]) == ("-n, --number X", "Number. [default: 0.5]")
    assert helps._row(OPTIONS["kept"]) == ("--kept/--no-kept", "Kept.")
    assert helps._row(OPTIONS["switch"]) == ("--switch", "Switch.")
    assert helps._row(OPTIONS["none"]) == ("--none COL", "None.")


def test_meanings_stand_in_a_column_that_long_flags_leave():
    rows = helps._rows([("-a", "one two three"), ("--a-very-long-flag-of-its-own", "four")], 40)
    left = int(0.36 * 40)
    assert rows[0] == "  -a".ljust(left) + "one two three"
    assert rows[1:] == ["  --a-very-long-flag-of-its-own", " " * left + "four"]
    short = helps._rows([("-a", "one " * 20)], 60)
    assert short[0].startswith("  -a  one")
    assert short[1].startswith("      one")
    assert all(len(line) <= 60 for line in short)
    narrow = helps._rows([("-a", "word " * 9)], 10)
    assert [line.strip() for line in narrow] == ["-a", *["word word word word"] * 2, "word"]  # twenty columns at least


@pytest.mark.parametrize(("columns", "is_beside"), [(26, True), (25, False)])
def test_what_an_example_does_stands_beside_it_where_there_is_room(columns, is_beside):
    (line,) = helps._examples([("scaling fit x", "one law")], columns)
    assert line == ("  scaling fit x  # one law" if is_beside else "  # one law\n  scaling fit x")


@pytest.mark.parametrize("columns", [80, 120])
def test_help_keeps_to_its_width(columns):
    for text in (main_help(columns), *(command_help(name, columns, is_short=False) for name in SUMMARIES)):
        prose = [line for line in text.splitlines() if not line.startswith(("  scaling ", "  -", "  # "))]
        assert max(map(len, prose)) <= columns
        assert text.endswith("\n")


def test_the_short_help_says_how_many_options_it_leaves_out():
    text = command_help("fit", 100, is_short=True)
    command = find_command("fit")
    every = command.all_options
    basic = [each for each in every if each.is_basic]
    assert f"lists {len(every) - len(basic)} more options" in text
    assert all(f"{each.flag} " in text for each in basic)
    assert text.count("  scaling fit") == 2
    assert "more options" not in command_help("schema", 100, is_short=False)


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("120", 120), ("500", 120)])
def test_lines_are_no_wider_than_can_be_followed(monkeypatch, columns, width):
    monkeypatch.setenv("COLUMNS", columns)
    assert helps.width() == width


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 0), (["--help"], 0), (["-h"], 0), (["fit", "-h"], 0), (["fit", "--help"], 0)]
)
def test_help_is_printed_and_ends_well(capsys, arguments, code):
    assert run(arguments) == code
    assert capsys.readouterr().out.startswith("Usage: scaling")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "scaling --help lists the commands."),
        (["fit", "--nothing"], "scaling fit --help lists its options."),
        (["fit", "x", "--level"], "Write --level SHARE. scaling fit --help describes it."),
        (["fit", "x", "--dpi"], "Write --dpi N. scaling fit --help describes it."),
    ],
)
def test_a_line_that_cannot_be_read_says_what_to_write(capsys, arguments, said):
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert f"hint: {said}\n" in error


def test_the_version_is_printed(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("scaling ")


def test_a_shell_is_offered_what_may_follow(tmp_path, monkeypatch):
    (tmp_path / "runs.csv").write_text("alpha,beta,loss\n1,2,3\n")
    monkeypatch.setenv("COMP_WORDS", f"scaling fit {tmp_path}/runs.csv --by")
    fit = find_command("fit")
    options = {each.name: each for part in (fit.options, *fit.shell) for each in part.options.values()}
    offers = {name: completion(options[name]) for name in ("law", "allow", "map", "by", "space", "where", "weight")}
    assert offers["where"] is None
    assert offers["law"]("chin")[:2] == ["chinchilla", "chinchilla-tied"]
    assert "auto" in offers["law"]("au")
    assert offers["allow"]("few-r") == ["few-runs"]
    assert offers["map"]("toke") == ["tokens="]
    assert offers["map"]("tokens=al") == ["tokens=alpha"]
    assert offers["by"]("a") == ["alpha"]
    assert offers["by"]("alpha,b") == ["alpha,beta"]
    assert offers["weight"]("") == ["alpha", "beta", "loss"]
    assert offers["space"]("lo") == ["log"]
    monkeypatch.setenv("COMP_WORDS", "scaling 'broken")
    assert column_names() == []
    monkeypatch.delenv("COMP_WORDS")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", os.fspath(tmp_path / "runs.csv"))
    assert column_names() == ["alpha", "beta", "loss"]


def test_a_flag_with_many_alternatives_is_broken_between_them():
    assert helps._broken("--format a|bb|ccc", 80) == ["  --format a|bb|ccc"]
    assert helps._broken("--format a|bb|ccc", 14) == ["  --format a|", "      bb|ccc"]


@pytest.mark.parametrize("name", ["fit", "laws", "plan"])
def test_no_option_is_wider_than_the_page(name):
    text = command_help(name, 80, is_short=False).partition("\nExamples:")[0]
    assert all(len(line) <= 80 for line in text.splitlines())
