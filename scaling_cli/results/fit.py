"""Results of `scaling fit`, and the estimates and intervals that other results share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.values import Count, GroupValues, InputColumns, Level, Noise, Number, Ranges, Sentence, words


class Estimate(Record):
    """A number with its confidence interval; an end is None where it was not computed or has no limit."""

    estimate: float | None
    low: float | None = None
    high: float | None = None


class ObjectiveValue(Record):
    """The objective that was minimised.

    Attributes:
        space: `log` for residuals of log loss, `linear` for residuals of the loss, `binomial` for outcomes that are
            fitted by maximum likelihood.
        delta: Residual size above which huber is linear, in units of the residuals.
        value: Sum over the points at the minimum (not an average), without the prior.
        weights: Formula of the points' weights; None where they are equal.
        prior: Prior on exponents and irreducible loss.
    """

    name: Annotated[str, words("huber", "lad", "least-squares", "binomial")]
    space: Annotated[str, words("log", "linear", "binomial")]
    delta: float | None
    value: Number
    weights: str | None = None
    prior: Annotated[str, words("none", "weak")] = "none"


class IntervalMethod(Record):
    """How the intervals were made.

    Attributes:
        method: `draws` are the replicates of a saved fit that does not say how they were made.
        unit: What was resampled, such as `run`.
        failed: Replicates that did not converge.
        retried: Doubtful replicates that were repeated from other starts.
        moved: Repeated replicates that reached a better optimum.
    """

    method: Annotated[str, words("wild", "bootstrap", "bca", "profile", "sandwich", "t", "draws", "none")]
    level: Level
    replicates: Count
    unit: str | None
    failed: Count = 0
    retried: Count = 0
    moved: Count = 0


class Quality(Record):
    """Size of the residuals.

    Attributes:
        rmse_log: Root mean square of the log residuals.
        mape: Mean absolute relative error of the loss, as a fraction.
        r2_log: R2 of log loss.
    """

    rmse_log: Number
    mape: Number
    r2_log: float | None


class Optimum(Record):
    """A local optimum whose objective lies within 1 % of the best."""

    objective: Number
    parameters: dict[str, Number]


class Starts(Record):
    """The starting values of the optimiser.

    Attributes:
        tried: Starts that were optimised.
        agreeing: Starts that reached the best objective.
        optima: Distinct optima whose objective lies within 1 % of the best.
    """

    tried: Count
    agreeing: Count
    optima: tuple[Optimum, ...] = ()


class Identifiability(Record):
    """Whether the data determine the parameters.

    Attributes:
        condition_number: Condition number of J'J, where J is the Jacobian with columns scaled to length one.
        decades: Range of each input in powers of ten.
        tokens_per_param: Smallest and largest tokens per param.
        correlation: Correlation of log params and log tokens.
    """

    condition_number: Number
    degrees_of_freedom: int
    decades: dict[str, Number]
    tokens_per_param: tuple[float, float] | None = None
    correlation: float | None = None


class Influence(Record):
    """A run that strongly influences an exponent.

    Attributes:
        parameter: The exponent that moves most.
        without: Its estimate without the run.
        standard_errors: `without` minus the estimate with the run, in standard errors.
    """

    run: str
    parameter: str
    without: Number
    standard_errors: Number


class Alternative(Record):
    """The estimates under another reasonable objective."""

    objective: ObjectiveValue
    parameters: dict[str, Number]
    derived: dict[str, Number]


class NestedTest(Record):
    """A likelihood-ratio test of a law against `against`, a simpler law that it contains."""

    against: str
    statistic: Number
    p_value: Number


class Candidate(Record):
    """One of the laws and baselines that were compared.

    Attributes:
        parameters: Number of parameters.
        heldout_rmse_log: Error when larger runs are predicted from smaller ones, averaged over the cut-offs.
        heldout_bias_log: Mean of predicted minus observed log loss in these predictions.
        aicc, bic: Information criteria, in which the sample size is the number of runs, not of points.
        test: Whether the law is better than a law that it contains.
        error: Why the law has no score.
    """

    law: str
    parameters: Count
    is_baseline: bool = False
    heldout_rmse_log: float | None = None
    heldout_bias_log: float | None = None
    aicc: float | None = None
    bic: float | None = None
    test: NestedTest | None = None
    error: str | None = None


class Expectation(Record):
    """Whether a quantity has a value that was expected of it.

    Attributes:
        p_value: Two-sided p-value of the hypothesis that it has this value; null where the data determine no standard
            error.
        detects: Smallest difference from the value that these data would show with a probability of 80 %.
        runs_needed: Number of runs of this design that would show the difference found with a probability of 80 %.
    """

    value: float
    found: Estimate
    p_value: float | None
    detects: float | None
    runs_needed: float | None


class Observations(Record):
    """The points of a fit, for drawing.

    Attributes:
        inputs: Values by input of the law, one for each point.
        compute: Training compute of each point; None where it is not known for all of them.
        names: The run of each point; empty where it is not known.
    """

    inputs: dict[str, Sequence[float]]
    observed: Sequence[float]
    predicted: Sequence[float]
    compute: Sequence[float] | None = None
    names: tuple[str, ...] = ()


class LeftOut(Record):
    """The errors on a group of points, by a fit to all others.

    Attributes:
        group: Value of the column of --leave-out.
        rmse_log: Root mean square error of log loss; None where the others do not determine a fit.
        bias_log: Mean of log observed less log predicted.
        rmse: Root mean square error of the loss itself.
    """

    group: str
    points: Count
    rmse_log: float | None
    bias_log: float | None
    rmse: float | None


class FitResult(Record):
    """One law fitted to one group of runs.

    Attributes:
        reason: Why this law was chosen, with --law auto or all.
        parameters: Estimates by name, in the order of the law.
        derived: Quantities that follow from the parameters.
        influence: Runs whose removal moves an exponent by more than one standard error, largest move first.
        spread: With --spread, the estimates under other objectives.
        selection: With --law all, every law and baseline, best first.
        expected: With --expect, the tests of stated values.
        differences: With several columns of --loss, each parameter less that of the first loss, with its interval over
            shared draws.
        left_out: With --leave-out, the errors on each group by a fit without it.
        loss_to_loss: The parameters of this loss as E1 + K (L0 - E0)^kappa of the first loss L0, where both are power
            laws of one input.
        draws: Parameters of each replicate, in the order of `parameters`; None without replicates.
    """

    drawn = ("observations",)

    group: GroupValues
    runs: Count
    points: Count
    law: str
    formula: str
    inputs: InputColumns
    reason: str | None
    objective: ObjectiveValue
    parameters: dict[str, Estimate]
    derived: dict[str, Estimate]
    interval: IntervalMethod
    quality: Quality
    starts: Starts
    identifiability: Identifiability
    ranges: Ranges
    noise: Noise
    influence: tuple[Influence, ...] = ()
    spread: tuple[Alternative, ...] | None = None
    selection: tuple[Candidate, ...] | None = None
    draws: tuple[tuple[Number, ...], ...] | None = None
    observations: Observations | None = None
    expected: dict[str, Expectation] = {}
    differences: dict[str, Estimate] = {}
    loss_to_loss: dict[str, Estimate] = {}
    left_out: tuple[LeftOut, ...] = ()
    sentence: Sentence = ""


class Curve(Record):
    """A law along a grid of x, for drawing; `low` and `high` are the ends of its confidence band, if it has one."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
