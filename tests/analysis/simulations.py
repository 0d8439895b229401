"""How often the tests of a comparison are right: python -m tests.analysis.simulations [DATA_SETS]

Every cell simulates data sets of two groups under loss = a x^b + c with a known difference of b, over four decades of x
and with noise of 0.3 % (between runs; checkpoints of a run add 0.05 % each), and counts what the command would say.
All data sets of a cell, with all their bootstrap replicates, are fitted in one batch by the code that the command runs.
The table of 600 data sets a cell is kept in docs/compare-exponents.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np

from scaling_cli.analysis.comparison_models import Member
from scaling_cli.analysis.comparison_nested import same_exponent
from scaling_cli.analysis.comparison_profile import difference_profile, profile
from scaling_cli.analysis.comparison_tests import Contrast, Reference, compared, resampled, wild_weights
from scaling_cli.analysis.comparison_verdict import judge
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.uncertainty import Resampling
from scaling_cli.laws import find_law

LAW = find_law("power-constant")
EXPONENT, REDUCIBLE, DECADES = -0.15, 1.5, 4  # REDUCIBLE is the loss above the floor in the middle of the data
RUN_NOISE, POINT_NOISE = 0.003, 0.0005
REPLICATES = 199
LEVEL = 0.95


@dataclass(frozen=True)
class Cell:
    """One design; `difference` is the true one in b, `noise_ratio` the noise of the second group over the first's."""

    runs: int
    floors: tuple[float, float]
    difference: float = 0.0
    checkpoints: int = 1
    noise_ratio: float = 1.0
    reducible: float = REDUCIBLE

    def members(self) -> list[Member]:
        """The groups, without noise and at their true coordinates."""
        made = []
        for name, floor, side in zip(("left", "right"), self.floors, (0.5, -0.5), strict=True):
            b = EXPONENT + side * self.difference
            x = (np.geomspace(1, 10**DECADES, self.runs)[:, None] * np.geomspace(0.5, 1, self.checkpoints)).ravel()
            middle = np.exp(np.mean(np.log(x)))
            values = np.array([self.reducible * middle**-b, b, floor])
            observed = LAW.predict(dict(zip(LAW.names, values, strict=True)), {"x": x})
            runs = np.repeat(np.arange(self.runs), self.checkpoints)
            problem = problem_from_arrays(LAW, {"x": x}, observed, runs)
            made.append(Member(name, problem, problem.shift @ LAW.to_coordinates(values), np.inf))
        return made

    def noisy(self, members: list[Member], data_sets: int, generator: np.random.Generator) -> np.ndarray:
        """Targets `(data_sets, n)`."""
        parts = []
        for member, scale in zip(members, (1.0, self.noise_ratio), strict=True):
            errors = RUN_NOISE * generator.standard_normal((data_sets, self.runs))[:, member.problem.runs]
            if self.checkpoints > 1:
                errors = errors + POINT_NOISE * generator.standard_normal((data_sets, member.points))
            parts.append(member.problem.target + scale * errors)
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Tested:
    """Of each data set: the statistic, its p-values by bootstrap and F, and `drawn` `(data_sets, replicates)`."""

    contrast: Contrast
    targets: np.ndarray
    statistic: np.ndarray
    drawn: np.ndarray
    wild: np.ndarray
    exact: np.ndarray


def simulated(cell: Cell, data_sets: int, seed: int = 0) -> Tested:
    """Test `data_sets` simulated data sets for the same exponent."""
    members = cell.members()
    contrast = same_exponent(members, is_paired=False)
    targets = cell.noisy(members, data_sets, np.random.default_rng([seed, cell.runs, cell.checkpoints]))
    alone = [np.tile(member.theta, (data_sets, 1)) for member in members]
    found = compared(contrast, alone, contrast.null.gathered(alone), None, targets)
    signs = wild_weights(Resampling(data_sets * REPLICATES, seed, 1), range(data_sets * REPLICATES), contrast.null.runs)
    new = np.concatenate(
        [
            resampled(contrast, null, target, part)
            for null, target, part in zip(found.null, targets, np.split(signs, data_sets), strict=True)
        ]
    )
    null = np.repeat(found.null, REPLICATES, axis=0)
    drawn = compared(contrast, contrast.null.split(null), null, None, new).statistic.reshape(data_sets, REPLICATES)
    is_mixed = cell.checkpoints == 1
    references = [Reference(1, contrast.freedom, draws, is_mixed=is_mixed) for draws in drawn]
    wild = [reference.tail(value) for reference, value in zip(references, found.statistic, strict=True)]
    exact = [Reference(1, contrast.freedom).tail(value) for value in found.statistic]
    return Tested(contrast, targets, found.statistic, drawn, np.array(wild), np.array(exact))


