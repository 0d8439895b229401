"""What `scaling inference-coverage` is asked, from the words of its options."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from scaling_cli.analysis.coverage.budget import Amount, Questions
from scaling_cli.analysis.coverage.laws import law_names
from scaling_cli.analysis.coverage.prices import Prices
from scaling_cli.analysis.coverage.verifier import Rates
from scaling_cli.coverage.counts import Indices, ProblemResampling
from scaling_cli.coverage.curves import log_grid
from scaling_cli.data.names import unknown
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record, field

UNITS = {"usd": "usd", "$": "usd", "dollars": "usd", "flops": "flops", "flop": "flops"}
FEWEST_REPLICATES = 100
DESIGNS = ("auto", "fixed", "stop-at-success")
BANDS = ("pointwise", "simultaneous")
SHORTS = ("bound", "drop", "error")
POLICIES = ("fixed", "stop")
LABELS = ("verifier", "truth")


class CoverageAsk(Record):
    """Everything that shapes the answer beside the data."""

    k: str | int | Sequence[int] | None = None
    design: str = "auto"
    short: str = "bound"
    all_succeed: bool = False  # whether tables show pass^k too, which results always hold
    laws: str = "auto"
    to: float | None = None
    force: bool = False
    backtest: bool = False
    level: float = 0.95
    band: str = "pointwise"
    replicates: int = 2000
    seed: int = 0
    questions: Questions = field(default_factory=Questions)
    prices: Prices = field(default_factory=Prices)
    compare: str | None = None
    mix: str | None = None
    verifier: Rates | None = None
    exchange: tuple[float, float, float] | None = None  # times larger, pretraining tokens, inference tokens

    def __post_init__(self) -> None:
        law_names(self.laws)
        _check_choice("design", self.design, DESIGNS)
        _check_choice("treatment of short problems", self.short, SHORTS)
        _check_choice("band", self.band, BANDS)
        _check_choice("policy", self.questions.policy, POLICIES)
        if not 0 < self.level < 1:
            raise UsageError(f"The level is {self.level:g}.", hint="Give a share between 0 and 1, such as 0.95.")
        if self.replicates < FEWEST_REPLICATES:
            raise UsageError(f"{self.replicates} replicates make no interval.", hint="Ask for 2000.")
        if self.seed < 0:
            raise UsageError(f"The seed is {self.seed}.", hint="Give a whole number from 0.")
        if self.to is not None and not self.to >= 1:
            raise UsageError(f"--to is {self.to:g}.", hint="Give a number of attempts, such as 1e5.")
        for target in self.questions.targets:
            if not 0 < target < 1:
                raise UsageError(f"The target is {target:g}.", hint="Give a coverage between 0 and 1, such as 0.8.")
        for gain in self.questions.marginals:
            if not 0 < gain < 1:
                raise UsageError(f"The least gain is {gain:g}.", hint="Give a gain in coverage, such as 0.001.")
        if self.verifier is not None:
            _check_rates(self.verifier)
        if self.exchange is not None and not (self.exchange[0] >= 1 and min(self.exchange) > 0):
            raise UsageError(
                "An exchange needs a model at least as large, and tokens above zero.",
                hint="Give --train-exchange 14 --pretrain-tokens 1T --inference-tokens 200B.",
            )

    def resampling(self, group: int) -> ProblemResampling:
        """How replicates are drawn for a group."""
        return ProblemResampling(self.replicates, self.seed, group)


def _check_choice(kind: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise unknown(kind, name, names)


def _check_rates(rates: Rates) -> None:
    _check_choice("kind of labels", rates.labels, LABELS)
    if not 0 <= rates.false_positive < rates.true_positive <= 1:
        raise UsageError(
            f"The verifier accepts {rates.true_positive:g} of correct and {rates.false_positive:g} of wrong attempts.",
            hint="Give --fpr below --tpr, both between 0 and 1.",
        )


def parse_k(given: str | int | Sequence[int], longest: int) -> Indices:
    """The k of `--k`: numbers, and in text `log:40` for so many log-spaced ones.

    Raises:
        UsageError: A part is no number of attempts.
    """
    found: list[int] = []
    text = given if isinstance(given, str) else ",".join(map(str, given if isinstance(given, Iterable) else (given,)))
    for part in filter(None, (each.strip() for each in text.split(","))):
        if part.startswith("log:"):
            points = parse_number(part.removeprefix("log:"))
            if not 2 <= points <= 10_000:
                raise UsageError(f"--k has {part!r}.", hint="Write log:40 for forty log-spaced numbers of attempts.")
            found += log_grid(longest, int(points)).tolist()
            continue
        value = parse_number(part)
        if value < 1 or value != int(value):
            raise UsageError(f"--k has {part!r}.", hint="Give whole numbers of attempts: --k 1,10,100.")
        found.append(int(value))
    if not found:
        raise UsageError("--k names no number of attempts.", hint="Give some: --k 1,10,100 or --k log:40.")
    return np.unique(np.array(found, dtype=np.int64))


def parse_amount(text: str) -> Amount:
    """An amount with its unit: `10usd`, `$10`, `1e15flops`.

    Raises:
        UsageError: The unit is missing or unknown.
    """
    plain = text.strip().casefold()
    for word, unit in UNITS.items():
        if plain.endswith(word) or (word == "$" and plain.startswith(word)):
            value = parse_number(plain.removesuffix(word).removeprefix("$").strip())
            if value <= 0:
                raise UsageError(f"{text!r} is not above zero.", hint="Write it like 10usd or 1e15flops.")
            return Amount(value, unit)
    raise UsageError(f"{text!r} has no unit.", hint="Write it like 10usd or 1e15flops, a problem.")
