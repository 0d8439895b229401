"""Which lines of the package each test runs, and how long each test takes, for `mutation.py`.

`record` runs one file of tests, as a plugin of pytest. Python imports this module as `sitecustomize` in the processes
that the tests start, where it notes what they run. What is computed once and then kept (imports, caches, fixtures of a
whole file) is noted for the file instead of the test that happened to come first.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.machinery
import os
import pickle
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

FOLDER, TEST = "MUTATION_LINES", "MUTATION_TEST"  # variables that processes inherit: where to write; who started them
WHOLE_FILE = ""

Lines = dict[str, int]  # module -> a number whose bit n says whether line n was run


class Recorded(NamedTuple):
    """What a file of tests runs."""

    seconds: dict[str, float]  # of each test
    lines: dict[str, Lines]  # of each test, and of the file as a whole under WHOLE_FILE
    failed: list[str]  # tests that fail without any change
    sources: dict[str, str]  # the modules of the project that it imports, with a hash of each

    def is_current(self, root: Path) -> bool:
        """Whether all these modules are still the same."""
        return all((root / name).is_file() and _hash(root / name) == known for name, known in self.sources.items())


class _Measured:
    """Lines that run from now on, each noted for the test that is current."""

    def __init__(self, root: Path) -> None:
        import coverage

        self.root, self.current = root, WHOLE_FILE
        self._coverage = coverage.Coverage(data_file=None, config_file=False, source=[str(root / "scaling_cli")])
        self._coverage.set_option("run:disable_warnings", ["no-data-collected", "module-not-imported"])
        self._coverage.start()

    def switch(self, test: str) -> None:
        if test != self.current:
            self.current = os.environ[TEST] = test
            self._coverage.switch_context(test)

    def found(self) -> dict[str, Lines]:
        data, found = self._coverage.get_data(), defaultdict[str, Lines](dict)
        for path in data.measured_files():
            module = Path(path).relative_to(self.root).as_posix()
            for line, tests in data.contexts_by_lineno(path).items():
                for test in tests:
                    found[test][module] = found[test].get(module, 0) | 1 << line
        return found

    def shared(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose lines are noted for the whole file."""

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            before = self.current
            self.switch(WHOLE_FILE)
            try:
                return function(*arguments, **named)
            finally:
                self.switch(before)

        return call

    def share_what_is_kept(self) -> None:
        """Caches and imports count for the whole file. To be called before the package is imported."""
        shared, kept, limited = self.shared, functools.cached_property, functools.lru_cache

        class CachedProperty(kept):  # type: ignore[valid-type]
            def __init__(self, function: Callable[..., Any]) -> None:
                super().__init__(shared(function))

        def lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
            if callable(maxsize):
                return limited(shared(maxsize))
            return lambda function: limited(maxsize, typed)(shared(function))

        functools.cached_property = CachedProperty  # type: ignore[assignment]
        functools.lru_cache = lru_cache
        functools.cache = lambda function: limited(None)(shared(function))
        loader = importlib.machinery.SourceFileLoader
        loader.exec_module = shared(loader.exec_module)  # type: ignore[method-assign]


class _Plugin:
    def __init__(self, measured: _Measured) -> None:
        self.measured, self.seconds, self.failed = measured, dict[str, float](), set[str]()

    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        started = time.perf_counter()
        self.measured.switch(item.nodeid)
        yield
        self.measured.switch(WHOLE_FILE)
        self.seconds[item.nodeid] = time.perf_counter() - started

    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = self.measured.current
        if fixturedef.scope != "function":
            self.measured.switch(WHOLE_FILE)
        yield
        self.measured.switch(before)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


def record(test_file: str, root: Path, folder: Path) -> Recorded:
    """Run a file of tests in this process, which must not have imported the package, and in those it starts."""
    import pytest

    for hook in (_Plugin.pytest_runtest_protocol, _Plugin.pytest_fixture_setup):
        pytest.hookimpl(hookwrapper=True)(hook)
    os.environ.update({FOLDER: str(folder), TEST: WHOLE_FILE})
    measured = _Measured(root)
    measured.share_what_is_kept()
    plugin = _Plugin(measured)
    pytest.main(["-q", "-n0", "-p", "no:cacheprovider", test_file], plugins=[plugin])
    lines = measured.found()
    for path in folder.glob("*.process"):
        for test, modules in pickle.loads(path.read_bytes()).items():
            for module, run in modules.items():
                lines[test][module] = lines[test].get(module, 0) | run
        path.unlink()
    files = [Path(getattr(module, "__file__", None) or os.devnull) for module in sys.modules.values()]
    names = {file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)}
    names |= {module for modules in lines.values() for module in modules}
    sources = {name: _hash(root / name) for name in sorted(names)}
    return Recorded(plugin.seconds, dict(lines), sorted(plugin.failed), sources)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record_process() -> None:
    """Note what this process, and those forked from it, run until they end, for the test that started each."""
    measured = _Measured(Path(__file__).parent)
    leave = os._exit

    @functools.cache
    def save(process: int) -> None:
        run: Lines = {}
        for lines in measured.found().values():
            for module, bits in lines.items():
                run[module] = run.get(module, 0) | bits
        path = Path(os.environ[FOLDER]) / f"{uuid.uuid4()}.process"
        path.write_bytes(pickle.dumps({os.environ[TEST]: run}))

    def exit_(code: int) -> None:
        save(os.getpid())
        leave(code)

    os._exit = exit_  # type: ignore[assignment]
    atexit.register(lambda: save(os.getpid()))


if __name__ == "sitecustomize" and FOLDER in os.environ:
    _record_process()
