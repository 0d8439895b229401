"""The borders that carry the design, enforced."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "scaling_cli"

# A layer may import what stands before it, and itself; what stands together is apart.
LAYERS = (
    {"errors"},
    {"record"},
    {"caveats", "jobs", "flops"},
    {"data", "laws"},
    {"fitting"},
    {"coverage"},
    {"document"},
    {"analysis"},
    {"verbs"},
    {"batch"},
    {"report"},
    {"cli"},
)
POLARS = {"data", "fitting/problem.py", "coverage/problem.py"}  # where polars is imported, but for annotations
HEAVY = {"numpy", "scipy", "polars", "rich", "plotext", "joblib", "threadpoolctl", "matplotlib"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def layer_of(name: str) -> int | None:
    return next((rank for rank, names in enumerate(LAYERS) if name in names), None)


def imports(path: Path):
    """Each module that `path` imports, with whether the import is for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "scaling_cli" else []
            yield from ((name, id(node) in typing_only) for name in names or [node.module])


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_layers(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in ("__init__", "__main__"):
        return
    assert layer_of(own) is not None, f"{own} has no layer: put it into LAYERS"
    for name, is_typing_only in imports(path):
        parts = name.split(".")
        if parts[0] != "scaling_cli" or len(parts) < 2 or parts[1] == own or is_typing_only:
            continue
        other = layer_of(parts[1])
        if other is not None:
            assert other < layer_of(own), f"{path.name} imports {name}, which is not below it"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_polars_is_imported_at_the_borders_alone(path):
    place = str(path.relative_to(PACKAGE))
    for name, is_typing_only in imports(path):
        if name.split(".")[0] == "polars":
            allowed = is_typing_only or place in POLARS or place.split("/")[0] in POLARS
            assert allowed, f"{place} imports polars: arrays and plain numbers go on from fitting/problem.py"


def loaded_by(arguments: list[str]) -> set[str]:
    """Top-level modules that a command line has loaded when it ends, and scipy's subpackages."""
    code = (
        "import sys; sys.argv = ['scaling', *sys.argv[1:]]\n"
        "from scaling_cli.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('LOADED', *{name if name.startswith('scipy.') else name.split('.')[0] for name in sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(ran.stdout.rpartition("LOADED")[2].split())


def test_version_loads_nothing():
    assert not loaded_by(["--version"]) & (HEAVY | {"typer", "json", "inspect"})


def test_help_loads_no_heavy_module():
    assert not loaded_by(["--help"]) & HEAVY
    assert not loaded_by(["fit", "--help"]) & HEAVY


def test_plain_fit_loads_neither_scipy_nor_a_plot_nor_a_pool(tmp_path):
    path = ROOT / "sample_data" / "isoflop_runs.csv"
    loaded = loaded_by(["fit", str(path), "--interval", "none", "--plot", "never"])
    assert {"numpy", "polars"} <= loaded
    assert not loaded & {"scipy.optimize", "scipy.stats", "scipy.special", "plotext", "joblib", "matplotlib"}
