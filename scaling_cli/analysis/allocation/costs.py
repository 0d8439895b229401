"""The cost of a split of a budget: training and later inference, and the limits on params and tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np

from scaling_cli.arrays import Array, Flags
from scaling_cli.errors import UsageError
from scaling_cli.flops import SIZES, FlopsRule, constant_rate, flops_rule
from scaling_cli.record import Record, field

FORWARD_SHARE = 1 / 3  # of a training pass: inference takes 2 FLOPs per param and token, training 6
FEWEST_PARAMS = 1.0
BISECTIONS = 60  # halve a hundred log params down to rounding
MOST_LOG_PARAMS = 120.0
ROUNDING = 1e-12  # relative: a budget of 2e9 FLOPs for a token allows the 1e9 params that need them


class Costs(Record, dict=True):
    """FLOPs of training and of later inference on `inference_tokens`, and limits on params and tokens.

    Attributes:
        shapes: Each further column of the rule as a power of params, by `(slope, intercept)` in logs: future models are
            assumed to have the shape of those that were trained.
        inference_budget: The most FLOPs of inference for a token.
        held: Columns of the rule that have one value.
        searched: Columns of the rule whose value is sought.
    """

    rule: FlopsRule = field(default_factory=lambda: flops_rule("6ND"))
    shapes: Mapping[str, tuple[float, float]] = {}
    inference_tokens: float = 0.0
    min_params: float | None = None
    max_params: float | None = None
    max_tokens: float | None = None
    inference_budget: float | None = None
    held: Mapping[str, float] = {}
    searched: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = (*self.shapes, *self.held, *self.searched)
        missing = [name for name in self.rule.extras if name not in known]
        if missing:
            raise UsageError(
                f"--flops-rule {self.rule.name!r} needs the columns {', '.join(missing)}, which the data do not have.",
                hint=f"Give a value, --hold {missing[0]}=VALUE, or write a rule in params and tokens only.",
            )
        if self.min_params and self.max_params and self.min_params > self.max_params:
            raise UsageError("--min-params is above --max-params.", hint="Swap them.")
        if self.searched:
            return
        fewest = self.min_params or FEWEST_PARAMS
        if self.inference_budget is not None and self.affordable < fewest:
            raise UsageError(
                f"--inference-budget {self.inference_budget:g} is less than a model of {fewest:g} params needs for a "
                "token.",
                hint="Give the FLOPs of one token, about 2 * params, or lower --min-params.",
            )

    @property
    def is_plain(self) -> bool:
        """Whether compute is proportional to params * tokens, without inference."""
        return self.inference_tokens == 0 and self.rate is not None

    def unlimited(self) -> Costs:
        """The costs of training alone, without limits."""
        return Costs(self.rule, self.shapes, held=self.held, searched=self.searched)

    @property
    def least_compute(self) -> float:
        """FLOPs of the smallest run within the limits."""
        if any(name in self.searched for name in self.rule.extras):
            return 1.0
        params = np.array([self.min_params or FEWEST_PARAMS])
        return float((self.per_token(params) + self.inference(params))[0])

    @cached_property
    def rate(self) -> float | None:
        """FLOPs per param and token, if the rule has one rate for all sizes and for all that is searched."""
        if any(name in self.searched for name in self.rule.extras):
            return None
        return constant_rate(self._counted)

    @cached_property
    def is_proportional(self) -> bool:
        """Whether the FLOPs of a token are in proportion to params, at whatever is searched."""
        if self.shapes and set(self.shapes) & set(self.rule.extras):
            return False
        if self.rate is not None:
            return True
        further = {name: np.array([[0.5], [4.0], [3e8]]) * np.ones(len(SIZES)) for name in self.searched}
        ratio = self.counted(np.array([SIZES] * 3), further) / SIZES
        return bool((np.ptp(ratio, axis=1) <= 1e-12 * np.abs(ratio[:, 0])).all())

    def per_token(self, params: Array) -> Array:
        """FLOPs of training per token."""
        return self._counted(params) if self.rate is None else self.rate * params

    def _counted(self, params: Array) -> Array:
        """FLOPs of training per token, by the rule."""
        return self.counted(params, {})

    def counted(self, params: Array, further: Mapping[str, Array]) -> Array:
        """FLOPs of training per token at `params` of any shape, by the rule; `further` has values of its columns."""
        shaped = {name: np.exp(slope * np.log(params) + start) for name, (slope, start) in self.shapes.items()}
        held = {name: np.full_like(params, value) for name, value in self.held.items()}
        return self.rule.compute({"params": params, "tokens": np.ones_like(params), **shaped, **held, **further})

    @cached_property
    def affordable(self) -> float:
        """The most params that the inference budget allows; infinite without one."""
        if self.inference_budget is None:
            return np.inf
        return float(self.most_affordable(np.zeros(1), {})[0])

    def most_affordable(self, shape: Array, further: Mapping[str, Array]) -> Array:
        """The most params that the inference budget allows, in the shape of `shape`, at values of further columns."""
        assert self.inference_budget is not None
        budget = self.inference_budget * (1 + ROUNDING)
        return most_params(lambda params: FORWARD_SHARE * self.counted(params, further) <= budget, shape.shape)

    @property
    def most_allowed(self) -> float | None:
        """The most params that the limits allow, if they limit them."""
        most = min(self.max_params or np.inf, self.affordable)
        return most if np.isfinite(most) else None

    def inference(self, params: Array) -> Array:
        """FLOPs of all inference."""
        return FORWARD_SHARE * self.inference_tokens * self.per_token(params)

    def training(self, params: Array, tokens: Array) -> Array:
        """FLOPs of training."""
        return self.per_token(params) * tokens

    def tokens(self, params: Array, compute: Array | float) -> Array:
        """Tokens that the budget leaves for training, at most `max_tokens`."""
        left = (compute - self.inference(params)) / self.per_token(params)
        return np.clip(left, 1e-3, self.max_tokens)

    def params_range(self, compute: float, fewest_tokens: float) -> tuple[float, float]:
        """Fewest and most params that are within the limits, use the whole budget and leave tokens to train on."""
        low, high = self.min_params or FEWEST_PARAMS, self._most_params(compute, fewest_tokens)
        if self.max_tokens is not None:
            low = max(low, self._most_params(compute, self.max_tokens))
        return low, min(high, self.most_allowed or high)

    def _most_params(self, compute: float, tokens: float) -> float:
        """The params for which training on `tokens` takes the whole budget."""
        if self.rate is not None:
            return compute / (self.rate * (tokens + FORWARD_SHARE * self.inference_tokens))

        def fits(params: Array) -> Flags:
            return np.asarray(self.per_token(params) * tokens + self.inference(params) <= compute)

        return float(most_params(fits, (1,), none=1.0)[0])

    def log_ratio(self, log_params: Array, compute: float) -> Array:
        """Log of params over the tokens that the budget leaves for them; it grows with params."""
        ratio: Array = log_params - np.log(self.tokens(np.exp(log_params), compute))
        return ratio

    def log_params(self, log_ratio: Array, compute: float, low: float, high: float) -> Array:
        """Log params between `low` and `high` with this `log_ratio`: the inverse of that function."""
        if self.rate is not None:
            # Solves rate params (params exp(-ratio) + inference) = compute, by the form that is exact for no inference.
            linear = self.rate * FORWARD_SHARE * self.inference_tokens
            root = np.sqrt(linear**2 + 4 * self.rate * np.exp(-log_ratio) * compute)
            return np.clip(np.log(2 * compute / (linear + root)), low, high)
        ends = np.full(len(log_ratio), low), np.full(len(log_ratio), high)
        below, above = bisected(lambda middle: self.log_ratio(middle, compute) < log_ratio, *ends)
        return np.asarray((below + above) / 2)

    def limit_below(self, compute: float) -> str | None:
        """The limit that prevents fewer params."""
        if self.max_tokens is not None and self._most_params(compute, self.max_tokens) > (self.min_params or 0.0):
            return "max-tokens"
        return "min-params" if self.min_params is not None else None

    def limit_above(self) -> str | None:
        """The limit that prevents more params."""
        if self.affordable < (self.max_params or np.inf):
            return "inference-budget"
        return "max-params" if self.max_params is not None else None

    def binding(self, compute: float) -> str:
        """The limits that leave no choice."""
        if self.max_tokens is not None and (above := self.limit_above()) is not None:
            return f"{above} and max-tokens"
        return self.limit_below(compute) or self.limit_above() or "budget"


def most_params(fits: Callable[[Array], Flags], shape: tuple[int, ...], *, none: float = 0.0) -> Array:
    """The most params that fit, if fewer do too, in a shape; `none` where not even one param does."""
    low, _ = bisected(lambda logs: fits(np.exp(logs)), np.zeros(shape), np.full(shape, MOST_LOG_PARAMS))
    return np.where(low > 0, np.exp(low), none)


def bisected(is_below: Callable[[Array], Flags], low: Array, high: Array) -> tuple[Array, Array]:
    """Ends that are as near as rounding allows to where a condition, which holds at low values, stops to hold."""
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        holds = is_below(middle)
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
    return low, high


def power_of(params: Array, values: Array) -> tuple[float, float]:
    """`values` `(n,)` as a power of params: slope and intercept in logs; slope 0 if either does not vary."""
    log_params, logs = np.log(params), np.log(values)
    slope = float(np.polyfit(log_params, logs, 1)[0]) if np.ptp(log_params) > 0 and np.ptp(logs) > 0 else 0.0
    return slope, float(logs.mean() - slope * log_params.mean())
