"""`--figure` and `--report`, as a user meets them."""

from __future__ import annotations

import re

import pytest

from tests import ROOT
from tests.cli.running import run_here as run
from tests.grids import one_in

SAMPLES = ROOT / "sample_data"
OPTIMIZERS = str(SAMPLES / "optimizers.csv")
RUNS = str(SAMPLES / "isoflop_runs.csv")
FIT = ("fit", RUNS, "--interval", "none")
COMMANDS = {
    "fit": FIT,
    "extrapolate": ("extrapolate", RUNS, "--at", "compute=1e23", "--replicates", "20"),
    "compare-exponents": (
        "compare-exponents",
        str(SAMPLES / "optimizers.csv"),
        "--by",
        "optimizer",
        "--replicates",
        "99",
    ),
    "optimal-allocation": ("optimal-allocation", RUNS, "--interval", "none"),
    "inference-coverage": ("inference-coverage", str(SAMPLES / "samples.csv"), "--by", "model", "--replicates", "100"),
}


@pytest.mark.parametrize("name", one_in(5, COMMANDS))
def test_every_command_draws_its_plot_and_writes_its_page(tmp_path, name):
    picture, page = tmp_path / "plot.svg", tmp_path / "page.html"
    shown = run(*COMMANDS[name], "--figure", str(picture), "--report", str(page), "--quiet")
    assert shown.returncode == 0, shown.stderr
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    text = page.read_text(encoding="utf-8")
    assert f"<h1>scaling {name}</h1>" in text
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)  # scripts of live pages write svg themselves
    assert markup.count("<svg") == 1
    assert "<table>" in text


def test_the_result_is_the_same_with_and_without_drawings(tmp_path):
    files = (
        "--figure",
        str(tmp_path / "a.png"),
        "--figure",
        str(tmp_path / "a.pdf"),
        "--report",
        str(tmp_path / "a.md"),
    )
    assert run(*FIT, "--json", *files).stdout == run(*FIT, "--json").stdout
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# scaling fit\n\nLoss falls as params^")
    assert {each.suffix for each in tmp_path.iterdir()} == {".png", ".pdf", ".md"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("--figure", "a.gif"), "a.gif"),
        (("--figure", "nowhere/a.png"), "nowhere/a.png"),
        (("--report", "a.docx"), "a.docx"),
        (("--report", RUNS), "overwritten"),
        (("--per-file", "--format", "jsonl", "--figure", "a.png"), "JSON lines"),
    ],
    ids=["suffix", "folder", "report", "input", "streamed"],
)
def test_what_cannot_be_drawn_is_refused_before_any_work(files, said):
    shown = run(*FIT, *files)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "hint:" in shown.stderr
    assert not shown.stdout


def test_every_group_has_a_forecast_of_its_own_with_its_name(tmp_path):
    picture = tmp_path / "plot.svg"
    shown = run(
        "extrapolate", OPTIMIZERS, "--by", "optimizer", "--at", "compute=1e24", "--replicates", "20",
        "--law", "power-constant", "--figure", str(picture), "--quiet",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    text = picture.read_text(encoding="utf-8")
    assert "adamw: forecast of larger runs<" in text
    assert "muon: forecast of larger runs<" in text


def test_groups_that_all_failed_say_why_although_there_is_nothing_to_draw(tmp_path):
    picture, page = tmp_path / "plot.png", tmp_path / "page.html"
    asked = ("optimal-allocation", str(SAMPLES / "pile_losses.csv"), "--by", "model_family", "--interval", "none")
    shown = run(*asked, "--figure", str(picture), "--report", str(page))
    assert shown.returncode == 4
    assert "failed: " in shown.stderr
    assert "nothing to draw" not in shown.stderr
    assert not picture.exists()
    assert 'class="failed"' in page.read_text(encoding="utf-8")


def test_a_result_without_a_drawing_still_has_its_caveats_and_its_page(tmp_path):
    saved, page = tmp_path / "fit.json", tmp_path / "page.html"
    run(*FIT, "-o", str(saved))
    shown = run(
        "extrapolate", str(saved), "--at", "compute=1e24",
        "--figure", str(tmp_path / "plot.png"), "--report", str(page),
    )  # fmt: skip
    assert shown.returncode == 2
    assert "[no-draws]" in shown.stderr
    assert "has no plot to save" in shown.stderr
    assert page.exists()


def test_columns_refuses_a_figure_before_any_work(tmp_path):
    shown = run("columns", RUNS, "--figure", str(tmp_path / "plot.png"))
    assert shown.returncode == 2
    assert "No such option: --figure" in shown.stderr
    assert not shown.stdout
