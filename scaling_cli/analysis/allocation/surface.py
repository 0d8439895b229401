"""Loss as a function of params and tokens, for all replicates of a fit at once.

In all arrays row 0 is the estimate, and the other rows are replicates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.data.names import inputs_in_words
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, FlopsRule
from scaling_cli.laws import Law
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.record import Record

# Numbers of repetitions over which repeated tokens and excess params lose their value: Muennighoff et al. 2023,
# arXiv:2305.16264, section 5, fitted to 182 runs.
REPEATED_TOKENS, EXCESS_PARAMS = 15.387756, 5.309743
KNOWN_INPUTS = {"params", "tokens", "compute", "unique_tokens"}
OWN_OPTIONS = {
    "params": "Limit params with --min-params and --max-params; the best ones are always sought.",
    "tokens": "Limit tokens with --max-tokens; the best ones are always sought.",
    "compute": "Give compute with --budget.",
    "unique_tokens": "Give it with --unique-tokens.",
}
OF_POOLS = "To choose between pools of data, name the column of the pools and fit them together: --by pool --share a,d."
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
        """The number of rows: the estimate and its replicates."""
        return len(self.E)

    @property
    def params_exponent(self) -> Array:
        """Compute-optimal params grow as compute to this power."""
        return self.beta / (self.alpha + self.beta)

    @property
    def log_scale(self) -> Array:
        """Log of G in N* = G (C / kappa)^a (Hoffmann et al. 2022, eq. 4)."""
        with np.errstate(divide="ignore", invalid="ignore"):  # a term that a replicate does without
            scale: Array = (np.log(self.alpha * self.A) - np.log(self.beta * self.B)) / (self.alpha + self.beta)
        return scale

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`, or `(replicates, n)` if replicates differ."""
        with np.errstate(divide="ignore"):
            capacity = np.exp(np.log(self.A)[:, None] - self.alpha[:, None] * np.log(params))
            data = np.exp(np.log(self.B)[:, None] - self.beta[:, None] * np.log(tokens))
            value: Array = np.log(self.E[:, None] + capacity + data)
        return value

    def own_log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        return self.log_loss(params[:, None], tokens[:, None])[:, 0]

    def first(self) -> Chinchilla:
        """The estimate alone."""
        return Chinchilla(*(getattr(self, name)[:1] for name in self.__struct_fields__))


class Surface(Protocol):
    """The interface of a loss over params and tokens."""

    @property
    def replicates(self) -> int:
        """The number of rows: the estimate and its replicates."""

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""

    def own_log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""

    def first(self) -> Surface:
        """The estimate alone."""


class LawSurface(Record):
    """The surface of a fitted law, with its other inputs at the values in `fixed`."""

    law: Law
    theta: Array
    fixed: Mapping[str, float]

    @property
    def replicates(self) -> int:
        """The number of rows: the estimate and its replicates."""
        return len(self.theta)

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""
        columns = {"params": params, "tokens": tokens, "compute": FLOPS_A_PARAM_AND_TOKEN * params * tokens}
        columns |= {name: np.full(len(params), value) for name, value in self.fixed.items()}
        inputs = self.law.prepare({name: columns[name] for name in self.law.inputs})
        return self.law.evaluate(self.theta, inputs)[0]

    def own_log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        rows = [LawSurface(self.law, self.theta[i : i + 1], self.fixed) for i in range(len(self.theta))]
        losses = [row.log_loss(params[i : i + 1], tokens[i : i + 1])[0] for i, row in enumerate(rows)]
        return np.concatenate(losses)

    def first(self) -> LawSurface:
        """The estimate alone."""
        return LawSurface(self.law, self.theta[:1], self.fixed)


