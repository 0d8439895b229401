"""What an allocation says: the best params and tokens for each budget, and how far it lies beyond the runs."""

from __future__ import annotations

from scaling_cli.numbers.format import MISSING, asked, brief, count, figure, flops, with_and
from scaling_cli.results.allocation import Allocation, AllocationResult, PoolChoice
from scaling_cli.results.fit import Estimate

MOST_BUDGETS = 2
NOTED = 3.0  # factor beyond the largest run above which it is said
JUST_BELOW = 1 - 1e-6  # a factor of 999.9999 is 1,000
NEAR = 1.15  # factor between the params of two approaches below which they agree


def sentence(result: AllocationResult, subject: str) -> str:
    """The split of each budget, by the first approach; with several, how far the others differ."""
    by = result.allocations[0].approach if result.allocations else ""
    rows = [row for row in result.allocations if row.approach == by]
    shown = rows if len(rows) <= MOST_BUDGETS else [rows[0], rows[-1]]
    left = f" ({len(rows) - len(shown):,} more below)" if len(rows) > len(shown) else ""
    return ". ".join(map(_split, shown)) + left + _others(result, by) + "." if shown else ""


def _pools(row: Allocation) -> str:
    """The best pools for a number of samples, and the next best choice."""
    best, *others = row.pools
    said = f"With {count(row.samples or 0.0)} samples: {_chosen(best)}, for an error of {brief(best.loss)}"
    return f"{said}; {_chosen(others[0])}, gives {brief(others[0].loss)}" if others else said


def _chosen(choice: PoolChoice) -> str:
    names = choice.pools
    together = f"{with_and(names)} together" if len(names) > 1 else f"{names[0]} alone"
    return f"{together}, {figure(choice.epochs, 3)} {'epoch' if choice.epochs == 1 else 'epochs'}"


def _split(row: Allocation) -> str:
    if row.pools:
        return _pools(row)
    reach = f", {_times(row.reach)} times beyond your largest run" if (row.reach or 0.0) > NOTED else ""
    if row.compute is None:
        return f"A loss of {asked(row.target_loss)} is reached by no budget"
    lead = f"For {flops(row.compute)} FLOPs"
    if row.target_loss is not None:
        lead = f"A loss of {asked(row.target_loss)} takes {flops(row.compute)} FLOPs{_between(row.compute_interval)}"
    loss = "" if row.target_loss is not None else f", for a loss of {brief(row.loss)}"
    return f"{lead}: {_counted(row.params)} params on {_counted(row.tokens)} tokens{_further(row)}{loss}{reach}"


def _between(interval: tuple[float | None, float | None] | None) -> str:
    """The interval of the compute for a loss, if it has one."""
    ends = interval or (None, None)
    return "" if ends == (None, None) else f" [{', '.join(MISSING if end is None else flops(end) for end in ends)}]"


def _further(row: Allocation) -> str:
    """The best values of what was searched."""
    found = [
        f"{name} {brief(one.value) if one.value.low != one.value.high else figure(one.value.estimate)}"
        for name, one in row.searched.items()
    ]
    return f" with {with_and(found)}" if found else ""


def _times(reach: float | None) -> str:
    if reach is None or reach < JUST_BELOW * 1e3:
        return figure(reach, 3)
    return f"{reach:,.0f}" if reach < JUST_BELOW * 1e6 else flops(reach)


def _counted(value: Estimate) -> str:
    if value.estimate is None:
        return MISSING
    if value.low is None and value.high is None:
        return count(value.estimate)
    low, high = (MISSING if end is None else count(end) for end in (value.low, value.high))
    return f"{count(value.estimate)} [{low}, {high}]"


def _others(result: AllocationResult, by: str) -> str:
    """How far the best params of the approaches differ, where several were asked."""
    if not result.agreement:
        return ""
    worst = max(result.agreement, key=lambda pair: pair.params_ratio)
    if worst.params_ratio < NEAR:
        return f" ({by}; the other approaches agree)"
    return f" ({by}; best params of the approaches differ by a factor of {figure(worst.params_ratio, 2)})"
