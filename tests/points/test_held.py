import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import UsageError
from scaling_cli.points.choose import choose
from scaling_cli.points.held import hold


def runs(**columns):
    tokens = np.geomspace(1e9, 1e11, 12)
    return pl.DataFrame({"run_id": [f"r{i}" for i in range(12)], "tokens": tokens, "loss": 2 + tokens**-0.1, **columns})


def test_a_parameter_of_a_law_that_could_not_be_chosen_names_the_column_to_give():
    frame = runs()
    with pytest.raises(UsageError, match="'alpha' is a parameter of chinchilla") as caught:
        hold(choose(frame, "auto", None), {"alpha": 0.34}, (), frame)
    assert "--params COLUMN" in caught.value.hint


def test_a_parameter_of_no_law_lists_those_of_the_law():
    frame = runs()
    with pytest.raises(UsageError, match="no parameter 'zeta'") as caught:
        hold(choose(frame, "auto", None), {"zeta": 1.0}, (), frame)
    assert "a, b, c" in caught.value.hint


def test_a_law_that_was_named_keeps_its_own_message():
    frame = runs()
    with pytest.raises(UsageError, match="no parameter 'alpha'"):
        hold(choose(frame, "power", "tokens"), {"alpha": 0.34}, (), frame)
