"""How well designs of `scaling plan` find the best split at larger budgets, beside usual grids and other rules.

    python -m benchmarks planning [REPETITIONS] [TRUTH,TRUTH] [NOISE,NOISE] [RULE,RULE]

A truth gives losses with log-normal noise. Every design has 42 runs of 1e18 to 1e20 FLOPs. It is judged by the best
params at 1e22 and 1e24 and by the exponent of the best params, against those of the truth: root mean square errors, in
log10 for params. All designs see the same noise level and are fitted in the same way: by the additive law, or, where an
F test at the 5 % level rejects it, by the law with a free power of the sum (`general`).

The designs: usual IsoFLOP grids (six budgets, seven sizes each within +-0.5, 0.75 or 1.2 decades of 20 tokens per
param); a grid of five equal steps within +-1.2 decades and a second run at the centre, at seven budgets; a greedy
choice of the run that takes most variance off log N* per FLOP, by draws of the parameters, in three rounds, as it is
and with runs that count as at least an even share of the budget; the prototype (exchange for one law at one estimate,
0.7 to 600 tokens per param, three rounds); and `scaling plan` in three rounds, with 15 % of the runs reserved for
tests. As the command does, it goes on with the law of a free power where an F test at the 1 % level excludes the
additive law. No rule knows the truth: the last two start from published coefficients of another data set (Muennighoff
et al. 2023), with the default uncertainty of `scaling plan`.

Ratios of root mean square errors have 95 % intervals from 2,000 bootstrap draws of paired repetitions.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import fdtrc

from scaling_cli.analysis.plan.arms import EXCLUDED
from scaling_cli.analysis.plan.departures import TERMS, USUAL_SIZE, size_of
from scaling_cli.analysis.plan.designs import DesignQuestion, design
from scaling_cli.analysis.plan.goals import known, parse_goal, places
from scaling_cli.analysis.plan.ground import Ground, ground
from scaling_cli.analysis.plan.reserve import bends
from scaling_cli.analysis.plan.search import Limits, select
from scaling_cli.analysis.plan.square_error import Model
from scaling_cli.arrays import Array, Indices
from scaling_cli.laws import find_law

BUDGETS = np.geomspace(1e18, 1e20, 6)
RUNS, ROUNDS = 42, 3
AT = (1e22, 1e24)
GOALS = tuple(map(parse_goal, ("params@1e22", "params@1e24", "params_exponent")))
NOISES = (0.0025, 0.005, 0.01)
CENTRE = np.log([5e8, 1e10])
WIDE, NARROW = 10**2.4, 30.0  # factors around 20 tokens per param: the widest grid's, and the prototype's
PILOT_DRAWS, DRAWS = 12, 6
REJECTED = 4.1  # F(1, 36) at 5 %
TOO_FAR = np.array([1.5, 4.0, 4.0, 0.6, 0.6, 1.0])
START = np.array([1.87, 386.6, 2736.0, 0.3348, 0.3829])  # Muennighoff et al. 2023, free fit
WEAK = 1e3
SPREAD = (0.05, 0.2, 0.2, 0.05, 0.05)


def centred(E: float, A: float, B: float, alpha: float, beta: float) -> Array:
    """Coordinates: the log of each term at 5e8 params and 1e10 tokens, and the exponents."""
    return np.array([np.log(E), np.log(A) - alpha * CENTRE[0], np.log(B) - beta * CENTRE[1], alpha, beta])


BESIROGLU = centred(1.81686, 482.00572, 2085.4342, 0.34781, 0.36585)
HOFFMANN = centred(np.exp(0.5267228), np.exp(6.0073404), np.exp(6.0179186), 0.33917084, 0.2849083)


def additive(p: Array, n: Array, d: Array) -> Array:
    """Log loss of the additive law."""
    return np.logaddexp(np.logaddexp(p[1] - p[3] * n, p[2] - p[4] * d), p[0])


def powered(p: Array, n: Array, d: Array) -> Array:
    """Log loss where the sum of the terms of params and tokens has the power 0.7."""
    return np.logaddexp(p[0], 0.7 * np.logaddexp((p[1] - p[3] * n) / 0.7, (p[2] - p[4] * d) / 0.7))


def broken(p: Array, n: Array, d: Array, *, before: float = 0.42, after: float = 0.30, at: float = 5e8) -> Array:
    """Log loss where the exponent of params changes from `before` to `after` around `at` params."""
    x = n + CENTRE[0] - np.log(at)
    term = p[1] - p[3] * (np.log(at) - CENTRE[0]) - before * x + (before - after) * 0.5 * np.logaddexp(0, x / 0.5)
    return np.logaddexp(np.logaddexp(term, p[2] - p[4] * d), p[0])


@dataclass(frozen=True)
class Truth:
    """A loss surface: log loss at centred log params and log tokens."""

    name: str
    form: Callable[[Array, Array, Array], Array]
    p: Array

    def log_loss(self, logs: Array) -> Array:
        """At log params and tokens `(n, 2)`."""
        return self.form(self.p, *(logs - CENTRE).T)

    def answers(self) -> Array:
        """Log best params at both budgets, and the exponent between them."""
        best = []
        for compute in AT:
            params = np.linspace(np.log(1e6), np.log(1e13), 80_001)
            loss = self.log_loss(np.stack([params, np.log(compute / 6) - params], axis=1))
            i = int(np.argmin(loss))
            left, middle, right = loss[i - 1 : i + 2]
            shift = 0.5 * (left - right) / (left - 2 * middle + right)
            best.append(params[i] + shift * (params[1] - params[0]))
        return np.array([*best, (best[1] - best[0]) / np.log(AT[1] / AT[0])])


TRUTHS = {
    "besiroglu": Truth("besiroglu", additive, BESIROGLU),
    "hoffmann": Truth("hoffmann", additive, HOFFMANN),
    "power": Truth("power", powered, BESIROGLU),
    "break": Truth("break", broken, BESIROGLU),
    "weak break": Truth("weak break", partial(broken, before=0.37, after=0.33, at=2e9), BESIROGLU),
}


def evaluate(theta: Array, n: Array, d: Array) -> tuple[Array, Array]:
    """Log loss `(r, m)` of the general law and its gradient, at centred logs `(r, m)`.

    The last coordinate is log gamma. The terms are those of the additive law to the power 1 / gamma, so that it is
    that law where gamma is 1.
    """
    a, b = theta[:, 1, None] - theta[:, 3, None] * n, theta[:, 2, None] - theta[:, 4, None] * d
    gamma = np.exp(theta[:, 5, None])
    whole = np.logaddexp(a / gamma, b / gamma)
    share = np.exp(a / gamma - whole)
    reducible = gamma * whole
    log_loss = np.logaddexp(reducible, theta[:, 0, None])
    weight = np.exp(reducible - log_loss)
    bent = reducible - share * a - (1 - share) * b
    columns = (
        1 - weight,
        weight * share,
        weight * (1 - share),
        -weight * share * n,
        -weight * (1 - share) * d,
        weight * bent,
    )
    return log_loss, np.stack(columns, axis=-1)


def minimised(n: Array, d: Array, y: Array, start: Array, free: int) -> tuple[Array, Array]:
    """Least squares by damped Gauss-Newton for all repetitions at once: coordinates `(r, 6)` and sums of squares."""
    theta, count = start.copy(), len(y)
    damping, idle, moving = np.full(count, 1e-2), np.zeros(count, dtype=int), np.arange(count)
    log_loss, jacobian = evaluate(theta, n, d)
    value = ((y - log_loss) ** 2).sum(axis=1)
    low, high = np.array([-3.0, -8, -8, 0.02, 0.02, -1.5])[:free], np.array([1.5, 4.0, 4, 2, 2, 1.5])[:free]
    residual, jacobian = y - log_loss, jacobian[..., :free]
    for _ in range(200):
        here = theta[moving, :free]
        normal = jacobian.swapaxes(1, 2) @ jacobian
        gradient = np.einsum("rnk,rn->rk", jacobian, residual)
        stuck = ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0))
        diagonal = np.einsum("rkk->rk", normal)
        normal = normal + (damping[moving, None] * diagonal + 1e-14)[:, :, None] * np.eye(free)
        normal = np.where(stuck[:, :, None] | stuck[:, None, :], np.eye(free), normal)
        step = np.linalg.solve(normal, np.where(stuck, 0, gradient)[:, :, None])[:, :, 0]
        trial = theta[moving].copy()
        trial[:, :free] = np.clip(here + step, low, high)
        log_loss, slopes = evaluate(trial, n[moving], d[moving])
        sums = ((y[moving] - log_loss) ** 2).sum(axis=1)
        better = sums <= value[moving]
        gained = (value[moving] - sums) / np.maximum(value[moving], 1e-300) > 1e-10
        idle[moving] = np.where(better & gained, 0, idle[moving] + 1)
        damping[moving] *= np.where(better, 0.2, 6.0)
        residual = np.where(better[:, None], y[moving] - log_loss, residual)
        jacobian = np.where(better[:, None, None], slopes[..., :free], jacobian)
        theta[moving[better]], value[moving[better]] = trial[better], sums[better]
        still = idle[moving] < 3
        moving, residual, jacobian = moving[still], residual[still], jacobian[still]
        if not len(moving):
            break
    return theta, value


STARTS = (
    (0.6, 0.1, 0.0, 0.35, 0.35, 0.0), (0.3, 0.3, 0.3, 0.3, 0.28, 0.0), (0.5, -0.2, 0.2, 0.45, 0.4, 0.0),
    (0.2, 0.5, 0.5, 0.22, 0.25, 0.0),
)  # fmt: skip


def fitted(logs: Array, y: Array) -> tuple[Array, Array, Array]:
    """The additive and the general fit `(r, 6)` to runs at `logs` `(r, n, 2)`, and the F statistic between them."""
    n, d = logs[..., 0] - CENTRE[0], logs[..., 1] - CENTRE[1]
    ends = [minimised(n, d, y, np.tile(start, (len(y), 1)).astype(float), 5) for start in STARTS]
    best = np.argmin([value for _, value in ends], axis=0)
    theta = np.stack([theta for theta, _ in ends])[best, np.arange(len(y))]
    value = np.stack([value for _, value in ends])[best, np.arange(len(y))]
    general, smaller = minimised(n, d, y, theta, 6)
    return theta, general, (value - smaller) / (smaller / (y.shape[1] - 6))


def answers(theta: Array) -> Array:
    """Log best params at both budgets and the exponent `(r, 3)`, in closed form."""
    gamma = np.exp(theta[:, 5])
    a, b, alpha, beta = (theta[:, i] / gamma for i in (1, 2, 3, 4))
    logs = [
        (np.log(alpha) + a - np.log(beta) - b + beta * (np.log(compute / 6) - CENTRE.sum())) / (alpha + beta)
        + CENTRE[0]
        for compute in AT
    ]
    return np.stack([*logs, beta / (alpha + beta)], axis=1)


def grid(width: float) -> Array:
    """Log params and tokens of an IsoFLOP grid: seven sizes within `width` decades of 20 tokens per param."""
    return np.concatenate([_budget(compute, np.linspace(-width, width, 7)) for compute in BUDGETS])


def _budget(compute: float, decades: Array) -> Array:
    params = np.log(np.sqrt(compute / 120)) + decades * np.log(10)
    return np.stack([params, np.log(compute / 6) - params], axis=1)


def cost(logs: Array) -> Array:
    """FLOPs of runs."""
    return 6 * np.exp(logs.sum(axis=-1))


TOTAL = float(cost(grid(0.75)).sum())


def centred_grid() -> Array:
    """Five equal steps within +-1.2 decades and a second run at the centre, at seven budgets, of equal FLOPs."""
    steps = np.append(np.linspace(-1.2, 1.2, 5), 0.0)
    logs = np.concatenate([_budget(compute, steps) for compute in np.geomspace(1e18, 1e20, 7)])
    return logs + np.log(TOTAL / cost(logs).sum()) / 2


def candidates(spread: float) -> Array:
    """Runs within a factor `spread` of 20 tokens per param, at nine budgets."""
    half = np.log10(spread) / 2
    return np.concatenate([_budget(compute, np.linspace(-half, half, 17)) for compute in np.geomspace(1e18, 1e20, 9)])


class Laws:
    """The laws of the package at the candidates, for one rule: the additive law only, or also the general one."""

    def __init__(self, spread: float, names: tuple[str, ...]) -> None:
        self.logs = candidates(spread)
        self.cost = cost(self.logs)
        self.names = names
        self.doubt = USUAL_SIZE
        self.bent = bends(list(self.logs.T))

    def model(self, name: str, parameters: Array, sigma: float, runs: Array | None, known: Array | None) -> Model:
        """What the candidates tell, at draws of the parameters `(r, 5 or 6)`, with the runs `(n, 2)` that are there."""
        law = find_law(name)
        columns = [_columns(self.logs), *([] if runs is None else [_columns(runs)])]
        asked = [place for goal in GOALS for place in places(goal, law)]
        place = ground(law, [*columns, *asked], self.doubt if len(self.names) > 1 else 0.0)
        if name == "general" and parameters.shape[1] == 5:
            parameters = np.column_stack([parameters, np.ones(len(parameters))])
        theta = place.coordinates(parameters)
        first, gradients = len(columns), []
        for goal in GOALS:
            gradients.append(known_gradient(goal, place, theta, first))
            first += len(places(goal, law))
        k, e = theta.shape[1], TERMS if place.doubt else 0
        there = np.zeros((len(theta), k + e, k + e))
        if runs is not None:
            rows = place.at(1, theta)[1] / sigma
            there += rows.swapaxes(1, 2) @ rows
        if known is not None:
            inverse = np.linalg.inv(place.shift)
            size = len(known)
            padded = np.zeros((theta.shape[1],) * 2)
            padded[:size, :size] = known
            there[:, :k, :k] += inverse.T @ padded @ inverse
        return Model(place.at(0, theta)[1] / sigma, there, np.stack(gradients, axis=1), 1.0, e)


def _columns(logs: Array) -> dict[str, Array]:
    return {"params": np.exp(logs[:, 0]), "tokens": np.exp(logs[:, 1])}


def known_gradient(goal: object, place: Ground, theta: Array, first: int) -> Array:
    """The gradient of one goal."""
    return known(goal, place, theta, first).gradient  # type: ignore[arg-type]


def raw(theta: Array) -> Array:
    """Parameters as papers print them, from centred coordinates `(r, 5)`, or `(r, 6)` with log gamma."""
    gamma = np.exp(theta[:, 5:])
    power = gamma[:, 0] if gamma.shape[1] else 1.0
    return np.column_stack(
        [
            np.exp(theta[:, 0]), np.exp((theta[:, 1] + theta[:, 3] * CENTRE[0]) / power),
            np.exp((theta[:, 2] + theta[:, 4] * CENTRE[1]) / power), theta[:, 3] / power, theta[:, 4] / power, gamma,
        ]
    )  # fmt: skip


def drawn(theta: Array, logs: Array, sigma: float, draws: int, rng: np.random.Generator) -> Array:
    """Draws of the parameters `(draws, k)` around a fit `(k,)`, from the curvature there; the first is the fit."""
    k, whole = len(theta), np.append(theta, 0.0)[:6]
    jacobian = evaluate(whole[None], (logs[:, 0] - CENTRE[0])[None], (logs[:, 1] - CENTRE[1])[None])[1][0, :, :k]
    covariance = np.linalg.inv(jacobian.T @ jacobian + 1e-9 * np.eye(k)) * sigma**2
    steps = rng.standard_normal((draws, k)) @ np.linalg.cholesky(covariance + 1e-12 * np.eye(k)).T
    steps[0] = 0
    moved = theta + np.clip(steps, -0.3, 0.3)
    moved[:, 3:5] = np.clip(moved[:, 3:5], 0.05, 1.5)
    return raw(moved)


def prior(rng: np.random.Generator, draws: int) -> Array:
    """Draws of published coefficients `(draws, 5)` with the default uncertainty; the first are those printed."""
    steps = rng.standard_normal((draws, 5)) * np.array(SPREAD)
    steps[0] = 0
    log_scale = np.array([0, 1, 1, 0, 0], dtype=bool)
    return np.where(log_scale, START * np.exp(steps), START * (1 + steps))


def prior_information() -> Array:
    """What the search knows at first, in raw coordinates `(5, 5)`: next to nothing, as in `scaling plan`."""
    scale = np.array([START[0] * SPREAD[0], SPREAD[1], SPREAD[2], START[3] * SPREAD[3], START[4] * SPREAD[4]])
    return np.diag(1 / (WEAK * scale) ** 2)


def pilot(laws: Laws, share: float, budget: float, sigma: float) -> Array:
    """The first round: equal for all repetitions."""
    rng = np.random.default_rng(7)
    parameters = prior(rng, PILOT_DRAWS if len(laws.names) > 1 else 1)
    models = [laws.model(name, parameters, sigma, None, prior_information()) for name in laws.names]
    return laws.logs[_chosen(laws, models, share, budget, sigma)]


def _chosen(laws: Laws, models: list[Model], share: float, budget: float, sigma: float) -> Indices:
    limits = Limits(laws.cost, budget / ROUNDS, RUNS // ROUNDS)
    if share:
        noise = np.full(len(laws.cost), sigma)
        return design(DesignQuestion(models, laws.bent, noise, np.ones(len(GOALS)), share), limits).all
    return select(models, limits, np.ones(len(GOALS)))


def by_design(laws: Laws, share: float, fraction: float) -> Callable[[Truth, float, Array], tuple[Array, Array]]:
    """Runs chosen in three rounds by designs, for every repetition; the noise is guessed at 0.5 % before the first."""

    def run(truth: Truth, sigma: float, noise: Array) -> tuple[Array, Array]:
        laws.doubt = USUAL_SIZE
        first = pilot(laws, share, TOTAL * fraction, 0.005)
        logs = np.tile(first, (len(noise), 1, 1))
        y = truth.log_loss(first) + sigma * noise[:, : len(first)]
        rng = np.random.default_rng(11)
        for _ in range(ROUNDS - 1):
            theta, general, test = fitted(logs, y)
            excluded = (fdtrc(1, y.shape[1] - 6, np.maximum(test, 0)) < EXCLUDED) & (len(laws.names) > 1)
            theta, free = np.where(excluded[:, None], general, theta), np.where(excluded, 6, 5)
            scale = _scales(theta, logs, y, free)
            picked = [
                laws.logs[_next(laws, share, fraction, theta[i, : free[i]], logs[i], y[i], scale[i], rng)]
                for i in range(len(noise))
            ]
            logs, y = _grown(truth, sigma, noise, logs, y, picked)
        return logs, y

    return run


def _scales(theta: Array, logs: Array, y: Array, free: Array | int = 5) -> Array:
    """The noise by the residuals of fits with `free` parameters, at least half a tenth of a percent."""
    log_loss = evaluate(theta, logs[..., 0] - CENTRE[0], logs[..., 1] - CENTRE[1])[0]
    return np.maximum(np.sqrt(((y - log_loss) ** 2).sum(axis=1) / (y.shape[1] - free)), 5e-4)


def _next(
    laws: Laws, share: float, fraction: float, theta: Array, logs: Array, y: Array, scale: float,
    rng: np.random.Generator,
) -> Array:  # fmt: skip
    """The runs of the next round, given a fit of the additive `(5,)` or of the general law `(6,)`."""
    draws, k = DRAWS if len(laws.names) > 1 else 1, len(theta)
    parameters = drawn(theta, logs, scale, draws, rng)
    if len(laws.names) > 1:
        at, whole = logs - CENTRE, np.append(theta, 0.0)[:6]
        log_loss, rows = evaluate(whole[None], at[None, :, 0], at[None, :, 1])
        laws.doubt = scale * size_of(y - log_loss[0], rows[0, :, :k], logs)
    names = laws.names if k == 5 else ("general",)
    models = [laws.model(name, parameters, scale, logs, None) for name in names]
    return _chosen(laws, models, share, TOTAL * fraction, scale)


def _grown(truth: Truth, sigma: float, noise: Array, logs: Array, y: Array, picked: list[Array]) -> tuple[Array, Array]:
    """Runs and losses with those of one more round; a round of fewer runs repeats its cheapest."""
    size = RUNS // ROUNDS
    new = np.stack(
        [np.concatenate([each, np.tile(each[np.argmin(cost(each))], (size - len(each), 1))]) for each in picked]
    )
    start = y.shape[1]
    more = truth.log_loss(new.reshape(-1, 2)).reshape(new.shape[:2]) + sigma * noise[:, start : start + size]
    return np.concatenate([logs, new], axis=1), np.concatenate([y, more], axis=1)


def by_variance(truth: Truth, sigma: float, noise: Array, *, spends_all: bool = False) -> tuple[Array, Array]:
    """The peer's rule: a narrow pilot, then twice 14 runs, each the one with most variance off log N* per FLOP.

    It prefers the cheapest runs, and so spends little; with `spends_all`, a run counts as at least an even share of the
    budget.
    """
    first = np.concatenate([_budget(compute, np.linspace(-0.75, 0.75, 7)) for compute in BUDGETS[:2]])
    pool = candidates(WIDE)
    price = np.maximum(cost(pool), (TOTAL - cost(first).sum()) / (RUNS - len(first)) if spends_all else 0.0)
    logs, y = np.tile(first, (len(noise), 1, 1)), truth.log_loss(first) + sigma * noise[:, : len(first)]
    rng = np.random.default_rng(13)
    for _ in range(ROUNDS - 1):
        theta, _, _ = fitted(logs, y)
        scale = _scales(theta, logs, y)
        picked = []
        for i in range(len(noise)):
            sample = drawn(theta[i, :5], logs[i], scale[i], 200, rng)
            theta_i = np.column_stack([np.array([centred(*row) for row in sample]), np.zeros(len(sample))])
            places = (np.tile(column, (len(sample), 1)) for column in (pool - CENTRE).T)
            losses = evaluate(theta_i, *places)[0]
            picked.append(pool[_greedy_by_draws(losses, answers(theta_i)[:, 1], price, scale[i])])
        logs, y = _grown(truth, sigma, noise, logs, y, picked)
    return logs, y


def _greedy_by_draws(losses: Array, sought: Array, price: Array, sigma: float) -> Array:
    """Candidates one by one, by the conditional variance that draws give (as of a Gaussian process)."""
    deviations, aim = losses - losses.mean(axis=0), sought - sought.mean()
    chosen: list[int] = []
    for _ in range(RUNS // ROUNDS):
        spread = (deviations**2).mean(axis=0) + sigma**2
        shared = aim @ deviations / len(aim)
        best = int(np.argmax(shared**2 / spread / price))
        chosen.append(best)
        at = deviations[:, best]
        keep = 1 - np.sqrt(sigma**2 / spread[best])
        aim = aim - keep * (aim @ at) / (at @ at + 1e-300) * at
        deviations = deviations - keep * np.outer(at, at @ deviations) / (at @ at + 1e-300)
    return np.array(chosen)


def fixed(logs: Array) -> Callable[[Truth, float, Array], tuple[Array, Array]]:
    """The same runs in every repetition."""
    return lambda truth, sigma, noise: (
        np.tile(logs, (len(noise), 1, 1)), truth.log_loss(logs) + sigma * noise[:, : len(logs)],
    )  # fmt: skip


def rules() -> dict[str, Callable[[Truth, float, Array], tuple[Array, Array]]]:
    """Every design with its share of the FLOPs in its name."""
    wide, narrow = Laws(WIDE, ("chinchilla", "general")), Laws(NARROW, ("chinchilla",))
    return {
        "grid +-0.5": fixed(grid(0.5)),
        "grid +-0.75": fixed(grid(0.75)),
        "grid +-1.2": fixed(grid(1.2)),
        "grid with centre": fixed(centred_grid()),
        "greedy per FLOP": by_variance,
        "greedy by share": partial(by_variance, spends_all=True),
        "prototype 1/4": by_design(narrow, 0.0, 0.25),
        "prototype": by_design(narrow, 0.0, 1.0),
        "plan 1/4": by_design(wide, 0.15, 0.25),
        "plan": by_design(wide, 0.15, 1.0),
    }


def errors(truth: Truth, logs: Array, y: Array) -> Array:
    """Errors `(r, 3)`: log10 best params at both budgets, and the exponent."""
    additive_fit, general, test = fitted(logs, y)
    theta = np.where((test > REJECTED)[:, None], general, additive_fit)
    return (answers(theta) - truth.answers()) / np.array([np.log(10), np.log(10), 1.0])


def ratio(top: Array, bottom: Array) -> tuple[float, float, float]:
    """Ratio of root mean square errors with its 95 % interval over paired repetitions."""
    picks = np.random.default_rng(5).integers(len(top), size=(2000, len(top)))
    draws = np.sqrt((top**2)[picks].mean(axis=1) / (bottom**2)[picks].mean(axis=1))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.sqrt((top**2).mean() / (bottom**2).mean())), float(low), float(high)


COMPARED = (("plan 1/4", "grid +-0.75"), ("plan", "grid +-1.2"), ("plan", "prototype"), ("plan", "greedy by share"))


def cell(truth: Truth, sigma: float, repetitions: int, chosen: list[str]) -> Iterator[str]:
    """The table of one truth and one noise level."""
    noise = np.random.default_rng([13, int(1e5 * sigma)]).standard_normal((repetitions, RUNS))
    found = {}
    yield f"{truth.name}, noise {100 * sigma:g} %: rmse of log10 N* at 1e22 and 1e24, and of the exponent; FLOPs"
    for name, rule in rules().items():
        if chosen and name not in chosen:
            continue
        logs, y = rule(truth, sigma, noise)
        found[name] = errors(truth, logs, y)
        root = np.sqrt((found[name] ** 2).mean(axis=0))
        mean = " ".join(f"{value:+.4f}" for value in found[name].mean(axis=0))
        flops = cost(logs).sum(axis=1).mean()
        yield f"  {name:18s} {root[0]:.4f} {root[1]:.4f} {root[2]:.4f}   {flops:.3g}   mean error {mean}"
    for top, bottom in COMPARED:
        if top not in found or bottom not in found:
            continue
        shown = (ratio(found[top][:, i], found[bottom][:, i]) for i in range(3))
        text = "  ".join(f"{middle:.2f} [{low:.2f}, {high:.2f}]" for middle, low, high in shown)
        yield f"  {top} over {bottom}: {text}"


def main() -> None:
    """Print every table."""
    given = sys.argv[1:]
    repetitions = int(given[0]) if given else 500
    names = given[1].split(",") if len(given) > 1 else list(TRUTHS)
    noises = tuple(map(float, given[2].split(","))) if len(given) > 2 else NOISES
    chosen = given[3].split(",") if len(given) > 3 else []
    for name in names:
        for sigma in noises:
            for line in cell(TRUTHS[name], sigma, repetitions, chosen):
                print(line, flush=True)


if __name__ == "__main__":
    main()
