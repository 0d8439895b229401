from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.drawn_fit import Sketch, ratio_lines, sketches
from scaling_cli.flops import flops_rule
from scaling_cli.formula.functions import non_embedding
from scaling_cli.record import replace
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
    assert view.charts(report)[0].x.label == "tokens"


@pytest.fixture(scope="module")
def surface():
    """Params and tokens, 240 draws."""
    noisy = exact_runs().with_columns(loss=pl.col("loss") * np.exp(0.01 * np.random.default_rng(1).normal(size=63)))
    return scaling.fit(noisy, law="chinchilla", replicates=240, seed=1).results[0]


def with_draws(result, draws):
    return replace(result, draws=tuple(map(tuple, np.asarray(draws).tolist())))


@pytest.fixture(scope="module")
def line():
    """A law of tokens: 1.5 + 300 tokens^-0.3, as exact as floats, without draws."""
    tokens = np.array([1e9, 3e9, 2e10, 1e11, 4e11])
    frame = pl.DataFrame({"tokens": tokens, "loss": 1.5 + 300 * tokens**-0.3})
    return scaling.fit(frame, law="power-constant", x="tokens", interval="none").results[0]


def loss_of(result, parameters, x):
    """The formula of a power with a constant, written out; parameters `(n, 3)` in the order of the law."""
    names = list(result.parameters)
    a, b, c = (np.asarray(parameters)[:, names.index(name), None] for name in "abc")
    return c + a * x**b


def test_a_curve_reaches_a_tenth_of_the_logs_beyond_the_runs_or_to_what_is_asked(line):
    (sketch,) = sketches([line])
    assert sketch.along == "tokens"
    assert sketch.x == (1e9, 3e9, 2e10, 1e11, 4e11)
    margin = 400**0.1
    x = np.array(sketch.curve.x)
    assert x == pytest.approx(np.geomspace(1e9 / margin, 4e11 * margin, 64))
    assert sketch.curve.y == pytest.approx(1.5 + 300 * x**-0.3, rel=1e-5)
    assert (sketch.curve.low, sketch.curve.high) == (None, None)
    assert sketches([line], to=1e13)[0].curve.x == pytest.approx(np.geomspace(1e9 / margin, 1e13, 64))
    assert sketches([line], to=1e10)[0].curve.x == pytest.approx(np.geomspace(1e9 / margin, 4e11, 64))
    assert sketches([replace(line, observations=None), line])[0] is None


def test_a_band_is_made_of_the_quantiles_of_the_first_200_draws(line):
    generator = np.random.default_rng(0)
    estimate = [value.estimate for value in line.parameters.values()]
    draws = estimate * np.exp(0.02 * generator.normal(size=(200, 3)))
    far = np.tile(np.array(estimate) * 3, (300, 1))
    made = with_draws(line, np.concatenate([draws, far]))
    for level in (0.95, 0.5):
        curve = sketches([replace(made, interval=replace(made.interval, level=level))])[0].curve
        lines = loss_of(line, draws, np.array(curve.x))
        tail = 50 * (1 - level)
        assert curve.low == pytest.approx(np.percentile(lines, tail, axis=0))
        assert curve.high == pytest.approx(np.percentile(lines, 100 - tail, axis=0))
        assert curve.y == pytest.approx(loss_of(line, [estimate], np.array(curve.x))[0])


def test_a_curve_is_cut_at_half_the_lowest_positive_loss(line):
    seen = line.observations
    low = replace(line, observations=replace(seen, observed=(-1.0, 0.0, 3.9, 8.0, 4.0)))
    whole, cut = np.array(sketches([line])[0].curve.y), np.array(sketches([low])[0].curve.y)
    assert whole.min() < 1.95 < whole.max()
    assert cut == pytest.approx(np.maximum(whole, 3.9 / 2))
    none = replace(line, observations=replace(seen, observed=(-1.0, -2.0, -3.0, -4.0, 0.0)))
    assert np.isposinf(sketches([none])[0].curve.y).all()


