"""What to say of data from which no fit can be made, and of a fit whose parameters are not determined.

Of the latter it is said which parameters trade off, or that the search has failed. The Jacobian's columns are scaled to
length one, and its singular vectors taken. Those with a hopelessly small singular value are changes of the parameters
that no prediction shows; the parameters with a large share of such a vector cannot be known one by one. That is so only
at an optimum. If the residuals are much larger than the noise, which a smooth surface through the data bounds from
above, then the search has not found the optimum, or the law does not fit, and the data are not to blame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import ALMOST_ZERO, Array
from scaling_cli.errors import FitError
from scaling_cli.fitting.optimum import Fitted
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws import is_formula
from scaling_cli.laws.grouped import LEVEL
from scaling_cli.laws.law import Law
from scaling_cli.numbers.format import number_of, with_and, with_or
from scaling_cli.record import Record

EXACT = 1e14  # condition number of what trades off exactly, but for rounding
NOTABLE = 0.15  # of the largest share in a vector: parameters with less hardly take part
WORSE = 2.0  # times the residuals of a smooth surface: residuals above it are not noise
SPARE = 2  # points for each term of the surface
SHOWN = 6
FEWEST_RUNS = 3  # that can be resampled at all


def check_size(problem: Problem, *, with_interval: bool, needs_interval: bool = False) -> None:
    """Refuse data that no estimator could fit.

    Raises:
        FitError: There are fewer points, or fewer distinct ones, than the law needs, or a column never varies.
    """
    least = len(problem.law.parameters) + 1
    points = len(problem.observed)
    without = with_interval and not needs_interval and points >= least
    check_levels(problem)
    _check_variation(problem)
    if with_interval and problem.run_count < FEWEST_RUNS:
        raise FitError(
            f"{problem.run_count} {'run is' if problem.run_count == 1 else 'runs are'} too few for an interval, which "
            f"needs {FEWEST_RUNS}, because the errors of points of one run are correlated.",
            hint=with_or(
                ["Add runs"]
                + ["name the column that identifies the run with --run COL"] * (points > problem.run_count)
                + ["leave intervals out with --interval none"] * without
            )
            + ".",
        )
    if (missing := least + with_interval - points) > 0:
        more = f"Add {missing} or more runs"
        raise FitError(
            f"{points} {'point is' if points == 1 else 'points are'} too few for {problem.law.name}, which has "
            f"{len(problem.law.parameters)} parameters.",
            hint=f"{more}, or use --interval none." if without else f"{more}.",
        )
    different = _count_different(np.stack(list(problem.columns.values())), len(problem.law.parameters))
    if different < len(problem.law.parameters):
        names = with_and(problem.columns)
        raise FitError(
            f"{problem.law.name} has {len(problem.law.parameters)} parameters, but the points have only "
            f"{number_of(different, 'distinct value')} of {names}.",
            hint=f"Add runs at other values of {names}, or choose a --law with fewer parameters.",
        )


def check_levels(problem: Problem) -> None:
    """Refuse a law with a parameter for each label of a column if no point has one of the labels.

    Raises:
        FitError: It is so.
    """
    for name, labels in problem.law.levels.items():
        found = {int(code) for code in problem.columns[name]}
        if missing := [label for place, label in enumerate(labels) if place not in found]:
            column = name.removeprefix(LEVEL)
            raise FitError(
                f"No point has {column} = {missing[0]}, but {problem.law.name} has a parameter for it.",
                hint=f"If --by or --where keeps only one value of {column}, leave [{column}] out of the formula; else "
                "add such points.",
            )


def _check_variation(problem: Problem) -> None:
    if len(problem.observed) < 2:
        return
    # A formula may well take a constant; whether it leaves a parameter undetermined is seen at the optimum.
    takes_constants = problem.law.is_formula and any(np.ptp(v) > 0 for v in problem.columns.values())
    columns = {} if takes_constants else problem.columns
    for name, values in [*columns.items(), ("the loss", problem.observed)]:
        if np.ptp(values) == 0:
            raise FitError(
                f"{name} is {values[0]:g} at all {len(values)} points, so {problem.law.name} cannot be fitted.",
                hint="Check the column, or add runs that differ in it.",
            )


def _count_different(columns: Array, enough: int) -> int:
    """The number of distinct points in `columns` `(inputs, n)`, or of the first thousand where that is `enough`."""
    ordered = columns[:, :1_000][:, np.lexsort(columns[:, :1_000])]
    count = 1 + int((np.diff(ordered, axis=1) != 0).any(axis=0).sum())
    if count >= enough or columns.shape[1] <= ordered.shape[1]:
        return count
    return 1 + int((np.diff(columns[:, np.lexsort(columns)], axis=1) != 0).any(axis=0).sum())


class Direction(Record):
    """A change of the coordinates `(k,)` of these parameters that leaves the predictions as they are."""

    names: tuple[str, ...]
    change: Array

    def said(self, is_log: dict[str, bool]) -> str:
        """Which parameters trade off, and which combination of two is determined."""
        names = self.names[:SHOWN]
        said = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
        if len(self.names) == 1:
            return f"{said} can take any value without changing a prediction"
        said += " can change together without changing a prediction"
        if len(self.names) == 2:
            one, other = (f"log {name}" if is_log[name] else name for name in self.names)
            ratio = float(self.change[0] / self.change[1])
            sign = "-" if ratio > 0 else "+"
            said += f"; what is determined is {one} {sign} {abs(ratio):.3g} * {other}"
        return said


def undetermined(fitted: Fitted, hopeless: float) -> tuple[Direction, ...]:
    """The directions in which the condition number is above `hopeless`, the worst first."""
    problem = fitted.problem
    jacobian = problem.residuals(fitted.theta[None])[1][0]
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    length = np.sqrt(np.einsum("nk,nk->k", jacobian, jacobian))
    gone = length <= 1e-12 * max(float(length.max()), ALMOST_ZERO)
    found = [Direction((name,), np.ones(1)) for name, is_gone in zip(problem.law.names, gone, strict=True) if is_gone]
    kept = np.flatnonzero(~gone)
    if not len(kept):
        return tuple(found)
    _, size, right = np.linalg.svd(jacobian[:, kept] / length[kept], full_matrices=False)
    for row in np.flatnonzero(size**2 * hopeless < size[0] ** 2)[::-1]:
        share = np.abs(right[row])
        parts = np.flatnonzero(share >= NOTABLE * share.max())
        names = tuple(problem.law.names[kept[part]] for part in parts)
        found.append(Direction(names, right[row][parts] / length[kept][parts]))
    return tuple(found)


def hidden_at_bounds(fitted: Fitted) -> tuple[Direction, ...]:
    """Directions along which a parameter slid to its bound without changing a prediction.

    The condition number leaves out parameters at their bounds, and so does not see them.
    """
    problem = fitted.problem
    at_bound = (fitted.theta <= problem.low) | (fitted.theta >= problem.high)
    bounded = {name for name, is_bound in zip(problem.law.names, at_bound, strict=True) if is_bound}
    has_vanished = bool((problem.law.vanishing & (fitted.theta <= problem.low)).any())
    if not bounded or has_vanished:  # the exponent of a term that is zero may well have any value
        return ()
    return tuple(found for found in undetermined(fitted, EXACT) if bounded & set(found.names))


def require_none_hidden(fitted: Fitted) -> None:
    """Refuse a fit that has directions which only parameters at their bounds hide.

    Raises:
        FitError: It has.
    """
    if hidden := hidden_at_bounds(fitted):
        raise not_determined(fitted.problem.law, np.inf, hidden)


def not_determined(law: Law, condition: float, found: Sequence[Direction]) -> FitError:
    """The refusal of a fit whose parameters can change in these directions."""
    is_log = {parameter.name: parameter.positive for parameter in law.parameters}
    which = f": {'; '.join(direction.said(is_log) for direction in found[:2])}" if found else ""
    return FitError(
        f"The data do not determine the parameters of {law.name} (condition number {condition:.1e}){which}.",
        hint="Add runs over a wider range of inputs, hold a parameter with --fix NAME=VALUE, or choose a --law with "
        "fewer parameters.",
    )


def search_failed(law: Law) -> FitError:
    """The refusal of a fit that is far from the data."""
    return FitError(
        f"The search for the parameters of {law.name} ended far from the data: its residuals are more than twice those "
        "of a smooth surface through the points.",
        hint="If you wrote this formula, give starting values with --start NAME=VALUE or bounds with --bound "
        "NAME=LOW,HIGH; otherwise choose another --law."
        if is_formula(law.name.partition(" by ")[0])
        else "Choose another --law.",
    )


def is_far_from_noise(fitted: Fitted) -> bool:
    """Whether a smooth surface through the data, of second degree, leaves much smaller residuals than the fit."""
    problem = fitted.problem
    left = problem.residuals(fitted.theta[None])[0][0]
    surface = _surface([*problem.columns.values()])
    n, terms = surface.shape
    if n < SPARE * terms or not np.isfinite(left).all():
        return not np.isfinite(left).all()
    basis, _ = np.linalg.qr(surface)
    rest = problem.target - basis @ (basis.T @ problem.target)
    noise = np.sqrt(np.sum(rest**2) / (n - terms))
    return bool(np.sqrt(np.mean(left**2)) > WORSE * noise)


def _surface(columns: list[Array]) -> Array:
    """A constant, each column's log (or value, if not positive), and their squares and products `(n, terms)`."""
    n = len(columns[0])
    scaled = []
    for values in columns:
        along = np.log(values) if (values > 0).all() else values
        if np.ptp(along) > 0:
            scaled.append((along - along.mean()) / np.std(along))
    products = [scaled[i] * scaled[j] for i in range(len(scaled)) for j in range(i, len(scaled))]
    return np.stack([np.ones(n), *scaled, *products], axis=1)
