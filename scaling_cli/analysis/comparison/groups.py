"""What each group of a comparison shows about its exponent, and how large a difference between groups matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import Member, exponents, floors
from scaling_cli.analysis.comparison.multiplier import LossCurve, loss_curves, whole_law
from scaling_cli.analysis.comparison.profile import ParameterProfile, profile_asking
from scaling_cli.analysis.comparison.uneven import evened
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.fitting.ask import certain, together
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, scale_name
from scaling_cli.numbers.format import percent, with_and
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import Record
from scaling_cli.results.comparison import Group, Margin
from scaling_cli.results.fit import FitResult

WIDE_FLOOR = 0.3  # floor interval over the loss above the floor mid-data: if wider, the exponent is not identified


class ComparisonData(Record):
    """What all pairs use: the groups, their profiles by parameter, their loss curves, and the margin."""

    members: tuple[Member, ...]
    results: tuple[FitResult, ...]
    profiles: tuple[dict[str, ParameterProfile], ...]
    groups: tuple[Group, ...]
    curves: list[LossCurve] | None
    margin: Margin
    level: float
    caveats: tuple[Caveat, ...]

    @property
    def exponents(self) -> tuple[str, ...]:
        """Names of the law's exponents."""
        return exponents(self.members[0].problem.law)


def comparison_data(
    members: Sequence[Member],
    results: Sequence[FitResult],
    *,
    scales: Array,
    cut: float,
    level: float,
    margin: float,
    to: float | None,
) -> ComparisonData:
    """Profiles of every group's exponents and floors, and whether they identify the exponents.

    Args:
        members: The groups, and `results` their own fits.
        scales: Standard deviation of each group's residuals `(groups,)`.
        cut: The statistic at which an interval ends.
        level: Level of the intervals.
        margin: A drift of the compute multiplier (above 1) or an exponent difference (below 1).
        to: The input up to which the drift is measured.
    """
    law = members[0].problem.law
    names = (*exponents(law), *floors(law))
    works = [
        profile_asking(member, name, float(scale))
        for member, scale in zip(evened(members), scales, strict=True)
        for name in names
    ]
    made = iter(certain(together(works)))
    profiles = tuple({name: next(made) for name in names} for _ in members)
    groups, caveats = [], []
    for member, result, known, scale in zip(members, results, profiles, scales, strict=True):
        width = _floor_width(member, known, cut, float(scale))
        endless = [name for name in exponents(law) if None in known[name].interval(cut, float(scale))]
        reason = wide_floor(width) if floors(law) else None
        if endless:
            reason = f"the interval of {with_and(endless)} has no end"
        if reason:
            caveats.append(caveat("floor-open", result.group, reason=reason))
        groups.append(group_of(member, result, is_identified=reason is None, width=width))
    return ComparisonData(
        tuple(members), tuple(results), profiles, tuple(groups), loss_curves(tuple(results), whole_law(law)),
        margin_of(members, results[0], margin, to), level, tuple(caveats),
    )  # fmt: skip


def wide_floor(width: float | None) -> str | None:
    """In words, why an interval of a floor is too wide to know the exponent; None if it is not.

    Args:
        width: Width of the interval over the loss above the floor in the middle of the data; None if it has no end.
    """
    if width is None:
        return "the interval of the floor (irreducible loss) has no end"
    if width <= WIDE_FLOOR:
        return None
    return (
        f"the width of the interval of the floor (irreducible loss) is {percent(width)} of the loss above the floor, "
        f"and must be at most {percent(WIDE_FLOOR)}"
    )


def group_of(member: Member, result: FitResult, *, is_identified: bool = True, width: float | None = None) -> Group:
    """A group in the result: its fit, whether its exponents are known, and the relative width of its floor."""
    return Group(
        name=member.name,
        group=result.group,
        runs=result.runs,
        points=result.points,
        parameters=result.parameters,
        derived=result.derived,
        noise=result.noise,
        is_identified=is_identified,
        floor_width=width,
        ranges=result.ranges,
    )


def _floor_width(member: Member, known: Mapping[str, ParameterProfile], cut: float, scale: float) -> float | None:
    """Width of the floor's interval over the loss above the floor in the middle of the data; None if it has no end."""
    names = floors(member.problem.law)
    if not names:
        return None
    low, high = known[names[0]].interval(cut, scale)
    middle = float(np.median(member.problem.predictions(member.theta[None])[0]))
    above = abs(middle - known[names[0]].estimate)
    if high is None or above == 0:
        return None
    # Zero is always a lower limit of a floor.
    return (high - (low or 0.0)) / above


def margin_of(members: Sequence[Member], result: FitResult, margin: float, to: float | None) -> Margin:
    """The margin and the range over which drift is measured, which starts where the range shared by all groups ends."""
    role = scale_name(result.inputs)
    spans = [_along(member) for member in members]
    low, high = max(float(values.min()) for values in spans), min(float(values.max()) for values in spans)
    if low >= high:
        low, high = min(float(values.min()) for values in spans), max(float(values.max()) for values in spans)
    if to is not None and to <= low:
        raise UsageError(
            f"--to {role}={to:g} is below the data, which start at {low:g}.",
            hint=f"Give the largest {role} that you plan for, above {high:g}.",
        )
    end = high * (high / low) if to is None else to
    if margin < 1:
        return Margin(role, None, end, None, margin)
    return Margin(role, high if end > high else low, end, margin)


def _along(member: Member) -> Array:
    columns = member.problem.columns
    if not has_params_and_tokens(columns):
        return next(iter(columns.values()))
    return FLOPS_A_PARAM_AND_TOKEN * columns["params"] * columns["tokens"]
