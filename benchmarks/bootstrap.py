"""CPU seconds of bootstrap replicates of the Chinchilla law, compared with loops over scipy's solvers.

    python -m benchmarks bootstrap [REPLICATES]

All methods minimise one summed Huber objective (delta 1e-3) over one set of resamples, starting from the fit to all
points, with exact gradients, on one BLAS thread. The scipy loops run on a part of the replicates, and their time is
scaled up, because it is proportional to the number of replicates. The points are those of Besiroglu et al. 2024 if the
folder of public data exists, and `sample_data/isoflop_runs.csv` otherwise.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import csv
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares, minimize

from scaling_cli.fitting.drawing import Resampling, run_weights
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.uncertainty import bootstrap
from scaling_cli.laws import find_law

ROOT = Path(__file__).parents[1]
DELTA = 1e-3
SCIPY_SHARE = 20  # one replicate in this many goes through the scipy loops
GROWTH = (1_000, 4_000, 16_000)


def load() -> Problem:
    """The points, as arrays."""
    path = ROOT.parent / "shared" / "data" / "chinchilla_besiroglu" / "chinchilla.csv"
    if not path.exists():
        path = ROOT / "sample_data" / "isoflop_runs.csv"
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("dropped_by_besiroglu") != "true"]
    print(f"{len(rows)} points of {path.name}")
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "loss")}
    loss = columns.pop("loss")
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(len(rows)))


class Single:
    """One replicate, written as a user of scipy would: log-sum-exp of three terms, with an analytic gradient."""

    def __init__(self, problem: Problem, weights: np.ndarray) -> None:
        self.x, self.y = problem.inputs["params"], problem.inputs["tokens"]
        self.target, self.weights = problem.target, weights
        self.root = np.sqrt(weights)

    def evaluate(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals (n,) and the Jacobian of the prediction (n, 5)."""
        terms = np.stack(
            [np.full_like(self.x, theta[0]), theta[1] - theta[3] * self.x, theta[2] - theta[4] * self.y],
            axis=1,
        )
        shares = np.exp(terms)
        total = shares.sum(axis=1)
        shares /= total[:, None]
        jacobian = np.column_stack([shares, -shares[:, 1] * self.x, -shares[:, 2] * self.y])
        return self.target - np.log(total), jacobian

    def objective(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Summed Huber objective and its gradient (5,)."""
        residuals, jacobian = self.evaluate(theta)
        size = np.abs(residuals)
        inner = np.minimum(size, DELTA)
        value = float(np.sum(self.weights * inner * (size - inner / 2)))
        return value, -jacobian.T @ (self.weights * np.clip(residuals, -DELTA, DELTA))


def by_bfgs(problem: Problem, theta: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """CPU seconds and objectives of a loop over scipy BFGS."""
    options = {"gtol": 1e-9}
    started = time.process_time()
    values = [
        minimize(Single(problem, row).objective, theta, jac=True, method="BFGS", options=options).fun for row in weights
    ]
    return time.process_time() - started, np.array(values)


def by_least_squares(problem: Problem, theta: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    """CPU seconds and objectives of a loop over scipy least_squares, where a weight of n repeats a point n times."""
    started, values = time.process_time(), []
    for row in weights:
        single = Single(problem, row)
        chosen = np.repeat(np.arange(len(row)), row.astype(int))
        solution = least_squares(
            lambda t, s=single, c=chosen: s.evaluate(t)[0][c],
            theta,
            jac=lambda t, s=single, c=chosen: -s.evaluate(t)[1][c],
            loss="huber",
            f_scale=DELTA,
            x_scale="jac",
        )
        values.append(single.objective(solution.x)[0])
    return time.process_time() - started, np.array(values)


def ours(problem: Problem, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Minima that this package finds, for comparison."""
    return minimise(problem, np.tile(theta, (len(weights), 1)), delta=DELTA, weights=weights).value


def timed_bootstrap(problem: Problem, replicates: int) -> float:
    """CPU seconds of this package's bootstrap, including the resampling."""
    fitted = optimum(problem, Objective("huber", DELTA))
    started = time.process_time()
    bootstrap(fitted, Resampling(replicates, 0, 0))
    return time.process_time() - started


def print_points_growth(problem: Problem, factor: int) -> None:
    """Print the time of 200 replicates with each point repeated `factor` times, as separate runs."""
    many = problem_from_arrays(
        problem.law,
        {name: np.tile(values, factor) for name, values in problem.columns.items()},
        np.tile(problem.observed, factor),
        np.arange(factor * len(problem.runs)),
    )
    seconds = timed_bootstrap(many, 200)
    print(f"growth: {200:6d} replicates x {len(many.runs):6d} points {seconds:8.2f} CPU s")


def peak_memory(problem: Problem, replicates: int) -> float:
    """The most memory that arrays used during the bootstrap, in MB, including the replicates that it returns."""
    fitted = optimum(problem, Objective("huber", DELTA))
    tracemalloc.start()
    bootstrap(fitted, Resampling(replicates, 0, 0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Print the comparison and the growth with replicates and points."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    problem = load()
    theta = optimum(problem, Objective("huber", DELTA)).theta
    weights = run_weights(Resampling(replicates // SCIPY_SHARE, 0, 0), range(replicates // SCIPY_SHARE), problem.runs)
    best = ours(problem, theta, weights)
    engine = min(timed_bootstrap(problem, replicates) for _ in range(3))
    print(f"{'scaling':<16}{engine:8.2f} CPU s for {replicates} replicates")
    for name, solver in (("BFGS", by_bfgs), ("least_squares", by_least_squares)):
        seconds, values = solver(problem, theta, weights)
        seconds *= SCIPY_SHARE
        print(
            f"{name:<16}{seconds:8.2f} CPU s, {seconds / engine:5.1f} times as long as scaling; objective higher "
            f"by {np.max(values / best - 1):.0e} at most, lower by {max(np.max(1 - values / best), 0):.0e} at most"
        )
    for count in GROWTH:
        seconds = timed_bootstrap(problem, count)
        print(f"growth: {count:6d} replicates x {len(problem.runs):6d} points {seconds:8.2f} CPU s")
    for factor in (1, 10, 100):
        print_points_growth(problem, factor)
    for count in (GROWTH[0], GROWTH[-1]):
        print(f"memory: {count:6d} replicates x {len(problem.runs):6d} points {peak_memory(problem, count):8.1f} MB")


if __name__ == "__main__":
    main()
