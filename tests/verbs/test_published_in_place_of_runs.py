"""Options that only runs could obey are refused where a published fit stands in their place."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError

ASKED = {
    "optimal_allocation": {"budget": 1e22},
    "extrapolate": {"at": "params=1e9,tokens=1e10"},
    "plan": {"budget": 1e21, "goal": "params@1e24"},
}
FITTING = {"fix": "E=1.5", "objective": "lad", "prior": "weak"}
READING = {"where": "params > 1e8", "by": "optimizer"}


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [(verb, *each) for verb in ASKED for each in (READING if verb == "plan" else FITTING | READING).items()],
)
def test_an_option_that_a_published_fit_cannot_obey_is_refused(verb, name, value):
    with pytest.raises(UsageError, match=f"published fit, which --{name} cannot change"):
        getattr(scaling, verb)(None, law="chinchilla:besiroglu", **ASKED[verb], **{name: value})


@pytest.mark.parametrize("verb", ASKED)
def test_what_it_obeys_is_taken(verb):
    assert getattr(scaling, verb)(None, law="chinchilla:besiroglu", **ASKED[verb], seed=3).results
