"""The laws that can be fitted. `HOMES` is the whole list: a law is one file and one name here.

A law is imported when it is first asked for: a fit of one law need not wait for the others. `LAWS` holds them all.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence

from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law, Parameter, Published, Scale, Scene

# Law to module and name there, in the order in which they are listed.
HOMES = {
    "power": "power.POWER",
    "power-constant": "power.POWER_CONSTANT",
    "shifted-power": "single.SHIFTED_POWER",
    "logarithmic": "single.LOGARITHMIC",
    "m3": "single.M3",
    "m4": "m4.M4",
    "bnsl": "bnsl.BNSL",
    "bnsl-monotone": "bnsl.BNSL_MONOTONE",
    "sigmoid": "single.SIGMOID",
    "hill": "single.HILL",
    "exponential-saturation": "single.EXPONENTIAL_SATURATION",
    "saturating-power": "single.SATURATING_POWER",
    "chinchilla": "chinchilla.CHINCHILLA",
    "chinchilla-tied": "chinchilla.CHINCHILLA_TIED",
    "general": "general.GENERAL",
    "kaplan": "kaplan.KAPLAN",
    "kaplan-steps": "kaplan.KAPLAN_STEPS",
    "critical-batch": "kaplan.CRITICAL_BATCH_LAW",
    "data-constrained": "repeated.DATA_CONSTRAINED",
    "routed": "architecture.ROUTED",
    "granularity": "architecture.GRANULARITY",
    "precision": "columns.PRECISION",
    "parallel": "architecture.PARALLEL",
    "multi-power": "columns.MULTI_POWER",
    "additive": "columns.ADDITIVE",
    "loss-to-loss": "architecture.LOSS_TO_LOSS",
    "annealing": "schedule.ANNEALING",
    "multi-power-schedule": "schedule.MULTI_POWER_SCHEDULE",
}
FAMILIES = ("multi-power", "additive", "precision")  # laws that are made over any columns
WRITTEN = re.compile(r"[+*/^()\s]")  # no law's name has any of these

LAWS: tuple[Law, ...]

__all__ = [
    "FAMILIES", "LAWS", "Derived", "Law", "Parameter", "Published", "Scale",
    "Scene", "find_law", "is_formula",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name != "LAWS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(map(_named, HOMES))


def is_formula(text: str) -> bool:
    """Whether a law was written out instead of named."""
    return bool(WRITTEN.search(text.strip()))


def find_law(name: str, inputs: Sequence[str] = ()) -> Law:
    """The law called `name`, or written out in it; a law of any columns is made over `inputs` where they are given.

    Raises:
        UsageError: There is none; the hint lists those there are.
    """
    if is_formula(name):
        from scaling_cli.laws.custom import INPUTS, law_from_formula

        return law_from_formula(name, inputs or INPUTS)
    if name in FAMILIES and inputs:
        from scaling_cli.laws.columns import MAKERS

        return MAKERS[name](inputs)
    if name not in HOMES:
        raise UsageError(f"No law is called {name!r}.", hint=f"Choose one of {', '.join(HOMES)}.")
    return _named(name)


def _named(name: str) -> Law:
    module, _, constant = HOMES[name].partition(".")
    law: Law = getattr(importlib.import_module(f"{__name__}.{module}"), constant)
    return law
