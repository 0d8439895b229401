"""Formulas take zeros, negative values, constants and labels, and are found blind in the units of their columns."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import indices, law_from_formula
from scaling_cli.points.labels import codes, labels_of

SPARSE = "E + A/params^alpha + c*(1 - sparsity)^s"


def simulated(text: str, truth: dict[str, float], columns: dict[str, list], noise: float = 0.002, seed: int = 0):
    """A table whose loss follows the formula, where `truth` has a value for each level of indexed parameters."""
    frame = pl.DataFrame(columns)
    law = scaling_law(text, frame)
    values = {}
    for name in law.inputs:
        column = name.removeprefix("level of ")
        levels = law.levels.get(name)
        values[name] = codes(frame[column], levels, column) if levels else frame[column].to_numpy().astype(float)
    loss = law.predict(truth, values)
    loss = loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss)))
    return frame.with_columns(loss=pl.Series(loss))


def scaling_law(text: str, frame: pl.DataFrame):
    return law_from_formula(text, frame.columns, levels={name: labels_of(frame[name]) for name in indices(text)})


def grid(**axes: list) -> dict[str, list]:
    meshes = np.meshgrid(*(np.arange(len(values)) for values in axes.values()), indexing="ij")
    return {name: [values[i] for i in mesh.ravel()] for (name, values), mesh in zip(axes.items(), meshes, strict=True)}


def assert_found(result, truth: dict[str, float]) -> None:
    for name, value in truth.items():
        found = result.parameters[name]
        assert found.low <= value <= found.high, (name, found)


def test_a_column_may_be_zero_where_no_log_of_it_is_taken():
    truth = {"E": 1.5, "A": 400.0, "alpha": 0.33, "c": 0.5, "s": 0.7}
    runs = simulated(SPARSE, truth, grid(sparsity=[0.0, 0.5, 0.9], params=np.geomspace(1e7, 1e10, 8).tolist()))
    result = scaling.fit(runs, law=SPARSE, interval="sandwich", level=0.999).results[0]
    assert_found(result, truth)


def test_a_log_of_what_is_not_positive_is_refused_where_it_stands():
    runs = simulated("E + A/params^alpha + 0*sparsity", {"E": 1.0, "A": 300.0, "alpha": 0.3},
                     grid(sparsity=[0.0, 0.5, 1.0], params=[1e7, 1e8, 1e9, 1e10]))  # fmt: skip
    with pytest.raises(DataError, match=r"log or a power of \(1 - sparsity\), which is not positive at 4 points"):
        scaling.fit(runs, law=SPARSE, interval="none")
    with pytest.raises(DataError, match="power of sparsity, which is not positive at 4 points"):
        scaling.fit(runs, law="E + A/params^alpha + c*sparsity^s", interval="none")


def test_negative_columns_and_whole_powers_of_them():
    text = "a + b*score + c*score^2"
    truth = {"a": 2.0, "b": -0.3, "c": 0.2}
    runs = simulated(text, truth, {"score": np.linspace(-2, 3, 20).tolist()})
    assert_found(scaling.fit(runs, law=text, interval="sandwich", level=0.999).results[0], truth)


def test_a_constant_column_is_an_input_like_any_other():
    text = "E + A/(once + loops^phi*params)^alpha"
    truth = {"E": 1.8, "A": 500.0, "phi": 0.45, "alpha": 0.34}
    columns = grid(loops=[1, 2, 4, 8], params=np.geomspace(3e7, 3e9, 8).tolist())
    runs = simulated(text, truth, {**columns, "once": [2e7] * 32})
    assert_found(scaling.fit(runs, law=text, interval="sandwich", level=0.999).results[0], truth)
    with pytest.raises(FitError, match="A and B"):
        scaling.fit(runs, law="E + (A + B*once)/params^alpha", interval="none")


def test_a_parameter_has_a_value_for_each_level_of_a_column():
    text = "E + A[optimizer]/params^alpha"
    truth = {"E": 1.5, "A[adamw]": 400.0, "A[muon]": 330.0, "alpha": 0.33}
    columns = grid(optimizer=["adamw", "muon"], params=np.geomspace(1e7, 1e10, 10).tolist())
    runs = simulated(text, truth, columns)
    result = scaling.fit(runs, law=text, interval="sandwich", level=0.999).results[0]
    assert_found(result, truth)
    again = find_law(result.law, tuple(result.inputs))
    assert again.names == tuple(result.parameters)
    held = scaling.fit(runs, law=text, fix={"A[muon]": 330.0}, interval="none").results[0]
    assert held.parameters["A[muon]"].estimate == 330.0


def test_a_number_may_index_and_be_an_input_too():
    text = "exp(E[params] - K/(1 + N0/params)*log(compute/1e18))"
    sizes = [5e8, 1.5e9, 7e9, 3.2e10]
    truth = {"K": 0.09, "N0": 4e9} | {f"E[{size:.10g}]": -0.2 - 0.1 * i for i, size in enumerate(sizes)}
    runs = simulated(text, truth, grid(params=sizes, compute=np.geomspace(1e17, 1e20, 10).tolist()))
    assert_found(scaling.fit(runs, law=text, interval="sandwich", level=0.999).results[0], truth)


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("E[loss]*params^-a", "needs a column 'loss'"),
        ("E[same]*params^-a", "2 to 40 different values, but same has 1"),
        ("E[params + 1]*params^-a", "not a number, a name or arithmetic"),
    ],
)
def test_wrong_indices_are_usage_errors(law, said):
    runs = pl.DataFrame({"params": [1e7, 1e8, 1e9, 1e10], "loss": [4.0, 3.5, 3.1, 2.9], "same": ["x"] * 4})
    with pytest.raises(UsageError, match=said):
        scaling.fit(runs, law=law, interval="none")


def test_terms_that_are_alike_are_put_in_order():
    text = "A*x^-a + B*x^-b"
    truth = {"A": 0.9, "a": 0.6, "B": 0.05, "b": 0.1}
    runs = simulated(text, truth, {"x": np.geomspace(1e2, 1e6, 30).tolist()}, noise=0.0002)
    report = scaling.fit(runs, law=text, interval="wild", replicates=40, level=0.999)
    assert_found(report.results[0], truth)
    draws = np.array(report.results[0].draws)
    assert (draws[:, 1] > draws[:, 3]).all()


def test_eleven_parameters_are_found_blind_in_raw_units():
    text = "E + 1/(C1*web^g1 + C2*code^g2 + C3*math^g3) + A/params^alpha + B/tokens^beta"
    truth = {
        "E": 1.2, "C1": 0.9, "g1": 0.3, "C2": 0.6, "g2": 0.5, "C3": 0.2, "g3": 0.4, "A": 300.0, "alpha": 0.33,
        "B": 1500.0, "beta": 0.36,
    }  # fmt: skip
    generator = np.random.default_rng(5)
    weights = generator.dirichlet([1.0, 1.0, 1.0], 120)
    columns = {name: weights[:, place].tolist() for place, name in enumerate(("web", "code", "math"))}
    columns["params"] = np.tile([2e8, 4e8, 1e9, 3e9], 30).tolist()
    columns["tokens"] = np.repeat([5e9, 2e10, 6e10], 40).tolist()
    runs = simulated(text, truth, columns)
    result = scaling.fit(runs, law=text, interval="sandwich", level=0.9999).results[0]
    assert result.quality.rmse_log < 0.0025
    assert_found(result, truth)


def test_what_a_formula_of_shares_leaves_open_is_named():
    """Shares add up to one, so an intercept and a slope for each of them are one parameter too many."""
    generator = np.random.default_rng(3)
    shares = generator.dirichlet([1.0, 1.0, 1.0], 40)
    columns = {name: shares[:, place].tolist() for place, name in enumerate(("web", "code", "math"))}
    text = "c + k*exp(a*web + b*code + d*math)"
    runs = simulated(text, {"c": 1.5, "k": 1.0, "a": -2.0, "b": 0.5, "d": 1.0}, columns)
    with pytest.raises(FitError, match="k, a, b and d can change together"):
        scaling.fit(runs, law=text, interval="none")
    named = scaling.fit(runs, law="mixture-exp", map={"mixture": "web,code,math"}, interval="sandwich", level=0.999)
    assert_found(named.results[0], {"c": 1.5, "t_web": -3.0, "t_code": -0.5})


def test_shares_that_do_not_add_up_are_refused():
    runs = pl.DataFrame({"web": [0.5, 0.2, 0.3], "code": [0.2, 0.5, 0.1], "loss": [2.0, 2.1, 2.2]})
    with pytest.raises(DataError, match="add up to"):
        scaling.fit(runs, law="mixture-exp", map={"mixture": "web,code"}, interval="none")


def test_labels_carry_no_caveat_about_their_range():
    truth = {"E": 1.5, "A[adamw]": 400.0, "A[muon]": 330.0, "alpha": 0.33}
    text = "E + A[optimizer]/params^alpha"
    columns = grid(optimizer=["adamw", "muon"], params=np.geomspace(1e7, 1e10, 10).tolist())
    report = scaling.fit(simulated(text, truth, columns), law=text, interval="none")
    assert "short-range" not in {caveat.code for caveat in report.caveats}


def curves(points: int = 10) -> pl.DataFrame:
    """The loss curves of five runs, each with a floor of its own."""
    truth = {f"E[r{place}]": 2.0 + 0.1 * place for place in range(5)} | {"B": 3000.0, "b": 0.4}
    columns = grid(run_id=[f"r{place}" for place in range(5)], tokens=np.geomspace(1e8, 1e10, points).tolist())
    return simulated("E[run_id] + B*tokens^-b", truth, columns)


def test_a_parameter_may_be_indexed_by_the_runs_of_curves():
    report = scaling.fit(curves(), law="E[run_id] + B*tokens^-b", checkpoints="all", level=0.999)
    assert_found(report.results[0], {"E[r0]": 2.0, "E[r4]": 2.4, "b": 0.4})
    assert report.results[0].inputs == {"tokens": "tokens", "level of run_id": "run_id"}


@pytest.mark.parametrize("groups", [{}, {"by": "run_id"}])
def test_a_parameter_with_one_point_for_each_value_is_refused(groups):
    with pytest.raises(UsageError, match="Each of the 5 points has another run_id") as caught:
        scaling.fit(curves().with_columns(step=pl.col("tokens")), law="E[run_id] + B*tokens^-b", **groups)
    assert "--checkpoints all" in caught.value.hint


def test_groups_without_one_value_of_an_index_are_told_which():
    """With many values, the search for starts crashed at the empty columns of those that a group lacks."""
    truth = {"E": 1.5, "A[adamw]": 400.0, "A[muon]": 330.0, "alpha": 0.33}
    text = "E + A[optimizer]/params^alpha"
    columns = grid(optimizer=["adamw", "muon"], params=np.geomspace(1e7, 1e10, 10).tolist())
    with pytest.raises(FitError, match="optimizer=adamw: No point has optimizer = muon") as caught:
        scaling.fit(simulated(text, truth, columns), law=text, by="optimizer")
    assert "leave [optimizer] out of the formula" in caught.value.hint
    own = simulated("E[kind]/params^a", {f"E[k{place}]": 2.0 for place in range(16)} | {"a": 0.1},
                    grid(kind=[f"k{place}" for place in range(16)], params=[1e7, 1e8]))  # fmt: skip
    with pytest.raises(FitError, match="kind=k0: No point has kind = k1"):
        scaling.fit(own, law="E[kind] + A/params^a", by="kind", interval="none")
