"""Runs that strongly influence an exponent: without one of them it would move by more than its standard error."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, Flags, Indices, summed
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.ask import Asking
from scaling_cli.fitting.checks.tails import two_tails
from scaling_cli.fitting.leverage import free_jacobian, is_free, residuals
from scaling_cli.fitting.linear import run_influences
from scaling_cli.fitting.objective import robust_scale
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.uncertainty import refit_asking
from scaling_cli.numbers.format import percent
from scaling_cli.results.fit import Influence

WORTH_A_REFIT = 0.5  # standard errors, by the linear approximation
MOST_REFITS = 20
NOTABLE = 1.0  # standard errors
CHANCE = 0.02  # of sets of clean runs, at most, in which a run is said to be off
OUTLYING = 12.0  # robust standard deviations of the residuals
FEWEST_BESIDE = 3  # runs beyond the parameters, from which an outlier can be told
LEAST_OUTLYING = 0.003  # of log loss: less is rounding or nothing that matters
NEGLIGIBLE = 1e-3  # of the exponent: smaller moves do not matter, even in exact data


def influence(fitted: Fitted, runs: tuple[str, ...]) -> Asking[tuple[Influence, ...]]:
    """The runs, by name, whose removal moves an exponent by more than one standard error; the largest move first.

    A linear approximation chooses the runs that are left out in an actual refit. A run with several exponents counts by
    the exponent that it moves most.
    """
    law = fitted.problem.law
    exponents = [index for index, parameter in enumerate(law.parameters) if parameter.kind == "exponent"]
    if not exponents or fitted.problem.run_count <= len(law.parameters) + 1:
        return ()
    pulls = run_influences(fitted, moved=exponents) ** 2
    # Errors from the other runs: otherwise an outlier would widen the errors by which it is measured.
    errors = np.sqrt(np.maximum(pulls.sum(axis=0) - pulls, 0.0))
    guess = np.where(errors > 0, np.sqrt(pulls) / np.maximum(errors, ALMOST_ZERO), 0.0).max(axis=1)
    worth = np.flatnonzero(guess > WORTH_A_REFIT)
    chosen = worth[np.argsort(-guess[worth], kind="stable")[:MOST_REFITS]]
    if not len(chosen):
        return ()
    without = (yield from _left_out(fitted, chosen))[:, exponents]
    moves = (without - fitted.theta[exponents]) / np.where(errors[chosen] > 0, errors[chosen], np.inf)
    influences = []
    for run, values, moved in zip(chosen, without, moves, strict=True):
        worst = int(np.argmax(np.abs(moved)))
        change = abs(values[worst] - fitted.theta[exponents[worst]])
        if abs(moved[worst]) > NOTABLE and change > NEGLIGIBLE * abs(fitted.theta[exponents[worst]]):
            name = law.names[exponents[worst]]
            influences.append(Influence(runs[run], name, float(values[worst]), float(moved[worst])))
    return tuple(sorted(influences, key=lambda run: -abs(run.standard_errors)))


def influence_doubts(
    fitted: Fitted, influences: tuple[Influence, ...], runs: tuple[str, ...], group: dict[str, str] | None
) -> Asking[list[Caveat]]:
    """A caveat that names the run with the largest influence, of those that lie off the fit of all others.

    The ends of a short sweep always move an exponent, so influence by itself does not say that a run is wrong.
    """
    if not influences:
        return []
    place = {run: index for index, run in enumerate(runs)}
    chosen = np.array([place[found.run] for found in influences], dtype=np.intp)
    are_off = yield from _are_off(fitted, chosen)
    found = [one for one, off in zip(influences, are_off, strict=True) if off]
    if not found:
        return []
    worst, more = found[0], len(found) - 1
    others = f", and {more} more {'run matters' if more == 1 else 'runs matter'} as much" if more else ""
    return [
        caveat(
            "influential-run", group, run=worst.run, parameter=worst.parameter, value=worst.without,
            moves=abs(worst.standard_errors), others=others,
        )
    ]  # fmt: skip


def outlying_doubts(fitted: Fitted, runs: tuple[str, ...], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat that names the run furthest off the fit, if it lies far outside the noise of the others.

    A robust objective hardly follows such a run, so it may have no influence, and still be wrong.
    """
    problem = fitted.problem
    spare = problem.run_count - int(is_free(fitted).sum())
    if problem.space != "log" or len(runs) != problem.run_count or spare < FEWEST_BESIDE:
        return []
    residual = residuals(fitted)
    by_run = _by_run(problem, residual[:, None])[:, 0]
    noise = robust_scale(by_run, len(fitted.theta))
    limit = max(OUTLYING * noise, LEAST_OUTLYING)
    far = np.flatnonzero(np.abs(by_run) > limit)
    if not len(far):
        return []
    worst = int(far[np.argmax(np.abs(by_run[far]))])
    off = float(np.expm1(residual[problem.runs == worst].mean()))
    more = len(far) - 1
    return [
        caveat(
            "outlying-run", group, run=runs[worst], size=percent(abs(off)),
            side="above" if off > 0 else "below", times=abs(by_run[worst]) / max(noise, ALMOST_ZERO),
            others=f", and {more} more {'run does' if more == 1 else 'runs do'}" if more else "",
        )
    ]  # fmt: skip


def _are_off(fitted: Fitted, chosen: Indices) -> Asking[Flags]:
    """Which of these runs lie further off the fit of all others than noise explains in any of the runs.

    This is the t test of a deleted residual, corrected for the number of runs (Cook and Weisberg 1982). The
    points of a run share its noise, so each run counts by the mean of its points.
    """
    problem, freedom = fitted.problem, fitted.problem.run_count - int(is_free(fitted).sum()) - 1
    if not len(chosen) or freedom < 1:
        return np.zeros(len(chosen), dtype=bool)
    slopes = _by_run(problem, free_jacobian(fitted))
    leverage = np.einsum("ri,ir->r", slopes, np.linalg.pinv(slopes))[chosen]
    without = yield from _left_out(fitted, chosen)
    left = _by_run(problem, problem.residuals(without)[0].T).T
    own = left[np.arange(len(chosen)), chosen]
    variance = np.maximum((left**2).sum(axis=1) - own**2, 0.0) / freedom
    size = np.abs(own) * np.sqrt(np.maximum(1.0 - leverage, 0.0))
    times = size / np.maximum(np.sqrt(variance), ALMOST_ZERO)
    return np.array([two_tails(float(t), freedom) < CHANCE / problem.run_count for t in times])


def _by_run(problem: Problem, values: Array) -> Array:
    """The mean `(runs, m)` of the values `(n, m)` of each run's points, in units of the noise where weights differ."""
    sums = summed(values * np.sqrt(problem.weights)[:, None], problem.runs, problem.run_count)
    return np.asarray(sums / np.bincount(problem.runs, minlength=problem.run_count)[:, None])


def _left_out(fitted: Fitted, runs: Indices) -> Asking[Array]:
    """Coordinates `(runs, k)` of the fits without each of these runs."""
    problem = fitted.problem
    weights = problem.weights * (problem.runs[None, :] != runs[:, None])
    rows = np.tile(problem.off_zero(fitted.theta[None]), (len(runs), 1))
    return (yield from refit_asking(fitted, rows, weights=weights)).theta
