"""What a command does before it reads files: figures are in `benchmarks/startup.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scaling_cli.cli.command import _read_in
from scaling_cli.options.fit import COMMAND
from tests.cli.running import run_from_scratch

RUNS = Path(__file__).parents[2] / "sample_data" / "isoflop_runs.csv"
OPTIONS = [option for part in (COMMAND.options, *COMMAND.shell) for option in part.options.values()]


def test_no_module_of_ours_is_the_first_to_import_numpy_or_polars():
    """Imported from deep within our modules, they take 20 ms more, of memory that Python gets and returns."""
    ran = run_from_scratch("fit", RUNS, "--interval", "none", "--quiet", PYTHONPROFILEIMPORTTIME="1")
    assert ran.returncode == 0
    within: list[tuple[int, str]] = []  # modules around the next one, for each is listed after those that it imports
    first = {}
    for spaces, name in reversed(re.findall(r"^import time: +\d+ \| +\d+ \|( +)(\S+)$", ran.stderr, re.MULTILINE)):
        within = [outer for outer in within if outer[0] < len(spaces)]
        first[name.split(".")[0]] = [outer for _, outer in within if outer.startswith("scaling_cli")]
        within.append((len(spaces), name))
    assert {library: first[library] for library in ("numpy", "polars")} == {"numpy": [], "polars": []}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["fit", "runs.csv"], []),
        (["fit", "runs.csv", "--law=power", "-q"], ["law", "quiet"]),
        (["fit", "--no-draws", "--seed", "3", "--help", "-"], ["draws", "seed"]),
        (["fit", "runs.csv", "-qj"], None),
        (["fit", "runs.csv", "--lo", "loss"], None),
        (["fit", "runs.csv", "--bound", "-3:2"], None),
        (["fit", "--", "--law"], None),
    ],
)
def test_typer_gets_the_options_of_the_command_line_and_all_where_a_word_is_no_flag(words, names):
    read = [option.name for option in _read_in(words, OPTIONS)]
    assert sorted(read) == sorted(option.name for option in OPTIONS if names is None or option.name in names)
