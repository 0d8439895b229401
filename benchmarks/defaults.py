"""Which objective should be the default, by its errors on simulated runs and on larger runs of public data.

    python -m benchmarks defaults [DATASETS]

Prints the tables of docs/evidence/defaults.md. Real runs are included if the folder of public data exists.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import csv
import sys
from pathlib import Path

import numpy as np

from benchmarks.calibration import CURVE, DESIGNS, SURFACE, coverage, simulate
from scaling_cli.errors import FitError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.fitting.ranking import cutoffs, held_out
from scaling_cli.laws import find_law

DATA = Path(__file__).parents[2] / "shared" / "data"
OBJECTIVES = {
    "huber, auto": Objective(),
    "huber, 1e-3": Objective("huber", 1e-3),
    "lad": Objective("lad"),
    "least-squares": Objective("least-squares"),
}
SIMULATED = ("surface-24", "surface-24-heavy", "surface-24-uneven", "curve-20", "curve-20-heavy", "curve-20-uneven")


def exponent_error(design: str, objective: Objective, datasets: int) -> float:
    """Root mean square error of the first exponent, relative to its size."""
    truth, errors = (SURFACE if design.startswith("surface") else CURVE), []
    name = "alpha" if design.startswith("surface") else "b"
    for seed in range(datasets):
        problem = simulate(DESIGNS[design], seed)
        fitted = Quantities(problem).scaled(optimum(problem, objective).theta[None])[0]
        errors.append(fitted[problem.law.names.index(name)] / truth[name] - 1)
    return float(np.sqrt(np.mean(np.square(errors))))


def real_sets() -> dict[str, tuple[str, dict[str, np.ndarray], np.ndarray]]:
    """Law, columns and loss of each set of real runs."""
    sets = {}
    path = DATA / "chinchilla_besiroglu" / "chinchilla.csv"
    if path.exists():
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for label, kept in (
            ("Chinchilla, 245 points", rows),
            ("Chinchilla, 240 points", [row for row in rows if row["dropped_by_besiroglu"] == "false"]),
        ):
            sets[label] = ("chinchilla", *_columns(kept))
    return sets | _isoflop_sets()


def _isoflop_sets() -> dict[str, tuple[str, dict[str, np.ndarray], np.ndarray]]:
    path = DATA / "porian" / "isoflop_points.csv"
    sets: dict[str, tuple[str, dict[str, np.ndarray], np.ndarray]] = {}
    if not path.exists():
        return sets
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["loss"]]
    for config in sorted({row["config_id"] for row in rows}):
        sets[f"Porian, {config.replace('|', '/')}"] = (
            "chinchilla",
            *_columns([row for row in rows if row["config_id"] == config]),
        )
    return sets


def _columns(rows: list[dict[str, str]]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "loss")}
    loss = columns.pop("loss")
    return columns, loss


def rolling_error(law: str, columns: dict[str, np.ndarray], loss: np.ndarray, objective: Objective) -> float:
    """Root mean square error of log loss on runs larger than those fitted, averaged over cut-offs."""
    problem = _problem(law, columns, loss)
    cuts = cutoffs(columns["params"] * columns["tokens"], len(problem.law.parameters) + 3)
    errors = []
    for is_trained in cuts:
        try:
            below = _problem(law, {name: values[is_trained] for name, values in columns.items()}, loss[is_trained])
            errors.append(np.sqrt(np.mean(held_out(problem, optimum(below, objective), is_trained) ** 2)))
        except FitError:
            continue
    return float(np.mean(errors)) if errors else float("nan")


def _problem(law: str, columns: dict[str, np.ndarray], loss: np.ndarray) -> Problem:
    return problem_from_arrays(find_law(law), columns, loss, np.arange(len(loss)))


def main() -> None:
    """Print the tables."""
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    head = "| " + " | ".join(OBJECTIVES) + " |"
    print(f"### Error of alpha or b in %, {datasets} simulated data sets\n\n| design {head}")
    print("| --- |" + " --- |" * len(OBJECTIVES))
    for design in SIMULATED:
        cells = [f"{100 * exponent_error(design, objective, datasets):.2f}" for objective in OBJECTIVES.values()]
        print(f"| {DESIGNS[design]} | {' | '.join(cells)} |", flush=True)
    print(f"\n### Coverage of 95 % sandwich intervals for alpha or b, {datasets} data sets\n\n| design {head}")
    print("| --- |" + " --- |" * len(OBJECTIVES))
    for design in SIMULATED:
        name = "alpha" if design.startswith("surface") else "b"
        shares = [
            coverage(DESIGNS[design], "sandwich", datasets, objective)[0][name] for objective in OBJECTIVES.values()
        ]
        print(f"| {DESIGNS[design]} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |", flush=True)
    print(f"\n### Error on larger runs in %, real runs\n\n| runs {head}")
    print("| --- |" + " --- |" * len(OBJECTIVES))
    for label, (law, columns, loss) in real_sets().items():
        cells = [f"{100 * rolling_error(law, columns, loss, objective):.2f}" for objective in OBJECTIVES.values()]
        print(f"| {label} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
