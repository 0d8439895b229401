"""Several losses, tasks and averages in one table, from results made by hand."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report.extrapolate import view
from scaling_cli.report.extrapolate.suite import HEADER, suite_section
from scaling_cli.report.pages.page import answers
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import SuiteForecast, SuiteRow
from tests.report.extrapolate.results import forecast, report

PLACES = {"compute": 1e22, "params": 1e10, "tokens": 1.6e11}, {"params": 3e10, "tokens": 6e11}
VALUES = Estimate(2.5, 2.4, 2.6), Estimate(2.1, 1.9, 2.3)
TASKS = Estimate(0.7, 0.65, 0.75), Estimate(None)
ROWS = tuple(
    row
    for at, loss, task in zip(PLACES, VALUES, TASKS, strict=True)
    for row in (
        SuiteRow("web", "loss", None, at, loss),
        SuiteRow("arc", "task", "web", at, task),
        SuiteRow("mean", "average", None, at, loss),
    )
)
SUITE = SuiteForecast(2000, ROWS, {}, ())


def whole(*others, **changes):
    first = forecast(group={"loss": "web", "data": "a"}, suite=SUITE, **changes)
    return report(first, *others)


def test_each_row_has_what_it_follows_from_and_its_place():
    section = suite_section(forecast(), SUITE)
    names = [column.name for column in section.sheet.columns]
    assert names == ["forecast", "follows from", "compute", "params", "tokens", "estimate", "new run"]
    rows = section.sheet.rows
    assert rows[0] == ("web", "", "1e22", "10B", "160B", "2.500", "[2.400, 2.600]")
    assert rows[1][:2] == ("arc", "web")
    assert rows[2][:2] == ("mean", "average")
    assert rows[3][2:5] == ("-", "30B", "600B")
    assert rows[4][-2:] == ("-", "-")
    assert section.title == "all targets, with 95 % intervals for a new run, from 2,000 joint draws"


def test_with_room_each_target_has_a_column():
    sheet = suite_section(forecast(), SUITE).wide
    assert [column.name for column in sheet.columns] == [
        "forecast", "follows from", "1e22 FLOPs", "new run", "30B params, 600B tokens", "new run",
    ]  # fmt: skip
    assert [row[0] for row in sheet.rows] == ["web", "arc", "mean"]
    assert sheet.rows[0][2:] == ("2.500", "[2.400, 2.600]", "2.100", "[1.900, 2.300]")


def test_a_page_of_a_suite_begins_with_its_table_and_hides_what_each_rests_on():
    first, second = view.pages(whole(forecast(group={"loss": "code", "data": "a"})))
    assert first.facts == [("group", "a")]  # and not the loss, for the table has all of them
    assert second.facts == []
    assert first.sections[0].title.startswith("all targets")
    assert not first.sections[0].is_detail
    assert all(section.is_detail for section in [*first.sections[1:], *second.sections])
    assert {"estimator", "data", "range"} <= set(dict(first.details))
    (plain,) = view.pages(report(forecast()))
    assert not any(section.is_detail for section in plain.sections)
    assert "estimator" in dict(plain.facts)


def test_the_answer_about_all_losses_is_led_by_its_group_alone():
    other = forecast(group={"loss": "code", "data": "a"}, sentence="At 1e22 FLOPs expect code of 2.1.")
    made = whole(other, sentence="At 1e22 FLOPs expect web 2.5, arc 0.7.")
    assert answers(made) == [
        "a: At 1e22 FLOPs expect web 2.5, arc 0.7.", "code of a: At 1e22 FLOPs expect code of 2.1."
    ]  # fmt: skip


@pytest.mark.parametrize(("loss", "keys"), [("web", ["data"]), ("other", ["loss", "data"])])
def test_records_have_a_row_for_each_at_each_target_without_the_loss_as_a_group(loss, keys):
    made = whole()
    made = replace(made, results=(replace(made.results[0], group={"loss": loss, "data": "a"}),))
    header, *rows = view.records(made)
    assert list(header) == [*keys, *HEADER[:3], "compute", "params", "tokens", *HEADER[3:]]
    lead = tuple({"loss": loss, "data": "a"}[key] for key in keys)
    assert tuple(rows[0]) == (*lead, "web", "loss", "", 1e22, 1e10, 1.6e11, 2.5, 2.4, 2.6, 0.95)
    assert tuple(rows[4]) == (*lead, "arc", "task", "web", None, 3e10, 6e11, None, None, None, 0.95)
    assert len(rows) == 6


@pytest.mark.parametrize(
    ("group", "whole_name", "label"),
    [({}, "val", "val"), ({"loss": "web"}, "web, code", "web"), ({"loss": "x"}, "val", "val")],
)
def test_a_chart_names_the_loss_of_its_result(group, whole_name, label):
    made = replace(report(forecast(group=group)), columns={"loss": whole_name})
    (chart,) = view.charts(made)
    assert chart.y.label == label
    assert view.panels(made)[0][0].y.label == label
