import math

import polars as pl
import pytest

from scaling_cli.data.runs.checkpoints import read_checkpoints
from scaling_cli.errors import DataError, UsageError
from tests.data.loading import load_runs


@pytest.fixture
def curves():
    """Two runs of 100 steps, shuffled, with the lowest loss at step 80."""
    rows = [
        (run, step, 1e6, step * 1e7, 2 + offset + ((step - 80) / 100) ** 2)
        for run, offset in (("a", 0.0), ("b", 1.0))
        for step in range(1, 101)
    ]
    frame = pl.DataFrame(rows, schema=["run", "step", "params", "tokens", "loss"], orient="row")
    return frame.sample(fraction=1.0, shuffle=True, seed=1)


def points(frame, **options):
    return load_runs(frame, **options).frame.sort("run_id", "step")


def test_the_best_checkpoint_has_the_lowest_loss_and_gets_a_caveat(curves):
    table = load_runs(curves, checkpoints="best")
    assert table.frame.select("run_id", "step", "loss").rows() == [("a", 80.0, 2.0), ("b", 80.0, 3.0)]
    assert "best-checkpoint" in [caveat.code for caveat in table.caveats]
    last = load_runs(curves.filter(pl.col("step") == pl.col("step").max()), checkpoints="best")
    assert "best-checkpoint" not in [caveat.code for caveat in last.caveats]


def test_of_equal_losses_the_earliest_is_best():
    frame = pl.DataFrame({"run": ["a"] * 3, "step": [3, 1, 2], "loss": [1.0, 2.0, 1.0]})
    assert points(frame, checkpoints="best")["step"].to_list() == [2.0]


def test_all_checkpoints_come_without_those_before_enough_tokens(curves):
    frame = points(curves, checkpoints="all", skip_tokens="0.9B")
    assert frame["step"].to_list() == [*range(90, 101)] * 2
    assert load_runs(curves, skip_tokens="0.9B").excluded == {}


def test_a_step_that_was_logged_twice_counts_once_and_is_counted(curves):
    table = load_runs(pl.concat([curves, curves.filter(pl.col("step") > 95)]), checkpoints="all")
    assert table.frame.height == 200
    assert table.excluded == {"repeated step": 10}


def test_samples_are_means_over_windows(curves):
    table = load_runs(curves, sample_at="tokens=500M,0.8B,9B")
    frame = table.frame.sort("run_id", "step")
    # Windows of 5 %: steps 49 to 51 and 78 to 82.
    assert frame["step"].to_list() == [50.0, 80.0] * 2
    assert frame["loss"][0] == pytest.approx(2 + (0.31**2 + 0.3**2 + 0.29**2) / 3, rel=1e-12)
    (missed,) = [caveat for caveat in table.caveats if caveat.code == "sample-missed"]
    assert missed.message.startswith("For 2 of 6 combinations")


def test_samples_can_be_taken_by_derived_compute(curves):
    assert points(curves, sample_at="compute=3e15")["step"].to_list() == [50.0, 50.0]


def test_smoothing_averages_the_end_of_each_run(curves):
    frame = points(curves, smooth="10%")
    expected = sum(2 + ((step - 80) / 100) ** 2 for step in range(90, 101)) / 11
    assert frame["loss"].to_list() == pytest.approx([expected, expected + 1], rel=1e-12)
    assert frame["step"].to_list() == [100.0, 100.0]


def test_smoothing_all_checkpoints_agrees_with_smoothing_the_last(curves):
    every = points(curves, checkpoints="all", smooth="0.1")
    assert every.filter(pl.col("step") == 100)["loss"].to_list() == pytest.approx(
        points(curves, smooth="10%")["loss"].to_list(), rel=1e-12
    )
    # A tenth back from step 100 are steps 90 to 100, and from step 10 steps 9 to 10.
    assert every["loss"][9] == pytest.approx(2 + (0.71**2 + 0.70**2) / 2, rel=1e-12)
    assert points(curves, checkpoints="best", smooth="10%")["step"].to_list() == [84.0, 84.0]


def test_one_file_is_one_run_if_the_choice_of_checkpoints_needs_runs(tmp_path, curves):
    path = tmp_path / "curve.csv"
    curves.filter(pl.col("run") == "a").drop("run").write_csv(path)
    assert load_runs(path, checkpoints="best").frame.select("run_id", "step").rows() == [("curve", 80.0)]


