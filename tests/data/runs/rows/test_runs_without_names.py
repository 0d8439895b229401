import polars as pl
import pytest

from scaling_cli.data.runs.targets import load_targets
from tests.data.loading import load_runs

SIZES = (1e7, 3e7, 1e8, 3e8)


def log(steps, *, sizes=SIZES, step="step"):
    """Curves of several sizes in one table, without names."""
    rows = [(place, size, place * 1e6) for size in sizes for place in steps]
    frame = pl.DataFrame(rows, schema=[step, "params", "tokens"], orient="row")
    return frame.with_columns(loss=2 + 100 / pl.col("params") ** 0.3 + 1000 / pl.col("tokens") ** 0.4)


def codes(table):
    return {caveat.code for caveat in table.caveats} & {"inferred-runs", "unnamed-runs", "unnamed-curve"}


def test_rows_of_equal_params_with_evenly_spaced_steps_are_one_run():
    table = load_runs(log(range(100, 1100, 100)))
    assert table.frame["step"].to_list() == [1000.0] * 4
    assert table.frame["run_id"].n_unique() == 4
    assert table.columns["run_id"] == "params"
    assert codes(table) == {"inferred-runs"}


def test_all_checkpoints_of_an_inferred_run_share_its_name():
    table = load_runs(log(range(100, 1100, 100)), checkpoints="all")
    assert (table.frame.height, table.frame["run_id"].n_unique()) == (40, 4)


def test_inferred_runs_do_not_depend_on_the_order_of_rows():
    rows = log(range(100, 1100, 100))
    assert load_runs(rows.sort("step", "params")).frame.equals(load_runs(rows).frame)


def test_uneven_steps_at_the_ends_of_a_curve_do_not_hide_it():
    assert codes(load_runs(log([1, *range(100, 1100, 100), 1040]))) == {"inferred-runs"}


def test_runs_are_inferred_within_groups(tmp_path):
    rows = pl.concat([log(range(100, 1100, 100)).with_columns(opt=pl.lit(name)) for name in ("adam", "muon")])
    rows.write_csv(tmp_path / "log.csv")
    assert load_runs(tmp_path / "log.csv", by=["opt"]).frame.height == 8
    assert codes(load_runs(tmp_path / "log.csv")) == {"unnamed-runs"}  # steps repeat within a size


@pytest.mark.parametrize("steps", [(100, 300, 1000, 3000, 10000), (100, 200, 300)])
def test_steps_that_may_be_those_of_finished_runs_only_give_a_caveat(steps):
    table = load_runs(log(steps))
    assert table.frame.height == 4 * len(steps)
    assert codes(table) == {"unnamed-runs"}


def test_evenly_spaced_tokens_give_a_caveat_if_there_are_no_steps():
    assert codes(load_runs(log(range(100, 1100, 100)).drop("step"))) == {"unnamed-runs"}
    assert not codes(load_runs(log((100, 200, 300)).drop("step")))


@pytest.mark.parametrize("rounded", [lambda tokens: tokens / 3, lambda tokens: tokens.round_sig_figs(4)])
def test_evenly_spaced_tokens_may_be_rounded(rounded):
    rows = log(range(1000, 17000, 1000)).drop("step").with_columns(rounded(pl.col("tokens") * 1.0371))
    assert codes(load_runs(rows)) == {"unnamed-runs"}
    grid = log((100, 200, 400, 800, 1600, 3200, 6400, 12800)).drop("step").with_columns(rounded(pl.col("tokens")))
    assert not codes(load_runs(grid))


@pytest.mark.parametrize(
    "rows",
    [
        log([1000]),
        log(range(100, 1100, 100), sizes=(1e8,)),
        log(range(100, 1100, 100)).drop("params"),
        log(range(100, 1100, 100)).with_columns(run=pl.col("params").cast(pl.String)),
    ],
)
def test_rows_that_are_runs_or_one_run_or_named_have_no_caveat(rows):
    assert not codes(load_runs(rows))


def test_a_user_can_say_that_every_row_is_a_run():
    table = load_runs(log(range(100, 1100, 100)), mapping={"run_id": "none"})
    assert table.frame.height == 40
    assert not codes(table)


def test_targets_with_evenly_spaced_steps_stay_targets(tmp_path):
    log(range(100, 1100, 100)).write_csv(tmp_path / "targets.csv")
    targets = load_targets(tmp_path / "targets.csv")
    assert [amounts["step"] for amounts, *_ in targets] == [*range(100, 1100, 100)] * 4


