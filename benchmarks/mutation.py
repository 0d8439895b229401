"""Do the tests notice when the code is wrong? Small random changes, each judged by the tests of its folder.

    python benchmarks/mutation.py                      # 200 changes, seed 0: hours on one core
    python benchmarks/mutation.py --count 20 --seed 3 --only fitting data/runs

A change turns around a sign, a comparison, a bound, an index, an axis, a condition or a word such as min and max.
One copy of the project is changed, never the project itself. Functions that only say something (messages, help) and
docstrings are left alone. A change survives if the tests of the folder that mirrors its module pass; survivors are
printed with their line, to be read one by one: a test is missing, the code is dead, or the change alters nothing.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
FOLDERS = ("fitting", "analysis", "coverage", "data", "laws", "report", "document", "points", "numbers", "formula",
           "cli", "options", "sentences")  # fmt: skip
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
WORDS = NAMES | {"minimum": "maximum", "maximum": "minimum", "first": "last", "last": "first", "argmin": "argmax",
                 "argmax": "argmin", "head": "tail"}  # fmt: skip
CPU_SECONDS = 900  # of the tests of one folder; a change that makes them hang counts as noticed


class Change(NamedTuple):
    """One change: the module, the line, what was there and what stands there instead."""

    path: Path
    line: int
    start: int
    end: int
    before: bytes
    after: bytes


def changes(path: Path) -> Iterator[Change]:
    """All changes of a module."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    for node in _judged(ast.parse(source)):
        for new in _altered(node):
            start, end = place(node)
            after = ast.unparse(new).encode()
            if not isinstance(node, ast.Constant | ast.Name):
                after = b"(" + after + b")"
            yield Change(path, node.lineno, start, end, source[start:end], after)


def _judged(tree: ast.AST) -> Iterator[ast.expr]:
    """The expressions that compute: not messages, annotations, imports, or values of module constants that are text."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
            skipped.update(ast.walk(node))
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            skipped.update(ast.walk(node.annotation))
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            skipped.update(ast.walk(node.returns))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id[0].isupper():
            skipped.update(ast.walk(node))
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.expr) and node not in skipped)


def _altered(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], right)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS and not _is_text(left, right):
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield inner
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield inner
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.IfExp(test=test, body=body, orelse=other):
            yield ast.IfExp(test, other, body)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * 1.5 if value else 1.0)
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name])
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()) if name in WORDS:
            yield ast.Attribute(value, WORDS[name])


def _is_text(*nodes: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant | ast.JoinedStr) and not _is_number(node) for node in nodes)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def sample(count: int, seed: int, folders: list[str]) -> list[Change]:
    """Changes drawn at random: a folder, then a line of it, so that long modules have more."""
    paths = [path for folder in folders for path in sorted((ROOT / "scaling_cli" / folder).rglob("*.py"))]
    every = [change for path in paths for change in changes(path)]
    return random.Random(seed).sample(every, min(count, len(every)))


def tests_of(path: Path) -> list[list[str]]:
    """The tests that should notice, the quickest first.

    Those of the module and those that import it, if there are some; then all of its folder, or of the one above.
    """
    place = path.parent.relative_to(ROOT / "scaling_cli")
    folder = place
    while folder.parts and not list((ROOT / "tests" / folder).glob("test_*.py")):
        folder = folder.parent
    package, module = re.escape(".".join(("scaling_cli", *place.parts))), re.escape(path.stem)
    imports = re.compile(rf"\b{package}\.{module}\b|from {package} import [^\n]*\b{module}\b")
    every = sorted((ROOT / "tests" / folder).rglob("test_*.py"), key=lambda test: test.stem != f"test_{path.stem}")
    near = [test for test in every if test.stem == f"test_{path.stem}" or imports.search(test.read_text("utf-8"))]
    parts = [[str(test.relative_to(ROOT)) for test in near], [str(Path("tests") / folder)]]
    return [part for part in parts if part]


def is_noticed(change: Change, copy: Path) -> bool:
    """Whether the tests of the folder fail in a changed copy of the project."""
    target = copy / change.path.relative_to(ROOT)
    source = change.path.read_bytes()
    target.write_bytes(source[: change.start] + change.after + source[change.end :])
    environment = {**os.environ, "PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for tests in tests_of(change.path):
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
            line = f"ulimit -t {CPU_SECONDS}; exec nice -n 10 " + " ".join(command)
            if subprocess.run(["bash", "-c", line], cwd=copy, env=environment, capture_output=True).returncode:
                return True
        return False
    finally:
        target.write_bytes(source)


def main() -> None:
    """Draw the changes, judge each, and print the share that was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(FOLDERS), help="folders of the package")
    asked = parser.parse_args()
    chosen = sample(asked.count, asked.seed, asked.only)
    noticed = 0
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        copy = Path(place) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", "__pycache__"))
        if SHARED.is_dir():  # real data sets beside the project, which some tests read
            (copy.parent / SHARED.name).symlink_to(SHARED)
        for number, change in enumerate(chosen, start=1):
            is_seen = is_noticed(change, copy)
            noticed += is_seen
            where = f"{change.path.relative_to(ROOT)}:{change.line}"
            words = f"{change.before.decode()!r} -> {change.after.decode()!r}"
            print(f"{'noticed ' if is_seen else 'SURVIVED'} {where} {words}", flush=True)
            print(f"{noticed} of {number} noticed", end="\r", file=sys.stderr)
    share = noticed / len(chosen)
    error = (share * (1 - share) / len(chosen)) ** 0.5
    print(f"{noticed} of {len(chosen)} changes noticed: {100 * share:.1f} % (standard error {100 * error:.1f})")


if __name__ == "__main__":
    main()
