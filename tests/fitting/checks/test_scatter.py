"""Residuals that are larger than noise between runs can be."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.fitting.checks.scatter import scatter_doubts
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.laws import find_law


def codes(rmse, share, points=40, law="power"):
    """A fit whose residuals have this size, of a spread of which the law explains this share."""
    x = np.geomspace(1e18, 1e22, points)
    logs = np.log(x) - np.log(x).mean()
    noise = np.where(np.arange(points) % 4 < 2, 1.0, -1.0)
    design = np.stack([np.ones(points), logs], axis=1)
    noise = noise - design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    noise *= rmse / np.sqrt(np.mean(noise**2))
    explained = rmse * np.sqrt(share / (1 - share))
    slope = -explained / np.std(logs)
    loss = np.exp(1 + slope * logs + noise)
    columns = {"x": x}
    problem = problem_from_arrays(find_law(law), columns, loss, np.arange(points))
    fitted = optimum(problem, Objective("least-squares"))
    assert np.sqrt(np.mean(fitted.log_residuals**2)) == pytest.approx(rmse, rel=1e-3)
    return scatter_doubts(fitted, {"lab": "ours"})


@pytest.mark.parametrize(
    ("rmse", "share", "is_poor"),
    [
        (0.101, 0.49, True),
        (0.099, 0.49, True),  # at least 5 %, of which the law explains less than 92 %
        (0.101, 0.93, False),
        (0.051, 0.91, True),
        (0.051, 0.93, False),
        (0.049, 0.91, False),
    ],
)
def test_large_residuals_are_a_doubt_where_the_law_explains_little(rmse, share, is_poor):
    found = codes(rmse, share)
    assert [each.code for each in found] == (["poor-fit"] if is_poor else [])
    assert all(each.group == {"lab": "ours"} for each in found)


def test_hardly_more_points_than_parameters_show_nothing():
    assert codes(0.2, 0.3, points=5) != []
    assert codes(0.2, 0.3, points=4) == []


def test_the_share_that_the_law_explains_is_said():
    (found,) = codes(0.2, 0.3)
    assert "20 %" in found.message
    assert "30 %" in found.message or "0.3" in found.message


def test_a_surface_is_doubted_earlier():
    """Runs of equal params and tokens differ less."""
    generator = np.random.default_rng(0)
    columns = {"params": np.exp(generator.uniform(16, 20, 60)), "tokens": np.exp(generator.uniform(21, 24, 60))}
    values = {"E": 1.8, "A": 400.0, "B": 2000.0, "alpha": 0.34, "beta": 0.36}
    loss = find_law("chinchilla").predict(values, columns)
    for noise, is_poor in ((0.02, False), (0.045, True)):
        noisy = loss * np.exp(noise * generator.standard_normal(60))
        fitted = optimum(
            problem_from_arrays(find_law("chinchilla"), columns, noisy, np.arange(60)), Objective("least-squares")
        )
        share = 1 - np.mean(fitted.log_residuals**2) / np.var(np.log(noisy))
        assert bool(share < 0.95) is is_poor
        assert bool(scatter_doubts(fitted, None)) is is_poor
