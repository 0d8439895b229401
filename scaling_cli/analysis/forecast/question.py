"""What the user wants to know, and which of it concerns a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.analysis.forecast.suite import Suite
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.record import Record


class Ask(Record):
    """What the user wants to know."""

    targets: tuple[Target, ...] = ()
    target_losses: tuple[float, ...] = ()
    backtest: bool = False
    suite: Suite = Suite()

    @property
    def has_place(self) -> bool:
        """Whether anything is asked that needs no default targets."""
        return bool(self.targets or self.target_losses or self.backtest)

    def targets_for(self, group: Mapping[str, str]) -> list[Target]:
        """The targets of one group."""
        return [each for each in self.targets if _is_for(each, group)]


def unmatched(ask: Ask, groups: Sequence[Mapping[str, str]]) -> list[Caveat]:
    """Targets that belong to none of the groups."""
    count = sum(not any(_is_for(target, group) for group in groups) for target in ask.targets)
    return [caveat("unmatched-targets", count=count)] if count else []


def _is_for(target: Target, group: Mapping[str, str]) -> bool:
    return all(group.get(key) == value for key, value in target.group.items())
