"""Older names of keywords, which are accepted for one more version.

After that version, this module and its test are to be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.inference_coverage import PRICES

COVERAGE = {"laws": "fit", "layout": "input_format", "budgets": "budget", "targets": "target", "values": "value",
            "marginals": "marginal"}  # fmt: skip


def _prices(given: Mapping[str, Any]) -> dict[str, Any]:
    names = {quantity: name for name, quantity in PRICES.items()}
    return {names.get(quantity, quantity): value for quantity, value in given.items()}


def _exchange(given: tuple[float, float, float]) -> dict[str, Any]:
    return dict(zip(("train_exchange", "pretrain_tokens", "inference_tokens"), given, strict=True))


def _verifier(given: Any) -> dict[str, Any]:
    return {"tpr": given.true_positive, "fpr": given.false_positive, "labels": given.labels}


SPREAD: dict[str, Callable[[Any], dict[str, Any]]] = {
    "mapping": dict, "prices": _prices, "exchange": _exchange, "verifier": _verifier,
}  # fmt: skip


def renamed(verb: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords under their current names.

    Raises:
        UsageError: An option is given under both names, or what an old name holds cannot be read.
    """
    options: dict[str, Any] = {}
    for name, value in given.items():
        for today, new in _today(verb, name, value).items():
            if today in options:
                raise UsageError(
                    f"{verb} is given {today!r} twice.", hint=f"{name!r} is an older name of this option: leave it out."
                )
            options[today] = new
    return options


def _today(verb: str, name: str, value: Any) -> dict[str, Any]:
    """One keyword as current options."""
    if verb != "inference_coverage":
        return {"map": value} if name == "mapping" else {name: value}
    if name in SPREAD and value is None:
        return {}
    if name in SPREAD:
        try:
            return SPREAD[name](value)
        except (TypeError, ValueError, AttributeError):
            raise UsageError(f"{verb}: {name} is {value!r}.", hint=f"See help(scaling_cli.{verb}).") from None
    return {COVERAGE.get(name, name): value}
