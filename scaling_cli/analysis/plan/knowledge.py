"""What is known before a plan: arms of runs, each with its law, draws of the parameters, noise and present runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.plan.departures import TERMS, USUAL_SIZE
from scaling_cli.analysis.plan.goals import Goal, Known, known, places
from scaling_cli.analysis.plan.ground import Columns, Ground, along, ground, optimum
from scaling_cli.analysis.plan.square_error import Model
from scaling_cli.analysis.recipe import Rule
from scaling_cli.analysis.recorded_cost import Recorded
from scaling_cli.arrays import Array
from scaling_cli.errors import FitError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law, find_law
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import Record

RIVALS = {"chinchilla": "general"}  # a law that has the first as a special case, by one more parameter at 1
# Of log compute, between which the multiplier of a second group is sought.
KNOTS = (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0)
FROM_KNOTS = np.linalg.inv(np.vander(np.array(KNOTS), increasing=True))  # to the coefficients of a polynomial
FEWEST_NOISE_RUNS = 20
NOISE_CERTAIN = 2.5  # standard errors: a smaller change of the noise with scale is not used
STEEPEST = 0.5  # of log noise per decade


class Noise(Record):
    """The standard deviation of log loss: `sigma` at `centre` FLOPs, and its slope in logs within the range `ends`."""

    sigma: float
    slope: float = 0.0
    centre: float = 1.0
    ends: tuple[float, float] = (0.0, np.inf)

    def at(self, compute: Array) -> Array:
        """At runs of so many FLOPs `(n,)`."""
        logs = np.log10(np.clip(compute, *self.ends) / self.centre) if self.slope else np.zeros(len(compute))
        sizes: Array = self.sigma * np.exp(self.slope * logs)
        return sizes


class Arm(Record):
    """One group of runs, or a fit in place of runs.

    Attributes:
        name: Of the group; empty where there is one.
        law: The law that will be fitted.
        parameters: As papers print them, shaped (draws, k); the first row is the estimate.
        noise: Of the log loss of one run.
        present: The runs that there are, by the inputs of the law.
        covariance: Of the coordinates on raw inputs (k, k), where there are no runs but what is known of them.
        behind: Number of runs behind that covariance.
        prior: The same for what only guides the choice of runs.
        roles: The column behind each input of the law.
        is_rival_excluded: Whether the law is itself the one to which a simpler law was rejected.
        rules: Recipes fitted to the runs.
        recorded: What the runs cost.
        doubt: Size of departures of the log loss from the law (see `departures`).
    """

    name: str
    law: Law
    parameters: Array
    noise: Noise
    roles: Mapping[str, str]
    present: Columns | None = None
    covariance: Array | None = None
    prior: Array | None = None
    is_rival_excluded: bool = False
    rules: tuple[Rule, ...] = ()
    recorded: Recorded | None = None
    doubt: float = USUAL_SIZE
    behind: int = 0

    def columns(self, runs: Columns) -> dict[str, Array]:
        """Runs, given by their roles, as inputs of the law."""
        return {name: runs[self.roles.get(name, name)] for name in self.law.inputs}


class View(Record):
    """A law of one or two arms at some draws: rows `(r, n, k)` for each part of runs, information, and goals."""

    rows: tuple[Array, ...]
    known: Array
    goals: tuple[Known, ...]
    departures: int = 0

    def model(self, part: int = 0, weight: float = 1.0) -> Model:
        """As the search takes it, with the runs of one part as candidates."""
        gradients = np.stack([goal.gradient for goal in self.goals], axis=1)
        return Model(self.rows[part], self.known, gradients, weight, self.departures)


def view(
    arms: Sequence[Arm], goals: Sequence[Goal], parts: Sequence[Columns], *, draws: int, rival: bool = False,
    with_prior: bool = False, with_doubt: bool = False,
) -> View:  # fmt: skip
    """The law (or its rival) at the first draws; each part stands once for each arm, one after another.

    `with_doubt` adds departures from the law, of one arm alone.
    """
    doubtful = with_doubt and len(arms) == 1 and arms[0].doubt > 0
    seen = [_seen(arm, goals, parts, draws, rival=rival, with_prior=with_prior, with_doubt=doubtful) for arm in arms]
    if len(seen) == 1:
        return View(seen[0].rows, seen[0].known, tuple(values[0] for values in seen[0].goals), TERMS if doubtful else 0)
    sizes = [each.known.shape[-1] for each in seen]
    count = min(len(each.known) for each in seen)
    first, second = seen
    rows = tuple(
        np.concatenate([_padded(each.rows[part][:count], i, sizes) for i, each in enumerate(seen)], axis=1)
        for part in range(len(parts))
    )
    whole = np.zeros((count, sum(sizes), sum(sizes)))
    whole[:, : sizes[0], : sizes[0]], whole[:, sizes[0] :, sizes[0] :] = (each.known[:count] for each in seen)
    found = tuple(_between(one[0], *other, count) for one, other in zip(first.goals, second.goals, strict=True))
    return View(rows, whole, found)


class _Seen(Record):
    rows: tuple[Array, ...]
    known: Array
    goals: tuple[tuple[Known, _AtKnots | None], ...]


def _seen(
    arm: Arm,
    goals: Sequence[Goal],
    parts: Sequence[Columns],
    draws: int,
    *,
    rival: bool,
    with_prior: bool,
    with_doubt: bool,
) -> _Seen:
    parameters = arm.parameters[: draws or None]
    law = arm.law
    if rival and law.name in RIVALS:
        law = find_law(RIVALS[law.name])
        parameters = np.column_stack([parameters, np.ones(len(parameters))])
    runs = [{**part, "compute": computed(part)} for part in parts]
    all_parts: list[Columns] = [arm.columns(run) for run in runs]
    if arm.present is not None:
        all_parts.append(arm.present)
    first = len(all_parts)
    asked = [places(goal, law) + (_knots(goal, law)) for goal in goals]
    place = ground(law, [*all_parts, *(spot for spots in asked for spot in spots)], arm.doubt if with_doubt else 0.0)
    theta = place.coordinates(parameters)
    rows = tuple(place.at(i, theta)[1] / arm.noise.at(run["compute"])[:, None] for i, run in enumerate(runs))
    values = []
    for goal, spots in zip(goals, asked, strict=True):
        values.append(_values(goal, place, theta, first, law))
        first += len(spots)
    there = _information(arm, place, theta, len(parts), with_prior=with_prior)
    return _Seen(rows, there, tuple(values))


def computed(runs: Columns) -> Array:
    """FLOPs of runs given by params and tokens."""
    return (
        np.asarray(runs["compute"]) if "compute" in runs else FLOPS_A_PARAM_AND_TOKEN * runs["params"] * runs["tokens"]
    )


def _information(arm: Arm, place: Ground, theta: Array, part: int, *, with_prior: bool) -> Array:
    """What the runs that there are, or a covariance, tell: `(r, k, k)` in centred coordinates."""
    size = theta.shape[1]
    wide = size + (TERMS if place.doubt else 0)
    there = np.zeros((len(theta), wide, wide))
    if arm.present is not None:
        sigma = arm.noise.at(present_compute(arm.present))
        rows = place.at(part, theta)[1] / sigma[:, None]
        there += rows.swapaxes(1, 2) @ rows
    known_by = arm.covariance if arm.covariance is not None else arm.prior if with_prior else None
    if known_by is not None:
        padded = np.zeros((size, size))
        padded[: len(known_by), : len(known_by)] = np.linalg.pinv(known_by)
        inverse = np.linalg.inv(place.shift)
        there[:, :size, :size] += inverse.T @ padded @ inverse
    return there


def present_compute(present: Columns) -> Array:
    """FLOPs of runs given by the inputs of a law: 6 per param and token, else the first input, which stands for it."""
    if has_params_and_tokens(present):
        return FLOPS_A_PARAM_AND_TOKEN * present["params"] * present["tokens"]
    return np.asarray(next(iter(present.values())))


def _knots(goal: Goal, law: Law) -> list[Columns]:
    """Further budgets at which the loss of a multiplier's second group is needed."""
    if goal.what != "multiplier":
        return []
    if has_params_and_tokens(law.inputs):
        return [along(goal.at["compute"] * np.exp(knot)) for knot in KNOTS]
    return [{name: np.array([goal.at["compute"] * np.exp(knot)]) for name in law.inputs} for knot in KNOTS]


