"""Step 0 of training logs: left out and counted where a law takes the logarithm of steps."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError

STEPS = [0, 100, 200, 400, 800, 1600]


def log(run="a", factor=1.0):
    loss = [11.0] + [factor * (2 + 9 * step**-0.3) for step in STEPS[1:]]
    return pl.DataFrame({"run": run, "step": STEPS, "loss": loss})


def excluded(result):
    return [each.message for each in result.caveats if each.code == "rows-excluded"]


@pytest.mark.parametrize("law", ["auto", "power-constant", "power"])
def test_the_untrained_model_is_left_out_of_laws_of_the_logarithm_of_steps(law):
    result = scaling.fit(log(), law=law, checkpoints="all", interval="none")
    assert excluded(result)[0].startswith("1 of 6 rows was left out: 1 with step 0, before training.")
    assert result.results[0].points == 5


def test_a_law_that_takes_step_zero_keeps_it():
    result = scaling.fit(log(), law="E + A*exp(-k*step)", checkpoints="all", interval="none")
    assert excluded(result) == []


def test_a_law_of_another_input_keeps_step_zero():
    rows = log().with_columns(params=pl.Series([1e6, 2e6, 4e6, 8e6, 16e6, 32e6]))
    result = scaling.fit(rows, law="power", x="params", checkpoints="all", interval="none")
    assert excluded(result) == []


def test_forecasts_and_comparisons_leave_it_out_too():
    logs = pl.concat([log("a"), log("b", 1.1)])
    compared = scaling.compare_exponents(logs, by="run", checkpoints="all", interval="none")
    forecast = scaling.extrapolate(log(), at="step=3200", checkpoints="all", interval="none")
    for result in (compared, forecast):
        assert "step 0, before training" in excluded(result)[0]


def test_a_log_of_nothing_else_is_refused():
    logs = pl.concat([log(run).head(1) for run in "abc"]).with_columns(loss=pl.Series([11.0, 10.9, 11.1]))
    with pytest.raises(ScalingError, match="None of 3 rows can be used: 3 with step 0, before training"):
        scaling.fit(logs, law="power", x="step", interval="none")
