"""Every figure and report for the sample data, in a folder: python examples/gallery.py gallery"""

from __future__ import annotations

import sys
from pathlib import Path

import scaling_cli as scaling

SAMPLES = Path(__file__).parents[1] / "sample_data"
RUNS, OPTIMIZERS, ATTEMPTS = (SAMPLES / f"{name}.csv" for name in ("isoflop_runs", "optimizers", "samples"))
SIZES = {"single": "paper", "double": "paper", "slide": "slide"}
ASKED = {
    "fit": lambda: scaling.fit(RUNS),
    "fit-by-optimizer": lambda: scaling.fit(OPTIMIZERS, by="optimizer"),
    "extrapolate": lambda: scaling.extrapolate(RUNS, at=["params=70B,tokens=1.4T", "compute=1e22"]),
    "compare-exponents": lambda: scaling.compare_exponents(OPTIMIZERS, by="optimizer"),
    "optimal-allocation": lambda: scaling.optimal_allocation(RUNS, budget="1e22,1e24", approach="all"),
    "plan": lambda: scaling.plan(RUNS, goal="params@1e24", budget="3e21"),
    "inference-coverage": lambda: scaling.inference_coverage(ATTEMPTS, by="model", target=0.9),
}


def write(name: str, folder: Path) -> None:
    """The answer to one question in every form."""
    answer = ASKED[name]()
    for size, style in SIZES.items():
        figure = answer.figure(size, style=style)
        for suffix in ("png", "pdf"):
            figure.savefig(folder / f"{name}-{size}.{suffix}", dpi=200)
    for suffix in ("html", "md", "tex", "json"):
        answer.save(folder / f"{name}.{suffix}")
    print(f"{name}: {answer.results[0].sentence}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print("Give a folder to write to, and optionally the names of what to draw:", *ASKED, sep="\n  ")
        sys.exit()
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or ASKED:
        write(name, place)
