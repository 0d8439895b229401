"""Real data sets load with at most two mappings each, and get the caveats that their READMEs suggest."""

import pytest

from tests.data.loading import load_runs

C4_LOSS = "eval/c4_en-validation/CrossEntropyLoss"
HALF_MAPPED = {"loss": "mmlu_acc", "run_id": "model"}
PILE = {"loss": "pile_test_loss", "params": "params_label"}
GEMSTONES = {
    "hot_every477": 22,
    "hot_100b_every477": 22,
    "hot_final_grid": 22,
    "lr_ablation_every477": 20,
    "cooldown_end": 20,
    "chinchilla_sampled": 5,
}

# File, options, points, codes of caveats, and how one of their messages begins.
SETS = [
    ("chinchilla_besiroglu/chinchilla.csv", {}, 245, [], ""),
    # Repeated epochs, with losses that rise.
    (
        "datablations/contour_runs.csv",
        {},
        229,
        ["repeated-data", "late-rise"],
        "163 of 229 points were trained on their data more than 4 times",
    ),
    (
        "datablations/training_curves.parquet",
        {},
        9261,
        ["unordered-rows", "repeated-data", "late-rise"],
        "4,747 of 9,261 points were trained on their data more than 4 times",
    ),
    (
        "extrapolation_benchmark/vision.parquet",
        {"mapping": {"run_id": "curve_id"}},
        18883,
        ["unordered-rows"],
        "18,883 rows",
    ),
    # Compute counts the embeddings, params do not.
    ("gadre/models.csv", {"mapping": {"loss": "loss_c4"}}, 104, ["compute-drift"], "The compute column is 1.85 times"),
    *((f"gemstones/{name}.parquet", {}, runs, [], "") for name, runs in GEMSTONES.items()),
    ("gpt3_curves/curves.parquet", {"where": "split = 'val'"}, 6506, ["unordered-rows"], "6,506 rows"),
    # Constant learning rates next to schedules that decay.
    ("mpl_lr_schedules/curves.csv", {"mapping": {"params": "size_m"}}, 27, ["undecayed-lr"], "9 of 27 runs end"),
    ("nanogpt_speedrun/curves.parquet", {"where": "split = 'val'"}, 11, [], ""),
    ("nanogpt_speedrun/val_curves.csv", {}, 11, [], ""),
    # Tokens of one model that are wrong by a factor of 1000, and an accuracy, which grows.
    (
        "obs_scaling/base_llm.csv",
        {"mapping": HALF_MAPPED},
        148,
        ["loss-unit", "metric-grows", "unit-slip"],
        "tokens of cerebras/btlm-3b-8k-base is 6.27e14",
    ),
    # Slashes in names, wide nulls, runs that were logged twice, and a run that was logged in parts.
    (
        "olmo_ladder/ladder_all.parquet",
        {"mapping": {"loss": C4_LOSS}},
        41,
        ["continued-runs", "repeated-points"],
        "3 points equal",
    ),
    ("parscale/runs.csv", {}, 48, [], ""),
    ("porian/isoflop_points.csv", {}, 1745, [], ""),
    ("porian/optimal_pairs.csv", {"mapping": {"params": "n", "tokens": "t"}}, 173, ["rows-excluded"], "4 of 177 rows"),
    # FLOPs that exceed 6 * params * tokens, by more for smaller models.
    (
        "published_tables/cerebras_pythia_pile.csv",
        {"mapping": PILE},
        30,
        ["compute-drift"],
        "The compute column is 1.76 times 6*params*tokens at 1.11e8 params but 1.15 times",
    ),
    ("routing_clark/final.csv", {}, 223, [], ""),
    ("routing_clark/curves.parquet", {}, 223, ["rows-excluded"], "8 of 5,799 rows were left out: 8 with no loss"),
]


@pytest.mark.parametrize(("path", "options", "points", "codes", "begins"), SETS, ids=[row[0] for row in SETS])
def test_a_data_set_loads_with_caveats_about_its_quirks(shared_data, path, options, points, codes, begins):
    table = load_runs(shared_data / path, **options)
    assert table.frame.height == points
    assert [caveat.code for caveat in table.caveats] == codes
    assert not codes or any(caveat.message.startswith(begins) for caveat in table.caveats)


def test_points_without_tokens_or_params_are_counted_where_a_law_needs_them(shared_data):
    table = load_runs(shared_data / "olmo_ladder" / "ladder_all.parquet", mapping={"loss": C4_LOSS})
    needed = table.needing(["params", "tokens"])
    assert needed.excluded == {"no params": 6, "no tokens": 10}
