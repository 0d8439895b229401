"""Time and money: budgets that are written as such, and the GPUs that they pay for."""

from __future__ import annotations

import re
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.kinds import GPU, number, share_between, whole
from scaling_cli.options.option import Kind, Options, option
from scaling_cli.options.read import amount, several

MONEY = re.compile(
    r"\$?\s*(?P<amount>[^\s$a-z]+(?:e[+-]?\d+)?[kKmMbB]?)\s*(?:usd|dollars?)|\$\s*(?P<plain>.+)", re.IGNORECASE
)
TIME = re.compile(
    r"(?P<gpus>[\d.,_]+(?:e\d+)?[kKmM]?)\s*gpus?\s*\*\s*(?P<time>[\d.]+)\s*(?P<unit>days?|d|hours?|h|weeks?|months?)",
    re.IGNORECASE,
)
GPU_HOURS = re.compile(r"(?P<amount>[\d.,_]+(?:e\d+)?[kKmM]?)\s*gpu[-_ ]?(?:hours?|h)", re.IGNORECASE)
HOURS = {"h": 1.0, "d": 24.0, "w": 168.0, "m": 730.5}  # by the first letter of the unit; months of 365.25 / 12 days
HOW_TO = "Give FLOPs above 0, such as 1e24, or 1e6usd or 8gpu*30days."


def _budgets(given: Any, flag: str) -> tuple[float | str, ...]:
    parts: list[Any] = []
    for part in several(given, flag):
        parts += [piece for piece in part.split(",") if piece.strip()] if isinstance(part, str) else [part]
    return tuple(_budget(part, flag) for part in parts)


def _budget(given: Any, flag: str) -> float | str:
    try:
        bought = spent(given) if isinstance(given, str) else None
        value = bought[1] if bought else amount(given, flag)
    except UsageError as error:
        is_text = error.message.endswith("is not a number.")
        raise UsageError(error.message, hint=HOW_TO if is_text else error.hint) from None
    if not 0 < value < float("inf"):
        raise UsageError(f"{flag} is {given if bought else f'{value:g}'}.", hint=HOW_TO)
    return str(given).strip() if bought else value


def spent(text: str) -> tuple[str, float] | None:
    """Money as `("usd", amount)` or time as `("gpu-hours", amount)`; None for what is neither."""
    if (match := MONEY.fullmatch(text.strip())) is not None:
        return "usd", amount(match["amount"] or match["plain"], "--budget")
    if (match := TIME.fullmatch(text.strip())) is not None:
        hours = float(match["time"]) * HOURS[match["unit"][0].lower()]
        return "gpu-hours", amount(match["gpus"], "--budget") * hours
    if (match := GPU_HOURS.fullmatch(text.strip())) is not None:
        return "gpu-hours", amount(match["amount"], "--budget")
    return None


BUDGETS = Kind(
    read=_budgets, metavar="C[,C]", python="Number | Iterable[Number]", repeats=True, record=list,
)  # fmt: skip
BUDGET = Kind(read=_budget, metavar="C", python="Number")


class Hardware(Options):
    """The hardware, which gives time and price."""

    heading = "Hardware"

    gpus: int | None = option(None, whole(1, "256"), "Number of GPUs; adds the days of training to the result.")
    peak_flops: float | str | None = option(
        None, GPU, "Dense peak FLOP/s of one GPU, or its name: 989e12 or h100; adds GPU-hours."
    )
    mfu: float | None = option(
        None,
        share_between(inclusive=True, example="0.4"),
        "Share of the peak that training reaches (model FLOPs utilisation): 40%.",
    )
    price_per_gpu_hour: float | None = option(
        None, number(least=0.0, example="2"), "Price of one GPU-hour; adds the cost.", metavar="PRICE"
    )
