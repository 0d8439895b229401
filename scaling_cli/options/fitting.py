"""How to fit a law: which one, what is held fixed, what is minimised, and how intervals are made."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.options.kinds import (
    BOUNDS,
    COLUMN,
    DELTA,
    PAIRS,
    SWITCH,
    TEXT,
    amounts,
    choice,
    number,
    share_between,
    whole,
)
from scaling_cli.options.option import Options, option

OBJECTIVES = ("huber", "lad", "least-squares")
SPACES = ("log", "linear")
PRIORS = ("none", "weak")
INTERVALS = ("wild", "bootstrap", "bca", "profile", "sandwich", "t", "none")
REPLICATED = ("wild", "bootstrap", "bca")
FEWEST_REPLICATES = 20
HIGHEST_POWER = 4.0  # of --scale-weight: beyond it, one point decides


class Law(Options):
    """Which law to fit."""

    heading = "Law"

    law: str = option(
        "auto", TEXT,
        "Law to fit: a name from `scaling laws`, a formula such as 'E + A*params^-alpha', or auto (chosen by the "
        "columns).",
        metavar="NAME|FORMULA|auto", is_basic=True,
    )  # fmt: skip


class Along(Options):
    """Which inputs a law runs along."""

    heading = "Law"

    x: str | None = option(
        None,
        COLUMN,
        "Column(s) that the law takes as input, for laws whose inputs `scaling laws` lists as x.",
        metavar="COL[,COL]",
    )


class Held(Options):
    """Parameters that are not free."""

    heading = "Law"

    fix: dict[str, float] = option({}, amounts("alpha=0.34"), "Hold a parameter at a value. Repeatable.")
    tie: tuple[tuple[str, str], ...] = option((), PAIRS, "Hold two parameters equal: alpha=beta. Repeatable.")


class Started(Options):
    """Where to look for the parameters of a formula."""

    heading = "Law"

    start: dict[str, float] = option(
        {}, amounts("alpha=0.3"), "Only with a formula: value of a parameter at which the search starts. Repeatable."
    )
    bound: dict[str, tuple[float, float]] = option(
        {}, BOUNDS, "Only with a formula: bounds of a parameter; leave one empty for no bound on that side. Repeatable."
    )


class Objective(Options):
    """What is minimised."""

    heading = "Estimation"

    objective: str = option(
        "huber",
        choice(*OBJECTIVES),
        "Function of the residuals to minimise; lad: least absolute deviations.",
        choices=OBJECTIVES,
    )
    delta: float | None = option(
        None,
        DELTA,
        "Residual size above which the Huber loss is linear; auto: 1.345 times the robust scale of the residuals.",
    )
    space: str = option(
        "log", choice(*SPACES), "Whether residuals are in the log of the loss, or in the loss itself.", choices=SPACES
    )


class Weights(Options):
    """How much each point counts."""

    heading = "Estimation"

    weight: str | None = option(None, COLUMN, "Column with the weight of each point.")
    scale_weight: float = option(
        0.0, number(least=0.0, most=HIGHEST_POWER, example="1"),
        "Weight each point by this power of compute (or of the input, if the law has only one).", metavar="POWER",
    )  # fmt: skip


class Prior(Options):
    """What is assumed of the parameters."""

    heading = "Estimation"

    prior: str = option(
        "none",
        choice(*PRIORS),
        "weak: a wide prior on exponents and irreducible losses, from published fits.",
        choices=PRIORS,
    )


class Spread(Options):
    """Other objectives."""

    heading = "Estimation"

    spread: bool = option(False, SWITCH, "Also report the estimates under other objectives.")


class Intervals(Options):
    """How intervals are made."""

    heading = "Intervals"

    interval: str = option(
        "wild",
        choice(*INTERVALS),
        "Method for intervals; wild: a wild bootstrap over runs. docs/evidence/calibration.md compares them.",
        choices=INTERVALS,
        is_basic=True,
    )
    level: float = option(0.95, share_between(), "Confidence level of the intervals.", is_basic=True)
    replicates: int = option(1000, whole(1), "Number of bootstrap replicates.")
    seed: int = option(0, whole(0, "0"), "Seed of the random numbers.")

    def check(self) -> None:
        """Refuse replicates that are too few for an interval."""
        super().check()
        if self.replicates < FEWEST_REPLICATES and self.interval in REPLICATED:
            raise UsageError(
                f"--replicates is {self.replicates}, which is too few for an interval.",
                hint="Use --replicates 1000"
                + (", or --interval none." if "none" in self.options["interval"].choices else "."),
            )


INTERVAL = (Intervals.options["interval"],)  # which a fit in place of runs has already