def test_the_compute_optimal_line_is_the_closed_form_of_its_law(surface):
    """Hoffmann et al. 2022, equation 4: the best params are G (C / 6)^(beta / (alpha + beta))."""
    E, A, B, alpha, beta = (surface.parameters[name].estimate for name in ("E", "A", "B", "alpha", "beta"))
    curve = sketches([surface])[0].curve
    compute = np.array(curve.x)
    params = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta))
    best = E + A * params**-alpha + B * (compute / 6 / params) ** -beta
    assert (np.array(curve.y) / best - 1).min() > -1e-9
    assert curve.y == pytest.approx(best, rel=1e-4)  # of 200 splits
    assert compute[[0, -1]] == pytest.approx([1e18 / 1000**0.1, 1e21 * 1000**0.1])
    assert all(low < y < high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_lines_of_fixed_tokens_per_param_are_the_law_at_three_quantiles_of_the_runs(surface):
    (sketch,) = sketches([surface])
    E, A, B, alpha, beta = (surface.parameters[name].estimate for name in ("E", "A", "B", "alpha", "beta"))
    seen = surface.observations
    ratios = np.array(seen.inputs["tokens"]) / np.array(seen.inputs["params"])
    lines = ratio_lines(surface, sketch)
    assert [ratio for ratio, _ in lines] == pytest.approx(np.percentile(ratios, [10, 50, 90]))
    for ratio, curve in lines:
        x = np.array(curve.x)
        assert x == pytest.approx(sketch.curve.x)
        assert curve.y == pytest.approx(E + A * np.sqrt(x / 6 / ratio) ** -alpha + B * np.sqrt(ratio * x / 6) ** -beta)


@pytest.mark.parametrize(("times", "is_drawn"), [(0.985, True), (1.015, True), (0.975, False), (1.025, False)])
def test_no_such_lines_where_compute_is_not_six_params_tokens(surface, line, times, is_drawn):
    (sketch,) = sketches([surface])
    other = Sketch(sketch.along, (*sketch.x[:-1], times * sketch.x[-1]), sketch.curve)
    assert bool(ratio_lines(surface, other)) == is_drawn
    assert ratio_lines(replace(surface, observations=None), sketch) == []
    assert ratio_lines(line, sketches([line])[0]) == []


def given(result, per_token):
    """The fit as if runs gave compute of `per_token(params)` FLOPs a token."""
    seen = result.observations
    params, tokens = np.array(seen.inputs["params"]), np.array(seen.inputs["tokens"])
    return replace(result, observations=replace(seen, compute=tuple((per_token(params) * tokens).tolist())))


@pytest.mark.parametrize(
    ("per_token", "counted"),
    [
        (lambda n: 6 * n * (1 + 5e-7), lambda n: 6 * n),
        (lambda n: 8 * n, lambda n: 8 * n),
        (lambda n: 30 * n**0.9, lambda n: 30 * n**0.9),
        (lambda n: 30 * n**0.51, lambda n: 30 * n**0.51),
        (lambda n: 3e-5 * n**1.95, lambda n: 3e-5 * n**1.95),
        (lambda n: 3e5 * n**0.49, lambda n: n * np.exp(np.log(3e5) - 0.51 * np.log(MIDDLE))),
        (lambda n: 3e-6 * n**2.05, lambda n: n * np.exp(np.log(3e-6) + 1.05 * np.log(MIDDLE))),
    ],
    ids=["six", "eight", "power", "flat", "steep", "too-flat", "too-steep"],
)
def test_runs_own_compute_is_a_power_of_params_unless_it_hardly_is_one(surface, per_token, counted):
    """The line is the lowest loss over a fine grid of splits of the compute that is counted so."""
    E, A, B, alpha, beta = (surface.parameters[name].estimate for name in ("E", "A", "B", "alpha", "beta"))
    (sketch,) = sketches([given(surface, per_token)], flops_rule("6ND"))
    seen = surface.observations
    own = per_token(np.array(seen.inputs["params"])) * np.array(seen.inputs["tokens"])
    assert sketch.x == pytest.approx(own)
    grid = np.geomspace(1e5, 1e13, 20_000)
    for x, y in list(zip(sketch.curve.x, sketch.curve.y, strict=True))[5:-5:6]:
        tokens = x / counted(grid)
        assert y == pytest.approx((E + A * grid**-alpha + B * tokens**-beta).min(), rel=3e-3)


MIDDLE = np.exp(np.mean(np.log(exact_runs()["params"].to_numpy())))


def test_a_law_of_other_inputs_has_points_alone():
    frame = exact_runs().with_columns(epochs=pl.Series(np.tile([1.0, 2.0, 4.0], 21)))
    report = scaling.fit(frame, law="E + A/params**alpha + B/tokens**beta + 0.01*epochs**c", interval="none")
    (sketch,) = sketches(report.results)
    assert sketch.curve is None
    assert sketch.along == "compute"
