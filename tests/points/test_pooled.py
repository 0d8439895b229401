"""Caveats about inputs that were not read and runs that should not be pooled, and clean data without any."""

import re

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError
from scaling_cli.points.input_doubts import input_doubts
from tests.data.loading import load_runs
from tests.grids import one_in

CODES = {"unread-input", "ignored-input", "pooled-sweep", "pooled-groups", "unexplained-spread"}
SURFACE = ("params", "tokens")


def law(params, tokens):
    return 1.8 + 400 * params**-0.34 + 400 * tokens**-0.28


def grid(seeds=1, noise=0.003, seed=0, **columns):
    """Runs of six sizes at four amounts of tokens, each with several seeds."""
    rng = np.random.default_rng(seed)
    rows = [
        {"params": size, "tokens": tokens, "seed": again, **columns}
        for size in np.geomspace(1e7, 1e9, 6) for tokens in np.geomspace(1e9, 3e10, 4) for again in range(seeds)
    ]  # fmt: skip
    return with_loss(pl.DataFrame(rows), rng, noise)


def scattered(runs=60, noise=0.003, seed=0):
    """Runs whose params and tokens never repeat."""
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(np.log(1e7), np.log(1e9), runs)), np.exp(rng.uniform(20, 24, runs))
    return with_loss(pl.DataFrame({"params": params, "tokens": tokens}), rng, noise)


def with_loss(frame, rng, noise):
    off = np.exp(noise * rng.standard_normal(len(frame)))
    return frame.with_columns((law(frame["params"], frame["tokens"]) * off).alias("loss"))


def shifted(frame, column, values, factors, seed=1):
    """Each row gets one of the values of a column, at random, and its factor on the loss."""
    which = np.random.default_rng(seed).integers(0, len(values), len(frame))
    return frame.with_columns(
        pl.Series(column, [values[each] for each in which]), pl.col("loss") * np.array(factors)[which]
    )


def doubts(frame, inputs=SURFACE, by=(), best_over=(), **options):
    table = load_runs(frame, by=by, best_over=best_over, **options)
    return input_doubts(table, inputs, by, best_over)


def codes(*args, **options):
    return [each.code for each in doubts(*args, **options)]


@pytest.mark.parametrize("column", ["dataset", "optimizer", "condition", "corpus", "flavour"])
@pytest.mark.parametrize("frame", [grid(seeds=3), scattered()], ids=["grid", "scattered"])
@pytest.mark.parametrize("strength", [0.02, 0.1])
def test_a_column_of_text_that_explains_the_spread_is_named_with_both_cures(frame, column, strength):
    (found,) = doubts(shifted(frame, column, ("x", "y", "z"), (1, 1 + strength, 1 - strength)))
    assert found.code == "pooled-groups"
    assert column in found.message
    assert f"--by {column}" in found.message
    assert f"--where '{column} = ...'" in found.message


def test_the_spread_that_a_column_explains_is_that_at_equal_inputs_or_beside_the_law():
    for frame, where in ((grid(seeds=3), "between runs at equal"), (scattered(), "that remains beside")):
        (found,) = doubts(shifted(frame, "dataset", ("x", "y"), (1, 1.1)))
        assert where in found.message


def test_groups_that_are_fitted_separately_are_not_pooled():
    assert codes(shifted(grid(seeds=3), "dataset", ("x", "y"), (1, 1.1)), by=("dataset",)) == []


def test_a_number_that_explains_the_spread_is_named_too():
    (found,) = doubts(shifted(grid(seeds=3), "weight_decay", (0.0, 0.1, 0.3), (1, 1.05, 1.1)))
    assert found.code == "pooled-groups"
    assert "weight_decay takes 3 values" in found.message


