"""Forecasts from a single fitted law, without a stack or rolling origins: saved fits and --estimator describe."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from scaling_cli.analysis.forecast.forecaster import Bands
from scaling_cli.arrays import Array
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import Law, find_law
from scaling_cli.record import Record
from scaling_cli.results.fit import FitResult
from scaling_cli.results.forecast import ForecastInterval, LawWeight, Track

OTHER_OBJECTIVES = (Objective("huber"), Objective("lad"), Objective("least-squares"))


class SingleLawForecast(Record):
    """A fitted law: parameters `(1, k)`, replicates `(draws, k)` and fits by other objectives `(others, k)`.

    `resampling` is the method by which the replicates were drawn, where known.
    """

    law: Law
    parameters: Array
    draws: Array
    others: Array
    noise: float | None
    level: float
    resampling: str | None

    @property
    def estimator(self) -> str:
        """The name of the estimator in the options."""
        return "describe"

    def log_losses(self, parameters: Array, columns: Mapping[str, Array]) -> Array:
        """Log losses `(rows, n)` for rows of parameters."""
        inputs = self.law.prepare({name: columns[name] for name in self.law.inputs})
        log_loss: Array = self.law.evaluate(self.law.to_coordinates(parameters), inputs)[0]
        return log_loss

    def mean(self, columns: Mapping[str, Array]) -> Array:
        """The forecast of log loss `(n,)`."""
        log_loss: Array = self.log_losses(self.parameters, columns)[0]
        return log_loss

    def bands(self, columns: Mapping[str, Array], scale: Array) -> Bands:
        """Forecasts at `columns`; without replicates the half-widths are NaN."""
        estimate = self.mean(columns)
        if len(self.draws):
            ends = [0.5 - self.level / 2, 0.5 + self.level / 2]
            low, high = np.quantile(self.log_losses(self.draws, columns), ends, axis=0)
            confidence = (high - low) / 2
        else:
            confidence = np.full(len(scale), np.nan)
        noise = np.nan if self.noise is None else NormalDist().inv_cdf(0.5 + self.level / 2) * self.noise
        return Bands(estimate, confidence, np.hypot(confidence, noise), self.log_losses(self.others, columns))

    def laws(self) -> tuple[LawWeight, ...]:
        """The law, with all the weight."""
        return (LawWeight(self.law.name, 1.0, None),)

    def interval(self) -> ForecastInterval:
        """How the bands are computed."""
        method = "draws" if len(self.draws) else "none"
        return ForecastInterval(method, self.level, len(self.draws), 0, self.resampling)

    def track(self) -> tuple[Track, ...]:
        """An empty track record, since one fit has no rolling origins."""
        return ()


def single_law_forecast(fit: FitResult | SavedFit, level: float, problem: Problem | None = None) -> SingleLawForecast:
    """The forecaster of a fit; if `problem` is given, it also holds fits by other objectives.

    Raises:
        DataError: The saved fit lacks parameters of its law.
    """
    law = problem.law if problem is not None else find_law(fit.law, tuple(fit.inputs))
    if not set(law.names) <= set(fit.parameters):
        raise DataError(
            f"The saved fit of {law.name} lacks {', '.join(set(law.names) - set(fit.parameters))}.",
            hint="Write it again with `scaling fit --json -o FILE`.",
        )
    order = [list(fit.parameters).index(name) for name in law.names]
    parameters = np.array([[fit.parameters[name].estimate for name in law.names]], dtype=float)
    draws = np.array(fit.draws)[:, order] if fit.draws else np.empty((0, len(order)))
    others = np.empty((0, len(order)))
    if problem is not None:
        others = np.concatenate(
            [problem.parameters(optimum(problem, objective).theta[None]) for objective in OTHER_OBJECTIVES]
        )
    method = fit.resampling if isinstance(fit, SavedFit) else fit.interval.method
    return SingleLawForecast(law, parameters, draws, others, fit.noise, level, method if len(draws) else None)
