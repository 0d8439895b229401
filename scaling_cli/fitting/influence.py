"""Runs that strongly influence an exponent: without one of them it would move by more than its standard error."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.linear import run_influences
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.uncertainty import refit
from scaling_cli.results.fit import Influence

WORTH_A_REFIT = 0.5  # standard errors, by the linear approximation
MOST_REFITS = 20
NOTABLE = 1.0  # standard errors
NEGLIGIBLE = 1e-3  # of the exponent: smaller moves do not matter, even in exact data


def influence(fitted: Fitted, runs: tuple[str, ...]) -> tuple[Influence, ...]:
    """The runs, by name, whose removal moves an exponent by more than one standard error; the largest move first.

    A linear approximation chooses the runs that are left out in an actual refit. A run with several exponents counts by
    the exponent that it moves most.
    """
    law = fitted.problem.law
    exponents = [index for index, parameter in enumerate(law.parameters) if parameter.kind == "exponent"]
    if not exponents or fitted.problem.run_count <= len(law.parameters) + 1:
        return ()
    pulls = run_influences(fitted)[:, exponents] ** 2
    # Errors from the other runs: otherwise an outlier would widen the errors by which it is measured.
    errors = np.sqrt(np.maximum(pulls.sum(axis=0) - pulls, 0.0))
    guess = np.where(errors > 0, np.sqrt(pulls) / np.maximum(errors, 1e-300), 0.0).max(axis=1)
    chosen = np.argsort(-guess, kind="stable")[:MOST_REFITS]
    chosen = chosen[guess[chosen] > WORTH_A_REFIT]
    if not len(chosen):
        return ()
    without = _left_out(fitted, chosen)[:, exponents]
    moves = (without - fitted.theta[exponents]) / np.where(errors[chosen] > 0, errors[chosen], np.inf)
    influences = []
    for run, values, moved in zip(chosen, without, moves, strict=True):
        worst = int(np.argmax(np.abs(moved)))
        change = abs(values[worst] - fitted.theta[exponents[worst]])
        if abs(moved[worst]) > NOTABLE and change > NEGLIGIBLE * abs(fitted.theta[exponents[worst]]):
            name = law.names[exponents[worst]]
            influences.append(Influence(runs[run], name, float(values[worst]), float(moved[worst])))
    return tuple(sorted(influences, key=lambda run: -abs(run.standard_errors)))


def influence_doubts(influences: tuple[Influence, ...], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat that names the run with the largest influence."""
    if not influences:
        return []
    worst, more = influences[0], len(influences) - 1
    others = f", and {more} more {'run matters' if more == 1 else 'runs matter'} as much" if more else ""
    return [
        caveat(
            "influential-run", group, run=worst.run, parameter=worst.parameter, value=worst.without,
            moves=abs(worst.standard_errors), others=others,
        )
    ]  # fmt: skip


def _left_out(fitted: Fitted, runs: Array) -> Array:
    """Coordinates `(runs, k)` of the fits without each of these runs."""
    problem = fitted.problem
    weights = problem.weights * (problem.runs[None, :] != runs[:, None])
    return refit(fitted, np.tile(problem.off_zero(fitted.theta[None]), (len(runs), 1)), weights=weights).theta
