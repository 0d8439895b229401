"""The laws that can be fitted. `LAWS` is the whole list: a law is one file and one name here."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.errors import UsageError
from scaling_cli.laws.architecture import GRANULARITY, LOSS_TO_LOSS, PARALLEL, ROUTED
from scaling_cli.laws.bnsl import BNSL, BNSL_MONOTONE
from scaling_cli.laws.chinchilla import CHINCHILLA, CHINCHILLA_TIED, GENERAL
from scaling_cli.laws.columns import ADDITIVE, FAMILIES, MULTI_POWER, PRECISION
from scaling_cli.laws.custom import INPUTS, is_formula, law_from_formula
from scaling_cli.laws.kaplan import CRITICAL_BATCH_LAW, KAPLAN, KAPLAN_STEPS
from scaling_cli.laws.law import (
    Array,
    Derived,
    Flags,
    Indices,
    Inputs,
    Law,
    Parameter,
    Published,
    Scale,
    Scene,
)
from scaling_cli.laws.m4 import M4
from scaling_cli.laws.power import POWER, POWER_CONSTANT
from scaling_cli.laws.repeated import DATA_CONSTRAINED
from scaling_cli.laws.schedule import ANNEALING, MULTI_POWER_SCHEDULE
from scaling_cli.laws.single import (
    EXPONENTIAL_SATURATION,
    HILL,
    LOGARITHMIC,
    M3,
    SATURATING_POWER,
    SHIFTED_POWER,
    SIGMOID,
)

__all__ = [
    "FAMILIES", "LAWS", "Array", "Derived", "Flags", "Indices", "Inputs", "Law", "Parameter", "Published", "Scale",
    "Scene", "find_law",
]  # fmt: skip

LAWS: tuple[Law, ...] = (
    POWER,
    POWER_CONSTANT,
    SHIFTED_POWER,
    LOGARITHMIC,
    M3,
    M4,
    BNSL,
    BNSL_MONOTONE,
    SIGMOID,
    HILL,
    EXPONENTIAL_SATURATION,
    SATURATING_POWER,
    CHINCHILLA,
    CHINCHILLA_TIED,
    GENERAL,
    KAPLAN,
    KAPLAN_STEPS,
    CRITICAL_BATCH_LAW,
    DATA_CONSTRAINED,
    ROUTED,
    GRANULARITY,
    PRECISION,
    PARALLEL,
    MULTI_POWER,
    ADDITIVE,
    LOSS_TO_LOSS,
    ANNEALING,
    MULTI_POWER_SCHEDULE,
)


def find_law(name: str, inputs: Sequence[str] = ()) -> Law:
    """The law called `name`, or written out in it; a law of any columns is made over `inputs` where they are given.

    Raises:
        UsageError: There is none; the hint lists those there are.
    """
    if is_formula(name):
        return law_from_formula(name, inputs or INPUTS)
    if name in FAMILIES and inputs:
        return FAMILIES[name](inputs)
    for law in LAWS:
        if law.name == name:
            return law
    raise UsageError(f"No law is called {name!r}.", hint=f"Choose one of {', '.join(law.name for law in LAWS)}.")
