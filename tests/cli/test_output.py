"""Where results go and in which format, options that are set once, and what a command reads."""

from __future__ import annotations

import functools
import io
import sys
from types import SimpleNamespace

import pytest

from scaling_cli.cli import command as commands
from scaling_cli.cli import per_file, show, watch
from scaling_cli.cli.gates import parse_gate
from scaling_cli.cli.inputs import files_read, is_result
from scaling_cli.cli.output import chosen_format, prepare_output
from scaling_cli.cli.settings import settings
from scaling_cli.cli.show import deliver
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import FitError, UsageError
from scaling_cli.options import kinds
from scaling_cli.options.command import Argument
from scaling_cli.options.commands import find_command
from scaling_cli.options.fit import Fit
from scaling_cli.options.option import Options, option
from scaling_cli.options.output import Drawn, Launched, Output, Saved
from scaling_cli.options.watch import Watching
from scaling_cli.record import replace
from scaling_cli.report.pages.look import Look
from scaling_cli.report.views import view_of
from tests import ROOT
from tests.cli.running import run
from tests.factories import bad_report, groups_report, power_result, report

SCREEN = Look(width=80)
RUNS = (str(ROOT / "sample_data" / "isoflop_runs.csv"), "--quiet")


@pytest.mark.parametrize(
    ("given", "look", "form"),
    [
        ({}, Look(), "plain"),
        ({}, SCREEN, "table"),
        ({}, Look(color=True), "table"),
        ({"json": True}, SCREEN, "json"),
        ({"format": "csv"}, SCREEN, "csv"),
        ({"format": "csv", "json": True}, SCREEN, "json"),
        ({"output": "a.MD"}, Look(), "md"),
        ({"output": "a.md", "format": "csv"}, Look(), "csv"),
        ({"output": "a"}, Look(), "plain"),
        ({"output": "a.txt"}, SCREEN, "plain"),
    ],
)
def test_the_format_is_asked_for_or_that_of_the_suffix(given, look, form):
    assert chosen_format(Output(**given), look) == form


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda place: Output(output=place / "a.json"), None),
        (lambda place: Output(output=place / "a"), None),
        (lambda place: Output(output=place / "a.xyz", format="csv"), None),
        (lambda place: Output(output=place / "a.xyz", json=True), None),
        (lambda place: Output(output=place / "a.xyz"), "results cannot be written as .xyz"),
        (lambda place: Output(output=place / "a.png"), "results cannot be written as .png"),
        (lambda place: Output(output=place / "none" / "a.json"), "cannot be written"),
        (lambda place: Output(output=place), "cannot be written"),
        (lambda place: Output(output=place / "a.json", report=place / "a.json"), "would be written twice"),
        (lambda place: Output(report=place / "a.HTML"), None),
        (lambda place: Output(report=place / "a.csv"), "does not end in a report format"),
        (lambda place: Launched(launch=place / "a.CSV"), None),
        (lambda place: Launched(launch=place / "a.json"), "does not end in a format of --launch"),
        (lambda place: Drawn(figure=place / "a.svg"), None),
        (lambda place: Drawn(figure=place / "a.xyz"), "a.xyz"),
        (lambda place: Output(fail_if="a <"), "is not a test"),
        (lambda place: Output(fail_if="a < 3"), None),
        (lambda place: Output(allow="few-runs"), None),
        (lambda place: Output(allow="few-run"), "no caveat has this code"),
        (lambda place: Output(output=place / "read.json"), "one of the files that are read"),
        (lambda place: Output(output=place / "other.json"), None),
    ],
)
def test_what_would_fail_after_the_work_is_refused_before_it(tmp_path, make, message):
    for name in ("read.json", "other.json"):
        (tmp_path / name).write_text("{}")
    read = [str(tmp_path / "read.json"), 10**6, "\0"]
    if message is None:
        prepare_output(make(tmp_path), lambda: read)
    else:
        with pytest.raises(UsageError, match=message) as caught:
            prepare_output(make(tmp_path), lambda: read)
        assert caught.value.hint


def test_inputs_are_asked_for_only_where_a_file_to_write_exists(tmp_path):
    def never():
        raise AssertionError

    prepare_output(Output(output=tmp_path / "new.json"), never)
    with pytest.raises(UsageError, match=r"Write --figure .*a\.svg|cannot be written as \.svg"):
        prepare_output(Output(output=tmp_path / "a.svg"), never)


