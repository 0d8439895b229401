"""Compute multipliers of groups whose exponent and floor are held, from a few runs each.

With b and c known, loss = a x^b + c has one parameter per group; log a is nearly the mean of log(loss - c) - b log x.
Two groups then differ by a factor of compute that is the same at every loss, (a_left / a_right)^(1 / |b|). Its interval
is Student's, with the noise of all groups together: one degree of freedom per run less one per group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from scaling_cli.analysis.comparison.groups import group_of, margin_of
from scaling_cli.analysis.comparison.question import ComparisonQuestion, named_members, what_was_compared
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.problem import Problem
from scaling_cli.laws.constrained import ConstrainedLaw
from scaling_cli.laws.law import Law
from scaling_cli.record import Record
from scaling_cli.results.comparison import ComparisonResult, Ranked
from scaling_cli.results.fit import Estimate, FitResult

LAWS = ("power", "power-constant")
STEPS = 30  # of Newton's method, which needs about five
FLOOR_STEP = 0.05  # in loss: by how much a held floor may be off, in the caveat


class Pinned(Record):
    """The logs of the groups' coefficients, their variances at unit noise, and the noise with its freedom."""

    log_a: Array
    variances: Array
    noise: float
    freedom: int


def is_pinned(law: Law) -> bool:
    """Whether the exponent, and the floor if the law has one, are held at values."""
    return isinstance(law, ConstrainedLaw) and law.inner.name in LAWS and law.names == ("a",)


def pinned(xs: Sequence[Array], losses: Sequence[Array], b: float, c: float) -> Pinned:
    """The coefficient of each group of points `(n,)` under a x^b + c, by least squares in log loss."""
    log_a, variances, squares = [], [], 0.0
    for x, loss in zip(xs, losses, strict=True):
        at = float(np.mean(np.log(np.maximum(loss - c, 0.1 * loss.min())) - b * np.log(x)))
        for _ in range(STEPS):
            above = np.exp(at + b * np.log(x))
            slope = above / (above + c)
            miss = np.log(loss) - np.log(above + c)
            step = float(slope @ miss / (slope @ slope))
            at += float(np.clip(step, -1.0, 1.0))
            if abs(step) < 1e-12:
                break
        log_a.append(at)
        variances.append(1 / float(slope @ slope))
        squares += float(miss @ miss)
    freedom = sum(map(len, xs)) - len(xs)
    noise = float(np.sqrt(squares / freedom)) if freedom > 0 else float("nan")
    return Pinned(np.array(log_a), np.array(variances), noise, freedom)


def multiplier(found: Pinned, left: int, right: int, b: float, level: float) -> Estimate:
    """Compute that left needs over what right needs, for equal loss."""
    middle = float(found.log_a[left] - found.log_a[right]) / abs(b)
    if found.freedom < 1:
        return Estimate(float(np.exp(middle)))
    error = found.noise * float(np.sqrt(found.variances[left] + found.variances[right])) / abs(b)
    reach = float(stdtrit(found.freedom, (1 + level) / 2)) * error
    return Estimate(*(float(np.exp(end)) for end in (middle, middle - reach, middle + reach)))


def compare_pinned(
    problems: Sequence[Problem], results: Sequence[FitResult], question: ComparisonQuestion
) -> tuple[ComparisonResult, list[Caveat]]:
    """The compute multiplier of every group against the reference or the best one.

    Raises:
        UsageError: The losses of the groups cannot be compared, or no group has the name of the reference.
        FitError: There are fewer than two groups, or no run beyond one per group.
    """
    if question.incomparable is not None:
        raise UsageError(
            "Compute multipliers need losses on the same evaluation data, but groups differ in "
            f"{question.incomparable}.",
            hint="Add --same-metric if all losses are on the same evaluation data, or leave out --fix.",
        )
    members = named_members(problems, results, question)
    b, c = _held(problems[0].law)
    xs = [next(iter(problem.columns.values())) for problem in problems]
    losses = [problem.observed for problem in problems]
    found = pinned(xs, losses, b, c)
    if found.freedom < 1:
        raise FitError(
            "Each group has only one run, so the noise between runs cannot be estimated.",
            hint="Add a second run to at least one group.",
        )
    names = [member.name for member in members]
    best = names.index(question.reference) if question.reference is not None else int(np.argmin(found.log_a))
    result = ComparisonResult(
        **what_was_compared(results),
        exponents=(),
        objective={"name": "least-squares", "space": "log"},
        is_paired=False,
        floor="shared" if c else "none",
        reference=question.reference,
        groups=tuple(group_of(member, result) for member, result in zip(members, results, strict=True)),
        models=(),
        tests={},
        margin=margin_of(members, results[0], question.margin, question.to),
        comparisons=(),
        ranking=_ranking(found, names, best, b, question.level),
        fits=tuple(results),
    )
    return result, _floor_doubt(xs, losses, b, c, names, best) if c else []


def _ranking(found: Pinned, names: Sequence[str], best: int, b: float, level: float) -> tuple[Ranked, ...]:
    """The groups from the lowest coefficient to the highest, each with its multiplier against the `best`."""
    return tuple(
        Ranked(names[i], "", {}, None if i == best else multiplier(found, i, best, b, level), names[best])
        for i in np.argsort(found.log_a, kind="stable").tolist()
    )


def _held(law: Law) -> tuple[float, float]:
    """The exponent with its sign, and the floor, that a pinned law holds."""
    assert isinstance(law, ConstrainedLaw)
    parameters = law.inner.parameters
    held = {parameter.kind: law.fixed[parameter.name] for parameter in parameters if parameter.name in law.fixed}
    is_signed = any(parameter.is_signed for parameter in parameters)
    return held["exponent"] if is_signed else -held["exponent"], held.get("floor", 0.0)


def _floor_doubt(
    xs: Sequence[Array], losses: Sequence[Array], b: float, c: float, names: Sequence[str], best: int
) -> list[Caveat]:
    """A caveat with the largest change of a multiplier if the held floor is off."""
    lowest = min(float(loss.min()) for loss in losses)
    moved = []
    for floor in (c, c - FLOOR_STEP, c + FLOOR_STEP):
        if 0 <= floor < lowest:
            log_a = pinned(xs, losses, b, floor).log_a
            moved.append(np.exp((log_a - log_a[best]) / abs(b)))
    if len(moved) < 2:
        return []
    changes = np.abs(np.log(np.array(moved[1:]) / moved[0]))
    group = int(changes.max(axis=0).argmax())
    others = " or ".join(f"{row[group]:.3g}" for row in moved[1:])
    return [caveat("pinned-floor", floor=c, step=FLOOR_STEP, name=names[group], against=names[best],
                   multiplier=float(moved[0][group]), others=others)]  # fmt: skip
