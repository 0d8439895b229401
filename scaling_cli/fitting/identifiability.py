"""Whether the data can answer, asked before any answer is believed.

The condition number is that of J'J at the optimum, on centred inputs so that units do not matter, with the columns of J
scaled to length one: it says how nearly some mix of parameters leaves every prediction alone. As a rule of thumb from
power laws with a floor and 12 runs at 0.3 % noise, 1e4 means an exponent known to a tenth of itself, 1e6 one known to
itself, 1e7 nothing.

Tokens that follow params, most of all as a fixed multiple, make the two terms of a loss surface one whatever the number
of runs. The condition number may miss this, since noise alone pulls alpha and beta apart at the estimate, so the design
is judged by itself.
"""

from __future__ import annotations

import itertools

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws.constrained import ConstrainedLaw
from scaling_cli.results.fit import Identifiability

DOUBTFUL_CONDITION = 5e4
HOPELESS_CONDITION = 1e7
FIXED_SCATTER = 0.06  # of log tokens around a line in log params: that of tokens per param within +-10 %
NARROW_RATIO = 4.0
COLLINEAR = 0.98
ENOUGH_DECADES = 2.0
FEW_RUNS = 10
FEWEST_RUNS = 3  # that can be resampled at all
TYPICAL = (0.1, 0.9)  # quantiles: the span of tokens per param should not hang on single runs


def check_size(problem: Problem, *, with_interval: bool) -> None:
    """Refuse what no estimator could fit.

    Raises:
        FitError: There are fewer points (or fewer different ones) than the law needs, or something never varies.
    """
    needed = len(problem.law.parameters) + (2 if with_interval else 1)
    points = len(problem.observed)
    _check_variation(problem)
    if with_interval and problem.run_count < FEWEST_RUNS:
        raise FitError(
            f"{problem.run_count} {'run gives' if problem.run_count == 1 else 'runs give'} no interval: the points of "
            "a run err together.",
            hint="Add runs, name the column that tells them apart with --run COL, or try --interval none.",
        )
    if points < needed:
        more = f"Add {needed - points} or more runs"
        raise FitError(
            f"{points} {'point is' if points == 1 else 'points are'} too few for {problem.law.name}, which has "
            f"{len(problem.law.parameters)} parameters.",
            hint=f"{more}, or try --interval none." if with_interval and points == needed - 1 else f"{more}.",
        )
    different = _count_different(np.stack(list(problem.columns.values())))
    if different < len(problem.law.parameters):
        names = " and ".join(problem.columns)
        raise FitError(
            f"{problem.law.name} has {len(problem.law.parameters)} parameters, but the points lie at only "
            f"{different} different {names}.",
            hint=f"Add runs at other {names}, or choose a --law with fewer parameters.",
        )


def _check_variation(problem: Problem) -> None:
    if len(problem.observed) < 2:
        return
    for name, values in [*problem.columns.items(), ("the loss", problem.observed)]:
        if np.ptp(values) == 0:
            raise FitError(
                f"{name} is {values[0]:g} at all {len(values)} points, so {problem.law.name} has nothing to fit.",
                hint="Check the column, or add runs that differ in it.",
            )


def examine(fitted: Fitted) -> Identifiability:
    """The facts on which the verdicts rest."""
    problem = fitted.problem
    ratio, correlation = None, None
    if "params" in problem.columns and "tokens" in problem.columns:
        params, tokens = problem.columns["params"], problem.columns["tokens"]
        low, high = _quantiles(tokens / params, TYPICAL)
        ratio, correlation = (float(low), float(high)), _correlation(np.log(params), np.log(tokens))
    return Identifiability(
        condition_number=_condition(problem, fitted.theta),
        degrees_of_freedom=len(problem.observed) - len(fitted.theta),
        decades={name: _decades(values) for name, values in problem.columns.items()},
        tokens_per_param=ratio,
        correlation=correlation,
    )


def require_identified(fitted: Fitted, facts: Identifiability) -> None:
    """Refuse a fit whose parameters the data do not determine.

    Raises:
        FitError: Tokens follow params, or the condition number is hopeless; the hint names the runs that would cure it.
    """
    _require_two_inputs(fitted.problem, facts)
    if facts.condition_number <= HOPELESS_CONDITION:
        return
    message = (
        f"The data do not determine the parameters of {fitted.problem.law.name} "
        f"(condition number {facts.condition_number:.1e})"
    )
    raise FitError(
        f"{message}.",
        hint="Add runs over a wider range of inputs, or choose a --law with fewer parameters.",
    )


def _require_two_inputs(problem: Problem, facts: Identifiability) -> None:
    if isinstance(problem.law, ConstrainedLaw):
        return  # what is held may be what the data cannot tell
    if facts.tokens_per_param is None or scatter(problem.columns["params"], problem.columns["tokens"]) > FIXED_SCATTER:
        return
    low, high = facts.tokens_per_param
    where = f"span {low:.3g} to {high:.3g} and " if high > low * (1 + FIXED_SCATTER) else f"are {low:.3g}, and "
    raise FitError(
        f"Tokens per param {where}follow params, so {problem.law.name} cannot tell its two terms apart.",
        hint="Add runs trained shorter and longer, over 16x in tokens per param, or fit --law power-constant "
        "--x compute.",
    )


