"""What verbs share."""

from __future__ import annotations

from scaling_cli.caveats import Caveat
from scaling_cli.verbs.common import merged


def test_caveats_are_kept_once_each_in_order_whatever_the_order_of_their_groups_keys():
    first = Caveat("few-runs", "Few.", {"a": "1", "b": "2"})
    again = Caveat("few-runs", "Few.", {"b": "2", "a": "1"})
    other = Caveat("few-runs", "Few.", {"a": "2", "b": "1"})
    every = Caveat("few-runs", "Few.")
    assert merged([first, every, again, other, every]) == (first, every, other)