class Some(Options):
    """Options for the tests of settings."""

    seed: int = option(0, kinds.whole(), "Seed.")
    draws: bool = option(True, kinds.SWITCH, "Draws.")
    scale_weight: float = option(0.0, kinds.number(), "Scale.")


def set_once(tmp_path, monkeypatch, *, toml="", project="", command="fit", **environment):
    monkeypatch.chdir(tmp_path)
    if toml:
        (tmp_path / "scaling.toml").write_text(toml)
    if project:
        (tmp_path / "pyproject.toml").write_text(project)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return settings(command, Some.options.values()).values


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, {}),
        ({"toml": "seed = 1"}, {"seed": 1}),
        ({"toml": "scale-weight = 2"}, {"scale_weight": 2}),
        ({"toml": "seed = 1\n[fit]\nseed = 2"}, {"seed": 2}),
        ({"toml": "seed = 1\n[plan]\nseed = 2"}, {"seed": 1}),
        ({"toml": "level = 0.9"}, {}),  # an option of other commands
        ({"project": "[tool.scaling]\nseed = 3"}, {"seed": 3}),
        ({"project": "[tool.other]\nseed = 3"}, {}),
        ({"project": "[tool.scaling]\nseed = 3", "toml": "seed = 1"}, {"seed": 1}),
        ({"toml": "seed = 1", "SCALING_SEED": "7"}, {"seed": "7"}),
        ({"SCALING_DRAWS": "0", "SCALING_SCALE_WEIGHT": "2"}, {"draws": False, "scale_weight": "2"}),
        ({"SCALING_DRAWS": "YES"}, {"draws": True}),
    ],
)
def test_settings_come_from_files_and_the_environment(tmp_path, monkeypatch, facts, found):
    assert set_once(tmp_path, monkeypatch, **facts) == found


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"toml": "sed = 1"}, "scaling.toml: sed is not an option of any command"),
        ({"toml": "[fti]\nseed = 1"}, r"\[fti\] is not a command"),
        ({"toml": "[fit]\ngoal = 'x'"}, "goal is not an option of scaling fit"),
        ({"toml": "seed ="}, "scaling.toml cannot be read"),
        ({"project": "[tool.scaling]\nsed = 3"}, r"pyproject.toml, \[tool.scaling\]: sed is not"),
        ({"SCALING_DRAWS": "maybe"}, "SCALING_DRAWS is 'maybe'"),
    ],
)
def test_settings_that_mean_nothing_are_refused(tmp_path, monkeypatch, facts, message):
    with pytest.raises(UsageError, match=message):
        set_once(tmp_path, monkeypatch, **facts)


def test_the_files_that_a_command_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs").mkdir()
    for name in ("logs/a.csv", "logs/old.json", "t.csv"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "logs/old.json").write_text(to_json(report(power_result())))
    (tmp_path / "list").write_text("t.csv\n")
    (tmp_path / "empty").write_text("")
    forecast = tmp_path / "logs/forecast.json"
    forecast.write_text('{"schema": "scaling.extrapolate/1"}')
    found = files_read(["logs", "@list", "-"], [".csv", ".json"], takes_results=True)
    assert found[:5] == [0, "logs", "@list", "-", "list"]
    for name in ("logs/a.csv", "logs/forecast.json", "t.csv", "logs/config.yaml", "config.json"):
        assert name in found
    assert "logs/old.json" not in found
    assert not {"logs/old.json", "logs/forecast.json"} & {*files_read(["logs"], [".csv", ".json"])}
    (tmp_path / "logs/empty.csv").write_text("")
    assert "logs/empty.csv" in files_read(["logs"], [".csv"])
    assert "logs/empty.csv" not in files_read(["logs"], [".csv"], takes_empty=False)
    assert [is_result(name) for name in ("logs/old.json", "empty", "t.csv", "none")] == [True, True, False, False]


