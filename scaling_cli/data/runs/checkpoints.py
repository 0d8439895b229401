"""The options that choose points on training curves: `--checkpoints`, `--skip-tokens`, `--sample-at`, `--smooth`."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.format import count
from scaling_cli.numbers.parse import parse_number, parse_share
from scaling_cli.record import Record

SAMPLED_ROLES = {"tokens": "tokens", "step": "steps", "compute": "FLOPs"}
WINDOW = 0.05  # full width of the window around a sampled amount, as a share of the amount


class Checkpoints(Record):
    """Which rows of a run become points.

    `which` is `final`, `all` or `best`. `skip_tokens` drops the rows before that many tokens. `sample_at` replaces the
    choice by means around amounts of a role. `smooth` averages the loss of a row with those of earlier rows, back to a
    step that is lower by this share.
    """

    which: str = "final"
    skip_tokens: float | None = None
    sample_at: tuple[str, tuple[float, ...]] | None = None
    smooth: float | None = None

    @property
    def needs_runs(self) -> bool:
        """Whether the choice needs to know which rows form a run."""
        return self.which == "best" or self.sample_at is not None or self.smooth is not None

    @property
    def option(self) -> str:
        """The option that needs runs, as it is written."""
        if self.sample_at is not None:
            return "--sample-at"
        return "--smooth" if self.smooth is not None else f"--checkpoints {self.which}"

    def refuse_none(self, excluded: Mapping[str, int], total: int) -> None:
        """Raise if there are no points because of the choice, and not because all of `total` rows are `excluded`.

        Raises:
            DataError: No row is at the amounts asked for.
        """
        hint = "Choose amounts that the runs reach; `scaling columns` without this option shows their range."
        if self.skip_tokens is not None and total == 0:
            raise DataError(
                f"No row reaches {count(self.skip_tokens)} tokens, so --skip-tokens leaves none.", hint=hint
            )
        if self.sample_at is not None and sum(excluded.values()) < total:
            role, amounts = self.sample_at
            wanted = " or ".join(map(count, amounts))
            raise DataError(
                f"No row is within 2.5 % of {wanted} {SAMPLED_ROLES[role]}, as --sample-at requires.", hint=hint
            )


def read_checkpoints(which: str, skip_tokens: str | None, sample_at: str | None, smooth: str | None) -> Checkpoints:
    """The choice that the options write as `--skip-tokens 10B`, `--sample-at tokens=1B,2B` or `--smooth 5%`.

    Raises:
        UsageError: A value is not valid, or two options cannot be combined.
    """
    samples = _samples(sample_at) if sample_at is not None else None
    if samples is not None and (which != "final" or smooth is not None):
        raise UsageError(
            "--sample-at cannot be combined with --checkpoints or --smooth.",
            hint="Leave out --checkpoints and --smooth; --sample-at averages around its own amounts.",
        )
    skipped = parse_number(skip_tokens) if skip_tokens is not None else None
    return Checkpoints(which, skipped, samples, _share(smooth) if smooth is not None else None)


def _samples(text: str) -> tuple[str, tuple[float, ...]]:
    role, separator, amounts = text.partition("=")
    role = role.strip()
    if not separator or role not in SAMPLED_ROLES:
        raise UsageError(
            f"--sample-at {text!r} is not of the form ROLE=AMOUNT,AMOUNT,...",
            hint=f"Write it like tokens=1B,2B; the role is one of {', '.join(SAMPLED_ROLES)}.",
        )
    numbers = tuple(parse_number(amount) for amount in amounts.split(","))
    if min(numbers) <= 0:
        raise UsageError(f"--sample-at {text!r} has an amount that is not above zero.", hint="Give amounts above zero.")
    return role, numbers


def _share(text: str) -> float:
    share = parse_share(text)
    if not 0 < share < 1:
        raise UsageError(
            f"--smooth {text!r} is not a share between 0 and 1.", hint="Give a share of the run, such as 5% or 0.05."
        )
    return share
