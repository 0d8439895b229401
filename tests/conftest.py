from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does, and before numpy is imported
if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":  # each process has a core; the first tries several threads
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

from pathlib import Path

import pytest

from tests import ROOT
from tests.grids import mark_rest
from tests.robust.program import PLACE, made_once

IS_FIRST = PLACE not in os.environ  # the first process of a run, from which the others inherit the folder
if IS_FIRST:
    os.environ[PLACE] = tempfile.mkdtemp()

gc.set_threshold(100_000, 20, 100)  # nearly all that collection makes stays


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; its tests are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data sets are not at {folder}")
    return folder


@pytest.fixture(scope="session", autouse=True)
def program_is_made_once() -> None:
    """Let the processes of a run share the program of live pages."""
    from scaling_cli.report.pages import interactive

    interactive._bundle = made_once(interactive._bundle)


def pytest_collection(session: pytest.Session) -> None:
    """Let each process begin with another part of all tests: in a fresh checkout, each then compiles only that part."""
    place, count = (os.environ.get(f"PYTEST_XDIST_WORKER{part}", "") for part in ("", "_COUNT"))
    if not place or session.config.args != ["tests"]:
        return
    paths = sorted((ROOT / "tests").rglob("test_*.py"))
    first, last = (len(paths) * part // int(count) for part in (int(place[2:]), int(place[2:]) + 1))
    for path in paths[first:last]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # collection will say what is wrong
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the rest of large grids to `-m thorough`."""
    mark_rest(items)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: thousands of tests and all modules, which it would look through again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Remove what the processes of the run shared."""
    if IS_FIRST:
        shutil.rmtree(os.environ.pop(PLACE), ignore_errors=True)
