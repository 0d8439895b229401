"""Fits whose questions are answered together end where they end alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.errors import FitError, ScalingError
from scaling_cli.fitting.ask import (
    BATCH_VALUES,
    Ask,
    Asking,
    alone,
    answered,
    certain,
    side_by_side,
    together,
)
from scaling_cli.fitting.fit import Grouped, Settings, fit_asking
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum, optimum_asking
from scaling_cli.fitting.prior import weak_priors
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.solve import minimise
from scaling_cli.fitting.starts import starts
from scaling_cli.laws import find_law

SAME = 1e-6  # of standard errors of about a hundredth: far below anything that is printed


def curve(seed: int, points: int, law: str = "power-constant", *, prior: bool = False) -> Problem:
    random = np.random.default_rng(seed)
    x = np.geomspace(1e17, 1e21, points)
    loss = (random.uniform(1.5, 2) + random.uniform(800, 1200) * x**-0.15) * np.exp(random.normal(0, 0.003, points))
    chosen = find_law(law)
    priors = weak_priors(chosen, float(loss.min())) if prior else ()
    return problem_from_arrays(chosen, {"x": x}, loss, np.arange(points), priors=priors)


def surface(seed: int, points: int) -> Problem:
    random = np.random.default_rng(seed)
    params, ratio = 10 ** random.uniform(7, 9, points), random.uniform(5, 300, points)
    loss = 1.8 + 480 / params**0.34 + 2000 / (ratio * params) ** 0.37
    return problem_from_arrays(
        find_law("chinchilla"),
        {"params": params, "tokens": ratio * params},
        loss * np.exp(random.normal(0, 0.003, points)),
        np.arange(points),
    )


MIXED = [
    *(curve(seed, points) for seed, points in enumerate((9, 16, 16, 12, 25, 11))),
    *(curve(seed, 14, "bnsl") for seed in range(2)),
    *(curve(seed, 14, "exponential-saturation") for seed in range(2)),
    *(surface(seed, points) for seed, points in enumerate((16, 20, 17))),
    *(curve(seed, points, prior=True) for seed, points in enumerate((9, 14))),
]


@pytest.mark.parametrize(
    "objective", [Objective(), Objective("least-squares"), Objective("lad"), Objective("huber", 1e-3)]
)
def test_an_optimum_does_not_depend_on_the_fits_beside_it(objective):
    every = {"least-squares": 1, "lad": 5}.get(objective.name, 3)
    problems = MIXED[::every]
    for problem, beside in zip(problems, together([optimum_asking(each, objective) for each in problems]), strict=True):
        assert not isinstance(beside, ScalingError)
        by_itself = optimum(problem, objective)
        assert beside.value == pytest.approx(by_itself.value, rel=1e-9, abs=1e-15)
        assert beside.theta == pytest.approx(by_itself.theta, rel=SAME, abs=SAME)
        assert beside.delta == pytest.approx(by_itself.delta, rel=SAME)
        assert beside.agreeing == by_itself.agreeing


def test_intervals_influences_and_caveats_do_not_depend_on_the_fits_beside_them():
    def work(problem: Problem) -> Asking:
        names = tuple(f"run {run}" for run in range(problem.run_count))
        grouped = Grouped(problem, {}, {name: name for name in problem.columns}, {}, names)
        return fit_asking(grouped, Settings(replicates=60))

    problems = [curve(seed, points) for seed, points in enumerate((9, 16, 12))]
    for problem, beside in zip(problems, together([work(each) for each in problems]), strict=True):
        assert not isinstance(beside, ScalingError)
        result, caveats = alone(work(problem))
        assert [found.code for found in beside[1]] == [found.code for found in caveats]
        assert [run.run for run in beside[0].influence] == [run.run for run in result.influence]
        for name, value in result.parameters.items():
            other = beside[0].parameters[name]
            assert (other.estimate, other.low, other.high) == pytest.approx(
                (value.estimate, value.low, value.high), rel=1e-5
            )


def test_problems_of_equal_length_end_at_the_same_bits():
    problems = [curve(seed, 16) for seed in range(5)]
    asks = [Ask(problem, starts(problem), 0.01) for problem in problems]
    for problem, ask, solution in zip(problems, asks, answered(asks), strict=True):
        by_itself = minimise(problem, ask.theta, delta=0.01)
        assert (solution.theta == by_itself.theta).all()
        assert (solution.value == by_itself.value).all()
        assert (solution.steps == by_itself.steps).all()


def test_weights_and_targets_of_replicates_are_those_of_their_own_problem():
    random = np.random.default_rng(0)
    problems = [curve(seed, points) for seed, points in enumerate((9, 12, 16))]
    asks = []
    for place, problem in enumerate(problems):
        theta, n = np.tile(optimum(problem, Objective()).theta, (4, 1)), len(problem.observed)
        weights = random.integers(1, 3, (4, n)).astype(float) if place != 1 else None
        target = problem.target + random.normal(0, 0.003, (4, n)) if place != 2 else None
        asks.append(Ask(problem, theta, 0.01, weights=weights, target=target))
    for ask, solution in zip(asks, answered(asks), strict=True):
        assert solution.theta == pytest.approx(ask.answer().theta, rel=SAME, abs=SAME)


def test_an_ask_too_large_for_a_batch_is_answered_by_itself():
    problem = curve(0, 16)
    large = Ask(problem, np.tile(starts(problem)[:1], (BATCH_VALUES // 16 + 1, 1)), 0.01)
    answers = answered([large, Ask(problem, starts(problem), 0.01)])
    assert [len(answer.value) for answer in answers] == [len(large.theta), problem.law.polished]


def test_a_fit_that_fails_does_not_end_the_others():
    def fails() -> Asking:
        yield Ask(MIXED[0], starts(MIXED[0]), 0.01)
        raise FitError("It cannot be fitted.", hint="None.")

    first, second = together([fails(), optimum_asking(MIXED[1], Objective())])
    assert isinstance(first, FitError)
    assert second.theta == pytest.approx(optimum(MIXED[1], Objective()).theta, rel=SAME)


def test_no_work_has_no_results():
    assert together([]) == []


def test_asks_of_rare_laws_wait_for_each_other(monkeypatch):
    sizes: list[list[str]] = []

    def counted(asks):
        sizes.append([ask.problem.law.name for ask in asks])
        return answered(asks)

    def late(problem: Problem, before: int) -> Asking:
        for _ in range(before):
            yield Ask(MIXED[0], starts(MIXED[0]), 0.01)
        return (yield Ask(problem, starts(problem), 0.01))

    monkeypatch.setattr("scaling_cli.fitting.ask.answered", counted)
    rare = [curve(seed, 14, "exponential-saturation") for seed in range(2)]
    common = [late(MIXED[1], 3) for _ in range(3)]
    found = together([late(rare[0], 0), late(rare[1], 3), *common])
    assert sizes.count([rare[0].law.name] * 2) == 1
    for problem, solution in zip(rare, found, strict=False):
        assert solution.value == pytest.approx(Ask(problem, starts(problem), 0.01).answer().value)


def test_the_law_that_is_solved_for_its_loss_is_fitted_in_batches():
    problems = [curve(seed, 12, "m4") for seed in range(3)]
    asks = [Ask(problem, starts(problem)[:2], np.inf, most_steps=20) for problem in problems]
    for ask, solution in zip(asks, answered(asks), strict=True):
        assert solution.value == pytest.approx(ask.answer().value, rel=1e-9)


def test_outcomes_come_in_the_order_of_the_works_however_many_are_under_way(monkeypatch):
    monkeypatch.setattr("scaling_cli.fitting.ask.AT_ONCE", 2)
    works = [optimum_asking(problem, Objective("least-squares")) for problem in MIXED[:5]]
    found = certain(alone(side_by_side(works)))
    for problem, fitted in zip(MIXED, found, strict=False):
        assert fitted.value == pytest.approx(optimum(problem, Objective("least-squares")).value, rel=1e-9)


def test_an_error_among_outcomes_that_may_not_fail_is_raised():
    with pytest.raises(FitError):
        certain([1, FitError("It cannot be fitted.", hint="None.")])


def test_formulas_fitted_to_several_groups_at_once_are_those_of_each_alone():
    generator = np.random.default_rng(4)
    rows = []
    for name, low in (("a", 1e17), ("b", 1e19), ("c", 3e18)):
        compute = np.geomspace(low, 1e4 * low, 9)
        losses = (1.6 + 40 * compute**-0.09) * np.exp(0.002 * generator.standard_normal(9))
        rows += [(name, x, loss) for x, loss in zip(compute, losses, strict=True)]
    runs = pl.DataFrame(rows, schema=["group", "compute", "loss"], orient="row")
    options = {"law": "E + A*compute^-p", "replicates": 40}
    together = scaling.fit(runs, by="group", **options)
    for result in together.results:
        (alone,) = scaling.fit(runs.filter(pl.col("group") == result.group["group"]), **options).results
        for name, value in alone.parameters.items():
            assert result.parameters[name].estimate == pytest.approx(value.estimate, rel=1e-5)


def whole(problems: list[Problem]) -> Asking:
    """A fit that consists of fits: the least value of each, or the error that ended it, and how often it was fitted."""
    found = yield from side_by_side([optimum_asking(problem, Objective()) for problem in problems])
    again = yield from optimum_asking(problems[0], Objective())
    return [each if isinstance(each, ScalingError) else each.value for each in found], again.value


def test_a_fit_that_consists_of_fits_ends_where_each_of_them_ends():
    sets = [MIXED[:3], MIXED[6:9], MIXED[9:10]]
    expected = [[optimum(problem, Objective()).value for problem in problems] for problems in sets]
    for outcomes in (together([whole(problems) for problems in sets]), [alone(whole(problems)) for problems in sets]):
        for outcome, values in zip(outcomes, expected, strict=True):
            assert not isinstance(outcome, ScalingError)
            assert outcome[0] == pytest.approx(values, rel=1e-9, abs=1e-15)
            assert outcome[1] == pytest.approx(values[0], rel=1e-9, abs=1e-15)


def test_parts_of_several_fits_share_batches(monkeypatch):
    """Twelve fits of four curves each need as many batches as one of them, not twelve times as many."""
    from scaling_cli.fitting import ask

    sizes = []

    def counted(asks):
        sizes.append(len(asks))
        return answered(asks)

    monkeypatch.setattr(ask, "answered", counted)
    sets = [[curve(10 * seed + part, 12) for part in range(4)] for seed in range(12)]
    together([whole(sets[0])])
    one = len(sizes)
    sizes.clear()
    together([whole(problems) for problems in sets])
    assert len(sizes) <= 2 * one
    assert max(sizes) == 48


def nothing() -> Asking:
    return (yield from side_by_side([]))


def nested(depth: int) -> Asking:
    if depth:
        return certain((yield from side_by_side([nested(depth - 1), nested(depth - 1)])))
    yield from ()
    raise FitError("no loss", hint="")


def test_parts_may_be_none_and_errors_of_parts_go_up_to_the_fit_that_asks_for_them():
    assert together([nothing(), nothing()]) == [[], []]
    assert alone(nothing()) == []
    for outcome in together([nested(3), nested(1)]):
        assert isinstance(outcome, FitError)
    with pytest.raises(FitError):
        alone(nested(2))
