"""What a fit says: how loss falls with each input, towards what, and how a budget is best split."""

from __future__ import annotations

from collections.abc import Iterator

from scaling_cli.laws import find_law
from scaling_cli.laws.law import Law, Parameter
from scaling_cli.laws.sums import Power, SumLaw
from scaling_cli.numbers.format import brief, escape, figure, with_and
from scaling_cli.results.fit import Estimate, FitResult

SPLIT = "params_exponent"  # the derived quantity a in params ~ compute^a
TURN = "x_extremum"  # the derived quantity of a law that falls and rises
EVEN = 0.5
MOST_NAMED = 3  # parameters of a law that has no simpler sentence
TWO_DIGITS = 2


def sentence(result: FitResult, subject: str) -> str:
    """How the loss depends on the inputs, with intervals."""
    law = find_law(result.law, tuple(result.inputs)) if result.law else None
    powers = _powers(law, result) if law is not None else {}
    lead = _falling(powers, law, result, subject) if powers else _formula(law, result, subject)
    return f"{lead}{_split(result)}{_turn(result)}."


def _powers(law: Law, result: FitResult) -> dict[str, Power]:
    """The exponent of each input, where every term but the floor is a power of one input and none comes twice."""
    if not isinstance(law, SumLaw):
        return {}
    terms = [term for term in law.terms if not term.is_floor]
    powers = {term.powers[0].input: term.powers[0] for term in terms if len(term.powers) == 1}
    known = all(power.exponent in result.parameters for power in powers.values())
    return powers if known and len(powers) == len(terms) else {}


def _falling(powers: dict[str, Power], law: Law | None, result: FitResult, subject: str) -> str:
    """`Loss falls as params^-0.35 and tokens^-0.37 towards 1.82 [1.80, 1.85]`."""
    floor = _floor(law, result)
    is_alone = floor is None and SPLIT not in result.derived
    signed = [power.sign * (result.parameters[power.exponent].estimate or 0.0) for power in powers.values()]
    parts = [
        f"{escape(result.inputs.get(name, name))}^{_exponent(result.parameters[power.exponent], power.sign, is_alone)}"
        for name, power in powers.items()
    ]
    verb = "falls" if all(exponent < 0 for exponent in signed) else "grows" if all(e > 0 for e in signed) else "varies"
    towards = f" towards {brief(floor)}" if floor is not None and verb == "falls" else ""
    above = f" above {brief(floor)}" if floor is not None and verb != "falls" else ""
    return f"{subject} {verb} as {with_and(parts)}{towards}{above}"


def _exponent(value: Estimate, sign: int, with_interval: bool) -> str:
    ends = (value.low, value.high) if sign > 0 else (value.high, value.low)
    low, high = (None if end is None else sign * end for end in ends)
    exponent = Estimate(None if value.estimate is None else sign * value.estimate, low, high)
    if with_interval:
        return brief(exponent)
    return brief(exponent).partition(" ")[0]


def _floor(law: Law | None, result: FitResult) -> Estimate | None:
    names = [parameter.name for parameter in (law.parameters if law else ()) if parameter.kind == "floor"]
    return result.parameters.get(names[0]) if len(names) == 1 else None


def _formula(law: Law | None, result: FitResult, subject: str) -> str:
    """`Loss follows E + A / params^alpha with alpha = 0.35 [0.34, 0.37], E = ...`: what matters most comes first."""
    ranked = sorted(_ranked(law, result), key=lambda pair: pair[0])
    named = [f"{escape(name)} = {brief(result.parameters[name])}" for _, name in ranked[:MOST_NAMED]]
    return f"{subject} follows {escape(result.formula)}, with {', '.join(named)}"


def _ranked(law: Law | None, result: FitResult) -> Iterator[tuple[int, str]]:
    kinds: dict[str, Parameter] = {parameter.name: parameter for parameter in (law.parameters if law else ())}
    order = {"exponent": 0, "floor": 1}
    for name in result.parameters:
        yield order.get(kinds[name].kind, 2) if name in kinds else 2, name


def _turn(result: FitResult) -> str:
    """Where a metric turns, and whether that is within the runs, so that it is shown not to be monotone."""
    place = result.derived.get(TURN)
    name = result.inputs.get("x", "x")
    if place is None or place.estimate is None or name not in result.ranges:
        return ""
    said = f"; it turns at {escape(name)} = {brief(place)}"
    if place.low is None or place.high is None:
        return said
    low, high = result.ranges[name]
    if low < place.low and place.high < high:
        return f"{said}, within the runs, so it is not monotone"
    return f"{said}, which may lie outside the runs, so it may be monotone"


def _split(result: FitResult) -> str:
    """Whether params and tokens should grow together, and by which powers of compute."""
    share = result.derived.get(SPLIT)
    if share is None or share.estimate is None:
        return ""
    if share.low is None or share.high is None:
        return f"; best params grow as compute^{figure(share.estimate, TWO_DIGITS)}"
    if share.low <= EVEN <= share.high:
        return f"; compute is best split evenly (a = {brief(share)})"
    more = "params" if share.estimate > EVEN else "tokens"
    return f"; more of the compute should go to {more} (best params grow as compute^{brief(share)})"
