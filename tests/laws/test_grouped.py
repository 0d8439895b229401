"""One law for several groups that share some of its parameters."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.laws.grouped import grouped
from scaling_cli.laws.law import Scene

TRUTH = {"dense": {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.34, "beta": 0.36},
         "moe": {"E": 1.8, "A": 330.0, "B": 1900.0, "alpha": 0.34, "beta": 0.36}}  # fmt: skip


def runs(noise: float = 0.003) -> pl.DataFrame:
    generator = np.random.default_rng(1)
    law = find_law("chinchilla")
    parts = []
    for arch, truth in TRUTH.items():
        params, tokens = np.exp(generator.uniform(np.log([[3e7], [5e8]]), np.log([[1e10], [3e11]]), (2, 30)))
        loss = law.predict(truth, {"params": params, "tokens": tokens})
        loss = loss * np.exp(noise * generator.standard_normal(30))
        parts.append(pl.DataFrame({"arch": arch, "params": params, "tokens": tokens, "loss": loss}))
    return pl.concat(parts)


def width(estimate) -> float:
    return estimate.high - estimate.low


def test_shared_parameters_are_equal_and_known_better():
    options = {"law": "chinchilla", "by": "arch", "interval": "sandwich", "level": 0.999}
    (joint,) = scaling.fit(runs(), share="E,alpha,beta", **options).results
    assert set(joint.parameters) == {"E", "alpha", "beta", "A[dense]", "B[dense]", "A[moe]", "B[moe]"}
    for name, truth in {"E": 1.8, "alpha": 0.34, "beta": 0.36, "A[dense]": 480.0, "A[moe]": 330.0}.items():
        assert joint.parameters[name].low <= truth <= joint.parameters[name].high
    alone = scaling.fit(runs(), **options).results[0]
    assert width(joint.parameters["alpha"]) < width(alone.parameters["alpha"])


def test_what_is_shared_may_be_any_parameter():
    """A coefficient that is shared is so in the units of the data, though its exponent is not."""
    exact = runs(noise=0.0).filter(pl.col("arch") == "dense")
    both = pl.concat([exact, exact.with_columns(arch=pl.lit("other"), loss=pl.col("loss") * 1.0)])
    (joint,) = scaling.fit(both, law="chinchilla", by="arch", share="A,E", interval="none").results
    for name in ("A", "E", "alpha[dense]", "alpha[other]", "B[other]", "beta[other]"):
        assert joint.parameters[name].estimate == pytest.approx(TRUTH["dense"][name.partition("[")[0]], rel=1e-4)


def test_the_law_is_known_by_its_name():
    (joint,) = scaling.fit(runs(), law="chinchilla", by="arch", share="E", interval="none").results
    again = find_law(joint.law, tuple(joint.inputs))
    assert again.names == tuple(joint.parameters)
    assert {quantity.name for quantity in again.derived} == set(joint.derived)


def test_jacobian_equals_finite_differences():
    law = grouped(find_law("chinchilla"), "arch", ("x", "y"), ("A", "beta"))
    generator = np.random.default_rng(0)
    columns = {"params": np.exp(generator.uniform(18, 22, 12)), "tokens": np.exp(generator.uniform(20, 26, 12)),
               "level of arch": np.repeat([0.0, 1.0], 6)}  # fmt: skip
    inputs, matrix, offset = law.centre(law.prepare(columns))
    raw = np.concatenate([[np.log(400.0), 0.35], [1.5, 0.3, np.log(900.0)], [1.7, 0.4, np.log(700.0)]])
    raw = np.array([dict(zip(law.names, raw, strict=True))[name] for name in law.names])
    theta = (matrix @ raw + offset)[None]
    np.testing.assert_allclose(law.evaluate(theta, inputs)[0], law.evaluate(raw[None], law.prepare(columns))[0])
    slopes = law.evaluate(theta, inputs)[1]
    for place in range(len(law.names)):
        step = 1e-6 * np.eye(len(law.names))[place]
        ahead, behind = (law.evaluate(theta + sign * step, inputs)[0] for sign in (1, -1))
        np.testing.assert_allclose(slopes[..., place], (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": "E"}, "--share needs --by"),
        ({"share": "gamma", "by": "arch"}, "no such parameter|no free parameter"),
        ({"share": "E,A,B,alpha,beta", "by": "arch"}, "names every parameter"),
    ],
)
def test_what_cannot_be_shared_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        scaling.fit(runs(), law="chinchilla", interval="none", **options)


def test_a_shared_coefficient_of_a_term_with_a_known_power_is_that_of_the_data():
    """Centred inputs move it by a constant, beside what its own exponent takes."""
    table = runs().with_columns(loss=1.8 + 480.0 / (pl.col("params") ** 0.34 * pl.col("tokens") ** 0.1))
    law = "E + A / (params^alpha * tokens^0.1)"
    (joint,) = scaling.fit(table, law=law, by="arch", share="A,E", interval="none").results
    wanted = {"A": 480.0, "E": 1.8, "alpha[dense]": 0.34, "alpha[moe]": 0.34}
    assert {name: value.estimate for name, value in joint.parameters.items()} == pytest.approx(wanted, rel=1e-4)


def test_each_group_has_the_bounds_of_its_own_points_and_shared_ones_the_narrowest():
    inner = find_law("chinchilla")
    law = grouped(inner, "arch", ("x", "y"), ("E", "alpha"), ((2.0, 4.0), (1.5, 3.0)))
    generator = np.random.default_rng(0)
    columns = {"params": np.exp(generator.uniform(18, 22, 12)), "tokens": np.exp(generator.uniform(20, 26, 12)),
               "level of arch": np.repeat([0.0, 1.0], 6)}  # fmt: skip
    inputs = law.prepare(columns)
    low, high = law.bounds(Scene(inputs, 1.5, 4.0))
    found = dict(zip(law.names, zip(low, high, strict=True), strict=True))
    own = []
    for number, extent in enumerate(((2.0, 4.0), (1.5, 3.0))):
        part = {name: values[6 * number : 6 * number + 6] for name, values in inputs.items() if name in inner.inputs}
        least, most = inner.bounds(Scene(part, *extent))
        own.append(dict(zip(inner.names, zip(least, most, strict=True), strict=True)))
    for label, bounds in zip("xy", own, strict=True):
        for name in ("A", "B", "beta"):
            assert found[f"{name}[{label}]"] == pytest.approx(bounds[name])
    for name in ("E", "alpha"):
        assert found[name] == pytest.approx((max(each[name][0] for each in own), min(each[name][1] for each in own)))
    assert own[0]["E"] != own[1]["E"]


def test_a_group_is_predicted_by_its_own_parameters():
    law = grouped(find_law("chinchilla"), "arch", ("dense", "moe"), ("E", "alpha", "beta"))
    values = {"E": 1.8, "alpha": 0.34, "beta": 0.36, "A[dense]": 480.0, "B[dense]": 2000.0, "A[moe]": 330.0,
              "B[moe]": 1900.0}  # fmt: skip
    columns = {"params": np.array([1e8, 1e9, 1e8]), "tokens": np.array([1e10, 1e11, 1e10]),
               "level of arch": np.array([1.0, 0.0, 0.0])}  # fmt: skip
    found = law.predict(values, columns)
    for i, arch in enumerate(("moe", "dense", "dense")):
        one = {name: columns[name][[i]] for name in ("params", "tokens")}
        assert found[i] == pytest.approx(find_law("chinchilla").predict(TRUTH[arch], one)[0])
    raw = law.to_coordinates(np.array([[values[name] for name in law.names]]))
    assert np.exp(law.evaluate(raw, law.prepare(columns))[0][0]) == pytest.approx(found)
    assert law.evaluate_linear(raw, law.prepare(columns))[0][0] == pytest.approx(found)
