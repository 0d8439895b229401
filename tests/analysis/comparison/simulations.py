"""How often the tests of a comparison are right: python -m tests.analysis.comparison.simulations [DATA_SETS [FIRST]]

Every cell simulates data sets of two groups under loss = a x^b + c with a known difference of b, over four decades of x
and with noise of 0.3 % (between runs; checkpoints of a run add 0.05 % each), and counts what the command would say: the
code is the command's, with its default objective and test, only with fewer replicates. The tables of 1,000 data sets a
cell are kept in docs/evidence/compare-exponents.md.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from zlib import crc32

import numpy as np

from scaling_cli import jobs
from scaling_cli.analysis.comparison.drawn import MANY_RUNS
from scaling_cli.analysis.comparison.models import Member, solve_in_chunks
from scaling_cli.analysis.comparison.nested import fit_contrast, null_distribution_of, same_exponent
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.analysis.comparison.profile import difference_profile, profile_asking, standard_errors
from scaling_cli.analysis.comparison.uneven import evened, marked
from scaling_cli.analysis.comparison.verdict import judge
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.objective import HUBER_EFFICIENCY, MAD_TO_SIGMA, SMALLEST_DELTA
from scaling_cli.fitting.optimum import SCALE_PASSES
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LAW, SURFACE = find_law("power-constant"), find_law("chinchilla")
ALPHA, BETA, PARAMS, RATIOS = 0.34, 0.37, (1e7, 1e9), (5.0, 20.0, 80.0)  # of surfaces; RATIOS are tokens per param
EXPONENT, REDUCIBLE, DECADES = -0.15, 1.5, 4  # REDUCIBLE is the loss above the floor in the middle of the data
RUN_NOISE, POINT_NOISE = 0.003, 0.0005
REPLICATES = 199  # (1 + 199) * 5 % is whole
LEVEL = 0.95
CHUNK = 50  # data sets that are fitted in one batch


@dataclass(frozen=True)
class Cell:
    """One design; `difference` is the true one in b, `noise_ratio` the noise of the second group over the first's.

    `tail` are the degrees of freedom of Student's noise, infinite for Gaussian. `growth` is the noise of the largest
    run over that of the smallest, which changes as a power of x (on a surface, of params times tokens); its geometric
    mean is that of the other designs. Surfaces are L(N, D) of runs at three ratios of tokens to params, whose alpha and
    beta are compared; `difference` is that of alpha.
    """

    runs: int | tuple[int, int]
    floors: tuple[float, float]
    difference: float = 0.0
    checkpoints: int = 1
    noise_ratio: float = 1.0
    tail: float = np.inf
    growth: float = 1.0
    is_surface: bool = False

    @property
    def sizes(self) -> tuple[int, int]:
        """Runs of the left and the right group."""
        return self.runs if isinstance(self.runs, tuple) else (self.runs, self.runs)

    def members(self) -> list[Member]:
        """The groups, without noise and at their true coordinates."""
        if self.is_surface:
            return self._surfaces()
        made = []
        for name, count, floor, side in zip(("left", "right"), self.sizes, self.floors, (0.5, -0.5), strict=True):
            b = EXPONENT + side * self.difference
            x = (np.geomspace(1, 10**DECADES, count)[:, None] * np.geomspace(0.5, 1, self.checkpoints)).ravel()
            middle = np.exp(np.mean(np.log(x)))
            values = np.array([REDUCIBLE * middle**-b, b, floor])
            observed = LAW.predict(dict(zip(LAW.names, values, strict=True)), {"x": x})
            problem = problem_from_arrays(LAW, {"x": x}, observed, np.repeat(np.arange(count), self.checkpoints))
            made.append(Member(name, problem, problem.shift @ LAW.to_coordinates(values), np.inf))
        return made

    def _surfaces(self) -> list[Member]:
        made = []
        for name, count, floor, side in zip(("left", "right"), self.sizes, self.floors, (0.5, -0.5), strict=True):
            params = np.repeat(np.geomspace(*PARAMS, count // len(RATIOS)), len(RATIOS))
            columns = {"params": params, "tokens": params * np.tile(RATIOS, count // len(RATIOS))}
            alpha = ALPHA + side * self.difference
            middle = [np.exp(np.mean(np.log(column))) for column in columns.values()]
            truth = {
                "E": floor,
                "A": 0.5 * middle[0] ** alpha,
                "B": 0.5 * middle[1] ** BETA,
                "alpha": alpha,
                "beta": BETA,
            }
            values = np.array([truth[parameter] for parameter in SURFACE.names])
            problem = problem_from_arrays(SURFACE, columns, SURFACE.predict(truth, columns), np.arange(count))
            made.append(Member(name, problem, problem.shift @ SURFACE.to_coordinates(values), np.inf))
        return made

    def noisy(self, members: list[Member], seed: int) -> list[np.ndarray]:
        """Each group's log losses `(n,)` in the data set of this seed."""
        name = repr(self).replace(", growth=1.0", "").replace(", is_surface=False", "")
        generator = np.random.default_rng([crc32(name.encode()), seed])
        found = []
        for member, scale in zip(members, (1.0, self.noise_ratio), strict=True):
            count = member.problem.run_count
            draw = generator.standard_normal if np.isinf(self.tail) else partial(generator.standard_t, self.tail)
            errors = RUN_NOISE * draw(size=count)[member.problem.runs]
            if self.checkpoints > 1:
                errors = errors + POINT_NOISE * generator.standard_normal(member.points)
            along = np.sum([np.log(column) for column in member.problem.columns.values()], axis=0)
            shape = self.growth ** ((along - along.mean()) / np.ptp(along))
            found.append(member.problem.target + scale * shape * errors)
        return found


