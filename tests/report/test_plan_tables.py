"""The tables and figures of plans, by results made by hand."""

from __future__ import annotations

import math

import pytest

from scaling_cli.record import replace
from scaling_cli.report.plan.panels import plan_panels
from scaling_cli.report.plan.plot import plan_charts
from scaling_cli.report.plan.rows import (
    attempt_sheet,
    goal_sheet,
    judged_sheet,
    run_sheet,
    sections,
    usual_sheet,
    width,
)
from scaling_cli.report.plan.view import details, facts, records
from scaling_cli.results.allocation import Bill
from scaling_cli.results.fit import Curve, Estimate
from scaling_cli.results.plan import (
    Check,
    ComparedGroup,
    GoalOutlook,
    Judgement,
    MoreAttempts,
    OtherDesign,
    PlannedRun,
    PlanResult,
)
from scaling_cli.results.plan import (
    Test as Reserved,
)
from scaling_cli.results.report import Report


def run(**changed):
    told = {"round": 1, "purpose": "goal", "repeats": 2, "params": 1e9, "tokens": 2e10, "compute": 1.2e20,
            "tokens_per_param": 20.0, "why": "near the optimum"}  # fmt: skip
    return PlannedRun(**(told | changed))


def goal(name="alpha", before=0.4, after=0.1, *, is_log=False, rounds=()):
    return GoalOutlook(goal=name, weight=1.0, is_log=is_log, before=Estimate(0.3, 0.2, 0.5), rounds=rounds,
                       after=Estimate(0.3, 0.25, 0.35), width_before=before, width_after=after)  # fmt: skip


def usual(name="grid", widths=(0.2,), times=2.0):
    return OtherDesign(name=name, runs=9, compute=5e20, widths=widths, times=times)


def plan(**changed) -> PlanResult:
    told = {"group": {}, "law": "chinchilla", "formula": "", "laws": ("chinchilla",), "source": "runs", "level": 0.95,
            "noise": 0.01, "noise_slope": 0.0, "budget": 1e21, "compute": 2.4e20, "bill": None, "goals": (goal(),),
            "runs": (run(),), "test": None, "usual": (usual(),),
            "fall": Curve((1e19, 1e21), (0.5, 0.05))}  # fmt: skip
    return PlanResult(**(told | changed))


def rows(sheet):
    names = [column.name for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in sheet.rows]


class TestSections:
    def test_runs_come_before_intervals_and_designs(self):
        assert [each.title for each in sections(plan())] == [
            "Runs to train", "Intervals", "Usual designs of the same cost"]  # fmt: skip

    def test_nothing_to_train_leaves_the_intervals(self):
        assert [each.title for each in sections(plan(runs=(), usual=()))] == ["Intervals"]

    def test_attempts_have_no_usual_designs(self):
        made = plan(runs=(), attempts=(MoreAttempts(problem="p", attempts=8, successes=1, more=4),))
        assert [each.title for each in sections(made)] == ["Attempts to make", "Intervals"]

    def test_judged_designs_are_a_detail(self):
        judged = Judgement(name="mine", runs=3, compute=1e20, widths=(0.3,), best_widths=(0.2,), idle=0.4, idle_runs=1)
        last = sections(plan(judged=(judged,)))[-1]
        assert last.is_detail
        (told,) = rows(last.sheet)
        assert told["width of alpha"] == "0.3"
        assert told["best width of alpha"] == "0.2"
        assert told["FLOPs in runs of little use"] == "40 %"
        assert last.sheet == judged_sheet(plan(judged=(judged,)))


