"""The one entry point of the benchmarks.

    python -m benchmarks                 # list them
    python -m benchmarks growth fit      # run one, with its own arguments
    python -m benchmarks growth --help   # what it measures, and its arguments

Run it from the root of the repository.
"""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SHARED = ("forecast_sets", "measure", "other_claims")  # modules that others use


def main() -> None:
    """List the benchmarks, or run the one that is named."""
    names = sorted(path.stem for path in FOLDER.glob("[!_]*.py") if path.stem not in SHARED)
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        width = max(map(len, names))
        print("\n".join(f"{name:<{width}}  {about(name)}" for name in names))
        return
    name = arguments[0]
    if name not in names:
        raise SystemExit(f"There is no benchmark {name!r}. Choose one of {', '.join(names)}.")
    if {"-h", "--help"} & set(arguments[1:]):
        print(documentation(name))
        return
    sys.argv = [str(FOLDER / f"{name}.py"), *arguments[1:]]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)


def about(name: str) -> str:
    """The first sentence of what a benchmark says about itself, on one line."""
    return " ".join(documentation(name).split("\n\n")[0].split())


def documentation(name: str) -> str:
    """What a benchmark says about itself, without importing it."""
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))) or ""


if __name__ == "__main__":
    main()