def fitted(member: Member, targets: np.ndarray) -> list[Member]:
    """The group with each of `targets` `(data_sets, n)`, fitted as by default: delta is tuned until it stays."""
    start = np.tile(member.theta, (len(targets), 1))
    theta, n, k = (
        solve_in_chunks(member.problem, start, delta=np.inf, target=targets).theta,
        member.points,
        len(member.theta),
    )
    for _ in range(SCALE_PASSES):
        size = np.median(np.abs(member.problem.residuals(theta, targets)[0]), axis=1)
        delta = HUBER_EFFICIENCY * MAD_TO_SIGMA * np.sqrt(n / (n - k)) * np.maximum(size, SMALLEST_DELTA)
        theta = solve_in_chunks(member.problem, theta, delta=np.tile(delta[:, None], (1, n)), target=targets).theta
    return [
        Member(member.name, replace(member.problem, target=y, observed=np.exp(y)), at, float(turn), is_tuned=True)
        for y, at, turn in zip(targets, theta, delta, strict=True)
    ]


@dataclass(frozen=True)
class Told:
    """What is said of one data set: p-values (F's too), the difference's interval, what would have been detected."""

    p_value: float
    p_by_f: float
    p_equivalence: float = 1.0
    low: float | None = None
    high: float | None = None
    detects: float | None = None


def tell(cell: Cell, seeds: range) -> list[Told]:
    """Put simulated data sets through the command's steps; of the same exponents only the test is told."""
    plain = cell.members()
    targets = zip(*(cell.noisy(plain, seed) for seed in seeds), strict=True)
    groups = zip(*(fitted(member, np.array(part)) for member, part in zip(plain, targets, strict=True)), strict=True)
    return [_told(cell, members, seed) for members, seed in zip(groups, seeds, strict=True)]


def _told(cell: Cell, members: tuple[Member, ...], seed: int) -> Told:
    members = tuple(marked(members))
    posed = fit_contrast(same_exponent(members, is_paired=False))
    is_drawn = min(cell.sizes) < MANY_RUNS or cell.checkpoints > 1
    reference = null_distribution_of(Resampling(REPLICATES, seed, 1) if is_drawn else None, posed)
    freedom = posed.contrast.freedom(posed.null, posed.fitted, posed.scales)
    by_f = NullDistribution(posed.contrast.fewer, freedom).tail(posed.statistic)
    if cell.difference == 0 or cell.is_surface:
        return Told(reference.tail(posed.statistic), by_f)
    scales = (float(posed.scales[0]), float(posed.scales[1]))
    members = tuple(evened(members))
    profiles = [alone(profile_asking(member, "b", scale)) for member, scale in zip(members, scales, strict=True)]
    errors = [standard_errors(member, scale)[1] for member, scale in zip(members, scales, strict=True)]
    judged = judge(
        difference_profile(profiles[0], profiles[1], scales),
        reference,
        error=float(np.hypot(*errors)),
        margin=abs(cell.difference),
        level=LEVEL,
    )
    assert judged.equivalence_p_value is not None
    return Told(
        reference.tail(posed.statistic),
        by_f,
        judged.equivalence_p_value,
        judged.difference.low,
        judged.difference.high,
        judged.minimum_detectable,
    )


@dataclass(frozen=True)
class Share:
    """The share of data sets in which each thing is said, and the middle one of the differences it `detects`.

    `equivalent` is within a margin as large as the true difference, `covered` says that the interval holds it.
    """

    different: float
    different_by_f: float
    equivalent: float
    covered: float
    detects: float


