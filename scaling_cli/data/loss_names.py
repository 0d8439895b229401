"""Names of losses: on which data, and of which kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scaling_cli.data.names import normalise
from scaling_cli.numbers.units import metric_unit

EVALUATIONS = ("eval", "evaluation", "val", "valid", "validation", "dev", "heldout")
LOSSES = (
    "loss",
    "lm_loss",
    "nll",
    "nll_loss",
    "ce",
    "ce_loss",
    "cross_entropy",
    "cross_entropy_loss",
    "crossentropyloss",
)
AUXILIARY = {*("aux", "auxiliary", "z", "router", "balance", "balancing", "kl", "reg", "l2", "distill", "mtp"), "value"}
NOT_LOSSES = ("scale", "scaler", "scaling", "weight", "coef", "mask", "type", "fn", "std", "stderr")
# Words for other numbers of the same loss than its value at the end of a run.
EXTREMES = {"best", "lowest", "min", "max"}
KINDS_OF_LOSS = {*EXTREMES, "last", "final", "mean", "ema", "smoothed", "total", "sum"}


def losses_of(splits: Sequence[str]) -> tuple[str, ...]:
    """The names of the loss on a split: with the split first or last, as in `val_loss` and `loss_val`."""
    return tuple(name for split in splits for loss in LOSSES for name in (f"{split}_{loss}", f"{loss}_{split}"))


def is_on_one_set(column: str) -> bool:
    """Whether the name is that of a loss on one evaluation set, such as `eval/c4_loss` or `val_pile_nll`."""
    first, *rest = re.split(r"[./]", column)
    if not rest:
        first, *rest = normalise(column).split("_")
        if len(rest) < 2 or set(rest) & {*KINDS_OF_LOSS, *NOT_LOSSES}:
            return False
        rest = ["_".join(rest)]
    if not set(normalise(first).split("_")) & set(EVALUATIONS):
        return False
    last = normalise(rest[-1])
    if set(last.split("_")) & (AUXILIARY | EXTREMES) or metric_unit(last) is not None:
        return False
    return last.startswith("loss_") or any(last == loss or last.endswith(f"_{loss}") for loss in LOSSES)


def is_part_of_a_loss(column: str) -> bool:
    """Whether the name is that of a loss that training adds to the loss of the model, such as `z_loss`."""
    words = set(normalise(column).split("_"))
    return "loss" in words and bool(words & AUXILIARY) and not words & set(NOT_LOSSES)
