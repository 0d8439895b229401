"""Every file of simulated runs has a command; `python -m tests.seeds FOLDER` runs them all."""

from __future__ import annotations

from tests.seeds.systems import SYSTEMS


def test_every_file_has_a_command(shared_data):
    files = {path.stem for path in (shared_data / "seed_systems").glob("*.csv")}
    assert files == {system.file for system in SYSTEMS}
