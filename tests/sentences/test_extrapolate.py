"""What a forecast of several losses and tasks says."""

from __future__ import annotations

from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Inverse, SuiteForecast, SuiteRow
from scaling_cli.sentences.extrapolate import place, sentence
from tests.report.extrapolate.results import forecast

NEAR, FAR, FURTHER = {"compute": 1e22}, {"compute": 1e23}, {"compute": 1e24}
LOSS, TASK = Estimate(2.5, 2.4, 2.6), Estimate(0.7, 0.65, 0.75)


def said(*rows, **changes):
    return sentence(forecast(suite=SuiteForecast(2000, rows, {}, ()), **changes), "Loss")


def row(name, at=None, value=LOSS):
    return SuiteRow(name, "loss", None, at or NEAR, value)


def test_all_are_said_at_the_first_target_with_the_record_of_the_first():
    record = sentence(forecast(), "Loss").rpartition("; ")[2]
    assert record.startswith("tested on your own runs")
    three = said(row("web"), row("arc", value=TASK), row("mmlu\x1b", value=Estimate(None)))
    assert three == (
        "At 1e22 FLOPs expect web 2.50 [2.40, 2.60], arc 0.70 [0.65, 0.75], mmlu\\x1b cannot be forecast; "
        f"web: {record}"
    )
    assert said(row("web"), row("arc", value=TASK)) == (
        f"At 1e22 FLOPs expect web 2.50 [2.40, 2.60], arc 0.70 [0.65, 0.75]; web: {record}"
    )
    assert said(row("web")) == "At 1e22 FLOPs expect web 2.50 [2.40, 2.60]."


def test_further_targets_are_counted():
    two = said(row("web"), row("web", FAR, TASK), row("arc"), row("arc", FAR))
    assert "expect web 2.50 [2.40, 2.60], arc 2.50 [2.40, 2.60] (1 more target below)" in two
    three = said(row("web"), row("web", FAR), row("web", FURTHER))
    assert "(2 more targets below)" in three


def test_a_scale_without_an_interval_is_said_without_brackets():
    def of(low, high):
        rows = (Inverse(2.0, "compute", Estimate(1e23, low, high), 1.0, {}),)
        return sentence(forecast(predictions=(), inverse=rows, track=()), "Loss")

    assert of(None, None) == "A loss of 2 takes 1e23 FLOPs."
    assert of(8e22, None) == "A loss of 2 takes 1e23 FLOPs [8e22, -]."
    assert of(8e22, 2e23) == "A loss of 2 takes 1e23 FLOPs [8e22, 2e23]."


def test_a_place_begins_with_what_was_asked():
    both = {"params": 7e10, "tokens": 1.4e12}
    assert place(both) == "70B params and 1.4T tokens"
    assert place({"compute": 1e24, **both}) == "1e24 FLOPs (70B params, 1.4T tokens)"
    assert place({**both, "compute": 1e24}) == "70B params and 1.4T tokens"
    assert place({**both, "epochs": 4.0}).count(", ") == 2
