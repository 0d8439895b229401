"""What each factor does: tests and effects on exponent, coefficient and floor, and the answer in words.

`moves` is true where the test rejects. It is false only where every effect lies within the margin with its interval,
because a large p-value may only mean that the data are few. The margins are all of one size: what changes the compute
for equal loss by less than the drift that --margin allows, from the end of the data to --to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.comparison.factors.design import Factor, Term, terms_of
from scaling_cli.analysis.comparison.factors.effects import effect_of
from scaling_cli.analysis.comparison.factors.term_test import Ready, TermTest, judged_term
from scaling_cli.analysis.comparison.factors.wording import factor_sentence
from scaling_cli.analysis.comparison.models import Member, exponents, floors
from scaling_cli.analysis.comparison.verdict import exponent_margins
from scaling_cli.arrays import Array
from scaling_cli.record import Record, replace
from scaling_cli.results.comparison import AtLevel, FactorEffect, Margin, Moved
from scaling_cli.results.fit import Estimate

MISFIT = 0.01  # p-value below which a model with equal exponents and floors leaves out something


class FactorQuestion(Record):
    """What is asked of the factors: the margin, the level of intervals, and terms whose levels have other losses."""

    margin: Margin
    level: float
    unlike: frozenset[str] = frozenset()


def effects_in(setting: Ready, factors: Sequence[Factor], question: FactorQuestion) -> tuple[FactorEffect, ...]:
    """Every factor and every interaction of two, over cells that were each fitted."""
    terms = terms_of(factors)
    pairs = [(term, _effect(setting, term, terms, question)) for term in terms if term.is_interaction]
    alone = [_effect(setting, term, terms, question, pairs) for term in terms if not term.is_interaction]
    return (*alone, *(effect for _, effect in pairs))


def coefficients(member: Member) -> tuple[str, ...]:
    """Names of the coefficients of the law's terms, which are sizes of the loss in the middle of the data."""
    law = member.problem.law
    return tuple(parameter.name for parameter in law.parameters if parameter.vanishes and parameter.positive)


def _effect(
    setting: Ready,
    term: Term,
    terms: Sequence[Term],
    question: FactorQuestion,
    pairs: Sequence[tuple[Term, FactorEffect]] = (),
) -> FactorEffect:
    """What a term does; for a factor, `pairs` are the interactions with what they do."""
    law = setting.members[0].problem.law
    exponent = _moved(setting, _beside(term, pairs, "exponent"), terms, exponents(law), question)
    if exponent is None:
        return FactorEffect(
            term.name,
            None,
            None,
            None,
            None,
            (),
            factor_sentence(term, None, None, None, None, (), question.margin.role),
        )
    if term.name in question.unlike:
        levels = _levels(setting, term, question) if term.is_interaction and exponent.moves else ()
        words = factor_sentence(term, exponent, None, None, None, levels, question.margin.role)
        return FactorEffect(term.name, exponent, None, None, None, levels, words)
    floor = _moved(setting, _beside(term, pairs, "floor"), terms, floors(law), question) if floors(law) else None
    alike = (*exponents(law), *floors(law))
    is_alone = exponent.moves is not True and (floor is None or floor.moves is not True)
    parts = coefficients(setting.members[0])
    beside = _beside(term, pairs, "constant")
    constant = _moved(setting, beside, terms, parts, question, alike=alike) if is_alone else None
    is_alone = constant is not None
    constant = constant or _moved(setting, beside, terms, parts, question)
    is_plain = is_alone and not term.is_interaction
    multiplier = _multiplier(setting, constant, law.names) if is_plain and constant is not None else None
    levels = _levels(setting, term, question) if term.is_interaction and exponent.moves else ()
    words = factor_sentence(term, exponent, constant, floor, multiplier, levels, question.margin.role)
    return FactorEffect(term.name, exponent, constant, floor, multiplier, levels, words)


def _beside(term: Term, pairs: Sequence[tuple[Term, FactorEffect]], kind: str) -> Term:
    """The term, averaged over the interactions that move this kind of parameter."""
    moved = [(pair, getattr(effect, kind)) for pair, effect in pairs if term.is_within(pair)]
    return replace(term, beside=tuple(pair for pair, answer in moved if answer is not None and answer.moves))


def _moved(
    setting: Ready,
    term: Term,
    terms: Sequence[Term],
    names: Sequence[str],
    question: FactorQuestion,
    *,
    alike: Sequence[str] = (),
) -> Moved | None:
    """The test of some parameters, and the size of its effect on each."""
    if not names:
        return None
    test = judged_term(setting, term, terms, names, alike)
    if test is None and term.beside:  # too few combinations to average over
        return _moved(setting, replace(term, beside=()), terms, names, question, alike=alike)
    if test is None or (alike and test.misfit < MISFIT):
        return None
    sizes = {name: effect_of(setting, term, terms, test, name, question.level) for name in names}
    margins = _margins(setting, test, names, question.margin)
    within = [
        margin is not None
        and size.effect.low is not None
        and size.effect.high is not None
        and max(-size.effect.low, size.effect.high) <= margin
        for size, margin in zip(sizes.values(), margins.values(), strict=True)
    ]
    rejects = test.p_value <= 1 - question.level
    moves = True if rejects else False if all(within) else None
    is_ratio = set(names) == set(coefficients(setting.members[0]))
    contrast = max(sizes.values(), key=lambda size: abs(size.effect.estimate or 0.0)).contrast
    return Moved(
        p_value=test.p_value,
        effect={name: _shown(size.effect, is_ratio=is_ratio) for name, size in sizes.items()},
        moves=moves,
        margin={name: _ratio(margin, is_ratio=is_ratio) for name, margin in margins.items()},
        detects={name: _ratio(size.detects, is_ratio=is_ratio) for name, size in sizes.items()},
        contrast=contrast.words(term),
        statistic=test.statistic,
        degrees_of_freedom=(float(test.fewer), test.distribution.freedom),
        alike=tuple(alike),
        averaged=term.averaged,
    )


