"""Facts that several commands say in the same words."""

from __future__ import annotations

import pytest

from scaling_cli.report.pages.facts import law_words
from tests import ROOT
from tests.cli.running import run_here as run

FORMULA = "E + A*compute**-alpha"
SURFACE = "E + A*params**-alpha + B*tokens**-beta"


def test_a_law_is_said_with_the_columns_of_its_inputs_and_a_formula_once():
    assert law_words("power", "a * x^b", {"x": "compute"}) == "power: a * x^b, x = compute"
    assert law_words(FORMULA, FORMULA, {"compute": "compute"}) == FORMULA


@pytest.mark.parametrize(
    ("words", "law"),
    [
        (("fit", "optimizers.csv", "--interval", "none"), FORMULA),
        (("plan", "optimizers.csv", "--goal", "alpha", "--budget", "1e21", "--replicates", "40"), FORMULA),
        (("optimal-allocation", "isoflop_runs.csv", "--budget", "1e21", "--interval", "none"), SURFACE),
    ],
)
def test_every_command_says_a_formula_once(words, law):
    ended = run(words[0], str(ROOT / "sample_data" / words[1]), *words[2:], "--law", law)
    assert ended.returncode == 0, ended.stderr
    said = [line for line in ended.stdout.splitlines() if line.startswith("law: ")]
    assert said == [f"law: {law}"]