def test_two_columns_that_both_matter_are_both_named_and_a_copy_of_one_is_not():
    frame = shifted(shifted(grid(seeds=4), "dataset", ("x", "y"), (1, 1.1)), "optimizer", ("a", "b"), (1, 1.06), seed=2)
    found = doubts(frame.with_columns(pl.col("dataset").str.to_uppercase().alias("corpus")))
    assert [each.code for each in found] == ["pooled-groups"] * 2
    assert "optimizer" in found[1].message


@pytest.mark.parametrize("seed", one_in(4, range(40)))
def test_seeds_and_columns_without_effect_are_not_named(seed):
    for frame in (grid(seeds=3, seed=seed), scattered(seed=seed), grid(seeds=1, seed=seed, noise=0.0)):
        plain = shifted(
            shifted(frame, "dataset", ("x", "y", "z"), (1, 1, 1), seed=seed), "width", (1, 2), (1, 1), seed=seed
        )
        labelled = plain.with_columns(
            pl.col("params").round_sig_figs(1).cast(str).alias("model"),
            pl.when(pl.col("tokens") > 1e10).then(pl.lit("long")).otherwise(pl.lit("short")).alias("regime"),
            (pl.col("params").log10() * 10).round().alias("d_model"),
        )
        assert codes(labelled) == []
        assert codes(labelled, inputs=("compute",), by=()) == []


@pytest.mark.parametrize("role", ["lr", "batch_size"])
def test_a_sweep_at_equal_inputs_asks_for_its_best(role):
    frame = shifted(grid(seeds=4), role, (128, 256, 512), (1.0, 0.95, 1.04))
    (found,) = doubts(frame)
    assert found.code == "pooled-sweep"
    assert f"--best-over {role}" in found.message
    assert re.search(rf", and {role} explains (99|100)(\.\d)? % of their variance", found.message)
    assert codes(frame, best_over=(role,)) == []
    assert codes(frame, by=(role,)) == []


def test_a_learning_rate_that_only_changes_with_size_is_no_sweep():
    assert codes(grid(seeds=3).with_columns((1 / pl.col("params")).alias("lr"))) == []


def test_a_large_spread_without_a_column_that_explains_it_is_said():
    frame = shifted(grid(seeds=4), "dataset", ("x", "y"), (1, 1.2)).drop("dataset")
    (found,) = doubts(frame)
    assert found.code == "unexplained-spread"


