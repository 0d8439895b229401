"""How often comparisons of groups that share parameters are right: python -m
tests.analysis.comparison.sharing_simulations

Every data set has groups under loss = a x^-0.15 + 1.7 over three decades of x, or surfaces of params and tokens; a, or
A, differs by a tenth from one to the next. It goes through `scaling compare-exponents --shared-floor`, or `--share
E,B,beta`, with fewer replicates. Exponents are equal, so a pair that is called different is an error, and every
interval should contain 0. The table of 1,000 data sets of each design is kept in docs/evidence/compare-exponents.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli import jobs
from tests.analysis.comparison.simulations import RATIOS, REPLICATES, binomial_bounds


@dataclass(frozen=True)
class Design:
    """Groups of so many runs; `ratio` is the noise of every second group over that of the others.

    Those of surfaces have three ratios of tokens to params at each size.
    """

    groups: int
    runs: int
    ratio: float = 1.0
    noise: float = 0.004
    is_surface: bool = False

    @property
    def pairs(self) -> int:
        """How many pairs of groups there are."""
        return self.groups * (self.groups - 1) // 2

    @property
    def options(self) -> dict[str, object]:
        """The law, and what the groups share."""
        if self.is_surface:
            return {"law": "chinchilla", "share": ["E", "B", "beta"]}
        return {"law": "power-constant", "shared_floor": True}

    def data(self, seed: int) -> pl.DataFrame:
        """The data set of this seed."""
        generator = np.random.default_rng([self.groups, self.runs, seed])
        groups = []
        for i in range(self.groups):
            inputs, loss = self._group(1 + 0.1 * i)
            noise = self.noise * (self.ratio if i % 2 else 1.0)
            loss = loss * np.exp(noise * generator.standard_normal(self.runs))
            groups.append(pl.DataFrame({"group": f"g{i}", **inputs, "loss": loss}))
        return pl.concat(groups)

    def _group(self, constant: float) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The inputs of a group, and its losses without noise."""
        if not self.is_surface:
            compute = np.geomspace(1e18, 1e21, self.runs)
            return {"compute": compute}, 1.7 + 800 * constant * compute**-0.15
        params = np.repeat(np.geomspace(1e7, 1e9, self.runs // len(RATIOS)), len(RATIOS))
        tokens = params * np.tile(RATIOS, self.runs // len(RATIOS))
        return {"params": params, "tokens": tokens}, 1.69 + 406 * constant / params**0.34 + 2000 / tokens**0.37


@dataclass(frozen=True)
class Shares:
    """Shares of pairs that are called different and whose intervals contain 0, and of data sets with floors apart."""

    different: float
    covered: float
    apart: float


def told(design: Design, seed: int) -> tuple[list[tuple[bool, bool]], bool]:
    """Whether each pair is called different, and whether its interval contains 0; then whether floors are apart."""
    result = scaling.compare_exponents(
        design.data(seed), by=["group"], replicates=REPLICATES, seed=seed, **design.options
    ).results[0]
    found = []
    for pair in result.comparisons:
        (difference,) = pair.exponent_difference.values()
        is_inside = (difference.low is None or difference.low <= 0) and (
            difference.high is None or difference.high >= 0
        )
        found.append((pair.p_value <= 0.05, is_inside))
    return found, result.floor != "shared"


def shares(design: Design, data_sets: int, workers: int = 1) -> Shares:
    """What is said of so many data sets."""
    done = list(jobs.each(partial(told, design), range(data_sets), workers=jobs.workers_from(str(workers), None, None)))
    pairs = np.array([pair for found, _ in done for pair in found])
    return Shares(*map(float, pairs.mean(axis=0)), float(np.mean([apart for _, apart in done])))


DESIGNS = (
    *(Design(2, 6), Design(2, 8), Design(2, 8, 4.0), Design(2, 16)),
    Design(2, 12, noise=0.003, is_surface=True),
)


def main() -> None:
    """Print every design as a row of a Markdown table."""
    data_sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    low, high = binomial_bounds(data_sets)
    print(f"{data_sets:,} data sets of each design; 95 % of tests of size 5 % lie in {low:.3f} to {high:.3f}.\n")
    print("| runs | law | noise | different | 0 in the interval | floors apart |")
    print("| --- | --- | --- | --- | --- | --- |")
    for design in DESIGNS:
        found = shares(design, data_sets, workers=1)
        print(
            f"| {design.runs} and {design.runs} | {design.options['law']} | 1 to {design.ratio:g} "
            f"| {found.different:.3f} | {found.covered:.3f} | {found.apart:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
