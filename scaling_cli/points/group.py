"""Groups of points, each ready to be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scaling_cli.data.names import in_order
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.fitting.fit import Grouped
from scaling_cli.points.choose import Choice
from scaling_cli.points.pairing import paired, unpaired
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting, scale_of

RANGED_ROLES = ("params", "tokens", "compute", "step", "loss")

Groups = Sequence[tuple[dict[str, str], PointTable]]


def groups_of(
    table: RunTable, by: Sequence[str], label: Mapping[str, str] | None = None
) -> Iterator[tuple[dict[str, str], PointTable]]:
    """Each group's values and points, in the order of the values; all points as one group where `by` is empty."""
    if not by:
        yield dict(label or {}), PointTable(table.frame)
        return
    columns = [label_of(table.frame, name) for name in by]
    parts = table.frame.partition_by(columns, as_dict=True, include_key=True)
    for key in sorted(parts, key=lambda key: [in_order(str(label)) for label in key]):
        yield {**(label or {}), **dict(zip(by, key, strict=True))}, PointTable(parts[key])


def matched(groups: Groups, choice: Choice, column: str | None, *, must: bool) -> tuple[Groups, bool]:
    """The groups, with runs matched by input and `column` where they can be, and whether they are.

    Raises:
        DataError: They cannot be matched, and `must` says that they have to be.
    """
    if column is None or len(groups) < 2:
        return groups, False
    frames = paired([points.frame for _, points in groups], [*choice.inputs.values(), column])
    if frames is None:
        if must:
            raise unpaired(column)
        return groups, False
    return [(group, PointTable(frame)) for (group, _), frame in zip(groups, frames, strict=True)], True


def ranges_of(points: PointTable, choice: Choice) -> dict[str, tuple[float, float]]:
    """The least and the largest value of the usual columns and of the law's inputs, where every point has one.

    Those of an input within one group of a joint fit are under the name `input[group]`.
    """
    columns = [*RANGED_ROLES, *choice.inputs.values()]
    found = points.ranges(columns)
    for level in choice.law.levels if choice.law.is_grouped else ():
        for (label,), part in points.frame.partition_by([level], as_dict=True).items():
            found |= {f"{name}[{label}]": ends for name, ends in PointTable(part).ranges(columns).items()}
    return found


def grouped_for(points: PointTable, group: dict[str, str], choice: Choice, space: str, weighting: Weighting) -> Grouped:
    """A group's points as a problem to be fitted, with what a result repeats of them."""
    ranges = ranges_of(points, choice)
    problem = points.problem(
        choice.law,
        choice.inputs,
        space,
        weights=weighting.weights(points, choice.inputs),
        priors=weighting.priors(choice.law, ranges["loss"][0]),
    )
    return Grouped(
        problem,
        group,
        choice.inputs,
        ranges,
        points.run_names,
        reason=choice.reason,
        weights=weighting.formula(choice.inputs),
        prior=weighting.prior,
        scale=scale_of(points, choice.inputs),
        compute=points.numbers("compute") if "compute" in ranges else None,
    )


def tokens_per_param(table: PointTable) -> tuple[float, float] | None:
    """The least and the most tokens per param of the runs, where both are known."""
    if not (table.is_complete("params") and table.is_complete("tokens")):
        return None
    ratio = table.numbers("tokens") / table.numbers("params")
    return float(ratio.min()), float(ratio.max())
