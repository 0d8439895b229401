"""Options of commands that fit: the law, the objective, the intervals, and how to repeat."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

import typer

from scaling_cli.cli.flags import share
from scaling_cli.errors import UsageError


class Estimation(TypedDict):
    """Keyword arguments of a verb about the objective and the intervals."""

    objective: str
    space: str
    delta: float | None
    interval: str
    level: float
    replicates: int
    seed: int


def _law_names(incomplete: str) -> list[str]:
    from scaling_cli.laws import LAWS

    return [name for name in ("auto", "all", *(law.name for law in LAWS)) if name.startswith(incomplete)]


@dataclasses.dataclass(frozen=True)
class FitOptions:
    """How to fit."""

    law: Annotated[
        str,
        typer.Option(
            metavar="NAME|FORMULA",
            help="Law to fit, see `scaling laws`; all ranks them; or a formula: 'E + A*params**-alpha'.",
            autocompletion=_law_names,
        ),
    ] = "auto"
    x: Annotated[
        str | None, typer.Option(metavar="COL[,COL]", help="Input of a law of one input, or of any columns.")
    ] = None
    fix: Annotated[list[str], typer.Option(metavar="NAME=VALUE", help="Hold a parameter at a value. Repeatable.")] = (
        dataclasses.field(default_factory=list)
    )
    tie: Annotated[
        list[str], typer.Option(metavar="NAME=NAME", help="Hold two parameters equal: alpha=beta. Repeatable.")
    ] = dataclasses.field(default_factory=list)
    start: Annotated[
        list[str], typer.Option(metavar="NAME=VALUE", help="For a formula: where to start a parameter. Repeatable.")
    ] = dataclasses.field(default_factory=list)
    bound: Annotated[
        list[str],
        typer.Option(metavar="NAME=LOW,HIGH", help="For a formula: bounds of a parameter; one may be empty."),
    ] = dataclasses.field(default_factory=list)
    objective: Annotated[
        Literal["huber", "lad", "least-squares"], typer.Option(help="What is minimised over the residuals.")
    ] = "huber"
    delta: Annotated[
        str,
        typer.Option(metavar="NUMBER|auto", help="Where huber turns straight; auto is 1.345 robust scales."),
    ] = "auto"
    weight: Annotated[str | None, typer.Option(metavar="COL", help="Column of the points' weights.")] = None
    scale_weight: Annotated[
        float, typer.Option(metavar="0.5|1|1.5", help="Weigh points by this power of compute, or of the one input.")
    ] = 0.0
    prior: Annotated[Literal["none", "weak"], typer.Option(help="Believe a little in usual exponents and floors.")] = (
        "none"
    )
    space: Annotated[Literal["log", "linear"], typer.Option(help="Residuals of log loss, or of loss.")] = "log"
    interval: Annotated[
        Literal["wild", "bootstrap", "bca", "profile", "sandwich", "t", "none"],
        typer.Option(help="How intervals are made; see docs/evidence/calibration.md."),
    ] = "wild"
    level: Annotated[float, typer.Option(parser=share, metavar="SHARE", help="Level of the intervals.")] = 0.95
    replicates: Annotated[int, typer.Option(help="Replicates of wild, bootstrap and bca.")] = 1000
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0
    spread: Annotated[bool, typer.Option("--spread", help="Tell what other objectives say, too.")] = False

    def estimation(self) -> Estimation:
        """What every verb that fits takes of these, for `**`."""
        from scaling_cli.numbers.parse import parse_number

        return {
            "objective": self.objective,
            "space": self.space,
            "delta": None if self.delta == "auto" else parse_number(self.delta),
            "interval": self.interval,
            "level": self.level,
            "replicates": self.replicates,
            "seed": self.seed,
        }

    def refuse(self, names: Sequence[str], command: str) -> None:
        """Refuse options that `command` would only ignore.

        Raises:
            UsageError: One of them is given.
        """
        plain = FitOptions()
        for name in names:
            if getattr(self, name) != getattr(plain, name):
                raise UsageError(
                    f"--{name.replace('_', '-')} does not go with {command}.",
                    hint="Leave it out, or use it with `scaling fit`.",
                )
