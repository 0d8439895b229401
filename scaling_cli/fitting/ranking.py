"""Ranks several laws fitted to one set of points by how well smaller runs predict larger ones.

Cut-offs lie at the largest scale divided by 2, 4, 10 and 30. Each law is fitted to the points below a cut-off and
scored on the points above, by the root mean square of log residuals, averaged over the cut-offs. All laws share the
cut-offs, and so do simple baselines. Information criteria come second, because they judge a law within the data, not
where it will be used; their sample size is the number of runs. A law that contains a simpler one is tested against it
by likelihood ratio, with half the p-value if the simpler law lies at a bound of the other (Self and Liang 1987).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.ask import Asking, together
from scaling_cli.fitting.checks.tails import f_tail
from scaling_cli.fitting.fit import Grouped, Settings, fit
from scaling_cli.fitting.linear import naive, noise_variance, sandwich
from scaling_cli.fitting.objective import Objective, huber
from scaling_cli.fitting.optimum import Fitted, optimum_asking
from scaling_cli.fitting.prior import weak_priors
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import Candidate, FitResult, NestedTest

REACHES = (2.0, 4.0, 10.0, 30.0)
LEAST_HELD_OUT = 2


class Nested(Record):
    """Two nested laws: `outer` is `inner` with one more parameter, `extra`.

    `at_bound` says that `inner` is `outer` with `extra` at a bound.
    """

    inner: str
    outer: str
    extra: str
    at_bound: bool


NESTED = (
    Nested("power", "power-constant", "c", at_bound=True),
    Nested("power-constant", "shifted-power", "B", at_bound=True),
    Nested("chinchilla-tied", "chinchilla", "beta", at_bound=False),
    Nested("chinchilla", "general", "gamma", at_bound=False),
)


def fit_best(grouped: Sequence[Grouped], settings: Settings) -> tuple[FitResult, list[Caveat]]:
    """The fit of the best-ranked law for one group, with the whole ranking; `grouped` has one entry per law.

    Raises:
        UsageError: Some losses are not positive, or the size of the runs is not known.
        FitError: No law could be fitted, or none was identified.
    """
    by_name = {group.problem.law.name: group for group in grouped}
    if (grouped[0].problem.observed <= 0).any():
        raise UsageError(
            "--law all ranks laws by log loss, but some losses are not positive.",
            hint="Name one law with --law, and add --space linear.",
        )
    scale = grouped[0].scale
    if scale is None:
        raise UsageError(
            "--law all needs the compute of each run in order to hold out the largest runs.",
            hint="Add a compute column, or params and tokens, or name one law with --law.",
        )
    ranking = rank({name: group.problem for name, group in by_name.items()}, settings.objective, scale)
    chosen = [candidate for candidate in ranking if not candidate.is_baseline and candidate.error is None]
    refusal = None
    for place, candidate in enumerate(chosen):
        reason = (
            f"ranked first of {len(ranking)} candidates"
            if place == 0
            else f"ranked {place + 1} of {len(ranking)} candidates, the best that the data identify"
        )
        try:
            result, caveats = fit(replace(by_name[candidate.law], reason=reason), settings)
        except FitError as error:
            refusal = refusal or error
            continue
        return replace(result, selection=ranking), caveats + _doubts(ranking, grouped[0].group)
    raise refusal or FitError("None of the laws could be fitted.", hint="Name one law with --law to see why.")


def _doubts(ranking: tuple[Candidate, ...], group: dict[str, str] | None) -> list[Caveat]:
    if all(candidate.heldout_rmse_log is None for candidate in ranking):
        return [caveat("no-cutoffs", group)]
    if ranking[0].is_baseline:
        return [caveat("baseline-wins", group, baseline=ranking[0].law)]
    return []


def rank(problems: Mapping[str, Problem], objective: Objective, scale: Array) -> tuple[Candidate, ...]:
    """Every law of `problems`, by name, and the baselines, best first; laws without a score come last.

    Args:
        problems: One per law, all with the points in one order.
        scale: The size of runs `(n,)` on which cut-offs are set: compute, or the one input.
    """
    any_problem = next(iter(problems.values()))
    cuts = cutoffs(scale, max(len(problem.law.parameters) for problem in problems.values()))
    fits: dict[str, Fitted] = {}
    candidates = []
    # The fits of all points and below each cut-off are under way at once, in batches of the solver.
    outcomes = together(
        [_fit_asking(problem, objective, part) for problem in problems.values() for part in (None, *cuts)]
    )
    for place, (name, problem) in enumerate(problems.items()):
        of_law = outcomes[place * (1 + len(cuts)) :][: 1 + len(cuts)]
        failed = [outcome for outcome in of_law if isinstance(outcome, ScalingError)]
        if failed:
            candidates.append(Candidate(name, len(problem.law.parameters), error=failed[0].message))
            continue
        fits[name], *below = (outcome for outcome in of_law if isinstance(outcome, Fitted))
        errors = [held_out(problem, fitted, is_trained) for fitted, is_trained in zip(below, cuts, strict=True)]
        aicc, bic = _criteria(fits[name])
        test = _nested_test(name, fits)
        candidates.append(
            Candidate(name, len(problem.law.parameters), False, *_scores(errors), aicc=aicc, bic=bic, test=test)
        )
    candidates += _baselines(any_problem, scale, cuts)
    return tuple(sorted(candidates, key=_order))


def cutoffs(scale: Array, parameters: int) -> list[Flags]:
    """Which points `(n,)` each cut-off trains on.

    A cut-off is used if the points below suffice for the law with most parameters and enough points lie above.
    """
    cuts: list[Flags] = []
    for reach in REACHES:
        is_trained: Flags = scale <= scale.max() / reach
        is_new = not any((is_trained == other).all() for other in cuts)
        if is_trained.sum() > parameters and (~is_trained).sum() >= LEAST_HELD_OUT and is_new:
            cuts.append(is_trained)
    return cuts


def _fit_asking(problem: Problem, objective: Objective, is_trained: Flags | None) -> Asking[Fitted]:
    """The fit to a part of the points, or to all, as work that asks the solver."""
    part = problem if is_trained is None else _alone(problem, np.flatnonzero(is_trained))
    return (yield from optimum_asking(part, objective))


def held_out(problem: Problem, fitted: Fitted, is_trained: Flags) -> Array:
    """Log residuals (predicted less observed) of the points above a cut-off, by the fit to those below."""
    parameters = fitted.problem.parameters(fitted.theta[None])[0]
    above = {name: values[~is_trained] for name, values in problem.columns.items()}
    predicted = problem.law.predict(dict(zip(problem.law.names, parameters.tolist(), strict=True)), above)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(predicted / problem.observed[~is_trained]))


def _alone(problem: Problem, points: Indices) -> Problem:
    """The problem built from these points alone."""
    observed = problem.observed[points]
    _, runs = np.unique(problem.runs[points], return_inverse=True)
    return problem_from_arrays(
        problem.law,
        {name: values[points] for name, values in problem.columns.items()},
        observed,
        runs,
        problem.space,
        weights=problem.weights[points],
        priors=weak_priors(problem.law, float(observed.min())) if problem.penalty is not None else (),
    )


def _scores(errors: list[Array]) -> tuple[float | None, float | None]:
    # A law that predicts a loss of zero or infinity for a held-out run has no score, and comes last.
    if not errors or not all(np.isfinite(error).all() for error in errors):
        return None, None
    sizes = [float(np.sqrt(np.mean(error**2))) for error in errors]
    return float(np.mean(sizes)), float(np.mean([np.mean(error) for error in errors]))


def _baselines(problem: Problem, scale: Array, cuts: list[Flags]) -> list[Candidate]:
    """The scores of two baselines.

    One predicts the lowest loss among the largest tenth of the runs, the other continues the line in logs through the
    larger half of the runs.
    """
    log_scale, log_loss = np.log(scale), np.log(problem.observed)
    last, line = [], []
    for is_trained in cuts:
        order = np.argsort(log_scale[is_trained], kind="stable")
        x, y = log_scale[is_trained][order], log_loss[is_trained][order]
        last.append(y[-max(len(y) // 10, 1) :].min() - log_loss[~is_trained])
        half = len(y) // 2
        slope = np.cov(x[half:], y[half:])[0, 1] / max(float(np.var(x[half:], ddof=1)), ALMOST_ZERO)
        line.append(y[half:].mean() + slope * (log_scale[~is_trained] - x[half:].mean()) - log_loss[~is_trained])
    return [
        Candidate("last-point", 1, True, *_scores(last)),
        Candidate("line-through-larger-half", 2, True, *_scores(line)),
    ]


def _criteria(fitted: Fitted) -> tuple[float | None, float]:
    """AICc (None if there are too few runs) and BIC, for Gaussian noise, or for Laplace noise under `lad`."""
    runs, parameters = fitted.problem.run_count, len(fitted.theta) + 1
    residuals, weights = fitted.log_residuals, fitted.problem.weights
    if fitted.objective.name == "lad":
        misfit = 2 * runs * np.log(max(float(np.mean(weights * np.abs(residuals))), ALMOST_ZERO))
    else:
        misfit = runs * np.log(max(float(np.mean(weights * residuals**2)), ALMOST_ZERO))
    spare = runs - parameters - 1
    aicc = misfit + 2 * parameters * runs / spare if spare > 0 else None
    return None if aicc is None else float(aicc), float(misfit + parameters * np.log(runs))


def _nested_test(name: str, fits: Mapping[str, Fitted]) -> NestedTest | None:
    """The likelihood ratio test against the simpler law, at the delta and the noise of the larger law."""
    pair = next((pair for pair in NESTED if pair.outer == name and pair.inner in fits), None)
    outer = fits[name]
    if pair is None or not np.isfinite(outer.value):
        return None
    inner = fits[pair.inner]
    held = minimise(inner.problem, inner.polished.theta, delta=outer.delta)
    best = huber(outer.problem.residuals(outer.theta[None])[0], outer.problem.weights, outer.delta)
    rise = max(float(held.value.min() - best[0]), 0.0)
    by_point, variance = naive(outer), noise_variance(outer)
    inflation, freedom = 1.0, by_point.freedom
    if outer.problem.run_count < len(outer.problem.observed):
        by_run, index = sandwich(outer), outer.problem.law.names.index(pair.extra)
        freedom = by_run.freedom
        inflation = by_run.errors(outer)[index] ** 2 / max(by_point.errors(outer)[index] ** 2, ALMOST_ZERO)
    statistic = 2 * rise / max(variance * max(inflation, ALMOST_ZERO), ALMOST_ZERO)
    p_value = f_tail(statistic, 1, freedom) * (0.5 if pair.at_bound else 1.0)
    return NestedTest(pair.inner, statistic, p_value)


def _order(candidate: Candidate) -> tuple[bool, float, float, float]:
    infinity = float("inf")
    scores = (candidate.heldout_rmse_log, candidate.aicc, candidate.bic)
    first, second, third = (infinity if score is None else score for score in scores)
    return candidate.error is not None, first, second, third
