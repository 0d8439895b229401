"""What the columns of the input are read as."""

from __future__ import annotations

import polars as pl

from scaling_cli.data.runs.summary import NOTHING, summarise, summarise_unloadable
from scaling_cli.errors import DataError
from scaling_cli.options.reading import Reading
from tests.data.loading import load_runs

FRAME = pl.DataFrame({
    "run": [f"r{i}" for i in range(7)],
    "params (M)": [float(i + 1) for i in range(7)],
    "tokens": [1e8] * 6 + [None],
    "loss": [3.0 - i / 10 for i in range(7)],
    "batch_size": [32] * 7,
    "note": ["x"] * 7,
})  # fmt: skip


def test_a_table_is_summarised_by_role():
    found = summarise(load_runs(FRAME), "nats")
    assert (found.runs, found.points, found.rows) == (7, 7, 7)
    roles = {role.role: role for role in found.roles}
    assert {name: role.unit for name, role in roles.items()} == {
        "run_id": "name", "params": "count", "tokens": "count", "compute": "FLOPs", "loss": "nats",
        "batch_size": "as given",
    }  # fmt: skip
    assert (roles["params"].origin, roles["params"].scale) == ("params (M)", 1e6)
    assert (roles["params"].low, roles["params"].high) == (1e6, 7e6)
    assert (roles["tokens"].scale, roles["tokens"].missing) == (1.0, 1)
    assert (roles["run_id"].low, roles["run_id"].high) == (None, None)
    assert found.others == ("note",)
    assert len(found.sample) == 5
    assert found.tokens_per_param == (1e8 / 6e6, 1e8 / 1e6)


def test_runs_with_several_points_count_once():
    found = summarise(load_runs(FRAME.with_columns(run=pl.lit("a"))), "other")
    assert (found.runs, found.points) == (1, 7)
    assert next(role.unit for role in found.roles if role.role == "loss") == "other"


def test_tokens_per_param_need_both_amounts():
    assert summarise(load_runs(FRAME.drop("tokens")), "nats").tokens_per_param is None
    alone = pl.DataFrame({"params": [1e6, None], "tokens": [None, 1e9], "loss": [3.0, 2.0]})
    assert summarise(load_runs(alone), "nats").tokens_per_param is None


def test_input_that_cannot_be_loaded_shows_its_columns_and_what_to_do():
    frame = pl.DataFrame(
        {f"x{i}": range(9) for i in range(9)} | {"N_params": range(9), "val_loss": 1.0, "eval_loss": 2.0}
    )
    found = summarise_unloadable(frame, Reading(), DataError("Two losses.", hint="Choose one."))
    assert (found.runs, found.points, found.rows) == (0, 0, 9)
    assert [(role.role, role.origin) for role in found.roles] == [
        ("params", "N_params"), ("loss", "val_loss or eval_loss"),
    ]  # fmt: skip
    assert found.others == tuple(f"x{i}" for i in range(9))
    assert len(found.sample) == 5
    assert list(found.sample[0]) == ["N_params", "val_loss", "eval_loss", "x0", "x1", "x2", "x3", "x4"]
    assert (found.problem, found.remedy) == ("Two losses.", "Choose one.")


def test_input_without_a_loss_says_that_nothing_was_found():
    found = summarise_unloadable(pl.DataFrame({"params_m": [1]}), Reading(), DataError("No loss.", hint=""))
    assert {role.role: (role.origin, role.scale) for role in found.roles} == {
        "params": ("params_m", 1e6), "loss": (NOTHING, 1.0),
    }  # fmt: skip


def test_a_file_that_cannot_be_read_has_no_summary(tmp_path):
    assert summarise_unloadable(str(tmp_path / "none.csv"), Reading(), DataError("x", hint="")) is None
