"""What is said of a fit, for results made by hand."""

from __future__ import annotations

import math

import pytest

from scaling_cli.record import replace
from scaling_cli.report.fit.facts import fit_details, fit_facts, shared_details, shared_facts
from scaling_cli.results.fit import (
    Alternative,
    Candidate,
    Estimate,
    Expectation,
    IntervalMethod,
    NestedTest,
    ObjectiveValue,
    Quality,
    Starts,
)
from tests.factories import chinchilla_result, power_result, report


def fact(label, result=None, columns=None, **changes):
    made = replace(result or power_result(), **changes)
    return dict([*fit_facts(made, columns or {}), *fit_details(made)]).get(label, "")


def test_the_law_has_its_formula_and_what_its_x_stands_for():
    assert fact("law") == "power: a * x^b, x = compute"
    assert fact("law", chinchilla_result()) == "chinchilla: E + A / params^alpha + B / tokens^beta"
    assert fact("law", law="a * x^b") == "a * x^b, x = compute"
    grouped = {"compute": "compute", "level of opt": "opt"}
    assert fact("law", law="a", formula="E[opt]*compute^b", inputs=grouped) == "a: E[opt]*compute^b"


def test_columns_are_named_where_they_have_another_name():
    assert (
        fact("columns", columns={"loss": "val", "compute": "compute", "params": "n"}) == "loss from val, params from n"
    )
    assert fact("columns", columns={"loss": "loss"}) == ""


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (IntervalMethod("none", 0.95, 0, None), "none"),
        (IntervalMethod("t", 0.95, 0, None), "95 %, Student's t"),
        (IntervalMethod("bootstrap", 0.9, 4000, "run"), "90 %, bootstrap over runs, 4,000 replicates"),
        (IntervalMethod("wild", 0.9, 1, "run"), "90 %, wild bootstrap over runs, 1 replicate"),
        (
            IntervalMethod("wild", 0.9, 3990, "run", 10, 25, 3),
            "90 %, wild bootstrap over runs, 3,990 replicates, 25 repeated from other starts (3 improved), 10 failed",
        ),
    ],
)
def test_the_interval_says_what_was_resampled_and_what_failed(interval, said):
    assert fact("interval", interval=interval) == said


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (ObjectiveValue("least-squares", "log", None, 3.4e-5), "least-squares on log loss = 3.4e-5"),
        (ObjectiveValue("huber", "linear", 1e-3, 2.0), "huber (delta 0.001) on linear loss = 2"),
    ],
)
def test_the_objective_has_its_delta_and_space(objective, said):
    assert fact("objective", objective=objective, starts=Starts(1, 1)) == f"{said}; 1 start"
    assert fact("objective", objective=objective, starts=Starts(tried=8, agreeing=7)).endswith("; 7 of 8 starts agree")


def test_quality_is_said_as_far_as_it_is_known():
    assert fact("quality", quality=Quality(0.00301, 0.00267, 0.99931)) == (
        "rmse 0.3 %, mean error 0.27 %, R2 0.9993 of log loss"
    )
    assert "R2" not in fact("quality", quality=Quality(0.2, 0.1, None))
    assert "not positive" in fact("quality", quality=Quality(math.nan, math.nan, None))


def expected(**changes):
    made = Expectation(-0.05, Estimate(-0.05), 0.2, 0.01, None)
    return fact("expected", expected={"b": replace(made, **changes)})


def test_an_expectation_is_rejected_below_the_size_of_the_test():
    assert expected() == "b = -0.05 is not rejected (p 0.2); these runs would show a difference of 0.01"
    assert "is rejected (p 0.049)" in expected(p_value=0.049)
    assert "is not rejected" in expected(p_value=0.05 + 1e-9)


def test_more_runs_are_named_where_these_do_not_show_the_difference_found():
    """The fit has seven runs."""
    assert expected(runs_needed=8.0).endswith("; 8 such runs would show the difference found")
    assert "such runs would" not in expected(runs_needed=7.0)
    assert "cannot be tested" in expected(p_value=None)
    assert "cannot be tested" in expected(detects=None)
    assert fact("expected") == ""


def test_the_spread_over_objectives_has_the_estimate_in_it():
    assert fact("spread") == ""
    other = Alternative(ObjectiveValue("lad", "log", None, 0.1), {"a": 26.0, "b": -0.049}, {})
    made = power_result(spread=(other,))
    found = dict(fit_facts(made, {}))["spread"]
    assert found == "over 2 objectives: a 25.03 to 26, b -0.05003 to -0.049"


def test_a_ranking_lists_scores_and_tests():
    ranked = (
        Candidate("power-constant", 3, False, 0.012, 0.0, test=NestedTest("power", 5.0, 0.03)),
        Candidate("power", 2, False, None, None),
    )
    assert fact("ranking", selection=ranked) == (
        "error on larger runs: power-constant 1.2 % (against power: p 0.03), power no score"
    )
    assert fact("ranking") == ""


def test_ranges_name_known_roles_first_and_tokens_per_param():
    found = fact("range", chinchilla_result())
    assert found.index("params") < found.index("tokens") < found.index("compute") < found.index("tokens per param")
    assert found.endswith("tokens per param 0.35 to 1874")
    odd = fact("range", ranges={"width": (1.0, 2.0), "compute": (1e17, 1e20)})
    assert odd.index("compute") < odd.index("width")


def test_what_all_groups_have_in_common_is_said_once():
    same = report(power_result(group={"g": "a"}), power_result(group={"g": "b"}))
    assert dict(shared_facts(same)) == {"law": "power: a * x^b, x = compute"}
    assert set(dict(shared_details(same))) == {"objective", "interval"}
    other = report(power_result(group={"g": "a"}), chinchilla_result(group={"g": "b"}))
    assert dict(shared_facts(other)) == {}
    assert dict(shared_details(other)) == {}


def test_groups_that_resample_equal_inputs_together_are_named_where_not_all_do():
    runs, cells = (IntervalMethod("wild", 0.95, 200, unit) for unit in ("run", "configuration"))
    made = [power_result(group={"optimizer": name}, interval=runs) for name in ("adamw", "muon")]
    assert "resampled" not in dict(shared_details(report(*made)))
    said = dict(shared_details(report(made[0], replace(made[1], interval=cells))))
    assert said["resampled"] == "runs at equal inputs together in muon, and each run by itself in other groups"
    assert "resampled" not in dict(shared_details(report(*(replace(one, interval=cells) for one in made))))
