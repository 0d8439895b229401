"""What the user wants to know, and which of it concerns a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.analysis.forecast.suite import Suite
from scaling_cli.analysis.forecast.targets import Target
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.record import Record, replace


class ForecastQuestion(Record):
    """What the user wants to know; `names_groups` says that targets name the groups that they are for."""

    targets: tuple[Target, ...] = ()
    target_losses: tuple[float, ...] = ()
    backtest: bool = False
    suite: Suite = Suite()
    names_groups: bool = False

    @property
    def has_place(self) -> bool:
        """Whether anything is asked that needs no default targets."""
        return bool(self.targets or self.target_losses or self.backtest)

    def of_groups(self, groups: Sequence[Mapping[str, str]]) -> ForecastQuestion:
        """The question with levels of the groups' columns as the groups of targets.

        Raises:
            UsageError: A target has a word that is the level of no column, or of none of the groups.
        """
        columns = dict.fromkeys(name for group in groups for name in group)
        targets = tuple(target.of_groups(columns) for target in self.targets)
        known = {name: dict.fromkeys(group[name] for group in groups if name in group) for name in columns}
        has_levels = any(target.labels for target in self.targets)
        for target in targets if has_levels else ():
            for name, level in target.group.items():
                if level not in known.get(name, ()):
                    raise UsageError(
                        f"--at asks for {name} {level!r}, which no runs have.",
                        hint=f"Use {' or '.join(known.get(name, ()))}.",
                    )
        return replace(self, targets=targets, names_groups=any(target.group for target in targets))

    def concerns(self, group: Mapping[str, str]) -> bool:
        """Whether anything is asked of a group: not if all targets are for others."""
        return not self.names_groups or self.target_losses != () or bool(self.targets_for(group))

    def targets_for(self, group: Mapping[str, str]) -> list[Target]:
        """The targets of one group."""
        return [each for each in self.targets if _is_for(each, group)]


def unmatched(ask: ForecastQuestion, groups: Sequence[Mapping[str, str]]) -> list[Caveat]:
    """Targets that belong to none of the groups."""
    count = sum(not any(_is_for(target, group) for group in groups) for target in ask.targets)
    return [caveat("unmatched-targets", count=count)] if count else []


def _is_for(target: Target, group: Mapping[str, str]) -> bool:
    return all(group.get(key) == value for key, value in target.group.items())
