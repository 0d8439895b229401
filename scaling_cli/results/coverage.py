"""Results of `scaling inference-coverage`.

Coverage at k (pass@k) is the chance that at least one of k attempts solves a problem, averaged over problems.
"""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.exchange import Exchange
from scaling_cli.results.fit import Curve, Estimate
from scaling_cli.results.values import Count, GroupValues, Level, Number, Sentence, Share, words
from scaling_cli.results.verifications import VerificationSplit


class Attempts(Record):
    """Number of attempts per problem."""

    min: Count
    median: float
    max: Count


class Coverage(Record):
    """Coverage at k.

    Attributes:
        estimate: None where a problem has fewer than k attempts; `low` and `high` are then bounds.
        low, high: Confidence interval for other problems like these.
        se_problems: Standard error of coverage on other problems like these; it includes the noise of the attempts.
        se_attempts: Standard error of coverage on these problems with new attempts; None where no unbiased estimate
            exists: for 2k > n, or where sampling stopped at a success.
        all_succeed: Chance that all k attempts succeed.
    """

    k: Count
    estimate: Share | None
    low: Share | None
    high: Share | None
    se_problems: float | None
    se_attempts: float | None
    all_succeed: Share | None = None


class Slope(Record):
    """The mean slope of log(-log coverage) against log k between two k, with its sign changed.

    It is the exponent that the law seems to have between these k.
    """

    start: Count
    end: Count
    estimate: Number


class LawFit(Record):
    """A law fitted to the counts, or to the coverage curve.

    Attributes:
        parameters: power-law: -ln coverage = A k^-b. exponentiated-power-law: coverage = exp(a k^b). beta-binomial:
            alpha, beta. zero-inflated adds unsolvable; scaled-beta, kumaraswamy: scale. mixture: chance of each family.
        log_likelihood: Log likelihood of the counts, with binomial coefficients; None for laws of the curve.
        asymptotic_exponent: Exponent of k for very large k: of 1 - coverage for laws of difficulty, of -ln coverage for
            laws of the curve.
        slope: Slope of the law over the k that were fitted.
        dropped: Points of the curve left out because they are 0 or 1, or rest on few unsolved problems.
        likelihood_ratio: Statistic of the likelihood-ratio test of `p_value`.
        p_value: p-value of the hypothesis that no problem is unsolvable.
    """

    parameters: dict[str, Estimate]
    log_likelihood: float | None
    asymptotic_exponent: Estimate | None
    slope: Slope
    dropped: Count | None = None
    likelihood_ratio: float | None = None
    p_value: float | None = None


class Forecast(Record):
    """Coverage at a k beyond the data.

    Attributes:
        law: A law, or `combined`: the mean of several laws, with the interval of `mixture`, widened to contain it.
        estimate: None where there is no forecast; a caveat says why.
    """

    k: Count
    law: str
    estimate: Share | None
    low: Share | None
    high: Share | None


class Backtest(Record):
    """A law fitted to `trained` attempts per problem, compared with the known coverage at `held_out`.

    Attributes:
        samples: Parts of the log that were tried.
        failed: Parts of the log to which the law could not be fitted.
        bias: Mean of predicted minus known coverage.
    """

    law: str
    trained: Count
    held_out: Count
    samples: Count
    failed: Count
    bias: float | None
    mean_absolute_error: float | None


class Selection(Record):
    """Accuracy when one of k attempts is selected.

    Attributes:
        method: How the attempt is selected.
        oracle: Coverage at k, which is the accuracy of a perfect selection.
    """

    k: Count
    method: Annotated[str, words("logged-verifier", "assumed-verifier", "best-of-k", "majority")]
    estimate: Share | None
    low: Share | None
    high: Share | None
    oracle: Share | None


class AssumedVerifier(Record):
    """A verifier with given error rates, and what they imply.

    Attributes:
        ceiling: Accuracy that no number of attempts exceeds.
        floor: Probability at the largest k that at least one attempt at an unsolvable problem is accepted.
        labels: Whether the outcomes in the log are its verdicts (`verifier`), or the `truth`.
    """

    true_positive: Share
    false_positive: Share
    ceiling: Share
    floor: Share
    labels: str = "verifier"


