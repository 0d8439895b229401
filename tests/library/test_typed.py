"""Types that a user's script sees; mypy checks `assert_type`, and pytest that the values are of these types."""

from __future__ import annotations

from typing import assert_type

import polars as pl

import scaling_cli as scaling
from scaling_cli.library.answer import Answer
from scaling_cli.library.predicted import Predicted
from scaling_cli.results.allocation import AllocationResult
from scaling_cli.results.comparison import ComparisonResult
from scaling_cli.results.coverage import CoverageResult
from scaling_cli.results.fit import FitResult
from scaling_cli.results.forecast import Extrapolation

RUNS = "sample_data/isoflop_runs.csv"


def test_a_script_that_fits_sees_types() -> None:
    fit = scaling.fit(RUNS, interval="none")
    assert_type(fit, Answer[FitResult])
    assert_type(fit.results[0].parameters["alpha"].estimate, float | None)
    assert isinstance(assert_type(fit.predict(params=1e9, tokens="20B"), Predicted), Predicted)
    assert isinstance(assert_type(fit.predict(params=1e9, tokens=[1e10, 2e10]), list[Predicted]), list)
    assert isinstance(assert_type(fit.to_polars(), pl.DataFrame), pl.DataFrame)
    assert isinstance(assert_type(fit.summary(), str), str)


def typed_elsewhere() -> None:
    """What mypy alone looks at."""
    assert_type(scaling.extrapolate(RUNS, at="params=70B,tokens=1.4T"), Answer[Extrapolation])
    assert_type(scaling.optimal_allocation(RUNS, budget=1e24), Answer[AllocationResult])
    assert_type(scaling.compare_exponents(RUNS, by="optimizer"), Answer[ComparisonResult])
    assert_type(scaling.inference_coverage(RUNS), Answer[CoverageResult])
