"""Exponents without the points of fewest tokens, against fits of the rest alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.allocation import stability
from scaling_cli.analysis.allocation.stability import _cutoff
from scaling_cli.errors import FitError


def runs(count=60, bend=0.0, noise=0.002, seed=0):
    """Runs of a Chinchilla law; those of fewer tokens than the median have losses higher by `bend`, times params."""
    rng = np.random.default_rng(seed)
    params, tokens = 10 ** rng.uniform(7, 9.5, count), 10 ** rng.uniform(9, 11, count)
    loss = 1.7 + 400 / params**0.34 + 410 / tokens**0.28
    short = tokens < np.median(tokens)
    loss = loss * np.exp(noise * rng.standard_normal(count)) * np.where(short, (params / 3e8) ** bend, 1.0)
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss})


def answered(table, **options):
    options = {"law": "chinchilla", "budget": 1e21, "interval": "none", **options}
    return scaling.optimal_allocation(table, **options)


def exponent(table):
    found = scaling.fit(table, law="chinchilla", interval="none").results[0].parameters
    return found["beta"].estimate / (found["alpha"].estimate + found["beta"].estimate)


def test_cut_offs_leave_out_a_quarter_and_half_of_the_points():
    table = runs(48)
    found = answered(table).results[0].cutoffs
    assert [each.approach for each in found] == ["parametric"] * 2
    for share, step in zip((0.25, 0.5), found, strict=True):
        least = float(np.quantile(table["tokens"], share))
        kept = table.filter(pl.col("tokens") >= least)
        assert (step.tokens, step.points) == (pytest.approx(least), len(kept))
        assert step.params_exponent == pytest.approx(exponent(kept), rel=1e-6)
        assert step.standard_error is None


@pytest.mark.parametrize(("count", "steps"), [(26, 0), (27, 1), (38, 1), (40, 2)])
def test_twenty_points_must_be_left(count, steps):
    assert len(answered(runs(count)).results[0].cutoffs) == steps


def test_the_exponent_of_another_rule_is_that_of_its_best_splits():
    table, rule = runs(30), "0.1 * params^1.2 * tokens"
    (first,) = answered(table, flops_rule=rule).results[0].cutoffs
    # With compute as params^1.2, alpha is as if divided by 1.2 for a budget in params^1.2 * tokens.
    found = scaling.fit(
        table.filter(pl.col("tokens") >= first.tokens), law="chinchilla", interval="none"
    ).results[0].parameters  # fmt: skip
    a, b = found["alpha"].estimate, found["beta"].estimate
    assert first.params_exponent == pytest.approx(b / (a + 1.2 * b), rel=1e-3)
    assert first.params_exponent != pytest.approx(b / (a + b), rel=0.02)


def test_a_bend_among_short_runs_is_noted_where_noise_is_known():
    bent = runs(bend=0.03, noise=0.0005)
    report = answered(bent, interval="wild", replicates=20)
    (noted,) = [each for each in report.caveats if each.code == "unstable-exponent"]
    steps = report.results[0].cutoffs
    whole = report.results[0].exponents["parametric"]["params"].estimate
    values = [whole, *(step.params_exponent for step in steps)]
    assert f"from {min(values):.3g} to {max(values):.3g}" in noted.message
    assert all(step.standard_error > 0 for step in steps)
    assert max(abs(step.params_exponent - whole) / step.standard_error for step in steps) > 3
    assert "unstable-exponent" not in {each.code for each in answered(bent).caveats}


def test_the_error_of_a_cut_off_is_the_spread_of_its_replicates():
    drawn = np.array([0.5, 0.4, 0.6, np.nan, 0.47])
    found = _cutoff(1e9, 30, "parametric", drawn)
    assert (found.tokens, found.points, found.approach, found.params_exponent) == (1e9, 30, "parametric", 0.5)
    assert found.standard_error == pytest.approx(np.std([0.4, 0.6, 0.47]))
    assert _cutoff(1e9, 30, "parametric", np.array([0.5, 0.4])).standard_error is None
    assert _cutoff(1e9, 30, "parametric", np.array([0.5, 0.4, 0.6])).standard_error == pytest.approx(0.1)


def test_a_part_without_a_fit_has_no_cut_off(monkeypatch):
    def failing(*_, **__):
        raise FitError("No start leads anywhere.", hint="")

    monkeypatch.setattr(stability, "optimum", failing)
    assert answered(runs(48)).results[0].cutoffs == ()


def test_laws_without_a_closed_form_have_no_cut_offs():
    assert answered(runs(30), law="general").results[0].cutoffs == ()