def shares(cell: Cell, data_sets: int, workers: int = 1, start: int = 0) -> Share:
    """What is said of so many data sets, from number `start` on."""
    end = start + data_sets
    chunks = [range(first, min(first + CHUNK, end)) for first in range(start, end, CHUNK)]
    done = jobs.each(partial(tell, cell), chunks, workers=jobs.workers_from(str(workers), None, None))
    found = [each for chunk in done for each in chunk]
    size = 1 - LEVEL + 1e-12
    inside = [
        (each.low is None or each.low <= cell.difference) and (each.high is None or cell.difference <= each.high)
        for each in found
    ]
    return Share(
        different=float(np.mean([each.p_value <= size for each in found])),
        different_by_f=float(np.mean([each.p_by_f <= size for each in found])),
        equivalent=float(np.mean([each.p_equivalence <= size for each in found])),
        covered=float(np.mean(inside)),
        detects=float(np.median([np.inf if each.detects is None else each.detects for each in found])),
    )


def binomial_bounds(data_sets: int, share: float = 0.05, level: float = 0.95) -> tuple[float, float]:
    """Between which `level` of observed shares of `data_sets` lie, where the true one is `share`."""
    from scipy.stats import binom

    low, high = binom.ppf([(1 - level) / 2, (1 + level) / 2], data_sets, share)
    return float(low / data_sets), float(high / data_sets)


FLOORS = (((1.7, 1.7), 1.0), ((1.7, 1.3), 1.0), ((1.7, 1.3), 3.0), ((0.2, 0.2), 1.0))
INDEPENDENT = tuple(Cell(runs, floors, noise_ratio=ratio) for runs in (6, 12, 30) for floors, ratio in FLOORS)
CLUSTERED = tuple(Cell(runs, (1.7, 1.3), checkpoints=4) for runs in (6, 12, 30))
UNUSUAL = (Cell((6, 12), (1.7, 1.3), noise_ratio=1 / 3), Cell(12, (1.7, 1.3), tail=3.0), Cell(12, (0.0, 0.0)))
SCARCE = (Cell(5, (1.7, 1.3)), *(Cell((5, 40), (1.7, 1.3), noise_ratio=ratio) for ratio in (1.0, 1 / 3)))
UNEVEN = tuple(Cell(runs, (1.7, 1.3), growth=growth) for runs in (12, 30) for growth in (1 / 9, 9.0))
SURFACES = tuple(Cell(runs, (1.7, 1.3), growth=growth, is_surface=True) for runs in (12, 30) for growth in (1.0, 1 / 9))
SIZES = (*INDEPENDENT, *CLUSTERED, *UNUSUAL, *SCARCE, *UNEVEN, *SURFACES)
AT_THE_MARGIN = tuple(Cell(runs, (1.7, 1.3), 0.02) for runs in (6, 12, 30))
POWERS = tuple(Cell(runs, (1.7, 1.3), difference) for runs in (6, 12, 30) for difference in (0.01, 0.03, 0.05))


def main() -> None:
    """Print every cell as Markdown tables."""
    data_sets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    low, high = binomial_bounds(data_sets)
    print(f"{data_sets:,} data sets a cell; 95 % of tests of size 5 % lie in {low:.3f} to {high:.3f}.\n")
    print("| runs | checkpoints | floors | noise | different | F alone |")
    print("| --- | --- | --- | --- | --- | --- |")
    for cell in SIZES:
        found = shares(cell, data_sets, workers=2, start=first)
        print(f"| {_design(cell)} | {found.different:.3f} | {found.different_by_f:.3f} |", flush=True)
    print("\n| runs | difference | data sets | different | in the interval | equivalent | detects |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for cell in (*AT_THE_MARGIN, *POWERS):
        count = data_sets if cell in AT_THE_MARGIN else data_sets // 5
        found = shares(cell, count, workers=2, start=first)
        print(
            f"| {cell.sizes[0]} and {cell.sizes[1]} | {cell.difference:g} | {count:,} | {found.different:.3f} "
            f"| {found.covered:.3f} | {found.equivalent:.3f} | {found.detects:.3f} |",
            flush=True,
        )


def _design(cell: Cell) -> str:
    noise = f"1 to {cell.noise_ratio:.3g}" if np.isinf(cell.tail) else f"1 to 1, Student's with {cell.tail:g} degrees"
    noise += "" if cell.growth == 1 else f", at the largest scale {cell.growth:.3g} times that at the smallest"
    noise += ", surfaces" if cell.is_surface else ""
    floors = f"{cell.floors[0]:g} and {cell.floors[1]:g}"
    return f"{cell.sizes[0]} and {cell.sizes[1]} | {cell.checkpoints} | {floors} | {noise}"


if __name__ == "__main__":
    main()