def rejected(cell: Cell, data_sets: int, *, by: str = "wild") -> float:
    """Share of data sets in which the test of the same exponent rejects at 5 %."""
    found = simulated(cell, data_sets)
    return float(np.mean((found.wild if by == "wild" else found.exact) <= 1 - LEVEL))


def called_equivalent(cell: Cell, data_sets: int, margin: float) -> float:
    """Share of data sets in which the exponents are called equivalent within `margin`."""
    found = simulated(cell, data_sets)
    calls = 0
    for i, target in enumerate(found.targets):
        profiles, scales = [], []
        members = [
            _refitted(member, part) for member, part in zip(found.contrast.groups, np.split(target, 2), strict=True)
        ]
        scales = [
            float(np.sqrt(np.sum(member.problem.residuals(member.theta[None])[0] ** 2) / member.freedom))
            for member in members
        ]
        profiles = [profile(member, "b", scale) for member, scale in zip(members, scales, strict=True)]
        judged = judge(
            difference_profile(*profiles, (scales[0], scales[1])),
            Reference(1, found.contrast.freedom, found.drawn[i], is_mixed=cell.checkpoints == 1),
            error=1.0,
            margin=margin,
            level=LEVEL,
        )
        calls += judged.equivalence_p_value is not None and judged.equivalence_p_value <= 1 - LEVEL
    return calls / len(found.targets)


def _refitted(member: Member, target: np.ndarray) -> Member:
    from scaling_cli.analysis.comparison_models import solved

    problem = replace(member.problem, target=target, observed=np.exp(target))
    return replace(member, problem=problem, theta=solved(problem, member.theta[None], delta=np.inf).theta[0])


SIZES = tuple(
    Cell(runs, floors, noise_ratio=ratio)
    for runs in (6, 12, 30)
    for floors, ratio in (((1.7, 1.7), 1.0), ((1.7, 1.3), 1.0), ((1.7, 1.3), 3.0), ((0.2, 0.2), 1.0))
)
CLUSTERED = tuple(Cell(runs, floors, checkpoints=4) for runs in (6, 12, 30) for floors in ((1.7, 1.3),))
POWERS = tuple(Cell(runs, (1.7, 1.3), difference) for runs in (6, 12, 30) for difference in (0.01, 0.03, 0.05))
EQUIVALENCES = tuple(Cell(runs, (1.7, 1.3), 0.02) for runs in (6, 12, 30))


def main() -> None:
    """Print every cell as a Markdown table."""
    data_sets = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    half = 1.96 * np.sqrt(0.05 * 0.95 / data_sets)
    print(f"{data_sets} data sets a cell; 95 % of tests of size 5 % lie in {0.05 - half:.3f} to {0.05 + half:.3f}.\n")
    print("| what | runs a group | checkpoints | floors | noise ratio | difference | reported | F alone |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for label, cells in (("size", SIZES), ("size", CLUSTERED), ("power", POWERS)):
        for cell in cells:
            found = simulated(cell, data_sets)
            shares = [f"{np.mean(p <= 1 - LEVEL):.3f}" for p in (found.wild, found.exact)]
            print(_row(label, cell, *shares), flush=True)
    for cell in EQUIVALENCES:
        share = called_equivalent(cell, max(data_sets // 2, 50), cell.difference)
        print(_row("equivalent though at the margin", cell, f"{share:.3f}", ""), flush=True)


def _row(label: str, cell: Cell, wild: str, exact: str) -> str:
    floors = " and ".join(f"{floor:g}" for floor in cell.floors)
    told = (label, cell.runs, cell.checkpoints, floors, f"{cell.noise_ratio:g}", f"{cell.difference:g}", wild, exact)
    return "| " + " | ".join(map(str, told)) + " |"


if __name__ == "__main__":
    main()
