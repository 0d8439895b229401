"""Saved forecasts beside the losses that runs reached later.

A forecast is of a run if every amount that both give differs by at most a share `within`. If several runs fit, such as
seeds, each is scored, but of several checkpoints of one run only the nearest. If a run fits several forecasts of one
fit, it is scored by the nearest.

The interval of the share of forecasts inside their intervals is Wilson's (1927). Forecasts of one fit are right or
wrong together, and so are several forecasts of one run. It therefore counts only as many as share neither a fit nor a
run: the largest matching of fits and runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from scaling_cli.arrays import NORMAL_95 as Z
from scaling_cli.data.names import listing
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import group_label, with_and
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.record import replace
from scaling_cli.results.fit import Estimate
from scaling_cli.results.score import Scored, ScoreResult

Run: TypeAlias = Mapping[str, object]

AMOUNTS = ("params", "tokens", "compute")
SAME = 1e-6  # difference of distances of forecasts that are of the same run


def scored(forecasts: Sequence[SavedForecast], runs: Mapping[str | None, Sequence[Run]], within: float) -> ScoreResult:
    """All forecasts with the runs that they are of, in the order of the files.

    Args:
        runs: By the forecasts' columns of the loss, each run's `run_id`, `loss` and further roles.
        within: Largest difference in an amount, as a share.

    Raises:
        DataError: No run fits any forecast.
    """
    rows: list[Scored] = []
    judged: list[tuple[Hashable, Hashable]] = []
    unmatched, inside = 0, 0
    for forecast in forecasts:
        matched = _runs_of(forecast, runs[forecast.loss], within)
        for prediction, found in zip(forecast.predictions, matched, strict=True):
            unmatched += not found
            for run in found:
                row = _row(forecast, prediction, run)
                inside += bool(row.inside)
                if row.inside is not None:
                    judged.append((_fit_of(forecast), _run_of(run)))
                rows.append(replace(row, running=inside / len(judged) if judged else None))
    if not rows:
        raise _none_fits(forecasts, runs, within)
    independent = independent_pairs(judged)
    errors = np.array([row.error_log for row in rows])
    return ScoreResult(
        group={},
        forecasts=len({forecast.path for forecast in forecasts}),
        level=forecasts[0].level,
        scored=tuple(rows),
        coverage=_share(inside / len(judged), independent) if judged else Estimate(None),
        inside=inside,
        rmse_log=float(np.sqrt(np.mean(errors**2))),
        bias_log=float(errors.mean()),
        unmatched=unmatched,
        independent=independent,
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


def _runs_of(forecast: SavedForecast, runs: Sequence[Run], within: float) -> list[list[Run]]:
    """The runs that each prediction is of; a run that fits several is of the nearest, or of all that are as near."""
    found: list[list[Run]] = [[] for _ in forecast.predictions]
    for run in runs:
        if not all(str(run.get(column, value)) == value for column, value in forecast.group.items()):
            continue
        far = {
            place: _distance(prediction.at, run)
            for place, prediction in enumerate(forecast.predictions)
            if prediction.loss.estimate is not None and _is_near(prediction.at, run, within)
        }
        for place, distance in far.items():
            if distance <= min(far.values()) + SAME:
                found[place].append(run)
    return [_one_each(prediction.at, near) for prediction, near in zip(forecast.predictions, found, strict=True)]


def _one_each(at: Mapping[str, float], runs: Sequence[Run]) -> list[Run]:
    """The runs, without checkpoints that are farther off than another one of the same run."""
    far = [_distance(at, run) for run in runs]
    names = [(run["run_id"], run.get("params")) if run.get("run_id") else place for place, run in enumerate(runs)]
    nearest: dict[Hashable, float] = {}
    for name, distance in zip(names, far, strict=True):
        nearest[name] = min(distance, nearest.get(name, distance))
    return [run for run, name, distance in zip(runs, names, far, strict=True) if distance <= nearest[name] + SAME]


def _shared(at: Mapping[str, float], run: Run) -> list[str]:
    """The inputs that both give; compute follows from params and tokens, and says nothing more where both are known."""
    known = [name for name in at if isinstance(run.get(name), int | float)]
    return [name for name in known if name != "compute" or not has_params_and_tokens(known)]


def _distance(at: Mapping[str, float], run: Run) -> float:
    """The sum of the differences of the logs of the inputs that both give."""
    pairs = [(float(run[name]), at[name]) for name in _shared(at, run)]  # type: ignore[arg-type]
    return float(sum(abs(np.log(left / right)) for left, right in pairs if left > 0 and right > 0))


def _is_near(at: Mapping[str, float], run: Run, within: float) -> bool:
    """Whether the amounts that both give are alike, and say how large the run is; further inputs must be alike, too."""
    shared = _shared(at, run)
    if not set(AMOUNTS).intersection(shared) or _lacking(at, run):
        return False
    return all(_is_alike(float(run[name]), at[name], within) for name in shared)  # type: ignore[arg-type]


def _is_alike(left: float, right: float, within: float) -> bool:
    if left <= 0 or right <= 0:
        return left == right
    return bool(abs(np.log(left / right)) <= np.log1p(within))


def _lacking(at: Mapping[str, float], run: Run) -> list[str]:
    """Which of params and tokens a forecast of both has and a run has not, whose compute is not known either."""
    if not has_params_and_tokens(at) or ("compute" in at and run.get("compute")):
        return []
    return [role for role in SURFACE if not run.get(role)]


def _none_fits(
    forecasts: Sequence[SavedForecast], runs: Mapping[str | None, Sequence[Run]], within: float
) -> DataError:
    """The error for runs of which none was forecast: their groups, what they lack, or how far off they are."""
    if not any(forecast.predictions for forecast in forecasts):
        return DataError(
            f"{listing(list(dict.fromkeys(forecast.path for forecast in forecasts)))} has no forecast of a run.",
            hint="Save one with scaling extrapolate RUNS --at params=70B,tokens=1.4T -o FORECAST.json.",
        )
    pairs = [
        (forecast, prediction.at, run)
        for forecast in forecasts
        for prediction in forecast.predictions
        for run in runs[forecast.loss]
    ]
    columns = with_and(dict.fromkeys(column for forecast in forecasts for column in forecast.group))
    if any(_is_near(at, run, within) for _, at, run in pairs):
        known = listing(list(dict.fromkeys(group_label(forecast.group) for forecast in forecasts)))
        return DataError(
            f"The forecasts are of runs with {columns} {known}, but runs of these sizes are of other groups.",
            hint=f"Check how the groups are written in column {columns}.",
        )
    lacking = list(dict.fromkeys(role for _, at, run in pairs for role in _lacking(at, run)))
    if lacking and all(_lacking(at, run) for _, at, run in pairs):
        return DataError(
            f"The runs have no {with_and(lacking)}, so it is not known which forecast is of which run.",
            hint=f"Name the column: {' '.join(f'--{role} COL' for role in lacking)}.",
        )
    given = max(map(len, runs.values()))
    return DataError(
        f"{'The only run is not' if given == 1 else f'None of the {given:,} runs is'} within {within:.0%} of the "
        "params, tokens or compute of a forecast.",
        hint="Check that the runs are those that were forecast, or widen --within.",
    )


def _fit_of(forecast: SavedForecast) -> Hashable:
    """What forecasts of one fit have in common; those of several losses of the same runs have it, too."""
    return forecast.hashes - {""} or forecast.path, tuple(sorted(forecast.group.items()))


def _run_of(run: Run) -> Hashable:
    """What several forecasts of one run have in common: its name, or else its amounts and its loss."""
    return str(run["run_id"]) if run.get("run_id") else tuple(run.get(name) for name in (*AMOUNTS, "loss"))


def independent_pairs(pairs: Sequence[tuple[Hashable, Hashable]]) -> int:
    """The most pairs of which no two have their first or their second part in common."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not pairs:
        return 0
    numbers = [{part: i for i, part in enumerate(dict.fromkeys(side))} for side in zip(*pairs, strict=True)]
    # scipy 1.14 matches only with indices of 32 bits.
    places = tuple(np.array([known[pair[side]] for pair in pairs], np.int32) for side, known in enumerate(numbers))
    graph = coo_array((np.ones(len(pairs)), places), shape=(len(numbers[0]), len(numbers[1])))
    return int((maximum_bipartite_matching(graph.tocsr()) >= 0).sum())


def _share(share: float, count: int) -> Estimate:
    """A share of so many with Wilson's interval."""
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * np.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)) / (1 + Z**2 / count)
    return Estimate(share, float(max(centre - half, 0.0)), float(min(centre + half, 1.0)))
