"""What is said above and below the tables of coverage, and its rows, for a result whose parts are changed by hand."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.record import replace
from scaling_cli.report.inference_coverage.view import data_sentence, details, facts, records
from scaling_cli.results.coverage import Attempts, Coverage, CurveCrossing, Forecast, LawFit
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Estimate
from scaling_cli.results.verifications import BestSplit, VerificationSplit


@pytest.fixture(scope="module")
def report():
    rows = pl.DataFrame({"problem_id": [f"p{i}" for i in range(24)], "n": [8] * 24, "c": [0, 1, 2, 4, 6, 8] * 4})
    return scaling.inference_coverage(rows, k="1,4", fit="none", replicates=100)


def changed(report, *groups, **changes):
    """The report with the same result for each of these groups."""
    return replace(report, results=tuple(replace(report.results[0], group=group, **changes) for group in groups))


def exchange(verdict, against="large"):
    return Exchange(10.0, 1.0, 37.0, 1, 37, 0.5, against=against, difference=Estimate(0.1, 0.0, 0.2), verdict=verdict)


def split(**changes):
    made = VerificationSplit(0.5, Estimate(0.6, 0.55, 0.65), Estimate(0.4, 0.35, 0.45), (), 0.012)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "24 problems, 8 attempts each, 4 never solved"),
        ({"attempts": Attempts(1, 1.0, 1)}, "24 problems, 1 attempt each, 4 never solved"),
        (
            {"attempts": Attempts(8, 1000.4, 12_000)},
            "24 problems, 8 to 12,000 attempts each (median 1,000), 4 never solved",
        ),
        ({"clusters": 6}, "24 problems in 6 clusters, 8 attempts each, 4 never solved"),
        ({"split": split(), "attempts": Attempts(8, 9.0, 16)}, "24 problems, 8 to 16 solutions each"),
    ],
)
def test_problems_and_attempts_are_counted(report, changes, said):
    assert data_sentence(replace(report.results[0], **changes)) == said


def test_data_are_said_of_one_group_and_intervals_once_for_all(report):
    alone = dict(facts(changed(report, {})))
    assert alone["data"].startswith("24 problems")
    assert alone["interval"] == f"95 %, {report.results[0].interval}"
    several = dict(facts(changed(report, {"model": "a"}, {"model": "b"})))
    assert "data" not in several
    assert several["interval"] == alone["interval"]
    assert facts(replace(report, results=())) == []


def test_of_equal_compute_the_groups_are_named_by_which_is_better(report):
    verdicts = ("sampling", "sampling", "training", "inconclusive", "")
    both = [
        changed(report, {"level": str(number)}, exchange=(exchange(verdict),)).results[0]
        for number, verdict in enumerate(verdicts, start=1)
    ]
    said = dict(facts(replace(report, results=tuple(both))))["equal compute"]
    assert said == (
        "more attempts are better for 1; 2. The larger model is better for 3. Not decided for 4. "
        "More attempts are needed in the log for 5"
    )
    assert dict(facts(changed(report, {}, exchange=(exchange("training"),))))["equal compute"].endswith("for the log")
    assert "equal compute" not in dict(facts(changed(report, {}, exchange=(exchange("training", ""),))))


def test_growth_says_how_solutions_and_verifications_share_compute(report):
    said = dict(facts(changed(report, {"model": "a"}, split=split())))["growth"]
    assert said.startswith("a: solutions ~ compute^0.6")
    assert "verifications ~ compute^0.4" in said
    assert said.endswith("(a verification costs 0.5 solutions; smooth accuracies miss those of the log by 1.2 %)")
    assert dict(facts(changed(report, {}, split=split())))["growth"].startswith("solutions")


def test_details_say_how_the_log_was_read(report):
    made = replace(
        changed(report, {"m": "a"}, {"m": "b"}, layout="counts"), columns={"n": "n", "problem": "problem_id"}
    )
    assert details(made) == [("read as", "counts; problem from problem_id"), ("design", "fixed")]
    stopped = replace(changed(report, {}, layout="counts", design="stop-at-success", batch=1000), columns={})
    assert details(stopped) == [("read as", "counts"), ("design", "stop-at-success in batches of 1,000")]
    assert details(replace(report, results=(), columns={})) == []


def test_every_number_is_a_row(report):
    best = BestSplit(64.0, None, "", *(Estimate(value, value - 1, value + 1) for value in (16.0, 4.0, 0.5)))
    made = changed(
        report, {}, coverage=(Coverage(4, 0.5, 0.4, 0.6, 0.05, 0.01, 0.2),),
        fits={"power-law": LawFit({"A": Estimate(1.0, 0.9, 1.1)}, None, None, None)},
        forecast=(Forecast(100, "power-law", 0.9, 0.8, 0.95),), exchange=(exchange("training"), exchange("", "x")),
        crossings=(CurveCrossing("b", Estimate(9.0, 5.0, None), "a", 64), CurveCrossing("c", None, "", 64)),
        split=split(budgets=(best,)),
    )  # fmt: skip
    header, *rows = records(made)
    assert header == ["section", "name", "k", "estimate", "low", "high"]
    assert rows[:4] == [
        ["coverage", "coverage", 4, 0.5, 0.4, 0.6], ["coverage", "se_problems", 4, 0.05, None, None],
        ["coverage", "se_attempts", 4, 0.01, None, None], ["coverage", "all_succeed", 4, 0.2, None, None],
    ]  # fmt: skip
    assert ["fits", "power-law.A", None, 1.0, 0.9, 1.1] in rows
    assert ["forecast", "power-law", 100, 0.9, 0.8, 0.95] in rows
    assert ["exchange", "large", 1, 0.1, 0.0, 0.2] in rows
    assert ["split", "solutions_exponent", None, 0.6, 0.55, 0.65] in rows
    assert ["split", "verifications_exponent", None, 0.4, 0.35, 0.45] in rows
    assert ["split", "solutions", 64.0, 16.0, 15.0, 17.0] in rows
    assert ["split", "accuracy", 64.0, 0.5, -0.5, 1.5] in rows
    assert ["crossings", "b", None, 9.0, 5.0, None] in rows
    assert ["crossings", "c", None, None, None, None] in rows
