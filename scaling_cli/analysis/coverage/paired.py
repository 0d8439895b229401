"""The paired difference in coverage of two groups on shared problems; it needs fewer problems than an unpaired one."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.coverage.crossing import FEWEST, Side, bounded, rates_of
from scaling_cli.analysis.coverage.curve import number_or_none
from scaling_cli.coverage.counts import Array, Indices, ProblemResampling
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import number_of
from scaling_cli.results.coverage import Comparison

GAIN, LOSS, OPEN = "higher", "lower", "inconclusive"


def compare(
    left: Side, right: Side, k: Indices, *, level: float, band: str, resampling: ProblemResampling
) -> list[Comparison]:
    """Coverage of `left` less that of `right` at each k that both reach; the verdict says if zero is excluded.

    Raises:
        DataError: The groups share fewer than two problems.
    """
    common = sorted(set(left.problems) & set(right.problems))
    if len(common) < FEWEST:
        raise DataError(
            f"{left.name} and {right.name} share {number_of(len(common), 'problem')}, but a comparison needs {FEWEST}.",
            hint="Compare groups with shared problems; check that both name problems in the same way.",
        )
    longest = min(int(side.only(common).n.min()) for side in (left, right))
    k = k[k <= longest]
    rates = rates_of(left, right, k, k)
    assert rates is not None
    middle, error, critical = rates.difference(level)
    if band == "simultaneous":
        critical = np.full(len(k), _sup_t(rates.replicates(resampling), middle, error, level))
    rows = []
    for i, attempts in enumerate(k.tolist()):
        difference = bounded(middle[i], error[i], critical[i], level)
        verdict = (
            OPEN
            if difference.low is None or difference.high is None
            else (GAIN if difference.low > 0 else LOSS if difference.high < 0 else OPEN)
        )
        rows.append(Comparison(right.name, attempts, len(common), difference, number_or_none(error[i]), verdict))
    return rows


def _sup_t(drawn: Array, middle: Array, error: Array, level: float) -> float:
    """Half-width of a band over all k, in standard errors."""
    varies = error > 0
    largest = np.abs((drawn - middle)[:, varies] / error[varies]).max(axis=1, initial=0)
    return float(np.quantile(largest, level))