class Purchase(Record):
    """The answer to one question about money or compute per problem.

    Attributes:
        amount: The amount in the question, in `unit`.
        k: Attempts per problem; None where a target is not reached by the attempts made.
        k_low, k_high: Confidence interval of k, for a target; None beyond the attempts made.
        attempts: Attempts that are paid for: k, or with `stop` the expected number.
        cost: Per problem, in dollars or FLOPs.
        is_forecast: Whether k lies beyond the attempts made, so that the combined forecast gives coverage or k.
        best_probability: Share of replicates, over the problems that all groups share, in which this group has the most
            coverage for the budget.
        reached: Share of replicates in which the target is reached.
    """

    question: Annotated[str, words("budget", "target", "value", "marginal")]
    amount: float
    unit: Annotated[str, words("usd", "flops", "coverage")]
    policy: Annotated[str, words("fixed", "stop")]
    k: Count | None
    k_low: Count | None
    k_high: Count | None
    attempts: float | None
    cost: float | None
    coverage: Estimate
    is_forecast: bool = False
    best_probability: Share | None = None
    reached: Share | None = None


class Comparison(Record):
    """Coverage of this group minus that of another.

    Attributes:
        problems: Number of problems that both groups have; only these are compared.
        se_paired: Standard error of the paired difference.
    """

    other: str
    k: Count
    problems: Count
    difference: Estimate
    se_paired: float | None
    verdict: Annotated[str, words("higher", "lower", "inconclusive")]


class CurveCrossing(Record):
    """Where the coverage of this group passes that of another.

    Attributes:
        k: Number of attempts; an end of its confidence set is null where the set reaches beyond the log.
        leads: Which group has the higher coverage at fewer attempts; empty where they never differ.
        up_to: The most attempts at which they could be compared.
    """

    other: str
    k: Estimate | None
    leads: str
    up_to: Count


class Mix(Record):
    """The best split of one budget between this group and another on the same problems.

    Attributes:
        k: Attempts per problem of this group.
        other_k: Attempts per problem of the other group.
        alone: Coverage when all of the budget goes to this group.
        other_alone: Coverage when all of the budget goes to the other group.
    """

    other: str
    budget: float
    unit: str
    k: Count
    other_k: Count
    coverage: Share
    alone: Share
    other_alone: Share


class CoverageResult(Record):
    """Coverage (pass@k) of one group of sampling logs.

    Attributes:
        unsolved: Problems without a success.
        clusters: Groups of related problems, with --cluster.
        design: `fixed` for a given number of attempts, `stop-at-success` where sampling stopped at a success.
        batch: Attempts per batch, where sampling stopped after a batch with a success.
        layout: Layout of the log.
        interval: How the intervals of coverage were made.
        fits: Laws, by name.
        selection: Accuracy when one of k attempts is selected.
        verifier: With assumed error rates, what they imply.
        labels: Whether the outcomes in the log are verdicts of a verifier, or the truth.
        budgets: Answers about money or compute.
        comparisons: Paired differences from other groups.
        mixes: Budgets split between two groups.
        exchange: Comparison with larger models at equal compute.
        crossings: With --compare, where the coverage of this group passes that of the other.
        split: Best splits between solutions and verifications; nothing else is estimated then.
    """

    drawn = ("curve", "forecast_curve")

    group: GroupValues
    problems: Count
    attempts: Attempts
    unsolved: Count
    clusters: Count | None
    design: Annotated[str, words("fixed", "stop-at-success")]
    batch: Count | None
    layout: str
    interval: str
    level: Level
    coverage: tuple[Coverage, ...]
    fits: dict[str, LawFit]
    forecast: tuple[Forecast, ...]
    backtest: tuple[Backtest, ...]
    selection: tuple[Selection, ...] = ()
    verifier: AssumedVerifier | None = None
    labels: Annotated[str, words("verifier", "truth")] = "truth"
    budgets: tuple[Purchase, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    mixes: tuple[Mix, ...] = ()
    exchange: tuple[Exchange, ...] = ()
    crossings: tuple[CurveCrossing, ...] = ()
    split: VerificationSplit | None = None
    curve: Curve | None = None
    forecast_curve: Curve | None = None
    sentence: Sentence = ""

    @property
    def are_verdicts(self) -> bool:
        """Whether attempts are accepted by a verifier, not known to be correct."""
        # Results of earlier versions have only the labels of the verifier.
        return "verifier" in (self.labels, self.verifier.labels if self.verifier is not None else "")
