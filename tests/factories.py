"""Results as a fit would give them, for tests of what draws, writes and reads them."""

from __future__ import annotations

from typing import Any

import numpy as np

from scaling_cli.caveats import caveat
from scaling_cli.fitting.fit import Grouped
from scaling_cli.fitting.problem import Problem
from scaling_cli.record import replace
from scaling_cli.results.comparison import ComparisonResult
from scaling_cli.results.fit import (
    Estimate,
    FitResult,
    Identifiability,
    IntervalMethod,
    ObjectiveValue,
    Observations,
    Quality,
    Starts,
)
from scaling_cli.results.report import Failure, Report, Source
from scaling_cli.sentences import with_sentences

SAID = {"fit": FitResult, "compare-exponents": ComparisonResult}  # results whose sentence reports here have


def grouped(problem: Problem, **more: Any) -> Grouped:
    """One group whose runs are named by their numbers."""
    return Grouped(problem, {}, {}, {}, tuple(map(str, range(problem.run_count))), **more)


def chinchilla_observations(points: int = 240) -> Observations:
    """IsoFLOP-like runs at nine budgets, around the law of `chinchilla_result`, with 0.5 % noise."""
    rng = np.random.default_rng(0)
    compute = np.repeat(np.geomspace(6e18, 3e21, 9), points // 9 + 1)[:points]
    params = np.sqrt(compute / 6 / 20) * np.exp(rng.uniform(-1.3, 1.3, points))
    tokens = compute / 6 / params
    predicted = 1.8172 + 477.8 / params**0.3473 + 2143.4 / tokens**0.3672
    observed = predicted * np.exp(rng.normal(0, 0.005, points))
    return Observations(
        inputs={"params": tuple(params.tolist()), "tokens": tuple(tokens.tolist())},
        observed=tuple(observed.tolist()),
        predicted=tuple(predicted.tolist()),
    )


def chinchilla_result(**changes: Any) -> FitResult:
    """The published fit of the 240 Chinchilla points."""
    result = FitResult(
        group={},
        runs=240,
        points=240,
        law="chinchilla",
        formula="E + A / params^alpha + B / tokens^beta",
        inputs={"params": "params", "tokens": "tokens"},
        reason=None,
        objective=ObjectiveValue("huber", "log", 1e-3, 0.0010182740178),
        parameters={
            "E": Estimate(1.817218, 1.7694, 1.8712),
            "A": Estimate(477.826, 286.1, 743.6),
            "B": Estimate(2143.42, 1042.0, 5810.0),
            "alpha": Estimate(0.347311, 0.3168, 0.3733),
            "beta": Estimate(0.367172, 0.3313, 0.4154),
        },
        derived={
            "params_exponent": Estimate(0.513899, 0.4712, 0.5587),
            "tokens_exponent": Estimate(0.486101, 0.4413, 0.5288),
        },
        interval=IntervalMethod("bootstrap", 0.95, 4000, "run"),
        quality=Quality(0.00512, 0.00391, 0.99812),
        starts=Starts(8, 8),
        identifiability=Identifiability(812.0, 235, {"params": 2.56, "tokens": 2.9}, (0.35, 1874.0), correlation=0.21),
        ranges={"params": (44e6, 16.18e9), "tokens": (2.1e8, 1.41e11), "compute": (1.02e18, 3.27e21)},
        noise=0.00437,
        draws=((1.81, 470.0, 2100.0, 0.346, 0.366), (1.82, 485.5, 2200.25, 0.348, 0.369)),
        observations=chinchilla_observations(),
    )
    return replace(result, **changes)


def power_result(**changes: Any) -> FitResult:
    """A power law of loss in compute, from seven runs."""
    compute = np.geomspace(1e17, 1e20, 7)
    predicted = 25.0 * compute**-0.05
    observed = predicted * np.array([1.004, 0.997, 1.001, 0.995, 1.003, 1.002, 0.998])
    result = FitResult(
        group={},
        runs=7,
        points=7,
        law="power",
        formula="a * x^b",
        inputs={"x": "compute"},
        reason="loss falls with compute alone: params and tokens do not vary",
        objective=ObjectiveValue("least-squares", "log", None, 3.4e-5),
        parameters={"a": Estimate(25.031, 24.12, 26.03), "b": Estimate(-0.05003, -0.05101, -0.04898)},
        derived={},
        interval=IntervalMethod("t", 0.95, 0, None),
        quality=Quality(0.00301, 0.00267, 0.99931),
        starts=Starts(1, 1),
        identifiability=Identifiability(1.9, 5, {"compute": 3.0}),
        ranges={"compute": (1e17, 1e20)},
        noise=0.0036,
        observations=Observations({"x": tuple(compute.tolist())}, tuple(observed.tolist()), tuple(predicted.tolist())),
    )
    return replace(result, **changes)


def report(*results: FitResult, **changes: Any) -> Report[FitResult]:
    """A report of `scaling fit`, on one file unless changed."""
    made: Report[FitResult] = Report(
        command="fit",
        inputs=(Source("runs.csv", "9f" * 32, 245),),
        columns={"loss": "loss", "params": "params", "tokens": "tokens"},
        options={
            "law": "chinchilla",
            "objective": "huber",
            "delta": 0.001,
            "by": ("optimizer",),
            "where": None,
        },
        results=results,
    )
    made = replace(made, **changes)
    if not all(isinstance(result, SAID.get(made.command, ())) for result in made.results):
        return made
    return replace(made, results=with_sentences(made.command, made.results, made.columns))


def bad_report() -> Report[FitResult]:
    """A fit that should not be believed, and says so: null intervals, a bound, hostile names."""
    result = power_result(
        runs=4,
        points=4,
        reason=None,
        parameters={"a": Estimate(25.0), "b": Estimate(-0.05, None, -0.01)},
        derived={"floor": Estimate(None)},
        interval=IntervalMethod("none", 0.95, 0, None),
        quality=Quality(0.214, 0.187, None),
        ranges={"compute": (1e17, 2e17)},
        noise=0.2,
    )
    return report(
        result,
        columns={"loss": "eval/\x1b[31mloss[/bold]", "compute": "flops"},
        caveats=(
            caveat("few-runs", runs=4, parameters=2),
            caveat("short-range", quantity="compute", decades="0.3"),
            caveat("at-bound", parameter="b", value=-0.05),
        ),
    )


def groups_report() -> Report[FitResult]:
    """Two optimizers fitted and one that failed."""
    adam, muon = {"optimizer": "adamw"}, {"optimizer": "[red]muon[/red]"}
    return report(
        chinchilla_result(group=adam, runs=120, points=120),
        chinchilla_result(
            group=muon,
            runs=64,
            points=64,
            quality=Quality(0.0123, 0.0102, 0.991),
            parameters={
                "E": Estimate(1.79, 1.62, 1.91),
                "A": Estimate(391.0, 12.0, 61000.0),
                "B": Estimate(1.9e7, 4.1e6, 8.8e7),
                "alpha": Estimate(0.336, 0.21, 0.47),
                "beta": Estimate(0.372, None, None),
            },
        ),
        caveats=(
            caveat("rows-excluded", count=5, total=245, reasons="loss is missing (5)"),
            caveat("fixed-tokens-per-param", muon, low=19.5, high=20.5),
            caveat("condition-number", muon, condition=3.2e7),
        ),
        failures=(
            Failure(
                {"optimizer": "sgd\x1b]0;owned\x07"},
                "3 points cannot fix the 5 parameters of chinchilla.",
                "Add runs, or fit --law power.",
            ),
        ),
    )
