"""The laws that can be fitted. `LAWS` is the whole list: a law is one file and one name here."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.laws.chinchilla import CHINCHILLA
from scaling_cli.laws.law import Array, Derived, Flags, Indices, Inputs, Law, Parameter
from scaling_cli.laws.power import POWER, POWER_CONSTANT

__all__ = ["LAWS", "Array", "Derived", "Flags", "Indices", "Inputs", "Law", "Parameter", "find_law"]

LAWS: tuple[Law, ...] = (POWER, POWER_CONSTANT, CHINCHILLA)


def find_law(name: str) -> Law:
    """The law called `name`.

    Raises:
        UsageError: There is none; the hint lists those there are.
    """
    for law in LAWS:
        if law.name == name:
            return law
    raise UsageError(f"No law is called {name!r}.", hint=f"Choose one of {', '.join(law.name for law in LAWS)}.")
