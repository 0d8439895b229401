"""What `scaling inference-coverage` is asked, from the words of its options."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.coverage.budget import STOP, Amount, Questions
from scaling_cli.analysis.coverage.laws import law_names
from scaling_cli.analysis.coverage.prices import Prices
from scaling_cli.analysis.coverage.verifier import Rates
from scaling_cli.coverage.counts import Indices, ProblemResampling
from scaling_cli.coverage.curves import log_grid
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.options.inference_coverage import PRICES, InferenceCoverage
from scaling_cli.options.read import amount

UNITS = {"usd": "usd", "$": "usd", "dollars": "usd", "flops": "flops", "flop": "flops"}


def check_question(asked: InferenceCoverage) -> None:
    """Refuse, before any log is read, what no log could answer.

    Raises:
        UsageError: A law, an amount or a number of attempts cannot be read, there is no budget to split, or no groups
            of which options name one.
    """
    law_names(asked.fit)
    _require_uses(asked)
    if asked.mix is not None and not questions_of(asked).budgets:
        raise UsageError("--mix needs a budget to split.", hint="Add --budget, such as --budget 1e15flops.")
    if asked.mix is not None and asked.policy == STOP:
        raise UsageError(
            "--mix splits a budget between fixed numbers of attempts, so it does not go with --policy stop.",
            hint="Use one command for each.",
        )
    for option, group in (("--mix", asked.mix), ("--compare", asked.compare)):
        if group is not None and not asked.by:
            raise UsageError(
                f"{option} {group} names a group, but the log is not divided into groups.",
                hint="Name the column of the groups with --by, such as --by model.",
            )
    if asked.k is not None:
        parse_k(asked.k, 10)


def _require_uses(asked: InferenceCoverage) -> None:
    """Refuse options that would change nothing, because what they describe is not asked about."""
    is_asked = bool(asked.budget or asked.target or asked.value or asked.marginal) or asked.splits_verifications
    has_verifier = verifier_of(asked) is not None
    uses = (
        (is_asked, (*PRICES, "policy"), "--budget, --target, --value or --marginal"),
        (has_verifier or asked.labels == "verifier", ("labels",), "--fpr or --tpr"),
        (asked.train_exchange is not None, ("pretrain_tokens", "inference_tokens"), "--train-exchange"),
    )
    for is_used, names, others in uses:
        for name in names if not is_used else ():
            option = asked.options[name]
            if getattr(asked, name) != option.default:
                raise UsageError(
                    f"{option.flag} works only with {others}.", hint=f"Add one of these, or leave {option.flag} out."
                )


def questions_of(asked: InferenceCoverage) -> Questions:
    """The questions about budgets."""
    return Questions(
        budgets=tuple(parse_amount(text, "--budget") for text in asked.budget),
        targets=asked.target,
        values=tuple(parse_amount(text, "--value") for text in asked.value),
        marginals=asked.marginal,
        policy=asked.policy,
    )


def prices_of(asked: InferenceCoverage) -> Prices:
    """What attempts cost."""
    return Prices(asked.prices)


def verifier_of(asked: InferenceCoverage) -> Rates | None:
    """The assumed verifier, where one is described."""
    if asked.fpr is None and asked.tpr is None:
        return None
    return Rates(1.0 if asked.tpr is None else asked.tpr, asked.fpr or 0.0, labels_of(asked))


def labels_of(asked: InferenceCoverage) -> str:
    """What the outcomes in the log are: verdicts of a `verifier`, or the `truth`."""
    has_rates = asked.fpr is not None or asked.tpr is not None
    return asked.labels or ("verifier" if has_rates else "truth")


def resampling_of(asked: InferenceCoverage, group: int) -> ProblemResampling:
    """How replicates are drawn for a group."""
    return ProblemResampling(asked.replicates, asked.seed, group)


def parse_k(text: str, longest: int) -> Indices:
    """The k of `--k`: numbers, and `log:40` for so many log-spaced ones.

    Raises:
        UsageError: A part is not a number of attempts.
    """
    values: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part.startswith("log:"):
            points = amount(part.removeprefix("log:"), "--k")
            if not 2 <= points <= 10_000:
                raise UsageError(
                    f"--k has {part!r}, but the number after log: must be 2 to 10,000.",
                    hint="Write log:40 for forty values evenly spaced in log k.",
                )
            values += log_grid(longest, int(points)).tolist()
            continue
        value = amount(part, "--k")
        if value < 1 or value != int(value):
            raise UsageError(
                f"--k has {part!r}, which is not a number of attempts.", hint="Give whole numbers: --k 1,10,100."
            )
        values.append(int(value))
    if not values:
        raise UsageError("--k has no number of attempts.", hint="Write --k 1,10,100 or --k log:40.")
    return np.unique(np.array(values, dtype=np.int64))


def parse_amount(text: str, flag: str = "--budget") -> Amount:
    """An amount with its unit: `10usd`, `$10`, `1e15flops`.

    Raises:
        UsageError: The unit is missing or unknown.
    """
    plain = text.strip().casefold()
    for word, unit in UNITS.items():
        if plain.endswith(word) or (word == "$" and plain.startswith(word)):
            value = parse_number(plain.removesuffix(word).removeprefix("$").strip())
            if value <= 0:
                raise UsageError(f"{flag} is {text!r}, which is not above zero.", hint=f"Write it like {flag} 10usd.")
            return Amount(value, unit)
    raise UsageError(f"{flag} is {text!r}, without a unit.", hint=f"Write it like {flag} 10usd or {flag} 1e15flops.")