def test_files_of_options_are_read_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x\n")
    command = find_command("extrapolate")
    asked = command.options(targets="t.csv", suite="none.toml")
    read = commands._files_read(command, None, asked, None)
    assert "t.csv" in read
    assert "none.toml" in read
    laws = find_command("laws")
    assert "t.csv" in commands._files_read(laws, "t.csv", laws.options(), None)
    assert "power" not in commands._files_read(laws, "power", laws.options(), None)
    plan = find_command("plan")
    sizes = commands._files_read(plan, ["r"], plan.options(sizes=["60M", "t.csv"]), None)
    assert "t.csv" in sizes
    assert "60M" not in sizes


@pytest.mark.parametrize(
    ("name", "values", "given"),
    [
        ("seed", ["1"], "1"),
        ("seed", [], None),
        ("seed", None, None),
        ("draws", False, False),
        ("draws", None, None),
        ("several", ["a", "b"], ["a", "b"]),
        ("several", [], None),
    ],
)
def test_flags_are_given_once_unless_they_repeat(name, values, given):
    every = Some.options | {"several": option((), kinds.TEXTS, "Several.")}
    assert commands._given(every[name], values) == given


def test_a_flag_that_is_given_twice_is_refused_and_switches_have_an_opposite():
    with pytest.raises(UsageError, match="--seed is given 2 times: 1, 2"):
        commands._given(Some.options["seed"], ["1", "2"])
    with pytest.raises(UsageError) as refused:
        commands._given(Fit.options["where"], ["params > 1", "tokens > 1"])
    assert refused.value.hint == "Join the conditions by AND."
    draws = commands._parameter(Some.options["draws"]).annotation.__metadata__[0]
    assert (draws.default, *draws.param_decls) == ("--draws/--no-draws",)
    letter = commands._parameter(Output.options["output"]).annotation.__metadata__[0]
    assert (letter.default, *letter.param_decls) == ("--output", "-o")
    assert letter.metavar == "FILE"


@pytest.mark.parametrize(
    ("is_list", "is_needed", "kind"), [(True, True, list[str]), (False, True, str), (False, False, str | None)]
)
def test_an_argument_is_a_list_a_text_or_may_be_left_out(is_list, is_needed, kind):
    argument = Argument(name="x", metavar="X", help="", python="", is_list=is_list, is_needed=is_needed)
    parameter = commands._argument(argument)
    assert parameter.annotation.__origin__ == kind
    assert (parameter.default is None) == (not is_needed)


def delivered(capsys, made, output):
    code = deliver(made, output, view_of("fit"))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_result_is_on_stdout_and_everything_else_on_stderr(capsys):
    code, out, err = delivered(capsys, bad_report(), Saved())
    assert code == 0
    assert "few-runs" not in out
    assert "few-runs" in err
    code, out, err = delivered(capsys, bad_report(), Saved(quiet=True, strict=True))
    assert code == 4
    assert err.startswith("error: --strict")
    code, out, err = delivered(capsys, groups_report(), Saved(json=True, plot="ascii"))
    assert code == 5
    assert out.startswith("{")
    assert out.endswith("}\n")


@pytest.mark.parametrize(
    ("given", "on_stdout", "on_stderr"),
    [
        ({"plot": "ascii"}, True, False),
        ({"plot": "ascii", "json": True}, False, True),
        ({"plot": "ascii", "json": True, "quiet": True}, False, False),
        ({"plot": "never"}, False, False),
        ({}, False, False),  # stdout is no terminal
    ],
)
def test_a_plot_stands_below_text_and_never_within_what_programs_read(capsys, given, on_stdout, on_stderr):
    bare = delivered(
        capsys, report(power_result()), Saved(plot="never", **{k: v for k, v in given.items() if k != "plot"})
    )
    _, out, err = delivered(capsys, report(power_result()), Saved(**given))
    assert (len(out) > len(bare[1])) == on_stdout
    assert (len(err) > len(bare[2])) == on_stderr


def test_verbose_says_what_was_read_and_draws_can_be_left_out(capsys):
    _, out, err = delivered(capsys, report(power_result(draws=((1.0, 2.0),))), Saved(verbose=True, json=True))
    assert "read: runs.csv, 245 rows, sha256 9f" in err
    assert "column: loss from loss" in err
    assert 'option: objective = "huber"' in err
    assert '"draws"' in out
    _, out, _ = delivered(capsys, report(power_result(draws=((1.0, 2.0),))), Saved(json=True, draws=False))
    assert '"draws"' not in out


