"""The package's modules, what each imports, and the layers that imports follow.

`python -m tests.architecture` prints the layers.

An import counts wherever it stands: at the top of a module, in a function, for type checkers alone, or as the name of
a module in a string, which `importlib.import_module` may be given.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests import ROOT

PACKAGE = ROOT / "scaling_cli"

# A layer may import the layers before it. Names in one layer may not import each other.
LAYERS = (
    ("errors", "record", "version", "arrays", "input_formats"),
    ("numbers", "formula", "jobs", "streams"),
    ("options",),
    ("caveats", "flops"),
    ("laws", "results"),
    ("data", "fitting", "coverage", "sentences"),
    ("points", "document"),
    ("analysis",),
    ("verbs",),
    ("report",),
    ("cli", "library"),
    ("__init__",),
    ("__main__",),
)
WINGS = "analysis"  # whose folders may not import each other
NAMED = re.compile(r"scaling_cli(?:\.\w+)+")
Imports = Mapping[str, Mapping[str, int]]  # module to the modules that it imports, each with its line


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Each module of the package by its dotted name without `scaling_cli`; a folder has the name `folder.__init__`."""
    return {".".join(path.relative_to(package).with_suffix("").parts): path for path in sorted(package.rglob("*.py"))}


def imports(package: Path = PACKAGE) -> Imports:
    """What each module imports from the package."""
    known = modules(package)
    found: dict[str, dict[str, int]] = {}
    for name, path in known.items():
        found[name] = {}
        for dotted, line in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            target = _module(dotted, known)
            if target is not None and target != name:
                found[name].setdefault(target, line)
    return found


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Dotted names that may be modules, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=str() as module, names=names):
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in names)
            case ast.Constant(value=str() as text) if match_ := NAMED.match(text):
                yield match_[0], node.lineno


def _module(dotted: str, known: Mapping[str, Path]) -> str | None:
    """The module of the package that a dotted name leads to: the longest part of it that is one."""
    parts = dotted.split(".")
    if parts[0] != "scaling_cli":
        return None
    for end in range(len(parts), 1, -1):
        name = ".".join(parts[1:end])
        for module in (name, f"{name}.__init__"):
            if module in known:
                return module
    return "__init__" if "__init__" in known else None


def rank(module: str) -> int:
    """The place of a module's layer.

    Raises:
        ValueError: It has none.
    """
    top = module.split(".")[0]
    for place, names in enumerate(LAYERS):
        if top in names:
            return place
    raise ValueError(f"{top} has no layer: put it into LAYERS")


def climbs(graph: Imports) -> list[str]:
    """Every import that does not lead to a lower layer, nor stays in its own folder, as a sentence."""
    found = []
    for module, targets in graph.items():
        for target, line in targets.items():
            tops = module.split(".")[0], target.split(".")[0]
            wings = module.split(".")[1:-1][:1], target.split(".")[1:-1][:1]
            if tops[0] != tops[1]:
                if rank(target) >= rank(module):
                    found.append(f"{module}, line {line}, imports {target}, which is not below it")
            elif tops[0] == WINGS and wings[0] and wings[1] and wings[0] != wings[1]:
                found.append(f"{module}, line {line}, imports {target}, which is another wing")
    return found


def circles(graph: Imports) -> list[tuple[str, ...]]:
    """Every group of modules that import each other, directly or not (Tarjan 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for target in graph[module]:
            if target not in order:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in stack:
                lowest[module] = min(lowest[module], order[target])
        if lowest[module] == order[module]:
            group = tuple(stack[stack.index(module) :])
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(group)

    for module in graph:
        if module not in order:
            visit(module)
    return found


def layers() -> str:
    """The layers as text, the lowest first, each folder with the number of its modules."""
    known = modules()
    lines = []
    for names in LAYERS:
        counts = {name: sum(module.split(".")[0] == name for module in known) for name in names}
        lines.append("  ".join(f"{name} ({count})" if count > 1 else name for name, count in counts.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    print(layers())  # noqa: T201
