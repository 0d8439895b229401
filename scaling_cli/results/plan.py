"""Results of `scaling plan`."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.allocation import Bill
from scaling_cli.results.fit import Curve, Estimate
from scaling_cli.results.values import Count, GroupValues, Level, Noise, Number, Sentence, Share, words


class PlannedRun(Record):
    """One run to train, or several equal ones.

    Attributes:
        round: The round in which to train it, from 1; later rounds are provisional.
        purpose: Whether it answers the goals or tests the law.
        repeats: How many equal runs, each with another seed.
        arm: The group of runs that it belongs to, with goals that compare two groups; empty otherwise.
        compute: FLOPs of one of them.
        why: What it shows.
        bill: Time and price of one of them, with --peak-flops.
        recipe: Width, depth, batch size and so on, with --recipe.
    """

    round: Count
    purpose: Annotated[str, words("goal", "test")]
    repeats: Count
    params: float
    tokens: float
    compute: float
    tokens_per_param: float
    why: str
    arm: str = ""
    bill: Bill | None = None
    recipe: dict[str, float] = {}


class MoreAttempts(Record):
    """Further attempts at one problem, with goals of coverage.

    Attributes:
        attempts: Attempts made so far.
        successes: How many of them succeeded.
        more: Number of further attempts to make.
    """

    problem: str
    attempts: Count
    successes: Count
    more: Count


class GoalOutlook(Record):
    """What is known about a goal, and what is expected to be known.

    Attributes:
        is_log: Whether its width is measured in decades (a ratio) or as a difference.
        before: The interval now; without data, that of the published fit.
        after: The interval that is expected once all runs are trained, around the present estimate.
        width_before: Width of the interval now, in decades or as a difference.
        width_after: The expected width.
        rounds: The expected width after each round.
    """

    goal: str
    weight: float
    is_log: bool
    before: Estimate
    after: Estimate
    width_before: Number
    width_after: Number
    rounds: tuple[float, ...] = ()


class OtherDesign(Record):
    """Another design of about the same cost.

    Attributes:
        widths: The expected width of each goal's interval.
        times: Factor by which its compute would have to grow for intervals as narrow as those of the plan.
    """

    name: str
    runs: Count
    compute: float
    widths: tuple[float, ...]
    times: float | None


class Check(Record):
    """The plan simulated: the runs are drawn many times with noise, and fitted.

    Attributes:
        simulations: How often.
        ratios: The simulated width of each goal's interval over the expected one.
        coverage: How often a simulated interval contains the truth.
    """

    simulations: Count
    ratios: tuple[Number, ...]
    coverage: tuple[Share, ...]


class Judgement(Record):
    """A design that is judged: the runs that there are, or those of --judge.

    Attributes:
        widths: The expected width of each goal's interval with this design.
        best_widths: The widths of a plan of the same cost and number of runs.
        idle: Share of its compute in runs without which the intervals would be at most 5 % wider.
        idle_runs: Number of these runs.
    """

    name: str
    runs: Count
    compute: float
    widths: tuple[float, ...]
    best_widths: tuple[float, ...]
    idle: Share
    idle_runs: Count


class Test(Record):
    """The reserved runs that test the law.

    Attributes:
        seen: The departure from the law, as a share of the loss at the edge of the candidates, that these runs detect
            with a power of 80 % at the level of 5 %; None where they would not detect one as large as the loss.
    """

    runs: Count
    compute: float
    seen: Number | None


class ComparedGroup(Record):
    """One of two groups that goals compare.

    Attributes:
        noise: Standard deviation of the log loss of one of its runs in the middle of the candidates.
        noise_slope: Change of the log of this noise per decade of compute.
    """

    name: str
    noise: Noise
    noise_slope: float


class PlanResult(Record):
    """Which runs to train, with the intervals to expect, for one group of runs, a saved or a published fit.

    Attributes:
        laws: The laws for which the design was chosen; the first one is to be fitted to the runs.
        source: What the plan starts from: `runs`, a `saved` fit or a `published` fit.
        noise: Standard deviation of the log loss of one run in the middle of the candidates; with goals that compare
            two groups that of the first.
        noise_slope: Change of the log of the noise per decade of compute.
        compared: With goals that compare two groups, the first and the second: differences are the second less
            the first (a ratio where the goal is in logs), and multipliers the compute of the second over the first's.
        budget: FLOPs that may be spent.
        compute: FLOPs of all runs.
        bill: Time and price of all runs.
        runs: The runs, those of round 1 to be trained now.
        usual: Usual designs of the same cost.
        check: With --check, the simulated plan.
        judged: Ratings of the design of --judge, and of the runs given.
        candidates: Number of possible runs from which the plan was chosen.
        tokens_per_param: Fewest and most tokens per param that a run may have.
        notes: Further remarks, such as why much of the budget is left.
        attempts: With goals of coverage, the problems to attempt again; budget and compute are then in attempts.
    """

    drawn = ("present", "fall", "best")

    group: GroupValues
    law: str
    formula: str
    laws: tuple[str, ...]
    source: Annotated[str, words("runs", "saved", "published")]
    level: Level
    noise: Noise
    noise_slope: float
    budget: float
    compute: float
    bill: Bill | None
    goals: tuple[GoalOutlook, ...]
    runs: tuple[PlannedRun, ...]
    test: Test | None
    usual: tuple[OtherDesign, ...]
    check: Check | None = None
    judged: tuple[Judgement, ...] = ()
    candidates: Count = 0
    tokens_per_param: tuple[float, float] = (0.0, 0.0)
    notes: tuple[str, ...] = ()
    attempts: tuple[MoreAttempts, ...] = ()
    present: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    fall: Curve | None = None
    best: Curve | None = None
    compared: tuple[ComparedGroup, ...] = ()
    sentence: Sentence = ""
