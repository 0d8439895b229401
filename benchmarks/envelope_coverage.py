"""How often intervals of an envelope cover the truth, on simulated training curves.

    python -m benchmarks envelope_coverage [DATA SETS]

Prints the table of docs/evidence/optimal-allocation.md. Curves follow a published Chinchilla law up to 200 tokens per
param, with noise of 0.3 % of the loss between runs unless the design says otherwise. The nominal level is 95 %. Where a
schedule decays, the loss is 3 % too high until it falls over the last fifth of a run.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from dataclasses import dataclass

import numpy as np

from scaling_cli.analysis.allocation.envelope import envelope
from scaling_cli.analysis.allocation.isoflop.budgets import AllocationPoints
from scaling_cli.errors import FitError
from scaling_cli.fitting.drawing import Resampling

REPLICATES, REACH = 200, 10.0
POINT_NOISE = 0.0007
LAWS = {
    "Besiroglu": (1.8172, 482.01, 2085.43, 0.3478, 0.3658),
    "Hoffmann": (1.69, 406.4, 410.7, 0.34, 0.28),
}


@dataclass(frozen=True)
class Design:
    """Curves of one law: sizes, runs of each size (each a quarter as long as the one before), rows, noise, decay."""

    name: str
    sizes: int = 10
    lengths: int = 1
    rows: int = 60
    noise: float = 0.003
    undecayed: float = 0.0
    law: str = "Besiroglu"


DESIGNS = (
    Design("10 sizes"),
    Design("6 sizes, noise 0.6 %", sizes=6, noise=0.006),
    Design("20 sizes, law of Hoffmann", sizes=20, law="Hoffmann"),
    Design("12 sizes, 200 rows, noise 0.1 %", sizes=12, rows=200, noise=0.001),
    Design("10 sizes, decaying schedule", undecayed=0.03),
    Design("8 sizes of 4 lengths, decaying schedule", sizes=8, lengths=4, undecayed=0.03),
)


def simulate(design: Design, seed: int) -> AllocationPoints:
    """The checkpoints of one data set."""
    rng = np.random.default_rng([seed, 17])
    floor, a, b, alpha, beta = LAWS[design.law]
    runs: list[np.ndarray] = []
    for params in np.geomspace(1e7, 3e9, design.sizes):
        for end in params * 200 * 0.25 ** np.arange(design.lengths):
            tokens = np.geomspace(end / 200, end, design.rows)
            off = design.undecayed * np.clip(5 * (1 - tokens / end), 0, 1) + design.noise * rng.standard_normal()
            loss = (floor + a * params**-alpha + b * tokens**-beta) * np.exp(
                off + POINT_NOISE * rng.standard_normal(design.rows)
            )
            runs.append(np.stack([np.full(design.rows, params), tokens, loss, np.full(design.rows, len(runs))]))
    params, tokens, loss, numbers = np.concatenate(runs, axis=1)
    return AllocationPoints(np.log(params), np.log(tokens), np.log(6 * params * tokens), loss, numbers.astype(int))


def row(design: Design, sets: int) -> list[str]:
    """Data sets refused, the coverage of the exponent and of params at `REACH`, its median width and mean error."""
    _, a, b, alpha, beta = LAWS[design.law]
    exponent = beta / (alpha + beta)
    held, widths, missed = [], [], []
    for seed in range(sets):
        points = simulate(design, seed)
        compute = REACH * float(np.exp(points.log_compute.max()))
        truth = np.log(alpha * a / (beta * b)) / (alpha + beta) + exponent * np.log(compute / 6)
        try:
            line = envelope(points, Resampling(REPLICATES, seed, 0)).params
        except FitError:
            continue
        values = np.stack([line.exponent, np.log(line.at(compute))])
        low, high = np.quantile(values[:, 1:], [0.025, 0.975], axis=1)
        held.append((low <= [exponent, truth]) & ([exponent, truth] <= high))
        widths.append(high - low)
        missed.append(values[:, 0] - [exponent, truth])
    if not held:
        return [design.name, f"{sets} of {sets}", "", "", "", "", ""]
    covered, width, bias = np.mean(held, axis=0), np.median(widths, axis=0), np.mean(missed, axis=0)
    errors = np.sqrt(covered * (1 - covered) / len(held))
    shares = [f"{100 * share:.1f} ({100 * error:.1f})" for share, error in zip(covered, errors, strict=True)]
    refused = f"{sets - len(held)} of {sets}"
    return [design.name, refused, *shares, f"{width[0]:.3f}", f"{width[1]:.2f}", f"{bias[1]:+.2f}"]


def main() -> None:
    """Print the table."""
    sets = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    head = ("curves", "refused", "exponent covered", "params at 10x covered", "width", "width at 10x", "bias at 10x")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for design in DESIGNS:
        print(f"| {' | '.join(row(design, sets))} |", flush=True)


if __name__ == "__main__":
    main()
