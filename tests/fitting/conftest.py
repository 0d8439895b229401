"""The published Chinchilla points, where they are at hand."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.laws import find_law
from tests import ROOT

POINTS = ROOT.parent / "shared" / "data" / "chinchilla_besiroglu" / "chinchilla.csv"


def load_points(*, with_dropped: bool) -> Problem:
    if not POINTS.exists():
        pytest.skip(f"{POINTS} is not there")
    with POINTS.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if with_dropped or row["dropped_by_besiroglu"] == "false"]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("params", "tokens", "loss")}
    loss = columns.pop("loss")
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(len(rows)))


@pytest.fixture(scope="session")
def points_240() -> Problem:
    return load_points(with_dropped=False)


@pytest.fixture(scope="session")
def points_245() -> Problem:
    return load_points(with_dropped=True)
