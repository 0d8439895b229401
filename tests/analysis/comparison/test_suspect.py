"""Losses of two groups that are probably not measured in the same way, from curves made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from scaling_cli.analysis.comparison.suspect import unit_doubts

NATS = np.log(2)


def curve(times, span=(0.0, 10.0), bend=0.0):
    """A power law times a factor; `bend` changes its ratio to the others along the span."""
    return SimpleNamespace(span=span, log_loss=lambda x: np.log(times) + (bend - 0.1) * np.asarray(x))


def rows(*factors, extrapolated=()):
    inside = [SimpleNamespace(estimate=each, is_extrapolated=False) for each in factors]
    return inside + [SimpleNamespace(estimate=each, is_extrapolated=True) for each in extrapolated]


def doubts(curves=(), **pairs):
    data = SimpleNamespace(
        groups=[SimpleNamespace(name=name) for name in "abc"[: len(curves)]],
        curves=list(curves) or None,
        margin=SimpleNamespace(role="compute"),
    )
    made = [SimpleNamespace(left="a", right=name, compute_multiplier=each) for name, each in pairs.items()]
    return [f"{found.code}: {found.message}" for found in unit_doubts(data, made)]


def test_losses_of_which_one_is_in_bits_are_named_with_the_larger_one_first():
    (found,) = doubts([curve(3.0), curve(3.0 / NATS)])
    assert found.startswith("bits-and-nats: At every size, the loss of b is 1.443 times that of a,")
    assert "loss of a is 1.443 times that of b" in doubts([curve(3.0 / NATS), curve(3.0)])[0]
    assert "loss of c is 1.443 times that of b" in doubts([curve(9.0), curve(3.0), curve(3.0 / NATS)])[0]


def test_other_ratios_of_losses_and_ratios_that_change_are_no_matter_of_units():
    for ratio in (1.0, 1.40, 1.48, 2.0, 1 / NATS**2):
        assert doubts([curve(3.0), curve(3.0 * ratio)]) == []
    assert doubts([curve(3.0), curve(3.0 * 1.449)])
    assert doubts([curve(3.0), curve(3.0 / NATS, bend=0.003)]) == []
    assert doubts([curve(3.0), curve(3.0 / NATS, bend=0.0005)])


def test_losses_are_compared_only_where_both_groups_have_data():
    assert doubts([curve(3.0, (0.0, 2.0)), curve(3.0 / NATS, (2.0, 4.0))]) == []
    assert doubts([curve(3.0, (0.0, 2.0)), curve(3.0 / NATS, (5.0, 9.0))]) == []
    assert doubts([curve(3.0, (0.0, 2.1)), curve(3.0 / NATS, (2.0, 4.0))])


def test_a_multiplier_that_is_large_wherever_there_are_data_is_doubted():
    (found,) = doubts(b=rows(150.0, 101.0))
    assert found.startswith("large-multiplier: At equal loss, a needs 101 times the compute of b,")
    assert "b needs 200 times the compute of a" in doubts(b=rows(1 / 150, 1 / 200))[0]
    assert doubts(b=rows(150.0, 100.0)) == []
    assert doubts(b=rows(1 / 150, 1 / 100)) == []
    assert doubts(b=rows(150.0, 1 / 150)) == []


def test_only_what_is_inside_the_data_counts_and_one_doubt_is_enough():
    assert doubts(b=rows(extrapolated=(1e6,))) == []
    assert doubts(b=rows(2.0, extrapolated=(1e6,))) == []
    assert "150 times" in doubts(b=rows(None, 150.0))[0]
    (found,) = doubts(b=rows(2.0), c=rows(150.0))
    assert "compute of c" in found
    assert len(doubts(b=rows(150.0), c=rows(150.0))) == 1