def test_a_file_has_the_result_and_text_its_notes(capsys, tmp_path):
    for name, has_notes in (("a.txt", True), ("a.csv", False)):
        code, out, err = delivered(capsys, bad_report(), Saved(output=tmp_path / name))
        assert (code, out) == (0, "")
        assert "few-runs" in err
        assert ("few-runs" in (tmp_path / name).read_text()) == has_notes
    assert show.write("text", str(tmp_path / "b")) == 0
    assert (tmp_path / "b").read_text() == "text"
    assert show.write("text", None) == 0
    assert capsys.readouterr().out == "text"


def test_lines_of_many_files_are_counted(capsys):
    tally = per_file._Tally(Output(fail_if="E < 1.8"))
    for line in to_json_lines(groups_report()):
        tally.add(line)
    verdict = tally.verdict()
    assert verdict.code == 5
    assert "[red]muon[/red]: parameters.E is 1.79" in verdict.reason  # the first group has 1.82
    said = tally.summary(1200)
    assert said.startswith("1,200 files: 2 results, 1 failed\nfailed: ")
    for count, more in ((5, ""), (6, "failed: 1 more, each with its error in the output\n")):
        tally._failed = [f"f{i}: bad" for i in range(count)]
        assert tally.summary(1).count("failed: f") == 5
        assert tally.summary(1).endswith(more or "failed: f4: bad\n")


def test_a_log_is_not_overwritten_but_an_earlier_result_is_left_out(tmp_path):
    log, old = tmp_path / "a.csv", tmp_path / "old.jsonl"
    log.write_text("x\n1\n")
    old.write_text("")
    names = [str(log), str(old)]
    assert per_file._logs(names, None) == names
    assert per_file._logs(names, str(tmp_path / "new")) == names
    assert per_file._logs(names, str(old)) == [str(log)]
    with pytest.raises(UsageError, match="overwritten"):
        per_file._logs(names, str(log))


@pytest.mark.parametrize(
    ("test", "value", "where"),
    [
        ("a <= 1", 1.0, "a is 1"), ("a < 1", 1.0, ""), ("a >= 1", 1.0, "a is 1"), ("a > 1", 1.0, ""),
        ("a == 1", 1.0, "a is 1"), ("a != 1", 1.0, ""), ("a != 1", 2.0, "a is 2"), ("a<1k", 999, "a is 999"),
        ("a > 0", 0.123456789, "a is 0.123457"), ("a == true", True, "a is true"), ("a != true", False, "a is false"),
        ("a == x", None, "a is missing"),
    ],
)  # fmt: skip
def test_every_comparison_of_a_gate(test, value, where):
    assert parse_gate(test).trips({"a": value, "group": {}}) == where


@pytest.mark.parametrize(
    ("test", "value", "words"),
    [
        ("a == differnt", "different", "different, equivalent"),
        ("b.a != Different", "different", "different, equivalent"),
        ("a == yes", True, "true, false"),
    ],
)
def test_a_word_that_a_key_never_has_is_refused(test, value, words):
    allowed = {"a": ["different", "equivalent"]}
    with pytest.raises(UsageError, match="is never") as caught:
        parse_gate(test).trips({"b": {"a": value}}, allowed)
    assert caught.value.hint == f"It is one of {words}."
    assert parse_gate("c == anything").trips({"c": "some"}, allowed) == ""
    assert parse_gate("a == equivalent").trips({"a": "different"}, allowed) == ""
    assert parse_gate("a == equivalent").trips({"a": None}, allowed) == "a is missing"


@pytest.mark.parametrize("test", ["a", "a <", "< 3", "a < word", "a >= word", "a = 3", "a < 3 4", "a b < 3"])
def test_what_is_no_test_is_refused(test):
    with pytest.raises(UsageError, match="is not a test"):
        parse_gate(test)


