"""Roles that are computed from several columns by a formula of the user."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs.formulas import formulas_in, with_formulas
from scaling_cli.errors import DataError, UsageError
from tests.data.loading import load_runs, load_targets

LOG = pl.DataFrame({
    "run": ["a", "b", "c"],
    "params": [1e7, 2e7, 4e7],
    "step": [1000, 2000, 4000],
    "batch_size": [256, 256, 512],
    "seq_len": [1024, 2048, 2048],
    "val_loss": [3.5, 3.2, 3.0],
})  # fmt: skip
TOKENS = [1000 * 256 * 1024, 2000 * 256 * 2048, 4000 * 512 * 2048]


def tokens(table, formula="step * batch_size * seq_len", **options):
    return load_runs(table, tokens=formula, **options).frame["tokens"].to_list()


def value(formula, columns, role="tokens"):
    rows = pl.LazyFrame(columns)
    found = formulas_in(rows.collect_schema().names(), {role: formula})
    return with_formulas(rows, rows.collect_schema(), found).collect()[formula].to_list()


def test_tokens_are_steps_times_the_tokens_of_one_step():
    assert tokens(LOG) == TOKENS
    assert load_runs(LOG, tokens="step * batch_size * seq_len").columns["tokens"] == "step * batch_size * seq_len"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x + 2*y", 14.0),
        ("x - y", -1.0),
        ("x / y", 0.8),
        ("-x + y", 1.0),
        ("-x", -4.0),
        ("x/2048", 4 / 2048),
        ("x^2 * y", 80.0),
        ("x**2 + 1", 17.0),
        ("12 * x * y^2", 1200.0),
        ("log(x)", np.log(4)),
        ("max(x, y)", 5.0),
        ("7 * 1 / 2 * x", 14.0),  # whole numbers are divided as any others
    ],
)
def test_a_formula_is_arithmetic(formula, expected):
    assert value(formula, {"x": [4], "y": [5]}) == [pytest.approx(expected, rel=1e-15)]


def test_whole_numbers_do_not_overflow():
    assert value("x * y * y", {"x": [2**62], "y": [2**40]}) == [2.0**142]


def test_a_formula_is_null_where_one_of_its_columns_is():
    assert value("x * y", {"x": [1.0, None, 3.0], "y": [2.0, 2.0, None]}) == [2.0, None, None]


def test_rows_without_a_usable_value_are_counted():
    found = load_runs(LOG.with_columns(batch_size=pl.Series([256, None, 0])), tokens="step * batch_size")
    assert found.frame["tokens"].to_list() == [256_000, None]
    assert found.excluded == {"non-positive tokens": 1}
    with pytest.raises(DataError, match="non-finite tokens"):
        load_runs(LOG, tokens="step / (batch_size - batch_size)")


@pytest.mark.parametrize("cells", [["256", "256", "512"], ["0.256K", " 256 ", "512"], ["256", "2.56e2", "512"]])
def test_cells_of_text_are_read_as_numbers(cells):
    assert tokens(LOG.with_columns(batch_size=pl.Series(cells))) == TOKENS


def test_text_that_is_not_a_number_leaves_its_row_out():
    found = load_runs(
        LOG.with_columns(batch_size=pl.Series(["256", "many", "512"])), tokens="step * batch_size * seq_len"
    )
    assert found.frame["tokens"].to_list() == [TOKENS[0], TOKENS[2]]
    assert found.excluded == {"non-finite tokens": 1}
    assert tokens(LOG.with_columns(batch_size=pl.Series(["256", "n/a", "512"]))) == [TOKENS[0], None, TOKENS[2]]
    with pytest.raises(DataError, match="3 with non-finite tokens"):
        tokens(LOG, "run * 2")


@pytest.mark.parametrize(
    ("names", "formula"),
    [
        ({"step": "_step"}, "step * batch_size * seq_len"),  # a role
        ({"batch_size": "global_batch_size"}, "step * batch_size * seq_len"),
        ({"batch_size": "config/batch", "seq_len": "config.seq len"}, "step * config_batch * config_seq_len"),
        ({"seq_len": "Seq-Len"}, "step * batch_size * seq_len"),
        ({"batch_size": "config/batch", "seq_len": "seq-len"}, "step*config/batch*seq-len"),
        ({"batch_size": "batch size", "seq_len": "config/seq len"}, "step * batch size * config/seq len"),
        ({"batch_size": "a.b", "seq_len": "a.b.c"}, "step * a.b * a.b.c"),
    ],
)
def test_names_stand_for_columns_roles_and_columns_with_other_punctuation(names, formula):
    assert tokens(LOG.rename(names), formula) == TOKENS


def test_a_role_is_in_base_units_and_a_column_as_the_file_has_it():
    table = LOG.rename({"params": "params (M)"}).with_columns(pl.col("params (M)") / 1e6)
    assert tokens(table, "20 * params") == [2e8, 4e8, 8e8]
    assert tokens(table.rename({"params (M)": "size"}), "20e6 * size", params="size") == [2e8, 4e8, 8e8]


def test_the_text_of_a_formula_says_nothing_of_a_unit_or_a_role():
    table = LOG.rename({"seq_len": "tokens_m"})
    assert tokens(table, "step * batch_size * tokens_m") == TOKENS
    assert tokens(table, "1 * (tokens_m)") == [1024, 2048, 2048]
    found = load_runs(LOG.rename({"seq_len": "tokens_per_step"}), tokens="step * tokens_per_step")
    assert "tokens-share" not in {each.code for each in found.caveats}


def test_a_column_with_the_text_of_the_formula_comes_first():
    assert tokens(LOG.with_columns(pl.lit(5e9).alias("step * batch_size"))) == TOKENS
    assert tokens(LOG.with_columns(pl.lit(5e9).alias("step * batch_size")), "step * batch_size") == [5e9] * 3


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("step * batch_sise", "--tokens 'step * batch_sise' names no column 'batch_sise'."),
        ("steq * foo", "--tokens 'steq * foo' names no column 'steq'."),
        ("2 * 3", "--tokens '2 * 3' names no column."),
        ("step * ", "--tokens 'step *' is not a formula: something is missing at its end."),
        ("open('x') * step", "is not a formula: open() at character 1 is not a known function."),
        ("batch-size", "Unknown column 'batch-size'."),
        ("train/step", "Unknown column 'train/step'."),
        ("loss (nats)", "Unknown column 'loss (nats)'."),
        ("(step)", "Unknown column '(step)'."),
        ("a + b", "Unknown column 'a + b'."),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused_and_a_misspelt_name_stays_one(formula, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        tokens(LOG, formula)


def test_the_refusal_names_the_way_in_which_the_formula_was_given():
    for option, flag in ({"params": "x * y"}, "--params"), ({"loss": ("x * y",)}, "--loss"):
        with pytest.raises(UsageError, match=f"^{flag} 'x \\* y' names no column 'x'"):
            load_runs(LOG, **option)
    with pytest.raises(UsageError, match=r"^--map lr=FORMULA 'x \* y' names no column 'x'"):
        load_runs(LOG, mapping={"lr": "x * y"})


def test_other_roles_take_formulas_too():
    table = pl.DataFrame(
        {"layers": [4, 8, 12], "width": [256, 512, 768], "ppl": [30.0, 20.0, 15.0], "gpu_h": [1, 2, 3]}
    )
    found = load_runs(
        table, params="12 * layers * width^2", loss=("log(ppl)",), compute="gpu_h * 3600 * 1e14", run="none"
    )
    assert found.frame["params"].to_list() == [12 * 4 * 256**2, 12 * 8 * 512**2, 12 * 12 * 768**2]
    assert found.frame["loss"].to_list() == pytest.approx(np.log([30, 20, 15]))
    assert found.frame["compute"].to_list() == [3.6e17, 7.2e17, 1.08e18]
    assert found.caveats == ()  # the loss is no longer a perplexity, whatever its column is called
    assert "gpu_h" not in found.others


def test_the_values_of_a_computed_loss_are_still_doubted():
    table = LOG.with_columns(accuracy=pl.Series([0.2, 0.3, 0.4]))
    assert "not-a-loss" in {each.code for each in load_runs(table, loss=("1 * accuracy",)).caveats}


def test_files_are_each_computed_from_their_own_columns(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    LOG.write_csv(first)
    other = LOG.with_columns(run="z" + pl.col("run"), val_loss=pl.col("val_loss") - 0.1)
    other.drop("batch_size").write_csv(second)
    found = load_runs([str(first), str(second)], tokens="step * batch_size * seq_len")
    assert found.frame["tokens"].to_list() == [*TOKENS, None, None, None]
    other.select(reversed(other.columns)).write_csv(second)
    assert load_runs([str(first), str(second)], tokens="step * batch_size * seq_len").frame["tokens"].to_list() == [
        *TOKENS, *TOKENS
    ]  # fmt: skip


@pytest.mark.parametrize("has_names", [True, False])
def test_columns_that_stand_on_a_row_of_settings_are_used_for_the_whole_run(tmp_path, has_names):
    path = tmp_path / "log.jsonl"
    rows = []
    for run, batch in (("a", 128), ("b", 256))[: 2 if has_names else 1]:
        name = {"run": run} if has_names else {}
        rows.append(name | {"config": {"batch": batch, "n_params": 1e8}})
        rows += [name | {"step": step, "val_loss": 4 - step / 1e4} for step in (1000, 2000)]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = load_runs([str(path)], tokens="step * config_batch * 1024", checkpoints="all")
    expected = [step * batch * 1024 for batch in (128, 256)[: 2 if has_names else 1] for step in (1000, 2000)]
    assert found.frame["tokens"].to_list() == expected


def test_a_value_that_a_row_lacks_is_not_taken_from_the_row_of_another_run():
    table = LOG.drop("run").with_columns(batch_size=pl.Series([256, None, 256]))
    found = load_runs(table, tokens="step * batch_size")
    assert found.frame["tokens"].to_list() == [256_000, None, 1_024_000]


def test_a_condition_can_name_a_computed_role():
    assert tokens(LOG, where="tokens > 1e9") == TOKENS[1:]


def test_targets_are_computed_where_they_have_the_columns(tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text("params,step\n1e9,1000\n")
    mapping = {"tokens": "step * 1024"}
    assert [row[0] for row in load_targets(path, mapping=mapping)] == [
        {"params": 1e9, "tokens": 1.024e6, "step": 1e3, "compute": 6 * 1e9 * 1.024e6}
    ]
    path.write_text("params,tokens\n1e9,5e9\n")
    assert [row[0] for row in load_targets(path, mapping=mapping)] == [{"params": 1e9, "tokens": 5e9, "compute": 3e19}]


def test_a_column_in_a_formula_may_have_the_nouns_of_its_role_in_its_cells():
    table = LOG.with_columns(pl.format("{}k steps", pl.col("step") / 1000).alias("steps")).drop("step")
    assert tokens(table, "steps * batch_size * seq_len") == TOKENS
