"""What a comparison of groups found, as plain numbers. `None` stands for what is missing or without limit."""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate, FitResult, IntervalMethod

Difference = Estimate | dict[str, Estimate]  # keyed by parameter where a law has several exponents
Amount = float | None | dict[str, float | None]

DIFFERENT, EQUIVALENT, INCONCLUSIVE, NOT_IDENTIFIED = "different", "equivalent", "inconclusive", "not-identified"


class Group(Record):
    """One group's own fit.

    `floor_width` is how far the interval of its floor spans, as a share of the loss above the floor in the middle of
    its data (None where it is open or there is no floor); `is_identified` is false where that leaves the exponent open.
    """

    name: str
    group: dict[str, str]
    runs: int
    points: int
    parameters: dict[str, Estimate]
    derived: dict[str, Estimate]
    noise: float
    is_identified: bool
    floor_width: float | None
    ranges: dict[str, tuple[float, float]]


class Model(Record):
    """One of the nested models: what its groups share, its number of parameters, and the squares it leaves.

    `deviance` sums squared residuals in units of each group's own noise.
    """

    name: str
    shared: tuple[str, ...]
    parameters: int
    deviance: float


class NestedTest(Record):
    """A null model against a wider one; `method` is `F` or `wild-bootstrap`."""

    statistic: float
    p_value: float | None
    method: str
    null: str
    against: str
    replicates: int = 0


class Margin(Record):
    """The exponent difference that is too small to matter.

    It lets the compute multiplier drift by a factor of `drift` from `start` to `to`; where the user gave a difference
    instead, `difference` is that and the rest is None.
    """

    role: str
    start: float | None
    to: float
    drift: float | None
    difference: float | None = None


class Multiplier(Record):
    """Compute (or other input) that left needs over what right needs, at equal loss; right needs `at`."""

    loss: float
    estimate: float | None
    low: float | None
    high: float | None
    at: float
    is_extrapolated: bool


class Crossover(Record):
    """Where two laws give the same loss; `place` is `inside` the data they share, `above` or `below` them."""

    estimate: float
    low: float | None
    high: float | None
    place: str


class Comparison(Record):
    """Two groups: left less right.

    `crossover_probability` is the share of replicates in which the laws cross between the data's start and the
    margin's `to`.
    """

    left: str
    right: str
    exponent_difference: Difference
    statistic: float | None
    p_value: float | None
    p_adjusted: float | None
    method: str
    verdict: str
    sentence: str
    margin: Amount
    equivalence_p_value: float | None
    minimum_detectable_difference: Amount
    compute_multiplier: tuple[Multiplier, ...]
    crossover: Crossover | None
    crossover_probability: float | None


class ComparisonResult(Record):
    """All groups under one law, the models that share its parameters, and every pair."""

    drawn = ("fits",)

    group: dict[str, str]
    runs: int
    points: int
    law: str
    formula: str
    inputs: dict[str, str]
    reason: str | None
    exponents: tuple[str, ...]
    objective: dict[str, str | None]
    interval: IntervalMethod
    is_paired: bool
    floor: str
    reference: str | None
    groups: tuple[Group, ...]
    models: tuple[Model, ...]
    tests: dict[str, NestedTest]
    margin: Margin
    comparisons: tuple[Comparison, ...]
    fits: tuple[FitResult, ...] = ()
