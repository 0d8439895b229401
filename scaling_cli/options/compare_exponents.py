"""The options of `scaling compare-exponents`."""

from __future__ import annotations

from scaling_cli.options.command import RUNS, Command
from scaling_cli.options.fit import Share
from scaling_cli.options.fitting import Along, Held, Intervals, Law, Objective, Started, Weights
from scaling_cli.options.kinds import COLUMN, LISTED, MARGIN, SWITCH, TEXT, amounts
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.output import Drawn
from scaling_cli.options.reading import Reading
from scaling_cli.options.work import Work


class Comparing(Options):
    """What to ask of the groups."""

    heading = "Comparison"

    factors: tuple[str, ...] = option(
        (), LISTED,
        "Instead of --by: test whether these columns, and pairs of them, change the exponent, the constant or the "
        "floor.",
        is_basic=True,
    )  # fmt: skip
    covariate: tuple[str, ...] = option(
        (), LISTED,
        "Columns of numbers, or log(COL): estimate how the exponent changes with each; also works with --factors.",
    )  # fmt: skip
    reference: str | None = option(
        None,
        TEXT,
        "Compare every other group with this one; by default, compare all pairs.",
        metavar="NAME",
        is_basic=True,
    )
    share: tuple[str, ...] = changed(
        Share.share,
        help="Parameters that are equal in all groups, unless the data reject it: E,beta. The other exponents then "
        "get narrower intervals.",
    )
    shared_floor: bool = option(
        False, SWITCH, "Use one irreducible loss for all groups, unless data clearly reject it."
    )
    margin: float = option(
        1.25, MARGIN,
        "Largest change that counts as equivalent: from 1 up, a factor of the compute multiplier; below 1, a "
        "difference of exponents.",
        is_basic=True,
    )  # fmt: skip
    to: dict[str, float] = option(
        {}, amounts("compute=1e25", "ROLE=N"),
        "Scale up to which --margin applies: compute=1e25; by default, as many decades beyond the data as the data "
        "span.",
        is_basic=True,
    )  # fmt: skip
    exponent: str | None = option(
        None, TEXT, "Parameter of the law to compare; by default, all of its exponents.", metavar="NAME",
    )  # fmt: skip
    same_metric: bool = option(
        False, SWITCH,
        "State that all losses are on the same evaluation data, although the names of columns suggest otherwise.",
    )  # fmt: skip
    pair: str | None = option(
        None, COLUMN, "Column by which runs of different groups are matched; by default seed, if all runs match. "
        "none: do not match.",
        metavar="COL|none",
    )  # fmt: skip


class CompareExponents(Comparing, Law, Along, Held, Started, Objective, Weights, Intervals, Reading, Work):
    """Everything that `scaling compare-exponents` takes."""

    by: tuple[str, ...] = changed(Reading.by, help="Columns whose values define the groups to compare.")


COMMAND = Command(
    about="Compare the exponents of groups of runs: does a change of recipe change the exponent, or only the "
    "constants?",
    argument=RUNS,
    options=CompareExponents,
    shell=(Drawn,),
    examples=(
        ("scaling compare-exponents runs.csv --by optimizer", "every pair of optimizers"),
        ("scaling compare-exponents runs.csv --by optimizer --to compute=1e25", "does the difference matter at 1e25?"),
    ),
    progress="Tests",
)
