"""Outcomes that are 0 or 1, and shares of known attempts, are fitted by maximum likelihood."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import scaling_cli as scaling
from scaling_cli.errors import DataError, UsageError
from scaling_cli.fitting.objective import root_deviances

LOGISTIC = "1/(1 + (x0/size)^k)"


def outcomes(attempts: int, seed: int = 0) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    size = np.repeat(np.geomspace(0.003, 0.05, 8), 10)
    share = generator.binomial(attempts, 1 / (1 + (0.0158 / size) ** 4)) / attempts
    return pl.DataFrame({"size": size, "solved": share, "attempts": np.full(80, attempts)})


def likeliest(runs: pl.DataFrame) -> tuple[float, float]:
    """Midpoint and steepness of the highest likelihood, by another optimiser."""
    size, share = runs["size"].to_numpy(), runs["solved"].to_numpy()

    def loss(at):
        odds = at[1] * (np.log(size) - at[0])
        return float(np.sum(np.logaddexp(0, odds) - share * odds))

    found = minimize(loss, [np.log(0.01), 2.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12})
    return float(np.exp(found.x[0])), float(found.x[1])


@pytest.mark.parametrize("attempts", [1, 30])
def test_the_fit_is_that_of_the_highest_likelihood(attempts):
    runs = outcomes(attempts)
    result = scaling.fit(runs, law="bernoulli", x="size", loss="solved", trials="attempts", interval="none").results[0]
    midpoint, steepness = likeliest(runs)
    assert result.parameters["x0"].estimate == pytest.approx(midpoint, rel=1e-4)
    assert result.parameters["k"].estimate == pytest.approx(steepness, rel=1e-4)
    written = scaling.fit(runs, law=LOGISTIC, loss="solved", objective="binomial", interval="none").results[0]
    assert written.parameters["k"].estimate == pytest.approx(steepness, rel=1e-4)


def test_intervals_use_the_known_spread_of_shares():
    """The interval narrows with the root of the attempts, and holds the truth."""
    one, many = (
        scaling.fit(outcomes(n, seed=3), law="bernoulli", x="size", loss="solved", trials="attempts").results[0]
        for n in (1, 25)
    )
    assert one.interval.method == "profile"
    for result in (one, many):
        assert result.parameters["k"].low < 4 < result.parameters["k"].high
    assert width(one) / width(many) == pytest.approx(5, rel=0.5)


def width(result) -> float:
    return np.log(result.parameters["x0"].high / result.parameters["x0"].low)


def test_the_slope_of_the_residual_equals_finite_differences():
    observed, p = np.array([0.0, 1.0, 0.4, 0.4]), np.array([[0.2, 0.7, 0.35, 0.4]])
    ahead, behind = (root_deviances(observed, p + step)[0] for step in (1e-6, -1e-6))
    np.testing.assert_allclose(root_deviances(observed, p)[1], (ahead - behind) / 2e-6, rtol=1e-4)


def test_what_is_no_share_is_refused():
    runs = outcomes(1).with_columns(solved=pl.col("solved") * 100)
    with pytest.raises(DataError, match="outside 0 to 1"):
        scaling.fit(runs, law="bernoulli", x="size", loss="solved")
    with pytest.raises(UsageError, match="both set the weight"):
        scaling.fit(outcomes(3), law="bernoulli", x="size", loss="solved", trials="attempts", weight="size")
