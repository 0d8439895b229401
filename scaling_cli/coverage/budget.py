"""The cost of attempts, and how many attempts a budget buys.

Cost of k attempts at a problem in money: the prompt once at full price (times `cache_write`) and k - 1 times at a share
`cache_read` of it, plus k answers and k verdicts; a single request for k samples has cache_read 0. In compute: 2 FLOPs
per param and token, the prompt once, plus attention if the size of a token's keys and values is known (Kinetics,
Sadhukhan et al. 2025, arXiv:2506.05333). With a verifier that is never wrong, sampling can stop at the first success
and costs the expected attempts, of which `estimate.expected_attempts` is an unbiased estimate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scaling_cli.coverage.counts import Array, Counts, Indices
from scaling_cli.coverage.estimate import expected_attempts, log_failure
from scaling_cli.record import Record

FLOPS_A_PARAM = 2.0  # per param and token, for a forward pass; Kaplan et al. 2020, section 2.1
TOKENS_A_PRICE = 1e6  # prices are quoted per million tokens
MOST_ATTEMPTS = 1 << 40
ROUNDING = 1e-12  # relative: 0.3 dollars pay for three attempts at 0.1, although 3 * 0.1 > 0.3 in floating point


class Money(Record):
    """Prices in dollars per million tokens, tokens of a prompt and an answer, and the price of a verdict in dollars."""

    price_in: float
    price_out: float
    tokens_in: float
    tokens_out: float
    cache_read: float = 0.0
    cache_write: float = 1.0
    verdict: float = 0.0

    unit = "usd"

    @property
    def attempt(self) -> float:
        """Cost of each attempt after the first, in dollars."""
        prompt = self.cache_read * self.price_in * self.tokens_in
        return (prompt + self.price_out * self.tokens_out) / TOKENS_A_PRICE + self.verdict

    def cost(self, k: Array) -> Array:
        """Dollars per problem for k attempts; k is a number or an expected number of attempts, at least 1."""
        first = (self.cache_write - self.cache_read) * self.price_in * self.tokens_in / TOKENS_A_PRICE
        return np.asarray(first + self.attempt * np.asarray(k, dtype=float))


class Compute(Record):
    """FLOPs of a model of `params` active params; `kv_dim` is the size of a token's keys and values over all layers.

    `intensity` is the number of FLOPs that take as long as reading one value from memory; memory reads are counted with
    it, or left out if it is 0. `queries` is the number of query heads that share a key.
    """

    params: float
    tokens_in: float
    tokens_out: float
    kv_dim: float = 0.0
    intensity: float = 0.0
    queries: float = 1.0

    unit = "flops"

    @property
    def attempt(self) -> float:
        """Cost of each attempt after the first, in FLOPs."""
        return FLOPS_A_PARAM * self.params * self.tokens_out + self._attention_an_attempt

    @property
    def _attention_an_attempt(self) -> float:
        prompt = 2 * self.queries * self.tokens_in * self.kv_dim * self.tokens_out
        own = self.queries * self.kv_dim * self.tokens_out**2
        return prompt + own + self.intensity * self.kv_dim * self.tokens_out**2

    @property
    def attention_share(self) -> float:
        """FLOPs of attention and memory reads, divided by those of the linear layers, for one more attempt."""
        return self._attention_an_attempt / (FLOPS_A_PARAM * self.params * self.tokens_out)

    def cost(self, k: Array) -> Array:
        """FLOPs per problem for k attempts, which share the prompt and the reads of its keys."""
        shared = FLOPS_A_PARAM * self.params * self.tokens_in
        shared += 2 * self.intensity * self.tokens_in * self.kv_dim * self.tokens_out
        return np.asarray(shared + self.attempt * np.asarray(k, dtype=float))


Cost = Money | Compute


def affordable(cost: Cost, budget: float) -> int:
    """The most attempts per problem that the budget pays for if all are made; 0 if it pays for none."""
    first = float(cost.cost(np.array(0.0)))
    attempts = int((enough(budget) - first) / cost.attempt) if cost.attempt > 0 else MOST_ATTEMPTS
    return max(0, min(attempts, MOST_ATTEMPTS))


def enough(budget: float) -> float:
    """The budget, with room for rounding: what costs no more than this is paid for."""
    return budget * (1 + ROUNDING)


def affordable_stopping(counts: Counts, cost: Cost, budget: float) -> int:
    """The largest limit on attempts, up to n, whose expected cost the budget covers if sampling stops at a success."""
    return _largest(
        lambda k: float(cost.cost(expected_attempts(counts, np.array([k])))[0]) <= enough(budget),
        int(counts.n.min()),
    )


def smallest_k(coverage: Callable[[int], float], target: float, most: int) -> int | None:
    """The fewest attempts with a coverage of at least `target`, or None if `most` attempts do not reach it."""
    if coverage(most) < target:
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if coverage(middle) >= target else (middle, high)
    return high


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest number up to `most` for which `holds`, which is false for all larger numbers; 0 if there is none."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def worthwhile(gain: Callable[[int], float], least: float, most: int) -> int:
    """The largest k up to `most` whose last attempt still adds `least` to coverage; gains fall with k."""
    return _largest(lambda k: gain(k - 1) >= least, most)


def mixture(first: Counts, second: Counts, k_first: Indices, k_second: Indices) -> Array:
    """Coverage of k_first attempts of one model plus k_second of another at each shared problem, `(len(k),)`."""
    first_fails, second_fails = (
        np.where(k > 0, np.exp(log_failure(counts.n, counts.c, np.maximum(k, 1))), 1.0)
        for counts, k in ((first, k_first), (second, k_second))
    )
    return np.asarray(1 - (first_fails * second_fails).mean(axis=0))


def exchange(model_ratio: float, inference_ratio: float) -> float:
    """How many times more attempts a small model can make on the compute of a model `model_ratio` times larger.

    `inference_ratio` is inference tokens over pretraining tokens. Training takes 6 FLOPs per param and token, inference
    2, so M (6 N D_pre + 2 N D_inf) = 6 N D_pre + 2 N D_inf x gives x = M + 3 (M - 1) / R (after Snell et al. 2024,
    arXiv:2408.03314).
    """
    return model_ratio + 3 * (model_ratio - 1) / inference_ratio
