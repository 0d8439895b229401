"""Recipes of planned runs: from the user's runs, a file of rules, or published rules that are named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.recipe import PUBLISHED, WHOLE, fitted_rules, read_rules, shown
from scaling_cli.errors import UsageError

PLAN = {"budget": 1e21, "goal": "params@1e24", "max_runs": 8}


def test_published_rules_are_used_and_named():
    result = scaling.plan(law="chinchilla:besiroglu", recipe=True, **PLAN).results[0]
    for run in result.runs:
        recipe = run.recipe
        assert set(recipe) == set(PUBLISHED)
        assert recipe["lr"] == pytest.approx(0.3118 * run.compute**-0.125)
        assert recipe["batch_size"] == pytest.approx(0.2920 * run.compute**0.3271)
        # But for the rounding of width to a multiple of 64, which is coarse for small models.
        exact = (run.params / 12 / recipe["depth"]) ** 0.5
        assert abs(recipe["width"] - exact) <= 32
        assert recipe["width"] / recipe["heads"] % 8 == 0
        assert 1 / 2 <= recipe["width"] / 128 / recipe["heads"] <= 2
    (note,) = (note for note in result.notes if note.startswith("recipe"))
    assert "Kaplan et al. 2020" in note
    assert "DeepSeek LLM 2024" in note
    shares = [12 * run.recipe["depth"] * run.recipe["width"] ** 2 / run.params for run in result.runs]
    assert note.endswith(f"12 * depth * width^2 is {min(shares):.2g} to {max(shares):.2g} times params")


def test_a_recipe_of_a_users_file(tmp_path):
    rules = tmp_path / "house.txt"
    rules.write_text("# ours\ndepth = 8 + params / 1e8\nwidth = 100 * depth\nwarmup = 0.01 * tokens\n")
    result = scaling.plan(law="chinchilla:besiroglu", recipe=True, rules=rules, **PLAN).results[0]
    for run in result.runs:
        assert run.recipe["depth"] == max(round(8 + run.params / 1e8), 1)
        assert run.recipe["width"] == 64 * round(100 * run.recipe["depth"] / 64)
        assert run.recipe["warmup"] == pytest.approx(0.01 * run.tokens)
    assert any("depth, width, warmup by house.txt" in note for note in result.notes)


def test_columns_of_the_runs_give_the_rules():
    generator = np.random.default_rng(0)
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 6)
    params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.8, 0.8, 30)
    tokens = compute / 6 / params
    loss = (1.8 + 480 / params**0.35 + 2100 / tokens**0.37) * np.exp(0.003 * generator.standard_normal(30))
    table = pl.DataFrame({"params": params, "tokens": tokens, "loss": loss, "lr": 2.0 * compute**-0.2,
                          "n_layers": 1e-2 * params**0.35})  # fmt: skip
    result = scaling.plan(table, law="chinchilla", recipe=True, replicates=40, **PLAN).results[0]
    for run in result.runs:
        assert run.recipe["lr"] == pytest.approx(2.0 * run.compute**-0.2, rel=1e-6)
        assert run.recipe["depth"] == max(round(1e-2 * run.params**0.35), 1)
    assert any("lr by column lr of 30 runs" in note for note in result.notes)


def test_a_depth_beside_a_width_of_the_runs_gives_the_params(tmp_path):
    """By the published depth, a model of a given width would have several times the params of the plan, or a share."""
    rules = tmp_path / "wide.txt"
    rules.write_text("width = 0.9 * params ** 0.4")
    result = scaling.plan(law="chinchilla:besiroglu", recipe=True, rules=rules, **PLAN).results[0]
    for run in result.runs:
        assert run.recipe["depth"] == max(round(run.params / 12 / run.recipe["width"] ** 2), 1)
    assert any("depth by 12 * depth * width^2 params" in note for note in result.notes)


def with_lr(scale):
    generator = np.random.default_rng(int(scale))
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 6)
    params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.8, 0.8, 30)
    tokens = compute / 6 / params
    loss = (1.8 + 480 / params**0.35 + 2100 / tokens**0.37) * np.exp(0.003 * generator.standard_normal(30))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss, "lr": scale * compute**-0.2})


def test_the_note_says_from_which_runs_a_rule_was_fitted_and_rules_of_a_file_go_before_it(tmp_path):
    compute = np.geomspace(1e18, 1e20, 12)
    params = np.sqrt(compute / 120) * np.tile([0.2, 1, 5], 4)
    tokens = compute / 6 / params
    table = pl.DataFrame({"params": params, "tokens": tokens, "loss": 1.8 + 480 / params**0.35 + 2100 / tokens**0.37,
                          "lr": 2.0 * compute**-0.2, "num_hidden_layers": params**0.15})  # fmt: skip
    rules = tmp_path / "rules.txt"
    rules.write_text("depth = 7")
    asked = {"law": "chinchilla", "recipe": True, "replicates": 40, **PLAN}
    result = scaling.plan(table, **asked).results[0]
    (note,) = (note for note in result.notes if note.startswith("recipe"))
    span = f"{params.min() / 1e6:.1f}M to {params.max() / 1e9:.2f}B params"
    assert f"depth by column num_hidden_layers of 12 runs of {span}" in note
    assert "lr by column lr of 12 runs of 1e18 to 1e20 FLOPs" in note
    mixed = scaling.plan(table, rules=rules, **asked).results[0]
    assert {run.recipe["depth"] for run in mixed.runs} == {7}
    assert [run.recipe["lr"] for run in mixed.runs] == [run.recipe["lr"] for run in result.runs]


def test_each_of_two_groups_has_the_recipe_of_its_own_runs():
    result = scaling.plan(
        pl.concat([with_lr(0.5).with_columns(kind=pl.lit("a")), with_lr(2.0).with_columns(kind=pl.lit("b"))]),
        law="chinchilla", by="kind", recipe=True, replicates=40, budget=1e21, goal="difference(alpha)", max_runs=14,
    ).results[0]  # fmt: skip
    assert {run.arm for run in result.runs} == {"a", "b"}
    for run in result.runs:
        assert run.recipe["lr"] == pytest.approx({"a": 0.5, "b": 2.0}[run.arm] * run.compute**-0.2, rel=1e-6)
    assert [note.split(":")[0] for note in result.notes if note.startswith("recipe")] == ["recipe of a", "recipe of b"]


@pytest.mark.parametrize("formula", ["log(0 - 1)", "1 / 0", "0 - params", "9 ** 9 ** 9 ** 9", "0"])
def test_a_rule_that_gives_no_number_above_zero_is_refused(tmp_path, formula):
    rules = tmp_path / "rules.txt"
    rules.write_text(f"lr = {formula}")
    with pytest.raises(UsageError, match="The rule for 'lr' gives") as caught:
        scaling.plan(law="chinchilla:besiroglu", recipe=True, rules=rules, **PLAN)
    assert "rules.txt" in caught.value.hint


def test_too_few_values_give_no_rule():
    assert fitted_rules({"lr": np.array([1e-3, np.nan, 1e-3])}, np.ones(3), np.ones(3)) == []


def test_whole_quantities_are_shown_in_full_and_others_by_three_figures():
    assert [shown(name, 1234567.0) for name in ("lr", *WHOLE)] == ["1.23e6", *["1234567"] * len(WHOLE)]
    assert shown("lr", 0.00123456) == "0.00123"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("width 12", "is not a rule"), ("width = 3 * hats", "'hats'"), ("a = b\nb = 1", "'b'"),
        ("params = 5", "which the command chooses"), ("depth = 4\ndepth = 9", "line 2, is a second rule for 'depth'"),
        ("d_model = 512", "recipes call 'width'"), ("learning_rate = 1e-3", "recipes call 'lr'"),
        ("x" * 10_000, "is not a rule: 'x{10,99}"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_read_are_refused(tmp_path, text, problem):
    path = tmp_path / "rules.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_rules(str(path))
