"""Results of `scaling compare-exponents`."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, FitResult, IntervalMethod
from scaling_cli.results.values import Count, GroupValues, InputColumns, Noise, Number, Ranges, Sentence, words

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

    name: Annotated[
        str,
        words(
            "one-curve", "separate-coefficients", "shared-exponent", "shared-floor", "shared-parameters", "all-separate"
        ),
    ]
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
        role: The quantity in which `start` and `to` are given, such as compute.
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
        at: Compute (or other input) that the right group needs.
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
        place: Whether it lies inside, above or below the range of data that both groups have.
    """

    estimate: float
    low: float | None
    high: float | None
    place: Annotated[str, words("inside", "above", "below")]


class Comparison(Record):
    """Two groups compared. Differences are those of the left group minus the right one.

    Attributes:
        exponent_difference: Difference of the signed exponents; keyed by exponent where the law has several.
        p_value: p-value of the hypothesis that the exponents are equal.
        p_adjusted: The p-value adjusted for the number of pairs (Holm).
        sentence: The verdict in words.
        margin: Exponent difference that is too small to matter; keyed by exponent where the law has several.
        equivalence_p_value: The larger p-value of two one-sided tests against the margin.
        minimum_detectable_difference: Exponent difference that would be found with a probability of 80 %; keyed by
            exponent where the law has several.
        compute_multiplier: Compute of the left group divided by that of the right one, at several losses.
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


class Moved(Record):
    """Whether a factor, or an interaction of two, moves one kind of parameter: exponents, coefficients or floors.

    Attributes:
        p_value: p-value of the hypothesis that it moves none of them.
        effect: Difference of an exponent or floor, or ratio of a coefficient in the middle of the data, between the two
            levels that `contrast` names; keyed by parameter where the law has several.
        moves: True if the test rejects that hypothesis, false if every interval lies within the margin, null otherwise.
        margin: Difference (of a coefficient: ratio) that is too small to matter; keyed like `effect`.
        detects: Difference (of a coefficient: ratio) that would be found with a probability of 80 %; keyed like
            `effect`.
        contrast: The levels that differ most, the second one subtracted (of a coefficient: in the denominator).
        alike: Parameters that this test assumes the factor does not move.
        averaged: Factors over whose levels the effect is averaged, since their interaction with this one moves the
            parameters.
    """

    unwrapped = ("effect", "margin", "detects")

    p_value: float
    effect: dict[str, Estimate]
    moves: bool | None
    margin: dict[str, float | None]
    detects: dict[str, float | None]
    contrast: str
    statistic: Number
    degrees_of_freedom: tuple[float, float]
    alike: tuple[str, ...] = ()
    averaged: tuple[str, ...] = ()


class AtLevel(Record):
    """What one factor of an interaction does to the exponent at one level of the other."""

    factor: str
    at: dict[str, str]
    exponent: Moved


class FactorEffect(Record):
    """What a factor, or an interaction of two, does to the law.

    Attributes:
        name: The factor, or two joined by a colon.
        exponent: Null where the design cannot separate it from other factors.
        constant: Whether it moves the coefficients. If neither exponents nor floors are shown to move, they are held
            equal in this test, which makes its interval much narrower.
        floor: Null where the law has none.
        multiplier: Compute (or other input) that one level needs for equal loss, divided by that of the other level;
            null for interactions, and where the exponent or the floor is shown to move.
        levels: Effect on the exponent at each level of the other factor, for an interaction that moves it.
    """

    name: str
    exponent: Moved | None
    constant: Moved | None
    floor: Moved | None
    multiplier: Estimate | None
    levels: tuple[AtLevel, ...]
    sentence: str


class Ranked(Record):
    """A group among many.

    Attributes:
        letters: Groups that have a letter in common are not shown to differ; empty with a reference.
        exponent: Its exponent; keyed by exponent where the law has several.
        multiplier: Compute (or other input) that it needs for equal loss at the end of the data, divided by that of the
            group `against`; null for the group `against` itself, and where losses cannot be compared.
    """

    unwrapped = ("exponent",)

    name: str
    letters: str
    exponent: dict[str, Estimate]
    multiplier: Estimate | None
    against: str | None


class Sharing(Record):
    """Groups that are consistent with one exponent: no two of them are shown to differ.

    Attributes:
        exponent: The exponent of all of them; empty where the law has several.
        p_value: p-value of the hypothesis that they have one exponent: that of the test `same_exponent` for all
            groups, else that of an F test.
    """

    unwrapped = ("exponent",)

    groups: tuple[str, ...]
    exponent: dict[str, Estimate]
    p_value: float | None


class ComparisonResult(Record):
    """All groups under one law, the models that share its parameters, and every pair of groups.

    Attributes:
        group: Always empty, because one result is about all of `groups`.
        reason: Why this law was chosen, with --law auto.
        exponents: The exponents that are compared.
        interval: How the intervals of the parameters of each group were made; those of multipliers and crossovers too,
            if they come from replicates.
        is_paired: Whether all groups have the same inputs and seeds, so that they are resampled together.
        floor: Whether the exponents are compared with an irreducible loss for each group, one for all, or none.
        reference: The group with which all others are compared; None where all pairs are.
        tests: Tests over all groups, by hypothesis, such as `same_exponent`.
        factors: With --factors: each factor, each covariate, and each interaction of two.
        ranking: The groups from the steepest exponent to the flattest, where there are more than two.
        sharing: Groups that are consistent with one exponent.
        incomparable: Column because of which the losses of different groups cannot be compared, so that there are no
            multipliers and no crossovers.
        shared: Parameters that are equal in all groups, with --shared-floor or --share.
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
    tests: dict[str, NestedTest]
    margin: Margin
    comparisons: tuple[Comparison, ...]
    factors: tuple[FactorEffect, ...] = ()
    ranking: tuple[Ranked, ...] = ()
    sharing: tuple[Sharing, ...] = ()
    incomparable: str | None = None
    shared: tuple[str, ...] = ()
    fits: tuple[FitResult, ...] = ()
    sentence: Sentence = ""
