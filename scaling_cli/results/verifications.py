"""Results of a split of compute between solutions and verifications of each."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.values import words


class BestSplit(Record):
    """The best split of one budget for a problem between solutions and verifications of each.

    Attributes:
        budget: In units of the compute of one solution.
        amount: The budget as it was asked for, in `unit`; null where none was.
        solutions: Best number of solutions; null where the log has no choice of splits at this budget.
        verifications: Best number of verifications of each solution.
        accuracy: Share of problems for which the chosen solution is correct.
        end: Whether these are the fewest or the most solutions that the log allows at this budget.
    """

    budget: float
    amount: float | None
    unit: Annotated[str, words("", "usd", "flops")]
    solutions: Estimate
    verifications: Estimate
    accuracy: Estimate
    end: Annotated[str, words("fewest", "most")] | None = None


class VerificationSplit(Record):
    """How to split compute between solutions and verifications, and how the best split changes with the budget.

    Attributes:
        verify_cost: Compute of one verification as a multiple of that of one solution.
        solutions_exponent: The best number of solutions grows as the budget to this power.
        verifications_exponent: The best number of verifications of each grows as the budget to this power.
        misfit: Root mean square by which the smooth accuracies miss those of the log.
    """

    verify_cost: float
    solutions_exponent: Estimate
    verifications_exponent: Estimate
    budgets: tuple[BestSplit, ...]
    misfit: float
