"""How often intervals cover the truth, on simulated runs of known laws.

    python -m benchmarks calibration [DATASETS] [METHOD,...] [DESIGN,...] [FIRST]

Prints the tables of docs/evidence/calibration.md. Each data set has a fixed design and its own noise, and every method
gets the same data sets, from number FIRST on (0 by default). Methods were chosen on data sets before `UNSEEN`. The
standard error of a coverage of 95 % is 1.1 points with 400 data sets and 0.7 with 1,000.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scaling_cli.errors import FitError
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.intervals import intervals_asking
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.quantities import Quantities
from scaling_cli.laws import Derived, Law, find_law
from scaling_cli.record import replace

LEVEL = 0.95
AUTOMATIC = Objective()
REPLICATES = 400
UNSEEN = 20_000  # number of the first data set that was not used to choose a method
METHODS = ("wild", "bootstrap", "bca", "profile", "sandwich")
SURFACE = {"E": 1.8172, "A": 477.8, "B": 2143.4, "alpha": 0.3473, "beta": 0.3672}  # the refit of Hoffmann's points
CURVE = {"a": 600.0, "b": -0.15, "c": 1.8}
RUN_NOISE, POINT_NOISE = 0.004, 0.0007  # in log loss; seeds of published sweeps differ by 0.2 to 0.5 %
BEYOND = 10.0  # times the largest compute
SHOWN = {"alpha": "alpha", "beta": "beta", "params_exponent": "a", "b": "b", "far": "loss at 10x"}


@dataclass(frozen=True)
class Design:
    """Runs of a law: how many, the checkpoints of each, the kind of noise, and how many times larger the last is."""

    law: str
    runs: int
    checkpoints: int = 1
    noise: str = "normal"
    apart: float = 1.0

    def __str__(self) -> str:
        points = "" if self.checkpoints == 1 else f" of {self.checkpoints} checkpoints"
        noise = "" if self.noise == "normal" else f", {self.noise} noise"
        apart = "" if self.apart == 1 else f", the last {self.apart:g} times as large"
        return f"{self.law}, {self.runs} runs{points}{noise}{apart}"


DESIGNS = {
    "surface-40": Design("chinchilla", 40),
    "surface-24": Design("chinchilla", 24),
    "surface-10": Design("chinchilla", 10),
    "surface-24-checkpoints": Design("chinchilla", 24, 5),
    "surface-10-checkpoints": Design("chinchilla", 10, 5),
    "curve-40": Design("power-constant", 40),
    "curve-20": Design("power-constant", 20),
    "curve-10": Design("power-constant", 10),
    "curve-7": Design("power-constant", 7),
    "curve-6": Design("power-constant", 6),
    "curve-20-checkpoints": Design("power-constant", 20, 8),
    "curve-10-checkpoints": Design("power-constant", 10, 8),
    "surface-24-heavy": Design("chinchilla", 24, noise="heavy-tailed"),
    "curve-20-heavy": Design("power-constant", 20, noise="heavy-tailed"),
    "surface-24-uneven": Design("chinchilla", 24, noise="uneven"),
    "surface-40-uneven": Design("chinchilla", 40, noise="uneven"),
    "curve-20-uneven": Design("power-constant", 20, noise="uneven"),
    "curve-40-uneven": Design("power-constant", 40, noise="uneven"),
    "curve-10-uneven": Design("power-constant", 10, noise="uneven"),
    "surface-24-apart": Design("chinchilla", 24, apart=100.0),
    "curve-20-apart": Design("power-constant", 20, apart=100.0),
    "curve-20-apart-checkpoints": Design("power-constant", 20, 8, apart=100.0),
}


def columns_of(design: Design) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Inputs of the points, and the run that each point belongs to."""
    done = np.geomspace(0.25, 1, design.checkpoints) if design.checkpoints > 1 else np.ones(1)
    runs = np.repeat(np.arange(design.runs), design.checkpoints)
    larger = np.where(np.arange(design.runs) == design.runs - 1, design.apart, 1.0)
    if design.law == "power-constant":
        return {"x": ((np.geomspace(1e18, 1e22, design.runs) * larger)[:, None] * done).ravel()}, runs
    ratios = np.array({10: [8.0, 80.0], 24: [5.0, 20.0, 80.0], 40: [5.0, 15.0, 45.0, 135.0]}[design.runs])
    params = np.repeat(np.geomspace(5e7, 8e9, design.runs // len(ratios)), len(ratios)) * larger
    tokens = params * np.tile(ratios, design.runs // len(ratios))
    return {"params": np.repeat(params, design.checkpoints), "tokens": (tokens[:, None] * done).ravel()}, runs


def errors(design: Design, runs: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Errors of the log loss: one shared by the points of a run, and one of each point."""
    drawn = generator.standard_normal(design.runs)
    if design.noise == "heavy-tailed":
        drawn = generator.standard_t(3, design.runs) / np.sqrt(3)
    if design.noise == "uneven":
        drawn *= np.geomspace(2.5, 0.4, design.runs)  # small runs scatter more
    run_errors = RUN_NOISE * drawn[runs]
    return run_errors + POINT_NOISE * generator.standard_normal(len(runs)) * (design.checkpoints > 1)


def law_with_forecast(design: Design, columns: dict[str, np.ndarray]) -> Law:
    """The law with another derived quantity: its loss at ten times the largest compute."""
    law = find_law(design.law)
    if design.law == "power-constant":
        far = {"x": np.array([columns["x"].max() * BEYOND])}
    else:
        product = (columns["params"] * columns["tokens"]).max() * BEYOND
        far = {"params": np.array([np.sqrt(product / 20)]), "tokens": np.array([np.sqrt(product * 20)])}
    prepared = law.prepare(far)

    def predict(parameters: Mapping[str, np.ndarray]) -> np.ndarray:
        theta = law.to_coordinates(np.column_stack([parameters[name] for name in law.names]))
        return law.evaluate(theta, prepared)[0][:, 0]

    return replace(law, derived=(*law.derived, Derived("far", "log loss at 10x compute", predict)))


def simulate(design: Design, seed: int) -> Problem:
    """One data set."""
    columns, runs = columns_of(design)
    law = law_with_forecast(design, columns)
    generator = np.random.default_rng([seed, 20])
    truth = SURFACE if design.law == "chinchilla" else CURVE
    loss = law.predict(truth, columns) * np.exp(errors(design, runs, generator))
    return problem_from_arrays(law, columns, loss, runs)


def coverage(
    design: Design, method: str, datasets: int, objective: Objective = AUTOMATIC, first: int = 0
) -> tuple[dict[str, float], dict[str, float], float]:
    """Share of data sets whose interval contains the truth and median width, by quantity; and CPU seconds."""
    parameters = SURFACE if design.law == "chinchilla" else CURVE
    held, widths, started = [], [], time.process_time()
    for seed in range(first, first + datasets):
        problem = simulate(design, seed)
        quantities = Quantities(problem)
        truth = quantities.of_parameters(np.array([[parameters[name] for name in problem.law.names]]))[0]
        try:
            made = alone(intervals_asking(optimum(problem, objective), method, LEVEL, Resampling(REPLICATES, seed, 0)))
        except FitError:
            continue
        low = np.where(np.isnan(made.low), -np.inf, made.low)
        high = np.where(np.isnan(made.high), np.inf, made.high)
        held.append((low <= truth) & (truth <= high))
        widths.append(high - low)
    shown = [index for index, name in enumerate(quantities.names) if name in SHOWN]
    names = [quantities.names[index] for index in shown]
    shares, middles = np.mean(held, axis=0)[shown], np.median(widths, axis=0)[shown]
    return dict(zip(names, shares, strict=True)), dict(zip(names, middles, strict=True)), time.process_time() - started


def main() -> None:
    """Print a table for each method."""
    datasets = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    methods = sys.argv[2].split(",") if len(sys.argv) > 2 else METHODS
    designs = sys.argv[3].split(",") if len(sys.argv) > 3 else list(DESIGNS)
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    for method in methods:
        print(f"\n### {method}: coverage in % (median width) of {datasets} data sets, nominal {LEVEL:.0%}\n")
        print(f"| design | {' | '.join(SHOWN.values())} | CPU s |")
        print("| --- |" + " --- |" * (len(SHOWN) + 1))
        for name in designs:
            shares, widths, seconds = coverage(DESIGNS[name], method, datasets, first=first)
            cells = [f"{100 * shares[key]:.1f} ({widths[key]:.3g})" if key in shares else "" for key in SHOWN]
            print(f"| {DESIGNS[name]} | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
