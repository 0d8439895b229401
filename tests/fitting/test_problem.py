"""Points that a law cannot be fitted to are refused with the column and a condition that leaves them out."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.errors import DataError
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law

X, LOSS = np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.5, 2.0])


def made(law="power", space="log", loss=LOSS, **columns):
    columns = columns or {"x": X}
    named = {"x": "my compute"}
    return problem_from_arrays(find_law(law), columns, np.asarray(loss), np.arange(len(loss)), space, named=named)


@pytest.mark.parametrize(
    ("change", "said", "condition"),
    [
        ({"x": np.array([1.0, np.inf, 4.0])}, "my compute has values that are not finite", "my compute < 1e300"),
        ({"x": np.array([1.0, 0.0, 4.0])}, "my compute has values that are not positive", "my compute > 0"),
        ({"loss": [3.0, np.nan, 2.0]}, "loss has values that are not finite", "loss < 1e300"),
        ({"loss": [3.0, 0.0, 2.0]}, "loss has values that are not positive", "loss > 0"),
        ({"loss": [3.0, 2.0, 1.5], "space": "binomial"}, "some values lie outside 0 to 1", "shares with --loss"),
        ({"loss": [0.5, -0.1, 0.2], "space": "binomial"}, "some values lie outside 0 to 1", "shares with --loss"),
    ],
)
def test_values_that_cannot_be_fitted_are_refused(change, said, condition):
    with pytest.raises(DataError, match=said) as refused:
        made(**change)
    assert condition in refused.value.hint


def test_negative_values_are_told_from_zeros_where_a_law_takes_zeros():
    columns = {"params": X, "sparsity": np.array([0.0, 0.5, 0.9]), "tokens": X}
    made("sparsity", **columns)
    with pytest.raises(DataError, match="sparsity has negative values, which sparsity cannot take") as refused:
        made("sparsity", **columns | {"sparsity": np.array([0.0, 0.5, -0.1])})
    assert "--where 'sparsity >= 0'" in refused.value.hint


def test_losses_of_zero_and_below_are_fitted_in_linear_space_and_outcomes_of_zero_and_one_as_such():
    assert made(loss=[3.0, 0.0, -1.0], space="linear").observed.tolist() == [3.0, 0.0, -1.0]
    assert made("sigmoid", loss=[0.0, 1.0, 0.5], space="binomial").observed.tolist() == [0.0, 1.0, 0.5]
