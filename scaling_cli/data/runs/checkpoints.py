"""Which rows of a training curve are points: the options, read once."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.data.names import unknown
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import count
from scaling_cli.numbers.parse import parse_number, parse_share
from scaling_cli.record import Record

CHOICES = ("final", "all", "best")
SAMPLED_ROLES = {"tokens": "tokens", "step": "steps", "compute": "FLOPs"}
WINDOW = 0.05  # full width of the window around a sampled amount, as a share of the amount


class Checkpoints(Record):
    """Which rows of a run count.

    `which` is one of `CHOICES`; `skip_tokens` drops what comes before that many tokens; `sample_at` replaces the
    choice by means around amounts of a role; `smooth` averages the loss over the rows that lie back by up to this
    share of the step.
    """

    which: str = "final"
    skip_tokens: float | None = None
    sample_at: tuple[str, tuple[float, ...]] | None = None
    smooth: float | None = None

    @property
    def needs_runs(self) -> bool:
        """Whether the choice makes no sense for rows that are runs of their own."""
        return self.which == "best" or self.sample_at is not None or self.smooth is not None

    def refuse_none(self, excluded: Mapping[str, int], total: int) -> None:
        """Raise where the choice, and not the `excluded` ones of `total` rows, is why there are no points."""
        hint = "Choose amounts that runs pass: without this option, `scaling columns` shows how far they go."
        if self.skip_tokens is not None and total == 0:
            raise DataError(f"No row has {count(self.skip_tokens)} tokens, as --skip-tokens asks.", hint=hint)
        if self.sample_at is not None and sum(excluded.values()) < total:
            role, amounts = self.sample_at
            wanted = " or ".join(map(count, amounts))
            raise DataError(f"No row lies within 2.5 % of {wanted} {SAMPLED_ROLES[role]}.", hint=hint)


def read_checkpoints(which: str, skip_tokens: str | None, sample_at: str | None, smooth: str | None) -> Checkpoints:
    """The choice as the options write it: `--skip-tokens 10B`, `--sample-at tokens=1B,2B`, `--smooth 5%`.

    Raises:
        UsageError: An option is no choice or no number, or two contradict each other.
    """
    if which not in CHOICES:
        raise unknown("choice of checkpoints", which, CHOICES)
    samples = _samples(sample_at) if sample_at is not None else None
    if samples is not None and (which != "final" or smooth is not None):
        raise UsageError(
            "--sample-at takes means around its own amounts.", hint="Leave out --checkpoints and --smooth."
        )
    skipped = parse_number(skip_tokens) if skip_tokens is not None else None
    return Checkpoints(which, skipped, samples, _share(smooth) if smooth is not None else None)


def _samples(text: str) -> tuple[str, tuple[float, ...]]:
    role, separator, amounts = text.partition("=")
    role = role.strip()
    if not separator or role not in SAMPLED_ROLES:
        raise UsageError(
            f"--sample-at is {text!r}.", hint=f"Write ROLE=AMOUNT,..., with a role of {', '.join(SAMPLED_ROLES)}."
        )
    numbers = tuple(parse_number(amount) for amount in amounts.split(","))
    if min(numbers) <= 0:
        raise UsageError(f"--sample-at is {text!r}.", hint="Give amounts above zero.")
    return role, numbers


def _share(text: str) -> float:
    share = parse_share(text)
    if not 0 < share < 1:
        raise UsageError(f"--smooth is {text!r}.", hint="Give a share of the run, such as 5% or 0.05.")
    return share