class TestRuns:
    def test_a_row_is_what_to_train(self):
        (told,) = rows(run_sheet(plan()))
        assert told == {"runs": "2", "params": "1B", "tokens": "20B", "tokens/param": "20", "FLOPs each": "1.2e20",
                        "why": "near the optimum"}  # fmt: skip

    def test_costs_are_those_that_are_known(self):
        hours, days, price = (Bill(5.0, None, None), Bill(5.0, 2.0, None), Bill(5.0, 2.0, 10.0))
        told = rows(run_sheet(plan(runs=tuple(run(bill=bill) for bill in (None, hours, days, price)))))
        assert [(row["GPU-hours"], row["days"], row["price"]) for row in told] == [
            ("", "", ""), ("5", "", ""), ("5", "2", ""), ("5", "2", "10")]  # fmt: skip

    def test_rounds_are_numbered_and_parted_where_there_are_several(self):
        sheet = run_sheet(plan(runs=(run(), run(), run(round=2), run(round=3))))
        assert [row["round"] for row in rows(sheet)] == ["1", "1", "2", "3"]
        assert tuple(sheet.breaks) == (2, 3)

    def test_a_recipe_has_a_column_for_each_quantity_of_any_run(self):
        told = rows(run_sheet(plan(runs=(run(recipe={"layers": 12.0}), run(recipe={"width": 768.0})))))
        assert [(row["layers"], row["width"]) for row in told] == [("12", ""), ("", "768")]


def test_problems_with_equal_counts_are_one_row_and_the_most_attempts_come_first():
    counts = [(8, 1, 4), (8, 1, 4), (8, 0, 16), (8, 2, 4)]
    made = tuple(
        MoreAttempts(problem=str(i), attempts=n, successes=k, more=more) for i, (n, k, more) in enumerate(counts)
    )
    told = [tuple(row.values()) for row in rows(attempt_sheet(plan(attempts=made)))]
    assert told == [("1", "0 of 8", "16", "16"), ("1", "2 of 8", "4", "4"), ("2", "1 of 8", "4", "8")]


class TestIntervals:
    def test_a_width_is_in_decades_or_a_difference(self):
        assert width(goal(is_log=True), 0.5) == "0.5 decades"
        assert width(goal(is_log=False), 0.5) == "0.5"
        assert "decades" not in width(goal(is_log=True), math.inf)

    def test_a_row_has_the_interval_now_and_the_one_expected(self):
        (told,) = rows(goal_sheet(plan()))
        assert list(told) == ["goal", "estimate", "interval now", "interval expected", "width now", "width expected"]
        assert (told["width now"], told["width expected"]) == ("0.4", "0.1")
        assert "0.2" in told["interval now"]
        assert "0.25" in told["interval expected"]

    def test_every_round_but_the_last_has_a_column(self):
        (told,) = rows(goal_sheet(plan(goals=(goal(rounds=(0.3, 0.2, 0.1)),))))
        assert list(told.values())[-4:] == ["0.4", "0.3", "0.2", "0.1"]
        assert list(told)[-3:-1] == ["after round 1", "after round 2"]

    def test_one_round_needs_no_column(self):
        assert "after round 1" not in rows(goal_sheet(plan(goals=(goal(rounds=(0.1,)),))))[0]


def test_usual_designs_stand_below_the_plan_with_the_compute_for_equal_widths():
    made = plan(runs=(run(repeats=2), run(repeats=3)), usual=(usual(), usual("line", (math.inf,), None)))
    first, grid, line = (list(row.values()) for row in rows(usual_sheet(made)))
    assert first == ["this plan", "5", "2.4e20", "0.1", "1 times"]
    assert grid == ["grid", "9", "5e20", "0.2", "2 times"]
    assert (line[0], line[-1]) == ("line", "no budget is enough")


