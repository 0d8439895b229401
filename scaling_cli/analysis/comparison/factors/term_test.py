"""The test of one term: does it move these parameters?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtrc

from scaling_cli.analysis.comparison.factors.approximation import approximated
from scaling_cli.analysis.comparison.factors.cells import DesignedProblem, Frames, designed, frames
from scaling_cli.analysis.comparison.factors.design import Term, base_of, wider_of
from scaling_cli.analysis.comparison.factors.draws import (
    drawn_statistics,
    factors_of,
    involved,
    tangent,
)
from scaling_cli.analysis.comparison.factors.noise import OwnFits
from scaling_cli.analysis.comparison.factors.statistic import Pose, errors_of, fit_term, own_fits, own_value
from scaling_cli.analysis.comparison.models import Member, parts, run_numbers
from scaling_cli.analysis.comparison.null_distribution import NullDistribution
from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.record import Record

MATCHED = 2.0  # standard errors by which the errors of matched runs are correlated


class Ready(Record):
    """The cells of one design with their fits, and random factors `(replicates, n)` that all tests share.

    `is_clustered` says that points have errors in common, which F does not know.
    """

    members: tuple[Member, ...]
    framed: Frames
    fits: OwnFits
    errors: tuple[Array, ...]
    factors: Array
    is_clustered: bool
    is_matched: bool = False

    def subset(self, cells: Sequence[int]) -> Ready:
        """Some of the cells, with their points' factors."""
        members = tuple(self.members[cell] for cell in cells)
        slices = parts(self.members)
        points = np.concatenate([np.arange(slices[cell].start, slices[cell].stop) for cell in cells])
        fits = self.fits.subset(cells, points)
        errors = tuple(self.errors[cell] for cell in cells)
        return Ready(
            members, frames(members), fits, errors, self.factors[:, points], self.is_clustered, self.is_matched
        )


class TermTest(Record):
    """A test: the p-value of its statistic, and the wider model with its fit.

    `base_columns` is the number of columns of the base. `misfit` is the p-value of the wider model against separate
    fits of all cells: a small one says that it leaves out something.
    """

    statistic: float
    distribution: NullDistribution
    wider: DesignedProblem
    phi: Array
    fewer: int
    base_columns: int
    misfit: float

    @property
    def p_value(self) -> float:
        """Probability of so large a statistic if the term moves nothing."""
        return self.distribution.tail(self.statistic)


def ready(members: Sequence[Member], *, is_paired: bool, replicates: int, seed: int) -> Ready:
    """The cells with their noise, and the random factors of the bootstrap."""
    fits = own_fits(members)
    matched = is_paired and _are_correlated(members, fits)
    runs = run_numbers(members, is_paired=matched)
    is_clustered = len(runs) > int(runs.max()) + 1
    drawn = factors_of(np.random.default_rng([seed, 18]), replicates, runs)
    return Ready(tuple(members), frames(members), fits, tuple(errors_of(members, fits)), drawn, is_clustered, matched)


def _are_correlated(members: Sequence[Member], fits: OwnFits) -> bool:
    """Whether matched runs of different cells have errors in common: their mean correlation is clearly positive.

    If they have not, matching only removes information; positive correlations that are too small to be seen make the
    tests of differences cautious.
    """
    rows = []
    for member, theta, part in zip(members, fits.thetas, parts(members), strict=True):
        residuals = member.problem.residuals(theta)[0][0] / fits.shape[0, part]
        sums = np.bincount(member.problem.runs, residuals) / np.bincount(member.problem.runs)
        rows.append(sums / max(float(np.sqrt(np.mean(sums**2))), ALMOST_ZERO))
    table = np.clip(np.array(rows), -3, 3)  # (cells, runs)
    cells, runs = table.shape
    pairs = cells * (cells - 1) / 2
    shared = (table.sum(axis=0) ** 2 - (table**2).sum(axis=0)).sum() / 2
    return bool(shared / np.sqrt(pairs * runs) > MATCHED)


def judged_term(
    setting: Ready, term: Term, terms: Sequence[Term], names: Sequence[str], alike: Sequence[str] = ()
) -> TermTest | None:
    """The test whether a term moves the parameters `names`; None if the design cannot separate it from other terms.

    Args:
        setting: The cells.
        term: The tested term.
        terms: All terms of the design.
        names: The tested parameters.
        alike: Parameters that the term is taken not to move; they follow all other terms.
    """
    pose = posed(setting.members, term, terms, names, alike, setting.framed)
    if pose is None:
        return None
    fit = fit_term(pose, setting.fits, setting.errors)
    null = null_of(pose, fit.base[0], setting.fits, 0, setting.factors, is_clustered=setting.is_clustered)
    misfit = _misfit(setting, pose.wider, float(fit.value[0]))
    return TermTest(float(fit.statistic[0]), null, pose.wider, fit.wider[0], pose.fewer, pose.base_columns, misfit)


def posed(
    members: Sequence[Member],
    term: Term,
    terms: Sequence[Term],
    names: Sequence[str],
    alike: Sequence[str] = (),
    framed: Frames | None = None,
) -> Pose | None:
    """The models with and without a term; None if they are the same, because other terms explain it."""
    framed = framed or frames(members)
    base = base_of(term, terms)
    columns = wider_of(term, base)
    added = columns.shape[1] - base.shape[1]
    if not added:
        return None
    alone, with_term = (
        designed(members, {**dict.fromkeys(alike, base), **dict.fromkeys(names, tested)}, framed)
        for tested in (base, columns)
    )
    return Pose(alone, with_term, framed, tuple(names), tuple(alike), added * len(names), base.shape[1])


def null_of(pose: Pose, phi: Array, fits: OwnFits, row: int, factors: Array, *, is_clustered: bool) -> NullDistribution:
    """The distribution of the statistic of one data set under the fitted base `phi` `(K,)`.

    It is F with independent runs; errors that points have in common are known to the draws alone.
    """
    on = involved(pose.wider, pose.tested)
    line = tangent(pose.base, phi, fits, row, on)
    found = approximated(line, pose, on, fits, row)
    if not is_clustered:
        return NullDistribution(pose.fewer, found.freedom, matched=found.fewer, stretch=found.stretch)
    drawn = drawn_statistics(line, pose.base, pose.wider, on, factors, pose.fewer)
    return NullDistribution(pose.fewer, found.freedom, drawn[np.isfinite(drawn)])


def _misfit(setting: Ready, wider: DesignedProblem, value: float) -> float:
    left_out = sum(len(member.theta) for member in setting.members) - len(wider.low)
    freedom = sum(max(member.freedom, 1) for member in setting.members)
    if left_out <= 0:
        return 1.0
    rise = 2 * (value - float(own_value(setting.members, setting.fits)[0])) / left_out
    return float(fdtrc(left_out, freedom, max(rise, 0.0)))
