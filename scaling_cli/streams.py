"""Random streams of replicates: replicate i draws what `np.random.default_rng([seed, group, i])` draws.

Making a generator takes numpy ten times as long as drawing a few numbers from it, because the seeds are mixed one at a
time. Here numpy's algorithms run for all replicates at once: SeedSequence mixes the seeds, and PCG64 (O'Neill 2014)
takes its first state from them, as numpy documents and guarantees for its seeds. Then PCG64 steps for all replicates,
too. Small random numbers follow from its bits by multiplication (Lemire 2019), and chi-squared numbers by the method of
Marsaglia and Tsang (2000), as in numpy. Where numpy needs more bits than usual, its own generator is set to the
state of that replicate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from scaling_cli.arrays import Array, Flags, Indices

FIRST_MIX, NEXT_MIX = 0x43B0D7E5, 0x931E8875  # SeedSequence: constants of the hash that fills the pool
FIRST_OUT, NEXT_OUT = 0x8B51F9DD, 0x58F38DED  # and of the hash that reads it
LEFT, RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
POOL = 4
FEW = 8  # replicates for each number drawn: with fewer, numpy is faster one by one than all streams step by step
LOW32, LOW64, LOW128 = (1 << 32) - 1, (1 << 64) - 1, (1 << 128) - 1
MULTIPLIER = (2549297995355413924 << 64) + 4865540595714422341  # of PCG64
CLEARLY = 1e-9  # of a logarithm: far above its rounding
HALF, HALF64 = np.uint32(16), np.uint64(32)

Words: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.uint64]]
Halves: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.uint32]]
Pair: TypeAlias = tuple[Words, Words]


def generators(seed: int, group: int, replicates: Sequence[int]) -> Iterator[np.random.Generator]:
    """For each replicate the generator `default_rng([seed, group, replicate])`; it is valid until the next one."""
    streams = _Streams(_mixed(seed, group, replicates))
    return (streams.generator(row) for row in range(len(replicates)))


def draws(
    seed: int, group: int, replicates: Sequence[int], runs: int, *, sizes: int = 0, freedom: float | None = None
) -> tuple[Array, Indices | None, Array | None]:
    """For each replicate a sign for each of its runs, then one of `sizes` for each run, then a chi-squared number.

    These are `2 * integers(2, size=runs) - 1`, `integers(sizes, size=runs)` and `chisquare(freedom)` of each
    replicate's generator. Shapes are `(replicates, runs)`, the same, and `(replicates,)`; without `sizes` or `freedom`
    the second or third is None.
    """
    streams = _Streams(_mixed(seed, group, replicates))
    count = runs * (2 if sizes else 1)
    halves, squares = streams.drawn(-(-count // 2), freedom)
    signs = np.where(halves[:, :runs] >> np.uint32(31), 1.0, -1.0)
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


class _Streams:
    """PCG64 for many replicates at once; numbers of 128 bits are pairs (high, low) of arrays `(replicates,)`."""

    def __init__(self, words: Words) -> None:
        """Take the first states from the words `(replicates, 4)` of the seeds."""
        high, low, inc_high, inc_low = words.T
        self._inc = (inc_high << np.uint64(1) | inc_low >> np.uint64(63), inc_low << np.uint64(1) | np.uint64(1))
        self._state = _sum(self._inc, (high, low))
        self._step()
        self._bits = np.random.PCG64(0)
        self._generator = np.random.Generator(self._bits)

    def _step(self) -> None:
        self._state = _sum(_product(*self._state), self._inc)

    def next(self) -> Words:
        """The next 64 bits of each replicate `(replicates,)`."""
        self._step()
        high, low = self._state
        mixed, turn = high ^ low, high >> np.uint64(58)
        bits: Words = np.bitwise_or(mixed >> turn, mixed << (np.uint64(64) - turn & np.uint64(63)))
        return bits

    def drawn(self, count: int, freedom: float | None) -> tuple[Halves, Array | None]:
        """The next `count` 64 bits of each replicate, as `halves` gives them, then a chi-squared number of each."""
        if FEW * count < len(self._state[0]):
            return self.halves(count), None if freedom is None else self.chi_squared(freedom)
        bits = np.empty((len(self._state[0]), count), dtype="<u8")
        squares = None if freedom is None else np.empty(len(bits))
        for row in range(len(bits)):
            generator = self.generator(row)
            bits[row] = generator.bit_generator.random_raw(count)
            if squares is not None and freedom is not None:
                squares[row] = generator.chisquare(freedom)
        return bits.view("<u4"), squares

    def halves(self, count: int) -> Halves:
        """The next `count` 64 bits of each replicate in halves, the lower first `(replicates, 2 count)`."""
        bits = np.empty((len(self._state[0]), count), dtype="<u8")
        for place in range(count):
            bits[:, place] = self.next()
        return bits.view("<u4")

    def generator(self, row: int) -> np.random.Generator:
        """Numpy's generator for one replicate; it is valid until the next one is asked for."""
        (high, low), (inc_high, inc_low) = self._state, self._inc
        inc = int(inc_high[row]) << 64 | int(inc_low[row])
        self._bits.state = _written(int(high[row]) << 64 | int(low[row]), inc)
        return self._generator

    def chi_squared(self, freedom: float) -> Array:
        """What `chisquare(freedom)` draws next from each replicate's generator `(replicates,)`.

        Few replicates need more than one normal and one uniform number (Marsaglia and Tsang 2000): numpy draws these.
        """
        shape = freedom / 2
        before = self._state
        with np.errstate(divide="ignore", invalid="ignore"):  # for shapes below 1, for which numpy has another way
            third = shape - 1.0 / 3.0
            normal, is_plain = _normal(self.next())
            cube = 1.0 + normal * (1.0 / np.sqrt(9 * third))
            is_plain &= (cube > 0) & (shape > 1)
            cube = cube * cube * cube
            uniform = (self.next() >> np.uint64(11)) * 2.0**-53
            edge = 0.5 * normal * normal + third * (1.0 - cube + np.log(cube))
            is_plain &= np.log(uniform) < edge - CLEARLY
        squares: Array = 2.0 * (third * cube)
        self._state = before
        for row in np.flatnonzero(~is_plain).tolist():
            squares[row] = self.generator(row).chisquare(freedom)
        return squares


