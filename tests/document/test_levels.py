"""Joint fits of several groups, read as one fit for each of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.document.levels import by_level
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.results.fit import Estimate

SHARED = {"E": 1.8, "alpha": 0.34, "beta": 0.36}
OWN = {"adamw": {"A": 480.0, "B": 2000.0}, "muon": {"A": 330.0, "B": 1900.0}}
FORMULA = "E + A[optimizer]/params^alpha + B[optimizer]/tokens^beta"
AT = "params=70B,tokens=1T"


def runs(noise: float = 0.0) -> pl.DataFrame:
    params, tokens = (each.ravel() for each in np.meshgrid(np.geomspace(1e7, 1e10, 5), np.geomspace(1e9, 1e12, 5)))
    generator, law = np.random.default_rng(0), find_law("chinchilla")
    frames = []
    for name, own in OWN.items():
        loss = law.predict({**SHARED, **own}, {"params": params, "tokens": tokens})
        loss = loss * np.exp(noise * generator.standard_normal(len(loss)))
        frames.append(pl.DataFrame({"optimizer": name, "params": params, "tokens": tokens, "loss": loss}))
    return pl.concat(frames)


def truth(name: str) -> float:
    place = {"params": np.array([7e10]), "tokens": np.array([1e12])}
    return float(find_law("chinchilla").predict({**SHARED, **OWN[name]}, place)[0])


def losses(report) -> dict[str, list[float]]:
    return {
        result.group.get("optimizer", ""): [row.loss.estimate for row in result.predictions]
        for result in report.results
    }


@pytest.fixture(scope="module", params=["shared", "formula"])
def saved(request, tmp_path_factory) -> str:
    path = str(tmp_path_factory.mktemp("fits") / "fit.json")
    asked = {"law": FORMULA} if request.param == "formula" else {
        "law": "chinchilla", "by": "optimizer", "share": "E,alpha,beta"
    }  # fmt: skip
    scaling.fit(runs(0.001), **asked, replicates=40).save(path)
    return path


def test_a_target_names_its_level(saved):
    report = scaling.extrapolate(saved, at=f"{AT},optimizer=muon")
    assert list(losses(report)) == ["muon"]
    (row,) = report.results[0].predictions
    assert row.loss.estimate == pytest.approx(truth("muon"), rel=3e-3)
    assert row.loss.low < row.loss.estimate < row.loss.high
    assert row.at["params"] == 7e10


def test_without_a_level_each_has_its_own_forecast(saved):
    found = losses(scaling.extrapolate(saved, at=AT))
    assert set(found) == set(OWN)
    for name, (loss,) in found.items():
        assert loss == pytest.approx(truth(name), rel=5e-3)
    several = losses(scaling.extrapolate(saved, at="params=7B,70B,tokens=1T,optimizer=muon,adamw"))
    assert {name: len(rows) for name, rows in several.items()} == {"adamw": 2, "muon": 2}


def test_the_budget_of_each_level_is_split(saved):
    report = scaling.optimal_allocation(saved, budget=1e22)
    for result in report.results:
        own = OWN[result.group["optimizer"]]
        scale = (SHARED["alpha"] * own["A"] / (SHARED["beta"] * own["B"])) ** (1 / 0.7)
        best = scale * (1e22 / 6) ** (0.36 / 0.7)
        (split,) = result.allocations
        assert split.params.low < best < split.params.high
        assert result.law in ("chinchilla", "E + A/params^alpha + B/tokens^beta")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (f"{AT},optimizer=lion", "optimizer 'lion', which no runs have"),
        (f"{AT},optimiser=muon", "optimiser 'muon', which is not a number"),
        (f"{AT},optimizer=", "not a list of ROLE=AMOUNT"),
        ("params=muon,tokens=1T", "'muon' is not a number"),
        (f"{AT},optimizer=1", "optimizer '1', which no runs have"),
    ],
)
def test_levels_that_do_not_exist_are_refused(saved, at, said):
    with pytest.raises(UsageError, match=said):
        scaling.extrapolate(saved, at=at)


def test_runs_are_fitted_together_for_a_formula_with_levels():
    report = scaling.extrapolate(runs(0.001), law=FORMULA, at=f"{AT},optimizer=muon", interval="sandwich")
    assert losses(report)["muon"][0] == pytest.approx(truth("muon"), rel=5e-3)
    assert report.results[0].runs == 50


def test_separate_fits_forecast_the_group_that_the_target_names():
    asked = {"law": "chinchilla", "by": "optimizer", "estimator": "describe", "interval": "none"}
    report = scaling.extrapolate(runs(0.001), **asked, at=f"{AT},optimizer=adamw")
    assert list(losses(report)) == ["adamw"]
    numbered = runs(0.001).with_columns(optimizer=pl.when(pl.col("optimizer") == "muon").then(1).otherwise(2))
    report = scaling.extrapolate(numbered, **asked, at=f"{AT},optimizer=2")
    assert losses(report) == {"2": [pytest.approx(truth("adamw"), rel=1e-2)]}


def test_a_formula_with_levels_cannot_split_the_budget_of_runs():
    with pytest.raises(UsageError, match="no single best split"):
        scaling.optimal_allocation(runs(), law=FORMULA, budget=1e22)


def test_two_columns_of_levels_give_every_combination():
    parameters = {"E[web]": 1.0, "E[code]": 2.0, "a[x]": 3.0, "a[y]": 4.0, "b": 5.0}
    saved = SavedFit(
        law="E[data, 'web', 'code'] + a[kind, 'x', 'y']*compute^b",
        parameters={name: Estimate(value) for name, value in parameters.items()},
        inputs={"compute": "compute", "level of data": "data", "level of kind": "kind"},
        draws=((1.0, 2.0, 3.0, 4.0, 5.0),),
    )
    fits = by_level(saved)
    assert [fit.group for fit in fits] == [
        {"data": data, "kind": kind} for data in ("web", "code") for kind in ("x", "y")
    ]
    last = {name: each.estimate for name, each in fits[-1].parameters.items()}
    assert last == {"E": 2.0, "a": 4.0, "b": 5.0}
    assert fits[-1].draws == ((2.0, 4.0, 5.0),)
    assert by_level(fits[-1]) == (fits[-1],)