def test_curves_of_pooled_runs_count_as_runs():
    rng = np.random.default_rng(3)
    rows = []
    for run in range(16):
        factor, off = (1.06 if run % 2 else 1.0), np.exp(0.004 * rng.standard_normal())
        for step in range(1, 30):
            size, tokens = 1e8 * 2 ** (run // 4), step * 1e9
            names = {"run": f"r{run}", "step": step, "corpus": "xy"[run % 2]}
            rows.append(names | {"params": size, "tokens": tokens, "loss": law(size, tokens) * factor * off})
    frame = pl.DataFrame(rows)
    assert codes(frame, checkpoints="all") == ["pooled-groups"]
    assert codes(frame.with_columns(pl.col("loss") / pl.when(pl.col("corpus") == "y").then(1.06).otherwise(1)),
                 checkpoints="all") == []  # fmt: skip


@pytest.mark.parametrize(
    "name", ["D_toks_tokens", "tokens seen so far (B)", "D", "n_tok tokens", "n_tok", "toks_total"]
)
def test_a_column_that_looks_like_tokens_is_named_with_its_flag(name):
    found = doubts(grid().rename({"tokens": name}), inputs=("params",))
    found = [each for each in found if each.code == "unread-input"]
    assert len(found) == 1
    assert name in found[0].message
    assert "--tokens" in found[0].message


@pytest.mark.parametrize(
    "name", ["tokens_per_second", "vocab tokens", "log10_tokens", "eval/tokens", "batch_tokens", "tok_per_sec"]
)
def test_a_rate_a_length_or_a_logarithm_does_not_look_like_tokens(name):
    found = codes(grid().rename({"tokens": name}), inputs=("params",))
    assert "unread-input" not in found


def test_further_columns_of_params_are_not_named_where_params_were_read():
    frame = grid().with_columns((pl.col("params") * 1.2).alias("total params counted"), flops_counted=1e18)
    assert codes(frame) == []


@pytest.mark.parametrize(("role", "law_name"), [("bits", "precision"), ("experts", "routed"), ("streams", "parallel")])
def test_a_role_that_varies_and_is_ignored_names_a_law_that_uses_it(role, law_name):
    frame = shifted(grid(seeds=2), role, (2, 4, 8), (1, 1, 1))
    (found,) = doubts(frame)
    assert found.code == "ignored-input"
    assert f"--law {law_name}" in found.message
    assert f"--by {role}" in found.message
    assert codes(frame, inputs=(*SURFACE, role)) == []
    assert codes(frame, by=(role,)) == []
    assert codes(grid().with_columns(pl.lit(8).alias(role))) == []


def test_unique_tokens_are_ignored_only_where_tokens_repeat():
    repeated = grid().with_columns(pl.min_horizontal("tokens", pl.lit(1e10)).alias("unique_tokens"))
    assert codes(repeated) == ["ignored-input"]
    assert codes(repeated, inputs=(*SURFACE, "unique_tokens")) == []
    assert codes(grid().with_columns(pl.col("tokens").alias("unique_tokens"))) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda frame: scaling.fit(frame, interval="none"),
        lambda frame: scaling.extrapolate(frame, at="params=2B,tokens=60B", interval="none", estimator="describe"),
        lambda frame: scaling.compare_exponents(frame, by="half", interval="none", replicates=20),
        lambda frame: scaling.optimal_allocation(frame, budget=1e20, interval="none"),
    ],
    ids=["fit", "extrapolate", "compare-exponents", "optimal-allocation"],
)
def test_every_command_that_fits_says_so(ask):
    frame = shifted(grid(seeds=4), "dataset", ("x", "y"), (1, 1.1)).with_columns((pl.col("seed") % 2).alias("half"))
    try:
        found = [each.code for each in ask(frame).caveats]
    except ScalingError as error:
        pytest.fail(error.message)
    assert "pooled-groups" in found


@pytest.mark.parametrize("are_named", [True, False])
def test_files_of_two_kinds_of_runs_have_a_caveat(tmp_path, are_named):
    """Two tables of runs, as of two optimizers, that no column tells apart."""
    for name, factor in ("a", 1.0), ("b", 0.97):
        generator = np.random.default_rng(len(name))
        x = np.geomspace(1e18, 1e21, 12)
        loss = factor * (1.6 + 60 * x**-0.08) * np.exp(0.002 * generator.standard_normal(12))
        runs = pl.DataFrame({"run": [f"{name}{place}" for place in range(12)], "compute": x, "loss": loss})
        (runs if are_named else runs.drop("run")).write_csv(tmp_path / f"{name}.csv")
    run = None if are_named else "none"
    found = {each.code: each.message for each in scaling.fit(tmp_path, interval="none", run=run).caveats}
    assert "Fit each kind separately with --by file" in found["pooled-groups"]
    assert "pooled-groups" not in {
        each.code for each in scaling.fit(tmp_path, interval="none", run=run, by="file").caveats
    }


@pytest.mark.parametrize(
    ("column", "is_tuned"),
    [("base_lr", True), ("weight_decay", True), ("lr multiplier", True), ("optimizer", False), ("width", False)],
)
def test_a_setting_that_is_tuned_can_be_taken_at_its_best(column, is_tuned):
    frame = pl.concat([grid(seed=n).with_columns(pl.lit(10.0**-n).alias(column)) for n in (1, 2)])
    worse = pl.when(pl.col(column) < 0.05).then(pl.col("loss") * 1.05).otherwise("loss")
    [message] = [each.message for each in doubts(frame.with_columns(loss=worse)) if each.code == "pooled-groups"]
    assert ("or the best of each size with --best-over" in message) == is_tuned
    if is_tuned:
        best = scaling.fit(frame.with_columns(loss=worse), interval="none", best_over=column)
        assert "pooled-groups" not in [each.code for each in best.caveats]