def test_params_are_found_in_the_names_of_runs(tmp_path):
    for size in ("70M", "1.4B"):
        (tmp_path / f"n{size}_d20.csv").write_text("step,tokens,loss\n1,100,3\n")
    table = load_runs(tmp_path, params_from_name=r"^n([0-9.]+[MB])")
    assert sorted(table.frame["params"]) == [7e7, 1.4e9]
    assert table.frame["compute"].to_list() == (6 * table.frame["params"] * 100).to_list()
    assert table.columns["params"] == "^n([0-9.]+[MB]) in the name of the run"
    for pattern, error in (("n(", UsageError), ("n", DataError), ("x([0-9])", DataError)):
        with pytest.raises(error):
            load_runs(tmp_path, params_from_name=pattern)


@pytest.mark.parametrize(
    "options",
    [
        {"sample_at": "tokens"},
        {"sample_at": "loss=1"},
        {"sample_at": "tokens=0"},
        {"sample_at": "tokens=1B", "checkpoints": "all"},
        {"smooth": "150%"},
        {"smooth": "x"},
        {"skip_tokens": "some"},
        {"checkpoints": "fianl"},
    ],
)
def test_an_invalid_choice_of_checkpoints_is_a_usage_error(curves, options):
    with pytest.raises(UsageError) as caught:
        load_runs(curves, **options)
    assert caught.value.hint


def test_a_choice_that_needs_a_missing_column_is_a_data_error(curves):
    for options in ({"checkpoints": "best"}, {"smooth": "5%"}):
        with pytest.raises(DataError, match="run"):
            load_runs(curves.drop("run"), **options)
    with pytest.raises(DataError, match="tokens"):
        load_runs(curves.drop("tokens"), skip_tokens="1B")
    with pytest.raises(DataError, match="step"):
        load_runs(curves.drop("step"), smooth="5%")


def test_losses_that_are_not_positive_stay_if_no_log_is_taken():
    frame = pl.DataFrame({"compute": [1.0, 2.0, 3.0], "score": [0.0, -1.0, 0.5]})
    assert load_runs(frame, mapping={"loss": "score"}, positive_loss=False).frame.height == 3
    assert load_runs(frame, mapping={"loss": "score"}).excluded == {"non-positive loss": 2}


def test_means_do_not_depend_on_row_order(curves):
    for options in ({"smooth": "30%"}, {"sample_at": "step=50"}):
        first, second = points(curves, **options), points(curves.reverse(), **options)
        assert first.equals(second)
        assert math.isfinite(first["loss"].sum())


@pytest.mark.parametrize(
    ("options", "excluded", "total", "message"),
    [
        ((None, "1B", None, None), {}, 0, "No row reaches 1B tokens"),
        ((None, None, "step=5,7", None), {}, 3, "No row is within 2.5 % of 5 or 7 steps"),
        ((None, None, "compute=1e20", None), {"no loss": 2}, 3, "2.5 % of 1e20 FLOPs"),
        ((None, None, "tokens=5", None), {"no loss": 2}, 2, None),  # nothing is left because no row is usable
        ((None, "1B", None, None), {"no loss": 2}, 2, None),
        ((None, None, None, None), {}, 0, None),
        ((None, None, None, "5%"), {"no loss": 1}, 2, None),
    ],
)
def test_a_choice_that_leaves_no_row_says_so(options, excluded, total, message):
    checkpoints = read_checkpoints("final", *options[1:])
    if message is None:
        checkpoints.refuse_none(excluded, total)
    else:
        with pytest.raises(DataError, match=message):
            checkpoints.refuse_none(excluded, total)


@pytest.mark.parametrize("smooth", ["0", "100%", "1", "-5%"])
def test_a_share_to_smooth_over_lies_between_0_and_1(smooth):
    with pytest.raises(UsageError):
        read_checkpoints("final", None, None, smooth)
    assert read_checkpoints("final", None, None, "99%").smooth == 0.99


@pytest.mark.parametrize(("which", "smooth"), [("all", None), ("final", "5%"), ("best", "5%")])
def test_samples_replace_the_other_choices(which, smooth):
    with pytest.raises(UsageError, match="--sample-at cannot be combined"):
        read_checkpoints(which, None, "tokens=1B", smooth)


def test_the_option_that_needs_runs_is_named():
    assert read_checkpoints("final", None, " tokens =1B,2k", None).sample_at == ("tokens", (1e9, 2000.0))
    assert read_checkpoints("final", None, "tokens=1B", None).option == "--sample-at"
    assert read_checkpoints("all", None, None, "5%").option == "--smooth"
    assert read_checkpoints("best", None, None, None).option == "--checkpoints best"
    assert not read_checkpoints("final", None, None, None).needs_runs
    assert read_checkpoints("final", None, None, "5%").needs_runs
