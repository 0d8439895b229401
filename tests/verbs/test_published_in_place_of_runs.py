"""Options that only runs could obey are refused where a published or a saved fit stands in their place."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from tests import ROOT

ASKED = {
    "optimal_allocation": {"budget": 1e22},
    "extrapolate": {"at": "params=1e9,tokens=1e10"},
    "plan": {"budget": 1e21, "goal": "params@1e24"},
}
FITTING = {"fix": "E=1.5", "objective": "lad", "prior": "weak"}
READING = {
    "where": "params > 1e8", "by": "optimizer", "loss": "val_loss", "checkpoints": "all", "smooth": "5%",
}  # fmt: skip
INTERVAL = {"interval": "none"}


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [(verb, *each) for verb in ASKED for each in (READING if verb == "plan" else FITTING | READING | INTERVAL).items()],
)
def test_an_option_that_a_published_fit_cannot_obey_is_refused(verb, name, value):
    with pytest.raises(UsageError, match=f"published fit, which --{name} cannot change"):
        getattr(scaling, verb)(None, law="chinchilla:besiroglu", **ASKED[verb], **{name: value})


@pytest.mark.parametrize("verb", ASKED)
def test_what_it_obeys_is_taken(verb):
    assert getattr(scaling, verb)(None, law="chinchilla:besiroglu", **ASKED[verb], seed=3).results


@pytest.fixture(scope="module")
def fit():
    return scaling.fit(ROOT / "sample_data" / "isoflop_runs.csv", law="chinchilla", interval="none")


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [(verb, *each) for verb in ASKED for each in (READING if verb == "plan" else FITTING | READING | INTERVAL).items()],
)
def test_an_option_that_a_saved_fit_cannot_obey_is_refused(fit, verb, name, value):
    held = {"estimator": "describe"} if verb == "extrapolate" else {}
    with pytest.raises(UsageError, match=f"which --{name} cannot change"):
        getattr(scaling, verb)(fit, **ASKED[verb], **held, **{name: value})


def test_options_that_read_targets_are_taken_beside_a_saved_fit(fit, tmp_path):
    targets = tmp_path / "targets.csv"
    targets.write_text("size,tokens,val\n1e10,2e11,2.2\n")
    report = scaling.extrapolate(fit, targets=targets, map={"params": "size", "loss": "val"})
    assert report.results[0].predictions[0].observed == 2.2
    with pytest.raises(UsageError, match="which --where cannot change"):
        scaling.extrapolate(fit, targets=targets, map={"params": "size"}, where="val > 0")
