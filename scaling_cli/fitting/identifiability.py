"""Checks whether the data determine the parameters of a law.

The condition number is that of J'J at the optimum, on centred inputs (so that units do not matter) and with the columns
of J scaled to length one. It is large if some combination of parameters can change without changing any prediction.
Rule of thumb, from power laws with a floor and 12 runs at 0.3 % noise: at 1e4 an exponent is known to 10 % of its
value, at 1e6 to 100 %, and at 1e7 it is unknown.

If tokens follow params, above all as a fixed multiple, the two terms of a loss surface cannot be separated, however
many runs there are. The condition number may miss this, because noise alone makes the estimates of alpha and beta
differ, so the design is also checked directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array, mean_ranks
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.fitting.normal import triangles
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.results.fit import Identifiability

DOUBTFUL_CONDITION = 5e4
HOPELESS_CONDITION = 1e7
FIXED_SCATTER = 0.06  # of log tokens around a line in log params: that of tokens per param within +-10 %
NARROW_RATIO = 4.0
ONE_BUDGET = 1.5  # compute that spans a smaller factor counts as one budget
COLLINEAR = 0.98
ENOUGH_DECADES = 2.0
GROWTH_RANK = 0.5  # rank correlation with an input; above it, the metric grows
GROWTH_POINTS = 8
FLAT = 0.1  # share of the observed range that the predictions of a flat fit stay within
FEW_RUNS = 10
SAME_VALUE = 0.01  # relative: optima whose parameters all agree this well are one answer
TYPICAL = (0.1, 0.9)  # quantiles of tokens per param: a caveat about their span should not hang on single runs


def examine(fitted: Fitted) -> Identifiability:
    """The condition number and the facts about the design on which refusals and caveats are based."""
    problem = fitted.problem
    ratio, correlation = None, None
    if "params" in problem.columns and "tokens" in problem.columns:
        params, tokens = problem.columns["params"], problem.columns["tokens"]
        each = tokens / params
        ratio, correlation = (float(each.min()), float(each.max())), _correlation(np.log(params), np.log(tokens))
    return Identifiability(
        condition_number=_condition(fitted),
        degrees_of_freedom=len(problem.observed) - len(fitted.theta),
        decades={name: _decades(values) for name, values in problem.columns.items()},
        tokens_per_param=ratio,
        correlation=correlation,
    )


def require_identified(fitted: Fitted, facts: Identifiability) -> tuple[str, ...]:
    """Refuse a fit whose parameters the data do not determine; of a law that is `is_predictive`, name them instead.

    Raises:
        FitError: Tokens follow params, or the condition number is too large; the hint names the runs to add, or what to
            fit to a metric that grows.
    """
    _require_two_inputs(fitted.problem, facts)
    law = fitted.problem.law
    if facts.condition_number <= HOPELESS_CONDITION:
        if law.is_formula and not law.is_predictive:
            from scaling_cli.fitting.undetermined import require_none_hidden

            require_none_hidden(fitted)
        return ()
    if not law.is_predictive:
        _refuse_growth(fitted)
    from scaling_cli.fitting import undetermined as unknown

    if law.is_formula and unknown.is_far_from_noise(fitted):
        raise unknown.search_failed(law)
    found = unknown.undetermined(fitted, HOPELESS_CONDITION)
    if law.is_predictive:
        return tuple(name for name in law.names if any(name in direction.names for direction in found))
    raise unknown.not_determined(law, facts.condition_number, found)


def _refuse_growth(fitted: Fitted) -> None:
    """Refuse a metric that grows with an input, which a law of a loss cannot follow: no further run would help.

    Raises:
        FitError: The metric grows with an input.
    """
    problem = fitted.problem
    if len(problem.observed) < GROWTH_POINTS:
        return
    flat = np.ptp(problem.predictions(fitted.theta[None])[0]) < FLAT * np.ptp(problem.observed)
    ranks = {
        name: _correlation(mean_ranks(values), mean_ranks(problem.observed)) or 0.0
        for name, values in problem.columns.items()
        if name not in (*problem.law.narrow, *problem.law.levels)  # a loss, such as a teacher's, may well rise with it
    }
    if not ranks:
        return
    steepest = max(ranks, key=lambda name: ranks[name])
    # A formula of the user's may be of anything that grows; what trades off in it says more.
    if ranks[steepest] > GROWTH_RANK and (flat or not problem.law.is_written):
        end = "is flat, so its parameters would mean nothing" if flat else "does not determine its parameters"
        raise FitError(
            f"The fitted metric grows with {steepest}, so it is probably not a loss, and the best fit of "
            f"{problem.law.name} {end}.",
            hint="Choose a loss with --loss, or fit a law that grows, such as --law sigmoid, with --space linear.",
        )


def _require_two_inputs(problem: Problem, facts: Identifiability) -> None:
    if problem.law.is_held:
        return  # the constraint may supply what the data do not determine
    if facts.tokens_per_param is None or scatter(problem.columns["params"], problem.columns["tokens"]) > FIXED_SCATTER:
        return
    if _ranges(problem)["compute"] < np.log10(ONE_BUDGET):
        raise FitError(
            "6*params*tokens is about equal in all runs, so tokens follow from params, and the two terms of "
            f"{problem.law.name} cannot be separated.",
            hint="Add runs of another budget, such as ten times less compute.",
        )
    low, high = facts.tokens_per_param
    where = f"span {low:.3g} to {high:.3g} and " if high > low * (1 + FIXED_SCATTER) else f"are {low:.3g}, and "
    raise FitError(
        f"Tokens per param {where}depend only on params, so the two terms of {problem.law.name} cannot be separated.",
        hint="Add runs with fewer and with more tokens per param (a span of 16x is enough), or fit "
        "--law power-constant --x compute.",
    )


def scatter(params: Array, tokens: Array) -> float:
    """Standard deviation of log tokens around their best line in log params: 0 if params determine tokens."""
    x, y = np.log(params), np.log(tokens)
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y) / max(float(x @ x), ALMOST_ZERO)
    return float(np.sqrt(np.mean((y - slope * x) ** 2)))


def doubts(
    fitted: Fitted,
    facts: Identifiability,
    group: dict[str, str] | None,
    columns: Mapping[str, str] | None = None,
) -> list[Caveat]:
    """The caveats of a fit that is identified; `columns` has the column of each input of the law."""
    return [
        *_size_doubts(fitted, facts, group),
        *_design_doubts(fitted, facts, group, columns or {}),
        *_bound_doubts(fitted, group),
        *_start_doubts(fitted, group),
    ]


def _size_doubts(fitted: Fitted, facts: Identifiability, group: dict[str, str] | None) -> Iterator[Caveat]:
    problem, parameters = fitted.problem, len(fitted.theta)
    if facts.degrees_of_freedom < 2:
        yield caveat("no-interval-room", group, points=len(problem.observed), parameters=parameters)
    if problem.run_count < max(FEW_RUNS, 2 * parameters):
        yield caveat("few-runs", group, runs=problem.run_count, parameters=parameters)


def _design_doubts(
    fitted: Fitted, facts: Identifiability, group: dict[str, str] | None, columns: Mapping[str, str]
) -> list[Caveat]:
    caveats, problem = [], fitted.problem
    if facts.condition_number > DOUBTFUL_CONDITION:
        caveats.append(caveat("condition-number", group, condition=facts.condition_number))
    if facts.tokens_per_param is not None:
        low, high = _quantiles(problem.columns["tokens"] / problem.columns["params"], TYPICAL)
        if high < NARROW_RATIO * low:
            caveats.append(caveat("fixed-tokens-per-param", group, low=low, high=high))
    if facts.correlation is not None and abs(facts.correlation) > COLLINEAR:
        caveats.append(caveat("collinear-design", group, correlation=facts.correlation))
    for quantity, decades in _ranges(problem).items():
        if decades < ENOUGH_DECADES:
            caveats.append(
                caveat("short-range", group, quantity=columns.get(quantity, quantity), decades=f"{decades:.2g}")
            )
    return caveats


def _ranges(problem: Problem) -> dict[str, float]:
    """Decades spanned by what the law is extrapolated along: compute for a surface, else each input."""
    if "params" in problem.columns and "tokens" in problem.columns:
        # As a sum of logs, since the product of extreme values would overflow.
        return {"compute": float(np.ptp(np.log10(problem.columns["params"]) + np.log10(problem.columns["tokens"])))}
    scales = {name: values for name, values in problem.columns.items() if (values > 0).all()}
    return {name: _decades(scales[name]) for name in scales if name not in (*problem.law.narrow, *problem.law.levels)}


def _bound_doubts(fitted: Fitted, group: dict[str, str] | None) -> list[Caveat]:
    values = fitted.problem.parameters(fitted.theta[None])[0]
    at_bound = (fitted.theta <= fitted.problem.low) | (fitted.theta >= fitted.problem.high)
    return [
        caveat("at-bound", group, parameter=name, value=float(value))
        for name, value, is_bound in zip(fitted.problem.law.names, values, at_bound, strict=True)
        if is_bound
    ]


def _start_doubts(fitted: Fitted, group: dict[str, str] | None) -> list[Caveat]:
    caveats = []
    tried = len(fitted.polished.value)
    if fitted.agreeing == 1 and tried > 1:
        caveats.append(caveat("lone-start", group, agreeing=1, tried=tried))
    best, *others = fitted.problem.parameters(fitted.polished.theta[fitted.rivals])
    for other in others:
        distance = np.abs(other - best) / np.maximum(np.maximum(np.abs(best), np.abs(other)), ALMOST_ZERO)
        furthest = int(np.argmax(distance))
        if distance[furthest] > SAME_VALUE:
            name = fitted.problem.law.names[furthest]
            difference = f"{name} {other[furthest]:.4g}, not {best[furthest]:.4g}"
            caveats.append(caveat("rival-optimum", group, difference=difference))
            break
    return caveats


def _condition(fitted: Fitted) -> float:
    problem = fitted.problem
    is_log = problem.space == "log"
    jacobian = fitted.linearised[1] if is_log else problem.law.evaluate(fitted.theta[None], problem.inputs)[1][0]
    length = np.sqrt(np.einsum("nk,nk->k", jacobian, jacobian))
    if not (np.isfinite(length).all() and (length > 0).all()):
        return float("inf")
    singular = np.linalg.svd(triangles(jacobian / length), compute_uv=False)
    return float((singular[0] / max(singular[-1], 1e-150)) ** 2)


def _quantiles(values: Array, shares: tuple[float, ...]) -> Array:
    """Quantiles as np.quantile gives them; that function imports numpy.ma."""
    places = np.array(shares) * (len(values) - 1)
    around = np.array(sorted({*np.floor(places).astype(int).tolist(), *np.ceil(places).astype(int).tolist()}))
    quantiles: Array = np.interp(places, around, np.partition(values, around)[around])
    return quantiles


def _decades(values: Array) -> float:
    positive = values[values > 0]
    return float(np.ptp(np.log10(positive))) if len(positive) else 0.0


def _correlation(left: Array, right: Array) -> float | None:
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    return float(np.corrcoef(left, right)[0, 1])
