import numpy as np
import polars as pl
import pytest

from scaling_cli.data.runs.best_over import cells, levels
from scaling_cli.errors import UsageError
from tests.data.loading import load_runs

RATES = (1e-4, 3e-4, 1e-3, 3e-3)


def sweep(seeds=1, noise=0.0, **columns):
    """A sweep over the learning rate at six sizes and two amounts of tokens each; 6e-4 would be the best rate."""
    rng = np.random.default_rng(5)
    rows = [
        {"params": size, "tokens": times * size, "lr": rate, "seed": seed, **columns}
        for size in np.geomspace(1e8, 1e9, 6) for times in (20, 80) for rate in RATES for seed in range(seeds)
    ]  # fmt: skip
    frame = pl.DataFrame(rows)
    law = 1.8 + 400 * frame["params"] ** -0.34 + 400 * frame["tokens"] ** -0.28
    worse = 1 + 0.02 * (frame["lr"] / 6e-4).log() ** 2
    return frame.with_columns((law * worse * np.exp(noise * rng.standard_normal(len(frame)))).alias("loss"))


def found(frame, *names, **options):
    table = load_runs(frame, best_over=names, **options)
    return table, next(caveat.message for caveat in table.caveats if caveat.code == "best-over")


@pytest.mark.parametrize("name", ["lr", "learning_rate"])
def test_each_cell_keeps_its_lowest_loss_and_the_caveat_counts_them(name):
    table, message = found(sweep().rename({"lr": name}), name)
    assert table.frame.height == 12
    assert table.frame["lr"].unique().to_list() == [1e-3]
    assert "12 of 48 points remain; 12 of them are the best of several runs." in message


@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_the_loss_itself_cannot_be_swept(name):
    with pytest.raises(UsageError, match=f"--best-over {name} names the loss") as caught:
        load_runs(sweep().rename({"loss": "val_loss"}), best_over=("lr", name))
    assert "--best-over lr,batch_size" in caught.value.hint


def test_seeds_are_averaged_before_the_minimum_is_taken():
    frame = sweep(seeds=4, noise=0.01)
    table, message = found(frame, "lr")
    means = frame.group_by("params", "tokens", "lr").agg(pl.col("loss").mean())
    least = means.group_by("params", "tokens").agg(pl.col("loss").min()).sort("params", "tokens")
    assert table.frame.sort("params", "tokens")["loss"].to_list() == pytest.approx(least["loss"].to_list())
    assert "12 of 192 points remain" in message


@pytest.mark.parametrize("options", [{"by": ("dataset",)}, {}])
def test_other_groups_and_data_sets_are_other_cells(options):
    frame = pl.concat([sweep(dataset="pile"), sweep(dataset="c4").with_columns(pl.col("loss") * 1.1)])
    table, _ = found(frame, "lr", **options)
    assert table.frame.height == 24


def test_several_columns_are_swept_together_and_one_alone_leaves_the_other():
    frames = [sweep(batch_size=size).with_columns(pl.col("loss") * (1 + size / 1e4)) for size in (128, 256)]
    frame = pl.concat(frames)
    assert found(frame, "lr", "batch_size")[0].frame.height == 12
    assert found(frame, "lr")[0].frame.height == 24


def test_a_best_rate_at_the_end_of_its_sweep_is_counted():
    frame = sweep().filter(pl.col("lr") < 2e-3)
    assert "in 12 the best lr is the least or the greatest one tried" in found(frame, "lr")[1]


def test_the_last_rows_of_curves_are_compared_by_the_peak_of_their_rate():
    ends = sweep(seeds=2).with_columns(pl.format("{}-{}-{}-{}", "params", "tokens", "lr", "seed").alias("run"))
    rows = [
        ends.with_columns(pl.lit(step).alias("step"), pl.col("lr") * (1 - step / 100), pl.col("loss") + 1 - step / 100)
        for step in (1, 50, 100)
    ]
    table, message = found(pl.concat(rows), "lr")
    assert "12 of 96 points remain; 12 of them are the best of several runs" in message
    assert table.frame["loss"].min() == pytest.approx(sweep()["loss"].min())


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="'warmup'"):
        load_runs(sweep(), best_over="warmup")


def test_amounts_within_a_percent_are_one_level_unless_they_are_a_continuum():
    assert len(set(levels(pl.Series([1e9, 1.003e9, 2e9])).tolist())) == 2
    assert len(set(levels(pl.Series(np.linspace(1e9, 2e9, 500))).tolist())) == 500
    assert len(set(levels(pl.Series([0.0, -1.0, None, 1.0])).tolist())) == 4


def test_labels_are_shared_within_a_percent_and_no_value_is_lost():
    values = pl.Series("x", [1.0, 1.005, 2.0, None, 0.0, -1.0, -1.001, 2.001, None, 3.0])
    labels = levels(values).tolist()
    assert labels[0] == labels[1]
    assert labels[2] == labels[7]
    assert labels[3] == labels[8]
    assert len(set(labels)) == 7
    chain = levels(pl.Series("x", np.exp(0.008 * np.arange(10))))
    assert len(set(chain.tolist())) == 10


