"""The options of `scaling extrapolate`."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.options.command import RUNS_FIT_OR_NONE, Command
from scaling_cli.options.fitting import Along, Held, Intervals, Law, Objective, Prior, Started, Weights
from scaling_cli.options.kinds import ASSIGNED, COLUMNS, FILE, NUMBERS, SWITCH, choice, share_between
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Drawn
from scaling_cli.options.reading import Reading
from scaling_cli.options.watch import Watching
from scaling_cli.options.work import Batch, Work

ESTIMATORS = ("forecast", "describe")
THEN_LAWS = ("sigmoid", "exponential-saturation")


class Targets(Options):
    """What to forecast."""

    heading = "Forecast"

    at: tuple[str, ...] = option(
        (), ASSIGNED, "Run to forecast: params=70B,tokens=1.4T; compute=1e22,1e23; compute=1e20..1e24 (a range); "
        "optimizer=muon (a group). Repeatable.",
        metavar="ROLE=N[,ROLE=N]", is_basic=True,
    )  # fmt: skip
    targets: str | None = option(
        None,
        FILE,
        "File with one run to forecast per row; if it has the loss, forecasts are compared with it.",
        is_basic=True,
    )
    target_loss: tuple[float, ...] = option(
        (), NUMBERS,
        "Find the compute, or input of the law, that reaches this loss; with --at params=N, the tokens that do with N "
        "params.",
        metavar="L[,L]", is_basic=True,
    )  # fmt: skip
    backtest: bool = option(
        False,
        SWITCH,
        "Test the method: forecast your larger runs from the smaller ones, and compare it with simpler methods.",
        is_basic=True,
    )
    estimator: str = option(
        "forecast", choice(*ESTIMATORS),
        "forecast: average laws, with more weight on large runs; describe: the plain fit of `scaling fit`.",
        choices=ESTIMATORS,
    )  # fmt: skip


class Then(Options):
    """Several targets at once, and the second stage of a forecast, from the loss to a task metric."""

    heading = "From losses to task metrics"

    then: tuple[str, ...] = option(
        (), COLUMNS, "Column of a task metric, such as accuracy, to forecast from the forecast loss. Repeatable."
    )
    suite: str | None = option(
        None, FILE, "File (TOML) of losses, tasks and averages to forecast together.", recorded="given"
    )
    then_law: str = option("sigmoid", choice(*THEN_LAWS), "Law that gives the metric for a loss.", choices=THEN_LAWS)
    chance: float | None = option(
        None, share_between(inclusive=True, example="0.25"), "Value of each metric for random guessing, held fixed."
    )


class Recipe(Options):
    """What to minimise, if not what the estimator minimises by default."""

    heading = "Estimation"

    objective: str | None = changed(
        Objective.objective, default=None, help="Function of the residuals to minimise; by default huber."
    )
    delta: float | None = changed(Objective.delta)
    space: str = changed(
        Objective.space,
        help="Whether residuals are in the log of the loss, or (with --estimator describe) in the loss itself.",
    )
    weight: str | None = changed(Weights.weight)
    scale_weight: float | None = changed(
        Weights.scale_weight, default=None,
        help="Power of compute (or of the one input) that weights points; by default 1.5 for one input, else 0.5; 0 "
        "for describe.",
    )  # fmt: skip
    prior: str | None = changed(
        Prior.prior, default=None,
        help="weak: a wide prior on exponents and irreducible losses, from published fits; by default weak "
        "(forecast) or none (describe).",
    )  # fmt: skip


class Extrapolate(Targets, Then, Law, Along, Held, Started, Recipe, Intervals, Reading, Work):
    """Everything that `scaling extrapolate` takes."""

    takes_losses = True

    replicates: int = changed(
        Intervals.replicates,
        help="Number of bootstrap replicates; a forecast uses at most 200, and --estimator describe uses all.",
    )

    loss: tuple[str, ...] = changed(Reading.loss, help="Column of the loss; several are forecast together. Repeatable.")
    law: str = changed(
        Law.law,
        help="Use this law or formula instead of the average of several laws, or a published fit: "
        "chinchilla:besiroglu.",
        metavar="NAME|FORMULA|NAME:FIT|auto",
    )

    interval: str = changed(
        Intervals.interval,
        help="Method for intervals with --estimator describe; forecast uses its errors on held-out runs instead.",
        is_basic=False,
    )

    def check(self) -> None:
        """Refuse targets and laws for which no forecast can be made."""
        super().check()
        if self.law == "all":
            raise UsageError(
                "--law all ranks laws, but a forecast needs one law or the average of several.",
                hint="Leave --law out to average several laws, or name one law.",
            )
        if len(self.loss) > 1 and "loss" in self.by:
            raise UsageError(
                "--by loss and several columns of --loss would both name a group `loss`.",
                hint="Give one --loss, or rename the column of --by.",
            )
        if any(not loss > 0 for loss in self.target_loss):
            raise UsageError("Every loss in --target-loss must be above 0.", hint="Write it like --target-loss 2.0.")

    def check_fitted(self) -> None:
        """Refuse, where there are runs to fit, options of one law that an average of laws cannot obey.

        Raises:
            UsageError: There is one.
        """
        if self.estimator == "forecast" and self.law == "auto" and (self.fix or self.tie):
            raise UsageError(
                "--fix and --tie hold parameters of one law, but a forecast averages several laws.",
                hint="Name the law, such as --law chinchilla, or use --estimator describe.",
            )
        if self.estimator == "forecast" and self.space == "linear":
            raise UsageError(
                "--space linear works only with --estimator describe, because a forecast averages log losses.",
                hint="Add --estimator describe, or leave --space out.",
            )


COMMAND = Command(
    about="Forecast the loss of larger runs, and measure how far off such forecasts are on the runs that you have.",
    argument=RUNS_FIT_OR_NONE,
    options=Extrapolate,
    examples=(
        ("scaling extrapolate runs.csv --at params=70B,tokens=1.4T", "the loss of one larger run"),
        ("scaling extrapolate runs.csv --at compute=1e24 --backtest", "and test the forecast on the runs"),
        ("scaling extrapolate runs.csv --suite suite.toml --at compute=1e24", "several losses and tasks in one table"),
        ("scaling extrapolate fit.json --target-loss 2.0", "the compute that reaches a loss, from a saved fit"),
    ),
    shell=(Batch, Watching, Drawn),
    progress="Replicates",
)
