"""What the envelope of training curves answers."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.allocation.along_lines import line_allocation, line_curve
from scaling_cli.analysis.allocation.envelope import Frontier
from scaling_cli.analysis.allocation.plan import Answer, Plan, estimated
from scaling_cli.caveats import Caveat, caveat

NOTABLE_SHARE = 0.3  # of the hull


def envelope_answer(frontier: Frontier, plan: Plan, largest: float, group: dict[str, str] | None) -> Answer:
    """Splits of the plan's budgets along the envelope."""
    allocations = tuple(
        line_allocation(
            "envelope", plan, compute, frontier.params, frontier.tokens, frontier.loss, None, compute / largest
        )
        for compute in plan.budgets
    )
    ends = [float(np.min(frontier.hull[0])), float(np.max(frontier.hull[0]))]
    return Answer(
        allocations=allocations,
        exponents={
            "params": estimated(frontier.params.exponent, plan.level),
            "tokens": estimated(frontier.tokens.exponent, plan.level),
        },
        frontier=line_curve(frontier.params, [*plan.budgets, *ends], plan.level),
        caveats=tuple(_doubts(frontier, group)),
    )


def _doubts(frontier: Frontier, group: dict[str, str] | None) -> list[Caveat]:
    found = [caveat("no-waste-band", group)]
    if frontier.facts.at_edge > NOTABLE_SHARE:
        found.append(caveat("grid-edge", group, share=frontier.facts.at_edge))
    if frontier.facts.unfinished > NOTABLE_SHARE:
        found.append(caveat("unfinished-schedules", group, share=frontier.facts.unfinished))
    return found
