"""What `scaling optimal-allocation` found, as plain numbers: every table, plot and JSON document is drawn from these.

`None` stands for what is missing, never NaN. What `drawn` names is for plots alone and stays out of JSON.
"""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, Estimate, IntervalMethod

APPROACHES = ("parametric", "isoflop", "envelope")
PROFILES = ("exact", "parabola", "akima")


class Bill(Record):
    """Time and money of one allocation: hours of one GPU, days of all of them, and the price, where asked for."""

    gpu_hours: float
    days: float | None
    price: float | None


class Repetition(Record):
    """Training on data that are too few: how often they are seen, what that is worth, and the value of more.

    `flops_per_unique_token` is the compute that one more unique token is worth at this budget.
    """

    unique_tokens: float
    epochs: float
    effective_tokens: float | None
    flops_per_unique_token: float


class Allocation(Record):
    """The best split of one budget by one approach.

    `compute` is all of it, training and inference, None for a target loss that no budget reaches;
    `params_within_waste` gives, for a share of the budget, the params between which no more than that share is
    wasted; `limit` names the constraint that decided; `reach` is the factor beyond the largest compute of the data;
    `saving` is the share of total compute saved against training compute-optimally to the same loss, where there is
    inference; `log_correlation` is that of log params and log tokens over the replicates.
    """

    approach: str
    compute: float | None
    params: Estimate
    tokens: Estimate
    tokens_per_param: Estimate
    loss: Estimate
    params_within_waste: dict[str, tuple[float, float]] | None = None
    compute_interval: tuple[float | None, float | None] | None = None
    target_loss: float | None = None
    training_compute: float | None = None
    inference_compute: float | None = None
    saving: float | None = None
    repetition: Repetition | None = None
    limit: str | None = None
    reach: float | None = None
    log_correlation: float | None = None
    bill: Bill | None = None


class IsoFlop(Record):
    """One budget's curve: its minimum, and what speaks for or against it.

    `left` and `right` count different sizes below and above the minimum; `curvature` is the second derivative of the
    loss in log params at the parabola's vertex; `centre_offset` is log10 of the grid's centre over the minimum;
    `parabola_params` is the parabola's vertex, and `parabola_bias` its relative error on this grid by the exact
    curve; `refused` says why the budget is left out.
    """

    drawn = ("observed", "curve")

    compute: float
    points: int
    sizes: int
    params: Estimate
    tokens: Estimate
    loss: Estimate
    left: int
    right: int
    curvature: float | None
    centre_offset: float | None
    parabola_params: float | None
    parabola_bias: float | None
    refused: str | None = None
    observed: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    curve: Curve | None = None


class Profile(Record):
    """The exponents that one profile of the IsoFLOP curves leads to, over the `budgets` that it could use.

    `bias` is the error of the params exponent that its shape makes on these grids, if known in closed form.
    """

    profile: str
    params_exponent: float | None
    tokens_exponent: float | None
    budgets: int
    bias: float | None


class Drift(Record):
    """How the centres of the grids move against the minima: decades a decade of compute, and whether by chance."""

    slope: float
    p_value: float | None


class Envelope(Record):
    """The frontier of training curves: hull points, and shares of them that should not be trusted.

    `at_edge` lie on the smallest or largest model, `unfinished` before the last part of their run's tokens.
    """

    curves: int
    hull_points: int
    at_edge: float
    unfinished: float


class Agreement(Record):
    """How far approaches lie apart at one budget: largest over smallest params, and whether intervals overlap."""

    compute: float
    params_ratio: float
    intervals_overlap: bool | None


class Estimator(Record):
    """The same law fitted to the same runs by another objective."""

    objective: str
    delta: float | None
    params_exponent: float | None
    params: tuple[float, ...]


class Cutoff(Record):
    """An approach repeated on the points with at least `tokens` training tokens."""

    tokens: float
    points: int
    approach: str
    params_exponent: float
    standard_error: float | None


class Gap(Record):
    """The exponent of best params that one way of counting sees over one range of sizes."""

    counting: str
    params: tuple[float, float]
    exponent: float


class AllocationResult(Record):
    """How to spend compute, by one group of runs or one saved fit."""

    drawn = ("frontiers",)

    group: dict[str, str]
    runs: int | None
    points: int | None
    law: str | None
    formula: str | None
    flops_rule: str
    exponents: dict[str, dict[str, Estimate]]
    allocations: tuple[Allocation, ...]
    interval: IntervalMethod
    isoflops: tuple[IsoFlop, ...] = ()
    profile: str | None = None
    profiles: tuple[Profile, ...] = ()
    drift: Drift | None = None
    envelope: Envelope | None = None
    agreement: tuple[Agreement, ...] = ()
    estimators: tuple[Estimator, ...] = ()
    cutoffs: tuple[Cutoff, ...] = ()
    gap: tuple[Gap, ...] = ()
    ranges: dict[str, tuple[float, float]] = {}
    frontiers: dict[str, Curve] = {}
