"""The options of `scaling optimal-allocation`."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.options.command import RUNS_FIT_OR_NONE, Command
from scaling_cli.options.fit import Share
from scaling_cli.options.fitting import Held, Intervals, Law, Objective, Prior, Weights
from scaling_cli.options.hardware import BUDGETS, Hardware
from scaling_cli.options.kinds import NUMBERS, SWITCH, choice, number
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Drawn
from scaling_cli.options.ranges import HELD, SEARCHED, Range
from scaling_cli.options.reading import Reading
from scaling_cli.options.recipe import Recipe
from scaling_cli.options.work import Work

APPROACHES = ("parametric", "isoflop", "envelope")
PROFILES = ("exact", "parabola", "akima")
INTERVALS = ("wild", "bootstrap", "none")
AMOUNT = number(above=0.0)


class Question(Options):
    """What to spend, and how to split it."""

    heading = "Budget"

    budget: tuple[float | str, ...] = option(
        (),
        BUDGETS,
        "Budgets: FLOPs, money (1e6usd) or time (8gpu*30days); by default 1, 10 and 100 times the FLOPs of the "
        "largest run.",
        is_basic=True,
    )
    target_loss: tuple[float, ...] = option(
        (),
        NUMBERS,
        "Instead of a budget: find the least compute that reaches this loss.",
        metavar="L[,L]",
        is_basic=True,
    )
    approach: str = option(
        "parametric",
        choice(*APPROACHES, "all"),
        "Find the best split from a fitted law, IsoFLOP curves, the envelope of training curves, or all three.",
        choices=(*APPROACHES, "all"),
        is_basic=True,
    )
    profile: str = option(
        "exact", choice(*PROFILES), "Curve to fit to each IsoFLOP budget, for --approach isoflop.", choices=PROFILES
    )
    explain_gap: bool = option(
        False,
        SWITCH,
        "Show how the exponent changes if embeddings are not counted or models are small, as in Kaplan et al. 2020.",
    )


class Limits(Options):
    """Limits on the split."""

    heading = "Limits"

    inference_tokens: float | None = option(
        None, AMOUNT, "Tokens to process at inference; the budget then covers training and inference."
    )
    unique_tokens: float | None = option(
        None, AMOUNT, "Number of unique tokens available; training on more than this repeats data."
    )
    inference_budget: float | None = option(
        None, AMOUNT, "Most FLOPs that inference may take per token (per byte, if tokens are bytes)."
    )
    hold: dict[str, float | str] = option(
        {},
        HELD,
        "Hold other inputs at values: bits=8; or let one follow a law fitted to its column: "
        "supervised_loss=general. Repeatable.",
    )
    search: dict[str, Range] = option(
        {},
        SEARCHED,
        "Find the best value of a further input too: granularity=1..64, or mixture, for the shares named by --map "
        "mixture. Repeatable.",
    )
    min_params: float | None = option(None, AMOUNT, "Fewest params to consider.")
    max_params: float | None = option(None, AMOUNT, "Most params to consider.")
    max_tokens: float | None = option(None, AMOUNT, "Most training tokens to consider.")


class OptimalAllocation(
    Question, Limits, Recipe, Hardware, Law, Share, Held, Objective, Prior, Weights, Intervals, Reading, Work
):
    """Everything that `scaling optimal-allocation` takes."""

    law: str = changed(
        Law.law, help="Law of params and tokens for the parametric approach (auto: chinchilla), or a published fit.",
        metavar="NAME|FORMULA|NAME:FIT|auto",
    )  # fmt: skip
    interval: str = changed(
        Intervals.interval, kind=choice(*INTERVALS), choices=INTERVALS,
        help="Method for intervals; the envelope approach has its own method, unless this is none.",
    )  # fmt: skip

    @property
    def values(self) -> dict[str, float]:
        """Inputs held at a value."""
        return {name: value for name, value in self.hold.items() if isinstance(value, float)}

    @property
    def followers(self) -> dict[str, str]:
        """Inputs held at what a law gives, with its name."""
        return {name: value for name, value in self.hold.items() if isinstance(value, str)}

    def check(self) -> None:
        """Refuse an input that is held and searched, and options that the approach would not use."""
        super().check()
        both = [name for name in self.search if name in self.hold]
        if both:
            raise UsageError(
                f"{both[0]} is in --hold and in --search.", hint="Hold it at one value, or search it within a range."
            )
        self._check_approach()

    def _check_approach(self) -> None:
        """Refuse what the approach would not use, since its result would look as if it had.

        Raises:
            UsageError: There are such options.
        """
        if self.approach in ("isoflop", "envelope"):
            of_law = (*Weights.options, *Prior.options, *Held.options)
            given = [name for name in of_law if getattr(self, name) != self.options[name].default]
            is_with_law = self.hold or self.search or self.share  # which are refused by themselves
            given += ["law"] if self.law not in ("auto", "chinchilla") and not is_with_law else []
            if given:
                raise UsageError(
                    f"{self.options[given[0]].flag} applies only to --approach parametric, which fits a law.",
                    hint=f"Leave it out, or use --approach parametric instead of {self.approach}.",
                )
        if self.approach in ("parametric", "envelope") and self.profile != self.options["profile"].default:
            raise UsageError(
                "--profile applies only to --approach isoflop, which fits a curve to each budget.",
                hint=f"Leave it out, or use --approach isoflop instead of {self.approach}.",
            )


COMMAND = Command(
    about="Find the best split of a compute budget between params and tokens, with intervals, and what another split "
    "would cost.",
    argument=RUNS_FIT_OR_NONE,
    options=OptimalAllocation,
    shell=(Drawn,),
    examples=(
        ("scaling optimal-allocation runs.csv --budget 1e21,1e24", "params and tokens for two budgets"),
        ("scaling optimal-allocation runs.csv --budget 1e24 --approach all", "three approaches side by side"),
        ("scaling optimal-allocation --law chinchilla:besiroglu --budget 1e24", "without runs, by a published fit"),
        ("scaling optimal-allocation fit.json --budget 1e24 --inference-tokens 1T", "count inference too"),
        (
            "scaling optimal-allocation moe.csv --law granularity --search granularity=1..64",
            "find the best granularity too",
        ),
    ),
    progress="Replicates",
)
