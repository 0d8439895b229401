"""`--figure` and `--report`, as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import run

SAMPLES = Path(__file__).parents[2] / "sample_data"
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
    "inference-coverage": ("inference-coverage", str(SAMPLES / "samples.csv"), "--by", "model"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_draws_its_plot_and_writes_its_page(tmp_path, name):
    picture, page = tmp_path / "plot.svg", tmp_path / "page.html"
    shown = run(*COMMANDS[name], "--figure", str(picture), "--report", str(page), "--quiet")
    assert shown.returncode == 0, shown.stderr
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    text = page.read_text(encoding="utf-8")
    assert f"<h1>scaling {name}</h1>" in text
    assert text.count("<svg") == 1
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
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("- law: chinchilla")
    assert {each.suffix for each in tmp_path.iterdir()} == {".png", ".pdf", ".md"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("--figure", "a.gif"), "a.gif"),
        (("--figure", "nowhere/a.png"), "nowhere/a.png"),
        (("--report", "a.docx"), "a.docx"),
        (("--report", RUNS), "overwritten"),
        (("--per-file", "--format", "jsonl", "--figure", "a.png"), "streamed"),
    ],
    ids=["suffix", "folder", "report", "input", "streamed"],
)
def test_what_cannot_be_drawn_is_refused_before_any_work(files, said):
    shown = run(*FIT, *files)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "hint:" in shown.stderr
    assert not shown.stdout
