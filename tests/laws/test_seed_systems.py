"""Every file of simulated runs has a command that answers; `python -m tests.laws.seed_answers FOLDER` prints them all.

The tests of single commands are slow together: `pytest -m slow tests/laws/test_seed_systems.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import binom

from tests.laws.seed_answers import LEVEL, answer
from tests.laws.seed_systems import SYSTEMS

CHANCE = 1e-3  # of a failure by chance
ALLOWED_NOISE = 1.15  # times the noise, which the residuals of few runs exceed by chance


@pytest.fixture(scope="module")
def folder(shared_data) -> Path:
    found = shared_data / "seed_systems"
    if not found.is_dir():
        pytest.skip(f"the simulated runs are not at {found}")
    return found


def test_every_file_has_a_command(folder):
    assert {path.stem for path in folder.glob("*.csv")} == {system.file for system in SYSTEMS}


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS, ids=[f"{number}-{system.file}" for number, system in enumerate(SYSTEMS)])
def test_a_command_answers(folder, system):
    found = answer(system, folder, interval="sandwich")
    if system.refusal:
        assert found.code == 4
        assert system.refusal in found.refusal
        return
    assert found.code == 0, found.refusal
    assert all(one.estimate is not None for one in found.compared), found.compared
    if system.noise is not None:
        (result,) = found.results
        assert result["quality"]["rmse_log"] < ALLOWED_NOISE * system.noise


@pytest.mark.slow
def test_truths_lie_outside_their_intervals_as_often_as_chance_allows(folder):
    answers = [answer(system, folder, interval="sandwich") for system in SYSTEMS if system.truths]
    misses = [(one.system.file, miss) for one in answers for miss in one.misses]
    truths = sum(len(one.compared) for one in answers)
    assert truths > 300
    assert len(misses) <= binom.ppf(1 - CHANCE, truths, 1 - LEVEL), misses
