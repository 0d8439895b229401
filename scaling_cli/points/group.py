"""Groups of points, each ready to be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from scaling_cli.data.names import in_order
from scaling_cli.data.runs.table import RunTable, label_of
from scaling_cli.fitting.fit import Grouped
from scaling_cli.points.build import build_problem, numbers, run_names
from scaling_cli.points.choose import Choice
from scaling_cli.points.weights import Weighting

if TYPE_CHECKING:
    import polars as pl


RANGED_ROLES = ("params", "tokens", "compute", "step", "loss")


def groups_of(
    table: RunTable, by: Sequence[str], label: Mapping[str, str] | None = None
) -> Iterator[tuple[dict[str, str], pl.DataFrame]]:
    """Each group's values and points, in the order of the values; one group of all where there is nothing to split."""
    if not by:
        yield dict(label or {}), table.frame
        return
    columns = [label_of(table.frame, name) for name in by]
    parts = table.frame.partition_by(columns, as_dict=True, include_key=True)
    for key in sorted(parts, key=lambda key: [in_order(str(label)) for label in key]):
        yield {**(label or {}), **dict(zip(by, key, strict=True))}, parts[key]


def grouped_for(
    frame: pl.DataFrame, group: dict[str, str], choice: Choice, space: str, weighting: Weighting
) -> Grouped:
    """A group's points as a problem to be fitted, with what a result repeats of them."""
    ranges = {
        name: (float(frame[name].min()), float(frame[name].max()))  # type: ignore[arg-type]
        for name in dict.fromkeys([*RANGED_ROLES, *choice.inputs.values()])
        if name in frame.columns and frame[name].null_count() == 0
    }
    problem = build_problem(
        frame,
        choice.law,
        choice.inputs,
        space,
        weights=weighting.weights(frame, choice.inputs),
        priors=weighting.priors(choice.law, float(frame["loss"].min())),  # type: ignore[arg-type]
    )
    return Grouped(
        problem,
        group,
        choice.inputs,
        ranges,
        run_names(frame),
        reason=choice.reason,
        weights=weighting.formula(choice.inputs),
        prior=weighting.prior,
        scale=weighting.scale(frame, choice.inputs),
        compute=numbers(frame, "compute") if "compute" in ranges else None,
    )
