"""Recipes of planned runs: from the user's runs, a file of rules, or published rules that are named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.plan.recipe import PUBLISHED, WHOLE, fitted_rules, read_rules, shown
from scaling_cli.errors import UsageError

PLAN = {"budget": 1e21, "goal": "params@1e24", "max_runs": 8}


def test_published_rules_are_used_and_named():
    result = scaling.plan(law="chinchilla:besiroglu", recipe=True, **PLAN).results[0]
    for run in result.runs:
        recipe = run.recipe
        assert set(recipe) == set(PUBLISHED)
        assert recipe["lr"] == pytest.approx(0.3118 * run.compute**-0.125)
        assert recipe["batch_size"] == pytest.approx(0.2920 * run.compute**0.3271)
        # 12 * depth * width^2, but for rounding of depth, which is coarse for small models.
        assert 12 * recipe["depth"] * recipe["width"] ** 2 == pytest.approx(run.params, rel=0.45)
    (note,) = (note for note in result.notes if note.startswith("recipe"))
    assert "Kaplan et al. 2020" in note
    assert "DeepSeek LLM 2024" in note


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


def test_too_few_values_give_no_rule():
    assert fitted_rules({"lr": np.array([1e-3, np.nan, 1e-3])}, np.ones(3), np.ones(3)) == []


def test_whole_quantities_are_shown_in_full_and_others_by_three_figures():
    assert [shown(name, 1234567.0) for name in ("lr", *WHOLE)] == ["1.23e6", *["1234567"] * len(WHOLE)]
    assert shown("lr", 0.00123456) == "0.00123"


@pytest.mark.parametrize(
    ("text", "problem"), [("width 12", "is not a rule"), ("width = 3 * hats", "'hats'"), ("a = b\nb = 1", "'b'")]
)
def test_rules_that_cannot_be_read_are_refused(tmp_path, text, problem):
    path = tmp_path / "rules.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_rules(str(path))
