"""What coverage says: the share of problems solved at one attempt and at many, and the furthest forecast."""

from __future__ import annotations

import re

from scaling_cli.numbers.format import asked, brief, figure, flops, percent
from scaling_cli.results.coverage import CoverageResult, Forecast, Purchase
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Estimate
from scaling_cli.results.verifications import VerificationSplit

COMBINED = "combined"  # the law of the forecasts that span those of all laws
ACCEPTED = "an accepted answer at"  # what attempts reach where outcomes are verdicts
ASSUMED = "assumed-verifier"  # the method of choosing an attempt by a verifier with assumed rates
UNITS = 20.0  # of the last digit between the ends of an interval: shares near 100 % need them
MOST_ASKED = 3  # questions about targets and budgets that are answered
NUMBER = re.compile(r"[\d.]+(?:e-?\d+)?")


def sentence(result: CoverageResult, subject: str) -> str:
    """Coverage at the first and the last k with an estimate, the forecast and its record, then what was asked for.

    Where the outcomes are verdicts of a verifier, coverage is what it accepts, and the share that is correct follows.
    """
    if result.split is not None:
        return _split(result.split)
    known = [row for row in result.coverage if row.estimate is not None] or list(result.coverage)
    ends = list(dict.fromkeys(known[:1] + known[-1:]))
    say = _accepted if result.are_verdicts else _solved
    parts = [
        f"{say(row.k)} {_share(row.estimate, row.low, row.high)}{'' if i else ' of problems'}"
        for i, row in enumerate(ends)
    ]
    said = " and ".join(parts) or "No coverage could be estimated"
    return f"{said[0].upper()}{said[1:]}{_forecast(result)}.{_correct(result)}{_purchases(result)}{_exchanged(result)}"


def _correct(result: CoverageResult) -> str:
    """How often an accepted attempt is correct, where the outcomes do not say it."""
    rows = [row for row in result.selection if row.method == ASSUMED and row.estimate is not None]
    if not result.are_verdicts or not rows:
        return ""
    row = rows[-1]
    share = _share(row.estimate, row.low, row.high)
    return f" With the assumed rates, the first accepted one of {row.k:,} attempts is correct at {share} of problems."


def _split(found: VerificationSplit) -> str:
    """The best split of the largest budget that has one, and how best numbers grow with the budget."""
    known = [row for row in found.budgets if row.solutions.estimate is not None]
    if not known:
        return "The budgets lie beyond the settings of the log, so no best split is known."
    row = known[-1]
    spent = f"the compute of {figure(row.budget, 3)} solutions" if row.amount is None else money(row.amount, row.unit)
    said = (
        f"For {spent} per problem, {brief(row.solutions)} solutions with {brief(row.verifications)} verifications each "
        f"are best: they solve {_share(row.accuracy.estimate, row.accuracy.low, row.accuracy.high)} of problems"
    )
    powers = found.solutions_exponent, found.verifications_exponent
    if any(power.estimate is None for power in powers):
        return f"{said}."
    grows = [f"compute^{brief(power)}" for power in powers]
    return f"{said}. The best number of solutions grows as {grows[0]}, that of verifications of each as {grows[1]}."


def _exchanged(result: CoverageResult) -> str:
    """Whether more attempts are worth as much as the larger model of --compare, for the compute of one attempt."""
    row = next((row for row in result.exchange if row.against and row.difference is not None), None)
    if row is None:
        return ""
    each = "one attempt" if row.k == 1 else f"{row.k:,} attempts"
    made = "one attempt" if row.attempts == 1 else f"{row.attempts:,} attempts"
    lead = f" For the compute of {each} by {row.against}, this model can make {made}"
    if row.verdict == "":
        return f"{lead}, more than the log has, so they cannot be compared."
    said = f"{lead}, with a coverage of {percent(row.coverage, 3)} instead of {percent(row.other, 3)}"
    better = {
        "sampling": "so more attempts are better than the larger model",
        "training": "so the larger model is better than more attempts",
        "inconclusive": "which is not shown to be a difference",
    }[row.verdict]
    return f"{said}, {better}{_until(row)}."


def _until(row: Exchange) -> str:
    """At which ratio of inference to pretraining tokens the answer turns."""
    if row.turn is None:
        return ""
    if row.turn.estimate is None:
        is_certain = row.verdict == "sampling" and row.turn.low is None
        return ", at any ratio of inference to pretraining tokens" if is_certain else ""
    return f"; the larger model is better above a ratio of inference to pretraining tokens of {turn_words(row)}"


