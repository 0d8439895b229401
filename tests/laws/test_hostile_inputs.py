"""Named laws and inputs that they were not made for: negative counts, zeros, constants."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, FitError
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law
from tests.laws.designs import draw_design, draw_parameters


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("looped", "once_params", -1e7, "once_params has negative values, which looped cannot take"),
        ("sparsity", "sparsity", -0.5, "sparsity has negative values"),
        ("utility-decay", "epochs", -1.0, "epochs has negative values"),
        ("utility-decay", "epochs", 0.0, "takes the log or a power of"),
        ("bernoulli", "x", 0.0, "x has values that are not positive"),
    ],
)
def test_a_named_law_refuses_values_that_its_inputs_cannot_have(name, column, value, said):
    law = find_law(name)
    columns, truth = draw_design(law, np.random.default_rng(0), 40), draw_parameters(law, np.random.default_rng(1))
    observed = law.predict(dict(zip(law.names, truth, strict=True)), columns)
    columns[column] = np.where(np.arange(40) % 7 == 0, value, columns[column])
    with pytest.raises(DataError, match=said):
        problem_from_arrays(law, columns, observed, np.arange(40))


def test_a_part_of_an_epoch_is_worth_as_many_samples():
    law = find_law("utility-decay")
    truth = {"a": 30.0, "b": -0.2, "tau": 3.0, "d": 0.1}
    half, whole = (law.predict(truth, {"unique_samples": np.array([n]), "epochs": np.array([epochs])})[0]
                   for n, epochs in ((1e7, 0.5), (5e6, 1.0)))  # fmt: skip
    assert half == pytest.approx(whole)


@pytest.mark.sample(3)
@pytest.mark.parametrize("seed", range(3))
def test_a_parameter_that_slid_to_its_bound_along_a_constant_column_is_refused(seed):
    generator = np.random.default_rng(seed)
    decoder = np.geomspace(5e6, 3e8, 24)
    loss = 1.3 + 0.9 * (5e7 / 2e7) ** 0.18 * (5e7 / decoder) ** 0.31
    runs = pl.DataFrame({"encoder_params": 2e7, "decoder_params": decoder,
                         "loss": loss * np.exp(0.003 * generator.standard_normal(24))})  # fmt: skip
    with pytest.raises(FitError, match="p_e can take any value without changing a prediction"):
        scaling.fit(runs, law="encoder-decoder", interval="none")
    held = scaling.fit(runs, law="encoder-decoder", fix="p_e=0.18", interval="none").results[0]
    assert held.parameters["p_d"].estimate == pytest.approx(0.31, abs=0.05)
