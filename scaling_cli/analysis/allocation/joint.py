"""The best split of a budget together with the best values of further inputs, for all replicates of a fit at once.

Tokens follow from the budget, the params and the other choices, as far as compute depends on them. What is left is a
point of the unit box (`space`), where `box` finds the lowest loss. Where params lie between limits that depend on the
choices (an inference budget, the most tokens), the first coordinate runs between them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.allocation.box import Lowest, Objective, descend, lowest
from scaling_cli.analysis.allocation.costs import FEWEST_PARAMS, FORWARD_SHARE, Costs, most_params
from scaling_cli.analysis.allocation.optimum import AT_HIGH, AT_LOW, FEWEST_TOKENS
from scaling_cli.analysis.allocation.space import AT_END, Space
from scaling_cli.arrays import Array, Flags, Indices
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law
from scaling_cli.record import Record, replace

LEAST_TOKENS = 1e-3  # stands for none
ALONG = (1e3, 1e9, 1e12)  # params at which the FLOPs of a token show whether they are a line
STRAIGHT = 1e-9  # relative: difference of slopes by rounding
SLACK = 1e-9  # relative: rounding of params at a limit


class Chosen(Record):
    """Choices: params, tokens, further inputs by name and log loss, all of one shape."""

    params: Array
    tokens: Array
    further: Mapping[str, Array]
    log_loss: Array


class Joint(Record):
    """A fitted law `theta` `(replicates, k)` with some inputs `held`, the costs, and the space of choices.

    `followers` has laws of params and tokens, each with its coordinates, that give further inputs their values. `rest`
    is the input that is what the other parts leave of params.
    """

    law: Law
    theta: Array
    held: Mapping[str, float]
    costs: Costs
    space: Space
    followers: Mapping[str, tuple[Law, Array]] = {}
    rest: str | None = None

    @property
    def replicates(self) -> int:
        """The number of rows: the estimate and its replicates."""
        return len(self.theta)

    def first(self, count: int = 1) -> Joint:
        """The estimate, with the first replicates if `count` is larger."""
        followers = {name: (law, theta[:count]) for name, (law, theta) in self.followers.items()}
        return replace(self, theta=self.theta[:count], followers=followers)

    def pinned(self, name: str, value: float) -> Joint:
        """The same question with one of the choices at a value."""
        costs = self.costs
        if name in costs.searched:
            searched = tuple(each for each in costs.searched if each != name)
            costs = replace(costs, held={**costs.held, name: value}, searched=searched)
        return replace(self, held={**self.held, name: value}, costs=costs, space=self.space.without(name, value))

    def best(self, compute: Array | float) -> Lowest:
        """The lowest place of each replicate, at one budget or at one for each replicate."""
        if self.space.dimensions:
            return lowest(self.objective(compute), self.replicates, self.space.dimensions)
        nowhere = np.zeros((self.replicates, 0))
        return Lowest(nowhere, self.chosen(np.arange(self.replicates), nowhere[:, None], compute).log_loss[:, 0])

    def near(self, compute: Array | float, start: Array) -> Lowest:
        """The lowest place near `start` `(replicates, dimensions)`."""
        if not self.space.dimensions:
            return self.best(compute)
        return descend(self.objective(compute), np.arange(self.replicates), start)

    def objective(self, compute: Array | float) -> Objective:
        """Log loss at places of the box."""
        return lambda rows, places: self.chosen(rows, places, compute).log_loss

    def chosen(self, rows: Indices, places: Array, compute: Array | float) -> Chosen:
        """What places `(r, s, dimensions)` of the replicates `rows` stand for."""
        further = self.space.columns(places)
        budget = np.broadcast_to(compute, (self.replicates,))[rows][:, None] * np.ones(places.shape[:-1])
        params, is_allowed = self._params(places, further, budget)
        per_token = self._per_token(params, further)
        left = budget / per_token - FORWARD_SHARE * self.costs.inference_tokens
        tokens = np.clip(left, LEAST_TOKENS, self.costs.max_tokens)
        further = dict(self._whole(params, further))
        losses = self._log_loss(rows, {"params": params, "tokens": tokens, **further})
        if self.rest is not None:
            is_allowed = is_allowed & (further[self.rest] >= 0)
        return Chosen(params, tokens, further, np.where(is_allowed, losses, np.nan))

    def at(self, places: Array, compute: Array | float) -> Chosen:
        """What one place for each replicate `(replicates, dimensions)` stands for, `(replicates,)`."""
        chosen = self.chosen(np.arange(self.replicates), places[:, None], compute)
        return Chosen(
            chosen.params[:, 0],
            chosen.tokens[:, 0],
            {name: values[:, 0] for name, values in chosen.further.items()},
            chosen.log_loss[:, 0],
        )

    def limit(self, place: Array, compute: float) -> str | None:
        """The limit that decides the params of the estimate at `place` `(dimensions,)`, or the end that it runs to."""
        if not self.space.has_params:
            return None
        further = {name: values[None] for name, values in self.space.columns(place[None]).items()}
        budget = np.full((1, 1), compute)
        low, high = self._ends(further, budget)
        if (low >= high).all():
            return " and ".join(filter(None, (self._above(further, budget), self._below(further, budget)))) or "budget"
        if place[0] <= AT_END:
            is_all_searched = self.rest is not None and set(self.space.names) & set(self.law.parts)
            return self._below(further, budget) or (None if is_all_searched else AT_LOW)
        return (self._above(further, budget) or AT_HIGH) if place[0] >= 1 - AT_END else None

    def _above(self, further: Mapping[str, Array], budget: Array) -> str | None:
        """The limit that prevents more params."""
        most = self.costs.max_params or np.inf
        if self.costs.inference_budget is not None and self._affordable(further, budget)[0, 0] < most:
            return "inference-budget"
        return "max-params" if self.costs.max_params is not None else None

    def _below(self, further: Mapping[str, Array], budget: Array) -> str | None:
        """The limit that prevents fewer params."""
        least = self.costs.min_params or FEWEST_PARAMS
        if self.costs.max_tokens is not None and self._most(further, budget, self.costs.max_tokens)[0, 0] > least:
            return "max-tokens"
        if self._other_parts({}).max() > least:
            return "hold"
        return "min-params" if self.costs.min_params is not None else None

    def _params(self, places: Array, further: Mapping[str, Array], budget: Array) -> tuple[Array, Flags]:
        """Params at places, and whether the limits allow any there."""
        if not self.space.has_params:
            params = np.full(places.shape[:-1], self.held["params"])
            return params, self._is_allowed(params, further)
        low, high = self._ends(further, budget)
        least = np.maximum(self._other_parts(further), self.costs.min_params or FEWEST_PARAMS)
        is_allowed = high >= np.log(least)
        low = np.minimum(low, high)
        return np.exp(low + places[..., 0] * (high - low)), is_allowed

    def _is_allowed(self, params: Array, further: Mapping[str, Array]) -> Flags:
        """Whether params are within the limits."""
        costs = self.costs
        within: Flags = (params >= (costs.min_params or 0.0)) & (params <= (costs.max_params or np.inf))
        if costs.inference_budget is not None:
            within &= FORWARD_SHARE * self._per_token(params, further) <= costs.inference_budget * (1 + SLACK)
        return within

    def _ends(self, further: Mapping[str, Array], budget: Array) -> tuple[Array, Array]:
        """Logs of the fewest and of the most params, in the shape of `budget`."""
        costs = self.costs
        least = np.maximum(self._other_parts(further), costs.min_params or FEWEST_PARAMS)
        low = np.log(np.broadcast_to(least, budget.shape))
        high = np.log(self._most(further, budget, FEWEST_TOKENS))
        high = np.minimum(high, np.log(costs.max_params or np.inf))
        if costs.max_tokens is not None:
            low = np.maximum(low, np.log(self._most(further, budget, costs.max_tokens)))
        if costs.inference_budget is not None:
            with np.errstate(divide="ignore"):
                high = np.minimum(high, np.log(self._affordable(further, budget)))
        return low, high

    def _most(self, further: Mapping[str, Array], budget: Array, tokens: float) -> Array:
        """The params for which training on `tokens` and all inference take the whole budget."""
        per_token = budget / (tokens + FORWARD_SHARE * self.costs.inference_tokens)
        return self._most_within(per_token, further)

    def _line(self, shape: tuple[int, ...], further: Mapping[str, Array]) -> tuple[Array, Array] | None:
        """Start and slope of the FLOPs of a token along params, where they are a line at all values of `further`."""
        first, *others = (self._per_token(np.full(shape, params), further) for params in ALONG)
        slopes = [(other - first) / (params - ALONG[0]) for other, params in zip(others, ALONG[1:], strict=True)]
        is_line = (np.abs(slopes[0] - slopes[1]) <= STRAIGHT * slopes[1]) & (slopes[1] > 0)
        return (first - slopes[1] * ALONG[0], slopes[1]) if is_line.all() else None

    def _affordable(self, further: Mapping[str, Array], budget: Array) -> Array:
        """The params at which inference takes the inference budget."""
        most = (self.costs.inference_budget or np.inf) / FORWARD_SHARE
        return self._most_within(np.full(budget.shape, most), further)

    def _most_within(self, per_token: Array, further: Mapping[str, Array]) -> Array:
        """The most params whose training FLOPs of a token are at most `per_token`, or fewer than one param."""
        if self.costs.is_proportional:
            return np.asarray(per_token / self._per_token(np.ones(per_token.shape), further))
        if (line := self._line(per_token.shape, further)) is not None:
            return np.maximum((per_token - line[0]) / line[1], 0.5)
        return most_params(lambda params: self._per_token(params, further) <= per_token, per_token.shape, none=0.5)

    def _other_parts(self, further: Mapping[str, Array]) -> Array:
        """The params of all parts but `rest`, as far as they are known."""
        others = [name for name in self.law.parts if name != self.rest] if self.rest else []
        values = {**self.held, **further}
        return np.asarray(sum(np.asarray(values[name]) for name in others if name in values))

    def _whole(self, params: Array, further: Mapping[str, Array]) -> Mapping[str, Array]:
        """Further inputs with `rest` among them, which is negative where params are fewer than the other parts."""
        if self.rest is None:
            return further
        left = params - self._other_parts(further)
        return {**further, self.rest: np.where(np.abs(left) <= SLACK * params, 0.0, left)}

    def _per_token(self, params: Array, further: Mapping[str, Array]) -> Array:
        """Training FLOPs of a token."""
        if self.costs.rate is not None:
            return np.asarray(self.costs.rate * params)
        return self.costs.counted(params, self._whole(params, further))

    def _log_loss(self, rows: Indices, columns: dict[str, Array]) -> Array:
        """Log losses `(r, s)` at columns `(r, s)`."""
        shape = columns["tokens"].shape
        columns |= {name: np.full(shape, value) for name, value in self.held.items() if name not in columns}
        columns["compute"] = FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"]
        for name, (law, theta) in self.followers.items():
            columns[name] = np.exp(_log_predicted(law, theta[rows], columns))
        return _log_predicted(self.law, self.theta[rows], columns)

    def followed(self, chosen: Chosen) -> dict[str, Array]:
        """The values `(replicates,)` of what follows from params and tokens, and of what is left of params."""
        columns = {"params": chosen.params[:, None], "tokens": chosen.tokens[:, None]}
        left = {} if self.rest is None else {self.rest: chosen.further[self.rest]}
        return left | {
            name: np.exp(_log_predicted(law, theta, columns))[:, 0] for name, (law, theta) in self.followers.items()
        }


def _log_predicted(law: Law, theta: Array, columns: Mapping[str, Array]) -> Array:
    """Log predictions `(r, s)` of each row of coordinates `(r, k)` at its own columns `(r, s)`."""
    values = {name: columns[name] for name in law.inputs}
    if law.takes_rows:
        return law.evaluate(theta, law.prepare(values))[0]
    return np.concatenate(
        [
            law.evaluate(theta[row : row + 1], law.prepare({name: each[row] for name, each in values.items()}))[0]
            for row in range(len(theta))
        ]
    )
