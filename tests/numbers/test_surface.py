"""Whether params and tokens are both known."""

from __future__ import annotations

import pytest

from scaling_cli.numbers.surface import has_params_and_tokens


@pytest.mark.parametrize(
    ("names", "has_both"),
    [
        (("params", "tokens"), True),
        ({"compute": 1.0, "tokens": 2.0, "params": 3.0}, True),
        (["params", "compute"], False),
        ("params", False),
        ((), False),
    ],
)
def test_both_must_be_among_the_names(names, has_both):
    assert has_params_and_tokens(names) == has_both