def turn_words(row: Exchange) -> str:
    """The ratio of tokens above which the larger model is better, with its interval; empty where it is not known."""
    turn = row.turn
    if turn is None:
        return ""
    if turn.estimate is None:
        return "never" if turn.low is None else f"never [{figure(turn.low, 2)}, no limit]"
    high = "no limit" if turn.high is None else figure(turn.high, 2)
    return f"{figure(turn.estimate, 2)} [{figure(turn.low or 0.0, 2)}, {high}]"


def _solved(k: int) -> str:
    return "One attempt solves" if k == 1 else f"{k:,} attempts solve"


def _accepted(k: int) -> str:
    return "One attempt is accepted at" if k == 1 else f"one or more of {k:,} attempts are accepted at"


def _share(estimate: float | None, low: float | None, high: float | None) -> str:
    if estimate is None:
        return f"between {percent(low)} and {percent(high)}"
    hundredth = Estimate(*(None if share is None else 100 * share for share in (estimate, low, high)))
    return NUMBER.sub(r"\g<0> %", brief(hundredth, UNITS))


def _forecast(result: CoverageResult) -> str:
    rows: list[Forecast] = [row for row in result.forecast if row.law == COMBINED and row.estimate is not None]
    if not rows:
        return ""
    row = rows[-1]
    record = next((scored for scored in result.backtest if scored.law == COMBINED), None)
    missed = ""
    if record is not None and record.mean_absolute_error is not None:
        points = figure(100 * record.mean_absolute_error, 2)
        missed = f" (on this log such forecasts missed by {points} points)"
    return f"; expect {_share(row.estimate, row.low, row.high)} at {row.k:,} attempts{missed}"


def _purchases(result: CoverageResult) -> str:
    """The attempts that targets take and that budgets buy, with their prices, for the first questions."""
    rows = [row for question in ("target", "budget") for row in result.budgets if row.question == question]
    more = f" ({len(rows) - MOST_ASKED:,} more below)" if len(rows) > MOST_ASKED else ""
    parts = [_target(row, result) if row.question == "target" else _budget(row, result) for row in rows[:MOST_ASKED]]
    said = "; ".join(filter(None, parts))
    return f" {said[0].upper()}{said[1:]}{more}." if said else ""


def _target(row: Purchase, result: CoverageResult) -> str:
    least, goal = result.attempts.min, f"{asked(100 * row.amount, 3)} %"
    if row.k is None:
        needed = f"for {ACCEPTED}" if result.are_verdicts else "to solve"
        return f"more than {least:,} attempts are needed {needed} {goal}"
    most = 100 * least if row.is_forecast else least  # what the forecast reaches
    low, high = (f"{end:,}" if end is not None else f"> {most:,}" for end in (row.k_low, row.k_high))
    price = f", {_cost(row, result)} per problem," if row.cost is not None else ""
    return f"{row.k:,} [{low}, {high}] attempts{price} {_reach(result)} {goal}{_stopping(row)}{_beyond(row)}"


def _reach(result: CoverageResult) -> str:
    return f"give {ACCEPTED}" if result.are_verdicts else "solve"


def _budget(row: Purchase, result: CoverageResult) -> str:
    if row.k is None or row.coverage.estimate is None:
        return ""
    share = _share(row.coverage.estimate, row.coverage.low, row.coverage.high)
    bought = f"{money(row.amount, row.unit)} per problem buys {row.k:,} attempts"
    return f"{bought}, which {_reach(result)} {share}{_stopping(row)}{_beyond(row)}"


def _stopping(row: Purchase) -> str:
    return ", if sampling stops at the first success" if row.policy == "stop" else ""


def _beyond(row: Purchase) -> str:
    return " (a forecast)" if row.is_forecast else ""


def _cost(row: Purchase, result: CoverageResult) -> str:
    return money(row.cost or 0.0, row.unit if row.unit in ("usd", "flops") else unit_of(result))


def money(amount: float, unit: str) -> str:
    """An amount with its unit."""
    return f"{flops(amount)} FLOPs" if unit == "flops" else f"{figure(amount)} USD"


def unit_of(result: CoverageResult) -> str:
    """The unit that a question about coverage is priced in: that of the other questions, or the size of its cost."""
    named = [row.unit for row in result.budgets if row.unit in ("usd", "flops")]
    sizes = [row.cost for row in result.budgets if row.cost is not None]
    return named[0] if named else "flops" if sizes and max(sizes) > 1e6 else "usd"
