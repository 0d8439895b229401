"""Recipes of splits: shape, batch size and learning rate of the model that is trained."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.recipe import PUBLISHED
from scaling_cli.errors import UsageError
from tests import ROOT
from tests.analysis.allocation.surfaces import HOFFMANN, isoflop_frame, saved_fit
from tests.cli.running import run

SAMPLE = ROOT / "sample_data" / "isoflop_runs.csv"
BARE = {"interval": "none", "recipe": True}


def split(runs, **options):
    return scaling.optimal_allocation(runs, **{**BARE, "budget": (1e21, 1e23), **options}).results[0]


@pytest.mark.parametrize("approach", ["parametric", "isoflop", "all"])
def test_each_split_has_a_recipe_by_published_rules(approach):
    result = split(SAMPLE, approach=approach)
    assert len(result.allocations) == (4 if approach == "all" else 2)
    for row in result.allocations:
        recipe = row.recipe
        assert set(recipe) == set(PUBLISHED)
        assert 12 * recipe["depth"] * recipe["width"] ** 2 == pytest.approx(row.params.estimate, rel=0.05)
        assert recipe["lr"] == pytest.approx(0.3118 * row.training_compute**-0.125)
    assert "Kaplan et al. 2020" in result.recipe
    assert "12 * depth * width^2 is" in result.recipe


def test_the_columns_of_the_runs_go_before_published_rules_in_each_group():
    frame = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 9)).with_columns(
        n_layer=(1e-2 * pl.col("params") ** 0.35).round().clip(1)
    )
    groups = pl.concat(
        frame.with_columns(kind=pl.lit(name), lr=scale * pl.col("params") ** -0.2 * pl.col("tokens") ** -0.2)
        for name, scale in (("a", 0.5), ("b", 2.0))
    )
    found = scaling.optimal_allocation(groups, by="kind", budget=1e22, **BARE).results
    for result, scale in zip(found, (0.5, 2.0), strict=True):
        (row,) = result.allocations
        assert row.recipe["depth"] == pytest.approx(1e-2 * row.params.estimate**0.35, rel=0.05)
        assert row.recipe["lr"] == pytest.approx(scale * (row.compute / 6) ** -0.2, rel=1e-6)
        assert "depth by column n_layer of" in result.recipe


def test_a_recipe_counts_the_training_compute_alone():
    (row,) = split(SAMPLE, budget=1e21, inference_tokens="1T").allocations
    assert row.training_compute < 0.5e21
    assert row.recipe["batch_size"] == pytest.approx(0.2920 * row.training_compute**0.3271)


def test_rules_of_a_file_work_for_saved_and_published_fits(tmp_path):
    rules = tmp_path / "rules.txt"
    rules.write_text("depth = 10\nwidth = (params / 12 / depth)^0.5\n")
    saved = saved_fit(tmp_path, HOFFMANN)
    published = scaling.optimal_allocation(law="chinchilla:hoffmann", budget=1e21, recipe=True, rules=rules).results[0]
    for result in (split(SAMPLE, rules=rules), split(saved, interval="wild", rules=rules), published):
        row = result.allocations[0]
        assert row.recipe["depth"] == 10
        assert row.recipe["width"] == pytest.approx((row.params.estimate / 120) ** 0.5, abs=32)
        assert "by rules.txt" in result.recipe
    rules.write_text("depth = 3 - params\n")
    with pytest.raises(UsageError, match="rule for 'depth' gives"):
        split(SAMPLE, rules=rules)


def test_a_budget_without_a_split_has_no_recipe():
    rows = split(SAMPLE, budget=(), target_loss=(2.0, 0.1)).allocations
    assert [bool(row.recipe) for row in rows] == [True, False]
    assert not scaling.optimal_allocation(SAMPLE, interval="none").results[0].allocations[0].recipe


def test_tables_csv_and_json_show_the_same_recipe(tmp_path):
    asked = ("optimal-allocation", str(SAMPLE), "--budget", "1e21", "--interval", "none", "--recipe")
    (row,) = json.loads(run(*asked, "--json").stdout)["results"][0]["allocations"]
    header, values = (line.split(",") for line in run(*asked, "--format", "csv").stdout.splitlines())
    record = dict(zip(header, values, strict=True))
    assert {name: float(record[name]) for name in row["recipe"]} == row["recipe"]
    plain = run(*asked, "--format", "plain").stdout
    assert "recipe: depth, width by Kaplan et al. 2020" in plain
    assert f"{row['recipe']['width']:.0f}" in plain
    assert np.isclose(float(record["lr"]), row["recipe"]["lr"])
