"""The options of `load_runs`, parsed, and what they mean for a plan of columns."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.data.runs.checkpoints import Checkpoints
from scaling_cli.data.runs.plan import Plan
from scaling_cli.flops import FlopsRule
from scaling_cli.record import Record


class LoadOptions(Record):
    """The options of `load_runs`, parsed."""

    mapping: Mapping[str, str]
    where: str | None
    by: tuple[str, ...]
    best_over: tuple[str, ...]
    keep: tuple[str, ...]
    maybe: tuple[str, ...]
    checkpoints: Checkpoints
    params_pattern: str | None
    loss_unit: str
    positive_loss: bool
    rule: FlopsRule
    keep_diverged: bool = False
    evaluation: str | None = None

    @property
    def takes_ends(self) -> bool:
        """Whether the points are to be the last rows of runs."""
        return self.checkpoints.which == "final" and self.checkpoints.sample_at is None


def skips_other_losses(plan: Plan) -> bool:
    """Whether to pass over rows that have only another loss: a log of curves has evaluations at few of its steps."""
    return bool(plan.other_losses) and "step" in plan.chosen


def takes_ends(plan: Plan, checkpoints: Checkpoints) -> bool:
    """Whether the points are the last rows of runs."""
    is_final = checkpoints.which == "final" and checkpoints.sample_at is None
    return is_final and plan.has_curves
