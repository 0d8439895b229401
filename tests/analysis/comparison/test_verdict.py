"""A difference that the test finds is called different, however wide the margin."""

from __future__ import annotations

import pytest

from scaling_cli.analysis.comparison.verdict import verdict


@pytest.mark.parametrize(
    ("p", "equivalence", "word"),
    [(0.002, 0.001, "different"), (0.3, 0.001, "equivalent"), (0.3, 0.4, "inconclusive"), (0.002, 0.4, "different")],
)
def test_rejection_means_different(p, equivalence, word):
    found = verdict(p_adjusted=p, equivalence_p_values=[equivalence], is_identified=True, level=0.95)
    assert found == word