class TestFigures:
    def test_runs_that_answer_and_that_test_are_told_apart_from_those_present(self):
        made = plan(runs=(run(), run(purpose="test", params=3e9)), present=((1e8,), (2e9,)))
        drawn, fall = plan_charts(made)
        assert [(each.name, list(each.x)) for each in drawn.series] == [
            ("present", [1e8]), ("to answer the goals", [1e9]), ("to test the law", [3e9])]  # fmt: skip
        assert drawn.lines == []
        assert fall.y.label == "width of the interval"

    def test_the_best_split_is_drawn_where_it_is_known(self):
        drawn, _ = plan_charts(plan(best=Curve((1e8, 1e9), (2e9, 2e10))))
        assert [(line.is_dashed, line.is_plain) for line in drawn.lines] == [(True, True)]

    def test_the_axis_says_where_a_width_is_in_decades(self):
        _, fall = plan_charts(plan(goals=(goal(is_log=True),)))
        assert fall.y.label == "width of the interval (decades)"

    @pytest.mark.parametrize(("runs", "charts"), [((), 0), ((run(),), 1)])
    def test_without_goals_or_runs_there_is_less_to_draw(self, runs, charts):
        assert len(list(plan_charts(plan(runs=runs, goals=(), usual=())))) == charts

    def test_today_is_a_level_line_over_the_compute_of_the_plan(self):
        today = plan_panels(plan())[0][1].lines[1]
        assert (today.curve.x, today.curve.y) == ((1e19, 1e21), (0.4, 0.4))

    @pytest.mark.parametrize("changed", [{"source": "published"}, {"goals": (goal(before=math.inf),)}])
    def test_an_unknown_width_or_that_of_a_paper_is_no_line(self, changed):
        assert len(plan_panels(plan(**changed))[0][1].lines) == 1

    def test_usual_designs_are_points_at_their_cost(self):
        made = plan(usual=(usual(), usual("line", (math.inf,))))
        (series,) = plan_panels(made)[0][1].series
        assert (series.name, list(series.x), list(series.y)) == ("grid", [5e20], [0.2])

    def test_designs_are_compared_by_multiples_of_the_width_of_the_plan(self):
        made = plan(usual=(usual(), usual("line", (math.inf,)), usual("fan", (0.05,))))
        ((designs,),) = plan_panels(made)[1:]
        assert designs.y.names == ("this plan", "grid", "line", "fan")
        (series,) = designs.series
        assert (series.name, list(series.y), list(series.x)) == ("", [0, 1, 3], pytest.approx([1, 2, 0.5]))

    def test_several_goals_are_named_and_at_most_four_are_drawn(self):
        names = [f"goal{i}" for i in range(6)]
        goals = [goal(name, after=0.1 * (i > 0)) for i, name in enumerate(names)]
        ((designs,),) = plan_panels(plan(goals=tuple(goals), usual=(usual(widths=(0.2,) * 6),)))[1:]
        assert [each.name for each in designs.series] == names[1:5]

    def test_groups_are_named_in_the_titles(self):
        titles = [chart.title for row in plan_panels(plan(group={"recipe": "a"})) for chart in row]
        assert [title.partition(": ")[2] for title in titles] == [
            "Runs to train", "Expected width of alpha", "Designs of the same cost"]  # fmt: skip

    def test_designs_without_widths_are_not_compared(self):
        assert len(plan_panels(plan(usual=(usual(widths=()),)))) == 1
        assert len(plan_panels(replace(plan(), usual=()))) == 1


