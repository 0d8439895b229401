"""The best split under laws with further inputs, which are held at a value."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law

TRUTH = {"c": 0.5, "g": 2.1, "gamma": 0.6, "a": 18.0, "alpha": 0.12, "b": 30.0, "beta": 0.15}


def runs() -> pl.DataFrame:
    sizes, lengths, grains = np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6), np.array([1.0, 4.0, 16.0])
    params, tokens, granularity = (each.ravel() for each in np.meshgrid(sizes, lengths, grains, indexing="ij"))
    columns = {"params": params, "tokens": tokens, "granularity": granularity}
    return pl.DataFrame({**columns, "loss": find_law("granularity").predict(TRUTH, columns)})


@pytest.mark.parametrize("granularity", [1.0, 64.0])
def test_the_split_is_that_of_the_law_at_the_held_value(granularity):
    """With granularity held, the law is Chinchilla's, whose best split has a closed form (Hoffmann et al. 2022)."""
    report = scaling.optimal_allocation(
        runs(), law="granularity", hold={"granularity": granularity}, budget=1e22, interval="none"
    )
    (split,) = report.results[0].allocations
    scale = (TRUTH["g"] / granularity ** TRUTH["gamma"] + TRUTH["a"]) * TRUTH["alpha"] / (TRUTH["b"] * TRUTH["beta"])
    total = TRUTH["alpha"] + TRUTH["beta"]
    best = scale ** (1 / total) * (1e22 / 6) ** (TRUTH["beta"] / total)
    assert split.params.estimate == pytest.approx(best, rel=2e-3)


def test_a_law_of_columns_takes_those_that_are_held():
    law = find_law("precision", ("bits",))
    truth = {"E": 1.8, "A": 400.0, "B": 2000.0, "alpha": 0.34, "beta": 0.36, "gamma_bits": 2.5}
    frame = runs().with_columns(bits=pl.col("granularity") + 2).drop("granularity", "loss")
    loss = law.predict(truth, {name: frame[name].to_numpy() for name in ("params", "tokens", "bits")})
    report = scaling.optimal_allocation(
        frame.with_columns(loss=pl.Series(loss)), law="precision", hold="bits=8", budget=1e22, interval="none"
    )
    (split,) = report.results[0].allocations
    effective = 1 - np.exp(-8 / 2.5)
    scale = 400.0 * effective**-0.34 * 0.34 / (2000.0 * 0.36)
    assert split.params.estimate == pytest.approx(scale ** (1 / 0.7) * (1e22 / 6) ** (0.36 / 0.7), rel=2e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"law": "granularity"}, "also depends on granularity"),
        ({"law": "chinchilla", "hold": {"bits": 8.0}}, "--hold names bits"),
        ({"law": "granularity", "hold": "granularity=16,bits=8"}, "--hold names bits"),
    ],
)
def test_what_is_not_held_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        scaling.optimal_allocation(runs(), budget=1e22, interval="none", **options)
