"""Saved forecasts beside the losses that runs reached later.

A forecast is of a run if every amount that both give differs by at most a share `within`. If several runs fit, such as
seeds, each is scored. The interval of the share of forecasts inside their intervals is Wilson's (1927).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from scaling_cli.arrays import NORMAL_95 as Z
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction
from scaling_cli.errors import DataError
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.score import Scored, ScoreResult

Run: TypeAlias = Mapping[str, object]

AMOUNTS = ("params", "tokens", "compute")


def scored(forecasts: Sequence[SavedForecast], runs: Mapping[str | None, Sequence[Run]], within: float) -> ScoreResult:
    """All forecasts with the runs that they are of, in the order of the files.

    Args:
        runs: By the forecasts' columns of the loss, each run's `run_id`, `loss` and further roles.
        within: Largest difference in an amount, as a share.

    Raises:
        DataError: No run fits any forecast.
    """
    rows: list[Scored] = []
    unmatched, inside, judged = 0, 0, 0
    for forecast in forecasts:
        for prediction in forecast.predictions:
            found = list(_runs_of(prediction, forecast.group, runs[forecast.loss], within))
            unmatched += not found
            for run in found:
                row = _row(forecast, prediction, run)
                judged += row.inside is not None
                inside += bool(row.inside)
                rows.append(replace(row, running=inside / judged if judged else None))
    if not rows:
        given = max(map(len, runs.values()))
        raise DataError(
            f"{'The only run is not' if given == 1 else f'None of the {given:,} runs is'} within {within:.0%} of the "
            "params, tokens or compute of a forecast.",
            hint="Check that the runs are those that were forecast, or widen --within.",
        )
    errors = np.array([row.error_log for row in rows])
    return ScoreResult(
        group={},
        forecasts=len({forecast.path for forecast in forecasts}),
        level=forecasts[0].level,
        scored=tuple(rows),
        coverage=_share(inside, judged),
        inside=inside,
        rmse_log=float(np.sqrt(np.mean(errors**2))),
        bias_log=float(errors.mean()),
        unmatched=unmatched,
    )


def _row(forecast: SavedForecast, prediction: SavedPrediction, run: Run) -> Scored:
    predicted, observed = prediction.interval, float(run["loss"])  # type: ignore[arg-type]
    assert predicted.estimate is not None
    low, high = predicted.low, predicted.high
    inside = None if low is None or high is None else low <= observed <= high
    return Scored(
        Path(forecast.path).name, str(run.get("run_id", "")), prediction.at, predicted, observed,
        float(np.log(observed / predicted.estimate)), inside, None, forecast.loss,
    )  # fmt: skip


def _runs_of(
    prediction: SavedPrediction, group: Mapping[str, str], runs: Sequence[Run], within: float
) -> Iterator[Run]:
    if prediction.loss.estimate is None:
        return
    for run in runs:
        if any(str(run.get(column, value)) != value for column, value in group.items()):
            continue
        shared = [role for role in AMOUNTS if prediction.at.get(role) and run.get(role)]
        # Compute follows from params and tokens: where both are known, it says nothing more.
        if has_params_and_tokens(shared):
            shared = ["params", "tokens"]
        near = all(abs(np.log(float(run[role]) / prediction.at[role])) <= np.log1p(within) for role in shared)  # type: ignore[arg-type]
        if shared and near:
            yield run


def _share(inside: int, judged: int) -> Estimate:
    """A share with Wilson's interval."""
    if not judged:
        return Estimate(None)
    share = inside / judged
    centre = (share + Z**2 / (2 * judged)) / (1 + Z**2 / judged)
    half = Z * np.sqrt(share * (1 - share) / judged + Z**2 / (4 * judged**2)) / (1 + Z**2 / judged)
    return Estimate(share, float(max(centre - half, 0.0)), float(min(centre + half, 1.0)))
