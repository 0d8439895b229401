"""`scaling show`: a saved result again, in any format, without fitting."""

from __future__ import annotations

import json

import pytest

from tests import ROOT
from tests.cli.running import run as run_alone
from tests.cli.running import run_here as run

RUNS = ROOT / "sample_data" / "isoflop_runs.csv"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("show") / "fit.json"
    run("fit", RUNS, "--replicates", "50", "-o", path)
    return path


def test_a_saved_fit_is_shown_as_it_was(saved, tmp_path):
    for form in ("plain", "md", "latex", "csv", "json"):
        fitted = run("fit", RUNS, "--replicates", "50", "--format", form)
        shown = run("show", saved, "--format", form)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout == fitted.stdout
        assert shown.stderr == fitted.stderr


def test_it_draws_and_reports_and_gates(saved, tmp_path):
    picture, page = tmp_path / "a.pdf", tmp_path / "a.html"
    shown = run("show", saved, "--figure", picture, "--report", page, "--fail-if", "alpha > 0.1")
    assert shown.returncode == 5
    assert picture.read_bytes().startswith(b"%PDF")
    assert "<h1" in page.read_text(encoding="utf-8")


def test_lines_of_several_files_are_shown_together(tmp_path):
    logs, lines = ROOT / "sample_data" / "logs", tmp_path / "fits.jsonl"
    run("fit", logs, "--per-file", "--loss", "val_loss", "--law", "power-constant", "--x", "tokens",
        "--interval", "none", "--format", "jsonl", "-o", lines)  # fmt: skip
    shown = run("show", lines)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count(": Loss falls as tokens^") == len(lines.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not valid JSON"), ("{}", "not a result"), ("x", "not valid JSON"), ("[1]", "not a result"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": 3}', "`results` is not a list"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": [], "drawing": 3}', "`drawing` is not a list"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": [{"law": 3}]}', "Expected"),
        ('{"schema": "scaling.later/1", "command": "later", "results": []}', "does not have"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused_by_name(tmp_path, content, said):
    path = tmp_path / "odd.json"
    path.write_text(content, encoding="utf-8")
    shown = run("show", path)
    assert shown.returncode in (2, 3)
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr
    assert "`scaling fit" not in shown.stderr  # the hint is not about one command


def test_a_file_that_is_not_there_may_be_of_any_command():
    shown = run("show", "no-such.json")
    assert shown.returncode == 3
    assert "Give a file that `scaling COMMAND ... -o FILE.json` wrote." in shown.stderr


def test_a_result_cannot_overwrite_itself(saved):
    before = saved.read_text(encoding="utf-8")
    assert run("show", saved, "-o", saved).returncode == 2
    assert saved.read_text(encoding="utf-8") == before


def test_a_result_without_drawings_has_all_but_the_figure(tmp_path):
    path = tmp_path / "fit.json"
    run("fit", RUNS, "--interval", "none", "--no-draws", "-o", path)
    assert "drawing" not in json.loads(path.read_text(encoding="utf-8"))
    assert run("show", path).returncode == 0
    assert run("show", path, "--figure", tmp_path / "a.png").returncode == 2


@pytest.mark.parametrize(
    ("asked", "spoil"),
    [
        ("--report a.html", lambda seen: seen["inputs"]["params"].append(1e9)),
        ("--figure a.png", lambda seen: seen["inputs"]["params"].__setitem__(0, 0.0)),
        ("--figure a.png", lambda seen: seen["observed"].__setitem__(0, 1e308)),
    ],
    ids=["one more", "zero", "overflow"],
)
def test_a_result_whose_values_were_changed_is_refused_in_one_line(saved, tmp_path, asked, spoil):
    document = json.loads(saved.read_bytes())
    spoil(document["drawing"][0]["observations"])
    (tmp_path / "changed.json").write_text(json.dumps(document))
    shown = run_alone("show", "changed.json", *asked.split(), cwd=tmp_path)
    assert shown.returncode == 3
    assert "error: changed.json: its values do not fit together, so it was changed" in shown.stderr
    assert "Traceback" not in shown.stderr
