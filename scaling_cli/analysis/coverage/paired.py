"""The paired difference in coverage of two groups on shared problems; it needs fewer problems than an unpaired one."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.coverage.crossing import FEWEST, Side, rates_of
from scaling_cli.coverage.counts import Array, Indices, ProblemResampling
from scaling_cli.errors import DataError
from scaling_cli.results.coverage import Comparison
from scaling_cli.results.fit import Estimate

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
        raise _too_few(left, right, "problem", len(common))
    longest = min(int(side.only(common).n.min()) for side in (left, right))
    k = k[k <= longest]
    rates = rates_of(left, right, k, k)
    if rates is None:
        raise _too_few(left, right, "cluster", 1)
    middle, error, critical = rates.difference(level)
    if band == "simultaneous":
        critical = np.full(len(k), _sup_t(rates.replicates(resampling), middle, error, level))
    rows = []
    for i, attempts in enumerate(k.tolist()):
        low, high = middle[i] - critical[i] * error[i], middle[i] + critical[i] * error[i]
        verdict = GAIN if low > 0 else LOSS if high < 0 else OPEN
        difference = Estimate(float(middle[i]), float(low), float(high))
        rows.append(Comparison(right.name, attempts, len(common), difference, float(error[i]), verdict))
    return rows


def _too_few(left: Side, right: Side, what: str, number: int) -> DataError:
    return DataError(
        f"{left.name} and {right.name} share {number} {what if number == 1 else f'{what}s'}, but a comparison needs "
        f"{FEWEST}.",
        hint="Compare groups with shared problems; check that both name problems in the same way.",
    )


def _sup_t(drawn: Array, middle: Array, error: Array, level: float) -> float:
    """Half-width of a band over all k, in standard errors."""
    varies = error > 0
    largest = np.abs((drawn - middle)[:, varies] / error[varies]).max(axis=1, initial=0)
    return float(np.quantile(largest, level))
