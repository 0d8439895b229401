"""What a fit found, as plain numbers: every table, plot and JSON document is drawn from these.

`None` stands for what is missing, never NaN. What `drawn` names is for tables and plots alone and
stays out of JSON.
"""

from __future__ import annotations

from scaling_cli.record import Record


class Estimate(Record):
    """A number with its interval at the level of the report; `None` where there is none."""

    estimate: float | None
    low: float | None = None
    high: float | None = None


class ObjectiveValue(Record):
    """The objective that was minimised, and its summed (never averaged) minimum.

    `weights` is the formula of the points' weights, None where they are equal; `prior` is `none` or `weak`, and not
    part of `value`.
    """

    name: str
    space: str
    delta: float | None
    value: float
    weights: str | None = None
    prior: str = "none"


class IntervalMethod(Record):
    """How the intervals were made.

    `unit` is what was resampled (`run`); `failed` replicates did not converge, `retried` were doubtful and tried from
    other starts as well, which found `moved` of them a better optimum.
    """

    method: str
    level: float
    replicates: int
    unit: str | None
    failed: int = 0
    retried: int = 0
    moved: int = 0


class Quality(Record):
    """Size of the log residuals: root mean square, mean absolute relative error of the loss, and R2."""

    rmse_log: float
    mape: float
    r2_log: float | None


class Optimum(Record):
    """A local optimum whose objective lies within 1 % of the best."""

    objective: float
    parameters: dict[str, float]


class Starts(Record):
    """How many starts were polished, how many reached the best objective, and the distinct optima within 1 %."""

    tried: int
    agreeing: int
    optima: tuple[Optimum, ...] = ()


class Identifiability(Record):
    """Whether the data can answer.

    `condition_number` is that of J'J with the columns of the Jacobian scaled to length one; `correlation` is that of
    log params and log tokens; `decades` is the range of each input in powers of ten.
    """

    condition_number: float
    degrees_of_freedom: int
    decades: dict[str, float]
    tokens_per_param: tuple[float, float] | None = None
    correlation: float | None = None


class Influence(Record):
    """A run without which `parameter` would be `without`, `standard_errors` from where it is."""

    run: str
    parameter: str
    without: float
    standard_errors: float


class Alternative(Record):
    """What another reasonable objective says."""

    objective: ObjectiveValue
    parameters: dict[str, float]
    derived: dict[str, float]


class NestedTest(Record):
    """Whether a law is needed over the simpler one that it contains, `against`: by likelihood ratio."""

    against: str
    statistic: float
    p_value: float


class Candidate(Record):
    """One law, or baseline, of several: `parameters` counts them.

    `heldout_rmse_log` and `heldout_bias_log` (predicted less observed) are those of larger runs predicted from smaller
    ones, over the same cut-offs for all; `aicc` and `bic` count runs, not points. `error` says why a law has no score.
    """

    law: str
    parameters: int
    is_baseline: bool = False
    heldout_rmse_log: float | None = None
    heldout_bias_log: float | None = None
    aicc: float | None = None
    bic: float | None = None
    test: NestedTest | None = None
    error: str | None = None


class Observations(Record):
    """The points behind a fit, for drawing: one entry a point, inputs by role in the law's order.

    `compute` is what training each took, as the runs or a rule count it; None where that is not known of all.
    """

    inputs: dict[str, tuple[float, ...]]
    observed: tuple[float, ...]
    predicted: tuple[float, ...]
    compute: tuple[float, ...] | None = None


class FitResult(Record):
    """One law fitted to one group of runs.

    `parameters` and `derived` are keyed by name, in the law's order; `inputs` maps each input of the law to the
    column it was read from; `noise` is the robust scale of the log residuals; `draws` holds the replicates'
    parameters, in the order of `parameters`; `reason` says why this law, where it was chosen for the user.
    `influence` lists runs on which an exponent hangs, `spread` what other objectives say and `selection` the laws
    compared, best first, where these were asked for.
    """

    drawn = ("observations",)

    group: dict[str, str]
    runs: int
    points: int
    law: str
    formula: str
    inputs: dict[str, str]
    reason: str | None
    objective: ObjectiveValue
    parameters: dict[str, Estimate]
    derived: dict[str, Estimate]
    interval: IntervalMethod
    quality: Quality
    starts: Starts
    identifiability: Identifiability
    ranges: dict[str, tuple[float, float]]
    noise: float
    influence: tuple[Influence, ...] = ()
    spread: tuple[Alternative, ...] | None = None
    selection: tuple[Candidate, ...] | None = None
    draws: tuple[tuple[float, ...], ...] | None = None
    observations: Observations | None = None


class Curve(Record):
    """A law along a grid of x, for drawing, with the ends of its confidence band where it has one."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
