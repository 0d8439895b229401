"""The best split under laws of models whose parts are not all used equally often, such as looped models."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import scaling_cli as scaling
from scaling_cli.errors import DataError, ScalingError, UsageError
from scaling_cli.laws import find_law

TRUTH = {"E": 1.9, "A": 420.0, "phi": 0.46, "alpha": 0.34, "B": 1900.0, "beta": 0.36}
ONCE = 2e7


def runs(noise=0.0) -> pl.DataFrame:
    axes = np.meshgrid([1.0, 2, 4, 8], np.geomspace(3e7, 6e8, 4), np.geomspace(1e9, 3e10, 4), indexing="ij")
    recurrences, recurrent, tokens = (each.ravel() for each in axes)
    columns = {"recurrences": recurrences, "once_params": np.full(64, ONCE), "recurrent_params": recurrent,
               "tokens": tokens}  # fmt: skip
    loss = find_law("looped").predict(TRUTH, columns)
    return pl.DataFrame(columns).with_columns(
        loss=loss * np.exp(noise * np.random.default_rng(2).standard_normal(len(loss)))
    )


def split(table=None, **options):
    asked = {"budget": 1e21, "hold": f"once_params={ONCE}", **options}
    if not isinstance(table, str):
        table, asked = runs() if table is None else table, {"law": "looped", "interval": "none", **asked}
    report = scaling.optimal_allocation(table, **asked)
    return report.results[0].allocations[0], {each.code for each in report.caveats}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A fit of exact runs, for questions that do not depend on how it was made."""
    path = str(tmp_path_factory.mktemp("looped") / "fit.json")
    scaling.fit(runs(), law="looped", interval="none").save(path)
    return path


def loss_at(recurrent, recurrences, compute=1e21):
    tokens = compute / 6 / (ONCE + recurrences * recurrent)
    columns = {"recurrences": recurrences, "once_params": ONCE, "recurrent_params": recurrent, "tokens": tokens}
    return float(find_law("looped").predict(TRUTH, {name: np.array([each]) for name, each in columns.items()})[0])


def test_held_recurrences_have_the_split_that_another_solver_finds(fitted):
    best, _ = split(fitted, hold=f"once_params={ONCE},recurrences=4")
    found = minimize(lambda place: np.log(loss_at(np.exp(place[0]), 4.0)), [20.0], method="Nelder-Mead",
                     options={"xatol": 1e-8, "fatol": 1e-15})  # fmt: skip
    recurrent = np.exp(found.x[0])
    assert best.followed["recurrent_params"].estimate == pytest.approx(recurrent, rel=1e-3)
    assert best.params.estimate == pytest.approx(ONCE + recurrent, rel=1e-3)
    assert 6 * (ONCE + 4 * best.followed["recurrent_params"].estimate) * best.tokens.estimate == pytest.approx(1e21)


def test_loops_pay_where_params_are_limited_and_only_there(fitted):
    free, codes = split(fitted, search="recurrences")
    assert free.searched["recurrences"].end == "lowest"
    assert "search-end" in codes
    best, _ = split(fitted, search="recurrences=1..8", max_params=4e8)
    rates = np.linspace(1, 8, 7001)
    expected = rates[np.argmin([loss_at(4e8 - ONCE, rate) for rate in rates])]
    assert best.limit == "max-params"
    assert best.params.estimate == pytest.approx(4e8)
    assert best.searched["recurrences"].value.estimate == pytest.approx(expected, abs=0.01)


def test_the_interval_of_the_best_recurrences_holds_them():
    best, _ = split(runs(0.003), search="recurrences=1..8", max_params=4e8, interval="wild", replicates=60)
    value = best.searched["recurrences"].value
    assert value.low < 3.0 < value.high
    assert best.followed["recurrent_params"].estimate == pytest.approx(3.8e8)


def test_an_inference_budget_counts_every_loop(fitted):
    best, _ = split(fitted, hold=f"once_params={ONCE},recurrences=4", inference_budget=1e9)
    assert best.limit == "inference-budget"
    assert 2 * (ONCE + 4 * (best.params.estimate - ONCE)) == pytest.approx(1e9)


def test_the_first_part_may_be_searched_too(fitted):
    best, codes = split(fitted, hold="recurrences=4", search="once_params=1e6..1e11")
    assert best.followed["recurrent_params"].estimate == pytest.approx(0.0, abs=1e4)  # phi < 1: loops cost too much
    assert best.searched["once_params"].value.estimate == pytest.approx(best.params.estimate, rel=1e-6)
    assert best.limit is None
    assert "limited" not in codes