def _shown(effect: Estimate, *, is_ratio: bool) -> Estimate:
    return Estimate(*(_ratio(value, is_ratio=is_ratio) for value in (effect.estimate, effect.low, effect.high)))


def _ratio(value: float | None, *, is_ratio: bool) -> float | None:
    if value is None or not is_ratio:
        return value
    return math.exp(value) if value < 700 else None


def _margins(setting: Ready, test: TermTest, names: Sequence[str], margin: Margin) -> dict[str, float | None]:
    """The effect on each parameter, in its coordinate, that is too small to matter."""
    law = setting.members[0].problem.law
    typical = _typical(setting, test)
    sizes = {name: abs(typical[name]) for name in exponents(law)}
    if set(names) <= set(exponents(law)):
        return exponent_margins(margin, sizes)
    if margin.drift is None:
        return dict.fromkeys(names)
    slope = max(sizes.values(), default=0.0)
    change = slope * math.log(margin.drift)  # of the log of the loss above the floor, for that drift of compute
    if set(names) <= set(coefficients(setting.members[0])):
        return dict.fromkeys(names, change)
    place = law.names.index(names[0])
    above = np.median(
        [
            np.median(member.problem.observed) - own[0, place]
            for member, own in zip(setting.members, setting.fits.thetas, strict=True)
        ]
    )
    return dict.fromkeys(names, max(float(above), 0.0) * math.expm1(change))


def _typical(setting: Ready, test: TermTest) -> dict[str, float]:
    """Each parameter's coordinate, averaged over the cells of the wider model."""
    own = np.concatenate(test.wider.split(test.phi[None]))
    return dict(zip(setting.members[0].problem.law.names, own.mean(axis=0).tolist(), strict=True))


def _multiplier(setting: Ready, constant: Moved, names: Sequence[str]) -> Estimate | None:
    """How much more of the input the higher coefficient needs, for a law of one input with one exponent."""
    law = setting.members[0].problem.law
    if len(constant.effect) != 1 or len(exponents(law)) != 1 or len(law.inputs) != 1:
        return None
    own = np.array([theta[0] for theta in setting.fits.thetas])
    weights = 1 / np.array([error[0] for error in setting.errors])[:, names.index(exponents(law)[0])] ** 2
    slope = abs(float(np.average(own[:, names.index(exponents(law)[0])], weights=weights)))
    if slope == 0:
        return None
    effect = next(iter(constant.effect.values()))
    ends = [
        None if value is None or value <= 0 else _power(value, 1 / slope)
        for value in (effect.estimate, effect.low, effect.high)
    ]
    return Estimate(*ends)


def _power(value: float, power: float) -> float | None:
    log = math.log(value) * power
    return math.exp(log) if log < 700 else None


def _levels(setting: Ready, term: Term, question: FactorQuestion) -> tuple[AtLevel, ...]:
    """The effect of each factor on the exponent at each level of the other one."""
    law = setting.members[0].problem.law
    found = []
    for moved, held in (term.factors, term.factors[::-1]):
        if held.is_continuous:
            continue
        for code, label in enumerate(held.levels):
            cells = np.flatnonzero(held.codes == code).tolist()
            inner = _restricted(moved, cells)
            if inner is None:
                continue
            alone = Term((inner,))
            answer = _moved(setting.subset(cells), alone, [alone], exponents(law), question)
            if answer is not None:
                found.append(AtLevel(moved.name, {held.name: label}, answer))
    return tuple(found)


def _restricted(factor: Factor, cells: Sequence[int]) -> Factor | None:
    """The factor over some of the cells; None if it does not vary there."""
    codes = factor.codes[cells]
    if factor.values is not None:
        values = factor.values[cells]
        return Factor(factor.name, (), codes, values) if np.ptp(values) > 0 else None
    kept = np.unique(codes)
    if len(kept) < 2:
        return None
    return Factor(factor.name, tuple(factor.levels[code] for code in kept), np.searchsorted(kept, codes))


def factors_from(
    groups: Sequence[Mapping[str, str]], names: Sequence[str], values: Mapping[str, Array]
) -> list[Factor]:
    """The factors of a design from the groups' labels; those in `values` are continuous, with a number per group."""
    from scaling_cli.data.names import in_order

    found = []
    for name in (*names, *values):
        if name in values:
            found.append(Factor(name, (), np.zeros(len(groups), dtype=int), values[name]))
            continue
        labels = sorted({group[name] for group in groups}, key=in_order)
        found.append(Factor(name, tuple(labels), np.array([labels.index(group[name]) for group in groups])))
    return found
