from __future__ import annotations

import gc
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does, and before numpy is imported
if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":  # each process has a core; the first tries several threads
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

from pathlib import Path

import pytest

from tests import ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; its tests are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder}")
    return folder


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: thousands of tests and all modules, which it would look through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
