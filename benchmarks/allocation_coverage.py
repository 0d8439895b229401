"""How often the 95 % intervals of `scaling optimal-allocation` contain the truth, by simulation.

    python -m benchmarks allocation_coverage [DATA_SETS] [DESIGN]

Each data set is an IsoFLOP design on a known surface with log-normal noise: nine budgets from 6e18 to 3e21 FLOPs, with
fifteen sizes each. The quantities are the exponent of the best params, and the best params at the largest budget and at
ten times that budget. Intervals are those of the command, from 199 replicates instead of 1,000: their ends are the 5th
and the 195th replicate, which leave out 5 % on average, as the ends from more replicates do.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scaling_cli.analysis.allocation.evidence import fitted_law
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.analysis.allocation.isoflop.curves import curves_of
from scaling_cli.analysis.allocation.plan import estimated
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.fit import Grouped, Settings, fit
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

BUDGETS = np.geomspace(6e18, 3e21, 9)
SIZES = 15
AT = (3e21, 3e22)
REPLICATES = 199
LEVEL = 0.95
QUANTITIES = ("exponent", "params at 3e21", "params at 3e22")
APPROACHES = ("parametric", "exact", "parabola")


@dataclass(frozen=True)
class Design:
    """A surface, the factor by which each grid extends to either side, the drift of the grids, and the noise."""

    name: str
    parameters: tuple[float, float, float, float, float]
    factor: float
    drift: float
    noise: float


BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)
ASYMMETRIC = (1.69, 406.4, 24.0, 0.45, 0.19)
DESIGNS = (
    Design("centred, 0.3 %", BESIROGLU, 6.0, 0.0, 0.003),
    Design("centred, 1 %", BESIROGLU, 6.0, 0.0, 0.01),
    Design("drifting, 0.3 %", BESIROGLU, 8.0, 0.15, 0.003),
    Design("asymmetric, wide, 0.3 %", ASYMMETRIC, 12.0, 0.0, 0.003),
)


def best_params(design: Design, compute: Array | float) -> Array:
    """Best params on the true surface."""
    _, a, b, alpha, beta = design.parameters
    scale = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    return np.asarray(scale * (np.asarray(compute) / 6) ** (beta / (alpha + beta)))


def simulate(design: Design, seed: int) -> AllocationPoints:
    """One data set."""
    rng = np.random.default_rng([7, DESIGNS.index(design), seed])
    e, a, b, alpha, beta = design.parameters
    steps = design.drift * (np.arange(len(BUDGETS)) - len(BUDGETS) // 2)
    offsets = np.linspace(-np.log(design.factor), np.log(design.factor), SIZES)
    params = (best_params(design, BUDGETS)[:, None] * np.exp(offsets + steps[:, None])).ravel()
    compute = np.repeat(BUDGETS, len(offsets))
    tokens = compute / 6 / params
    loss = (e + a * params**-alpha + b * tokens**-beta) * np.exp(design.noise * rng.normal(size=len(params)))
    return AllocationPoints(np.log(params), np.log(tokens), np.log(compute), loss, np.arange(len(params)))


def estimates(points: AllocationPoints, seed: int) -> Iterator[tuple[str, Array]]:
    """For each approach, the estimates and replicates of the quantities, shaped `(1 + replicates, quantities)`."""
    settings = Settings(replicates=REPLICATES, seed=seed)
    law = find_law("chinchilla")
    columns = {"params": np.exp(points.log_params), "tokens": np.exp(points.log_tokens)}
    problem = problem_from_arrays(law, columns, points.loss, points.runs)
    names = tuple(map(str, range(problem.run_count)))
    result, _ = fit(Grouped(problem, {}, {name: name for name in law.inputs}, {}, names), settings)
    chinchilla = fitted_law(result).chinchilla
    assert chinchilla is not None
    logs = np.log(np.array(AT) / 6)
    sizes = chinchilla.log_scale[:, None] + chinchilla.params_exponent[:, None] * logs
    yield "parametric", np.column_stack([chinchilla.params_exponent, sizes])
    for profile in APPROACHES[1:]:
        line = curves_of(points, profile, settings, 0).minima.params_line()
        yield profile, np.column_stack([line.exponent, *(np.log(line.at(compute)) for compute in AT)])


def coverage(design: Design, count: int) -> dict[str, Array]:
    """Share of data sets whose intervals contain the truth, by approach, for each quantity."""
    *_, alpha, beta = design.parameters
    truth = np.array([beta / (alpha + beta), *np.log(best_params(design, np.array(AT)))])
    hits = {name: np.zeros(len(QUANTITIES)) for name in APPROACHES}
    done = 0
    for seed in range(count):
        try:
            estimated_by = dict(estimates(simulate(design, seed), seed))
        except FitError:
            continue
        done += 1
        for name, values in estimated_by.items():
            hits[name] += [is_held(column, truth[i]) for i, column in enumerate(values.T)]
    return {name: count / done for name, count in hits.items()}


def is_held(values: Array, truth: float) -> bool:
    """Whether the interval of one quantity contains the truth."""
    estimate = estimated(values, LEVEL)
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


def main() -> None:
    """Print a Markdown table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chosen = [design for design in DESIGNS if len(sys.argv) < 3 or sys.argv[2] == design.name]
    print(f"| design and noise | approach | {' | '.join(QUANTITIES)} |")
    print("| --- | --- | --- | --- | --- |")
    for design in chosen:
        for name, shares in coverage(design, count).items():
            print(f"| {design.name} | {name} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
