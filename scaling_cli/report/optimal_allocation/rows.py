"""The tables of `scaling optimal-allocation` as text: one a kind of fact, the same for every format."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.numbers.format import MISSING, count, escape, figure, flops, percent, rounded
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Sheet
from scaling_cli.results.allocation import Allocation, AllocationResult, IsoFlop
from scaling_cli.results.fit import Estimate

LOSS_DIGITS = 5
UNSTEADY = 0.1  # of an exponent


def sections(result: AllocationResult) -> list[Section]:
    """Every table of one result."""
    found = [
        Section(_allocation_title(result, approach), allocation_sheet(rows))
        for approach, rows in _by_approach(result.allocations).items()
    ]
    if result.isoflops:
        title = f"IsoFLOP minima, {result.profile} profile (sizes below | above it; a parabola's bend, vertex and bias)"
        found.append(Section(title, isoflop_sheet(result.isoflops)))
        found.append(Section("The same curves by other profiles", _profile_sheet(result)))
    if result.estimators:
        found.append(Section("The same law by other objectives", _estimator_sheet(result)))
    if len(result.exponents) > 1 or _is_unsteady(result):
        found.append(Section("Without the points of fewest tokens", _cutoff_sheet(result)))
    if result.gap:
        found.append(Section("Kaplan or Chinchilla: what counting and range do to the exponent", _gap_sheet(result)))
    return found


def _is_unsteady(result: AllocationResult) -> bool:
    """Whether leaving points out moves an exponent enough to be shown unasked."""
    wholes = {name: each["params"].estimate for name, each in result.exponents.items()}
    return any(
        abs(each.params_exponent - whole) > UNSTEADY
        for each in result.cutoffs
        if (whole := wholes.get(each.approach)) is not None
    )


def _by_approach(allocations: Sequence[Allocation]) -> dict[str, list[Allocation]]:
    found: dict[str, list[Allocation]] = {}
    for each in allocations:
        found.setdefault(each.approach, []).append(each)
    return found


def _allocation_title(result: AllocationResult, approach: str) -> str:
    exponents = result.exponents.get(approach, {})
    told = [f"{name} ~ compute^{rounded(value).whole}" for name, value in exponents.items()]
    return f"{approach}: {', '.join(told)}" if told else approach


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
    """One row a budget; columns that no row uses are left out."""
    columns: dict[str, list[str]] = {
        "target loss": ["" if each.target_loss is None else figure(each.target_loss) for each in rows],
        "compute": [_compute(each) for each in rows],
        "params": [counted(each.params) for each in rows],
        "tokens": [counted(each.tokens) for each in rows],
        "tokens/param": [rounded(each.tokens_per_param).whole for each in rows],
        "loss": [rounded(each.loss).whole if each.target_loss is None else "" for each in rows],
        **_waste_columns(rows),
        "for inference": [_inference(each) for each in rows],
        "saves": ["" if each.saving is None else percent(each.saving, 3) for each in rows],
        "epochs": ["" if each.repetition is None else figure(each.repetition.epochs, 3) for each in rows],
        "FLOPs a unique token": [
            "" if each.repetition is None else flops(each.repetition.flops_per_unique_token) for each in rows
        ],
        "decided by": [each.limit or "" for each in rows],
        "GPU-hours": ["" if each.bill is None else count(each.bill.gpu_hours) for each in rows],
        "days": ["" if each.bill is None or each.bill.days is None else figure(each.bill.days, 3) for each in rows],
        "price": ["" if each.bill is None or each.bill.price is None else count(each.bill.price) for each in rows],
    }
    used = {name: cells for name, cells in columns.items() if any(cells)}
    return Sheet(tuple(used), tuple(zip(*used.values(), strict=True)), symbols=-1)


def _compute(row: Allocation) -> str:
    shown = flops(row.compute)
    if row.compute_interval is None or row.compute_interval == (None, None):
        return shown
    low, high = (MISSING if end is None else flops(end) for end in row.compute_interval)
    return f"{shown} [{low}, {high}]"


def _waste_columns(rows: Sequence[Allocation]) -> dict[str, list[str]]:
    """Params within 5 % and 10 % of wasted compute."""
    if all(each.params_within_waste is None for each in rows):
        return {}
    bands = [each.params_within_waste or {} for each in rows]
    five, ten = ([_span(band.get(share)) for band in bands] for share in ("0.05", "0.10"))
    return {"params within 5 % waste": five, "within 10 %": ten}


def _inference(row: Allocation) -> str:
    return "" if row.inference_compute is None or not row.compute else percent(row.inference_compute / row.compute, 3)


def isoflop_sheet(rows: Sequence[IsoFlop]) -> Sheet:
    """One row a budget of IsoFLOP runs."""
    body = [
        (
            flops(each.compute),
            f"{each.points:,}",
            counted(each.params),
            MISSING if each.loss.estimate is None else figure(each.loss.estimate, LOSS_DIGITS),
            MISSING if each.refused else f"{each.left} | {each.right}",
            MISSING if each.centre_offset is None else f"{each.centre_offset:+.2f}",
            MISSING if each.curvature is None else figure(each.curvature, 3),
            MISSING if each.parabola_params is None else count(each.parabola_params),
            MISSING if each.parabola_bias is None else f"{100 * each.parabola_bias:+.1f} %",
            each.refused or "",
        )
        for each in rows
    ]
    header = (
        "compute", "runs", "best params", "loss", "sizes", "centre", "bend", "vertex", "bias", "refused",
    )  # fmt: skip
    keep = [i for i in range(len(header)) if i < len(header) - 1 or any(row[-1] for row in body)]
    return Sheet(tuple(header[i] for i in keep), tuple(tuple(row[i] for i in keep) for row in body), symbols=-1)


def _profile_sheet(result: AllocationResult) -> Sheet:
    rows = tuple(
        (
            each.profile,
            figure(each.params_exponent),
            figure(each.tokens_exponent),
            str(each.budgets),
            MISSING if each.bias is None else f"{each.bias:+.4f}",
        )
        for each in result.profiles
    )
    return Sheet(("profile", "params exponent", "tokens exponent", "budgets", "bias of its shape"), rows, symbols=-1)


def _estimator_sheet(result: AllocationResult) -> Sheet:
    budgets = [each.compute for each in result.allocations if each.approach == "parametric"]
    rows = tuple(
        (
            each.objective if each.delta is None else f"{each.objective} (delta {figure(each.delta, 3)})",
            figure(each.params_exponent),
            *(count(size) for size in each.params),
        )
        for each in result.estimators
    )
    header = ("objective", "params exponent", *(f"params at {flops(compute)}" for compute in budgets))
    return Sheet(header, rows, symbols=-1)


def _cutoff_sheet(result: AllocationResult) -> Sheet:
    rows = tuple(
        (
            escape(each.approach),
            count(each.tokens),
            f"{each.points:,}",
            figure(each.params_exponent),
            figure(each.standard_error, 2),
        )
        for each in result.cutoffs
    )
    return Sheet(("approach", "tokens from", "points", "params exponent", "standard error"), rows, symbols=-1)


def _gap_sheet(result: AllocationResult) -> Sheet:
    rows = tuple(
        (each.counting, f"{count(each.params[0])} to {count(each.params[1])}", figure(each.exponent))
        for each in result.gap
    )
    return Sheet(("params counted", "over sizes", "params exponent"), rows, symbols=-1)
