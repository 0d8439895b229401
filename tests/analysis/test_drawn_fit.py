from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.drawn_fit import drawn_along, sketches
from scaling_cli.flops import flops_rule
from scaling_cli.formula.functions import non_embedding
from scaling_cli.report.fit import view

BUDGETS, RATIOS = np.geomspace(1e18, 1e21, 7), np.geomspace(2.0, 400.0, 9)


def exact_runs(**columns):
    """Runs of exact losses at seven budgets of 6 * params * tokens, each at nine ratios of tokens to params."""
    compute, ratio = (each.ravel() for each in np.meshgrid(BUDGETS, RATIOS))
    params = np.sqrt(compute / 6 / ratio)
    tokens = ratio * params
    loss = 1.8 + 480 / params**0.35 + 2100 / tokens**0.37
    own = {name: count(params, tokens) for name, count in columns.items()}
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss, **own})


def charted(frame, **options):
    report = scaling.fit(frame, law="chinchilla", interval="none", **options)
    rule = flops_rule(options.get("flops_rule", "6ND"))
    return sketches(report.results, rule)[0], view.charts(report)[0]


@pytest.mark.parametrize(
    ("frame", "options", "label"),
    [
        (exact_runs(), {}, "6*params*tokens"),
        (exact_runs(flops=lambda n, d: 9 * n * d), {}, "flops"),
        (exact_runs(flops=lambda n, d: 6 * n**0.93 * 5 * d), {}, "flops"),
        (exact_runs(), {"flops_rule": "non-embedding"}, "6 * non_embedding(params) * tokens"),
        (exact_runs(), {"flops_rule": "(6 * params + 2e9) * tokens"}, "(6 * params + 2e9) * tokens"),
        (exact_runs(layers=lambda n, d: 0.01 * n**0.4), {"flops_rule": "(6 * params + 1e7 * layers) * tokens"},
         "(6 * params + 1e7 * layers) * tokens"),
    ],
    ids=["6ND", "multiple", "power", "named", "formula", "columns"],
)  # fmt: skip
def test_no_exact_run_lies_under_the_compute_optimal_line_however_compute_is_counted(frame, options, label):
    sketch, chart = charted(frame, **options)
    line = np.exp(np.interp(np.log(sketch.x), np.log(sketch.curve.x), np.log(sketch.curve.y)))
    above = frame["loss"].to_numpy() / line - 1
    # Chords of the drawn curve lie up to 1e-4 above it, and a power stands for compute that is a sum of two.
    assert above.min() > -3e-3
    assert above.min() < 5e-3  # the line touches the runs
    assert chart.x.label == ("compute (FLOPs)" if label == "flops" else f"compute (FLOPs, {label})")


def test_runs_are_drawn_at_the_compute_they_give_or_the_rule_counts():
    frame = exact_runs(flops=lambda n, d: 9 * n * d)
    np.testing.assert_allclose(charted(frame)[0].x, frame["flops"])
    counted = 6 * non_embedding(frame["params"].to_numpy()) * frame["tokens"].to_numpy()
    np.testing.assert_allclose(charted(frame, flops_rule="non-embedding")[0].x, counted)


def test_without_a_rule_compute_is_six_params_tokens_whatever_the_runs_give():
    frame = exact_runs(flops=lambda n, d: 9 * n * d)
    report = scaling.fit(frame, law="chinchilla", interval="none")
    np.testing.assert_allclose(sketches(report.results)[0].x, 6 * frame["params"] * frame["tokens"])


def test_compute_that_does_not_grow_with_params_is_taken_in_proportion_to_them():
    rng = np.random.default_rng(0)
    frame = exact_runs(flops=lambda n, d: 6e9 * d * np.exp(rng.normal(0, 0.1, len(n))))
    curve = charted(frame)[0].curve
    assert min(curve.y) > 1.9


def test_a_law_of_compute_is_drawn_along_it():
    report = scaling.fit(exact_runs(), law="power-constant", x="tokens", interval="none")
    assert drawn_along(report.results[0]) == "tokens"
    assert view.charts(report)[0].x.label == "tokens"
