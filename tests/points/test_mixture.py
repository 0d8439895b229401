"""Shares of domains: they add up to one wherever they are given, and only laws that take them do so."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, UsageError

MIXTURE = {"mixture": "web,code,math"}


def runs(sized: bool = True) -> pl.DataFrame:
    """Runs with shares of three domains, and of several sizes if `sized`."""
    rng = np.random.default_rng(0)
    web, code, math = rng.dirichlet([1.5, 1.5, 1.5], 80).T
    frame = pl.DataFrame({"run_id": [f"m{place}" for place in range(80)], "web": web, "code": code, "math": math})
    noise = np.exp(1e-3 * rng.standard_normal(80))
    if not sized:
        return frame.with_columns(loss=(1.5 + 1.9 * np.exp(-1.2 * web - 0.5 * code)) * noise)
    params, times = rng.choice([1e8, 3e8, 1e9, 3e9], 80), rng.choice([5, 10, 40, 100], 80)
    mixed = 1 / (1.5 * web**0.8 + 2 * code**0.5 + math**0.6)
    loss = 1.2 + mixed + 300 / params**0.34 + 500 / (times * params) ** 0.3
    return frame.with_columns(params=params, tokens=times * params, loss=loss * noise)


SIZED, ALONE = runs(), runs(sized=False)
ADDITIVE = {"law": "mixture-additive", "map": MIXTURE, "interval": "none"}
EXPONENTIAL = {"law": "mixture-exp", "map": MIXTURE}


@pytest.mark.parametrize("asked", [{}, {"law": "chinchilla"}, {"law": "all"}, {"law": "mixture-repetition"}])
def test_shares_are_refused_where_no_law_takes_them(asked):
    with pytest.raises(UsageError, match="--map mixture names shares of domains, but") as caught:
        scaling.fit(SIZED.with_columns(share="web", unique_tokens=pl.lit(1e10)), map=MIXTURE, **asked)
    assert "--law mixture-additive" in caught.value.hint


@pytest.mark.parametrize("asked", [{"map": MIXTURE}, {"x": "web,code,math"}])
def test_a_wrong_share_is_named_with_its_run(asked):
    off = pl.when(pl.col("run_id") == "m3")
    with pytest.raises(DataError, match="Column 'math' has a share of run m3 that is negative") as caught:
        scaling.fit(ALONE.with_columns(math=off.then(-0.1).otherwise("math")), law="mixture-exp", **asked)
    assert "--where 'math >= 0'" in caught.value.hint
    with pytest.raises(DataError, match=r"add up to \d\.\d+ at run m3"):
        scaling.fit(ALONE.with_columns(math=off.then(0.9).otherwise("math")), law="mixture-exp", **asked)


@pytest.mark.thorough
def test_forecasts_and_comparisons_take_the_columns_of_a_mixture_as_fits_do():
    at = "params=1e10,tokens=1e12,web=0.5,code=0.3,math=0.2"
    named = scaling.extrapolate(SIZED, at=at, law="mixture-additive", map=MIXTURE, replicates=100)
    listed = scaling.extrapolate(SIZED, at=at, law="mixture-additive", x="web,code,math", replicates=100)
    assert named.results[0].predictions == listed.results[0].predictions
    grouped = ALONE.with_columns(opt=pl.Series(["a", "b"] * 40))
    report = scaling.compare_exponents(grouped, by="opt", exponent="t_web", replicates=100, **EXPONENTIAL)
    assert report.results[0].exponents == ("t_web",)


@pytest.mark.parametrize("verb", ["runs", "saved"])
def test_targets_have_shares_that_add_up(verb):
    asked = {"law": "mixture-additive", "map": MIXTURE, "replicates": 100}
    given, options = (SIZED, asked) if verb == "runs" else (scaling.fit(SIZED, **asked), {})
    with pytest.raises(UsageError, match=r"has web 0\.5, code 0\.3 and math 0\.9, which add up to 1\.7"):
        scaling.extrapolate(given, at="params=1e10,tokens=1e12,web=0.5,code=0.3,math=0.9", **options)


def test_a_saved_fit_of_shares_alone_needs_no_compute():
    fit = scaling.fit(ALONE, replicates=100, **EXPONENTIAL)
    report = scaling.extrapolate(fit, at="web=0.5,code=0.3,math=0.2")
    truth = 1.5 + 1.9 * np.exp(-1.2 * 0.5 - 0.5 * 0.3)
    assert report.results[0].predictions[0].loss.estimate == pytest.approx(truth, rel=2e-3)
    assert report.results[0].predictions[0].reach is None
    assert "far-forecast" not in {found.code for found in report.caveats}


def test_shares_that_are_held_add_up_and_are_searched_together():
    held = {"web": 0.5, "code": 0.3, "math": 0.2}
    assert scaling.optimal_allocation(SIZED, budget=1e21, hold=held, **ADDITIVE).results
    with pytest.raises(UsageError, match=r"--hold gives web 0\.5, code 0\.3 and math 0\.9, which add up to 1\.7"):
        scaling.optimal_allocation(SIZED, budget=1e21, hold=held | {"math": 0.9}, **ADDITIVE)
    with pytest.raises(UsageError, match="--search web would change one share alone") as caught:
        scaling.optimal_allocation(SIZED, budget=1e21, search=dict.fromkeys(held, (0, 1)), **ADDITIVE)
    assert "--search mixture" in caught.value.hint


@pytest.mark.thorough
@pytest.mark.parametrize("hold", [{}, {"web": 0.5}])
def test_the_hint_about_shares_without_a_value_works(hold):
    with pytest.raises(UsageError, match=r"also depends on .*code and math") as caught:
        scaling.optimal_allocation(SIZED, budget=1e21, hold=hold, **ADDITIVE)
    assert caught.value.hint.endswith("find the best ones: --search mixture.")
    report = scaling.optimal_allocation(SIZED, budget=1e21, hold=hold, search="mixture", **ADDITIVE)
    found = report.results[0].allocations[0].searched
    assert sum(each.value.estimate for each in found.values()) + sum(hold.values()) == pytest.approx(1)


def test_laws_of_shares_say_what_they_need():
    with pytest.raises(UsageError, match="needs columns with the share of each data domain"):
        scaling.optimal_allocation(SIZED, law="mixture-additive", budget=1e21)
    with pytest.raises(UsageError, match="is a law of shares of domains, but a plan can choose only params and tokens"):
        scaling.plan(SIZED, law="mixture-additive", goal="loss@1e24", budget=1e21)
