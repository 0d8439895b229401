"""All ways to damage runs, and the ways whose wrong answers are not found yet."""

from __future__ import annotations

from tests.verbs.damage.logged import LOGGED
from tests.verbs.damage.trained import TRAINED

# Names of ways that may still give a wrong answer in silence, each with the reason. Empty is the goal.
OPEN: dict[str, str] = {
    "accuracy as the loss": "the refusal speaks of the range of inputs and not of a metric that grows",
    "accuracy called loss": "the refusal speaks of the range of inputs and not of a metric that grows",
    "percent as the loss": "the refusal speaks of the range of inputs and not of a metric that grows",
    "log calls as steps": "no caveat says that log calls are not steps",
}

WAYS = (*LOGGED, *TRAINED)
CLOSED = tuple(way for way in WAYS if way.name not in OPEN)
