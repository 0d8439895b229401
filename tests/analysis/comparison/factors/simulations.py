"""How often tests of factors are right: python -m tests.analysis.comparison.factors.simulations [DATA_SETS]

Every cell of a design is a group under loss = a x^b + c with a floor of its own, over four decades of x and with noise
of 0.3 %. Each data set goes through the command's steps, with its default objective and test; all data sets of a
design are fitted at once. The tables of 4,000 data sets a design are kept in
docs/evidence/compare-exponents.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from zlib import crc32

import numpy as np
from scipy.special import fdtrc

from scaling_cli.analysis.comparison.factors.design import Factor, Term, terms_of
from scaling_cli.analysis.comparison.factors.noise import OwnFits, settled_fits
from scaling_cli.analysis.comparison.factors.statistic import errors_of, fit_term
from scaling_cli.analysis.comparison.factors.term_test import Pose, null_of, posed
from scaling_cli.analysis.comparison.models import Member, parts, solve_in_chunks
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from scaling_cli.record import replace

LAW = find_law("power-constant")
EXPONENT, REDUCIBLE, DECADES, NOISE = -0.15, 1.5, 4, 0.003
SIZE = 0.05
NAMES = ("f", "g", "h")


@dataclass(frozen=True)
class Design:
    """Factors with their numbers of levels, and the runs of each cell.

    `sizes` are how many values of x the cells have, in turn (0 leaves a cell out), and `seeds` runs have each value.
    `effects` are differences of b by term. The noise at the smallest scale is `spread` times that at the largest, that
    of every other cell `uneven` times that of the rest. `floors` are those of the cells, in turn, `tail` the degrees of
    freedom of Student's noise.
    """

    levels: tuple[int, ...]
    sizes: tuple[int, ...]
    seeds: int = 1
    floors: tuple[float, ...] = (1.7, 1.3)
    effects: tuple[tuple[str, float], ...] = ()
    spread: float = 1.0
    uneven: float = 1.0
    tail: float = np.inf

    @property
    def counts(self) -> list[int]:
        """How many values of x each combination of levels has."""
        return [self.sizes[i % len(self.sizes)] for i in range(int(np.prod(self.levels)))]

    def factors(self) -> list[Factor]:
        """The factors over the cells that have runs."""
        codes = np.stack(np.unravel_index(np.arange(len(self.counts)), self.levels), axis=1)
        kept = codes[np.array(self.counts) > 0]
        return [
            Factor(name, tuple(map(str, range(count))), kept[:, j])
            for j, (name, count) in enumerate(zip(NAMES, self.levels, strict=False))
        ]

    def members(self) -> list[Member]:
        """The cells, without noise and at their true coordinates."""
        codes = {factor.name: factor.codes for factor in self.factors()}
        made = []
        for cell, count in enumerate(count for count in self.counts if count):
            b = EXPONENT + sum(
                size for name, size in self.effects if all(codes[part][cell] > 0 for part in name.split(":"))
            )
            x = np.repeat(np.geomspace(1, 10**DECADES, count), self.seeds)
            at_one = REDUCIBLE * (1 + 0.1 * cell) * 10 ** (-DECADES / 2 * b)
            values = np.array([at_one, b, self.floors[cell % len(self.floors)]])
            observed = LAW.predict(dict(zip(LAW.names, values, strict=True)), {"x": x})
            problem = problem_from_arrays(LAW, {"x": x}, observed, np.arange(len(x)))
            made.append(Member(str(cell), problem, problem.shift @ LAW.to_coordinates(values), np.inf, is_tuned=True))
        return made

    def targets(self, members: list[Member], count: int) -> np.ndarray:
        """Log losses `(count, n)` of data sets."""
        generator = np.random.default_rng(crc32(repr(self).encode()))
        draw = generator.standard_normal if np.isinf(self.tail) else partial(generator.standard_t, self.tail)
        scales = [
            NOISE
            * self.spread ** (1 - np.log10(member.problem.columns["x"]) / DECADES)
            * (self.uneven if cell % 2 else 1.0)
            for cell, member in enumerate(members)
        ]
        target = np.concatenate([member.problem.target for member in members])
        return target + np.concatenate(scales) * draw(size=(count, len(target)))


@dataclass(frozen=True)
class Shares:
    """Shares of data sets in which a term's test rejects: the command's, and that of F which knows the law.

    The latter fits by least squares from the true parameters, with one noise for all points.
    """

    term: str
    rejects: float
    known: float


def shares(design: Design, count: int) -> Iterator[Shares]:
    """The shares for each term of a design."""
    members = design.members()
    targets = design.targets(members, count)
    terms = terms_of(design.factors())
    fits = settled_fits(members, [np.tile(member.theta, (count, 1)) for member in members], targets)
    known = _known(members, targets, fits)
    for term in terms:
        pose = posed(members, term, terms, ("b",))
        if pose is not None:
            yield _of_term(pose, term, fits, known)


def _of_term(pose: Pose, term: Term, fits: OwnFits, known: OwnFits) -> Shares:
    members = pose.base.members
    fit = fit_term(pose, fits, errors_of(members, fits))
    no_draws = np.empty((0, len(pose.base.target)))
    p_values = [
        null_of(pose, fit.base[row], fits, row, no_draws, is_clustered=False).tail(float(statistic))
        for row, statistic in enumerate(fit.statistic)
    ]
    best = fit_term(pose, known, errors_of(members, known)).statistic
    freedom = sum(member.freedom for member in members)
    p_known = fdtrc(pose.fewer, freedom, best)
    return Shares(term.name, *(float(np.mean(np.asarray(p) <= SIZE)) for p in (p_values, p_known)))


def _known(members: list[Member], targets: np.ndarray, fits: OwnFits) -> OwnFits:
    """Least squares from the truth, with the noise of all points pooled."""
    thetas, squares = [], np.zeros(len(targets))
    for member, part in zip(members, parts(members), strict=True):
        start = np.tile(member.theta, (len(targets), 1))
        theta = solve_in_chunks(member.problem, start, delta=np.inf, target=targets[:, part]).theta
        squares += (member.problem.residuals(theta, targets[:, part])[0] ** 2).sum(axis=1)
        thetas.append(theta)
    pooled = np.sqrt(squares / sum(member.freedom for member in members))
    return replace(
        fits,
        thetas=tuple(thetas),
        scales=np.tile(pooled[:, None], (1, len(members))),
        shape=np.ones(targets.shape),
        deltas=np.full(targets.shape, np.inf),
    )


NULLS = {
    "balanced, 2 x 2, 6 runs a cell": Design((2, 2), (6,)),
    "balanced, 2 x 2, 12 runs a cell": Design((2, 2), (12,)),
    "balanced, 2 x 2 x 2, 8 runs a cell": Design((2, 2, 2), (8,)),
    "unbalanced, 3 x 2, one cell empty": Design((3, 2), (6, 12, 8, 6, 0, 15)),
    "one floor a cell": Design((2, 2), (8,), floors=(1.7, 1.3, 0.9, 0.2)),
    "two seeds a cell": Design((2, 2), (6,), seeds=2),
    "noise four times as large at small scale": Design((2, 2), (12,), spread=4.0),
    "noise three times as large in half of the cells": Design((2, 2), (12,), uneven=3.0),
}
UNUSUAL = {"Student's noise with 3 degrees": Design((2, 2), (12,), tail=3.0)}
EFFECTS = {
    "factor, 2 x 2, 6 runs a cell": Design((2, 2), (6,), effects=(("f", 0.01),)),
    "factor, 2 x 2, 12 runs a cell": Design((2, 2), (12,), effects=(("f", 0.008),)),
    "factor, 3 x 2, one cell empty": Design((3, 2), (6, 12, 8, 6, 0, 15), effects=(("f", 0.008),)),
    "interaction, 2 x 2, 12 runs a cell": Design((2, 2), (12,), effects=(("f:g", 0.015),)),
    "interaction, two seeds a cell": Design((2, 2), (6,), seeds=2, effects=(("f:g", 0.015),)),
}


def main(count: int) -> None:
    """Print the tables."""
    for designs in (NULLS, UNUSUAL, EFFECTS):
        print("| design | term | rejects | F that knows the law |\n| --- | --- | --- | --- |")
        for name, design in designs.items():
            moved = {term for term, _ in design.effects}
            for found in shares(design, count):
                if not moved or found.term in moved:
                    print(
                        f"| {name} | {found.term} | {found.rejects:.4f} | {found.known:.4f} |",
                        flush=True,
                    )
        print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
