"""The answer of a command in one sentence, for results made by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from scaling_cli.record import replace
from scaling_cli.results.allocation import Agreement, Bill, PoolChoice, Searched
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Inverse, Score, Track
from scaling_cli.results.plan import MoreAttempts
from scaling_cli.sentences import columns, extrapolate, fit, laws, optimal_allocation, plan, score, subject_of, within
from tests.factories import chinchilla_result, power_result
from tests.report.extrapolate.results import FAR, NEAR, forecast
from tests.report.optimal_allocation.test_rows import allocation, result
from tests.report.test_plan_tables import goal, run, usual
from tests.report.test_plan_tables import plan as planned


def test_a_column_of_losses_is_called_loss_and_any_other_by_its_name():
    assert [subject_of(name) for name in ("val_LOSS", "accuracy", "a\x1b")] == ["Loss", "accuracy", "a\\x1b"]
    assert [within(subject) for subject in ("Loss", "GSM8K")] == ["loss", "GSM8K"]


class TestColumns:
    def said(self, points, runs, *roles, problem=""):
        made = [SimpleNamespace(role=role, low=low) for role, low in roles]
        return columns.sentence(SimpleNamespace(points=points, runs=runs, roles=made, problem=problem), "Loss")

    def test_what_can_be_fitted_is_counted_with_its_inputs(self):
        roles = (("params", 1e8), ("tokens", 1e9), ("loss", 2.0), ("compute", None))
        assert self.said(1200, 40, *roles) == "1,200 points of 40 runs can be fitted, with params and tokens."
        assert self.said(1, 1) == "1 point of 1 run can be fitted."

    def test_what_keeps_a_file_from_being_fitted_is_said(self):
        assert self.said(0, 0, problem="no loss") == "Nothing can be fitted yet: no loss"


class TestAllocation:
    def said(self, *rows, **changes):
        return optimal_allocation.sentence(result(*rows, **changes), "Loss")

    def test_a_budget_buys_params_and_tokens_for_a_loss(self):
        assert self.said(allocation()) == (
            "For 6e21 FLOPs: 10B [9B, 11B] params on 100B [90B, 110B] tokens, for a loss of 2.10 [2.05, 2.15]."
        )

    def test_a_target_loss_takes_a_budget_or_none(self):
        assert self.said(allocation(target_loss=2.1)).startswith("A loss of 2.1 takes 6e21 FLOPs: 10B")
        assert "for a loss" not in self.said(allocation(target_loss=2.1))
        ranged = self.said(allocation(target_loss=2.1, compute_interval=(5e21, None)))
        assert ranged.startswith("A loss of 2.1 takes 6e21 FLOPs [5e21, -]: 10B")
        assert self.said(allocation(target_loss=1.2, compute=None)) == "A loss of 1.2 is reached by no budget."

    @pytest.mark.parametrize(
        ("reach", "words"),
        [
            (3.0, ""),
            (3.1, ", 3.1 times beyond"),
            (999.9999999, ", 1,000 times beyond"),
            (2500.0, ", 2,500 times beyond"),
            (999_999.99999, ", 1e6 times beyond"),
            (2e7, ", 2e7 times beyond"),
            (None, ""),
        ],
    )
    def test_a_reach_of_more_than_three_is_said(self, reach, words):
        said = self.said(allocation(reach=reach))
        assert words in said
        assert bool(words) == ("beyond your largest run" in said)

    def test_two_budgets_are_said_and_of_more_the_first_and_the_last(self):
        rows = [allocation(compute=10.0**power) for power in (20, 21, 22, 23)]
        assert self.said(*rows[:2]).count("FLOPs") == 2
        assert "more below" not in self.said(*rows[:2])
        said = self.said(*rows)
        assert "For 1e20 FLOPs" in said
        assert "For 1e23 FLOPs" in said
        assert "1e21" not in said
        assert said.endswith(" (2 more below).")
        assert optimal_allocation.sentence(replace(result(), allocations=()), "Loss") == ""

    def test_the_first_approach_speaks_for_all_that_agree(self):
        rows = (allocation(), allocation(approach="isoflop"))
        near = (Agreement(1e21, 1.05, None), Agreement(1e22, 1.149, None))
        assert self.said(*rows, agreement=near).endswith(" (parametric; the other approaches agree).")
        far = (Agreement(1e21, 1.15, None), Agreement(1e22, 2.34, None))
        assert self.said(*rows, agreement=far).endswith(
            " (parametric; best params of the approaches differ by a factor of 2.3)."
        )
        assert self.said(*rows, agreement=far).count("FLOPs") == 1

    def test_what_was_searched_follows_and_open_ends_are_marked(self):
        bits = Searched(Estimate(4.0, 4.0, 4.0), (2.0, 16.0), {}, None)
        grains = Searched(Estimate(8.0, 6.0, 10.0), (1.0, 64.0), {}, None)
        said = self.said(allocation(searched={"bits": bits, "granularity": grains}))
        assert " tokens with bits 4 and granularity 8" in said
        assert "10B params" in self.said(allocation(params=Estimate(1e10)))
        assert "10B [9B, -] params" in self.said(allocation(params=Estimate(1e10, 9e9, None)))

    def test_pools_are_said_with_their_epochs_and_the_next_best(self):
        best = PoolChoice(("web", "code"), 1e6, 2.5, Estimate(0.1, 0.09, 0.11), 0.0, 0.9)
        next_best = PoolChoice(("web",), 1e6, 1.0, Estimate(0.12, 0.11, 0.13), 0.02, 0.1)
        said = self.said(allocation(pools=(best, next_best), samples=2e6))
        assert said.startswith("With 2M samples: web and code together, 2.5 epochs, for an error of 0.1")
        assert "; web alone, 1 epoch, gives 0.12" in said
        assert "gives" not in self.said(allocation(pools=(best,), samples=2e6))


class TestPlan:
    def said(self, **changes):
        return plan.sentence(planned(**changes), "Loss")

    def test_runs_and_cost_then_what_becomes_of_the_first_goal(self):
        assert self.said() == (
            "2 runs, 2.4e20 FLOPs: the 95 % interval of alpha shrinks from [0.200, 0.500] to [0.250, 0.350]; the grid "
            "would need 2 times the compute."
        )
        assert self.said(runs=(run(repeats=1),), goals=()) == "1 run, 2.4e20 FLOPs."
        assert "2.4e20 FLOPs (USD 12K): the" in self.said(bill=Bill(100.0, None, 12_000.0))
        assert "USD" not in self.said(bill=Bill(100.0, None, None))

    @pytest.mark.parametrize(("times", "is_said"), [(1.05, False), (1.06, True), (None, False)])
    def test_a_usual_design_is_named_where_it_takes_clearly_more(self, times, is_said):
        assert ("the grid would need" in self.said(usual=(usual(times=times),))) == is_said

    def test_the_first_design_that_takes_more_is_named(self):
        assert "the line would need 3 times" in self.said(usual=(usual(times=1.0), usual("line", times=3.0)))

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"goals": (goal(after=math.inf),)}, "interval of alpha would stay unknown"),
            ({"source": "published"}, "is expected to be [0.250, 0.350], by these runs alone"),
            ({"goals": (goal(before=math.inf),)}, "is expected to become [0.250, 0.350]"),
            ({"goals": (goal(before=0.1, after=0.0971),)}, "would hardly shrink"),
            ({"goals": (goal(before=0.1, after=0.0969),)}, "shrinks from"),
        ],
    )
    def test_what_becomes_of_an_interval_depends_on_what_is_known(self, changes, words):
        assert words in self.said(**changes)

    def test_an_interval_that_is_narrower_only_as_a_ratio_says_so(self):
        wide = replace(goal(before=1.6, after=1.06, is_log=True), before=Estimate(1.7, 0.05, 2.16))
        assert "shrinks from 1.6 decades, [0.05, 2.16], to 1.06 decades, [0.49, 5.66]" in self.said(
            goals=(replace(wide, after=Estimate(1.7, 0.49, 5.66)),)
        )
        assert "shrinks from [0.05, 2.16] to [0.49, 2.50]" in self.said(
            goals=(replace(wide, after=Estimate(1.7, 0.49, 2.5)),)
        )

    def test_goals_are_named_in_words(self):
        names = ["params@1e24", "tokens@1e24", "loss@1e22", "coverage@100", "multiplier@1e22", "alpha"]
        assert [plan.called(name) for name in names] == [
            "best params at 1e24 FLOPs", "best tokens at 1e24 FLOPs", "the loss at 1e22 FLOPs",
            "coverage at 100 attempts", "the compute multiplier at 1e22 FLOPs", "alpha",
        ]  # fmt: skip

    def test_sizes_are_shown_as_sizes(self):
        sizes = replace(goal("params@1e24"), before=Estimate(1e10, 5e9, 2e10))
        assert plan.interval(sizes, sizes.before) == "[5B, 20B]"
        assert plan.shown(sizes, 5e9) == "5B"
        assert plan.shown(goal("alpha"), 0.25) == "0.25"
        unknown = plan.shown(goal("alpha"), None)
        assert [plan.shown(goal("alpha"), math.inf), plan.interval(sizes, Estimate(1e10))] == [unknown, unknown]
        assert plan.interval(sizes, Estimate(1e10, 5e9, None)) == f"[5B, {unknown}]"

    def test_attempts_are_counted_beside_equal_attempts(self):
        more = tuple(MoreAttempts(problem=str(i), attempts=8, successes=1, more=4) for i in range(3))
        said = self.said(attempts=more, runs=(), compute=1200.0, usual=(usual("equal attempts"),))
        assert said.startswith("1,200 attempts at 3 problems: the 95 % interval of alpha shrinks")
        assert said.endswith("; equal attempts would need 2 times as many.")
        assert "would need" not in self.said(attempts=more, runs=(), usual=(usual(times=None),))


class TestForecast:
    def said(self, subject="Loss", **changes):
        return extrapolate.sentence(forecast(**changes), subject)

    def test_targets_then_the_record_of_the_furthest_test(self):
        assert self.said() == (
            "At 1e22 FLOPs expect a loss of 2.50 [2.40, 2.60]; at 1e24 FLOPs expect a loss of 2.10 [1.90, 2.30]; "
            "tested on your own runs, 8 times beyond those used, such forecasts erred by 3 %."
        )
        assert "accuracy of 2.50" in self.said("accuracy")

    def test_at_most_three_are_said(self):
        assert "(2 more below)" in self.said(predictions=(NEAR,) * 5)
        assert "more below" not in self.said(predictions=(NEAR,) * 3)
        reached = Inverse(2.0, "compute", Estimate(1e25, 1e24, None), 0.9, {})
        said = self.said(predictions=(NEAR, FAR), inverse=(reached, reached))
        assert said.count("takes 1e25 FLOPs [1e24, ") == 1
        assert "(1 more below)" in said

    def test_of_the_rest_of_a_run_its_end_is_said(self):
        rows = tuple(replace(NEAR, at={"step": step, "lr": 1e-4}) for step in (100.0, 200.0, 300.0, 400.0))
        assert self.said(predictions=rows).startswith(
            "At step 400 and lr 1e-4 expect a loss of 2.50 [2.40, 2.60] (3 more"
        )

    def test_a_loss_that_is_not_reached_or_cannot_be_forecast_is_said(self):
        nothing = Inverse(1.0, "compute", Estimate(None), 0.0, {})
        assert "A loss of 1 is not reached" in self.said(predictions=(), inverse=(nothing,), track=())
        assert "no loss can be forecast" in self.said(predictions=(replace(NEAR, loss=Estimate(None)),))
        params = Inverse(2.0, "params", Estimate(1e10, 1e9, 1e11), 0.9, {})
        assert "takes 10B params [1B, 100B]" in self.said(predictions=(), inverse=(params,), track=())

    def test_observed_losses_are_the_better_record(self):
        made = Score(2, 0.0123, 0.014, 0.01, 0.5)
        assert "against the losses observed there, the error is 1.2 % on average" in self.said(score=made)
        assert self.said(predictions=(), track=()) == ""
        assert self.said(track=(Track(8.0, 3, 2, 0.03, 0.01), Track(2.0, 4, 1, 0.01, 0.0))).count("8 times") == 1

    def test_places_say_first_what_was_asked(self):
        both = {"params": 7e10, "tokens": 1.4e12}
        assert extrapolate.place(both) == "70B params and 1.4T tokens"
        assert extrapolate.place({**both, "compute": 5.9e23}) == "70B params and 1.4T tokens"
        assert extrapolate.place({"compute": 5.9e23, **both}) == "5.9e23 FLOPs (70B params, 1.4T tokens)"
        assert extrapolate.place({"params": 7e10, "tokens": 1.4e12, "bits": 4.0}) == "70B params, 1.4T tokens, bits 4"


class TestFit:
    def said(self, made, subject="Loss"):
        return fit.sentence(made, subject)

    def test_a_surface_falls_as_powers_towards_a_floor_and_is_split(self):
        said = self.said(chinchilla_result())
        assert said.startswith("Loss falls as params^-0.35 and tokens^-0.37 towards 1.82 [1.77, 1.87]")
        assert "; compute is best split evenly (a = 0.51" in said

    @pytest.mark.parametrize(
        ("share", "words"),
        [
            (Estimate(0.6, 0.55, 0.65), "more of the compute should go to params (best params grow as compute^0.60"),
            (Estimate(0.4, 0.35, 0.45), "more of the compute should go to tokens (best params grow as compute^0.40"),
            (Estimate(0.45, 0.4, 0.5), "compute is best split evenly"),
            (Estimate(0.55, 0.5, 0.6), "compute is best split evenly"),
            (Estimate(0.61234), "best params grow as compute^0.61."),
        ],
    )
    def test_a_split_is_even_where_its_interval_holds_one_half(self, share, words):
        derived = {**chinchilla_result().derived, "params_exponent": share}
        assert words in self.said(chinchilla_result(derived=derived))

    def test_one_input_has_its_exponent_with_an_interval_and_a_metric_may_grow(self):
        falls = power_result(law="power", parameters={"a": Estimate(5.0, 4.0, 6.0), "b": Estimate(-0.1, -0.12, -0.08)})
        assert "falls as" in self.said(falls)
        assert "^-0.10 [-0.12, -0.08]" in self.said(falls)
        grows = power_result(law="power", parameters={"a": Estimate(5.0, 4.0, 6.0), "b": Estimate(0.1, 0.08, 0.12)})
        assert self.said(grows, "accuracy").startswith("accuracy grows as")


class TestScore:
    def said(self, rows=3, losses=("loss",), forecasts=1, coverage=None):
        scored = tuple(
            SimpleNamespace(loss=loss, run=str(i), inside=i < 2, observed=2.0) for loss in losses for i in range(rows)
        )
        return score.sentence(
            SimpleNamespace(scored=scored, forecasts=forecasts, rmse_log=0.0123, bias_log=-0.01, level=0.95, inside=2,
                            coverage=coverage or Estimate(2 / 3, 0.2, 0.94)), "Loss",
        )  # fmt: skip

    def test_errors_and_calibration(self):
        assert self.said() == (
            "3 runs against 1 saved forecast: rms error 1.2 % of the loss (on average, losses lie 1 % below the "
            "forecast); 2 of 3, or 67 % [20 %, 94 %], lie inside their 95 % interval."
        )
        alone = self.said(rows=1, forecasts=2)
        assert alone.startswith("1 run against 2 saved forecasts: rms error 1.2 % of the loss (the run lies 1 % below")
        assert self.said(losses=("a", "b")).startswith("6 losses of 3 runs against")
        assert self.said(rows=1, losses=("a", "b")).startswith("2 losses of 1 run against")
        assert self.said(coverage=Estimate(None)).endswith(
            "lie 1 % below the forecast); the forecasts have no intervals."
        )


def test_a_law_is_said_with_its_formula_and_inputs():
    one = SimpleNamespace(name="power", formula="a * x^b", inputs=("x",))
    assert laws.sentence(one, "Loss") == "The law power is loss = a * x^b; its input is x."
    two = SimpleNamespace(name="chinchilla", formula="E + A", inputs=("params", "tokens"))
    assert laws.sentence(two, "GSM8K") == "The law chinchilla is GSM8K = E + A; its inputs are params and tokens."
