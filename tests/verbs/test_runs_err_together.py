"""Seeds of one configuration that err together: intervals of every command hold, because configurations are drawn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

import scaling_cli as scaling
from scaling_cli.errors import ScalingError
from tests.analysis.allocation.surfaces import HOFFMANN, best_params, loss_at

SEEDS, SHARED, OWN = 4, 0.01, 0.002  # per configuration; noise of log loss that they share, and that they do not
MANY, SURE = 120, 0.999
NOMINAL, RIGHT = 0.05, 0.88  # of p-values; and of intervals of 95 %, which few configurations may cost a little
TARGET = {"params": 2e10, "tokens": 4e11}
BUDGET = 1e22


def repeated(seed: int, groups: int = 1, shared: float = SHARED) -> pl.DataFrame:
    """An IsoFLOP grid of thirty-five configurations with four seeds each, whose errors are mostly shared."""
    rng = np.random.default_rng(seed)
    parts = []
    for group in range(groups):
        compute = np.repeat(np.geomspace(1e18, 1e21, 5), 7)
        params = best_params(HOFFMANN, compute) * np.tile(np.geomspace(0.2, 5, 7), 5)
        tokens = compute / 6 / params
        law = loss_at(HOFFMANN, params, tokens) * np.exp(shared * rng.standard_normal(35))
        for number in range(SEEDS):
            loss = law * np.exp(OWN * rng.standard_normal(35))
            rows = {"params": params, "tokens": tokens, "loss": loss}
            parts.append(pl.DataFrame(rows).with_columns(seed=pl.lit(number), g=pl.lit(f"g{group}")))
    return pl.concat(parts)


def holds_forecast(seed: int) -> tuple[bool, bool]:
    """Whether the interval of a forecast holds, and whether the caveat says what was drawn."""
    at = ",".join(f"{role}={amount!r}" for role, amount in TARGET.items())
    report = scaling.extrapolate(repeated(seed).drop("g"), at=at, replicates=80)
    found = report.results[0].predictions[0].loss
    truth = float(loss_at(HOFFMANN, np.array(TARGET["params"]), np.array(TARGET["tokens"])))
    return found.low <= truth <= found.high, says(report)


def holds_split(seed: int, approach: str) -> tuple[bool, bool]:
    """Whether the interval of the best params holds, and whether the caveat says what was drawn."""
    frame = repeated(seed).drop("g")
    report = scaling.optimal_allocation(frame, budget=BUDGET, approach=approach, replicates=80)
    found = report.results[0].allocations[0].params
    return found.low <= float(best_params(HOFFMANN, BUDGET)) <= found.high, says(report)


def rejects(seed: int) -> tuple[bool, bool]:
    """Whether two groups of one law are called different, and whether the caveat says what was drawn."""
    frame = repeated(seed, groups=2)
    report = scaling.compare_exponents(frame, by="g", law="chinchilla", replicates=99, pair="none")
    return report.results[0].tests["same_exponent"].p_value > NOMINAL, says(report)


def says(report: scaling.Answer) -> bool:
    return any(
        found.code == "runs-err-together" and "resamples all runs at equal inputs together" in found.message
        for found in report.caveats
    )


ASKED = {
    "extrapolate": holds_forecast,
    "parametric": lambda seed: holds_split(seed, "parametric"),
    "isoflop": lambda seed: holds_split(seed, "isoflop"),
    "compare-exponents": rejects,
}


@pytest.mark.parametrize("asked", ASKED)
def test_configurations_are_drawn_and_a_caveat_says_so(asked):
    assert ASKED[asked](1)[1]


def test_runs_that_err_independently_are_drawn_one_by_one():
    report = scaling.extrapolate(repeated(1, shared=0.0).drop("g"), at="params=2e10,tokens=4e11", replicates=40)
    assert not says(report)


@pytest.mark.slow
@pytest.mark.parametrize("asked", ASKED)
def test_intervals_hold_where_seeds_err_together(asked):
    held = sum(ASKED[asked](seed)[0] for seed in range(MANY))
    assert held >= binom.ppf(1 - SURE, MANY, RIGHT)


def refused_runs() -> pl.DataFrame:
    """Runs whose split is refused: all have fewer params than the optimum of their law."""
    frame = repeated(0).drop("g")
    compute = (6 * frame["params"] * frame["tokens"]).to_numpy()
    return frame.filter(frame["params"].to_numpy() < 0.5 * best_params(HOFFMANN, compute))


def test_a_refused_split_says_what_the_fit_before_it_found():
    with pytest.raises(ScalingError, match="fewer params than the law's optimum") as refused:
        scaling.optimal_allocation(refused_runs(), budget=BUDGET, approach="parametric", replicates=80)
    assert "runs-err-together" in {found.code for found in refused.value.caveats}


def test_a_group_whose_split_is_refused_keeps_its_caveats():
    whole, refused = repeated(0).drop("g"), refused_runs()
    frame = pl.concat([whole.with_columns(kind=pl.lit("whole")), refused.with_columns(kind=pl.lit("refused"))])
    report = scaling.optimal_allocation(frame, by="kind", budget=BUDGET, approach="parametric", replicates=80)
    assert [failure.group for failure in report.failures] == [{"kind": "refused"}]
    assert {"kind": "refused"} in [found.group for found in report.caveats if found.code == "runs-err-together"]
