"""The allocations of each budget and of each target loss, and the caveats on them."""

from __future__ import annotations

from collections.abc import Callable

from scaling_cli.analysis.allocation.plan import FAR, AllocationPlan
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import FitError
from scaling_cli.numbers.format import count, flops
from scaling_cli.results.allocation import Allocation
from scaling_cli.results.fit import Estimate

# Muennighoff et al. 2023: up to 4 epochs repeated tokens are worth nearly as much as new ones, at 16 about 1/e of that.
WORTHLESS_EPOCHS, TIRED_EPOCHS = 16.0, 4.0

Valley = tuple[float, float] | None
Answer = Callable[[float | None, float | None], tuple[Allocation, Valley]]


def answer_each(
    plan: AllocationPlan, group: dict[str, str] | None, answer: Answer
) -> tuple[list[Allocation], list[Caveat]]:
    """What `answer` says of each budget, and of each target loss.

    It also gives the range of params to which a law that falls without end outside it was limited.

    Raises:
        FitError: No question has an answer.
    """
    asked: list[tuple[float | None, float | None]] = [(compute, None) for compute in plan.budgets]
    asked += [(None, loss) for loss in plan.target_losses]
    allocations, caveats, refusals = [], [], []
    for compute, loss in asked:
        try:
            allocation, valley = answer(compute, loss)
        except FitError as error:
            refusals.append(error)
            nothing = Estimate(None)
            allocation = Allocation("parametric", compute, nothing, nothing, nothing, nothing, target_loss=loss)
            caveats.append(caveat("unanswered", group, reason=error.message, hint=error.hint))
        else:
            caveats += _doubts(allocation, valley, group)
        allocations.append(allocation)
    if len(refusals) == len(asked):
        raise refusals[0]
    if plan.beside_training:
        caveats.append(caveat("training-exponents", group, options=", ".join(plan.beside_training)))
    return allocations, caveats


def _doubts(allocation: Allocation, valley: Valley, group: dict[str, str] | None) -> list[Caveat]:
    """The caveats of one allocation."""
    caveats = []
    if valley is not None:
        caveats.append(
            caveat("falls-again", group, compute=flops(allocation.compute), low=count(valley[0]), high=count(valley[1]))
        )
    if allocation.limit is not None:
        options = " and ".join(f"--{name}" for name in allocation.limit.split(" and "))
        spent = (allocation.training_compute or 0.0) + (allocation.inference_compute or 0.0)
        left = f" (within which only {flops(spent)} FLOPs can be spent)" if " and " in options else ""
        caveats.append(caveat("limited", group, compute=flops(allocation.compute), limit=f"{options}{left}"))
    if allocation.reach is not None and allocation.reach > FAR:
        caveats.append(caveat("far-reach", group, compute=flops(allocation.compute), reach=allocation.reach))
    repetition = allocation.repetition
    if repetition is not None and repetition.epochs > TIRED_EPOCHS:
        worth = "little" if repetition.epochs <= WORTHLESS_EPOCHS else "next to nothing"
        caveats.append(
            caveat(
                "many-epochs", group, compute=flops(allocation.compute), epochs=repetition.epochs, worth=worth,
                unique=count(repetition.unique_tokens),
            )
        )  # fmt: skip
    return caveats
