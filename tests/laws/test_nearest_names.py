"""A misspelt parameter gets the nearest name of the law."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.verbs.schema import schema_of
from tests.caveats.reading import grid


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"law": "chinchilla", "fix": "alfa=0.3"}, "alpha"),
        ({"law": "chinchilla", "tie": "alpha=bta"}, "beta"),
        ({"law": "E + A*params**-alpha", "start": "alhpa=0.3"}, "alpha"),
    ],
)
def test_the_nearest_parameter_is_named(options, near):
    with pytest.raises(UsageError) as caught:
        scaling.fit(grid(), interval="none", **options)
    assert f"Did you mean {near}?" in caught.value.hint


def test_the_nearest_command_of_a_schema_is_named():
    with pytest.raises(UsageError) as caught:
        schema_of("fitt")
    assert "Did you mean 'fit'?" in caught.value.hint