def _normal(bits: Words) -> tuple[Array, Flags]:
    """The normal numbers that numpy makes of 64 bits, and where it needs no further bits for them.

    The bits choose a layer of the ziggurat (Marsaglia and Tsang 2000), a sign, and a place in the layer.
    """
    widths, inner = _ziggurat()
    layer, place = (bits & np.uint64(255)).astype(np.intp), bits >> np.uint64(9) & np.uint64((1 << 52) - 1)
    size = place * widths[layer]
    return np.where(bits >> np.uint64(8) & np.uint64(1), -size, size), place < inner[layer]


@cache
def _ziggurat() -> tuple[Array, Array]:
    """The widths of the layers of numpy's ziggurat, read from numpy, and the places that are inside for certain.

    If numpy's normal numbers do not follow from these, no place is, and numpy draws all numbers itself.
    """
    inverse = pow(MULTIPLIER, -1, 1 << 128)
    bits = np.random.PCG64(0)
    generator = np.random.Generator(bits)

    def of(word: int) -> float:
        """The normal number that numpy makes of the next 64 bits `word`."""
        bits.state = _written((word - 1) * inverse & LOW128, 1)
        return generator.standard_normal()

    widths = np.array([of(layer | 1 << 9) for layer in range(256)])
    inner = np.zeros(256)
    inner[2:], inner[0] = widths[1:-1] / widths[2:], widths[-1] / widths[0]
    inner *= (1 - 1e-9) * 2.0**52
    for layer in (0, *range(2, 256)):  # the last place that is inside, below zero
        place = int(inner[layer]) - 1
        if of(layer | 1 << 8 | place << 9) != -(place * widths[layer]):
            return widths, np.zeros(256)
    return widths, inner


def _written(state: int, inc: int) -> Any:
    """A state of PCG64 as numpy takes it."""
    return {"bit_generator": "PCG64", "state": {"state": state, "inc": inc}, "has_uint32": 0, "uinteger": 0}


def _sum(left: Pair, right: Pair) -> Pair:
    low = left[1] + right[1]
    return left[0] + right[0] + (low < left[1]), low


def _product(high: Words, low: Words) -> Pair:
    """A number of 128 bits times the multiplier of PCG64, from products of 32 bits."""
    factor = np.uint64(MULTIPLIER & LOW64)
    upper, lower = low >> HALF64, low & np.uint64(LOW32)
    factor_upper, factor_lower = factor >> HALF64, factor & np.uint64(LOW32)
    crossed = upper * factor_lower + (lower * factor_lower >> HALF64)  # at most 2^64 - 1
    other = lower * factor_upper + (crossed & np.uint64(LOW32))
    carried = upper * factor_upper + (crossed >> HALF64) + (other >> HALF64)
    return high * factor + low * np.uint64(MULTIPLIER >> 64) + carried, low * factor


def _mixed(seed: int, group: int, replicates: Sequence[int]) -> Words:
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

    def of(self, word: Halves) -> Halves:
        """The hash of a word of each replicate `(replicates,)`."""
        word = word ^ np.uint32(self._constant)
        self._constant = self._constant * self._factor & LOW32
        word = word * np.uint32(self._constant)
        return word ^ (word >> HALF)


def _joined(left: Halves, right: Halves) -> Halves:
    word: Halves = LEFT * left - RIGHT * right
    return word ^ (word >> HALF)


def _words(number: int) -> list[int]:
    """A whole number in words of 32 bits, lowest first."""
    words = [number & LOW32]
    while number := number >> 32:
        words.append(number & LOW32)
    return words
