"""How the values of a parameter in the cells follow from the factors: columns of a linear model for each term.

A term is a factor or an interaction of two factors. It is tested against all terms that do not contain it (type II in
the words of Yates 1934 and of SAS): the base has every other factor and every interaction without the tested factor, so
that the test is right in unbalanced designs and in designs that are not fully crossed.

If an interaction changes the parameter, its factors have no one effect, and a base without it would fit the cells so
badly that any effect could come out. The interaction then stays in the base (`beside`), written so that the factor's
own columns hold its effect on average over the levels of the other factor.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from scaling_cli.arrays import Array, Indices
from scaling_cli.record import Record

ALIASED = 1e-9  # relative: a direction of a design shorter than this is a combination of the others


class Factor(Record):
    """A column of the design: its level in each cell, or, if `values` is given, its number in each cell `(cells,)`."""

    name: str
    levels: tuple[str, ...]
    codes: Indices
    values: Array | None = None

    @property
    def is_continuous(self) -> bool:
        """Whether parameters follow its value along a line, not its levels one by one."""
        return self.values is not None

    def columns(self, reference: int = 0) -> Array:
        """One column per level but the reference `(cells, levels - 1)`, or the value itself."""
        if self.values is not None:
            return np.asarray(self.values - self.values.mean())[:, None]
        others = [level for level in range(len(self.levels)) if level != reference]
        return np.asarray(self.codes[:, None] == np.array(others)[None], dtype=float)

    def centred(self) -> Array:
        """The same, less its mean over levels `(cells, levels - 1)`."""
        return self.columns() - (0.0 if self.is_continuous else 1 / len(self.levels))


class Term(Record):
    """A factor, or an interaction of two; `beside` are interactions over which the effect of a factor is averaged."""

    factors: tuple[Factor, ...]
    beside: tuple[Term, ...] = ()

    @property
    def averaged(self) -> tuple[str, ...]:
        """Names of the factors over whose levels its effect is averaged."""
        own = {factor.name for factor in self.factors}
        return tuple(factor.name for other in self.beside for factor in other.factors if factor.name not in own)

    @property
    def name(self) -> str:
        """`data`, or `data:optimizer`."""
        return ":".join(factor.name for factor in self.factors)

    @property
    def is_interaction(self) -> bool:
        """Whether it is of two factors."""
        return len(self.factors) > 1

    def columns(self, references: Sequence[int] = (0, 0)) -> Array:
        """Its columns `(cells, q)`, which may depend on those of other terms."""
        parts = [factor.columns(reference) for factor, reference in zip(self.factors, references, strict=False)]
        return parts[0] if len(parts) == 1 else _products(*parts)

    def centred(self) -> Array:
        """Columns of an interaction `(cells, q)` that add nothing to either factor on average over the other."""
        return _products(*(factor.centred() for factor in self.factors))

    def is_within(self, other: Term) -> bool:
        """Whether the other term contains this one."""
        return {factor.name for factor in self.factors} <= {factor.name for factor in other.factors}


def _products(left: Array, right: Array) -> Array:
    """Every column of one factor times every column of the other."""
    return np.asarray(np.einsum("gi,gj->gij", left, right)).reshape(len(left), -1)


def terms_of(factors: Sequence[Factor]) -> list[Term]:
    """Every factor, then every interaction of two."""
    pairs = itertools.combinations(factors, 2)
    return [*(Term((factor,)) for factor in factors), *(Term(pair) for pair in pairs)]


def base_of(term: Term, terms: Sequence[Term]) -> Array:
    """The columns of the model against which a term is tested `(cells, p)`, of full rank, with the mean."""
    others = [other.columns() for other in terms if not term.is_within(other)]
    others += [other.centred() for other in term.beside]
    cells = len(term.factors[0].codes)
    return independent(np.column_stack([np.ones(cells), *others]))


def wider_of(term: Term, base: Array) -> Array:
    """The base and the columns of the term `(cells, p + q)`, less those that follow from earlier ones."""
    return independent(np.column_stack([base, term.columns()]))


def independent(columns: Array) -> Array:
    """The columns without those that are combinations of earlier ones."""
    kept: list[int] = []
    basis = np.empty((len(columns), 0))
    for index, column in enumerate(columns.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        if np.linalg.norm(rest) > ALIASED * max(float(np.linalg.norm(column)), ALIASED):
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            kept.append(index)
    return columns[:, kept]
