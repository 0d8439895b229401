"""Tokens of one device beside the total of all devices, and of evaluations beside those trained on."""

from __future__ import annotations

import re

import polars as pl
import pytest

from scaling_cli.data.runs.rows import total_tokens
from scaling_cli.errors import DataError
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


@pytest.mark.parametrize(
    ("name", "is_total"),
    [
        ("total_tokens", True),
        ("consumed_tokens", True),
        ("tokens seen overall", True),
        ("tokens", False),
        ("total_params", False),
        ("total_tokens_per_gpu", False),
        ("totals_tokens", False),
    ],
)
def test_names_of_totals(name, is_total):
    assert total_tokens._is_total(name) == is_total


@pytest.mark.parametrize(
    ("totals", "read"),
    [
        ([16.0, 32.0], "total_tokens"),  # two devices, which is the fewest
        ([8.0, 16.0], "tokens"),  # one device
        ([8.0, 32.0], "total_tokens"),  # one device, then two
        ([12.0, 24.0], "tokens"),  # one and a half
        ([16.012, 32.024], "total_tokens"),  # within a thousandth
        ([16.05, 32.1], "tokens"),
        ([4.0, 32.0], "tokens"),  # smaller than the share
        ([None, 32.0], "total_tokens"),
        ([None, None], "tokens"),
    ],
)
def test_the_total_is_a_whole_number_of_times_larger_in_every_row(totals, read):
    totals = pl.Series(totals, dtype=pl.Float64)
    frame = pl.DataFrame({"run": ["a", "b"], "tokens": [8.0, 16.0], "total_tokens": totals, "loss": [3.0, 2.0]})
    assert load_runs(frame).columns["tokens"] == read


def test_the_caveat_says_how_many_devices():
    def said(frame):
        return next(each.message for each in load_runs(frame).caveats if each.code == "tokens-of-one-device")

    assert "8 " in said(table())
    varied = table().with_columns(
        total_tokens=pl.when(pl.col("run_id") == "r2").then(pl.col("tokens") * 64).otherwise("total_tokens")
    )
    assert "8 to 64" in said(varied)


def test_a_total_that_holds_lists_is_none():
    frame = table().with_columns(total_tokens=pl.concat_list("total_tokens"))
    assert load_runs(frame).frame["tokens"].to_list() == [20e6] * 3


@pytest.mark.parametrize("column", ["dataset_tokens", "data_tokens", "dataset_tokens (B)"])
def test_tokens_of_a_repeated_data_set_are_refused_until_the_user_says_what_they_count(column):
    rows = pl.DataFrame({"params": [1e7, 1e8], column: [1.0, 2.0], "epochs": [4, 4], "loss": [3.0, 2.0]})
    with pytest.raises(DataError, match="one epoch or of all") as error:
        load_runs(rows)
    one, every = (part.strip("'") for part in re.findall(r"--tokens ('.*?'|[\w]+)", error.value.hint))
    unit = 1e9 if "B" in column else 1
    assert load_runs(rows, mapping={"tokens": every}).frame["tokens"].to_list() == [unit, 2 * unit]
    assert load_runs(rows, mapping={"tokens": one}).frame["tokens"].to_list() == [4 * unit, 8 * unit]


def test_tokens_of_a_data_set_seen_once_are_tokens():
    rows = pl.DataFrame({"params": [1e7, 1e8], "dataset_tokens": [1.0, 2.0], "epochs": [1, 1], "loss": [3.0, 2.0]})
    assert load_runs(rows).frame["tokens"].to_list() == [1, 2]
    assert load_runs(rows.with_columns(epochs=4).rename({"dataset_tokens": "tokens"})).frame["tokens"].to_list() == [
        1,
        2,
    ]


def evaluated(tokens, planned=(2e9, 9e9, 40e9), name="hyperparameters/tokens", **columns):
    """Three runs, with a row for each evaluation set, and what their settings say."""
    rows = [
        {
            "run_id": f"r{run}",
            "params": 1e7 * 3**run,
            name: total,
            "tokens": count,
            "loss": 4.0 - 0.3 * run - 0.1 * place,
        }
        for run, total in enumerate(planned)
        for place, count in enumerate(tokens(total))
    ]
    return pl.DataFrame(rows).with_columns(**columns)


SIZES_OF_SETS = [2.4e5, 1.7e8, 1.0e6, 9e4]


@pytest.mark.parametrize(
    "rows",
    [
        evaluated(lambda _: SIZES_OF_SETS),
        evaluated(lambda _: SIZES_OF_SETS[:1]),
        evaluated(lambda _: SIZES_OF_SETS, name="config.tokens").cast(pl.String),
        evaluated(lambda _: SIZES_OF_SETS[:1]).drop("run_id"),
    ],
)
def test_tokens_of_evaluations_are_not_taken_for_those_trained_on(rows):
    setting = next(name for name in rows.columns if name.endswith("tokens") and name != "tokens")
    with pytest.raises(DataError, match=f"'tokens' and '{setting}' could both be tokens") as caught:
        load_runs(rows)
    assert caught.value.hint == f"Choose one: --tokens {setting} or --tokens tokens."
    for column in (setting, "tokens"):
        assert load_runs(rows, tokens=column).columns["tokens"] == column


@pytest.mark.parametrize(
    "rows",
    [
        evaluated(lambda total: [0.1 * total, 0.2 * total, 0.3 * total]),  # runs under way
        evaluated(lambda total: [0.9 * total, 0.7 * total, total]),  # rows in any order
        evaluated(lambda total: [total]),
        evaluated(lambda _: [1e9, 2e9, 3e9]),  # counts up, and stopped early
        evaluated(lambda _: SIZES_OF_SETS, planned=(2e9, 2e9, 2e9)),  # the settings do not tell runs apart either
        evaluated(lambda _: SIZES_OF_SETS, name="teacher/tokens"),
        evaluated(lambda _: SIZES_OF_SETS, name="note/tokens").with_columns(pl.lit([1]).alias("note/tokens")),
    ],
)
def test_tokens_that_grow_or_agree_with_the_settings_are_those_trained_on(rows):
    assert load_runs(rows).columns["tokens"] == "tokens"
