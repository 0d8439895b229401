"""Several losses and task metrics at the same targets, by joint draws.

The log losses of one draw are normal around their forecasts, with the widths of the forecasts' intervals for a new run
and the correlations of the errors that these forecasts make on the same held-out runs (about zero, since forecasts that
are all too low are wrong together). A draw has the same deviate at all targets. A task follows from the drawn loss by
its link: draw i takes replicate i of all links, which were fitted to the same resampled runs, and then noise with the
size of the link's residuals and with their correlations between tasks.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from scaling_cli.analysis.forecast.downstream import Link, drawn_metric, estimate_of, fit_link, then_of
from scaling_cli.analysis.forecast.evidence import ForecastData
from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.analysis.forecast.suite import Suite, Task
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.arrays import Array, Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.forecast import Prediction, SuiteForecast, SuiteRow, Then

DRAWS = 2000
FEWEST_COMMON = 4  # errors of the same runs, from which a correlation is estimated

Errors: TypeAlias = Mapping[Hashable, float]
Key: TypeAlias = tuple[str, float]


class Part(Record):
    """One loss: its forecaster, and its forecasts at the targets."""

    loss: str
    data: ForecastData
    places: Places
    bands: Bands
    predicted: tuple[Prediction, ...]

    @property
    def keys(self) -> list[Key]:
        """What each point is recognised by among the points of other losses: its run and its scale."""
        assert self.data.points is not None
        points = self.data.points
        return [(self.data.labels[run], float(size)) for run, size in zip(points.runs, points.scale, strict=True)]


class Joint(Record):
    """Links of tasks, and draws of every name `(draws, n)`."""

    links: dict[str, Link]
    draws: dict[str, Array]


def joint(parts: Sequence[Part], suite: Suite, group: dict[str, str]) -> tuple[Joint, list[Caveat]]:
    """Draws of all losses and tasks of one group; `group` is what caveats name.

    Raises:
        UsageError: A task is one of the losses.
        FitError: The group has one task, and no law can be fitted to it.
    """
    if twice := [task.metric for task in suite.tasks if task.metric in {part.loss for part in parts}]:
        raise UsageError(f"{twice[0]} is both a loss and a task.", hint="Name it once.")
    forecasters = [part.data.forecast for part in parts]
    assert forecasters[0] is not None
    resampling, level = forecasters[0].resampling, forecasters[0].level
    rng = np.random.default_rng([resampling.seed, resampling.group, len(parts)])
    shared = correlations([_loss_errors(part) for part in parts])
    deviates = rng.standard_normal((DRAWS, len(parts))) @ _root(shared if shared is not None else np.eye(len(parts))).T
    to_sigma = NormalDist().inv_cdf(0.5 + level / 2)
    draws = {
        part.loss: np.exp(part.bands.estimate + deviates[:, [i]] * part.bands.prediction / to_sigma)
        for i, part in enumerate(parts)
    }
    links, unfitted = _links(parts, suite.tasks, resampling)
    if unfitted and not suite.is_joint:
        raise next(iter(unfitted.values()))
    noise = _noise(links, parts, len(parts[0].bands.estimate), rng)
    draws |= {name: drawn_metric(link, draws[link.follows], noise[name]) for name, link in links.items()}
    draws |= {name: np.mean([draws[part] for part in of], axis=0) for name, of in _averages(suite, draws).items()}
    doubts = [] if shared is not None else [caveat("suite-without-common-runs", group)]
    doubts += [
        caveat("task-without-law", group, metric=name, reason=error.message, hint=error.hint)
        for name, error in unfitted.items()
    ]
    return Joint(links, draws), doubts


def thens(made: Joint, parts: Sequence[Part]) -> dict[str, Then]:
    """Each task at the targets."""
    by_loss = {part.loss: part for part in parts}
    found = {}
    for name, link in made.links.items():
        part = by_loss[link.follows]
        assert part.data.forecast is not None
        places = [target.at for target in part.places.targets]
        level = part.data.forecast.level
        found[name] = then_of(link, places, np.exp(part.bands.estimate), made.draws[name], level)
    return found


def suite_forecast(made: Joint, parts: Sequence[Part], suite: Suite) -> SuiteForecast:
    """All losses, tasks and averages at each target."""
    assert parts[0].data.forecast is not None
    tasks, level = thens(made, parts), parts[0].data.forecast.level
    values: dict[str, list[Estimate]] = {
        part.loss: [Estimate(row.loss.estimate, row.prediction.low, row.prediction.high) for row in part.predicted]
        for part in parts
    }
    values |= {name: [row.metric for row in then.predictions] for name, then in tasks.items()}
    averages = _averages(suite, made.draws)
    for name, of in averages.items():
        values[name] = [
            estimate_of(None if None in centres else float(np.mean(centres)), made.draws[name][:, i], level)
            for i, centres in enumerate(zip(*([row.estimate for row in values[part]] for part in of), strict=True))
        ]
    own = {part.loss: [target.at for target in part.places.targets] for part in parts}
    rows = []
    for i, common in enumerate(_common(list(own.values()))):
        rows += [SuiteRow(part.loss, "loss", None, dict(own[part.loss][i]), values[part.loss][i]) for part in parts]
        rows += [
            SuiteRow(name, "task", link.follows, dict(own[link.follows][i]), values[name][i])
            for name, link in made.links.items()
        ]
        rows += [SuiteRow(name, "average", None, common, values[name][i]) for name in averages]
    return SuiteForecast(DRAWS, tuple(rows), _table(made.draws), tuple(tasks.values()))


def correlations(errors: Sequence[Errors]) -> Array | None:
    """Correlations `(k, k)` about zero of errors on what all have in common; None if they have too little."""
    common = [key for key in errors[0] if all(key in other for other in errors[1:])]
    if len(errors) > 1 and len(common) < FEWEST_COMMON:
        return None
    rows = np.array([[of[key] for key in common] for of in errors]) if common else np.zeros((len(errors), 1))
    size = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    turned = rows / np.where(size > 0, size, 1.0)
    found: Array = turned @ turned.T
    np.fill_diagonal(found, 1.0)
    return found


def _loss_errors(part: Part) -> Errors:
    """Errors of log loss by origin, run and scale: on held-out runs if some were held out, else on all."""
    forecaster, points = part.data.forecast, part.data.points
    assert forecaster is not None
    assert points is not None
    observed = np.log(points.observed)
    if not forecaster.stack.origins:
        missed = forecaster.mean(points.columns) - observed
        return {(0.0, *key): float(error) for key, error in zip(part.keys, missed, strict=True)}
    missed = forecaster.stack.at_origins() - observed
    return {
        (origin.reach, *key): float(error)
        for row, origin in zip(missed, forecaster.stack.origins, strict=True)
        for key, error, is_trained in zip(part.keys, row, origin.trained, strict=True)
        if not is_trained
    }


def _links(
    parts: Sequence[Part], tasks: Sequence[Task], resampling: Resampling
) -> tuple[dict[str, Link], dict[str, FitError]]:
    """The link of each task, from its loss or else from the one with the least error, and tasks without a link."""
    names = sorted({label for part in parts for label in part.data.labels})
    numbers = {name: i for i, name in enumerate(names)}
    links: dict[str, Link] = {}
    unfitted: dict[str, FitError] = {}
    for task in tasks:
        found: list[Link] = []
        unfitted[task.metric] = FitError(
            f"{task.loss}, from which {task.metric} follows, cannot be forecast.",
            hint=f"Name another loss for {task.metric}.",
        )
        for part in parts:
            if task.loss in (None, part.loss):
                try:
                    found.append(_link(part, task, numbers, resampling))
                except FitError as error:
                    unfitted[task.metric] = error
        if found:
            links[task.metric] = min(found, key=lambda link: link.rmse)
            unfitted.pop(task.metric, None)
    return links, unfitted


def _link(part: Part, task: Task, numbers: Mapping[str, int], resampling: Resampling) -> Link:
    points = part.data.points
    assert points is not None
    values = part.data.metrics[task.metric]
    known = np.isfinite(values)
    runs: Indices = np.array([numbers[label] for label in part.data.labels])[points.runs[known]]
    return fit_link(
        task, part.loss, points.observed[known], values[known], runs, run_count=len(numbers), resampling=resampling
    )


def _noise(links: Mapping[str, Link], parts: Sequence[Part], places: int, rng: np.random.Generator) -> dict[str, Array]:
    """Deviates `(draws, n)` of each task, with the correlations of the links' residuals on the same runs."""
    if not links:
        return {}
    by_loss = {part.loss: part for part in parts}
    errors: list[Errors] = []
    for name, link in links.items():
        part = by_loss[link.follows]
        known = np.isfinite(part.data.metrics[name])
        keys = [key for key, is_known in zip(part.keys, known, strict=True) if is_known]
        errors.append(dict(zip(keys, link.residuals.tolist(), strict=True)))
    shared = correlations(errors)
    root = _root(np.eye(len(links)) if shared is None else shared)
    drawn = np.einsum("dnj,kj->kdn", rng.standard_normal((DRAWS, places, len(links))), root)
    return dict(zip(links, drawn, strict=True))


