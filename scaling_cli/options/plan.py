"""The options of `scaling plan`."""

from __future__ import annotations

from numbers import Real
from typing import Any

from scaling_cli.errors import UsageError
from scaling_cli.options.command import RUNS_FIT_OR_NONE, Command
from scaling_cli.options.fitting import Along, Intervals, Law
from scaling_cli.options.hardware import BUDGET, Hardware
from scaling_cli.options.kinds import FILE, SWITCH, TEXT, TEXTS, choice, number, share_between, whole
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Launched
from scaling_cli.options.read import finite, several, texts
from scaling_cli.options.reading import Reading
from scaling_cli.options.recipe import Recipe
from scaling_cli.options.work import Work

AMOUNT = number(above=0.0)
INTERVALS = ("wild", "bootstrap")


def _sizes(given: Any, flag: str) -> tuple[str, ...]:
    parts = several(given, flag)
    return texts([f"{finite(part, flag):.17g}" if isinstance(part, Real) else part for part in parts], flag)


SIZES = changed(TEXTS, read=_sizes, python="Number | Iterable[Number]")

LEAST_NOISE = 1e-6  # of log loss: no runs differ by less, and far smaller values overflow


class Wanted(Options):
    """What to find out, and what it may cost."""

    heading = "Plan"

    goal: tuple[str, ...] = option(
        (), TEXTS, "What to find out: params@1e24, loss@1e24, alpha, difference(alpha) between two groups, "
        "coverage@10000. Repeatable.",
        metavar="[WEIGHT*]GOAL", is_basic=True,
    )  # fmt: skip
    budget: float | str | None = option(
        None,
        BUDGET,
        "Budget of all runs together: FLOPs, money (1e6usd) or time (8gpu*30days); for coverage, a number of attempts.",
        is_basic=True,
    )
    until: str | None = option(
        None, TEXT, "Find the least budget, up to --budget, for an interval this narrow: 'width(params@1e24) < 0.2' "
        "(in decades).",
        metavar="CONDITION", is_basic=True,
    )  # fmt: skip
    judge: str | None = option(
        None, FILE, "Rate a design of your own: a file with the params and tokens of one run per row.", is_basic=True
    )
    rounds: int = option(
        1, whole(1, "3"), "Split the runs into this many rounds, so that each round can be planned with the results "
        "of the one before.",
        is_basic=True,
    )  # fmt: skip
    check_: bool = option(False, SWITCH, "Simulate the plan 200 times, and compare the intervals with those expected.")


class Allowed(Options):
    """What runs may be trained."""

    heading = "Limits"

    max_runs: int = option(20, whole(1, "20"), "Largest number of runs of one plan.", is_basic=True)
    min_compute: float | None = option(
        None,
        AMOUNT,
        "Fewest FLOPs of a run; by default those of your smallest run, or without runs 0.1 % of the budget.",
    )
    max_compute: float | None = option(
        None, AMOUNT, "Most FLOPs of a run; by default half of the budget.", is_basic=True
    )
    sizes: tuple[str, ...] = option(
        (), SIZES, "Sizes that can be trained: 60M,150M,400M, or a file with one per line.", metavar="N,N|FILE"
    )
    min_tokens_per_param: float = option(0.08, AMOUNT, "Fewest tokens per param of a run.")
    max_tokens_per_param: float = option(5000.0, AMOUNT, "Most tokens per param of a run.")
    unique_tokens: float | None = option(None, AMOUNT, "Unique tokens available; no run trains on more.")
    seeds: int = option(1, whole(1, "3"), "Number of seeds with which to train each run.")
    test_share: float = option(
        0.15,
        share_between(0.0, 0.5, inclusive=True, example="15%"),
        "Share of runs and budget reserved for testing the law.",
    )
    underway: str | None = option(
        None, FILE, "File with the params and tokens of runs that are being trained; the plan takes them into account."
    )
    noise: float | None = option(
        None, share_between(LEAST_NOISE, 0.5, example="0.5%"), "Standard deviation of the loss between equal runs; by "
        "default that of your runs, or without runs 0.5 %.",
    )  # fmt: skip


class Plan(Wanted, Allowed, Recipe, Hardware, Law, Along, Intervals, Reading, Work):
    """Everything that `scaling plan` takes."""

    law: str = changed(
        Law.law, help="Law to fit, or a published fit in place of runs, such as chinchilla:besiroglu.",
        metavar="NAME|FORMULA|NAME:FIT|auto",
    )  # fmt: skip
    interval: str = changed(Intervals.interval, kind=choice(*INTERVALS), choices=INTERVALS, is_basic=False)
    level: float = changed(Intervals.level, is_basic=False)
    by: tuple[str, ...] = changed(
        Reading.by,
        help="Group the runs by these columns: each group has its own plan, and a goal that compares two groups "
        "one plan for both.",
    )
    flops_rule: str = changed(
        Reading.flops_rule, help="How compute is counted, which for plans is always 6 * params * tokens.", metavar="6ND"
    )

    def check_asked(self) -> None:
        """Refuse a question that names no goal or no budget.

        Raises:
            UsageError: It does not.
        """
        if not self.goal and self.until is None:
            raise UsageError(
                "The plan has no goal.",
                hint="Say what you want to know, such as --goal params@1e24 or --goal alpha.",
            )
        if self.budget is None and self.judge is None:
            raise UsageError(
                "The plan has no budget.",
                hint="Give --budget, such as 1e21, 1e6usd or 8gpu*30days; with --until it is the upper limit.",
            )

    def check(self) -> None:
        """Refuse limits that contradict each other."""
        super().check()
        if self.min_tokens_per_param > self.max_tokens_per_param:
            raise UsageError("--min-tokens-per-param is above --max-tokens-per-param.", hint="Swap them.")
        if self.min_compute and self.max_compute and self.min_compute > self.max_compute:
            raise UsageError("--min-compute is above --max-compute.", hint="Swap them.")
        if self.rounds > self.max_runs:
            raise UsageError(
                f"{self.rounds} rounds need at least as many runs, but --max-runs is {self.max_runs}.",
                hint="Give fewer --rounds or more --max-runs.",
            )


COMMAND = Command(
    about="Choose the runs to train next: those that narrow the intervals of your goals most for a budget. The result "
    "has the intervals to expect. Without runs, plan from a published fit: --law chinchilla:besiroglu.",
    argument=RUNS_FIT_OR_NONE,
    options=Plan,
    shell=(Launched,),
    examples=(
        ("scaling plan --law chinchilla:besiroglu --budget 1e21 --goal params@1e24", "without any runs"),
        ("scaling plan runs.csv --budget 1e6usd --peak-flops h100 --mfu 0.4 --price-per-gpu-hour 2 --goal loss@1e24",
         "what to train next for a million dollars"),
        ("scaling plan runs.csv --budget 1e21 --goal alpha --launch runs_to_train.jsonl", "one line per run to train"),
        ("scaling plan runs.csv --budget 1e22 --until 'width(params@1e24) < 0.2'", "the least budget that is enough"),
        ("scaling plan runs.csv --goal alpha --judge mine.csv", "rate your own design"),
    ),
    progress="Replicates",
)  # fmt: skip
