"""What callers of the library may write for one value or several."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.options import kinds
from tests import ROOT

SAMPLE = ROOT / "sample_data" / "isoflop_runs.csv"
OPTIMIZERS = SAMPLE.with_name("optimizers.csv")
QUICK = {"interval": "none"}


@pytest.mark.parametrize(
    "given", ["1e20,2e20", ["1e20", "2e20"], (1e20, 2e20), [1e20, "2e20"], np.array([1e20, 2e20]), ["1e20,2e20"]]
)
def test_numbers_are_read_from_text_lists_and_arrays(given):
    assert kinds.numbers(given, "--budget") == (1e20, 2e20)


def test_one_value_is_one_value():
    assert kinds.numbers("70B", "--budget") == kinds.numbers(7e10, "--budget") == (7e10,)
    assert kinds.texts("compute=1e24", "--at") == ("compute=1e24",)
    assert kinds.amount("1.4T", "--unique-tokens") == 1.4e12


def test_pairs_and_amounts_are_read_from_texts_and_from_mappings():
    assert kinds.PAIRS.read("alpha=beta", "--tie") == (("alpha", "beta"),)
    assert kinds.PAIRS.read([("alpha", "beta"), "A=B"], "--tie") == (("alpha", "beta"), ("A", "B"))
    for given in ("alpha=0.34", ["alpha=0.34"], {"alpha": 0.34}, {"alpha": "0.34"}):
        assert kinds.amounts("alpha=0.3").read(given, "--fix") == {"alpha": 0.34}
    for given in ("a=0,", {"a": (0, np.inf)}, {"a": [0.0, float("inf")]}):
        assert kinds.BOUNDS.read(given, "--bound") == {"a": (0.0, np.inf)}


def test_quantities_may_differ_by_group():
    for given in ("12B", 12e9, ["12B"], {"": 12e9}):
        assert kinds.BY_GROUP.read(given, "--model-params") == {"": 12e9}
    assert kinds.BY_GROUP.read(["a=1", "b=2"], "--price-in") == {"a": 1.0, "b": 2.0}


def predicted(**options):
    (result,) = scaling.extrapolate(SAMPLE, estimator="describe", **QUICK, **options).results
    return result


def test_a_target_may_be_a_lone_text():
    assert predicted(at="compute=1e22").predictions == predicted(at=["compute=1e22"]).predictions
    assert predicted(target_loss="2.2").inverse == predicted(target_loss=[2.2]).inverse


def test_every_verb_takes_a_lone_text_where_several_could_stand():
    written = scaling.optimal_allocation(SAMPLE, budget="1e20,1e21", max_params="70B", tie="alpha=beta", **QUICK)
    plain = scaling.optimal_allocation(SAMPLE, budget=(1e20, 1e21), max_params=7e10, tie=[("alpha", "beta")], **QUICK)
    assert written.results == plain.results
    assert written.options == plain.options
    held = scaling.fit(SAMPLE, law="chinchilla", fix="alpha=0.34", **QUICK)
    assert held.results[0].parameters["alpha"].estimate == 0.34
    groups = scaling.compare_exponents(OPTIMIZERS, by="optimizer", to="compute=1e25", replicates=40)
    assert groups.options["to"] == {"compute": 1e25}
    with pytest.raises(ScalingError, match="model_family="):
        scaling.optimal_allocation(SAMPLE.with_name("pile_losses.csv"), by="model_family", **QUICK)
    samples = SAMPLE.with_name("samples.csv")
    covered = scaling.inference_coverage(samples, by="model", to="1e4", target="0.8", replicates=100)
    assert covered.options["to"] == 1e4
    assert covered.options["target"] == [0.8]


@pytest.mark.parametrize(
    "options",
    [
        {"budget": "much"},
        {"budget": [None]},
        {"budget": {"compute": 1e20}},
        {"budget": True},
        {"budget": 5e-324},
        {"budget": "1e300"},
        {"max_params": "big"},
        {"max_params": [1e9]},
        {"fix": ["alpha"]},
        {"fix": 0.34},
        {"fix": "alpha=0.3,alpha=0.4"},
        {"tie": [("alpha",)]},
        {"tie": 5},
        {"by": 5},
        {"where": ["params > 1e9"]},
        {"map": "loss"},
    ],
    ids=str,
)
def test_nonsense_ends_in_a_hint(options):
    with pytest.raises(ScalingError) as caught:
        scaling.optimal_allocation(SAMPLE, **options)
    assert caught.value.hint


@pytest.mark.parametrize(
    "at",
    [1e24, [1e24], {"compute": 1e24}, b"compute=1e24", ["compute"], "params=1e300,tokens=1e12", "compute=5e-324"],
    ids=str,
)
def test_a_target_that_is_no_text_ends_in_a_hint(at):
    with pytest.raises(UsageError):
        scaling.extrapolate(SAMPLE, at=at)


@pytest.mark.parametrize("bound", [{"a": 3}, {"a": (0, 1, 2)}, {"a": "low,high"}, "a=1", 5], ids=str)
def test_a_bound_that_is_none_ends_in_a_hint(bound):
    with pytest.raises(UsageError):
        scaling.fit(SAMPLE, law="E + A*params**-a", bound=bound)