class _AtKnots(Record):
    """The log loss at the knots `(r, knots)`, and its gradient `(r, knots, k)`."""

    losses: Array
    gradients: Array


def _values(goal: Goal, place: Ground, theta: Array, first: int, law: Law) -> tuple[Known, _AtKnots | None]:
    """What a group contributes to a goal: the goal, and for a multiplier also its losses at the knots."""
    value = known(goal, place, theta, first)
    if goal.what != "multiplier":
        return value, None
    losses, gradients = [], []
    start = first + len(places(goal, law))
    for i, spot in enumerate(_knots(goal, law)):
        log_loss, gradient = place.at(start + i, theta)
        if log_loss.shape[1] == 1:
            log_loss, gradient = log_loss[:, 0], gradient[:, 0]
        else:
            best = optimum(log_loss, gradient, spot)
            log_loss, gradient = best.log_loss, best.loss_gradient
        losses.append(log_loss)
        gradients.append(gradient)
    return value, _AtKnots(np.stack(losses, axis=1), np.stack(gradients, axis=1))


def _between(first: Known, second: Known, at_knots: _AtKnots | None, count: int) -> Known:
    """A goal that compares two groups: the second less the first, or the second's compute for the first's loss."""
    if at_knots is None:
        gradient = np.concatenate([-first.gradient[:count], second.gradient[:count]], axis=1)
        return Known(second.values[:count] - first.values[:count], gradient, is_log=first.is_log)
    losses, gradients = at_knots.losses[:count], at_knots.gradients[:count]
    log_factor = _multiplier(first.values[:count], losses)
    # At the factor m, L2(m, theta2) = L1(theta1): m changes by the difference of their changes over the slope of L2.
    slope = np.einsum("rk,rk->r", losses, _weights(log_factor, derivative=True))
    changes = [first.gradient[:count], -np.einsum("rkp,rk->rp", gradients, _weights(log_factor))]
    return Known(log_factor, np.concatenate(changes, axis=1) / slope[:, None], is_log=True)


