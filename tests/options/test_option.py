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
from scaling_cli.options.commands import LIBRARY, SUMMARIES, find_command
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
        for option in options:
            assert option.flag in text, option.flag


@pytest.mark.parametrize("name", LIBRARY)
def test_keywords_of_the_library_are_the_flags_of_the_shell(name):
    command = find_command(LIBRARY[name])
    keywords = [
        parameter.name
        for parameter in inspect.signature(getattr(scaling, name)).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    flags = {option.name for part in (command.options, *command.shell) for option in part.options.values()}
    assert set(keywords) - {"label", "on_progress"} == set(command.options.options) <= flags


def test_help_is_one_plain_line():
    for name, option in every_option():
        assert option.help[0].isupper() or option.help.split(":")[0] in option.choices, (name, option.name)
        assert option.help.endswith("."), (name, option.name)
        assert len(option.help) < 130, (name, option.name)


def test_an_option_has_its_default_and_its_help_in_one_place():
    declared = defaultdict(set)
    for path in (ROOT / "scaling_cli").rglob("*.py"):
        for name in re.findall(r"^    (\w+): .* = option\(", path.read_text(encoding="utf-8"), re.M):
            declared[name].add(path)
    for name, option in every_option():
        assert declared[option.name], (name, option.name)
        assert all("options" in path.parts for path in declared[option.name])


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
    assert then.options == now.options | {"tpr": 1.0}
    assert {"laws", "targets", "budgets"} <= set(COVERAGE)
    assert set(SPREAD) == {"mapping", "prices", "exchange", "verifier"}


def test_verbose_says_what_was_read_and_chosen():
    ran = run("fit", RUNS, "--interval", "none", "--verbose")
    assert "read: " in ran.stderr
    assert "column: loss from loss" in ran.stderr
    assert 'option: law = "auto"' in ran.stderr
