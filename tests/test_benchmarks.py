"""The one entry point of the benchmarks, and the sums that their tables rest on."""

from __future__ import annotations

import importlib.util
import shutil
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


def test_a_benchmark_tells_its_arguments_without_running():
    told = listed("planning", "--help").stdout
    assert "python -m benchmarks planning [REPETITIONS]" in told


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


KEPT = """
import functools

LIMIT = 2


@functools.cache
def kept(x):
    return x + LIMIT


def twice(x):
    return x * 2


def never(x):
    return -x


def elsewhere(x):
    return x - 1
"""
JUDGES = """
import _thread
import os
import subprocess
import sys
import time

from scaling_cli.numbers.kept import elsewhere, kept, twice


def test_first():
    kept(1)  # not looked at, but it fills the cache


def test_second():
    assert kept(1) == 3


def test_a_process():
    code = "from scaling_cli.numbers.kept import twice; print(twice(4))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ, check=True)
    assert done.stdout == b"8\\n"


def test_a_thread_in_which_no_line_is_seen():
    found = []
    _thread.start_new_thread(lambda: found.append(elsewhere(twice(4))), ())
    while not found:
        time.sleep(0.01)
    assert found == [7 * len(str(twice(2)))]
"""


@pytest.mark.thorough  # starts several suites
def test_a_change_is_judged_by_all_tests_that_run_its_line_and_only_by_them(tmp_path):
    pytest.importorskip("coverage")
    for name in ("mutation", "_changes", "_lines"):
        (tmp_path / "benchmarks").mkdir(exist_ok=True)
        shutil.copy(FOLDER / f"{name}.py", tmp_path / "benchmarks")
    for name, text in {"scaling_cli/numbers/kept.py": KEPT, "tests/numbers/test_judges.py": JUDGES}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).with_name("__init__.py").touch()
        (tmp_path / name).parents[1].joinpath("__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    command = [sys.executable, "-m", "benchmarks.mutation", "--only", "numbers"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert sorted(done.stdout.splitlines()) == [
        "6 of 7 changes noticed: 85.7 % (standard error 13.2)",
        "SURVIVED scaling_cli/numbers/kept.py:17 '-x' -> '(x)'  (no test runs this line)",
        "noticed  scaling_cli/numbers/kept.py:13 '2' -> '3'",
        "noticed  scaling_cli/numbers/kept.py:13 'x * 2' -> '(x / 2)'",
        "noticed  scaling_cli/numbers/kept.py:21 '1' -> '2'",
        "noticed  scaling_cli/numbers/kept.py:21 'x - 1' -> '(x + 1)'",
        "noticed  scaling_cli/numbers/kept.py:4 '2' -> '3'",
        "noticed  scaling_cli/numbers/kept.py:9 'x + LIMIT' -> '(x - LIMIT)'",
    ]