class TestFacts:
    def test_a_plan_for_one_law_says_what_it_rests_on(self):
        assert facts(plan()) == [
            ("law", "chinchilla: "), ("from", "your runs"), ("noise", "1 % of the loss between runs")]  # fmt: skip
        told = dict(facts(plan(law="a*x", formula="a*x", group={"data": "web"}, laws=("chinchilla", "general"),
                               source="published", noise_slope=math.log(1.2), notes=("Half is left.",))))  # fmt: skip
        assert told["law"] == "a*x"
        assert "web" in told["group"]
        assert told["from"] == "a published fit; the runs suit each of the laws chinchilla and general"
        assert told["noise"] == (
            "1 % of the loss between runs, changing by 20 % per decade of compute (assumed; --noise changes it)"
        )
        assert told["note"] == "Half is left."
        assert dict(facts(plan(source="saved")))["from"] == "a saved fit"

    def test_a_comparison_says_what_is_compared_and_the_noise_of_each_group(self):
        goals = (goal("difference(alpha)"), goal("difference(A)", is_log=True),
                 goal("multiplier@1e24", is_log=True))  # fmt: skip
        both = (ComparedGroup("a", 0.002, 0.0), ComparedGroup("b", 0.02, math.log(1.2)))
        told = dict(facts(plan(goals=goals, compared=both)))
        assert told["noise"] == (
            "a: 0.2 % of the loss between runs; b: 2 % of the loss between runs, changing by 20 % per decade of compute"
        )
        assert told["compared"] == (
            "difference(alpha) is b - a; difference(A) is the ratio b / a; "
            "multiplier@1e24 is the compute that b needs / that of a, at equal loss"
        )

    def test_attempts_have_neither_noise_nor_limits(self):
        made = plan(runs=(), attempts=(MoreAttempts(problem="p", attempts=8, successes=1, more=4),))
        assert "noise" not in dict(facts(made))
        assert details(made) == []

    def test_the_runs_of_the_first_round_are_counted_with_their_compute(self):
        several = plan(runs=(run(), run(compute=1e20, repeats=1), run(round=2, repeats=7)))
        assert dict(facts(several))["rounds"].startswith("train the 3 runs of round 1 now (3.4e20 FLOPs)")
        assert "rounds" not in dict(facts(plan()))
        assert "rounds" not in dict(facts(plan(runs=())))

    def test_a_check_compares_widths_and_coverage_of_each_goal(self):
        told = dict(facts(plan(check=Check(200, (1.1, 0.9), (0.94, 0.96)), goals=(goal("a"), goal("b")))))
        assert told["check"] == (
            "intervals in 200 simulations, compared with those expected: a 1.1 times as wide, 94 % contain the truth; "
            "b 0.9 times as wide, 96 % contain the truth"
        )

    def test_a_judged_design_is_compared_with_the_best_and_its_idle_runs_are_counted(self):
        judged = Judgement(name="mine", runs=9, compute=1e20, widths=(0.3,), best_widths=(0.2,), idle=0.4, idle_runs=2)
        (said,) = [value for label, value in facts(plan(judged=(judged,))) if label == "judged"]
        assert said.startswith("mine: expected interval of ")
        assert "0.3 wide, and 0.2 with the best design" in said
        assert said.endswith("without 2 runs (40 % of the compute) intervals would be at most 5 % wider")
        busy = replace(judged, idle_runs=0)
        (said,) = [value for label, value in facts(plan(judged=(busy,))) if label == "judged"]
        assert "without" not in said

    def test_details_are_the_limits_and_the_test(self):
        made = plan(candidates=1234, tokens_per_param=(5.0, 80.0), test=Reserved(2, 6e19, 0.012))
        assert details(made) == [
            ("limits", "5 to 80 tokens per param, 1,234 possible runs"),
            ("test", "2 runs (25 % of the compute) test the law: a departure from it of 1.2 % at the edge of the "
                     "possible runs would be detected"),
        ]  # fmt: skip


def test_records_number_equal_runs_and_give_each_its_seed():
    bill = Bill(5.0, 2.0, 10.0)
    made = plan(runs=(run(bill=bill, recipe={"layers": 12.0}), run(repeats=1, arm="a", params=3.4e8)))
    header, *found = records(
        Report(command="plan", results=(made,), caveats=(), failures=(), inputs=(), columns={}, options={})
    )
    told = [dict(zip(header, row, strict=True)) for row in found]
    assert [(row["run"], row["seed"], row["arm"]) for row in told] == [
        ("plan-001", 0, ""), ("plan-002", 1, ""), ("plan-003", 0, "a")]  # fmt: skip
    assert (told[0]["gpu_hours"], told[0]["price"], told[0]["layers"]) == (5.0, 10.0, 12.0)
    assert (told[2]["gpu_hours"], told[2]["price"], told[2]["layers"]) == (None, None, None)
    assert (told[2]["params"], told[2]["tokens"], told[2]["compute"]) == (340_000_000, 20_000_000_000, 1.2e20)
