"""Errors on groups that were left out, and differences between losses, as tables."""

from __future__ import annotations

from scaling_cli.record import replace
from scaling_cli.report.fit.rows import difference_sections, left_out_sections
from scaling_cli.results.fit import Estimate, LeftOut
from tests.factories import power_result, report

ROWS = (LeftOut("muon", 1200, 0.0123, -0.004, 0.031), LeftOut("[b]", 3, None, None, None))


def test_each_group_that_was_left_out_has_its_errors():
    made = replace(report(replace(power_result(), left_out=ROWS)), options={"leave_out": "optimizer"})
    (section,) = left_out_sections(made)
    assert [column.name for column in section.sheet.columns] == [
        "without optimizer", "points", "rmse", "bias", "rmse of the loss",
    ]  # fmt: skip
    assert section.sheet.rows[0] == ("muon", "1,200", "1.2 %", "-0.4 %", "0.031")
    assert section.sheet.rows[1][1:] == ("3", "-", "-", "-")
    assert section.title == "Each group, predicted by a fit to the others"
    assert left_out_sections(report(power_result())) == []
    named = report(replace(power_result(group={"data": "web"}), left_out=ROWS), power_result(group={"data": "code"}))
    (section,) = left_out_sections(named)
    assert [column.name for column in section.sheet.columns][:2] == ["data", "without group"]
    assert [row[0] for row in section.sheet.rows] == ["web", "web"]


def test_each_further_loss_has_its_differences_from_the_first():
    second = replace(
        power_result(group={"loss": "code"}), differences={"b": Estimate(0.01, -0.02, 0.04)},
        loss_to_loss={"K": Estimate(1.2, 1.1, 1.3), "kappa": Estimate(0.9)},
    )  # fmt: skip
    made = replace(report(power_result(group={"loss": "web"}), second), columns={"loss": "web, code"})
    differences, along = difference_sections(made)
    assert differences.title == "Differences from web, over the same draws"
    assert differences.sheet.rows == (("code", "b", "0.0100", "[-0.0200, 0.0400]"),)
    assert along.title == "As a function of web: loss = E1 + K (web - E0)^kappa"
    assert [row[1] for row in along.sheet.rows] == ["K", "kappa"]
    assert difference_sections(report(power_result())) == []
