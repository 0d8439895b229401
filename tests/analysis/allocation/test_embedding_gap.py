"""The exponent by how params are counted, against splits that another solver finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from scaling_cli.analysis.allocation.embedding_gap import FRONTIER_SIZES, KAPLAN_SIZES, explain_gap
from scaling_cli.analysis.allocation.surface import Chinchilla
from scaling_cli.errors import FitError
from scaling_cli.formula.functions import non_embedding, with_embedding

VALUES = (1.8, 400.0, 2000.0, 0.34, 0.3)


def law(values=VALUES):
    return Chinchilla(*(np.array([value]) for value in values))


def slope_by_search(low, high):
    """Best params without embeddings for budgets counted without them, and their slope in logs."""
    e, a, b, alpha, beta = VALUES

    def best(compute):
        def loss(log_size):
            size = np.exp(log_size)
            tokens = compute / 6 / size
            return float(e + a / with_embedding(np.array([size]))[0] ** alpha + b / tokens**beta)

        return minimize_scalar(loss, bounds=(np.log(50), np.log(1e14)), method="bounded", options={"xatol": 1e-9}).x

    logs = np.linspace(np.log(1e9), np.log(1e28), 60)
    sizes = [best(np.exp(each)) for each in logs]
    first, last = np.interp(np.log([low, high]), sizes, logs)
    budgets = np.exp(np.linspace(first, last, 12))
    return np.polyfit(np.log(budgets), [best(each) for each in budgets], 1)[0]


def test_the_exponents_are_those_of_best_splits_counted_in_each_way():
    whole, kaplan, own, frontier = explain_gap(law(), (1e7, 1e10))
    assert (whole.counting, whole.params, whole.exponent) == ("all params", (1e7, 1e10), pytest.approx(0.3 / 0.64))
    assert (kaplan.params, frontier.params) == (KAPLAN_SIZES, FRONTIER_SIZES)
    assert own.params == pytest.approx(tuple(non_embedding(np.array([1e7, 1e10]))))
    for gap in (kaplan, own, frontier):
        assert gap.counting == "without embeddings"
        assert gap.exponent == pytest.approx(slope_by_search(*gap.params), abs=0.01)
    assert kaplan.exponent > own.exponent > frontier.exponent > 0.46


def test_without_a_range_of_sizes_the_data_have_no_row():
    for params in (None, (1e8, 1e8)):
        assert [gap.params for gap in explain_gap(law(), params)[1:]] == [KAPLAN_SIZES, FRONTIER_SIZES]
    assert explain_gap(law(), None)[0].params == FRONTIER_SIZES


@pytest.mark.parametrize("place", [1, 2, 3, 4])
def test_a_law_whose_loss_does_not_fall_in_both_is_refused(place):
    values = list(VALUES)
    values[place] = 0.0
    with pytest.raises(FitError, match="compares best splits"):
        explain_gap(law(values), None)
