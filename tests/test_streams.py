"""Random streams are those of numpy's generators, seed by seed."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli import streams
from scaling_cli.streams import draws, generators

SEEDS = ([0, 0], [1, 2**32], [2**70 + 5, 2**64 - 1], [7, 12345678901234567890])


@pytest.mark.parametrize(("seed", "group"), SEEDS)
def test_generators_are_those_of_numpy(seed, group):
    for replicate, generator in zip((0, 3, 2**32 - 1), generators(seed, group, [0, 3, 2**32 - 1]), strict=True):
        expected = np.random.default_rng([seed, group, replicate])
        assert generator.bit_generator.state == expected.bit_generator.state
        assert generator.integers(9, size=5).tolist() == expected.integers(9, size=5).tolist()
        assert generator.chisquare(3.5) == expected.chisquare(3.5)


@pytest.mark.parametrize("runs", [1, 2, 7, 16])
@pytest.mark.parametrize("sizes", [0, 3])
def test_draws_are_those_of_the_generators(runs, sizes):
    signs, chosen, squares = draws(5, 2**50, range(4, 40), runs, sizes=sizes, freedom=6.5)
    for row, replicate in enumerate(range(4, 40)):
        generator = np.random.default_rng([5, 2**50, replicate])
        assert signs[row].tolist() == (2.0 * generator.integers(2, size=runs) - 1.0).tolist()
        if sizes:
            assert chosen is not None
            assert chosen[row].tolist() == generator.integers(sizes, size=runs).tolist()
        assert squares is not None
        assert squares[row] == generator.chisquare(6.5)


def test_numbers_that_numpy_draws_again_are_drawn_again():
    # Of half the numbers below 2^31 + 1 numpy draws again, so nearly every replicate has one.
    sizes = 2**31 + 1
    _, chosen, squares = draws(0, 1, range(20), 6, sizes=sizes, freedom=4.0)
    assert chosen is not None
    assert squares is not None
    for row in range(20):
        generator = np.random.default_rng([0, 1, row])
        generator.integers(2, size=6)
        assert chosen[row].tolist() == generator.integers(sizes, size=6).tolist()
        assert squares[row] == generator.chisquare(4.0)


def test_words_put_a_number_together_again():
    for number in (0, 1, 2**32, 2**100 + 3):
        words = streams._words(number)
        assert sum(word << 32 * place for place, word in enumerate(words)) == number
        assert all(0 <= word < 2**32 for word in words)


@pytest.mark.parametrize("freedom", [0.6, 2.0, 2.5, 300.0])
def test_rare_chi_squared_numbers_are_those_of_numpy(freedom):
    # One number in thirty needs more bits than usual, and one layer in 256 of the ziggurat has no inside.
    _, _, squares = draws(3, 9, range(2000), 3, freedom=freedom)
    assert squares is not None
    for replicate, square in enumerate(squares):
        generator = np.random.default_rng([3, 9, replicate])
        generator.integers(2, size=3)
        assert square == generator.chisquare(freedom)


def test_numpy_draws_the_numbers_if_its_ziggurat_is_another(monkeypatch):
    expected = draws(0, 0, range(50), 4, freedom=7.0)[2]
    nothing_inside = np.ones(256), np.zeros(256)
    monkeypatch.setattr(streams, "_ziggurat", lambda: nothing_inside)
    found = draws(0, 0, range(50), 4, freedom=7.0)[2]
    assert expected is not None
    assert found is not None
    assert found.tolist() == expected.tolist()


def test_most_numbers_need_no_generator_of_numpy():
    widths, inner = streams._ziggurat()
    assert widths[1:].tolist() == sorted(widths[1:])
    assert np.mean(inner) / 2**52 > 0.95
