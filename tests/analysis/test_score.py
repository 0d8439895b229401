"""Saved forecasts beside the losses that runs reached later."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm

import scaling_cli as scaling
from scaling_cli.analysis.score import _share, scored
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Band
from scaling_cli.sentences.score import sentence


def prediction(at, loss=2.0, low=1.9, high=2.1):
    return SavedPrediction(at=at, loss=Estimate(loss), prediction=Band(low, high))


def forecast(*predictions, path="old/f.json", group=None):
    return SavedForecast(
        path=path, group=group or {}, level=0.95, predictions=predictions, loss=None, hashes=frozenset()
    )


def run(loss=2.0, **columns):
    return {"run_id": "r", "loss": loss} | columns


AT = {"params": 1e9, "tokens": 1e10}


def result(forecasts, runs, within=0.05):
    return scored(forecasts, {None: runs}, within)


@pytest.mark.parametrize(("factor", "is_near"), [(1.049, True), (1 / 1.049, True), (1.051, False), (1 / 1.051, False)])
def test_a_forecast_is_of_runs_whose_amounts_differ_by_a_share_at_most(factor, is_near):
    runs = [run(params=factor * 1e9, tokens=1e10), run(params=1e9, tokens=1e10)]
    assert len(result([forecast(prediction(AT))], runs).scored) == (2 if is_near else 1)


def test_compute_says_nothing_more_where_params_and_tokens_are_known():
    both = run(params=1e9, tokens=1e10, compute=9e19)
    assert len(result([forecast(prediction({**AT, "compute": 6e19}))], [both]).scored) == 1
    alone = run(compute=9e19)
    with pytest.raises(DataError, match="The only run is not within 5% of"):
        result([forecast(prediction({"compute": 6e19}))], [alone])
    with pytest.raises(DataError, match="None of the 2 runs is within 5%"):
        result([forecast(prediction({"compute": 6e19}))], [alone, alone])


def test_of_the_checkpoints_of_a_run_only_the_nearest_is_scored():
    """Otherwise a run that logs often would count more than others, and each forecast as often as it has near rows."""
    rows = [run(2.0 + far, params=1e9, tokens=1e10 * (1 + far)) for far in (-0.03, 0.01, 0.04)]
    found = result([forecast(prediction(AT))], [*rows, run(1.95, run_id="other", params=1e9, tokens=1.04e10)])
    assert [row.observed for row in found.scored] == [2.01, 1.95]
    assert sentence(found, "").startswith("2 runs against 1 saved forecast")
    later = prediction({"params": 1e9, "tokens": 2e10})
    both = result([forecast(prediction(AT), later)], [*rows, run(1.95, params=1e9, tokens=2e10)])
    assert [row.observed for row in both.scored] == [2.01, 1.95]
    assert sentence(both, "").startswith("2 comparisons of 1 run against 1 saved forecast")


def test_nothing_in_common_is_no_match():
    with pytest.raises(DataError):
        result([forecast(prediction({"params": 1e9}))], [run(compute=6e19)])


def test_a_document_that_forecasts_no_run_says_so():
    with pytest.raises(DataError, match=r"old/f\.json has no forecast of a run") as caught:
        result([forecast()], [run(**AT)])
    assert "--at" in caught.value.hint


def test_errors_are_logs_of_observed_over_predicted():
    found = result([forecast(prediction(AT))], [run(2.2, **AT), run(1.95, **AT)])
    off = np.log([2.2 / 2.0, 1.95 / 2.0])
    assert [row.error_log for row in found.scored] == pytest.approx(off)
    assert (found.rmse_log, found.bias_log) == pytest.approx((np.sqrt(np.mean(off**2)), off.mean()))
    assert [row.inside for row in found.scored] == [False, True]
    assert [row.running for row in found.scored] == [0.0, 0.5]
    assert (found.inside, found.forecasts, found.unmatched, found.level) == (1, 1, 0, 0.95)
    assert found.scored[0].forecast == "f.json"


@pytest.mark.parametrize("loss", [1.9, 2.1])
def test_the_ends_of_an_interval_are_inside(loss):
    assert result([forecast(prediction(AT))], [run(loss, **AT)]).scored[0].inside


def test_a_forecast_without_an_interval_is_scored_and_not_judged():
    found = result([forecast(prediction(AT, low=None))], [run(2.2, **AT)])
    assert (found.scored[0].inside, found.scored[0].running, found.coverage) == (None, None, Estimate(None))
    both = result([forecast(prediction(AT, low=None), prediction(AT))], [run(2.0, **AT)])
    assert (both.coverage.estimate, [row.running for row in both.scored]) == (1.0, [None, 1.0])


@pytest.mark.parametrize(("inside", "judged"), [(0, 4), (3, 4), (7, 9)])
def test_the_share_inside_has_wilsons_interval(inside, judged):
    sizes = [{"params": 1e9 * 2**place, "tokens": 1e10} for place in range(judged)]
    runs = [run(2.0 if i < inside else 3.0, **at, run_id=f"r{i}") for i, at in enumerate(sizes)]
    found = result([forecast(prediction(at), path=f"{i}.json") for i, at in enumerate(sizes)], runs).coverage
    expected = binomtest(inside, judged).proportion_ci(0.95, "wilson")
    assert (found.estimate, found.low, found.high) == pytest.approx((inside / judged, expected.low, expected.high))


@pytest.mark.parametrize(
    ("places", "files", "independent"),
    [
        ([0, 1, 2], ["a", "a", "a"], 1),  # three runs that one fit forecast
        ([0, 0, 0], ["a", "b", "c"], 1),  # one run that three fits forecast
        ([0, 1, 2], ["a", "b", "c"], 3),
        ([0, 1, 0, 1, 0, 1], ["a", "a", "b", "b", "c", "c"], 2),
        ([0, 1, 1, 2], ["a", "a", "b", "b"], 2),
    ],
)
def test_the_interval_of_the_share_counts_forecasts_that_share_neither_a_fit_nor_a_run(places, files, independent):
    sizes = [{"params": 1e9 * 2**place, "tokens": 1e10} for place in range(3)]
    runs = [run(**at, run_id=f"r{i}") for i, at in enumerate(sizes)]
    made = [forecast(prediction(sizes[place]), path=file) for place, file in zip(places, files, strict=True)]
    found = result(made, runs)
    expected = binomtest(independent, independent).proportion_ci(0.95, "wilson")
    assert (found.independent, len(found.scored)) == (independent, len(places))
    assert (found.coverage.low, found.coverage.high) == pytest.approx((expected.low, expected.high))


def test_forecasts_of_the_same_file_of_runs_are_of_one_fit_unless_they_are_of_other_groups():
    sizes = [{"params": 1e9 * 2**place, "tokens": 1e10} for place in range(2)]
    runs = [run(**at, run_id=f"r{i}") for i, at in enumerate(sizes)]
    made = [replace(forecast(prediction(at), path=f"{i}"), hashes=frozenset("h")) for i, at in enumerate(sizes)]
    assert result(made, runs).independent == 1
    assert result([replace(each, group={"opt": each.path}) for each in made], runs).independent == 2


def test_forecasts_of_a_group_are_of_its_runs():
    made = forecast(prediction(AT), group={"data": "web"})
    found = result([made], [run(data="web", **AT), run(data="code", **AT), run(**AT)])
    assert len(found.scored) == 2  # a run that does not say its group may be of it


def test_a_run_that_fits_several_forecasts_of_one_fit_is_of_the_nearest():
    near, far = (prediction({"params": params, "tokens": 1e10}, loss) for params, loss in ((1e9, 2.0), (1.03e9, 1.9)))
    runs = [run(params=params, tokens=1e10, run_id=f"{params:g}") for params in (1e9, 1.01e9, 1.02e9, 1.04e9)]
    found = result([forecast(near, far)], runs)
    assert [(row.run, row.predicted.estimate) for row in found.scored] == [
        ("1e+09", 2.0), ("1.01e+09", 2.0), ("1.02e+09", 1.9), ("1.04e+09", 1.9),
    ]  # fmt: skip
    assert result([forecast(near, far)], runs[:1]).unmatched == 1
    # Forecasts of other fits, and further forecasts of the same run, are scored too.
    assert len(result([forecast(near), forecast(far, path="other.json")], runs[:1]).scored) == 2
    assert len(result([forecast(near, near)], runs[:1]).scored) == 2


def test_forecasts_without_a_run_or_a_loss_are_counted():
    far = prediction({"params": 1e12, "tokens": 1e10})
    nothing = SavedPrediction(at=AT, loss=Estimate(None), prediction=Band())
    found = result([forecast(prediction(AT), far, nothing), forecast(prediction(AT), path="other.json")], [run(**AT)])
    assert (found.unmatched, found.forecasts, len(found.scored)) == (2, 2, 2)


@pytest.mark.parametrize("lacking", ["params", "tokens"])
def test_runs_without_one_of_params_and_tokens_are_of_no_forecast_of_both(lacking):
    known = {role: amount for role, amount in AT.items() if role != lacking}
    with pytest.raises(DataError, match=f"The runs have no {lacking}, so it is not known") as caught:
        result([forecast(prediction(AT))], [run(**known)])
    assert f"--{lacking} COL" in caught.value.hint
    assert len(result([forecast(prediction({**AT, "compute": 6e19}))], [run(compute=6e19)]).scored) == 1
    assert len(result([forecast(prediction(known))], [run(**known)]).scored) == 1


@pytest.mark.parametrize(("rate", "is_near"), [(1e-3, True), (2e-3, False), (0.0, False)])
def test_further_inputs_of_a_forecast_are_compared_where_runs_have_them(rate, is_near):
    runs = [run(**AT, lr=rate), run(**AT)]
    assert len(result([forecast(prediction({**AT, "lr": 1e-3}))], runs).scored) == 1 + is_near


def test_runs_of_other_groups_are_told_from_runs_of_other_sizes():
    forecasts = [forecast(prediction(AT), group={"opt": name}) for name in "ab"]
    with pytest.raises(DataError, match="The forecasts are of runs with opt a, b, but runs of these sizes are"):
        result(forecasts, [run(**AT, opt="c")])
    with pytest.raises(DataError, match="is not within 5%"):
        result(forecasts, [run(params=1e9, tokens=3e10, opt="c")])


def test_a_forecast_that_does_not_exist_and_runs_without_its_groups_are_named(tmp_path):
    params, tokens = np.repeat([1e8, 3e8, 1e9], 4), np.tile([1e9, 5e9, 2e10, 8e10], 3)
    loss = 1.8 + 400 / params**0.34 + 400 / tokens**0.28
    runs = {"params": params, "tokens": tokens, "loss": loss, "opt": ["a"] * 12}
    saved = scaling.extrapolate(runs, by="opt", at="params=1e9,tokens=8e10", replicates=100)
    with pytest.raises(UsageError, match="The forecasts are of groups of opt, but the runs have no such column"):
        scaling.score([saved, {key: runs[key] for key in ("params", "tokens", "loss")}])
    assert scaling.score([saved, runs]).results
    with pytest.raises(DataError, match=r"none\.json does not exist"):
        scaling.score([tmp_path / "none.json", tmp_path / "runs.csv"])


@pytest.mark.parametrize("share", [0.6, 0.9])
@pytest.mark.parametrize("together", [0.5, 0.9, 1.0])
def test_the_interval_of_the_share_holds_where_forecasts_of_one_fit_are_right_or_wrong_together(share, together):
    """Twenty fits of five forecasts; `together` is the correlation of their errors. Counting all holds 50 to 81 %."""
    rng = np.random.default_rng(0)
    of_fit, own = rng.standard_normal((2000, 20, 1)), rng.standard_normal((2000, 20, 5))
    is_inside = np.sqrt(together) * of_fit + np.sqrt(1 - together) * own < norm.ppf(share)
    ends = [_share(float(found), 20) for found in is_inside.mean(axis=(1, 2))]
    held = np.mean([end.low <= share <= end.high for end in ends])
    assert held > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 2000)