def _weights(logs: Array, *, derivative: bool = False) -> Array:
    """How much the value at each knot counts `(r, knots)` in the polynomial through all at `logs`, or in its slope."""
    powers = np.arange(len(KNOTS))
    terms = powers * logs[:, None] ** np.maximum(powers - 1, 0) if derivative else logs[:, None] ** powers
    weights: Array = terms @ FROM_KNOTS
    return weights


def _multiplier(wanted: Array, losses: Array) -> Array:
    """Log of the factor of compute `(r,)` at which the second group's log loss is the wanted one, between the knots.

    Raises:
        FitError: By the estimates it is at none of these factors.
    """
    if not losses[0, -1] <= wanted[0] <= losses[0, 0]:
        far = np.exp(KNOTS[-1])
        raise FitError(
            f"The second group does not reach the loss of the first with up to {far:.0f} times more or less compute.",
            hint="Ask for the loss of each group, such as --goal loss@1e24, or for difference(alpha).",
        )
    low, high = np.full(len(wanted), KNOTS[0]), np.full(len(wanted), KNOTS[-1])
    for _ in range(60):
        middle = (low + high) / 2
        value = np.einsum("rk,rk->r", losses, _weights(middle))
        low, high = np.where(value > wanted, middle, low), np.where(value > wanted, high, middle)
    return np.asarray((low + high) / 2)


def _padded(rows: Array, arm: int, sizes: Sequence[int]) -> Array:
    wide = np.zeros((*rows.shape[:2], sum(sizes)))
    start = sum(sizes[:arm])
    wide[:, :, start : start + sizes[arm]] = rows
    return wide


def noise_of(log_residuals: Array, compute: Array, sigma: float) -> Noise:
    """The noise of runs from their residuals: its size, and its change with compute where that is certain."""
    logs = np.log10(compute)
    if len(logs) < FEWEST_NOISE_RUNS or np.ptp(logs) == 0:
        return Noise(sigma)
    x = logs - logs.mean()
    y = np.log(np.maximum(np.abs(log_residuals), 1e-3 * sigma))
    slope = float(x @ y / (x @ x))
    error = float(np.std(y - y.mean() - slope * x) / np.sqrt(x @ x))
    if abs(slope) < NOISE_CERTAIN * error:
        return Noise(sigma)
    ends = (float(compute.min()), float(compute.max()))
    return Noise(sigma, float(np.clip(slope, -STEEPEST, STEEPEST)), float(10 ** logs.mean()), ends)
