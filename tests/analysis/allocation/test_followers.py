"""Inputs of a law whose value follows from params and tokens by another law, such as a supervised loss."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law

TRUTH = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36}
LAW = "c*side^q + d*params^-0.3*tokens^-0.3"  # along a budget the second term is constant, so the best split is side's
HELP = LAW + " + k*(log(teacher) - 1)^2"


def runs(noise: float = 0.0, teachers: tuple[float, ...] = (1.0,)) -> pl.DataFrame:
    generator = np.random.default_rng(0)
    axes = (np.geomspace(1e7, 1e10, 6), np.geomspace(1e9, 1e12, 6), np.array(teachers))
    params, tokens, teacher = (each.ravel() for each in np.meshgrid(*axes, indexing="ij"))
    side = find_law("chinchilla").predict(TRUTH, {"params": params, "tokens": tokens})
    loss = 0.5 * side**1.5 + 2e4 * params**-0.3 * tokens**-0.3 + 0.1 * (np.log(teacher) - 1) ** 2
    first = np.exp(noise * np.repeat(generator.standard_normal(36), len(teachers)))
    second = np.exp(noise * generator.standard_normal(len(loss)))
    return pl.DataFrame(
        {"params": params, "tokens": tokens, "teacher": teacher, "side": side * first, "loss": loss * second}
    )


def best_params(budget: float) -> float:
    """Hoffmann et al. 2022, eq. 4."""
    scale = (0.34 * 400.0 / (0.36 * 2000.0)) ** (1 / 0.7)
    return float(scale * (budget / 6) ** (0.36 / 0.7))


def split(table, **options):
    fitted = {} if isinstance(table, str) else {"interval": "none"}  # a saved fit has its own
    report = scaling.optimal_allocation(table, **{**fitted, "budget": 1e22, **options})
    return report.results[0].allocations[0], report


def test_the_split_takes_into_account_that_the_input_changes_with_it():
    best, _ = split(runs(), law=LAW, hold="side=chinchilla")
    assert best.params.estimate == pytest.approx(best_params(1e22), rel=2e-3)
    columns = {"params": np.array([best.params.estimate]), "tokens": np.array([best.tokens.estimate])}
    assert best.followed["side"].estimate == pytest.approx(find_law("chinchilla").predict(TRUTH, columns)[0], rel=1e-5)


def test_another_input_may_be_searched_beside_it():
    table = runs(0.001, (1.0, 2.0, 4.0, 8.0))
    best, report = split(
        table, law=HELP, hold={"side": "chinchilla"}, search="teacher", interval="wild", replicates=60,
        fix={"q": 1.5, "d": 2e4},
    )  # fmt: skip
    assert best.params.low < best_params(1e22) < best.params.high
    teacher = best.searched["teacher"].value
    assert teacher.low < np.e < teacher.high
    assert teacher.high < 1.1 * teacher.low
    assert best.followed["side"].low < best.followed["side"].estimate < best.followed["side"].high
    # The noise of a side is an error that all its runs share, which the residuals show.
    others = [each for each in report.caveats if each.code != "law-misfit"]
    assert any(each.group == {"column": "side"} for each in others) or not others


@pytest.mark.thorough
def test_a_budget_of_a_student_is_split_although_its_law_is_hardly_determined():
    """The exponents and coefficients trade off, and the loss of the best student is that of the truth to 2 %."""
    generator = np.random.default_rng(1)
    axes = (np.geomspace(1.43e8, 7.75e9, 5), np.geomspace(4e9, 5e11, 5), np.linspace(2.0, 2.5, 6))
    params, tokens, teacher = (each.ravel() for each in np.meshgrid(*axes, indexing="ij"))
    sides = find_law("chinchilla").predict(TRUTH, {"params": params, "tokens": tokens})
    columns = {"params": params, "tokens": tokens, "teacher_loss": teacher, "supervised_loss": sides}
    law = find_law("distillation")
    truth = {"c0": 2.549, "q": 2.244, "w": 11.11, "A": 2243.0, "alpha": 0.321, "B": 24181.0, "beta": 0.637}
    truth["gamma"] = 0.764
    loss = law.predict(truth, columns) * np.exp(0.003 * generator.standard_normal(len(params)))
    table = pl.DataFrame({**columns, "loss": loss})
    best, _ = split(table, law="distillation", hold="supervised_loss=chinchilla", search="teacher_loss", budget=1e20)
    assert 2.0 <= best.searched["teacher_loss"].value.estimate <= 2.5
    sizes = np.geomspace(1e8, 1e11, 400)
    lengths = 1e20 / 6 / sizes
    side = find_law("chinchilla").predict(TRUTH, {"params": sizes, "tokens": lengths})
    losses = [
        law.predict(
            truth, {"params": sizes, "tokens": lengths, "teacher_loss": np.full(400, one), "supervised_loss": side}
        ).min()
        for one in np.linspace(2.0, 2.5, 51)
    ]
    assert best.loss.estimate == pytest.approx(min(losses), rel=0.02)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"law": LAW, "hold": "side=chinchila"}, "No law is called 'chinchila'"),
        ({"law": LAW, "hold": "side=power"}, "power is a law of one input"),
        ({"law": "chinchilla", "hold": "side=chinchilla"}, "--hold names side"),
        ({"law": LAW, "hold": "side=8x"}, "--hold"),
        ({"law": LAW, "hold": "side=nan"}, "--hold"),
        ({"law": LAW, "hold": {"side": None}}, "--hold"),
        ({"law": LAW, "hold": "side=chinchilla", "approach": "isoflop"}, "--hold"),
    ],
)
def test_what_cannot_follow_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        split(runs(), **options)


def test_a_saved_fit_has_no_runs_to_fit_it_to(tmp_path):
    path = str(tmp_path / "fit.json")
    scaling.fit(runs(), law=LAW, interval="none").save(path)
    with pytest.raises(UsageError, match="needs the runs"):
        split(path, hold="side=chinchilla")
