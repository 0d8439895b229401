"""The gates that the documentation shows work as they stand."""

from __future__ import annotations

import re
import shlex

import pytest

from scaling_cli.options.commands import SUMMARIES
from tests import ROOT
from tests.cli.running import run

SHOWN = re.findall(r"^scaling (.+)$", (ROOT / "docs" / "gates.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.sample(2)
@pytest.mark.parametrize("command", SHOWN)
def test_a_documented_gate_passes_or_trips(command):
    ran = run(*shlex.split(command), cwd=ROOT)
    assert ran.returncode in (0, 5), ran.stderr
    assert (ran.returncode == 5) == ("--fail-if" in ran.stderr)


def test_every_command_with_results_has_a_documented_gate():
    assert {command.split()[0] for command in SHOWN} == set(SUMMARIES) - {"laws", "schema", "show"}
