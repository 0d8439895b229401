"""Results of `scaling optimal-allocation`."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.options.optimal_allocation import APPROACHES, PROFILES
from scaling_cli.record import Record
from scaling_cli.results.fit import Curve, Estimate, IntervalMethod
from scaling_cli.results.values import Count, GroupValues, Ranges, Sentence, Share, keys, words


class Bill(Record):
    """Time and price of one training run.

    Attributes:
        gpu_hours: Hours of one GPU.
        days: Days on all GPUs, with --gpus.
        price: Price of all GPU-hours, with --price-per-gpu-hour.
    """

    gpu_hours: float
    days: float | None
    price: float | None


class Repetition(Record):
    """Training on data that are repeated.

    Attributes:
        unique_tokens: Tokens available.
        epochs: How often they are seen.
        effective_tokens: Unique tokens that would give the same loss.
        flops_per_unique_token: Compute that one more unique token would save; None where more compute no longer lowers
            the loss, so that only unique tokens help.
    """

    unique_tokens: float
    epochs: float
    effective_tokens: float | None
    flops_per_unique_token: float | None


class Searched(Record):
    """The best value of a further input at one budget, from --search.

    Attributes:
        range: The values among which it was searched.
        within_waste: By share of the budget, the range of values that waste at most this share, if everything else is
            at its best for each value.
        end: The end of the range at which the best value lies, if it lies there.
    """

    value: Estimate
    range: tuple[float, float]
    within_waste: Annotated[dict[str, tuple[float, float]], keys("0.05", "0.10")]
    end: Annotated[str, words("lowest", "highest")] | None = None


class PoolChoice(Record):
    """Training on some pools of data, each of which is repeated equally often.

    Attributes:
        pools: Names of the pools.
        unique_samples: Samples of all of them, which make an epoch.
        epochs: How often each sample is seen; below 1, only a part of them is.
        loss: The error after the budget.
        excess: By how much that is above the error of the best choice.
        best_share: Share of replicates in which this is the best of the choices.
    """

    pools: tuple[str, ...]
    unique_samples: float
    epochs: float
    loss: Estimate
    excess: Estimate
    best_share: Share | None = None


class Allocation(Record):
    """The best split of one budget by one approach.

    Attributes:
        compute: FLOPs of training and inference; None where no budget reaches the target loss.
        params_within_waste: By share of the budget, the range of params that wastes at most this share: their loss is
            no higher than the best loss of a budget that is smaller by this share.
        compute_interval: Confidence interval of compute, with --target-loss.
        training_compute: FLOPs of training.
        inference_compute: FLOPs of inference, with --inference-tokens.
        saving: Share of all compute saved, compared with compute-optimal training to the same loss, with
            --inference-tokens.
        repetition: How the data are repeated, with --unique-tokens.
        limit: The constraint that decided the split, if one did.
        reach: Training compute as a factor of that of the largest run.
        log_correlation: Correlation of log params and log tokens over the replicates.
        bill: Time and price, with --gpus or --price-per-gpu-hour.
        recipe: Width, depth, batch size and so on, with --recipe.
        searched: By name, the best value of each input that --search names.
        followed: By name, the value at this split of each input that --hold lets follow from a law, and of the part of
            params that is left.
        samples: The budget in samples seen, for a law of pools of data; such a budget is not split into params and
            tokens.
        pools: The choices of pools with the lowest errors for these samples, the best first.
    """

    approach: Annotated[str, words(*APPROACHES)]
    compute: float | None
    params: Estimate
    tokens: Estimate
    tokens_per_param: Estimate
    loss: Estimate
    params_within_waste: Annotated[dict[str, tuple[float, float]], keys("0.05", "0.10")] | None = None
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
    recipe: dict[str, float] = {}
    searched: dict[str, Searched] = {}
    followed: dict[str, Estimate] = {}
    samples: float | None = None
    pools: tuple[PoolChoice, ...] = ()


class IsoFlop(Record):
    """The IsoFLOP curve of one budget: its minimum, and how well the data determine it.

    Attributes:
        compute: FLOPs of the budget: the geometric mean of its runs.
        sizes: Different values of params.
        left: Sizes below the minimum.
        right: Sizes above the minimum.
        curvature: Second derivative of the loss in log params at the vertex of the parabola.
        centre_offset: log10 of the ratio of the centre of the grid to the minimum.
        parabola_params: Vertex of the parabola.
        parabola_bias: Relative error in params that a parabola makes on this grid without noise, by the exact curve.
        refused: Why the budget is left out; None where it is used.
    """

    drawn = ("observed", "curve")

    compute: float
    points: Count
    sizes: Count
    params: Estimate
    tokens: Estimate
    loss: Estimate
    left: Count
    right: Count
    curvature: float | None
    centre_offset: float | None
    parabola_params: float | None
    parabola_bias: float | None
    refused: str | None = None
    observed: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    curve: Curve | None = None


class Profile(Record):
    """The exponents if the IsoFLOP curves are fitted with this shape.

    Attributes:
        budgets: Number of budgets that could be used.
        bias: Error of the params exponent due to the shape on these grids, where a formula for it is known.
    """

    profile: str
    params_exponent: float | None
    tokens_exponent: float | None
    budgets: Count
    bias: float | None


class Drift(Record):
    """How the centres of the grids move against the minima, in decades per decade of compute."""

    slope: float
    p_value: float | None


class Envelope(Record):
    """The lower envelope of training curves.

    Attributes:
        at_edge: Share of the hull points on the smallest or largest model.
        unfinished: Share of the hull points before the last part of their run's tokens.
    """

    curves: Count
    hull_points: Count
    at_edge: float
    unfinished: float


class Agreement(Record):
    """How much the approaches differ at one budget.

    Attributes:
        params_ratio: Largest params divided by smallest.
    """

    compute: float
    params_ratio: float
    intervals_overlap: bool | None


class Estimator(Record):
    """The split when the law is fitted to the same runs with another objective.

    Attributes:
        params: Best params of each budget, in order.
    """

    objective: str
    delta: float | None
    params_exponent: float | None
    params: tuple[float, ...]


class Cutoff(Record):
    """An approach repeated on the points with at least `tokens` training tokens."""

    tokens: float
    points: Count
    approach: str
    params_exponent: float
    standard_error: float | None


class Gap(Record):
    """The exponent of best params under one way of counting params and compute.

    Attributes:
        params: The range of sizes over which it was fitted.
    """

    counting: str
    params: tuple[float, float]
    exponent: float


class AllocationResult(Record):
    """How to split compute between params and tokens, for one group of runs or one saved fit.

    Attributes:
        flops_rule: Formula for the training FLOPs of a run; empty where budgets are samples.
        exponents: Powers of compute with which the best params and tokens grow, by approach.
        profile: Shape of the IsoFLOP curves that was used.
        profiles: The exponents for each shape.
        drift: How the centres of the grids move against the minima.
        agreement: How much the approaches differ.
        estimators: With --approach all, the split under other objectives.
        cutoffs: The exponent from points with at least so many tokens.
        gap: With --explain-gap, the exponent under other ways of counting.
        held: The values of further inputs, from --hold.
        cost: Where GPU-hours come from, if from those of the runs.
        recipe: Where the rules of --recipe come from.
    """

    drawn = ("frontiers",)

    group: GroupValues
    runs: Count | None
    points: Count | None
    law: str | None
    formula: str | None
    flops_rule: str
    exponents: dict[str, Annotated[dict[str, Estimate], keys("params", "tokens")]]
    allocations: tuple[Allocation, ...]
    interval: IntervalMethod
    isoflops: tuple[IsoFlop, ...] = ()
    profile: Annotated[str, words(*PROFILES)] | None = None
    profiles: tuple[Profile, ...] = ()
    drift: Drift | None = None
    envelope: Envelope | None = None
    agreement: tuple[Agreement, ...] = ()
    estimators: tuple[Estimator, ...] = ()
    cutoffs: tuple[Cutoff, ...] = ()
    gap: tuple[Gap, ...] = ()
    ranges: Ranges = {}
    held: dict[str, float] = {}
    cost: str = ""
    recipe: str = ""
    frontiers: dict[str, Curve] = {}
    sentence: Sentence = ""
