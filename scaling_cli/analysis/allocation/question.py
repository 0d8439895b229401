"""What `optimal-allocation` is asked, from its options: the law, the costs and the plan."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.analysis.allocation.surface import require_surface, rest_of, several_laws
from scaling_cli.analysis.hardware import flops_of
from scaling_cli.analysis.recorded_cost import Recorded, machines_of
from scaling_cli.analysis.untaken import remedy, require_whole, takes
from scaling_cli.caveats import Caveat
from scaling_cli.data.names import inputs_in_words
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.flops import SIX_ND, FlopsRule, flops_rule
from scaling_cli.laws import FAMILIES, Law, find_law, is_formula
from scaling_cli.laws.constrained import constrain
from scaling_cli.numbers.surface import SURFACE
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.points.mixture import MIXTURE, listed, without_shares

DEFAULT_STEPS = (1.0, 10.0, 100.0)  # times the largest run, where no budget is given


def law_of(asked: OptimalAllocation) -> Law:
    """The law of the parametric approach."""
    name, inputs = "chinchilla" if asked.law == "auto" else asked.law, tuple[str, ...]()
    further = (*mixture_of(asked), *asked.hold, *(each for each in asked.search if each != MIXTURE))
    if is_formula(name):
        from scaling_cli.laws.custom import indices

        if columns := indices(name):
            raise several_laws(name, columns)
        inputs = ("params", "tokens", "compute", "unique_tokens", *further)
    elif name in FAMILIES:
        own = mixture_of(asked) if name.startswith(MIXTURE) else ()
        if name.startswith(MIXTURE) and not own:
            raise without_shares(name)
        inputs = tuple(dict.fromkeys(own or further))
    return constrain(find_law(name, inputs), asked.fix, asked.tie)


def rule_of(asked: OptimalAllocation, law: Law) -> FlopsRule:
    """How compute is counted: as asked, or else as the law says."""
    return flops_rule(law.flops_rule if asked.flops_rule == SIX_ND and law.flops_rule else asked.flops_rule)


def mixture_of(asked: OptimalAllocation) -> tuple[str, ...]:
    """The columns that `--map` names for the shares of a mixture."""
    return listed({MIXTURE: asked.map[MIXTURE]}) if MIXTURE in asked.map else ()


def own_columns(asked: OptimalAllocation) -> dict[str, str]:
    """The column of each input of the law that is not a role: as `--map` names it, or of the same name."""
    return {name: asked.map.get(name, name) for name in law_of(asked).inputs if name not in ROLES}


def shares_of(asked: OptimalAllocation, law: Law) -> tuple[str, ...]:
    """The inputs of the law that are shares of a mixture to search.

    Raises:
        UsageError: `--search mixture` is asked for, and nothing says which inputs are shares.
    """
    if MIXTURE not in asked.search:
        return ()
    shares = mixture_of(asked) or law.shares
    if not shares:
        raise UsageError(
            "--search mixture does not say which inputs are shares.",
            hint="Name their columns: --map mixture=w1,w2,w3.",
        )
    if asked.search[MIXTURE] is not None:
        raise UsageError("--search mixture takes no range.", hint="Leave the range out: shares add up to 1.")
    if not set(shares) & set(law.inputs):
        raise UsageError(
            f"--search mixture names {', '.join(shares)}, but {law.name} takes none of them.",
            hint="Leave --search mixture out, or choose a --law of these shares, params and tokens.",
        )
    return shares


def check_question(asked: OptimalAllocation, law: Law | None = None) -> None:
    """Refuse, before any run is read, what no runs could answer; `law` is that of a saved fit.

    Raises:
        UsageError: The law has no params and tokens to split, or limits or hardware do not go together.
    """
    law = law or law_of(asked)
    rule = rule_of(asked, law)
    named = (name for name in asked.search if name != MIXTURE)
    shares = (name for name in shares_of(asked, law) if name in law.inputs and name not in asked.hold)
    require_surface(law, asked.hold, (*named, *shares), rule)
    for name, follower in asked.followers.items():
        _require_follower(name, follower, law)
    _refuse_untaken(law, asked)
    if asked.peak_flops is None and asked.mfu is None:  # the runs may have a cost
        budget = tuple(1.0 if isinstance(each, str) else each for each in asked.budget)
        asked = asked.but(budget=budget, gpus=None, price_per_gpu_hour=None)
    plan_of(asked.but(flops_rule=SIX_ND), law, 1.0, {})


def _refuse_untaken(law: Law, asked: OptimalAllocation) -> None:
    """Refuse values that the law cannot take, such as zero where it takes the logarithm, and shares of no whole."""
    shares = [name for name in mixture_of(asked) or law.shares if name in law.inputs]
    if alone := next((name for name in shares if name in asked.search), None):
        raise UsageError(
            f"--search {alone} would change one share alone, but shares of a mixture add up to 1.",
            hint="Search all of them together: --search mixture; --hold NAME=VALUE holds some of them.",
        )
    if shares and asked.values.keys() >= set(shares):
        require_whole({name: asked.values[name] for name in shares}, "--hold gives")
    given = [("--hold", name, (value, value)) for name, value in asked.values.items()]
    given += [("--search", name, ends) for name, ends in asked.search.items() if ends is not None]
    for flag, name, ends in given:
        if name not in law.inputs or takes(law, name, ends):
            continue
        shown = f"{ends[0]:g}" if flag == "--hold" else f"{ends[0]:g}..{ends[1]:g}"
        raise UsageError(f"{flag} {name}={shown} has a value that {law.name} cannot take.", hint=remedy(law, name))


def _require_follower(name: str, follower: str, law: Law) -> None:
    """Refuse a law that is not one of params and tokens, or a column that only the FLOP rule takes."""
    found = find_law(follower)
    if name not in law.inputs:
        raise UsageError(
            f"--hold {name}={follower} names a law, but {name} is not an input of {law.name}.", hint="Give a value."
        )
    if not set(found.inputs) <= set(SURFACE):
        raise UsageError(
            f"--hold {name}={follower}: {follower} is a law of {inputs_in_words(found.inputs)}, and not of params and "
            "tokens.",
            hint=f"Name a law of params and tokens, such as --hold {name}=chinchilla.",
        )


def needs_curves(asked: OptimalAllocation) -> bool:
    """Whether the rows before the end of each run are needed."""
    return asked.approach in ("envelope", "all")


def plan_of(
    asked: OptimalAllocation,
    law: Law,
    largest: float,
    shapes: Mapping[str, tuple[float, float]],
    cost: Recorded | None = None,
) -> tuple[AllocationPlan, tuple[Caveat, ...]]:
    """What to answer for runs of which the largest took `largest` FLOPs, and caveats on their recorded `cost`.

    `shapes` are those of `Costs`.

    Raises:
        UsageError: A budget cannot be turned into FLOPs, or limits or hardware do not go together.
    """
    rule = rule_of(asked, law)
    has_price = any(isinstance(budget, str) for budget in asked.budget)
    machines, doubts = machines_of([cost], asked, has_price=has_price)
    budgets = tuple(flops_of(budget, machines, is_one=True) for budget in asked.budget)
    if not budgets and not asked.target_loss:
        budgets = tuple(largest * step for step in DEFAULT_STEPS)
    search = {name: ends for name, ends in asked.search.items() if name != MIXTURE}
    mixture, rest = shares_of(asked, law), rest_of(law, (*asked.hold, *search))
    sought = (*search, *mixture, *((rest,) if rest else ()))
    costs = Costs(
        rule=rule,
        shapes={name: shape for name, shape in shapes.items() if name not in (*asked.hold, *sought)},
        held={name: value for name, value in asked.values.items() if name in rule.extras},
        searched=tuple(name for name in sought if name in rule.extras),
        inference_tokens=asked.inference_tokens or 0.0,
        min_params=asked.min_params,
        max_params=asked.max_params,
        max_tokens=asked.max_tokens,
        inference_budget=asked.inference_budget,
    )
    plan = AllocationPlan(
        budgets=budgets,
        target_losses=asked.target_loss,
        approach=asked.approach,
        profile=asked.profile,
        costs=costs,
        unique_tokens=asked.unique_tokens,
        held=asked.values,
        followers=asked.followers,
        hardware=machines,
        level=asked.level,
        search=search,
        mixture=mixture,
        rest=rest,
    )
    doubts += machines.doubts() if machines else []
    return plan, tuple(doubts)


def saved_plan(asked: OptimalAllocation, saved: SavedFit) -> tuple[AllocationPlan, tuple[Caveat, ...]]:
    """What to answer from a saved fit.

    Raises:
        UsageError: It needs runs, or there is no budget and the fit does not say how large its runs were.
    """
    if asked.approach != "parametric":
        raise UsageError(
            f"--approach {asked.approach} needs the runs, but a saved fit has only their law.",
            hint="Give the runs, or use --approach parametric.",
        )
    largest = saved.ranges.get("compute", (0.0, 0.0))[1]
    if not (asked.budget or asked.target_loss or largest > 0):
        raise UsageError(
            "There is no budget, and this fit does not say how large its runs were.",
            hint="Give --budget, such as --budget 1e24.",
        )
    if asked.followers:
        name, follower = next(iter(asked.followers.items()))
        raise UsageError(
            f"--hold {name}={follower} needs the runs, to fit {follower} to their {name}.",
            hint="Give the runs in place of the saved fit, or hold it at a value.",
        )
    law = find_law(saved.law, tuple(saved.inputs))
    check_question(asked, law)
    return plan_of(asked, law, largest or 1.0, {})
