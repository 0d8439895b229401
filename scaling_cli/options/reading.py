"""Which rows and columns of training logs to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from scaling_cli.errors import UsageError
from scaling_cli.input_formats import NAMES
from scaling_cli.options.kinds import BYTES, COLUMN, COLUMNS, LISTED, MAPPING, SWITCH, TEXT, choice
from scaling_cli.options.option import Options, option

CHECKPOINTS = ("final", "all", "best")
LOSS_UNITS = ("nats", "bits", "bits-per-byte", "perplexity", "accuracy", "other")
SIX_ND = "6ND"
OF_TARGETS = (  # options by which --targets FILE is read, also beside a saved fit
    "loss", "params", "tokens", "compute", "run", "step", "map", "by", "loss_unit", "max_expand",
)  # fmt: skip
SHORTHANDS = {
    "params": "params", "tokens": "tokens", "compute": "compute", "run": "run_id", "step": "step",
}  # fmt: skip


class Unpacking(Options):
    """How large the input may be."""

    heading = "Input"

    max_expand: float | None = option(
        None, BYTES, "Refuse a compressed file that is larger than this when it is unpacked; by default 1,000 times "
        "its size, within 67 MB to 4 GB.",
        recorded="never",
    )  # fmt: skip


class Reading(Unpacking):
    """Which rows and columns to read."""

    heading = "Input"

    takes_losses: ClassVar[bool] = False  # whether the command takes several columns of --loss

    loss: tuple[str, ...] = option((), COLUMNS, "Column of the loss.", is_basic=True, recorded="given")
    params: str | None = option(
        None, COLUMN, "Column of the number of params, or a formula such as '12 * layers * width^2'.", recorded="given"
    )
    tokens: str | None = option(
        None,
        COLUMN,
        "Column of the training tokens, or a formula such as 'step * batch_size * 2048'.",
        recorded="given",
    )
    compute: str | None = option(
        None, COLUMN, "Column of the training compute; none: 6 * params * tokens.", recorded="given"
    )
    run: str | None = option(None, COLUMN, "Column that names the run; none: each row is one run.", recorded="given")
    step: str | None = option(None, COLUMN, "Column of the training step.", recorded="given")
    map: Mapping[str, str] = option(
        {},
        MAPPING,
        "Column or formula of any quantity, also of lr, unique_tokens or gpu_hours: lr=learning_rate. Repeatable.",
        recorded="given",
    )
    by: tuple[str, ...] = option(
        (),
        LISTED,
        "Group the runs by these columns, and treat each group separately; file: each file is a group.",
        is_basic=True,
    )
    best_over: tuple[str, ...] = option(
        (), LISTED, "Of runs that differ only in these columns, keep the one with the lowest loss: lr,batch_size.",
        recorded="given",
    )  # fmt: skip
    evaluation: str | None = option(
        None, COLUMN, "Column that differs between evaluations of one run, whose losses are averaged: eval_seed.",
        recorded="given",
    )  # fmt: skip
    where: str | None = option(
        None, TEXT, "Keep only the rows where this holds: 'params > 1e8'.", metavar="SQL", is_basic=True
    )
    checkpoints: str = option(
        "final", choice(*CHECKPOINTS), "Which rows of each run to use: the last step, all rows, or the row with the "
        "lowest loss.",
        choices=CHECKPOINTS,
    )  # fmt: skip
    skip_tokens: str | None = option(
        None, TEXT, "Ignore rows with fewer tokens than this: 10B.", metavar="N", recorded="given"
    )
    sample_at: str | None = option(
        None, TEXT, "Use the loss of each run at these amounts, averaged over a 5 % window: tokens=1B,2B.",
        metavar="ROLE=N[,N]",
        recorded="given",
    )  # fmt: skip
    smooth: str | None = option(
        None, TEXT, "Average the loss over the end of each run: 5% for the last 5 %.", metavar="SHARE", recorded="given"
    )
    keep_diverged: bool = option(
        False, SWITCH, "Keep runs whose loss ends as NaN or infinity, and use their last finite loss.",
        recorded="given",
    )  # fmt: skip
    params_from_name: str | None = option(
        None, TEXT, "Read params from the run's name: 'n([0-9.]+[MB])'.", metavar="REGEX", recorded="given"
    )
    flops_rule: str = option(
        SIX_ND, TEXT, "How to count the training FLOPs of a run; 6ND: 6 * params * tokens.",
        metavar="6ND|non-embedding|attention|FORMULA",
        recorded="given",
    )  # fmt: skip
    loss_unit: str = option(
        "nats", choice(*LOSS_UNITS), "Unit of the loss column; for perplexity, its logarithm is fitted.",
        choices=LOSS_UNITS, recorded="given",
    )  # fmt: skip
    input_format: str | None = option(
        None, choice(*NAMES), "Format of all inputs; by default it is recognised from their content.",
        choices=NAMES, recorded="given",
    )  # fmt: skip

    @property
    def mapping(self) -> dict[str, str]:
        """Role to column, from `map` and its shorthands; of several columns of the loss, the first.

        Raises:
            UsageError: A role is given two columns.
        """
        found = {role: column for name, role in SHORTHANDS.items() if (column := getattr(self, name)) is not None}
        found |= {"loss": self.loss[0]} if self.loss else {}
        for role, column in self.map.items():
            if found.setdefault(role, column) != column:
                raise UsageError(
                    f"{role} is given two columns, {found[role]!r} and {column!r}.",
                    hint="Name one column for each role.",
                )
        return found

    def check(self) -> None:
        """Refuse a role with two columns."""
        super().check()
        if len(self.loss) > 1 and not self.takes_losses:
            raise UsageError(
                f"--loss names {len(self.loss)} columns, but this command reads only one.",
                hint="Name one column of the loss.",
            )
        _ = self.mapping
