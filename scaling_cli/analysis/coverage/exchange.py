"""A larger model, or more attempts with a smaller one, for the same compute of training and inference.

With M the ratio of sizes and R that of inference tokens to pretraining tokens, k attempts of the larger model cost as
much as k (M + 3 (M - 1) / R) of the smaller one (after Snell et al. 2024, arXiv:2408.03314). The fewer tokens are
generated, the more attempts the smaller model gets for what its training saves.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.coverage.budget import Buyer
from scaling_cli.analysis.coverage.crossing import Rates, Side, bounded, crossing, grid_of, rates_of
from scaling_cli.coverage.budget import exchange
from scaling_cli.coverage.counts import Indices, ProblemResampling
from scaling_cli.record import Record
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Estimate

SAMPLING, TRAINING, OPEN = "sampling", "training", "inconclusive"


class Trade(Record):
    """What is exchanged: the ratio of model sizes, and that of inference tokens to pretraining tokens."""

    model_ratio: float
    inference_ratio: float

    @property
    def factor(self) -> float:
        """Attempts of the smaller model for one attempt of the larger."""
        return exchange(self.model_ratio, self.inference_ratio)

    def ratio_at(self, factor: float | None) -> float | None:
        """The ratio of tokens at which the smaller model gets so many attempts; None if it gets more at any ratio."""
        if factor is None or factor <= self.model_ratio:
            return None
        return 3 * (self.model_ratio - 1) / (factor - self.model_ratio)


def exchanges(buyer: Buyer, k: Indices, trade: Trade) -> list[Exchange]:
    """The coverage of this group (the small model) on the compute of k attempts of a larger model."""
    rows = []
    for large_k in k.tolist():
        attempts = int(large_k * trade.factor)
        coverage = float(buyer.data.coverage(np.array([attempts]))[0]) if attempts <= buyer.most else None
        rows.append(Exchange(trade.model_ratio, trade.inference_ratio, trade.factor, large_k, attempts, coverage))
    return rows


def exchanges_against(
    small: Side, large: Side, k: Indices, trade: Trade, *, level: float, resampling: ProblemResampling
) -> list[Exchange]:
    """Coverage of `small` on the compute of k attempts of `large`, beside that of `large`, and where it turns.

    Problems that both have are paired. At attempts that the log does not have there is no difference; where the smaller
    model needs more of them than that to catch up, the turn has no end there.
    """
    most = int(small.counts.n.min())
    grid = grid_of(most)
    rows = []
    for large_k in k[k <= large.counts.n.min()].tolist():
        attempts = int(large_k * trade.factor)
        at = np.append(grid, min(attempts, most))
        rates = rates_of(small, large, at, np.array([large_k]))
        if rates is None:
            continue
        middle, error, critical = (values[-1] for values in rates.difference(level))
        difference = bounded(middle, error, critical, level)
        if attempts > most:
            difference = Estimate(None, None, None)
        verdict = _verdict(difference)
        rows.append(
            Exchange(
                trade.model_ratio,
                trade.inference_ratio,
                trade.factor,
                large_k,
                attempts,
                float(rates.left[:, -1].mean()) if attempts <= most else None,
                against=large.name,
                other=float(rates.right.mean()),
                problems=len(rates.left) if rates.is_paired else 0,
                difference=difference,
                verdict=verdict,
                turn=_turn(rates, grid, large_k, trade, level, resampling),
            )
        )
    return rows


def _verdict(difference: Estimate) -> str:
    """Which is better; empty where the log has too few attempts to say."""
    if difference.estimate is None:
        return ""
    if difference.low is None or difference.high is None:
        return OPEN
    return SAMPLING if difference.low > 0 else TRAINING if difference.high < 0 else OPEN


def _turn(
    rates: Rates, grid: Indices, k: int, trade: Trade, level: float, resampling: ProblemResampling
) -> Estimate | None:
    """The ratio of inference to pretraining tokens above which the larger model is better; below, sampling is."""
    curves = Rates(rates.left[:, :-1], rates.right, rates.left_cluster, rates.right_cluster, rates.is_paired)
    found = crossing(np.log(grid), curves.replicates(resampling), level, curves.difference(level)[0])
    if found is None or found.estimate is None:
        return None
    # The more attempts it takes to catch up, the lower the ratio.
    few, middle, many = (None if end is None else end / k for end in (found.low, found.estimate, found.high))
    lowest = 0.0 if many is None else trade.ratio_at(many)
    return Estimate(trade.ratio_at(middle), lowest, trade.ratio_at(few))
