"""Time and price of an amount of compute, on GPUs whose peak the user states.

Data sheets print two peaks: one for dense matrices, which training uses, and one twice as high for matrices with
structured sparsity, which it does not use. A GPU given by name has its dense bfloat16 peak, and a number that equals a
known sparse peak gets a caveat.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.options.hardware import spent
from scaling_cli.record import Record
from scaling_cli.results.allocation import Bill

# Dense and sparse bfloat16 peaks in FLOP/s, from NVIDIA's and AMD's data sheets.
PEAKS = {
    "a100": (312e12, 624e12),
    "h100": (989.4e12, 1978.9e12),
    "h100-pcie": (756e12, 1513e12),
    "h200": (989.4e12, 1978.9e12),
    "mi300x": (1307.4e12, 2614.9e12),
}
SAME = 0.01  # relative: a number this close to a sparse peak is taken as that peak
HIGHEST_MFU = 0.65  # model FLOPs utilisation above which no large training run has been reported
SECONDS_AN_HOUR, HOURS_A_DAY = 3600.0, 24.0


class Machines(Protocol):
    """What gives the time and the price of runs."""

    @property
    def note(self) -> str:
        """Where the cost comes from, if options do not say it."""

    def bill(self, compute: Array) -> Bill:
        """The hours, days and price of runs of so many FLOPs each `(n,)`."""

    def flops(self, kind: str, amount: float) -> float:
        """The FLOPs that so many `gpu-hours`, or so much money in `usd`, pay for."""

    def flops_of_one(self, kind: str, amount: float) -> float:
        """The FLOPs of one run that costs so much."""

    def equivalent(self, compute: Array) -> Array:
        """The FLOPs of `flops` that cost as much as each run of so many FLOPs `(n,)`."""

    def doubts(self) -> list[Caveat]:
        """Caveats about the cost."""


class Hardware(Record):
    """GPUs: their number (None if only hours are wanted), peak FLOP/s and utilisation of each, price per hour."""

    gpus: int | None
    peak_flops: float
    mfu: float
    price_per_gpu_hour: float | None
    note: str = ""

    def bill(self, compute: Array | float) -> Bill:
        """The hours, days and price of runs of so many FLOPs each `(n,)`, or of one."""
        hours = float(np.sum(compute)) / (self.peak_flops * self.mfu) / SECONDS_AN_HOUR
        days = None if self.gpus is None else hours / self.gpus / HOURS_A_DAY
        price = None if self.price_per_gpu_hour is None else hours * self.price_per_gpu_hour
        return Bill(hours, days, price)

    def flops(self, kind: str, amount: float) -> float:
        """The FLOPs that so many `gpu-hours`, or so much money in `usd`, pay for.

        Raises:
            UsageError: Money is given, and no price.
        """
        return hours_for(kind, amount, self.price_per_gpu_hour) * SECONDS_AN_HOUR * self.peak_flops * self.mfu

    def flops_of_one(self, kind: str, amount: float) -> float:
        """The FLOPs of one run that costs so much, which are those of any runs."""
        return self.flops(kind, amount)

    def equivalent(self, compute: Array) -> Array:
        """FLOPs cost the same in every run."""
        return compute

    def doubts(self) -> list[Caveat]:
        """Caveats on the peak and the utilisation given."""
        caveats = []
        for name, (dense, sparse) in PEAKS.items():
            if abs(self.peak_flops / sparse - 1) < SAME:
                caveats.append(caveat("sparse-peak", peak=self.peak_flops, gpu=name.upper(), dense=dense))
                break
        if self.mfu > HIGHEST_MFU:
            caveats.append(caveat("high-mfu", mfu=self.mfu, usual=HIGHEST_MFU))
        return caveats


def hours_for(kind: str, amount: float, price_per_gpu_hour: float | None) -> float:
    """The GPU-hours that so many `gpu-hours`, or so much money in `usd`, pay for.

    Raises:
        UsageError: Money is given, and no price.
    """
    if kind != "usd":
        return amount
    if not price_per_gpu_hour:
        raise UsageError(
            "A budget in money needs the price of a GPU-hour.", hint="Add it, such as --price-per-gpu-hour 2."
        )
    return amount / price_per_gpu_hour


def hardware(
    gpus: int | None, peak_flops: str | float | None, mfu: float | None, price_per_gpu_hour: float | None
) -> Hardware | None:
    """The hardware that the options describe; None if no option is given.

    Raises:
        UsageError: --peak-flops or --mfu is missing, or a value is out of range.
    """
    if gpus is peak_flops is mfu is price_per_gpu_hour is None:
        return None
    if peak_flops is None or mfu is None:
        missing = " and ".join(name for name, value in (("--peak-flops", peak_flops), ("--mfu", mfu)) if value is None)
        raise UsageError(
            f"GPU-hours cannot be computed without {missing}.",
            hint="Give the dense peak of a GPU, such as --peak-flops h100, and the share of it that training reaches, "
            "such as --mfu 0.4.",
        )
    if not 0 < mfu <= 1:
        raise UsageError(f"--mfu is {mfu:g}.", hint="Give a share between 0 and 1, such as 0.4.")
    if gpus is not None and gpus < 1:
        raise UsageError(f"--gpus is {gpus}.", hint="Give a whole number of at least 1.")
    if price_per_gpu_hour is not None and price_per_gpu_hour < 0:
        raise UsageError(f"--price-per-gpu-hour is {price_per_gpu_hour:g}.", hint="Give a price of at least 0.")
    return Hardware(gpus, _peak(peak_flops), mfu, price_per_gpu_hour)


def flops_of(budget: float | str, hardware: Machines | None, *, is_one: bool = False) -> float:
    """A budget in FLOPs, whether it is given as such, as money or as time; `is_one` says that it is for one run.

    Raises:
        UsageError: It is money or time, and the GPUs that it pays for are not described.
    """
    found = spent(budget) if isinstance(budget, str) else None
    if found is None:
        return float(budget)
    if hardware is None:
        price = (", and the price of an hour", " --price-per-gpu-hour 2") if found[0] == "usd" else ("", "")
        raise UsageError(
            f"The budget {budget} cannot be converted to FLOPs, because the speed of the GPUs is not given.",
            hint=f"Give the dense peak of a GPU and the share of it that training reaches{price[0]}: "
            f"--peak-flops h100 --mfu 0.4{price[1]}.",
        )
    return hardware.flops_of_one(*found) if is_one else hardware.flops(*found)


def _peak(given: str | float) -> float:
    if isinstance(given, str) and given.casefold() in PEAKS:
        return PEAKS[given.casefold()][0]
    try:
        peak = parse_number(given) if isinstance(given, str) else float(given)
    except UsageError:
        raise UsageError(
            f"--peak-flops {given!r} is neither a number nor a known GPU.",
            hint=f"Give FLOP/s, such as 989e12, or one of {', '.join(PEAKS)}.",
        ) from None
    if peak <= 0:
        raise UsageError(f"--peak-flops is {peak:g}.", hint="Give FLOP/s above 0, such as 989e12.")
    return peak
