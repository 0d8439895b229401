"""Loss as a function of params and tokens, for every replicate of a fit at once.

Row 0 of everything is the estimate, the rows after it are replicates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.laws import Law
from scaling_cli.record import Record

# Repeated tokens and excess params lose their worth over these many repetitions: Muennighoff et al. 2023,
# arXiv:2305.16264, section 5, fitted to 182 runs.
REPEATED_TOKENS, EXCESS_PARAMS = 15.387756, 5.309743
KNOWN_INPUTS = {"params", "tokens", "compute", "unique_tokens"}
CHINCHILLA = ({"E", "A", "B", "alpha", "beta"}, {"E", "A", "B", "alpha"})


class Chinchilla(Record):
    """The parameters of L = E + A / params^alpha + B / tokens^beta, each `(replicates,)`."""

    E: Array
    A: Array
    B: Array
    alpha: Array
    beta: Array

    @property
    def replicates(self) -> int:
        """Rows: the estimate and its replicates."""
        return len(self.E)

    @property
    def params_exponent(self) -> Array:
        """Compute-optimal params grow as compute to this power."""
        return self.beta / (self.alpha + self.beta)

    @property
    def log_scale(self) -> Array:
        """Log of G in N* = G (C / kappa)^a (Hoffmann et al. 2022, eq. 4)."""
        scale: Array = (np.log(self.alpha * self.A) - np.log(self.beta * self.B)) / (self.alpha + self.beta)
        return scale

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`, or `(replicates, n)`, of each its own."""
        capacity = np.exp(np.log(self.A)[:, None] - self.alpha[:, None] * np.log(params))
        data = np.exp(np.log(self.B)[:, None] - self.beta[:, None] * np.log(tokens))
        value: Array = np.log(self.E[:, None] + capacity + data)
        return value

    def each(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        return self.log_loss(params[:, None], tokens[:, None])[:, 0]

    def first(self) -> Chinchilla:
        """The estimate alone."""
        return Chinchilla(*(getattr(self, name)[:1] for name in self.__struct_fields__))


class Surface(Protocol):
    """Loss over params and tokens."""

    @property
    def replicates(self) -> int:
        """Rows: the estimate and its replicates."""

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""

    def each(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""

    def first(self) -> Surface:
        """The estimate alone."""


class LawSurface(Record):
    """A fitted law, with further inputs held at `fixed`."""

    law: Law
    theta: Array
    fixed: Mapping[str, float]

    @property
    def replicates(self) -> int:
        """Rows: the estimate and its replicates."""
        return len(self.theta)

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""
        columns = {"params": params, "tokens": tokens, "compute": 6.0 * params * tokens}
        columns |= {name: np.full(len(params), value) for name, value in self.fixed.items()}
        inputs = self.law.prepare({name: columns[name] for name in self.law.inputs})
        return self.law.evaluate(self.theta, inputs)[0]

    def each(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        rows = [LawSurface(self.law, self.theta[i : i + 1], self.fixed) for i in range(len(self.theta))]
        losses = [row.log_loss(params[i : i + 1], tokens[i : i + 1])[0] for i, row in enumerate(rows)]
        return np.concatenate(losses)

    def first(self) -> LawSurface:
        """The estimate alone."""
        return LawSurface(self.law, self.theta[:1], self.fixed)


class RepeatedSurface(Record):
    """A Chinchilla surface where only `unique` tokens exist and further ones repeat them.

    Repetition is worth less and less: D' = U + U R_D (1 - exp(-(D/U - 1) / R_D)), and params beyond those that U
    tokens deserve likewise (Muennighoff et al. 2023, eqs. 4 to 6).
    """

    chinchilla: Chinchilla
    unique: float
    repeated: float = REPEATED_TOKENS
    excess: float = EXCESS_PARAMS

    @property
    def replicates(self) -> int:
        """Rows: the estimate and its replicates."""
        return len(self.chinchilla.E)

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""
        law = self.chinchilla
        deserved = np.exp(law.log_scale + (law.log_scale + np.log(self.unique)) * law.beta / law.alpha)
        worth_params = _worth(params, deserved[:, None], self.excess)
        return law.log_loss(worth_params, self.effective_tokens(tokens))

    def each(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        return self.log_loss(params[:, None], tokens[:, None])[:, 0]

    def effective_tokens(self, tokens: Array) -> Array:
        """Unique tokens that would do as well as `tokens` with repetition."""
        return _worth(tokens, np.array(self.unique), self.repeated)

    def first(self) -> RepeatedSurface:
        """The estimate alone."""
        return RepeatedSurface(self.chinchilla.first(), self.unique, self.repeated, self.excess)


def _worth(amount: Array, base: Array, scale: float) -> Array:
    beyond = np.maximum(amount / base - 1, 0.0)
    worth: Array = np.minimum(amount, base) - base * scale * np.expm1(-beyond / scale)
    return worth


def chinchilla_of(law: Law, parameters: Array) -> Chinchilla | None:
    """The law's parameters `(replicates, k)` as those of the Chinchilla family, or None if it is not of it."""
    if set(law.inputs) != {"params", "tokens"} or set(law.names) not in CHINCHILLA:
        return None
    by_name = dict(zip(law.names, parameters.T, strict=True))
    by_name.setdefault("beta", by_name["alpha"])
    return Chinchilla(*(by_name[name] for name in ("E", "A", "B", "alpha", "beta")))


def require_surface(law: Law) -> None:
    """Refuse laws that say nothing of params and tokens.

    Raises:
        UsageError: The law has other inputs.
    """
    if not {"params", "tokens"} <= set(law.inputs) or not set(law.inputs) <= KNOWN_INPUTS:
        raise UsageError(
            f"{law.name} is a law of {' and '.join(law.inputs)}, so it has no split of a budget.",
            hint="Fit --law chinchilla, or another law of params and tokens.",
        )


def surface(law: Law, parameters: Array, unique_tokens: float | None) -> Surface:
    """The surface of fitted parameters `(replicates, k)`, as papers print them.

    Raises:
        UsageError: The law is none of params and tokens, or cannot say what repetition costs.
    """
    require_surface(law)
    limits_data = "unique_tokens" in law.inputs
    if unique_tokens is None and limits_data:
        raise UsageError(f"{law.name} needs to know how much data there is.", hint="Give --unique-tokens.")
    chinchilla = chinchilla_of(law, parameters)
    if unique_tokens is None and chinchilla is not None:
        return chinchilla
    if unique_tokens is None or limits_data:
        fixed = {} if unique_tokens is None else {"unique_tokens": unique_tokens}
        return LawSurface(law, law.to_coordinates(parameters), fixed)
    if chinchilla is None:
        raise UsageError(
            f"{law.name} does not say what repeated tokens are worth.",
            hint="Fit --law data-constrained or chinchilla, or leave --unique-tokens out.",
        )
    return RepeatedSurface(chinchilla, unique_tokens)