def test_levels_are_numbered_from_zero_and_words_have_their_own():
    assert levels(pl.Series([2.0, 1.0, 2.0])).tolist() == [1, 0, 1]
    assert levels(pl.Series(["b", "a", None, "b"])).tolist() == [2, 1, 0, 2]
    assert levels(pl.Series([], dtype=pl.Float64)).tolist() == []


@pytest.mark.parametrize(("gap", "count"), [(0.0099, 1), (0.0101, 2)])
def test_amounts_share_a_level_below_a_percent(gap, count):
    assert len(set(levels(pl.Series(np.exp([1.0, 1.0 + gap]))).tolist())) == count


@pytest.mark.parametrize(("gap", "count"), [(0.0074, 1), (0.0076, 5)])
def test_a_chain_over_more_than_three_percent_is_a_continuum(gap, count):
    chain = levels(pl.Series([*np.exp(gap * np.arange(5)), 50.0, 50.1])).tolist()
    assert len(set(chain[:5])) == count
    assert chain[5] == chain[6]
    assert chain[5] not in chain[:5]


def test_combinations_of_labels_have_numbers_of_their_own():
    first, second = np.array([0, 0, 1, 1, 0]), np.array([0, 1, 0, 1, 0])
    assert cells([first, second]).tolist() == [0, 1, 2, 3, 0]
    assert cells([first]).tolist() == first.tolist()
    third = np.array([0, 1, 1, 0, 2])
    assert len(set(cells([first, second, third]).tolist())) == 5


@pytest.mark.parametrize(
    ("rates", "at_end"),
    [
        ((1e-4, 6e-4), False),
        ((1e-4, 6e-4, 1e-3), False),
        ((1e-4, 3e-4, 6e-4), True),
        ((6e-4, 1e-3, 3e-3), True),
        ((6e-4, 3e-3), False),
    ],
)
def test_only_the_end_of_at_least_three_values_is_worth_saying(rates, at_end):
    frame = pl.concat([sweep().filter(pl.col("lr") == RATES[0]).with_columns(lr=pl.lit(rate)) for rate in rates])
    frame = frame.with_columns(loss=pl.col("params") ** -0.1 * (1 + 0.02 * (pl.col("lr") / 6e-4).log() ** 2))
    assert ("the least or the greatest one tried" in found(frame, "lr")[1]) == at_end


def test_ends_are_counted_for_one_column_of_numbers_only():
    rates = sweep().filter(pl.col("lr") < 2e-3)
    two = pl.concat(
        [rates.with_columns(warmup=pl.lit(width), loss=pl.col("loss") + width) for width in (1.0, 2.0, 3.0)]
    )
    assert "greatest one tried" not in found(two, "lr", "warmup")[1]
    words = rates.with_columns(opt=pl.format("o{}", pl.col("lr").rank("dense")))
    assert "greatest one tried" not in found(words.drop("lr"), "opt")[1]


def test_a_cell_with_one_run_is_not_counted_as_the_best_of_several():
    alone = sweep().filter((pl.col("params") > 1.1e8) | (pl.col("lr") < 2e-4))
    message = found(alone, "lr")[1]
    assert "12 of 42 points remain; 10 of them are the best of several runs" in message


def test_of_equal_losses_the_first_run_is_best():
    frame = pl.DataFrame({"params": [1e8] * 2, "tokens": [1e9] * 2, "lr": [2e-3, 1e-3], "loss": [3.0, 3.0]})
    assert found(frame, "lr")[0].frame["lr"].to_list() == [2e-3]


def test_steps_distinguish_cells_where_neither_tokens_nor_compute_are_known():
    frame = pl.DataFrame(
        {"params": [1e8] * 4, "step": [10.0, 10.0, 20.0, 20.0], "lr": [1.0, 2.0] * 2, "loss": [4.0, 3.0, 2.0, 2.5]}
    )
    assert sorted(found(frame, "lr")[0].frame["loss"]) == [2.0, 3.0]
    known = frame.with_columns(tokens=pl.lit(1e9))
    assert found(known, "lr")[0].frame["loss"].to_list() == [2.75]  # equal tokens: rows of one rate are seeds


def test_the_row_that_stays_is_the_first_of_its_seeds():
    frame = sweep(seeds=2).with_columns(run=pl.format("r{}", pl.int_range(pl.len())))
    table, _ = found(frame, "lr")
    assert {int(name[1:]) % 2 for name in table.frame["run_id"]} == {0}


def test_a_condition_of_its_own_for_each_run_distinguishes_nothing():
    frame = sweep(seeds=1).with_columns(dataset=pl.format("d{}", pl.int_range(pl.len())))
    assert found(frame, "lr")[0].frame.height == 12
    repeated = pl.concat([frame.with_columns(dataset=pl.lit(name)) for name in ("x", "y")])
    assert found(repeated, "lr")[0].frame.height == 24


@pytest.mark.parametrize(("values", "is_key"), [(24, True), (25, False)])
def test_a_column_that_was_kept_is_an_input_if_its_values_repeat(values, is_key):
    frame = sweep(seeds=1).with_columns(width=(pl.int_range(pl.len()) % values).cast(pl.Float64))
    remaining = found(frame, "lr", keep=["width"])[0].frame.height
    assert (remaining > 12) == is_key
