"""Results of `scaling compare-exponents`."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, FitResult, IntervalMethod
from scaling_cli.results.values import Count, GroupValues, InputColumns, Noise, Number, Ranges, Sentence, keys, words

DIFFERENT, EQUIVALENT, INCONCLUSIVE, NOT_IDENTIFIED = "different", "equivalent", "inconclusive", "not-identified"
VERDICTS = (DIFFERENT, EQUIVALENT, INCONCLUSIVE, NOT_IDENTIFIED)
METHODS = ("F", "wild-bootstrap")


class Group(Record):
    """The fit of one group.

    Attributes:
        name: The value of the --by column, or "col=value, col=value" for several columns.
        is_identified: Whether noise and irreducible loss determine the exponent well enough to compare it.
        floor_width: Width of the interval of the irreducible loss, as a share of the loss above it in the middle of the
            data; None where an end has no limit, or the law has no irreducible loss.
    """

    name: str
    group: GroupValues
    runs: Count
    points: Count
    parameters: dict[str, Estimate]
    derived: dict[str, Estimate]
    noise: Noise
    is_identified: bool
    floor_width: float | None
    ranges: Ranges


class Model(Record):
    """One of the nested models.

    Attributes:
        shared: Parameters with one value for all groups.
        parameters: Number of parameters.
        deviance: Sum of squared residuals, in units of each group's noise.
    """

    name: Annotated[str, words("one-curve", "separate-coefficients", "shared-exponent", "shared-floor", "all-separate")]
    shared: tuple[str, ...]
    parameters: Count
    deviance: Number


class NestedTest(Record):
    """A test of one model against a wider one.

    Attributes:
        null: The model that is tested.
        against: The wider model.
    """

    statistic: Number
    p_value: float | None
    method: Annotated[str, words(*METHODS)]
    null: str
    against: str
    replicates: Count = 0


class Margin(Record):
    """The exponent difference that is too small to matter.

    Over such a difference the compute multiplier changes by the factor `drift` from `start` to `to`.

    Attributes:
        role: The quantity of which `start` and `to` are values.
        difference: The exponent difference itself, where --margin gave one.
    """

    role: str
    start: float | None
    to: float
    drift: float | None
    difference: float | None = None


class Multiplier(Record):
    """How many times the compute (or other input) of the right group the left group needs for the same loss.

    Attributes:
        at: What the right group needs.
        is_extrapolated: Whether this loss is outside the data.
    """

    loss: Number
    estimate: float | None
    low: float | None
    high: float | None
    at: float
    is_extrapolated: bool


class Crossover(Record):
    """Where two laws give the same loss.

    Attributes:
        place: Relative to the range of data that both groups have.
    """

    estimate: float
    low: float | None
    high: float | None
    place: Annotated[str, words("inside", "above", "below")]


class Comparison(Record):
    """Two groups: the left less the right.

    Attributes:
        exponent_difference: Difference of the signed exponents; keyed by exponent where the law has several.
        p_value: Of the hypothesis that the exponents are equal.
        p_adjusted: The p-value adjusted for the number of pairs (Holm).
        sentence: The verdict in words.
        margin: Exponent difference that is too small to matter; keyed by exponent where the law has several.
        equivalence_p_value: The larger p-value of two one-sided tests against the margin.
        minimum_detectable_difference: Exponent difference that would be found with a probability of 80 %; keyed by
            exponent where the law has several.
        compute_multiplier: Compute of the left group over that of the right one, at several losses.
        crossover_probability: Share of replicates in which the laws cross between the start of the data and the `to` of
            the margin.
    """

    unwrapped = ("exponent_difference", "margin", "minimum_detectable_difference")

    left: str
    right: str
    exponent_difference: dict[str, Estimate]
    statistic: float | None
    p_value: float | None
    p_adjusted: float | None
    method: Annotated[str, words(*METHODS)]
    verdict: Annotated[str, words(*VERDICTS)]
    sentence: str
    margin: dict[str, float | None]
    equivalence_p_value: float | None
    minimum_detectable_difference: dict[str, float | None]
    compute_multiplier: tuple[Multiplier, ...]
    crossover: Crossover | None
    crossover_probability: float | None


class ComparisonResult(Record):
    """All groups under one law, the models that share its parameters, and every pair of groups.

    Attributes:
        group: Empty: the comparison is of the groups in `groups`.
        reason: Why this law was chosen, with --law auto.
        exponents: The exponents that are compared.
        interval: Of the parameters of each group; also of multipliers and crossovers where it comes from replicates.
        is_paired: Whether all groups have the same inputs and seeds, so that they are resampled together.
        floor: Whether the exponents are compared with an irreducible loss for each group, one for all, or none.
        reference: The group with which all others are compared; None where all pairs are.
        tests: By hypothesis, such as `same_exponent`.
    """

    drawn = ("fits",)

    group: GroupValues
    runs: Count
    points: Count
    law: str
    formula: str
    inputs: InputColumns
    reason: str | None
    exponents: tuple[str, ...]
    objective: dict[str, str | None]
    interval: IntervalMethod
    is_paired: bool
    floor: Annotated[str, words("separate", "shared", "none")]
    reference: str | None
    groups: tuple[Group, ...]
    models: tuple[Model, ...]
    tests: Annotated[dict[str, NestedTest], keys("same_exponent")]
    margin: Margin
    comparisons: tuple[Comparison, ...]
    fits: tuple[FitResult, ...] = ()
    sentence: Sentence = ""
