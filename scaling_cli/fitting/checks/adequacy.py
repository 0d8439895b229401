"""Whether a law fits: tests for patterns in the residuals, which noise does not have.

A law that fits leaves residuals without pattern. So each smooth direction that the law itself cannot follow (a bend or
a wave along an input, along the prediction, or of two inputs together; for chinchilla also the slope in the power gamma
of `general`) is added to the linearised law, and its coefficient is tested: the F test of a nested model at the fit
(Bates and Watts 1988, section 3.10; for directions of the prediction, RESET by Ramsey 1969). The residuals of a fit are
orthogonal to what the law can follow, so the coefficient needs no further fit.

F assumes noise of equal size. A second test of each direction does not: its error comes from the residuals, corrected
for leverage and summed within runs (HC3; MacKinnon and White 1985). Both must reject, F at `SIZE` after Bonferroni's
correction for the number of directions, so uneven noise, heavy tails and points of one run raise no false alarm. Where
inputs repeat, the noise is known without any law, and lack of fit is tested against it (pure error; Draper and Smith
1998, section 2.1): then a weaker pattern is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.fitting.ask import Asking
from scaling_cli.fitting.checks.neighbours import equal_p_value, neighbour_p_value
from scaling_cli.fitting.checks.rival_laws import improvements
from scaling_cli.fitting.checks.scatter import scatter_doubts
from scaling_cli.fitting.checks.tails import two_tails
from scaling_cli.fitting.leverage import free_jacobian, residuals
from scaling_cli.fitting.noise.scatter import scatter
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import Fitted, optimum_asking
from scaling_cli.fitting.problem import Problem
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.record import Record, replace

SIZE = 0.002  # of all tests of a fit together
GAMMA_SIZE = 0.008  # of the test of chinchilla against general
NEIGHBOUR_SIZE = 0.002  # of the test of neighbours
LEVEL_SIZE = 0.001  # of the test of neighbours along the predicted loss
EQUAL_SIZE = 0.001  # of the test of points with one equal input
PATTERN_SIZE = 0.05  # of a pattern, where pure error rejects
PURE_SIZE = 0.001  # of the test against pure error
ROBUST_SIZE = 0.05  # of the test with errors that allow uneven noise
BETTER_SIZE = 0.01  # of the test that names another law
FEWEST_SPARE = 5  # runs more than parameters and direction
EXACT = 1e-7  # of log loss: smaller residuals are rounding
NEW = 1e-3  # of its length: a direction with less than this outside the law's own is one that the law follows
LARGEST = 100_000  # points: with more, a pattern far too small to matter would be found
RIVALS = {
    SURFACE: ("general",),
    ("x",): ("power-constant", "shifted-power", "m4", "bnsl", "sigmoid", "exponential-saturation"),
}


class Pattern(Record):
    """A direction in which residuals have a pattern, with its p-values by F and with errors for uneven noise."""

    what: str
    p_value: float
    robust_p_value: float
    remedy: str | None = None


class Misfit(Record):
    """What the residuals show: the strongest pattern, and a law that fits better with its p-value, if one does."""

    pattern: Pattern
    better: str | None = None
    better_p_value: float | None = None


def misfit_doubts(fitted: Fitted, group: dict[str, str] | None) -> Asking[list[Caveat]]:
    """A caveat if the law does not fit the points, or leaves most of their spread unexplained."""
    found = yield from misfit(fitted)
    return scatter_doubts(fitted, group) if found is None else [_said(found, fitted.problem.law.name, group)]


def average_doubts(problems: Sequence[Problem], group: dict[str, str] | None) -> Asking[list[Caveat]]:
    """A caveat if no law that a forecast averages fits the points, or if one fits and leaves large residuals.

    Each problem has one of the laws.
    """
    first: Misfit | None = None
    for problem in problems:
        fitted = yield from optimum_asking(problem, Objective())
        found = yield from misfit(fitted, names_better=first is None)
        if found is None:
            return scatter_doubts(fitted, group)
        first = first or found
    names = {problem.law.name for problem in problems}
    if first is None:
        return []
    better = None if first.better in names else first.better
    law = (
        problems[0].law.name if len(names) == 1 else f"None of {', '.join(sorted(names))} fits: {problems[0].law.name}"
    )
    return [_said(replace(first, better=better), law, group)]


def _said(found: Misfit, law: str, group: dict[str, str] | None) -> Caveat:
    remedy = found.pattern.remedy or (
        "Leave out the points that the law is not meant for with --where, or try another law with --law all"
        if found.better is None
        else f"Fit --law {found.better}, which fits better (F test, p = {found.better_p_value:.2g})"
    )
    what, p_value = found.pattern.what, found.pattern.p_value
    return caveat("law-misfit", group, law=law, what=what, p_value=p_value, remedy=remedy)


def misfit(fitted: Fitted, *, names_better: bool = True) -> Asking[Misfit | None]:
    """What shows that the law does not fit; None if nothing does, or if there are too few runs to say.

    If `names_better`, other laws are fitted to find one that fits better.
    """
    problem = fitted.problem
    spare = problem.run_count - len(fitted.theta)
    residual = residuals(fitted)
    size = float(np.sqrt(np.mean(residual**2)))
    level = 1.0 if problem.space == "log" else float(np.abs(problem.observed).max())
    if spare < FEWEST_SPARE or size < EXACT * level or len(residual) > LARGEST or problem.penalty is not None:
        return None
    tested = _Tested(fitted, residual)
    patterns = [found for what, values in _directions(fitted).items() if (found := tested.pattern(what, values))]
    bent = yield from _against_general(fitted, tested)
    if bent is not None:
        return bent
    along = _along_neighbours(fitted, tested)
    if along is not None:
        return (yield from _named(fitted, along, names_better))
    if not patterns:
        return None
    strongest = min(patterns, key=lambda found: found.p_value)
    if strongest.p_value > PATTERN_SIZE / len(patterns) or strongest.robust_p_value > ROBUST_SIZE:
        return None
    is_clear = strongest.p_value <= SIZE / len(patterns)
    if not (is_clear or _pure_error(fitted, residual) < PURE_SIZE):
        return None
    return (yield from _named(fitted, strongest, names_better))


def _named(fitted: Fitted, pattern: Pattern, names_better: bool) -> Asking[Misfit]:
    return Misfit(pattern, *(yield from _better(fitted))) if names_better else Misfit(pattern)


class _Tested:
    """The linearised law, against which directions are tested."""

    def __init__(self, fitted: Fitted, residual: Array) -> None:
        """`residual` `(n,)` is that of the fit."""
        self.root = np.sqrt(fitted.problem.weights)
        jacobian = self.root[:, None] * free_jacobian(fitted)
        self.basis = _orthonormal(jacobian)
        weighted = self.root * residual
        self.residual = weighted - self.basis @ (self.basis.T @ weighted)
        self.runs = fitted.problem.runs
        self.count = fitted.problem.run_count

    def pattern(self, what: str, values: Array) -> Pattern | None:
        """The test of one direction `(n,)`; None if the law can follow it."""
        direction = self.root * (values - values.mean())
        length = float(np.linalg.norm(direction))
        outside = direction - self.basis @ (self.basis.T @ direction)
        left = float(np.linalg.norm(outside))
        if not np.isfinite(length) or left <= NEW * length or not length:
            return None
        outside /= left
        freedom = self.count - self.basis.shape[1] - 1
        along = float(outside @ self.residual)
        rest = self.residual - along * outside
        # Points of a run count once: the sum of squares is spread over the degrees of freedom of runs.
        variance = float(rest @ rest) / max(freedom * len(rest) / self.count, ALMOST_ZERO)
        leverage = np.einsum("nk,nk->n", self.basis, self.basis) + outside**2
        scores = np.bincount(self.runs, outside * rest / np.maximum(1 - leverage, 0.2), minlength=self.count)
        robust = float(scores @ scores)
        by_f = two_tails(along / sqrt(max(variance, ALMOST_ZERO)), freedom)
        return Pattern(what, by_f, two_tails(along / sqrt(max(robust, ALMOST_ZERO)), freedom))


def _orthonormal(jacobian: Array) -> Array:
    """An orthonormal basis of the columns."""
    left, size, _ = np.linalg.svd(jacobian, full_matrices=False)
    return np.asarray(left[:, size > 1e-10 * size.max(initial=0.0)])


def _directions(fitted: Fitted) -> dict[str, Array]:
    """Bends and waves along each input and along the prediction, and the product of two inputs, each `(n,)`."""
    problem = fitted.problem
    found: dict[str, Array] = {}
    logs = {name: _standard(np.log(values)) for name, values in problem.columns.items() if (values > 0).all()}
    for name, values in logs.items():
        distinct = np.count_nonzero(np.diff(np.sort(values))) + 1  # np.unique would import numpy.ma
        for power, shape in ((2, "bend"), (3, "bend twice"), (4, "oscillate")):
            if distinct > power + 1 and (power < 4 or len(logs) == 1):
                found[f"{shape} along {name}"] = values**power
    if len(logs) == 2:
        first, second = logs.values()
        found[f"depend on {with_and(logs)} together"] = first * second
    if len(logs) > 1:
        prediction = problem.predictions(fitted.theta[None])[0]
        found["bend along the predicted loss"] = _standard(np.log(np.maximum(prediction, ALMOST_ZERO))) ** 2
    return found


def _along_neighbours(fitted: Fitted, tested: _Tested) -> Pattern | None:
    """Residuals that resemble those of neighbouring points, in a way that no direction describes."""
    columns = fitted.problem.columns
    if any((values <= 0).any() for values in columns.values()):
        return None
    inputs = np.stack([_standard(np.log(values)) for values in columns.values()], axis=1)
    p_value = neighbour_p_value(inputs, tested.residual, tested.basis, tested.runs)
    if p_value <= NEIGHBOUR_SIZE:
        return Pattern(f"have the same sign at neighbouring {with_and(columns)}", p_value, p_value)
    predicted = fitted.problem.predictions(fitted.theta[None])[0]
    if len(columns) == 1 or (predicted <= 0).any():
        return None
    p_value = neighbour_p_value(_standard(np.log(predicted))[:, None], tested.residual, tested.basis, tested.runs)
    what = "have the same sign where the law predicts about the same loss"
    return Pattern(what, p_value, p_value) if p_value <= LEVEL_SIZE else _at_equal(fitted, tested, inputs)


def _at_equal(fitted: Fitted, tested: _Tested, inputs: Array) -> Pattern | None:
    """Residuals that resemble those of points at which one input is equal."""
    for place, name in enumerate(fitted.problem.columns):
        p_value = equal_p_value(inputs, place, tested.residual, tested.basis, tested.runs)
        if p_value <= EQUAL_SIZE:
            said = f"Find what runs of equal {name} share, such as a learning rate, or resample them together with"
            remedy = f"{said} --run {name} --checkpoints all"
            return Pattern(f"have the same sign at equal {name}", p_value, p_value, remedy)
    return None


def _standard(values: Array) -> Array:
    half = float(np.ptp(values)) / 2
    return np.asarray((values - values.min()) / half - 1) if half > 0 else np.zeros_like(values)


def _pure_error(fitted: Fitted, residual: Array) -> float:
    """The p-value of lack of fit against the noise at repeated inputs; 1 where too few inputs repeat."""
    problem = fitted.problem
    if problem.run_count < len(residual):
        return 1.0
    found = scatter(problem.configurations, residual, problem.weights, len(fitted.theta))
    return found.p_value if found.repeats >= FEWEST_SPARE else 1.0


def _against_general(fitted: Fitted, tested: _Tested) -> Asking[Misfit | None]:
    """Chinchilla against `general`: a first test by the slope in gamma, and a fit of `general` only where it hints."""
    problem = fitted.problem
    if problem.law.name != "chinchilla" or problem.law.is_held or problem.space != "log":
        return None
    values = dict(zip(problem.law.names, problem.parameters(fitted.theta[None])[0].tolist(), strict=True))
    above = problem.predictions(fitted.theta[None])[0] - values["E"]
    if (above <= 0).any():
        return None
    slope = above * np.log(above) / (above + values["E"])
    hint = tested.pattern("look as if a power other than 1 (gamma) acted on the sum of its terms", slope)
    if hint is None or hint.p_value > 10 * BETTER_SIZE:
        return None
    (p_value,) = yield from improvements(fitted, ("general",))
    if p_value > GAMMA_SIZE or hint.robust_p_value > ROBUST_SIZE:
        return None
    return Misfit(Pattern(hint.what, p_value, hint.robust_p_value), "general", p_value)


def _better(fitted: Fitted) -> Asking[tuple[str | None, float | None]]:
    """The law that improves most on this one by an F test, and its p-value."""
    law = fitted.problem.law
    if law.is_held:  # a law without its constraints may fit better for that reason alone
        return None, None
    names = [name for name in RIVALS.get(tuple(law.inputs), ()) if name != law.name]
    p_values = yield from improvements(fitted, names)
    best, name = min(zip(p_values, names, strict=True), default=(1.0, ""))
    return (None, None) if best > BETTER_SIZE else (name, best)