def scatter(params: Array, tokens: Array) -> float:
    """Standard deviation of log tokens around their best line in log params: 0 where one decides the other."""
    x, y = np.log(params), np.log(tokens)
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y) / max(float(x @ x), 1e-300)
    return float(np.sqrt(np.mean((y - slope * x) ** 2)))


def doubts(fitted: Fitted, facts: Identifiability, group: dict[str, str] | None) -> list[Caveat]:
    """What to be told about a fit that may be used."""
    return list(
        itertools.chain(
            _design_doubts(fitted, facts, group),
            _bound_doubts(fitted, group),
            _start_doubts(fitted, group),
        )
    )


def _design_doubts(fitted: Fitted, facts: Identifiability, group: dict[str, str] | None) -> list[Caveat]:
    found = []
    problem, parameters = fitted.problem, len(fitted.theta)
    if facts.degrees_of_freedom < 2:
        found.append(
            caveat("no-interval-room", group, points=len(problem.observed), parameters=parameters),
        )
    if problem.run_count < max(FEW_RUNS, 2 * parameters):
        found.append(caveat("few-runs", group, runs=problem.run_count, parameters=parameters))
    if facts.condition_number > DOUBTFUL_CONDITION:
        found.append(caveat("condition-number", group, condition=facts.condition_number))
    if facts.tokens_per_param is not None and _ratio(facts.tokens_per_param) < NARROW_RATIO:
        low, high = facts.tokens_per_param
        found.append(caveat("fixed-tokens-per-param", group, low=low, high=high))
    if facts.correlation is not None and abs(facts.correlation) > COLLINEAR:
        found.append(caveat("collinear-design", group, correlation=facts.correlation))
    for quantity, decades in _ranges(problem).items():
        if decades < ENOUGH_DECADES:
            found.append(caveat("short-range", group, quantity=quantity, decades=decades))
    return found


def _ranges(problem: Problem) -> dict[str, float]:
    """Decades of what the law is extrapolated along: compute for a surface, else its input."""
    if "params" in problem.columns and "tokens" in problem.columns:
        # As a sum of logs: the product of absurd values would overflow.
        return {"compute": float(np.ptp(np.log10(problem.columns["params"]) + np.log10(problem.columns["tokens"])))}
    return {name: _decades(values) for name, values in problem.columns.items() if name not in problem.law.narrow}


def _bound_doubts(fitted: Fitted, group: dict[str, str] | None) -> list[Caveat]:
    values = fitted.problem.parameters(fitted.theta[None])[0]
    at_bound = (fitted.theta <= fitted.problem.low) | (fitted.theta >= fitted.problem.high)
    return [
        caveat("at-bound", group, parameter=name, value=float(value))
        for name, value, is_bound in zip(fitted.problem.law.names, values, at_bound, strict=True)
        if is_bound
    ]


def _start_doubts(fitted: Fitted, group: dict[str, str] | None) -> list[Caveat]:
    found = []
    tried = len(fitted.polished.value)
    if fitted.agreeing == 1 and tried > 1:
        found.append(caveat("lone-start", group, agreeing=1, tried=tried))
    rivals = fitted.rivals
    if len(rivals) > 1:
        best, other = fitted.problem.parameters(fitted.polished.theta[rivals[:2]])
        furthest = int(np.argmax(np.abs(other - best) / np.maximum(np.abs(best), 1e-300)))
        name = fitted.problem.law.names[furthest]
        found.append(
            caveat("rival-optimum", group, difference=f"{name} {other[furthest]:.4g}, not {best[furthest]:.4g}")
        )
    return found


def _condition(problem: Problem, theta: Array) -> float:
    jacobian = problem.law.evaluate(theta[None], problem.inputs)[1][0]
    length = np.sqrt(np.einsum("nk,nk->k", jacobian, jacobian))
    if not (np.isfinite(length).all() and (length > 0).all()):
        return float("inf")
    singular = np.linalg.svd(jacobian / length, compute_uv=False)
    return float((singular[0] / max(singular[-1], 1e-150)) ** 2)


def _count_different(columns: Array) -> int:
    """How many of the points `(inputs, n)` differ. np.unique would do, but it imports numpy.ma."""
    ordered = columns[:, np.lexsort(columns)]
    return 1 + int((np.diff(ordered, axis=1) != 0).any(axis=0).sum())


def _quantiles(values: Array, shares: tuple[float, ...]) -> Array:
    """As np.quantile has them, which imports numpy.ma too."""
    places = np.array(shares) * (len(values) - 1)
    found: Array = np.interp(places, np.arange(len(values)), np.sort(values))
    return found


def _decades(values: Array) -> float:
    return float(np.ptp(np.log10(values[values > 0])))


def _ratio(span: tuple[float, float]) -> float:
    return span[1] / span[0]


def _correlation(left: Array, right: Array) -> float | None:
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    return float(np.corrcoef(left, right)[0, 1])
