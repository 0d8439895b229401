"""Named laws that are defined by their formula: starts and coordinates follow from it, as for a user's formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.laws.custom import law_from_formula
from scaling_cli.laws.law import Derived, Kind, Published
from scaling_cli.laws.roles import FLOOR, Role
from scaling_cli.laws.written import WrittenLaw
from scaling_cli.record import Record, replace


class About(Record):
    """What a law says of a parameter.

    `low` and `high` bound it; they are not for coefficients. `starts` replace those that follow from the formula. A
    `kind` that is empty is left as the formula suggests.
    """

    meaning: str
    unit: str = ""
    low: float = -np.inf
    high: float = np.inf
    starts: tuple[float, ...] = ()
    kind: Kind | None = None


ENDLESS = (-np.inf, np.inf)


def exponent(meaning: str, low: float = 1e-3, high: float = 3.0) -> About:
    """An exponent, which starts within its bounds."""
    return About(meaning, low=low, high=high, kind="exponent")


def floor(meaning: str = "irreducible loss", unit: str = "loss") -> About:
    """A loss that no scale removes."""
    return About(meaning, unit, kind="floor")


def formula_law(
    name: str,
    formula: str,
    *,
    inputs: Sequence[str],
    source: str,
    about: Mapping[str, About],
    derived: tuple[Derived, ...] = (),
    published: tuple[Published, ...] = (),
    narrow: Sequence[str] = (),
    zeros: Sequence[str] = (),
    positive: Sequence[str] = (),
    signed: Sequence[str] = (),
    shown: str = "",
    flags: Mapping[str, tuple[str, ...]] | None = None,
    is_predictive: bool = False,
    undetermined: str = "",
    parts: tuple[str, ...] = (),
    flops_rule: str = "",
) -> WrittenLaw:
    """The law of a formula whose parameters are those that `about` describes, in that order.

    `shown` is printed in place of the formula, where that is long. Inputs may be zero where the formula allows that,
    unless they are `positive`, and not negative, unless they are `signed`. For the other arguments see `Law` and
    `FormulaLaw`.
    """
    limits = {key: (one.low, one.high) for key, one in about.items() if (one.low, one.high) != ENDLESS}
    plain = law_from_formula(formula, inputs, bound=limits)
    order = [plain.names.index(key) for key in about]
    assert len(order) == len(plain.names), f"{name}: say in `about` what {plain.names} are"
    parameters = tuple(
        replace(
            plain.parameters[place],
            meaning=one.meaning,
            unit=one.unit,
            kind=plain.parameters[place].kind if one.kind is None else one.kind,
        )
        for place, one in zip(order, about.values(), strict=True)
    )
    roles = {key: _role(plain.roles[key], one) for key, one in about.items()}
    return replace(
        plain, name=name, formula=shown or formula, source=source, inputs=tuple(inputs), parameters=parameters,
        roles=roles, derived=derived, published=published, narrow=tuple(narrow), zeros=tuple(zeros),
        unlogged=tuple(each for each in inputs if each not in (*zeros, *positive)),
        counts=tuple(each for each in inputs if each not in signed), flags=dict(flags or {}),
        is_predictive=is_predictive, is_ranked=False, undetermined=undetermined,
        parts=parts, flops_rule=flops_rule,
    )  # fmt: skip


def _role(role: Role, about: About) -> Role:
    if about.kind == "floor":
        return FLOOR
    if not about.starts:
        return role
    starts = np.array(about.starts)
    return Role(role.bounds, lambda _: starts)
