"""Laws are ranked by how well smaller runs predict larger ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting import ranking
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.ranking import cutoffs, fit_best, rank
from scaling_cli.laws import find_law
from tests import ROOT
from tests.factories import grouped

LADDER = ("power", "power-constant")


def problems(floor, points=30, noise=0.003, seed=0, laws=LADDER):
    generator = np.random.default_rng(seed)
    x = np.geomspace(1e18, 1e22, points)
    loss = ((600 * x**-0.15 + floor) if floor else 30 * x**-0.06) * np.exp(noise * generator.standard_normal(points))
    return {name: problem_from_arrays(find_law(name), {"x": x}, loss, np.arange(points)) for name in laws}, x


def test_a_floor_is_found_where_there_is_one():
    found = rank(*_arguments(1.8))
    assert found[0].law == "power-constant"
    scores = [each.heldout_rmse_log for each in found]
    assert scores == sorted(scores)
    tested = next(each for each in found if each.law == "power-constant")
    assert tested.test.against == "power"
    assert tested.test.p_value < 1e-6


def _arguments(floor, **options):
    made, x = problems(floor, **options)
    return made, Objective(), x


def test_baselines_are_ranked_with_the_laws():
    assert {each.law for each in rank(*_arguments(1.8)) if each.is_baseline} == {
        "last-point", "line-through-larger-half",
    }  # fmt: skip


def test_information_criteria_prefer_the_simpler_law_where_it_is_true():
    found = {each.law: each for each in rank(*_arguments(0))}
    assert found["power"].aicc < found["power-constant"].aicc
    assert found["power"].bic < found["power-constant"].bic


def test_nothing_above_a_cut_off_is_used_below_it():
    made, x = problems(1.8)
    changed = {
        name: problem_from_arrays(
            problem.law, problem.columns, np.where(x > x.max() / 2, 1.01, 1.0) * problem.observed, problem.runs
        )
        for name, problem in made.items()
    }
    before, after = (
        {each.law: each for each in rank(each, Objective(), x)}["power"].heldout_bias_log for each in (made, changed)
    )
    # Only the points above every cut-off moved, by 1 %: predictions are the same, so the bias moves by their share.
    cuts = cutoffs(x, 3)
    share = np.mean([(x[~is_trained] > x.max() / 2).mean() for is_trained in cuts])
    assert before - after == pytest.approx(np.log(1.01) * share, rel=1e-6)


def test_cut_offs_leave_enough_on_either_side():
    x = np.geomspace(1e18, 1e22, 12)
    for is_trained in cutoffs(x, 5):
        assert is_trained.sum() > 5
        assert (~is_trained).sum() >= 2
    assert cutoffs(np.full(12, 1e20), 3) == []


def test_the_command_fits_the_best_law_and_lists_all():
    report = scaling.fit(ROOT / "sample_data" / "isoflop_runs.csv", law="all", interval="none")
    (result,) = report.results
    assert result.law == result.selection[0].law == "chinchilla"
    assert {"chinchilla-tied", "general", "kaplan", "last-point"} <= {each.law for each in result.selection}
    assert result.reason.startswith("ranked first of")


def test_too_narrow_a_range_ranks_by_aicc_and_says_so():
    x = np.linspace(1e20, 1.2e20, 20)
    loss = 30 * x**-0.06 * np.exp(0.001 * np.random.default_rng(1).standard_normal(20))
    candidates = [
        grouped(problem_from_arrays(find_law(name), {"x": x}, loss, np.arange(20)), scale=x)
        for name in ("power", "logarithmic")
    ]
    result, caveats = fit_best(candidates, Settings(interval="none"))
    assert "no-cutoffs" in {each.code for each in caveats}
    laws = [each for each in result.selection if not each.is_baseline]
    assert [each.heldout_rmse_log for each in laws] == [None, None]
    assert laws[0].aicc <= laws[1].aicc


def test_losses_below_one_are_ranked_and_a_loss_of_zero_is_not():
    x = np.geomspace(1e18, 1e22, 12)
    for least, is_ranked in ((0.3, True), (0.0, False)):
        loss = 30 * x**-0.09
        loss[-1] = min(loss[-1], least)
        made = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(12), space="linear")
        candidates = [grouped(made, scale=x)]
        if is_ranked:
            assert fit_best(candidates, Settings(interval="none"))[0].law == "power"
            continue
        with pytest.raises(UsageError, match="some losses are not positive") as refused:
            fit_best(candidates, Settings(interval="none"))
        assert "--space linear" in refused.value.hint


def test_without_the_size_of_runs_nothing_is_ranked():
    made, _ = problems(1.8)
    with pytest.raises(UsageError, match="needs the compute of each run"):
        fit_best([grouped(each) for each in made.values()], Settings(interval="none"))


def test_the_best_law_that_the_data_identify_is_fitted(monkeypatch):
    made, x = problems(1.8, points=14)

    def fails_for(*laws):
        def found(group, settings):
            if group.problem.law.name in laws:
                raise FitError(f"{group.problem.law.name} is not determined.", hint="")
            return fit(group, settings)

        return found

    candidates = [grouped(each, scale=x) for each in made.values()]
    first, second = (each.law for each in rank(made, Objective(), x) if not each.is_baseline)
    monkeypatch.setattr(ranking, "fit", fails_for(first))
    result, _ = fit_best(candidates, Settings(interval="none"))
    place = [each.law for each in result.selection if not each.is_baseline].index(second) + 1
    assert (result.law, place) == (second, 2)
    assert result.reason == "ranked 2 of 4 candidates, the best that the data identify"
    monkeypatch.setattr(ranking, "fit", fails_for(first, second))
    with pytest.raises(FitError, match=f"{first} is not determined"):
        fit_best(candidates, Settings(interval="none"))


def test_ranking_without_compute_says_what_is_missing():
    frame = pl.DataFrame({"lr": [1e-3] * 3, "loss": [2.0, 2.1, 2.2]})
    with pytest.raises(ScalingError):
        scaling.fit(frame, law="all")


@pytest.mark.slow
def test_the_test_of_a_floor_rejects_five_percent_without_one():
    rejected = 0
    for seed in range(400):
        made, x = problems(0, points=20, seed=seed)
        found = rank(made, Objective("least-squares"), x)
        rejected += next(each for each in found if each.law == "power-constant").test.p_value < 0.05
    # Binomial: 20 expected of 400, standard deviation 4.4.
    assert 8 <= rejected <= 34