def test_two_kinds_of_five_runs_each_are_told_apart_where_their_losses_differ_by_far():
    sizes = np.geomspace(8e5, 1e8, 5)
    loss = np.concatenate([0.4 + 500 * sizes**-0.59, 0.36 + 13 * sizes**-0.28]) * np.exp(0.01 * np.cos(np.arange(10)))
    runs = pl.DataFrame({"params": np.tile(sizes, 2), "model_type": ["transformer"] * 5 + ["lstm"] * 5, "loss": loss})
    jittered = runs.with_columns(pl.col("params") * np.exp(0.1 * np.sin(np.arange(10))))
    (found,) = [each for each in scaling.fit(jittered, interval="none").caveats if each.code == "pooled-groups"]
    assert "model_type takes 2 values" in found.message


def test_labels_that_mean_nothing_are_rarely_named_on_noisy_runs():
    named = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sizes = np.geomspace(1e6, 1e9, 12)
        loss = (1 + 50 * sizes**-0.3) * np.exp(0.06 * rng.standard_normal(12))
        runs = pl.DataFrame({"params": sizes, "kind": rng.permutation(["a", "b"] * 6), "loss": loss})
        named += "pooled-groups" in {each.code for each in scaling.fit(runs, interval="none").caveats}
    assert named <= 3  # of 60, at a chance of at most 1 % each: more has a probability of 0.3 %


@pytest.mark.parametrize(("factor", "is_named"), [(1.15, True), (1.0, False)])
def test_folders_of_files_are_tried_as_the_reason(tmp_path, factor, is_named):
    """Losses on one data set are in one folder, and those on another in the other."""
    for place, row in enumerate(scattered().iter_rows(named=True)):
        kind = ("c4", "pile")[place % 2]
        run = pl.DataFrame({"step": [1, 2], **{name: [row[name]] * 2 for name in SURFACE}, "loss": [5.0, row["loss"]]})
        run = run.with_columns(tokens=pl.col("tokens") * pl.col("step") / 2)
        if kind == "pile":
            run = run.with_columns(loss=pl.col("loss") * factor)
        (tmp_path / kind).mkdir(exist_ok=True)
        run.write_csv(tmp_path / kind / f"run{place}.csv")
    found = {each.code: each.message for each in input_doubts(load_runs([str(tmp_path)]), SURFACE)}
    assert ("pooled-groups" in found) == is_named
    if is_named:
        assert "--by folder" in found["pooled-groups"]
        assert set(load_runs([str(tmp_path)], by=("folder",)).frame["folder"]) == {"c4", "pile"}


def test_a_setting_of_many_values_that_explains_the_spread_is_named():
    decay = np.random.default_rng(4).uniform(0.01, 0.3, 60)
    frame = scattered().with_columns(pl.Series("weight_decay", decay))
    (found,) = doubts(frame.with_columns(pl.col("loss") * pl.Series(np.exp(0.3 * decay))))
    assert found.code == "unread-setting"
    assert "weight_decay" in found.message
    assert codes(frame) == []


@pytest.mark.parametrize(
    ("inputs", "is_said"), [(SURFACE, True), (("params", "compute"), True), (("params",), False)]
)  # fmt: skip
def test_a_rate_that_follows_tokens_matters_to_a_law_of_tokens_or_compute(inputs, is_said):
    frame = grid().with_columns(
        lr=3e-4 * (pl.col("tokens") / 1e9) ** -0.2, compute=6 * pl.col("params") * pl.col("tokens")
    )
    assert ("tied-to-tokens" in codes(frame, inputs=inputs)) == is_said
    by_size = frame.with_columns(lr=3e-4 * (pl.col("params") / 1e8) ** -0.2)
    assert "tied-to-tokens" not in codes(by_size, inputs=inputs)
