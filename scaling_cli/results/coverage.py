"""What sampling logs say, as plain numbers: every table, plot and JSON document is drawn from these.

Coverage at k is the chance that k attempts solve a problem, averaged over problems. `None` stands for what is missing.
"""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, Estimate


class Attempts(Record):
    """Attempts a problem."""

    min: int
    median: float
    max: int


class Coverage(Record):
    """Coverage at k. The interval and `se_problems` speak of other problems like these, `se_attempts` of these again.

    `se_attempts` exists for 2k up to n; `all_succeed` is the chance that all k attempts succeed. Where some problem has
    fewer than k attempts there is no estimate, and `low` and `high` are bounds.
    """

    k: int
    estimate: float | None
    low: float | None
    high: float | None
    se_problems: float | None
    se_attempts: float | None
    all_succeed: float | None = None


class Slope(Record):
    """The mean slope of -log(-log C) against log k between two k: what the exponent looks like there."""

    start: int
    end: int
    estimate: float


class LawFit(Record):
    """A law fitted to the counts, or to the coverage curve.

    `asymptotic_exponent` is reached only as k grows without end; `slope` is what holds over the data. `dropped` points
    of a curve were 0 or 1. A likelihood ratio tests unsolvable problems against none.
    """

    parameters: dict[str, Estimate]
    log_likelihood: float | None
    asymptotic_exponent: Estimate | None
    slope: Slope
    dropped: int | None = None
    likelihood_ratio: float | None = None
    p_value: float | None = None


class Forecast(Record):
    """Coverage at a k beyond the data by one law, or by `combined`, whose interval spans those of its laws."""

    k: int
    law: str
    estimate: float | None
    low: float | None
    high: float | None


class Backtest(Record):
    """How far a law fitted to `trained` of the attempts was from the coverage at `held_out` that is known."""

    law: str
    trained: int
    held_out: int
    samples: int
    failed: int
    bias: float | None
    mean_absolute_error: float | None


class Selection(Record):
    """Accuracy when one of k attempts must be chosen: by whom, and what a perfect choice would reach."""

    k: int
    method: str
    estimate: float | None
    low: float | None
    high: float | None
    oracle: float | None


class AssumedVerifier(Record):
    """What rates of acceptance imply: the accuracy no k exceeds, and how often the unsolvable pass at the top k."""

    true_positive: float
    false_positive: float
    ceiling: float
    floor: float


class Purchase(Record):
    """An answer about money or compute a problem: what was asked, the attempts that answer it, what they cost and give.

    `attempts` is what is paid for: k, or under `stop` the attempts expected. `is_forecast` says that k lies beyond the
    attempts made, so that coverage, or k itself, is the combined forecast's. `best_probability` is how often, over
    replicates, this group is the one with most coverage for the budget; `reached` is the share of replicates in which
    a target is reached.
    """

    question: str
    amount: float
    unit: str
    policy: str
    k: int | None
    k_low: int | None
    k_high: int | None
    attempts: float | None
    cost: float | None
    coverage: Estimate
    is_forecast: bool = False
    best_probability: float | None = None
    reached: float | None = None


class Comparison(Record):
    """Coverage of this group less that of another on the problems they share, with the paired standard error."""

    other: str
    k: int
    problems: int
    difference: Estimate
    se_paired: float | None
    verdict: str


class Mix(Record):
    """The best split of one budget between this group and another at the same problems."""

    other: str
    budget: float
    unit: str
    k: int
    other_k: int
    coverage: float
    alone: float
    other_alone: float


class Exchange(Record):
    """Attempts a small model affords on the compute of k attempts of a larger one, and what they reach."""

    model_ratio: float
    inference_ratio: float
    factor: float
    k: int
    attempts: int
    coverage: float | None


class CoverageResult(Record):
    """What one group of sampling logs says."""

    drawn = ("curve", "forecast_curve")

    group: dict[str, str]
    problems: int
    attempts: Attempts
    unsolved: int
    clusters: int | None
    design: str
    batch: int | None
    layout: str
    interval: str
    level: float
    coverage: tuple[Coverage, ...]
    fits: dict[str, LawFit]
    forecast: tuple[Forecast, ...]
    backtest: tuple[Backtest, ...]
    selection: tuple[Selection, ...] = ()
    verifier: AssumedVerifier | None = None
    budgets: tuple[Purchase, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    mixes: tuple[Mix, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    curve: Curve | None = None
    forecast_curve: Curve | None = None
