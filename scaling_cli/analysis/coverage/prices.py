"""The cost of attempts in money and in FLOPs, from the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scaling_cli.analysis.coverage.budget import Questions, costs_of
from scaling_cli.coverage.budget import Compute, Cost, Money
from scaling_cli.data.names import listing, shortened
from scaling_cli.errors import UsageError
from scaling_cli.options.inference_coverage import PRICES
from scaling_cli.record import Record

MONEY_NEEDS = ("price_in", "price_out", "tokens_in", "tokens_out")


COMPUTE_NEEDS = ("params", "tokens_out")


class Prices(Record):
    """Each quantity on which costs depend, by name of the group; the name `""` stands for all groups."""

    quantities: dict[str, dict[str, float]] = {}

    def of(self, quantity: str, group: str) -> float | None:
        """A quantity of a group, or None if it is not given."""
        by_group = self.quantities.get(quantity, {})
        return by_group.get(group, by_group.get(""))

    def costs(self, group: str) -> dict[str, Cost]:
        """The cost of this group's attempts by unit, for the units that are priced."""
        return costs_of(self._money(group), self._compute(group))

    def _money(self, group: str) -> Money | None:
        price_in, price_out, tokens_in, tokens_out = (self.of(name, group) for name in MONEY_NEEDS)
        if price_out is None or tokens_out is None:
            return None
        optional = {"cache_read": 0.0, "cache_write": 1.0, "verdict": 0.0}
        given = {name: self.of(name, group) for name in optional}
        filled = {name: optional[name] if value is None else value for name, value in given.items()}
        return Money(price_in or 0.0, price_out, tokens_in or 0.0, tokens_out, **filled)

    def _compute(self, group: str) -> Compute | None:
        params, tokens_out = (self.of(name, group) for name in COMPUTE_NEEDS)
        if params is None or tokens_out is None:
            return None
        optional = {"kv_dim": 0.0, "intensity": 0.0, "queries": 1.0}
        given = {name: self.of(name, group) for name in optional}
        filled = {name: optional[name] if value is None else value for name, value in given.items()}
        return Compute(params, self.of("tokens_in", group) or 0.0, tokens_out, **filled)


def require_known_groups(given: Mapping[str, Mapping[str, float]], groups: Sequence[str]) -> None:
    """Refuse values of groups that do not exist; `given` are values by group of each quantity.

    Values of further groups do no harm where each group has its own, as in one of several files.

    Raises:
        UsageError: A group without its own value would get that of all groups, or none, and a name is of no group.
    """
    options = {quantity: option for option, quantity in PRICES.items()}
    for quantity, by_group in given.items():
        lacking = [group for group in groups if group not in by_group]
        others = [name for name in by_group if name and name not in groups]
        if others and (lacking or not any(groups)):
            flag = f"--{options[quantity].replace('_', '-')}"
            if not any(groups):
                raise UsageError(
                    f"{flag} is given for {shortened(others[0])!r}, but there is only one group.",
                    hint=f"Give {flag} one value, or name the column of the groups with --by.",
                )
            raise UsageError(
                f"{flag} is given for {shortened(others[0])!r}, but the groups are {listing(groups)}.",
                hint=f"Give {flag} once for each group: {flag} {lacking[0]}=VALUE, or one value for all.",
            )


def require_costs(questions: Questions, prices: Prices, groups: Sequence[str]) -> None:
    """Refuse, before long work, questions about money or compute for which a cost is missing.

    Raises:
        UsageError: A quantity on which the costs of a group depend is missing.
    """
    needs = {
        "usd": "--price-out and --tokens-out (and --price-in, --tokens-in)",
        "flops": "--model-params and --tokens-out",
    }
    for asked in (*questions.budgets, *questions.values):
        for group in groups:
            if asked.unit not in prices.costs(group):
                where = f" of {group}" if group else ""
                raise UsageError(
                    f"The cost of an attempt{where} in {asked.unit} is not known.",
                    hint=f"Give {needs[asked.unit]}, as one value for all groups or as NAME=VALUE for each.",
                )
