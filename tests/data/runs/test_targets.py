"""Targets of a forecast from a file."""

from __future__ import annotations

import pytest

from scaling_cli.data.runs.targets import load_targets
from scaling_cli.errors import DataError


@pytest.fixture
def targets(tmp_path):
    def read(text, **options):
        path = tmp_path / "targets.csv"
        path.write_text(text)
        return load_targets(path, **options)

    return read


def test_amounts_losses_groups_and_runs_are_read(targets):
    rows = targets("run,params,tokens (B),loss,opt\na,1B,2,2.5,adam\nb,2e9,4,,muon\n", by=("opt", "other"))
    assert rows == [
        ({"params": 1e9, "tokens": 2e9, "compute": 1.2e19}, 2.5, {"opt": "adam"}, "a", {}),
        ({"params": 2e9, "tokens": 4e9, "compute": 4.8e19}, None, {"opt": "muon"}, "b", {}),
    ]


def test_a_file_without_names_of_runs_gives_none(targets):
    assert targets("compute\n1e18\n1e19\n") == [
        ({"compute": 1e18}, None, {}, None, {}), ({"compute": 1e19}, None, {}, None, {}),
    ]  # fmt: skip


def test_every_step_of_a_run_is_a_target(targets):
    rows = targets("run,step,params\na,1,5\na,2,5\n")
    assert [(amounts["step"], run) for amounts, _, _, run, _ in rows] == [(1.0, "a"), (2.0, "a")]


@pytest.mark.parametrize("loss", ["x", "0", "-1", "inf", "nan", ""])
def test_a_loss_that_is_not_a_number_above_zero_is_unknown(targets, loss):
    rows = targets(f"params,loss\n5,2.0\n6,{loss}\n")
    assert [observed for _, observed, *_ in rows] == [2.0, None]


def test_further_amounts_come_from_the_columns_asked_for(targets):
    ((amounts, *_),) = targets("params,width\n5,64\n", keep=("width", "depth"))
    assert amounts == {"params": 5.0, "width": 64.0}


def test_a_further_amount_may_be_zero_or_have_the_name_of_a_role_in_other_words(targets):
    rows = targets("params,share,Unique Tokens\n5,0,7B\n6,0.1,8B\n", keep=("share", "unique_tokens", "params"))
    assert [amounts for amounts, *_ in rows] == [
        {"params": 5.0, "share": 0.0, "unique_tokens": 7e9}, {"params": 6.0, "share": 0.1, "unique_tokens": 8e9},
    ]  # fmt: skip


def test_a_word_in_a_column_of_amounts_is_kept_as_a_label(targets):
    ((amounts, _, _, _, labels), _) = targets("params,share\n5,low\n6,0.1\n", keep=("share",))
    assert (amounts, labels) == ({"params": 5.0}, {"share": "low"})


def test_a_mapping_counts_if_the_file_has_its_column(targets):
    ((amounts, *_),) = targets("n,params\n5,7\n", mapping={"params": "n", "tokens": "seen"})
    assert amounts == {"params": 5.0}
    ((amounts, *_),) = targets("params,tokens,compute\n5,7,100\n", mapping={"compute": "none"})
    assert amounts["compute"] == 6 * 5 * 7


def test_empty_lines_are_no_targets(targets):
    assert len(targets("params,tokens\n5,7\n,\n6,8\n")) == 2
    with pytest.raises(DataError, match="has no targets"):
        targets("params,tokens\n,\n")


def test_rows_without_usable_amounts_are_counted(targets):
    with pytest.raises(DataError, match=r"targets.csv: 1 of 3 rows cannot be used as targets") as caught:
        targets("params,tokens\n5,7\n0,8\n9,9\n")
    assert "scaling columns" in caught.value.hint
