"""Parameters that the user holds at a value, or holds equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.names import guess
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law
from scaling_cli.laws.constrained import constrain
from scaling_cli.laws.law import Kind, Parameter
from scaling_cli.numbers.format import with_and
from scaling_cli.points.choose import Choice, check_floors
from scaling_cli.record import replace

SURFACE_LAW = "chinchilla"  # the law that is chosen where params and tokens are known


def hold(choice: Choice, fix: Mapping[str, float], tie: Sequence[tuple[str, str]], frame: pl.DataFrame) -> Choice:
    """The choice with the parameters of its law held as asked.

    Raises:
        UsageError: The law lacks a parameter, or a value cannot be held.
    """
    if not (fix or tie):
        return choice
    _refuse_lacking(choice, (*fix, *(name for pair in tie for name in pair)), frame)
    check_floors(choice, fix, frame)
    return replace(choice, law=constrain(choice.law, fix, tie))


def _refuse_lacking(choice: Choice, names: Sequence[str], frame: pl.DataFrame) -> None:
    """Refuse parameters of the law of params and tokens where the data led to another law.

    Raises:
        UsageError: There is one.
    """
    lacking = [name for name in names if name not in choice.law.names]
    surface = find_law(SURFACE_LAW)
    if choice.reason is None or not lacking or lacking[0] not in surface.names:
        return
    unread = [role for role in surface.inputs if role not in frame.columns]
    columns = with_and(f"--{role} COLUMN" for role in unread)
    cure = f"Name the column of {with_and(unread)} with {columns}" if unread else f"Give --law {SURFACE_LAW}"
    raise UsageError(
        f"{lacking[0]!r} is a parameter of {SURFACE_LAW}, but the law is {choice.law.name}, because {choice.reason}.",
        hint=f"{cure}, or hold one of {', '.join(choice.law.names)}.",
    )


def compared(choice: Choice, exponent: str | None, shared: Sequence[str] = ()) -> Choice:
    """The choice with `exponent` as the only exponent of its law, whatever kind of parameter it is.

    Without `exponent`, all exponents of the law but those that groups share.

    Raises:
        UsageError: The law lacks that parameter, or it is the floor.
    """
    if exponent is None:
        return _without_exponents(choice, shared) if shared else choice
    if exponent not in choice.law.names:
        raise UsageError(
            f"{choice.law.name} has no free parameter {exponent!r}.",
            hint=f"{guess(exponent, choice.law.names)}Name one of {', '.join(choice.law.names)}.",
        )
    if choice.law.parameters[choice.law.names.index(exponent)].kind == "floor":
        raise UsageError(
            f"{exponent} of {choice.law.name} is the irreducible loss, not an exponent.",
            hint="Leave --exponent out: the answer also tests whether irreducible losses are equal.",
        )
    parameters = tuple(replace(parameter, kind=_kind(parameter, exponent)) for parameter in choice.law.parameters)
    return replace(choice, law=replace(choice.law, parameters=parameters))


def _without_exponents(choice: Choice, shared: Sequence[str]) -> Choice:
    parameters = tuple(
        replace(parameter, kind="other") if parameter.kind == "exponent" and parameter.name in shared else parameter
        for parameter in choice.law.parameters
    )
    return replace(choice, law=replace(choice.law, parameters=parameters))


def _kind(parameter: Parameter, exponent: str) -> Kind:
    if parameter.name == exponent:
        return "exponent"
    return "other" if parameter.kind == "exponent" else parameter.kind
