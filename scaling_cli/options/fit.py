"""The options of `scaling fit`."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.errors import UsageError
from scaling_cli.options.command import RUNS, Command
from scaling_cli.options.fitting import (
    OBJECTIVES,
    Along,
    Held,
    Intervals,
    Law,
    Objective,
    Prior,
    Spread,
    Started,
    Weights,
)
from scaling_cli.options.kinds import COLUMN, FORMULAS, NUMBERS, amounts, choice, whole
from scaling_cli.options.kinds import LISTED as NAMED
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Saved
from scaling_cli.options.reading import Reading
from scaling_cli.options.work import Batch, Work


class Share(Options):
    """What groups have in common."""

    heading = "Law"

    share: tuple[str, ...] = option(
        (), NAMED,
        "With --by: parameters that are equal in all groups, such as E,alpha,beta; all groups are fitted together.",
        metavar="NAME[,NAME]",
    )  # fmt: skip


class Asked(Options):
    """What else to say of the parameters."""

    heading = "Law"

    derive: Mapping[str, str] = option(
        {}, FORMULAS, "Also report a quantity with its interval: 'ratio = B/A'. Repeatable.",
    )  # fmt: skip
    components: int | None = option(
        None, whole(1, "1"),
        "With --law observational: use this many principal components of the columns of --x in place of the columns.",
    )  # fmt: skip
    leave_out: str | None = option(
        None, COLUMN, "Also fit without each group of this column, and report how well the other runs predict it."
    )
    steps_to: tuple[float, ...] = option(
        (), NUMBERS,
        "Fit the steps at which the curve of each run first reaches these losses, with one fit per loss.",
        metavar="L[,L]",
    )  # fmt: skip
    expect: dict[str, float] = option(
        {}, amounts("b=-1"), "Test whether a parameter or derived quantity has this value: b=-1. Repeatable."
    )


class Outcomes(Options):
    """Outcomes instead of losses."""

    heading = "Estimation"

    trials: str | None = option(
        None, COLUMN,
        "Column with the number of attempts behind each share; the fit is then the binomial maximum likelihood.",
    )  # fmt: skip


class Fit(
    Law, Share, Asked, Along, Held, Started, Objective, Outcomes, Weights, Prior, Spread, Intervals, Reading, Work
):
    """Everything that `scaling fit` takes."""

    takes_losses = True

    law: str = changed(
        Law.law,
        help="Law to fit: a name from `scaling laws`, a formula such as 'E + A*params^-alpha', auto (chosen by the "
        "columns) or all (ranked).",
        metavar="NAME|FORMULA|auto|all",
    )  # fmt: skip
    loss: tuple[str, ...] = changed(
        Reading.loss, help="Column of the loss; several are fitted one by one, and compared. Repeatable."
    )
    objective: str = changed(
        Objective.objective,
        kind=choice(*OBJECTIVES, "binomial"),
        help="Function of the residuals to minimise; lad: least absolute deviations; binomial: the likelihood of "
        "outcomes that are 0 or 1.",
        choices=(*OBJECTIVES, "binomial"),
    )

    @property
    def is_binomial(self) -> bool:
        """Whether outcomes are fitted by maximum likelihood."""
        return self.objective == "binomial" or self.trials is not None or self.law == "bernoulli"

    def check(self) -> None:
        """Refuse attempts that would also be weights, and losses that cannot be fitted side by side."""
        super().check()
        if self.components is not None and (self.law != "observational" or self.x is None):
            raise UsageError(
                "--components is for --law observational, whose columns --x names.",
                hint="Write it like --law observational --x mmlu,arc,hellaswag --components 1.",
            )
        if self.steps_to:
            self._check_steps()
        if len(self.loss) > 1 and self.share:
            raise UsageError(
                "--share fits groups of one loss together, and --loss names several.", hint="Fit one loss at a time."
            )
        if self.trials is not None and self.weight is not None:
            raise UsageError(
                "--trials and --weight both set the weight of each point, so they cannot be combined.",
                hint="Give one of them.",
            )

    def _check_steps(self) -> None:
        """Refuse what cannot be combined with `steps_to`."""
        if any(not loss > 0 for loss in self.steps_to):
            raise UsageError("--steps-to has a loss that is not above zero.", hint="Write it like --steps-to 3.2,2.8.")
        if len(self.loss) > 1 or self.share or self.is_binomial or self.best_over:
            raise UsageError(
                "--steps-to fits steps to one loss, without --share, --best-over or outcomes.",
                hint="Leave these options out.",
            )


COMMAND = Command(
    about="Fit a loss law to training runs: find the global optimum, compute intervals, and check whether the data "
    "determine the parameters.",
    argument=RUNS,
    options=Fit,
    examples=(
        ("scaling fit runs.csv", "the law is chosen by the columns"),
        ("scaling fit runs.csv --law chinchilla --by optimizer", "one fit per optimizer"),
        ("scaling fit runs.csv --loss web_loss --loss code_loss", "two losses of the same runs, and how they differ"),
        ("scaling fit logs/ --per-file --format jsonl -o fits.jsonl", "one fit per file"),
    ),
    shell=(Batch, Saved),
    progress="Replicates",
)
