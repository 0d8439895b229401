"""Do the tests notice when the code is wrong? Small random changes, each judged by the tests of its folder.

    python -m benchmarks mutation                      # 200 changes, seed 0: about an hour on one core
    python -m benchmarks mutation --count 20 --seed 3 --only fitting data/runs/select.py
    python -m benchmarks mutation --map ../lines --part 1/2      # one half of the 200; another process takes 2/2

A change turns around a sign, a comparison, a bound, an index, an axis, a condition or a word such as min and max.
One copy of the project is changed, never the project itself. Functions that only say something (messages, help) and
docstrings are left alone. A change survives if the tests of the folder that mirrors its module pass; survivors are
printed with their line, to be read one by one: a test is missing, the code is dead, or the change alters nothing.

The tests of the folders concerned first run once without a change, to find which lines each of them runs, also in the
processes that it starts. Then only the tests that run the changed statement judge it, the quickest first. For code
that runs when its module is imported, these are all tests of the files that import it. What polars calls in threads of
its own is not seen: a statement that no test seems to run is judged by the tests that run any other of its module.
Each judgement is a fork of a process that has imported the libraries, but neither the package nor the tests. It needs
what `pip install -e ".[dev]"` installs.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import importlib
import os
import pickle
import py_compile
import random
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported

import pytest

from benchmarks._changes import Change, changes, statement
from benchmarks._lines import WHOLE_FILE, Recorded, record

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
LINES = Path(__file__).with_name("_lines.py")
LIBRARIES = ("msgspec", "numpy", "polars", "rich", "scipy.optimize", "scipy.special", "scipy.stats")
FOLDERS = ("fitting", "analysis", "coverage", "data", "laws", "report", "document", "points", "numbers", "formula",
           "cli", "options", "sentences")  # fmt: skip
ANY = -1  # a number whose every bit is set: any line
CPU_SECONDS = 900  # of a file of tests without a change; one that makes tests hang counts as noticed


def sample(count: int, seed: int, folders: list[str]) -> list[Change]:
    """Changes drawn at random from all of these folders or modules, each as likely as any other."""
    places = [ROOT / "scaling_cli" / folder for folder in folders]
    paths = [path for place in places for path in ([place] if place.is_file() else sorted(place.rglob("*.py")))]
    every = [change for path in paths for change in changes(path)]
    return random.Random(seed).sample(every, min(count, len(every)))


def folder_of(path: Path) -> Path:
    """The folder of tests that mirrors that of a module, or the one above."""
    folder = path.parent.relative_to(ROOT / "scaling_cli")
    while folder.parts and not list((ROOT / "tests" / folder).glob("test_*.py")):
        folder = folder.parent
    return ROOT / "tests" / folder


def near(path: Path) -> set[str]:
    """The files of tests of a module, and of its folder those that import it."""
    package = re.escape(".".join(("scaling_cli", *path.parent.relative_to(ROOT / "scaling_cli").parts)))
    imports = re.compile(rf"\b{package}\.{path.stem}\b|from {package} import [^\n]*\b{path.stem}\b")
    every = folder_of(path).rglob("test_*.py")
    found = [test for test in every if test.stem == f"test_{path.stem}" or imports.search(test.read_text("utf-8"))]
    return {test.relative_to(ROOT).as_posix() for test in found}


class Judge:
    """Tests a copy of the project that has one change."""

    def __init__(self, place: Path, known: Path, test_files: list[str], turn: float) -> None:
        self._place, self._copy, self._known = place, place / "project", known
        shutil.copytree(ROOT, self._copy, ignore=shutil.ignore_patterns(".git", ".venv*", "__pycache__"))
        if SHARED.is_dir():  # real data sets beside the project, which some tests read
            (place / SHARED.name).symlink_to(SHARED)
        shutil.copy(LINES, self._copy / "sitecustomize.py")
        # What is kept of each module has the hash of its text, so that a changed module is never mistaken for another.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(self._copy / "scaling_cli", quiet=2, invalidation_mode=mode)
        known.mkdir(parents=True, exist_ok=True)
        first = round(turn * len(test_files))
        ordered = test_files[first:] + test_files[:first]  # processes that share the map begin at different places
        self._recorded = {file: self._record(file) for file in ordered}

    def _record(self, test_file: str) -> Recorded:
        path = self._known / test_file.replace("/", "+")
        found = pickle.loads(path.read_bytes()) if path.exists() else None
        if found is None or not found.is_current(self._copy):
            print(f"finding what {test_file} runs", end="\x1b[K\r", file=sys.stderr)

            def work() -> int:
                folder = Path(tempfile.mkdtemp(dir=self._place))
                (folder / "found").write_bytes(pickle.dumps(record(test_file, self._copy, folder)))
                shutil.move(folder / "found", path)
                return 0

            if self._forked(work, CPU_SECONDS):
                print(f"left out, as they end their process without a change: {test_file}", flush=True)
                print((self._place / "log").read_text(), file=sys.stderr)
                return Recorded({}, {}, [], {})
            found = pickle.loads(path.read_bytes())
        assert isinstance(found, Recorded)
        if found.failed:
            print(f"left out, as they fail without a change: {' '.join(found.failed)}", flush=True)
        return found

    def is_noticed(self, change: Change) -> bool | None:
        """Whether tests fail in the changed copy; None if none does, and no test is seen to run the changed line."""
        bits, is_module = statement(change._replace(path=self._copy / change.path.relative_to(ROOT)))
        tests, is_run = self._tests(change, bits, is_module), True
        if not tests:
            tests, is_run = self._tests(change, ANY, is_module), False
        target = self._copy / change.path.relative_to(ROOT)  # the project itself may be edited meanwhile
        source = target.read_bytes()
        target.write_bytes(source[: change.start] + change.after + source[change.end :])
        try:
            is_seen = any(self._fails(batch, seconds) for batch, seconds in _batches(tests))
            return True if is_seen else False if is_run else None
        finally:
            target.write_bytes(source)

    def _tests(self, change: Change, bits: int, is_module: bool) -> dict[str, float]:
        """The tests that run one of these lines and how long each takes: those of the module, then the quickest."""
        module, folder = change.path.relative_to(ROOT).as_posix(), folder_of(change.path).relative_to(ROOT).as_posix()
        close, found = near(change.path), dict[str, float]()
        for file, recorded in self._recorded.items():
            run = {test for test, modules in recorded.lines.items() if modules.get(module, 0) & bits}
            is_all = (bits != ANY or file in close) and (WHOLE_FILE in run or (is_module and bool(run)))
            if file.startswith(f"{folder}/"):
                tests = [test for test in recorded.seconds if (is_all or test in run) and test not in recorded.failed]
                found |= {test: recorded.seconds[test] for test in tests}
        return dict(sorted(found.items(), key=lambda item: (item[0].split("::")[0] not in close, item[1])))

    def _fails(self, tests: list[str], seconds: float) -> bool:
        limit = 60 + 10 * seconds
        ended = self._forked(lambda: self._pytest(tests), limit)
        if ended in (4, 5):  # the change renamed tests
            ended = self._forked(
                lambda: self._pytest(list(dict.fromkeys(test.split("::")[0] for test in tests))), limit
            )
        return ended != 0

    def _pytest(self, tests: list[str]) -> int:
        shutil.rmtree(self._copy / ".hypothesis", ignore_errors=True)  # examples that failed with another change
        os.environ["PYTHONDONTWRITEBYTECODE"], sys.dont_write_bytecode = "1", True
        return int(pytest.main(["-q", "-x", "-n0", "-p", "no:cacheprovider", f"--basetemp={self._place}/tmp", *tests]))

    def _forked(self, work: Callable[[], int], seconds: float) -> int:
        """What a function returns in a fork that has the copy of the project; another number if it is killed."""
        child = os.fork()
        if not child:
            os.setsid()
            log = os.open(self._place / "log", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            for number in range(3):
                os.dup2(log, number)
            resource.setrlimit(resource.RLIMIT_CPU, (round(seconds), round(seconds) + 5))
            os.environ["PYTHONPATH"] = sys.path[0] = str(self._copy)
            os.chdir(self._copy)
            assert not any(name.split(".")[0] in ("scaling_cli", "tests") for name in sys.modules)
            code = -1
            try:
                code = work()
            finally:
                if sys.exc_info()[0]:
                    traceback.print_exc()
                sys.stdout.flush()
                os._exit(code)
        with os.fdopen(os.pidfd_open(child), "rb") as handle:
            if not select.select([handle], [], [], 10 * seconds)[0]:  # other programs may have the processor
                os.killpg(child, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        return ended


def _batches(tests: dict[str, float]) -> Iterator[tuple[list[str], float]]:
    """Tests in pieces of their order, the first of which takes about a second, the next four times that, and so on."""
    batch, spent, size = list[str](), 0.0, 1.0
    for test, seconds in tests.items():
        batch.append(test)
        spent += seconds
        if spent >= size:
            yield batch, spent
            batch, spent, size = [], 0.0, 4 * size
    if batch:
        yield batch, spent


def main() -> None:
    """Draw the changes, judge each, and print the share that was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(FOLDERS), help="folders or modules of the package")
    parser.add_argument(
        "--map",
        type=Path,
        metavar="FOLDER",
        help="keep here which lines each test runs, until these or the test change",
    )
    parser.add_argument("--part", default="1/1", metavar="I/N", help="judge every N-th change only, from the I-th on")
    asked = parser.parse_args()
    part, parts = map(int, asked.part.split("/"))
    chosen = sample(asked.count, asked.seed, asked.only)
    files = {file for change in chosen for file in folder_of(change.path).rglob("test_*.py")}
    noticed = 0
    chosen = chosen[part - 1 :: parts]
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        for library in LIBRARIES:
            importlib.import_module(library)
        os.nice(10)
        names = sorted(file.relative_to(ROOT).as_posix() for file in files)
        judge = Judge(Path(place), (asked.map or Path(place) / "map").resolve(), names, (part - 1) / parts)
        for number, change in enumerate(chosen, start=1):
            is_seen = judge.is_noticed(change)
            noticed += bool(is_seen)
            where = f"{change.path.relative_to(ROOT)}:{change.line}"
            words = f"{change.before.decode()!r} -> {change.after.decode()!r}"
            why = "  (no test runs this line)" if is_seen is None else ""
            print(f"{'noticed ' if is_seen else 'SURVIVED'} {where} {words}{why}", flush=True)
            print(f"{noticed} of {number} noticed", end="\x1b[K\r", file=sys.stderr)
    share = noticed / len(chosen)
    error = (share * (1 - share) / len(chosen)) ** 0.5
    print(f"{noticed} of {len(chosen)} changes noticed: {100 * share:.1f} % (standard error {100 * error:.1f})")


if __name__ == "__main__":
    main()