def test_a_budget_that_pays_for_no_second_part_says_what_decides(fitted):
    best, codes = split(fitted, hold=f"once_params={ONCE},recurrences=1", budget=1e12)
    assert best.limit == "hold"
    assert "limited" in codes


def test_a_saved_fit_and_columns_of_other_names_give_the_same(fitted):
    asked = {"search": "recurrences=1..8", "max_params": 4e8}
    best, _ = split(fitted, **asked)
    renamed, _ = split(runs().rename({"recurrences": "loops", "recurrent_params": "core"}), **asked,
                       map={"recurrences": "loops", "recurrent_params": "core"})  # fmt: skip
    assert renamed.searched == best.searched


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hold": {}}, "also depends on once_params and recurrences"),
        ({"hold": "recurrences=2"}, "also depends on once_params"),
        ({}, "also depends on recurrences"),
        ({"hold": "once_params=1e7,recurrent_params=1e8,recurrences=2"}, "all of them are held or searched"),
        ({"hold": "once_params=1e7,recurrences=2", "approach": "isoflop"}, "--approach isoflop"),
        ({"search": "recurrences", "min_params": 1e9, "max_params": 1e8}, "--min-params is above"),
    ],
)
def test_what_is_left_open_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        split(**options)


@pytest.mark.parametrize("column", ["tokens", "recurrent_params"])
def test_a_column_that_is_missing_is_named(column):
    with pytest.raises(ScalingError, match=column):
        split(runs().drop(column), search="recurrences")


SPARSE = {"a": 16612.5, "alpha": 0.5962, "b": 5455.67, "beta": 0.3954, "c": 0.4598, "lam": -0.1666, "d": 17.26,
          "delta": 0.1603, "gamma": 0.1595, "e": 0.94}  # fmt: skip
USED = "6 * params * tokens * (1 - sparsity)"


def sparse() -> pl.DataFrame:
    """Runs at sparsities from that of a dense model, 0, on."""
    axes = np.meshgrid([0.0, 0.5, 0.9, 0.98], np.geomspace(1e8, 1e10, 5), np.geomspace(5e9, 2e11, 5), indexing="ij")
    columns = dict(zip(("sparsity", "params", "tokens"), (each.ravel() for each in axes), strict=True))
    return pl.DataFrame({**columns, "loss": find_law("sparsity").predict(SPARSE, columns)})


@pytest.mark.parametrize("sparsity", [0.0, pytest.param(0.9, marks=pytest.mark.thorough)])
def test_a_rule_counts_with_a_column_that_has_zeros(sparsity):
    asked = {"law": "sparsity", "flops_rule": USED, "fix": SPARSE, "hold": f"sparsity={sparsity}"}
    best, codes = split(sparse(), **{**asked, "fix": {"lam": -0.1666}})

    def loss(place):
        params = float(np.exp(place[0]))
        tokens = 1e21 / (6 * params * (1 - sparsity))
        return float(np.log(find_law("sparsity").predict(
            SPARSE, {"params": np.array([params]), "tokens": np.array([tokens]), "sparsity": np.array([sparsity])}
        )[0]))  # fmt: skip

    found = minimize(loss, [22.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-15})
    assert best.params.estimate == pytest.approx(np.exp(found.x[0]), rel=5e-3)
    spent = 6 * best.params.estimate * best.tokens.estimate * (1 - sparsity)
    assert spent == pytest.approx(1e21, rel=1e-6)
    assert "rule-column-varies" not in codes


def test_a_column_of_the_rule_with_zeros_has_to_be_held():
    with pytest.raises(UsageError, match="counts with sparsity, which is not above 0 in all runs"):
        split(sparse(), law="chinchilla", hold={}, flops_rule=USED)
    best, _ = split(sparse(), law="chinchilla", hold="sparsity=0.5", flops_rule=USED)
    assert 3 * best.params.estimate * best.tokens.estimate == pytest.approx(1e21)


def test_a_rule_that_gives_infinite_flops_is_refused():
    with pytest.raises(DataError, match="does not give every run a number of FLOPs above 0"):
        split(sparse(), law="chinchilla", hold="sparsity=0.5", flops_rule="6 * params * tokens / sparsity")


@pytest.mark.thorough
def test_a_column_of_the_rule_that_params_do_not_decide_is_told():
    dense = sparse().with_columns(context=pl.Series(np.tile([512.0, 8192.0], 50)))
    asked = {"law": "chinchilla", "flops_rule": "(6 * params + 1e6 * context) * tokens"}
    assert "rule-column-varies" in split(dense, hold={}, **asked)[1]
    assert "rule-column-varies" not in split(dense, hold="context=512", **asked)[1]
    equal = dense.with_columns(context=pl.lit(512.0))
    assert "rule-column-varies" not in split(equal, hold={}, **asked)[1]
