"""Functions of formulas against their definitions."""

import numpy as np
import pytest

from scaling_cli.formula.functions import PEARCE_SONG, non_embedding, with_embedding, worn_slope
from scaling_cli.formula.tree import degree, parse


def test_params_without_embeddings_are_the_root_of_their_equation():
    params = np.array([1e6, 1e8, 7e10])
    rest = non_embedding(params)
    np.testing.assert_allclose(rest + PEARCE_SONG * np.cbrt(rest), params, rtol=1e-9)
    np.testing.assert_allclose(with_embedding(rest), params, rtol=1e-9)


def test_the_slope_of_worn_data_is_that_of_its_sum():
    epochs, half_life, step = np.array([1.0, 2.5, 7.0]), 3.0, 1e-6

    def worn(half):
        total = np.zeros(3)
        for epoch in range(1, 7):
            total += np.log(np.clip(epochs, epoch, epoch + 1) / epoch) * 0.5 ** (epoch / half)
        return total

    expected = (worn(half_life + step) - worn(half_life - step)) / (2 * step)
    np.testing.assert_allclose(worn_slope(epochs, np.array(half_life)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("x", 1.0), ("2", 0.0), ("y", 0.0), ("3*x + y", 1.0), ("x*x", np.inf), ("x/y", 1.0), ("y/x", np.inf)],
)
def test_the_degree_of_a_formula(formula, expected):
    assert degree(parse(formula), frozenset({"x"})) == expected
