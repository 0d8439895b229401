"""Columns whose names only hint at a role, and sizes in the names of runs."""

from __future__ import annotations

import polars as pl
import pytest

from scaling_cli.data.runs.likely import likely_role, no_column, sized_names


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("model parameters", "params"),
        ("#param", "params"),
        ("nonemb", "params"),
        ("C4 tokens", "tokens"),
        ("train_data", "tokens"),
        ("tokens_per_gpu", "tokens"),  # a part of the tokens, although it has "per" in its name
        ("my flops", "compute"),
        ("flops_per_gpu", "compute"),
        ("flops_per_token", None),
        ("N", "params"),
        ("D", "tokens"),
        ("C", "compute"),
        ("L", None),  # the loss, which is never found by such hints
        ("tokens per second", None),
        ("params_log10", None),
        ("width", None),
        ("param_norm", None),
    ],
)
def test_a_name_may_hint_at_a_role(column, role):
    assert likely_role(column) == role


def test_names_with_sizes_give_an_example_and_a_pattern():
    names = pl.Series(["gpt-70M", "gpt-1.4B", "gpt-160M", "gpt-410M", "other"])
    assert sized_names(names) == ("gpt-70M", "([0-9.]+[BM])")
    # The example is the first name that has a size.
    assert sized_names(names.reverse()) == ("gpt-410M", "([0-9.]+[BM])")


@pytest.mark.parametrize(
    ("names", "has_sizes"),
    [
        (["a-1M", "a-2M", "a-3M", "a-4M"], True),
        (["a-1M", "a-2M", "a-3M"], False),  # too few names
        (["a-1M", "a-2M", "a-3M", None, "a-3M"], False),  # each name counts once
        (["a-1M", "a-2M", "a-3M", "a-4M", "b"], True),  # four in five
        (["a-1M", "a-2M", "a-3M", "b", "c"], False),
        (["a-1M-0", "a-1M-1", "a-1M-2", "a-1M-3"], False),  # one size
        (["a-1M-0", "a-1M-1", "a-1M-2", "a-2M-3"], True),
        ([f"a-{i // 10}M-{i}" for i in range(30)], True),  # three sizes of any number of runs
        ([f"a-{i // 6}M-{i}" for i in range(12)], False),  # two sizes of more than ten
        ([f"a-{i // 5}M-{i}" for i in range(10)], True),
        (["v1.5Mx", "v2.5Mx", "v3.5Mx", "v4.5Mx"], False),  # letters follow
    ],
)
def test_most_of_at_least_four_names_must_have_different_sizes(names, has_sizes):
    assert (sized_names(pl.Series(names)) is not None) == has_sizes


def test_the_error_for_a_missing_column_offers_a_likely_one():
    found = no_column("tokens", ["width", "my tokens"])
    assert found.message == "No column could be identified as tokens."
    assert found.hint == "Give --tokens 'my tokens' if my tokens holds tokens."
    assert no_column("tokens", ["width"]).hint == "Name it with --tokens COLUMN, or add such a column."
    assert no_column("step").hint == "Name it with --map step=COLUMN, or add such a column."
    assert no_column("compute", who="The law kaplan").message == (
        "The law kaplan needs compute, but no column was found for it."
    )


def test_the_error_says_how_samples_become_tokens():
    found = no_column("tokens", ["width", "consumed_samples"])
    assert (
        found.hint == "Give --tokens 'consumed_samples * 2048' if consumed_samples counts samples of 2,048 tokens each."
    )
