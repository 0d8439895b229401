"""Runs on which an exponent hangs: those without which it would move by more than its standard error."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.linear import run_influences
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.uncertainty import refit
from scaling_cli.results.fit import Influence

WORTH_A_REFIT = 0.5  # standard errors, by the linear guess
MOST_REFITS = 20
NOTABLE = 1.0  # standard errors
NEGLIGIBLE = 1e-3  # of the exponent: where the data are that exact, no one run matters


def influence(fitted: Fitted, runs: tuple[str, ...]) -> tuple[Influence, ...]:
    """The runs, by name, whose removal moves an exponent by more than one standard error; the worst first.

    The linear guess says which runs to leave out in earnest. One run weighs by its most moved exponent.
    """
    law = fitted.problem.law
    exponents = [index for index, parameter in enumerate(law.parameters) if parameter.kind == "exponent"]
    if not exponents or fitted.problem.run_count <= len(law.parameters) + 1:
        return ()
    pulls = run_influences(fitted)[:, exponents] ** 2
    # Of the other runs: an outlier would else widen the very errors it is measured by.
    errors = np.sqrt(np.maximum(pulls.sum(axis=0) - pulls, 0.0))
    guess = np.where(errors > 0, np.sqrt(pulls) / np.maximum(errors, 1e-300), 0.0).max(axis=1)
    chosen = np.argsort(-guess, kind="stable")[:MOST_REFITS]
    chosen = chosen[guess[chosen] > WORTH_A_REFIT]
    if not len(chosen):
        return ()
    without = _left_out(fitted, chosen)[:, exponents]
    moves = (without - fitted.theta[exponents]) / np.where(errors[chosen] > 0, errors[chosen], np.inf)
    found = []
    for run, values, moved in zip(chosen, without, moves, strict=True):
        worst = int(np.argmax(np.abs(moved)))
        change = abs(values[worst] - fitted.theta[exponents[worst]])
        if abs(moved[worst]) > NOTABLE and change > NEGLIGIBLE * abs(fitted.theta[exponents[worst]]):
            name = law.names[exponents[worst]]
            found.append(Influence(runs[run], name, float(values[worst]), float(moved[worst])))
    return tuple(sorted(found, key=lambda each: -abs(each.standard_errors)))


def influence_doubts(found: tuple[Influence, ...], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat that names the worst run."""
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


def _left_out(fitted: Fitted, runs: Array) -> Array:
    """Coordinates `(runs, k)` fitted without each of these runs."""
    problem = fitted.problem
    weights = problem.weights * (problem.runs[None, :] != runs[:, None])
    return refit(fitted, np.tile(problem.roused(fitted.theta[None]), (len(runs), 1)), weights=weights).theta
