"""Schedules are read from the checkpoints of whole runs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.laws import find_law
from tests.laws.designs import draw_schedules

WARM_UP, STEPS, PEAK = 2160, 24_000, 3e-4


def final_loss(rate: np.ndarray, step: np.ndarray) -> float:
    law = find_law("multi-power-schedule")
    published = next(fit.parameters for fit in law.published if fit.name == "100M")
    return float(law.predict(published, {"step": step, "lr": rate})[-1])


@pytest.mark.parametrize("spacing", [1, 16, 120])
def test_published_law_gives_the_loss_of_its_code(spacing):
    # Luo et al. 2025, code with the 100M parameters: a constant rate, and one that decays over the last 4,000 steps.
    after = np.arange(0, STEPS + 1, spacing, dtype=float)
    constant = np.full(len(after), PEAK)
    assert final_loss(constant, WARM_UP + after) == pytest.approx(2.8919035, abs=5e-8)
    decayed = PEAK * np.where(after < 20_000, 1.0, 1.0 - 0.9 * (after - 20_000) / 4_000)
    # Between checkpoints the place of a drop is not known: the error is of the order of their spacing.
    assert final_loss(decayed, WARM_UP + after) == pytest.approx(2.7917949, abs=1e-4 + 4e-6 * spacing)


def test_order_of_rows_and_other_runs_do_not_matter():
    law, generator = find_law("annealing"), np.random.default_rng(1)
    columns = draw_schedules(generator, 30)
    values = {"L0": 2.0, "A": 0.5, "alpha": 0.5, "C": 0.3, "memory": 1000.0}
    together = law.predict(values, columns)
    order = generator.permutation(len(together))
    shuffled = law.predict(values, {name: column[order] for name, column in columns.items()})
    np.testing.assert_array_equal(shuffled, together[order])
    alone = law.predict(values, {name: column[30:60] for name, column in columns.items()})
    np.testing.assert_array_equal(alone, together[30:60])


def test_rise_before_the_highest_rate_is_no_drop():
    law = find_law("annealing")
    values = {"L0": 2.0, "A": 0.5, "alpha": 0.5, "C": 100.0, "memory": 1000.0}
    step = np.arange(1.0, 101.0)
    rising = law.predict(values, {"step": step, "lr": step * 1e-5})
    area = 0.5 * step**2 * 1e-5
    np.testing.assert_allclose(rising, 2.0 + 0.5 * area**-0.5, rtol=1e-12)


def test_curves_are_fitted_on_all_checkpoints_and_may_end_at_rate_zero():
    law, generator = find_law("annealing"), np.random.default_rng(2)
    columns = draw_schedules(generator, 40)
    columns["lr"][-1] = 0.0
    values = {"L0": 2.0, "A": 0.5, "alpha": 0.5, "C": 0.3, "memory": 1000.0}
    loss = law.predict(values, columns) * np.exp(0.001 * generator.standard_normal(160))
    names = [f"run {number:.0f}" for number in columns["run"]]
    frame = pl.DataFrame({"run_id": names, "step": columns["step"], "lr": columns["lr"], "loss": loss})
    report = scaling.fit(frame, law="annealing", interval="none")
    assert report.options["checkpoints"] == "all"
    result = report.results[0]
    assert (result.runs, result.points) == (4, 160)
    assert result.parameters["memory"].estimate == pytest.approx(1000.0, rel=0.05)
    assert result.derived["lambda"].estimate == pytest.approx(0.999, abs=1e-4)