def test_a_refused_gate_lists_the_nearest_names_and_how_many_more():
    twelve = {f"name{i:02}": 1.0 for i in range(12)}
    with pytest.raises(UsageError) as caught:
        parse_gate("nane03 < 3").trips(twelve)
    assert caught.value.hint.startswith("The names are name03, name")
    assert "more, see --json" not in caught.value.hint
    with pytest.raises(UsageError) as caught:
        parse_gate("zzz < 3").trips(twelve | {"other": 1.0})
    assert "and 1 more, see --json" in caught.value.hint
    with pytest.raises(UsageError, match="can mean several things") as caught:
        parse_gate("x < 3").trips({"a": {"x": 1}, "b": {"x": 1}})
    assert caught.value.hint == "Write one of a.x, b.x."


def forecast(*ends, group=None):
    """A result with forecasts that end at steps, each with its lower end."""
    made = [
        SimpleNamespace(
            at={"step": step},
            loss=SimpleNamespace(estimate=low + 0.1, low=low),
            prediction=SimpleNamespace(low=own),
        )
        for step, low, own in ends
    ]
    return SimpleNamespace(group=group or {}, predictions=tuple(made))


@pytest.mark.parametrize(
    ("results", "beat", "code"),
    [
        ([forecast((10, 2.5, None))], 2.4, 5),
        ([forecast((10, 2.5, None))], 2.5, 0),
        ([forecast((10, 2.5, 2.3))], 2.4, 0),  # the interval for one new run comes first
        ([forecast((10, 2.5, 2.45))], 2.4, 5),
        ([forecast((10, 2.5, None), (20, 2.0, None))], 2.4, 0),  # the last step counts
        ([forecast((20, 2.0, None), (10, 2.5, None))], 2.4, 0),
        ([forecast((10, 2.5, None)), forecast((10, 2.0, None))], 2.4, 0),  # one of them may still
        ([forecast()], 2.4, 0),
        ([forecast((10, 2.5, None))], None, 0),
    ],
)
def test_a_loss_is_out_of_reach_if_the_interval_of_every_end_lies_above_it(capsys, results, beat, code):
    made = SimpleNamespace(results=results)
    assert watch.watched(lambda: made, lambda report: 0, (), Watching(beat=beat)) == code
    assert ("is out of reach" in capsys.readouterr().err) == (code == 5 or len(results) == 2)


def test_a_log_is_looked_at_until_it_grows_no_more(tmp_path, monkeypatch, capsys):
    log, slept, asked = tmp_path / "log", [], []
    log.write_text("1\n")

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            log.write_text("1\n2\n")

    def ask():
        asked.append(log.read_text())
        if len(asked) == 1:
            raise FitError("too short", hint="wait")
        return SimpleNamespace(results=[])

    monkeypatch.setattr(watch.time, "sleep", sleep)
    files_of_run = (str(log), str(tmp_path / "none"))
    assert watch.watched(ask, lambda report: 4, files_of_run, Watching(watch=True, every=7)) == 4
    assert asked == ["1\n", "1\n2\n"]
    assert slept == [7.0] * (2 + 40)
    said = capsys.readouterr().err
    assert said.startswith("waiting: too short\n")
    assert "taken to have ended" in said
    with pytest.raises(FitError):
        watch.watched(functools.partial(_fail), lambda report: 0, (), Watching(beat=1.0))


def _fail():
    raise FitError("too short", hint="wait")


@pytest.mark.parametrize(
    ("given", "law", "message"),
    [
        ({"targets": "t"}, "annealing", None),
        ({"targets": "t", "law": "multi-power-schedule"}, "multi-power-schedule", None),
        ({"targets": "t", "law": "power"}, "", "does not know the learning-rate schedule"),
        ({"targets": "t", "law": "E + A*x^-a"}, "", "does not know the learning-rate schedule"),
        ({}, "", "depends on its schedule"),
    ],
)
def test_the_end_of_a_run_needs_a_law_of_schedules_and_the_schedule(given, law, message):
    asked = find_command("extrapolate").options(**given)
    if message is None:
        assert watch.scheduled(asked).law == law
    else:
        with pytest.raises(UsageError, match=message):
            watch.scheduled(asked)


