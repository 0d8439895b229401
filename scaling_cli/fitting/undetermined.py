"""What to say of a fit whose parameters are not determined: which of them trade off, or that the search has failed.

The Jacobian's columns are scaled to length one, and its singular vectors taken. Those with a hopelessly small singular
value are changes of the parameters that no prediction shows; the parameters with a large share of such a vector cannot
be known one by one. That is so only at an optimum. If the residuals are much larger than the noise, which a smooth
surface through the data bounds from above, then the search has not found the optimum, or the law does not fit, and the
data are not to blame.
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
from scaling_cli.record import Record

EXACT = 1e14  # condition number of what trades off exactly, but for rounding
NOTABLE = 0.15  # of the largest share in a vector: parameters with less hardly take part
WORSE = 2.0  # times the residuals of a smooth surface: residuals above it are not noise
SPARE = 2  # points for each term of the surface
SHOWN = 6


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
