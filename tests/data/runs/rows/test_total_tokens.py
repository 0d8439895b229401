"""Tokens of one device beside the total of all devices."""

from __future__ import annotations

import polars as pl
import pytest

from tests.data.loading import load_runs


def table(total="total_tokens", share="tokens", devices=8, planned=False):
    rows = []
    for run, params in enumerate((1e7, 3e7, 1e8)):
        for step in range(1, 21):
            part = step * 1e6
            whole = 20e6 * devices if planned else part * devices
            cells = {"run_id": f"r{run}", "step": step, "params": params, share: part, "loss": 3 + 1 / step}
            rows.append(cells | ({total: whole} if total else {}))
    return pl.DataFrame(rows)


def codes(loaded):
    return [caveat.code for caveat in loaded.caveats]


@pytest.mark.parametrize("total", ["total_tokens", "tokens_total", "throughput/total_tokens", "global_tokens"])
@pytest.mark.parametrize("as_text", [False, True])
def test_the_total_is_read_as_tokens(total, as_text):
    rows = table(total)
    loaded = load_runs(rows.cast(pl.String) if as_text else rows)
    assert loaded.frame["tokens"].to_list() == [160e6] * 3
    assert loaded.columns["tokens"] == total
    assert codes(loaded) == ["tokens-of-one-device"]


def test_numbers_of_devices_may_differ_between_runs():
    rows = table().with_columns(
        pl.when(pl.col("run_id") == "r2").then(pl.col("tokens") * 64).otherwise("total_tokens").alias("total_tokens")
    )
    assert load_runs(rows).frame["tokens"].to_list() == [160e6, 160e6, 1280e6]


@pytest.mark.parametrize("rows", [table(planned=True), table(devices=1), table(total=None)])
def test_a_total_that_was_planned_or_is_the_same_changes_nothing(rows):
    loaded = load_runs(rows)
    assert loaded.frame["tokens"].to_list() == [20e6] * 3
    assert codes(loaded) == []


def test_a_column_that_is_named_on_the_command_line_is_used():
    loaded = load_runs(table(), tokens="tokens")
    assert loaded.frame["tokens"].to_list() == [20e6] * 3
    assert codes(loaded) == []


@pytest.mark.parametrize("share", ["tokens_per_gpu", "tokens/per_device", "local_tokens", "micro_batch_tokens"])
def test_a_share_is_used_only_if_it_is_named_and_then_has_a_caveat(share):
    rows = table(total=None, share=share)
    assert "tokens" not in load_runs(rows).frame.columns
    assert codes(load_runs(rows, tokens=share)) == ["tokens-share"]
