"""Random streams of replicates: replicate i draws what `np.random.default_rng([seed, group, i])` draws.

Making a generator takes numpy ten times as long as drawing a few numbers from it, because the seeds are mixed one at a
time. Here numpy's algorithms run for all replicates at once: SeedSequence mixes the seeds, and PCG64 (O'Neill 2014)
takes its first state from them, as numpy documents and guarantees for its seeds. One generator is then moved from state
to state. Small random numbers follow from the raw bits by multiplication (Lemire 2019), as in numpy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scaling_cli.arrays import Array, Indices

FIRST_MIX, NEXT_MIX = 0x43B0D7E5, 0x931E8875  # SeedSequence: constants of the hash that fills the pool
FIRST_OUT, NEXT_OUT = 0x8B51F9DD, 0x58F38DED  # and of the hash that reads it
LEFT, RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
POOL = 4
LOW32, LOW128 = (1 << 32) - 1, (1 << 128) - 1
MULTIPLIER = (2549297995355413924 << 64) + 4865540595714422341  # of PCG64
HALF = np.uint32(16)


def generators(seed: int, group: int, replicates: Sequence[int]) -> Iterator[np.random.Generator]:
    """For each replicate the generator `default_rng([seed, group, replicate])`; it is valid until the next one."""
    bits = np.random.PCG64(0)
    generator = np.random.Generator(bits)
    for state in _states(seed, group, replicates):
        bits.state = state
        yield generator


def draws(
    seed: int, group: int, replicates: Sequence[int], runs: int, *, sizes: int = 0, freedom: float | None = None
) -> tuple[Array, Indices | None, Array | None]:
    """For each replicate a sign for each of its runs, then one of `sizes` for each run, then a chi-squared number.

    These are `2 * integers(2, size=runs) - 1`, `integers(sizes, size=runs)` and `chisquare(freedom)` of each
    replicate's generator. Shapes are `(replicates, runs)`, the same, and `(replicates,)`; without `sizes` or `freedom`
    the second or third is None.
    """
    count = runs * (2 if sizes else 1)
    raw = np.empty((len(replicates), -(-count // 2)), dtype=np.uint64)
    squares = None if freedom is None else np.empty(len(replicates))
    for row, generator in enumerate(generators(seed, group, replicates)):
        raw[row] = generator.bit_generator.random_raw(raw.shape[1])
        if squares is not None and freedom is not None:
            squares[row] = generator.chisquare(freedom)
    halves = np.empty((len(raw), 2 * raw.shape[1]), dtype=np.uint64)
    halves[:, ::2], halves[:, 1::2] = raw & np.uint64(LOW32), raw >> np.uint64(32)
    signs: Array = 2.0 * (halves[:, :runs] >> np.uint64(31)) - np.float64(1.0)
    if not sizes:
        return signs, None, squares
    products = halves[:, runs:count] * np.uint64(sizes)
    again = ((products & np.uint64(LOW32)) < (1 << 32) % sizes).any(axis=1)
    chosen = (products >> np.uint64(32)).astype(np.intp)
    for row in np.flatnonzero(again).tolist():  # numpy draws such a number again, which moves all that follow
        generator = np.random.default_rng([seed, group, replicates[row]])
        generator.integers(2, size=runs)
        chosen[row] = generator.integers(sizes, size=runs)
        if squares is not None and freedom is not None:
            squares[row] = generator.chisquare(freedom)
    return signs, chosen, squares


def _states(seed: int, group: int, replicates: Sequence[int]) -> Iterator[Any]:
    """The first states of PCG64."""
    for low, high, inc_low, inc_high in _mixed(seed, group, replicates).tolist():
        inc = ((inc_low << 64 | inc_high) << 1 | 1) & LOW128
        state = ((inc + (low << 64 | high)) * MULTIPLIER + inc) & LOW128
        yield {"bit_generator": "PCG64", "state": {"state": state, "inc": inc}, "has_uint32": 0, "uinteger": 0}


def _mixed(seed: int, group: int, replicates: Sequence[int]) -> npt.NDArray[np.uint64]:
    """The words `(replicates, 4)` that SeedSequence([seed, group, replicate]) generates."""
    last = np.array(replicates, dtype=np.uint32)
    entropy = [np.full_like(last, word) for number in (seed, group) for word in _words(number)] + [last]
    entropy += [np.zeros_like(last)] * (POOL - len(entropy))
    mixing = _Hash(FIRST_MIX, NEXT_MIX)
    pool = [mixing.of(word) for word in entropy[:POOL]]
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                pool[target] = _joined(pool[target], mixing.of(pool[source]))
    for word in entropy[POOL:]:
        for target in range(POOL):
            pool[target] = _joined(pool[target], mixing.of(word))
    reading = _Hash(FIRST_OUT, NEXT_OUT)
    halves = [reading.of(pool[place % POOL]).astype(np.uint64) for place in range(8)]
    return np.stack([halves[place] | halves[place + 1] << np.uint64(32) for place in range(0, 8, 2)], axis=1)


class _Hash:
    """The hash of SeedSequence, whose constant changes with every use."""

    def __init__(self, first: int, factor: int) -> None:
        self._constant, self._factor = first, factor

    def of(self, word: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """The hash of a word of each replicate `(replicates,)`."""
        word = word ^ np.uint32(self._constant)
        self._constant = self._constant * self._factor & LOW32
        word = word * np.uint32(self._constant)
        return word ^ (word >> HALF)


def _joined(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    word: npt.NDArray[np.uint32] = LEFT * left - RIGHT * right
    return word ^ (word >> HALF)


def _words(number: int) -> list[int]:
    """A whole number in words of 32 bits, lowest first."""
    words = [number & LOW32]
    while number := number >> 32:
        words.append(number & LOW32)
    return words