def test_the_lowest_row_of_an_inferred_run_can_be_chosen(tmp_path):
    log(range(100, 1100, 100)).write_csv(tmp_path / "log.csv")
    assert load_runs(tmp_path / "log.csv", checkpoints="best").frame.height == 4


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((100, 200, 300, 400, 500), "inferred-runs"),
        ((100, 200, 300, 400), "unnamed-runs"),  # four rows may be a plan
        ((100, 200), None),
        ((100, 100, 200), None),  # two different steps
        ((100, 150, 250, 350, 650), "inferred-runs"),  # two of four gaps are the median
        ((100, 150, 210, 310, 410, 710, 1110), "unnamed-runs"),  # two of six
        ((100, 200, 300, 400, 500, 500), "unnamed-runs"),  # a step repeats
    ],
)
def test_five_steps_of_which_half_the_gaps_are_equal_are_a_run(steps, found):
    assert codes(load_runs(log(steps))) == ({found} if found else set())


@pytest.mark.parametrize(("rows", "is_said"), [(8, True), (7, False)])
def test_without_steps_eight_evenly_spaced_amounts_are_doubted(rows, is_said):
    frame = log(range(100, 100 * rows + 1, 100)).drop("step")
    assert bool(codes(load_runs(frame))) == is_said


def test_unevenly_spaced_amounts_without_steps_are_runs():
    assert not codes(load_runs(log([100 * 2**place for place in range(9)]).drop("step")))


def test_the_caveat_counts_rows_and_sizes():
    (said,) = [each.message for each in load_runs(log(range(100, 1100, 100))).caveats if each.code == "inferred-runs"]
    assert "40 rows" in said
    assert "4 " in said


def test_groups_of_one_size_are_curves_to_be_fitted():
    frame = log(range(100, 1100, 100))
    assert not codes(load_runs(frame, by=["params"]))
    assert load_runs(frame, by=["params"]).frame.height == 40


def curve(places, name="step", **columns):
    """A table without params; tokens are a million times the places."""
    amounts = [(1e6 if name == "tokens" else 1.0) * place for place in places]
    return pl.DataFrame({name: amounts, "loss": [1 + 5 / place**0.3 for place in places]} | columns)


EVEN_STEPS = range(100, 2100, 100)


@pytest.mark.parametrize("name", ["step", "tokens"])
def test_twenty_rows_at_evenly_spaced_steps_look_like_one_run(name):
    (caveat,) = load_runs(curve(EVEN_STEPS, name)).caveats
    assert caveat.code == "unnamed-curve"
    assert (
        f"20 rows at evenly spaced {'steps' if name == 'step' else 'tokens'} count as 20 independent" in caveat.message
    )
    assert load_runs(curve(EVEN_STEPS, name), mapping={"run_id": "none"}).caveats == ()
    assert "unnamed-curve" not in codes(load_runs(curve(EVEN_STEPS, name, run=["a"] * 20)))


@pytest.mark.parametrize(
    "rows",
    [
        curve(EVEN_STEPS[:19]),
        curve([round(100 * 1.2**place) for place in range(20)]),  # spaced like the lengths of planned runs
        curve([*EVEN_STEPS[:10]] * 2, seed=[0] * 10 + [1] * 10),
        curve(EVEN_STEPS).rename({"step": "compute"}),
        curve(EVEN_STEPS, params=[1e6 * 2**place for place in range(20)]),
    ],
)
def test_few_rows_and_steps_that_repeat_or_grow_by_factors_are_runs(rows):
    assert "unnamed-curve" not in codes(load_runs(rows))


def test_each_group_of_a_table_without_params_may_be_a_curve():
    groups = [curve(EVEN_STEPS, opt=[name] * 20) for name in ("adam", "muon")]
    assert codes(load_runs(pl.concat(groups), by=("opt",))) == {"unnamed-curve"}
    assert "unnamed-curve" not in codes(load_runs(pl.concat([rows.head(10) for rows in groups]), by=("opt",)))


def test_a_column_of_text_with_a_curve_for_each_value_is_offered_as_the_run():
    base, large = (curve(EVEN_STEPS, host=["a"] * 20, model=[name] * 20) for name in ("base", "large"))
    rows = pl.concat([base, large.with_columns(pl.col("loss") * 0.9)])
    (caveat,) = load_runs(rows).caveats
    assert caveat.code == "unnamed-curve"
    assert "checkpoints of a run for each model," in caveat.message
    assert "Give --run model if they are checkpoints" in caveat.message
    assert "unnamed-curve" not in codes(load_runs(rows, mapping={"run_id": "model"}))
    assert "unnamed-curve" not in codes(load_runs(rows.filter(pl.col("step") % 200 == 0)))