def _root(matrix: Array) -> Array:
    """A square root `(k, k)` of a correlation matrix, which may be singular."""
    values, vectors = np.linalg.eigh(matrix)
    root: Array = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _averages(suite: Suite, draws: Mapping[str, Array]) -> dict[str, tuple[str, ...]]:
    """The averages all of whose parts were drawn."""
    return {name: of for name, of in suite.averages.items() if all(part in draws for part in of)}


def _common(places: Sequence[Sequence[Mapping[str, float]]]) -> list[dict[str, float]]:
    """The amounts of each target that all losses have in common; the split of a budget may differ between them."""
    return [
        {role: amount for role, amount in each[0].items() if all(other.get(role) == amount for other in each[1:])}
        for each in zip(*places, strict=True)
    ]


def _table(draws: Mapping[str, Array]) -> dict[str, dict[str, float]]:
    """Correlations of all draws at the first place; 0 with what does not vary."""
    rows = np.array([values[:, 0] for values in draws.values()])
    rows = rows - rows.mean(axis=1, keepdims=True)
    size = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    turned = rows / np.where(size > 0, size, 1.0)
    names = list(draws)
    return {
        name: {other: float(value) for other, value in zip(names, row, strict=True)}
        for name, row in zip(names, turned @ turned.T, strict=True)
    }
