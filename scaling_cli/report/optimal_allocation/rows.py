"""The tables of `scaling optimal-allocation`: one for each approach, and one for each check."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.analysis.recipe import shown as shown_quantity
from scaling_cli.numbers.format import (
    MISSING,
    asked,
    count,
    figure,
    flops,
    percent,
    rounded,
    signed,
    signed_percent,
)
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Cells, Column, Kind, Sheet, numbers, words
from scaling_cli.results.allocation import Allocation, AllocationResult, IsoFlop
from scaling_cli.results.fit import Estimate

LOSS_DIGITS = 5
LEAST_COUNT = 1e4  # of params, in contrast to a loss
UNSTEADY = 0.1  # of an exponent


def sections(result: AllocationResult) -> list[Section]:
    """Every table of one result that has rows."""
    tables = [
        Section(_allocation_title(result, approach), pools_sheet(rows) if rows[0].pools else allocation_sheet(rows))
        for approach, rows in _by_approach(result.allocations).items()
    ]
    if result.isoflops:
        title = (
            f"IsoFLOP minima, {result.profile} profile (sizes below | above it; centre of the sizes against "
            "it, in decades; bend, vertex and bias of a parabola)"
        )
        tables.append(Section(title, isoflop_sheet(result.isoflops)))
        tables.append(Section("Exponents of these curves with each profile", _profile_sheet(result), is_detail=True))
    if result.estimators:
        tables.append(Section("This law fitted with other objectives", _estimator_sheet(result)))
    if len(result.exponents) > 1 or _is_unsteady(result):
        tables.append(Section("Without the points with the fewest tokens", _cutoff_sheet(result)))
    if result.gap:
        tables.append(
            Section(
                "Kaplan or Chinchilla: the exponent by how params are counted, and by model sizes", _gap_sheet(result)
            )
        )
    return tables


def _is_unsteady(result: AllocationResult) -> bool:
    """Whether leaving points out moves an exponent so far that the table of cutoffs is shown in any case."""
    wholes = {approach: exponents["params"].estimate for approach, exponents in result.exponents.items()}
    return any(
        abs(cutoff.params_exponent - whole) > UNSTEADY
        for cutoff in result.cutoffs
        if (whole := wholes.get(cutoff.approach)) is not None
    )


def _by_approach(allocations: Sequence[Allocation]) -> dict[str, list[Allocation]]:
    rows: dict[str, list[Allocation]] = {}
    for allocation in allocations:
        rows.setdefault(allocation.approach, []).append(allocation)
    return rows


def pools_sheet(rows: Sequence[Allocation]) -> Sheet:
    """The choices of pools for each number of samples, the best first."""
    columns = (
        *numbers("samples"), *words("pools"), *numbers("unique samples", "epochs"), Column("error", "estimate"),
        Column("more than the best", "estimate"), *numbers("best in"),
    )  # fmt: skip
    cells = tuple(
        (
            count(row.samples or 0.0),
            " + ".join(choice.pools),
            count(choice.unique_samples),
            figure(choice.epochs, 3),
            rounded(choice.loss).whole,
            "" if choice is row.pools[0] else rounded(choice.excess).whole,
            percent(choice.best_share),
        )
        for row in rows
        for choice in row.pools
    )
    return Sheet(columns, cells)


def _allocation_title(result: AllocationResult, approach: str) -> str:
    if any(row.pools for row in result.allocations):
        return "Pools of data"
    exponents = result.exponents.get(approach, {})
    powers = [f"{name} ~ compute^{rounded(value).whole}" for name, value in exponents.items()]
    return f"{approach}: {', '.join(powers)}" if powers else approach


def counted(value: Estimate) -> str:
    """Params or tokens with their interval."""
    if value.estimate is None:
        return MISSING
    shown = count(value.estimate)
    if value.low is None and value.high is None:
        return shown
    low, high = (MISSING if end is None else count(end) for end in (value.low, value.high))
    return f"{shown} [{low}, {high}]"


def _span(pair: tuple[float, float] | None) -> str:
    return MISSING if pair is None else f"{count(pair[0])} to {count(pair[1])}"


def allocation_sheet(rows: Sequence[Allocation]) -> Sheet:
    """One row per budget; columns that no row uses are left out."""
    names = tuple(dict.fromkeys(name for row in rows for name in row.searched))
    searched: dict[str, Kind] = {column: "estimate" for name in names for column in (name, f"{name} within 5 % waste")}
    followed = tuple(dict.fromkeys(name for row in rows for name in row.followed))
    searched |= dict.fromkeys(followed, "estimate")
    recipe = tuple(dict.fromkeys(name for row in rows for name in row.recipe))
    columns: dict[str, Kind] = {
        "target loss": "number", "compute": "estimate", "params": "estimate", "tokens": "estimate", **searched,
        "tokens/param": "estimate", "loss": "estimate", "params within 5 % waste": "estimate",
        "within 10 %": "estimate", "for inference": "number", "saves": "number", "epochs": "number",
        "FLOPs per unique token": "number", "decided by": "word", "GPU-hours": "number", "days": "number",
        "price": "number", **dict.fromkeys(recipe, "number"),
    }  # fmt: skip
    has_waste = any(row.params_within_waste is not None for row in rows)
    cells = tuple(
        (
            *_split(row),
            *_further(row, names),
            *_followed(row, followed),
            *_outcome(row),
            *_waste(row, has_waste),
            *_extras(row),
            *("" if name not in row.recipe else shown_quantity(name, row.recipe[name]) for name in recipe),
        )
        for row in rows
    )
    return Sheet(tuple(Column(name, kind) for name, kind in columns.items()), cells).without_empty()


def _split(row: Allocation) -> Cells:
    is_target = row.target_loss is not None
    return (
        asked(row.target_loss) if is_target else "",
        _compute(row),
        counted(row.params),
        counted(row.tokens),
    )


def _further(row: Allocation, names: Sequence[str]) -> Cells:
    """The best value of each searched input, and the values that waste no more than 5 % of the budget."""
    cells: list[str] = []
    for name in names:
        one = row.searched.get(name)
        if one is None:
            cells += ["", ""]
            continue
        low, high = one.within_waste["0.05"]
        # An end of the range in all replicates has no interval to show.
        is_fixed = one.end is not None and one.value.low in (one.value.high, None)
        value = f"{figure(one.value.estimate)} ({one.end})" if is_fixed else rounded(one.value).whole
        cells += [value, f"{figure(low, 3)} to {figure(high, 3)}"]
    return tuple(cells)


def _followed(row: Allocation, names: Sequence[str]) -> Cells:
    """The values of inputs that follow from params and tokens."""
    values = [row.followed.get(name, Estimate(None)) for name in names]
    return tuple(
        "" if value.estimate is None else counted(value) if value.estimate >= LEAST_COUNT else rounded(value).whole
        for value in values
    )


def _outcome(row: Allocation) -> Cells:
    return (rounded(row.tokens_per_param).whole, "" if row.target_loss is not None else rounded(row.loss).whole)


def _waste(row: Allocation, has_waste: bool) -> Cells:
    """Params within 5 % and 10 % of wasted compute."""
    bands = row.params_within_waste or {}
    return (_span(bands.get("0.05")), _span(bands.get("0.10"))) if has_waste else ("", "")


def _extras(row: Allocation) -> Cells:
    """Inference, repeated data, limits, time and price, as far as they were asked for."""
    repetition, bill = row.repetition, row.bill
    inference = row.inference_compute
    return (
        "" if inference is None or not row.compute else percent(inference / row.compute, 3),
        "" if row.saving is None else percent(row.saving, 3),
        "" if repetition is None else figure(repetition.epochs, 3),
        "" if repetition is None else flops(repetition.flops_per_unique_token),
        row.limit or "",
        "" if bill is None else count(bill.gpu_hours),
        "" if bill is None or bill.days is None else figure(bill.days, 3),
        "" if bill is None or bill.price is None else count(bill.price),
    )


def _compute(row: Allocation) -> str:
    shown = flops(row.compute)
    if row.compute_interval is None or row.compute_interval == (None, None):
        return shown
    low, high = (MISSING if end is None else flops(end) for end in row.compute_interval)
    return f"{shown} [{low}, {high}]"


def isoflop_sheet(isoflops: Sequence[IsoFlop]) -> Sheet:
    """One row per budget of IsoFLOP runs."""
    rows = tuple(
        (
            flops(isoflop.compute),
            f"{isoflop.points:,}",
            counted(isoflop.params),
            MISSING if isoflop.loss.estimate is None else figure(isoflop.loss.estimate, LOSS_DIGITS),
            MISSING if isoflop.refused else f"{isoflop.left} | {isoflop.right}",
            signed(isoflop.centre_offset, 2),
            MISSING if isoflop.curvature is None else figure(isoflop.curvature, 3),
            MISSING if isoflop.parabola_params is None else count(isoflop.parabola_params),
            signed_percent(isoflop.parabola_bias),
            isoflop.refused or "",
        )
        for isoflop in isoflops
    )
    columns = (
        *numbers("compute", "runs"), Column("best params", "estimate"),
        *numbers("loss", "sizes", "centre", "bend", "vertex", "bias"), Column("refused", "text"),
    )  # fmt: skip
    return Sheet(columns, rows).without_empty()


def _profile_sheet(result: AllocationResult) -> Sheet:
    rows = tuple(
        (
            profile.profile,
            figure(profile.params_exponent),
            figure(profile.tokens_exponent),
            str(profile.budgets),
            signed(profile.bias, 4),
        )
        for profile in result.profiles
    )
    columns = (*words("profile"), *numbers("params exponent", "tokens exponent", "budgets", "bias from its shape"))
    return Sheet(columns, rows)


def _estimator_sheet(result: AllocationResult) -> Sheet:
    budgets = [row.compute for row in result.allocations if row.approach == "parametric"]
    rows = tuple(
        (
            other.objective if other.delta is None else f"{other.objective} (delta {figure(other.delta, 3)})",
            figure(other.params_exponent),
            *map(count, other.params),
        )
        for other in result.estimators
    )
    sizes = (f"params at {flops(compute)}" for compute in budgets)
    return Sheet((*words("objective"), *numbers("params exponent", *sizes)), rows)


def _cutoff_sheet(result: AllocationResult) -> Sheet:
    rows = tuple(
        (
            cutoff.approach,
            count(cutoff.tokens),
            f"{cutoff.points:,}",
            figure(cutoff.params_exponent),
            figure(cutoff.standard_error, 2),
        )
        for cutoff in result.cutoffs
    )
    columns = (*words("approach"), *numbers("tokens from", "points", "params exponent", "standard error"))
    return Sheet(columns, rows)


def _gap_sheet(result: AllocationResult) -> Sheet:
    rows = tuple((gap.counting, _span(gap.params), figure(gap.exponent)) for gap in result.gap)
    return Sheet((*words("params counted", "over sizes"), *numbers("params exponent")), rows)
