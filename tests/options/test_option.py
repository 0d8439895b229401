"""Options are written once, and every one that is listed does something."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict

import pytest

import scaling_cli as scaling
from scaling_cli.cli.help import sections_of
from scaling_cli.errors import UsageError
from scaling_cli.library.aliases import COVERAGE, SPREAD
from scaling_cli.options import kinds
from scaling_cli.options.commands import LIBRARY, SUMMARIES, find_command
from scaling_cli.options.option import Options, changed, option, unknown_option
from tests import ROOT
from tests.cli.running import run

SAMPLES = ROOT / "sample_data"
RUNS = SAMPLES / "isoflop_runs.csv"


def every_option():
    return [
        (name, option) for name in SUMMARIES for _, options in sections_of(find_command(name)) for option in options
    ]


@pytest.mark.parametrize("name", SUMMARIES)
def test_help_lists_every_flag_that_a_command_takes_under_a_heading(name):
    text = run(name, "--help").stdout
    for heading, options in sections_of(find_command(name)):
        assert f"\n{heading}:\n" in text
        for each in options:
            assert each.flag in text, each.flag


@pytest.mark.parametrize("name", LIBRARY)
def test_keywords_of_the_library_are_the_flags_of_the_shell(name):
    command = find_command(LIBRARY[name])
    keywords = [
        parameter.name
        for parameter in inspect.signature(getattr(scaling, name)).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    flags = {each.name for each in command.all_options}
    assert set(keywords) - {"label", "on_progress"} == set(command.options.options) <= flags


def test_help_is_one_plain_line():
    for name, each in every_option():
        assert each.help[0].isupper() or each.help.split(":")[0] in each.choices, (name, each.name)
        assert each.help.endswith("."), (name, each.name)
        assert len(each.help) < 130, (name, each.name)


def test_an_option_has_its_default_and_its_help_in_one_place():
    declared = defaultdict(set)
    for path in (ROOT / "scaling_cli").rglob("*.py"):
        for name in re.findall(r"^    (\w+): .* = option\(", path.read_text(encoding="utf-8"), re.M):
            declared[name].add(path)
    for name, each in every_option():
        assert declared[each.name], (name, each.name)
        assert all("options" in path.parts for path in declared[each.name])


def test_values_cannot_change_and_a_changed_copy_can_be_had():
    asked = find_command("fit").options(level="90%", fix="E=1.8")
    assert (asked.level, asked.fix) == (0.9, {"E": 1.8})
    with pytest.raises(AttributeError):
        asked.level = 0.5
    assert asked.but(level=0.5).level == 0.5
    assert asked.level == 0.9


def test_a_result_repeats_the_options():
    recorded = find_command("fit").options(delta="auto", loss="eval").recorded()
    assert recorded["delta"] == "auto"
    assert recorded["loss"] == "eval"
    assert "tokens" not in recorded
    assert recorded["checkpoints"] == "final"


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="There is no option 'levle'") as caught:
        find_command("fit").options(levle=0.9)
    assert "level" in caught.value.hint


@pytest.mark.parametrize("flag", ["--level", "--law", "-o"])
def test_a_flag_with_one_value_is_refused_when_given_twice(flag, tmp_path):
    values = {"--level": ("0.9", "0.8"), "--law": ("power", "chinchilla"), "-o": ("a.json", "b.json")}[flag]
    ran = run("fit", RUNS, *(part for value in values for part in (flag, tmp_path / value if flag == "-o" else value)))
    assert ran.returncode == 2
    assert "is given 2 times" in ran.stderr
    assert not list(tmp_path.iterdir())


def test_a_report_may_be_written_in_two_formats(tmp_path):
    pages = tmp_path / "a.html", tmp_path / "b.md"
    ran = run("fit", RUNS, "--interval", "none", "--report", pages[0], "--report", pages[1])
    assert ran.returncode == 0, ran.stderr
    assert all(page.stat().st_size > 100 for page in pages)


def test_earlier_names_of_coverage_options_still_work():
    logs = {"by": "model", "replicates": 100}
    now = scaling.inference_coverage(
        SAMPLES / "samples.csv", fit="power-law", target=0.5, problem="problem_id", model_params="8B", tokens_out=100,
        budget="1e14flops", fpr=0.01, **logs,
    )  # fmt: skip

    class Rates:
        true_positive, false_positive, labels = 1.0, 0.01, "verifier"

    then = scaling.inference_coverage(
        SAMPLES / "samples.csv", laws="power-law", targets=0.5, mapping={"problem": "problem_id"}, verifier=Rates,
        budgets="1e14flops", prices={"params": ["8B"], "tokens_out": ["100"]}, **logs,
    )  # fmt: skip
    assert then.results == now.results
    assert then.options == now.options | {"tpr": 1.0, "labels": "verifier"}
    assert {"laws", "targets", "budgets"} <= set(COVERAGE)
    assert set(SPREAD) == {"mapping", "prices", "exchange", "verifier"}


def test_verbose_says_what_was_read_and_chosen():
    ran = run("fit", RUNS, "--interval", "none", "--verbose")
    assert "read: " in ran.stderr
    assert "column: loss from loss" in ran.stderr
    assert 'option: law = "auto"' in ran.stderr


def test_a_definition_says_only_what_differs():
    plain = option(None, kinds.TEXT, "Help.")
    assert (plain.metavar, plain.letter, plain.choices, plain.recorded) == ("", "", (), "always")
    assert not plain.is_basic
    assert (kinds.TEXT.repeats, kinds.TEXT.is_switch, kinds.TEXT.record("a")) == (False, False, "a")


class Base(Options):
    """Options that another class inherits."""

    heading = "Base"
    first: str | None = option(None, kinds.TEXT, "First.", recorded="given")
    in_: int = option(3, kinds.whole(), "Second.", metavar="COUNT")


class Derived(Base):
    """Options that change one and add one."""

    heading = "Derived"
    in_: int = changed(Base.in_, default=4)
    third: str = option("a", kinds.choice("a", "b"), "Third.", choices=("a", "b"), recorded="never")


def test_a_flag_has_hyphens_and_no_underscore_at_its_end():
    assert [each.flag for each in Derived.options.values()] == ["--in", "--third", "--first"]
    assert [each.shown for each in Derived.options.values()] == ["COUNT", "a|b", "TEXT"]


def test_an_option_stays_under_the_heading_where_it_was_first_defined():
    sections = {heading: [each.name for each in options] for heading, options in Derived.sections()}
    assert sections == {"Derived": ["third"], "Base": ["first", "in_"]}
    assert dict(Derived.sections())["Base"][1].default == 4
    assert Base().in_ == 3
    assert Derived().in_ == 4


def test_what_is_recorded_depends_on_the_option_and_on_what_was_given():
    assert Derived().recorded() == {"in_": 4}
    assert Derived(first="x", third="b").recorded() == {"in_": 4, "first": "x"}


def test_none_is_a_value_only_where_it_is_the_default():
    assert Derived(first=None).first is None
    with pytest.raises(UsageError, match="--third is None"):
        Derived(third=None)


def test_an_unknown_name_without_a_near_one_gets_the_list():
    assert "Options are in_, third, first." in unknown_option(Derived, "zzzzz").hint
    assert "Did you mean third?" in unknown_option(Derived, "thrid").hint
