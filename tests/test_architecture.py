"""The borders that carry the design, enforced."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from tests import ROOT
from tests.architecture import PACKAGE, circles, climbs, imports, layers, modules

POLARS = {"data", "points", "library.answer"}  # what may import polars, if only for annotations
MOST_LINES = 300  # of a module
MOST_MODULES = 30  # directly in one folder
MOST_OF_A_VERB = 59  # lines of a function of `verbs`
MAPPED = (  # folders whose docstring says what each of their modules is for
    "analysis/allocation", "analysis/allocation/isoflop", "analysis/comparison", "analysis/coverage",
    "analysis/forecast", "analysis/plan", "cli", "coverage", "document", "fitting", "laws", "library", "points",
    "report/pages", "verbs",
)  # fmt: skip
HEAVY = {"numpy", "scipy", "polars", "rich", "plotext", "joblib", "threadpoolctl", "matplotlib"}


def planted(tmp_path, files):
    """What a package of these files imports."""
    for name, text in {"__init__.py": "", **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return imports(tmp_path)


@pytest.mark.parametrize("folder", MAPPED)
def test_the_docstring_of_a_large_folder_names_each_of_its_modules(folder):
    text = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    inside = {path.stem for path in (PACKAGE / folder).iterdir() if not path.stem.startswith("__")}
    assert set(re.findall(r"`(\w+)`", text)) == inside


@pytest.fixture(scope="module")
def imported():
    return imports()


def test_imports_follow_the_layers(imported):
    assert not climbs(imported), layers()


def test_no_modules_import_each_other(imported):
    assert not circles(imported)


@pytest.mark.parametrize(
    "text",
    [
        "from scaling_cli.cli import run\n",
        "def late():\n    from scaling_cli.cli.run import run\n",
        "import importlib\ndef late():\n    importlib.import_module('scaling_cli.cli.run')\n",
        "import importlib\ndef late(name):\n    importlib.import_module(f'scaling_cli.cli.{name}')\n",
    ],
    ids=["top", "lazy", "string", "pattern"],
)
def test_a_planted_climb_is_found(tmp_path, text):
    files = {"fitting/fit.py": text, "cli/__init__.py": "", "cli/run.py": ""}
    assert len(climbs(planted(tmp_path, files))) == 1


def test_a_planted_circle_is_found_however_late_it_closes(tmp_path):
    files = {
        "laws/one.py": "from scaling_cli.laws import two\n",
        "laws/two.py": "def late():\n    import scaling_cli.laws.three\n",
        "laws/three.py": "import importlib\nimportlib.import_module('scaling_cli.laws.one')\n",
    }
    assert [sorted(group) for group in circles(planted(tmp_path, files))] == [["laws.one", "laws.three", "laws.two"]]


def test_a_planted_import_between_wings_is_found(tmp_path):
    files = {
        "analysis/forecast/a.py": "from scaling_cli.analysis.coverage.b import x\n",
        "analysis/coverage/b.py": "x = 1\n",
    }
    assert len(climbs(planted(tmp_path, files))) == 1


def test_no_room_is_too_large():
    long = {
        name: lines for name, path in modules().items() if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert not long
    folders = {path.parent for path in modules().values()}
    full = {folder.name: len(list(folder.glob("*.py"))) for folder in folders}
    assert not {name: count for name, count in full.items() if count > MOST_MODULES}


def test_no_function_of_the_verbs_is_too_long():
    functions = [
        (node.end_lineno - node.lineno + 1, name, node.name)
        for name, path in modules().items() if name.split(".")[0] == "verbs"
        for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    ]  # fmt: skip
    assert functions
    assert max(functions)[0] <= MOST_OF_A_VERB, max(functions)


def test_every_folder_says_what_it_is_for():
    for folder in (path.parent for path in modules().values() if path.name == "__init__.py"):
        assert len(ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "") > 20, folder


def test_tests_stand_where_their_modules_do():
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests")
        assert (PACKAGE / folder).is_dir(), f"{path}: the package has no folder {folder}"


def test_polars_is_imported_at_the_borders_alone():
    for name, path in modules().items():
        if name.split(".")[0] in POLARS or name in POLARS:
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "polars" in text else ():
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(module.split(".")[0] == "polars" for module in imported), f"{name} imports polars"


def loaded_by(arguments: list[str]) -> set[str]:
    """Top-level modules that a command line has loaded when it ends, and subpackages of numpy and scipy."""
    code = (
        "import sys; sys.argv = ['scaling', *sys.argv[1:]]\n"
        "from scaling_cli.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "kept = ('scipy.', 'numpy.')\n"
        "print('LOADED', *{name if name.startswith(kept) else name.split('.')[0] for name in sys.modules})"
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
    assert "numpy.ma" not in loaded  # which some functions of numpy import, at a tenth of the time of the fit
