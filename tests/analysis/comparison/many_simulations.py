"""How often two of many groups are called different by mistake: python -m tests.analysis.comparison.many_simulations

All groups follow loss = a x^b + c with b = -0.15 and a floor of their own, over four decades of compute and with noise
of 0.2 %. Each data set goes through the whole command. `pairs` is the share of data sets in which any pair is called
different, and `letters` the share in which any two groups have no letter in common; both may be 5 % at most. The table
is kept in docs/evidence/compare-exponents.md. A number after the command is that of data sets per design.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

import scaling_cli as scaling

EXPONENT, NOISE = -0.15, 0.002


@dataclass(frozen=True)
class Many:
    """So many groups of so many runs; the noise of every other group is `uneven` times that of the rest."""

    groups: int
    runs: int
    uneven: float = 1.0

    def frame(self, seed: int) -> pl.DataFrame:
        """One data set."""
        generator = np.random.default_rng([seed, self.groups, self.runs, int(self.uneven)])
        compute = np.geomspace(1e18, 1e22, self.runs)
        frames = []
        for group in range(self.groups):
            noise = NOISE * (self.uneven if group % 2 else 1.0)
            loss = 1.2 + 0.05 * group + 1.5 * (compute / 1e20) ** EXPONENT
            losses = loss * np.exp(noise * generator.standard_normal(self.runs))
            frames.append(pl.DataFrame({"recipe": f"g{group}", "compute": compute, "loss": losses}))
        return pl.concat(frames)


@dataclass(frozen=True)
class Mistakes:
    """Shares of data sets in which any pair is called different, and in which letters separate any two groups."""

    pairs: float
    letters: float


DESIGNS = {
    "6 groups of 8 runs": Many(6, 8),
    "12 groups of 10 runs": Many(12, 10),
    "12 groups of 6 runs": Many(12, 6),
    "12 groups of 10 runs, noise of half of them three times as large": Many(12, 10, uneven=3.0),
}


def mistakes(design: Many, count: int) -> Mistakes:
    """How often the command is wrong."""
    pairs = letters = 0
    for seed in range(count):
        report = scaling.compare_exponents(design.frame(seed), by="recipe", interval="sandwich", seed=seed)
        (result,) = report.results
        pairs += any(pair.verdict == "different" for pair in result.comparisons)
        held = [set(_letters(row.letters)) for row in result.ranking]
        letters += any(not one & other for one, other in itertools.combinations(held, 2))
    return Mistakes(pairs / count, letters / count)


def _letters(text: str) -> Iterator[str]:
    """Letters, of which those after z are followed by a number."""
    letter = ""
    for character in text:
        if character.isdigit():
            letter += character
            continue
        if letter:
            yield letter
        letter = character
    if letter:
        yield letter


def main(count: int) -> None:
    """Print the table."""
    print("| groups | pairs | any pair called different | any two without a common letter |\n| --- | --- | --- | --- |")
    for name, design in DESIGNS.items():
        found = mistakes(design, count)
        number = design.groups * (design.groups - 1) // 2
        print(f"| {name} | {number} | {found.pairs:.3f} | {found.letters:.3f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
