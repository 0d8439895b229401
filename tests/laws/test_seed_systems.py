"""Every file of simulated runs has a command; `python -m tests.laws.seed_answers FOLDER` runs them all."""

from __future__ import annotations

from tests.laws.seed_systems import SYSTEMS


def test_every_file_has_a_command(shared_data):
    files = {path.stem for path in (shared_data / "seed_systems").glob("*.csv")}
    assert files == {system.file for system in SYSTEMS}