def test_pages_and_launches_are_written_beside_the_result(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scaling", "fit", "runs.csv"])
    pages = tmp_path / "a.jsonl", tmp_path / "b.JSON"
    deliver(report(power_result()), Saved(report=pages, plot="never"), view_of("fit"))
    assert pages[0].read_text().count("\n") == 1
    assert pages[1].read_text().startswith("{\n")
    empty = replace(report(), failures=groups_report().failures)
    deliver(empty, Saved(report=(tmp_path / "c.json",), figure=(tmp_path / "c.svg",)), view_of("fit"))
    assert (tmp_path / "c.json").exists()
    assert not (tmp_path / "c.svg").exists()


class Screen(io.StringIO):
    """A terminal."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        """The name of the encoding."""
        return self._encoding

    def isatty(self):
        """Whether this is a terminal."""
        return True


def on_screen(monkeypatch, made, output, *, encoding="utf-8", term="xterm"):
    """What a terminal shows: its result and its notes."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "90")
    out, err = Screen(encoding), Screen()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    deliver(made, output, view_of("fit"))
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("given", "facts", "is_drawn"),
    [
        ({}, {}, True),
        ({"plot": "never"}, {}, False),
        ({"format": "plain"}, {}, False),
        ({"format": "plain", "plot": "unicode"}, {}, True),
        ({}, {"term": "dumb"}, False),
    ],
)
def test_a_terminal_shows_a_plot_below_a_table(monkeypatch, given, facts, is_drawn):
    shown, _ = on_screen(monkeypatch, report(power_result()), Saved(**given), **facts)
    bare, _ = on_screen(monkeypatch, report(power_result()), Saved(**(given | {"plot": "never"})), **facts)
    assert shown.startswith(bare.rstrip("\n")[:200])
    assert (len(shown) > len(bare)) == is_drawn


@pytest.mark.parametrize(
    ("plot", "encoding", "is_unicode"),
    [("auto", "utf-8", True), ("auto", "ascii", False), ("ascii", "utf-8", False), ("unicode", "ascii", True)],
)
def test_a_plot_has_the_characters_that_were_asked_for_or_that_the_terminal_can_show(
    monkeypatch, plot, encoding, is_unicode
):
    given = {"format": "table" if plot == "auto" else "plain"}
    shown, _ = on_screen(monkeypatch, report(power_result()), Saved(plot=plot, **given), encoding=encoding)
    bare, _ = on_screen(monkeypatch, report(power_result()), Saved(plot="never", **given), encoding=encoding)
    drawn = shown[len(bare) :]
    assert drawn
    assert drawn.isascii() != is_unicode


def test_notes_on_a_terminal_stand_below_a_blank_line_in_colour(monkeypatch):
    _, notes = on_screen(monkeypatch, bad_report(), Saved(plot="never"))
    assert notes.startswith("\n")
    assert "\x1b[" in notes
    _, plain_notes = on_screen(monkeypatch, bad_report(), Saved(plot="never", color="never"))
    assert "\x1b[" not in plain_notes
    assert on_screen(monkeypatch, bad_report(), Saved(plot="never", quiet=True))[1] == ""


def test_a_result_without_groups_has_no_plot(monkeypatch):
    empty = replace(report(), failures=groups_report().failures)
    shown, _ = on_screen(monkeypatch, empty, Saved(plot="unicode"))
    bare, _ = on_screen(monkeypatch, empty, Saved(plot="never"))
    assert shown == bare


def test_a_picture_beside_a_page_does_not_replace_what_was_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scaling"])
    (tmp_path / "a.png").write_bytes(b"runs")
    read = replace(report(power_result()), inputs=(replace(report().inputs[0], path=str(tmp_path / "a.png")),))
    with pytest.raises(UsageError, match="overwritten"):
        show._picture(read, Saved(), view_of("fit"), tmp_path / "a.png")
    assert show._picture(replace(read, results=()), Saved(), view_of("fit"), tmp_path / "a.png") == b""
    assert show._picture(read, Output(), view_of("fit"), tmp_path / "a.png") == b""


@pytest.mark.parametrize("command", [("fit", *RUNS, "--interval", "none"), ("columns", *RUNS), ("schema", "fit")])
def test_a_hyphen_as_the_file_is_stdout(command, tmp_path):
    words = [*command, "--format", "json"] if command[0] != "schema" else [*command]
    assert run(*words, "-o", "-", cwd=tmp_path).stdout == run(*words, cwd=tmp_path).stdout != ""
    assert not list(tmp_path.iterdir())
