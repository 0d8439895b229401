"""The options of `scaling fit`."""

from __future__ import annotations

from scaling_cli.options.command import RUNS, Command
from scaling_cli.options.fitting import Along, Held, Intervals, Law, Objective, Prior, Spread, Started, Weights
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
        "With --by: parameters that are equal in all groups, E,alpha,beta; all groups are then fitted together.",
        metavar="NAME[,NAME]",
    )  # fmt: skip


class Fit(Law, Share, Along, Held, Started, Objective, Weights, Prior, Spread, Intervals, Reading, Work):
    """Everything that `scaling fit` takes."""

    law: str = changed(
        Law.law,
        help="Law to fit: a name from `scaling laws`, a formula such as 'E + A*params^-alpha', auto (chosen by the "
        "columns) or all (ranked).",
        metavar="NAME|FORMULA|auto|all",
    )  # fmt: skip


COMMAND = Command(
    about="Fit a loss law to training runs: find the global optimum, compute intervals, and check whether the data "
    "determine the parameters.",
    argument=RUNS,
    options=Fit,
    examples=(
        ("scaling fit runs.csv", "the law is chosen by the columns"),
        ("scaling fit runs.csv --law chinchilla --by optimizer", "one fit per optimizer"),
        ("scaling fit logs/ --per-file --format jsonl -o fits.jsonl", "one fit per file"),
    ),
    shell=(Batch, Saved),
    progress="Replicates",
)
