"""What a plan is to find out: goals as text, and their values and gradients for draws of a law's coordinates.

Goals are `params@1e24` and `tokens@1e24` (the best split of a budget), `loss@1e24` (the loss of that split, or of a
law of compute), `loss@params=70B,tokens=1.4T` (the loss of a run), the name of a parameter or a derived quantity such
as `alpha`, and for two groups `difference(alpha)` and `multiplier@1e24` (the compute that the second group needs for
the loss that the first reaches with 1e24). With logs of attempts, `coverage@10000` is pass@k at 10,000 attempts. `2*`
before a goal counts it twice.

Params, tokens, losses, multipliers and positive coefficients are sought in logs: their intervals are ratios. Exponents
and floors are sought as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.plan.departures import TERMS
from scaling_cli.analysis.plan.ground import Columns, Ground, along, optimum
from scaling_cli.arrays import Array
from scaling_cli.data.names import inputs_in_words
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN
from scaling_cli.laws import Law
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.parse import parse_number
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import Record, replace

GOAL = re.compile(r"\s*(?:(?P<weight>[\d.eE+-]+)\s*\*\s*)?(?P<what>[^@*]+?)\s*(?:@\s*(?P<at>.+?)\s*)?")
DIFFERENCE = re.compile(r"difference\(\s*(?P<name>[^()]+?)\s*\)")
SPLITS = ("params", "tokens")
STEP = 1e-5  # in coordinates, for derivatives of derived quantities
AMOUNTS = {"params": "70B", "tokens": "1.4T", "unique_tokens": "300B"}  # as examples
EXAMPLES = "params@1e24, loss@params=70B,tokens=1.4T, alpha or difference(alpha)"


class Goal(Record):
    """One thing to find out.

    Attributes:
        text: As it was written, without its weight.
        what: `params`, `tokens`, `loss`, `multiplier`, `coverage`, `difference` or `parameter`.
        name: The parameter, for the last two.
        at: The place, by role; a budget of compute for the first four, a number of attempts for coverage.
        weight: How much it counts.
    """

    text: str
    what: str
    name: str = ""
    at: Mapping[str, float] = {}
    weight: float = 1.0

    @property
    def between(self) -> bool:
        """Whether it compares two groups."""
        return self.what in ("difference", "multiplier")


class Known(Record):
    """Values of a goal `(r,)`, in logs if `is_log`, and its gradient `(r, k)` in centred coordinates."""

    values: Array
    gradient: Array
    is_log: bool

    def shown(self) -> Array:
        """The values as people read them."""
        shown: Array = np.exp(self.values) if self.is_log else self.values
        return shown


def parse_goal(text: str) -> Goal:
    """A goal from its text.

    Raises:
        UsageError: It is not written like one.
    """
    match = GOAL.fullmatch(text)
    if match is None:
        raise _unreadable(text)
    weight = float(parse_number(match["weight"])) if match["weight"] else 1.0
    if not weight > 0:
        raise UsageError(f"--goal {text!r} has the weight {weight:g}.", hint="Give a weight above 0: 2*params@1e24.")
    what, place = match["what"], match["at"]
    if place and "@" in place:
        raise UsageError(
            f"--goal {text!r} has more than one goal.",
            hint="Give each its own option: --goal params@1e24 --goal loss@1e24.",
        )
    shown = f"{what}@{place}" if place else what
    difference = DIFFERENCE.fullmatch(what)
    if difference:
        return Goal(shown, "difference", difference["name"], weight=weight)
    if place is None:
        if what in (*SPLITS, "loss", "multiplier", "coverage"):
            needed = "number of attempts" if what == "coverage" else "compute"
            raise UsageError(f"--goal {text!r} lacks the {needed} after @.", hint=f"Write it like {_example(what)}.")
        return Goal(shown, "parameter", what, weight=weight)
    if what not in (*SPLITS, "loss", "multiplier", "coverage"):
        raise UsageError(
            f"--goal {text!r} has an @, which works only after params, tokens, loss, multiplier and coverage.",
            hint=f"Goals are {EXAMPLES}.",
        )
    at = _place(place, text)
    if what != "loss" and set(at) != {"compute"}:
        needed = "number of attempts" if what == "coverage" else "budget in FLOPs"
        raise UsageError(f"--goal {text!r} needs a {needed} after @.", hint=f"Write it like {_example(what)}.")
    return Goal(shown, what, at=at, weight=weight)


def _example(what: str) -> str:
    return "coverage@10000" if what == "coverage" else f"{what}@1e24"


def _unreadable(text: str) -> UsageError:
    return UsageError(f"--goal {text!r} cannot be read.", hint=f"Write it like {EXAMPLES}.")


def _place(text: str, goal: str) -> dict[str, float]:
    """`1e24` as compute, `params=70B,tokens=1.4T` by role."""
    found = {}
    for part in text.split(","):
        role, equals, number = part.rpartition("=")
        value = parse_number(number)
        if not value > 0:
            raise UsageError(f"--goal {goal!r} has the amount {value:g}.", hint="Give an amount above 0.")
        name = role.strip() if equals else "compute"
        if name in found:
            raise UsageError(
                f"--goal {goal!r} has two amounts of {name}.", hint="Give each its own --goal, with one amount."
            )
        found[name] = value
    return found


def check_goal(goal: Goal, law: Law, columns: Mapping[str, str] | None = None) -> None:
    """Refuse a goal that does not follow from a law; `columns` has the column of each input, if known.

    Raises:
        UsageError: The law has no such parameter, or other inputs.
    """
    if goal.what == "coverage":
        raise UsageError(
            f"{goal.text} needs a log of attempts, not a law of runs.",
            hint="Give the log alone: scaling plan samples.csv --goal coverage@10000 --budget 20000.",
        )
    quantities = [*law.names, *(quantity.name for quantity in law.derived)]
    if goal.what in ("parameter", "difference"):
        if goal.name not in quantities:
            raise UsageError(
                f"{law.name} has no quantity {goal.name!r}.",
                hint=f"Name one of {', '.join(quantities)}, or another goal, such as loss@1e24.",
            )
        return
    is_surface = has_params_and_tokens(law.inputs)
    if goal.what in SPLITS and not is_surface:
        raise UsageError(
            f"{law.name} is a law of {inputs_in_words(law.inputs, columns)}, so it gives no best split.",
            hint="Give the runs with --law chinchilla, or another goal, such as loss@1e24.",
        )
    missing = [name for name in law.inputs if name not in goal.at and name != "x"]
    is_split = set(goal.at) == {"compute"} and set(law.inputs) <= {"params", "tokens", "compute"}
    if missing and not (is_surface and is_split):
        example = ",".join(f"{name}={AMOUNTS.get(name, '10')}" for name in law.inputs)
        raise UsageError(
            f"--goal {goal.text!r} does not give {with_and(missing)}, which {law.name} needs.",
            hint=f"Write it like {goal.what}@{example}.",
        )
    _require_inputs(goal, law, columns or {})


def _require_inputs(goal: Goal, law: Law, columns: Mapping[str, str]) -> None:
    """Refuse amounts that are not those of the law's inputs; compute follows from params and tokens.

    Raises:
        UsageError: There are such amounts.
    """
    roles, given = {columns.get(name, name) for name in law.inputs}, set(goal.at)
    known = {"compute"} if roles == {"x"} else roles  # before the runs are read, x may be any one amount
    ways = [roles, {"compute"}] if has_params_and_tokens(roles) else [roles]
    ways += [set(SPLITS)] if known == {"compute"} else []
    if given in ways or (roles == {"x"} and len(given) == 1):
        return
    example = ",".join(f"{role}={AMOUNTS.get(role, '1e24' if role == 'compute' else '10')}" for role in sorted(known))
    raise UsageError(
        f"--goal {goal.text!r} gives {with_and(goal.at)}, but {law.name} is a law of "
        f"{inputs_in_words(law.inputs, columns)}.",
        hint=f"Write it like loss@{example}.",
    )


def places(goal: Goal, law: Law) -> list[Columns]:
    """The places that a goal needs the law at."""
    if goal.what in ("parameter", "difference"):
        return []
    if set(goal.at) == {"compute"} and has_params_and_tokens(law.inputs):
        return [along(goal.at["compute"])]
    if len(law.inputs) == 1 and has_params_and_tokens(goal.at):
        return [{law.inputs[0]: np.array([FLOPS_A_PARAM_AND_TOKEN * goal.at["params"] * goal.at["tokens"]])}]
    return [{name: np.array([goal.at[name if name in goal.at else next(iter(goal.at))]]) for name in law.inputs}]


def known(goal: Goal, ground: Ground, theta: Array, first: int) -> Known:
    """Values and gradients of a goal of one group; its places are the parts of the ground from `first` on.

    For `difference` and `multiplier`, these are what each group contributes: the parameter, and the log loss.
    """
    if goal.what in ("parameter", "difference"):
        parameter = _parameter(goal.name, ground, theta)
        more = TERMS if ground.doubt else 0
        return replace(parameter, gradient=np.pad(parameter.gradient, ((0, 0), (0, more))))
    found = places(goal, ground.law)
    log_loss, gradient = ground.at(first, theta)
    if log_loss.shape[1] == 1:
        return Known(log_loss[:, 0], gradient[:, 0], is_log=True)
    best = optimum(log_loss, gradient, found[0])
    if goal.what in ("loss", "multiplier"):
        return Known(best.log_loss, best.loss_gradient, is_log=True)
    if goal.what == "params":
        return Known(best.log_params, best.params_gradient, is_log=True)
    logs = float(np.log(found[0]["params"][0] * found[0]["tokens"][0]))
    return Known(logs - best.log_params, -best.params_gradient, is_log=True)


def _parameter(name: str, ground: Ground, theta: Array) -> Known:
    law = ground.law
    raw = (theta - ground.offset) @ np.linalg.inv(ground.shift).T
    if name in law.names:
        index = law.names.index(name)
        unit = np.zeros_like(theta)
        unit[:, index] = 1.0
        return Known(raw[:, index], ground.uncentred(unit), is_log=bool(law.parameters[index].positive))
    quantity = next(quantity for quantity in law.derived if quantity.name == name)

    def value(coordinates: Array) -> Array:
        return quantity.compute(dict(zip(law.names, law.to_parameters(coordinates).T, strict=True)))

    gradient = np.empty_like(theta)
    for index in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[index] = STEP
        gradient[:, index] = (value(raw + step) - value(raw - step)) / (2 * STEP)
    return Known(value(raw), ground.uncentred(gradient), is_log=False)


def total_weights(goals: Sequence[Goal]) -> Array:
    """The weights of goals `(q,)`."""
    return np.array([goal.weight for goal in goals])
