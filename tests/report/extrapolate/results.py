"""A forecast made by hand, for tests of how it is shown."""

from __future__ import annotations

from typing import Any

from scaling_cli.record import replace
from scaling_cli.results.fit import Curve, Estimate, Observations
from scaling_cli.results.forecast import Band, Extrapolation, ForecastInterval, LawWeight, Prediction, Track
from scaling_cli.results.report import Report, Source

NEAR = Prediction(
    {"compute": 1e22}, Estimate(2.5, 2.45, 2.55), Band(2.4, 2.6), Band(2.48, 2.53), 10.0, None, "forecast"
)
FAR = Prediction(
    {"compute": 1e24}, Estimate(2.1, 2.0, 2.2), Band(1.9, 2.3), Band(2.05, 2.15), 1000.0, None, "forecast", 2.05, "big"
)


def forecast(**changes: Any) -> Extrapolation:
    """A forecast along compute, of two targets, of which one was observed."""
    made = Extrapolation(
        group={},
        runs=5,
        points=5,
        estimator="forecast",
        changed=(),
        law=None,
        laws=(LawWeight("power-constant", 0.7, 0.01), LawWeight("m4", 0.3, 0.02)),
        inside=None,
        inputs={"x": "compute"},
        ranges={"compute": (1e18, 1e21), "loss": (2.6, 3.6)},
        interval=ForecastInterval("rolling+bootstrap", 0.95, 400, 3),
        predictions=(NEAR, FAR),
        score=None,
        track=(Track(2.0, 4, 1, 0.01, 0.0), Track(8.0, 3, 2, 0.03, 0.01)),
        backtest=(),
        inverse=(),
        then=None,
        noise=0.003,
        observations=Observations({"x": (1e18, 1e19, 1e20, 1e21)}, (3.6, 3.2, 2.9, 2.6), ()),
        scale=(1e18, 1e19, 1e20, 1e21),
        curve=Curve((1e18, 1e21, 1e24), (3.6, 2.6, 2.1), (3.5, 2.5, 1.9), (3.7, 2.7, 2.3)),
    )
    return replace(made, **changes)


def report(*results: Extrapolation) -> Report[Extrapolation]:
    """A report of these forecasts."""
    return Report(
        command="extrapolate",
        inputs=(Source("runs.csv", "9f" * 32, 5),),
        columns={"loss": "loss", "compute": "flops"},
        options={},
        results=results or (forecast(),),
    )
