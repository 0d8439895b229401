"""The one entry point of the benchmarks, and the sums that their tables rest on."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"


def listed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_every_benchmark_is_listed_with_what_it_prints():
    rows = [line.split(maxsplit=1) for line in listed().stdout.splitlines()]
    assert sorted(name for name, _ in rows) == sorted(
        path.stem for path in FOLDER.glob("[!_]*.py") if path.stem not in ("forecast_sets", "measure", "other_claims")
    )
    assert all(about[0].isupper() and about.endswith(".") for _, about in rows)


def test_an_unknown_benchmark_is_refused_by_name():
    done = listed("no-such")
    assert done.returncode == 1
    assert "'no-such'" in done.stderr


@pytest.mark.parametrize("power", [0.5, 1.0, 1.3, 2.0])
def test_the_exponent_of_a_growth_is_found_whatever_the_command_needs_for_any_input(monkeypatch, power):
    monkeypatch.syspath_prepend(str(FOLDER))
    found = importlib.util.spec_from_file_location("growth", FOLDER / "growth.py")
    growth = importlib.util.module_from_spec(found)
    monkeypatch.setitem(sys.modules, "growth", growth)
    found.loader.exec_module(growth)
    costs = [0.5 + 0.2 * factor**power for factor in growth.FACTORS]
    assert growth.exponent(costs, 0.1) == pytest.approx(power, abs=1e-6)
    assert growth.exponent([0.5, 0.5, 0.52], 0.1) == 0.0
