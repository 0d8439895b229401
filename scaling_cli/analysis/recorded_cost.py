"""What future runs cost, by the GPU-hours of the runs that there are.

The log of GPU-hours is a line in the log of FLOPs, fitted by least squares: hours = h (compute / centre)^slope. On
equal GPUs the slope is 1 if every run reaches the same share of the peak; small runs usually reach less, so it may be
lower. GPU-hours are recorded as such, or as seconds and a number of GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.hardware import HOURS_A_DAY, SECONDS_AN_HOUR, Machines, hardware, hours_for
from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import figure, percent
from scaling_cli.options.hardware import Hardware
from scaling_cli.points.table import PointTable
from scaling_cli.record import Record
from scaling_cli.results.allocation import Bill

FEWEST = 4  # runs with a recorded cost
NARROWEST = 2.0  # factor of compute that they must span
SLOPES = (0.5, 1.5)  # in which the cost of training runs grows with their FLOPs
LARGEST_SPREAD = np.log(2)  # standard deviation of log hours around the line


class Recorded(Record):
    """Runs whose cost is recorded: FLOPs and GPU-hours `(n,)`, and the columns of the latter.

    `lacks_gpus` says that there are seconds, but no number of GPUs.
    """

    compute: Array
    hours: Array
    columns: str
    lacks_gpus: bool = False


class RecordedCost(Record):
    """GPU-hours by FLOPs, as runs on the same GPUs took them; see `Machines`."""

    gpus: int | None
    price_per_gpu_hour: float | None
    hours: float
    centre: float
    slope: float
    note: str

    def bill(self, compute: Array) -> Bill:
        """The hours, days and price of runs of so many FLOPs each `(n,)`."""
        hours = float(np.sum(self.hours * (compute / self.centre) ** self.slope))
        days = None if self.gpus is None else hours / self.gpus / HOURS_A_DAY
        return Bill(hours, days, None if self.price_per_gpu_hour is None else hours * self.price_per_gpu_hour)

    def flops(self, kind: str, amount: float) -> float:
        """FLOPs that so much would pay for at the price of FLOPs in a middling run."""
        return hours_for(kind, amount, self.price_per_gpu_hour) * self.centre / self.hours

    def flops_of_one(self, kind: str, amount: float) -> float:
        """FLOPs of the one run that costs so much."""
        hours = hours_for(kind, amount, self.price_per_gpu_hour)
        return float(self.centre * (hours / self.hours) ** (1 / self.slope))

    def equivalent(self, compute: Array) -> Array:
        """The FLOPs of a middling run that cost as much as each run of so many FLOPs `(n,)`."""
        found: Array = self.centre * (compute / self.centre) ** self.slope
        return found

    def doubts(self) -> list[Caveat]:
        """None: what is doubtful is not fitted."""
        return []


def recorded(points: PointTable, compute: Array, gpus: int | None) -> Recorded | None:
    """The cost of the runs, where a column has it; `gpus` is the number of GPUs where no column has that."""
    if "gpu_hours" in points.columns:
        hours, columns = points.numbers("gpu_hours"), "GPU-hours"
    elif "seconds" in points.columns:
        each = points.numbers("gpus") if "gpus" in points.columns else np.full(len(compute), float(gpus or np.nan))
        hours, columns = points.numbers("seconds") * each / SECONDS_AN_HOUR, "seconds and GPUs"
    else:
        return None
    usable = np.isfinite(hours) & (hours > 0) & np.isfinite(compute)
    lacks = "gpu_hours" not in points.columns and "gpus" not in points.columns and gpus is None
    return Recorded(compute[usable], hours[usable], columns, lacks)


def machines_of(
    found: Sequence[Recorded | None], asked: Hardware, *, has_price: bool
) -> tuple[Machines | None, list[Caveat]]:
    """The GPUs that the options describe, else the cost of the runs that there are, with caveats.

    `has_price` says that a budget is given in money or GPU-hours, which the cost has to turn into FLOPs.

    Raises:
        UsageError: GPUs are described in part, or the recorded cost is needed and cannot be used.
    """
    costs = [each for each in found if each is not None]
    if asked.peak_flops is not None or asked.mfu is not None or not costs:
        return hardware(asked.gpus, asked.peak_flops, asked.mfu, asked.price_per_gpu_hour), []
    try:
        return _fitted(costs, asked), []
    except UsageError as error:
        if has_price or asked.gpus is not None or asked.price_per_gpu_hour is not None:
            raise
        if all(each.lacks_gpus for each in costs):  # many logs have a clock, which alone is no cost
            return None, []
        return None, [caveat("cost-not-fitted", reason=error.message)]


def _fitted(costs: Sequence[Recorded], asked: Hardware) -> RecordedCost:
    compute, hours = (np.concatenate([getattr(each, name) for each in costs]) for name in ("compute", "hours"))
    columns = costs[0].columns
    if all(each.lacks_gpus for each in costs):
        raise UsageError(
            "The runs have seconds, but no number of GPUs.",
            hint="Give --gpus if all runs had equally many, or name the column: --map gpus=COLUMN. Or describe the "
            "GPUs with --peak-flops and --mfu.",
        )
    if len(hours) < FEWEST:
        raise _refused(f"{columns} are recorded for {len(hours)} runs, and {FEWEST} are needed.")
    x, y = np.log(compute), np.log(hours)
    if np.ptp(x) < np.log(NARROWEST):
        raise _refused(f"{columns} are recorded for runs of about equal compute, so their growth is not known.")
    slope = float((x - x.mean()) @ (y - y.mean()) / np.sum((x - x.mean()) ** 2))
    missed = y - y.mean() - slope * (x - x.mean())
    spread = float(np.sqrt(np.sum(missed**2) / (len(x) - 2)))
    if not SLOPES[0] <= slope <= SLOPES[1]:
        raise _refused(
            f"{columns} grow as compute^{round(slope, 2) + 0.0:g}, and those of training runs grow about as compute."
        )
    if spread > LARGEST_SPREAD:
        raise _refused(f"{columns} of runs of equal compute differ by a factor of {np.exp(spread):.2g}.")
    note = (
        f"cost: GPU-hours grow as compute^{figure(slope, 2)}, fitted to the {columns} of {len(x):,} runs, which are "
        f"off by {percent(float(np.expm1(spread)))}"
    )
    centre = float(np.exp(x.mean()))
    return RecordedCost(asked.gpus, asked.price_per_gpu_hour, float(np.exp(y.mean())), centre, slope, note)


def _refused(reason: str) -> UsageError:
    return UsageError(
        reason,
        hint="Describe the GPUs with --peak-flops and --mfu, or name other columns with --map gpu_hours=COLUMN, --map "
        "seconds=COLUMN and --map gpus=COLUMN.",
    )