class RepeatedSurface(Record):
    """A Chinchilla surface with `unique` unique tokens, which training on more tokens repeats.

    Repetitions have diminishing value: D' = U + U R_D (1 - exp(-(D/U - 1) / R_D)), and likewise params beyond the
    optimum for U tokens (Muennighoff et al. 2023, eqs. 4 to 6).
    """

    chinchilla: Chinchilla
    unique: float
    repeated: float = REPEATED_TOKENS
    excess: float = EXCESS_PARAMS

    @property
    def replicates(self) -> int:
        """The number of rows: the estimate and its replicates."""
        return len(self.chinchilla.E)

    def log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates, n)` at params and tokens `(n,)`."""
        law = self.chinchilla
        deserved = np.exp(law.log_scale + (law.log_scale + np.log(self.unique)) * law.beta / law.alpha)
        worth_params = _worth(params, deserved[:, None], self.excess)
        return law.log_loss(worth_params, self.effective_tokens(tokens))

    def own_log_loss(self, params: Array, tokens: Array) -> Array:
        """Log loss `(replicates,)` of each replicate at its own params and tokens."""
        return self.log_loss(params[:, None], tokens[:, None])[:, 0]

    def effective_tokens(self, tokens: Array) -> Array:
        """The number of unique tokens with the effect of `tokens`, some of which are repeated."""
        return _worth(tokens, np.array(self.unique), self.repeated)

    def first(self) -> RepeatedSurface:
        """The estimate alone."""
        return RepeatedSurface(self.chinchilla.first(), self.unique, self.repeated, self.excess)


def _worth(amount: Array, base: Array, scale: float) -> Array:
    beyond = np.maximum(amount / base - 1, 0.0)
    worth: Array = np.minimum(amount, base) - base * scale * np.expm1(-beyond / scale)
    return worth


def chinchilla_of(law: Law, parameters: Array) -> Chinchilla | None:
    """The parameters `(replicates, k)` of a law of the Chinchilla family; None for other laws."""
    if set(law.inputs) != set(SURFACE) or set(law.names) not in CHINCHILLA:
        return None
    by_name = dict(zip(law.names, parameters.T, strict=True))
    by_name.setdefault("beta", by_name["alpha"])
    return Chinchilla(*(by_name[name] for name in ("E", "A", "B", "alpha", "beta")))


def several_laws(name: str, columns: Sequence[str]) -> UsageError:
    """The error for a law with parameters for each level of a column."""
    return UsageError(
        f"{name} has its own parameters for each {with_and(columns)}, so it gives no single best split.",
        hint="Save the joint fit with `scaling fit ... -o fit.json`, and give that file to split the budget of each.",
    )


def require_no_column(law: Law, columns: Collection[str]) -> None:
    """Refuse a formula of the user's that has a column of the runs as a parameter, since it was not held or searched.

    Raises:
        UsageError: It has one.
    """
    if others := [name for name in law.names if law.is_formula and name in columns]:
        raise _undecided(law, others)


def _undecided(law: Law, others: Sequence[str]) -> UsageError:
    search = "".join(f" --search {name}=LOW..HIGH" for name in others if name not in law.shares)
    search += " --search mixture" * any(name in law.shares for name in others)
    what, best = ("its value", "the best one") if len(others) == 1 else ("their values", "the best ones")
    return UsageError(
        f"The law {law.name} also depends on {with_and(others)}.",
        hint=f"Give {what}: {' '.join(f'--hold {name}=VALUE' for name in others)}, or find {best}:{search}.",
    )


def require_surface(
    law: Law, held: Collection[str], searched: Sequence[str] = (), rule: FlopsRule | None = None
) -> None:
    """Refuse laws that are not laws of params and tokens, with their other inputs held at a value or searched.

    Columns that only the rule counts with may be held, too.

    Raises:
        UsageError: The law lacks params or tokens, has other inputs that are neither held nor searched, or lacks those.
    """
    if law.levels:
        raise several_laws(law.name, tuple(law.levels))
    _refuse_unused(law, held, searched, () if rule is None else rule.extras)
    rest = rest_of(law, (*held, *searched))
    others = [name for name in law.inputs if name not in (*KNOWN_INPUTS, *held, *searched, rest)]
    has_sizes = has_params_and_tokens((*law.inputs, *(("params",) if law.parts else ())))
    if others and has_sizes:
        raise _undecided(law, others)
    if not has_sizes:
        raise UsageError(
            f"{law.name} is a law of {inputs_in_words(law.inputs)}, but only a law of params and tokens can split a "
            "budget.",
            hint=_other_law(law),
        )


def _other_law(law: Law) -> str:
    if law.name == "utility-decay":
        return OF_POOLS
    if law.name == "additive":
        return (
            f"Name its columns in `scaling fit RUNS --law {law.name} --x params,tokens,COLUMN -o FIT.json`, and give "
            "FIT.json in place of the runs."
        )
    return "Give the runs with --law chinchilla, or with another law of params and tokens."


def rest_of(law: Law, given: Collection[str]) -> str | None:
    """Of the inputs that add up to params, the one that follows from params and those that are `given`.

    Raises:
        UsageError: All of them are given, so nothing is left to split.
    """
    free = [name for name in law.parts if name not in given]
    if law.parts and not free:
        raise UsageError(
            f"{with_and(law.parts)} add up to params, and all of them are held or searched.",
            hint=f"Leave {law.parts[-1]} out: it is what is left of the best params. --min-params and --max-params "
            "limit these.",
        )
    return free[-1] if free else None


def _refuse_unused(law: Law, held: Collection[str], searched: Sequence[str], counted: Sequence[str]) -> None:
    """Refuse inputs that are held or searched although nothing depends on them, or that have options of their own."""
    for flag, names, usable in (("--hold", held, (*law.inputs, *counted)), ("--search", searched, law.inputs)):
        for name in names:
            if name in KNOWN_INPUTS:
                raise UsageError(f"{flag} names {name}.", hint=OWN_OPTIONS[name])
            if name not in usable:
                further = [each for each in usable if each not in KNOWN_INPUTS]
                raise UsageError(
                    f"{flag} names {name}, which is not a further input of {law.name}.",
                    hint=f"Name one of {', '.join(further)}."
                    if further
                    else "It has none: leave this out, or choose a --law that has.",
                )


def surface(law: Law, parameters: Array, unique_tokens: float | None, held: Mapping[str, float]) -> Surface:
    """The surface of fitted parameters `(replicates, k)`, as papers print them, with further inputs `held`.

    Raises:
        UsageError: The law is not one of params and tokens, or does not describe repeated tokens.
    """
    require_surface(law, [name for name in held if name in law.inputs])
    limits_data = "unique_tokens" in law.inputs
    if unique_tokens is None and limits_data:
        raise UsageError(f"{law.name} needs the number of unique tokens.", hint="Give --unique-tokens.")
    chinchilla = chinchilla_of(law, parameters)
    if unique_tokens is None and chinchilla is not None:
        return chinchilla
    if unique_tokens is None or limits_data:
        fixed = {**held, **({} if unique_tokens is None else {"unique_tokens": unique_tokens})}
        return LawSurface(law, law.to_coordinates(parameters), fixed)
    if chinchilla is None:
        raise UsageError(
            f"{law.name} does not describe the effect of repeated tokens.",
            hint="Use --law data-constrained or --law chinchilla, or leave out --unique-tokens.",
        )
    return RepeatedSurface(chinchilla, unique_tokens)
