"""What a paper should report, as far as a result answers it."""

from __future__ import annotations

from types import SimpleNamespace

from scaling_cli.report.pages.checklist import OPEN, checklist
from tests.factories import chinchilla_result


def items(*results, **options):
    report = SimpleNamespace(results=results, options=options, columns={"loss": "val_loss", "params": "n"})
    return dict(checklist(report))


def test_a_fit_answers_what_it_knows_and_leaves_the_rest_to_a_person():
    found = items(chinchilla_result(), seed=3, flops_rule="6ND", loss_unit="nats", checkpoints="final")
    assert found["Hypothesis: Form of the law"] == "E + A / params^alpha + B / tokens^beta"
    assert found["Hypothesis: Parameters that are fitted"] == "E, A, B, alpha, beta"
    assert found["Training: Number of runs"] == "240 runs"
    assert found["Training: How compute is counted"] == "6ND"
    assert found["Data: Columns that were read"] == "loss from val_loss, params from n"
    assert found["Data: Which checkpoints count"] == "final"
    assert found["Fitting: Objective"] == "huber"
    assert found["Fitting: Seed"] == "3"
    assert [item for item, answer in found.items() if not answer] == [f"{topic}: {item}" for topic, item in OPEN]
    assert "Fitting: Errors on larger runs held out" not in found


def test_of_several_groups_the_runs_are_those_of_the_first():
    found = items(chinchilla_result(), chinchilla_result(runs=7))
    assert found["Training: Number of runs"] == "240 runs in the first of 2 groups"


def test_a_forecast_says_how_far_it_reaches_and_how_far_off_it_was():
    rows = [SimpleNamespace(reach=reach) for reach in (3.0, 12.0, None)]
    track = [SimpleNamespace(rmse_log=0.012, reach=4.0), SimpleNamespace(rmse_log=0.03, reach=16.0)]
    found = items(SimpleNamespace(predictions=rows, track=track))
    assert found["Fitting: How far the furthest forecast reaches"] == "12 times the largest run"
    assert found["Fitting: Errors on larger runs held out"] == "1.2 % at 4x, 3 % at 16x"
    assert "Fitting: How far the furthest forecast reaches" not in items(SimpleNamespace(predictions=rows[2:]))


def test_nothing_but_questions_is_left_without_a_result():
    found = items(seed=0)
    assert {item for item, answer in found.items() if answer} == {"Data: Columns that were read", "Fitting: Seed"}
