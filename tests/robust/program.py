"""The program of live pages, which takes two seconds to make, is made once for all processes of a test run."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

PLACE = "TESTS_OF_SCALING_FOLDER"  # the variable with the folder of the run, which all its processes inherit


def made_once(make: Callable[[], str]) -> Callable[[], str]:
    """The function that makes the program, or reads what another process of this run made."""

    @functools.cache
    def program() -> str:
        folder = os.environ.get(PLACE)
        if not folder:
            return make()
        kept = Path(folder) / "program.js"
        if not kept.exists():
            with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as made:
                made.write(make())
            Path(made.name).replace(kept)  # at once, so that nobody reads half of it
        return kept.read_text(encoding="utf-8")

    return program
