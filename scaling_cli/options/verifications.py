"""Whether compute goes to solutions or to verifications of each."""

from __future__ import annotations

from scaling_cli.options.kinds import COLUMN, number
from scaling_cli.options.option import Options, option


class Verifications(Options):
    """Compute that is split between solutions and verifications of each."""

    heading = "Solutions against verifications"

    solutions: str | None = option(
        None, COLUMN, "Column of the number of solutions, in a log with the accuracy of each problem at each setting."
    )
    verifications: str | None = option(
        None, COLUMN, "Column of the number of verifications of each solution, beside --solutions."
    )
    verify_cost: float | None = option(
        None, number(above=0.0, example="0.5"),
        "Cost of a verification divided by that of a solution; finds the best numbers of both. With --verified, a row "
        "is one verification.",
        metavar="RATIO",
    )  # fmt: skip
