"""What each replicate draws, which are fitted from other starts, and how the work is cut into chunks."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli import jobs
from scaling_cli.fitting import uncertainty as module
from scaling_cli.fitting.drawing import Modelled, Redrawn, Resampling, Turned, run_multipliers, run_weights, wild_scheme
from scaling_cli.fitting.leverage import freed_residuals, freedom
from scaling_cli.fitting.noise.model import noise_model
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.solve import Solution
from scaling_cli.fitting.uncertainty import _is_suspect, _solve, refit_asking, replicates_asking
from scaling_cli.laws import find_law
from scaling_cli.record import replace

SQUARES = Objective("least-squares")
ASKED = Resampling(5, 3, 11)


def line(points=20, growth=1.0, runs=None, weights=None, objective=SQUARES, law="power"):
    x = np.geomspace(1e18, 1e22, points)
    noise = 0.01 * np.geomspace(1, growth, points) * np.random.default_rng(1).standard_normal(points)
    loss = 30 * x**-0.06 * np.exp(noise)
    runs = np.arange(points) if runs is None else runs
    return optimum(problem_from_arrays(find_law(law), {"x": x}, loss, runs, weights=weights), objective)


def stream(replicate):
    return np.random.default_rng([3, 11, replicate])


def test_runs_are_drawn_with_replacement_from_each_replicates_own_stream():
    runs = np.array([0, 0, 1, 2, 2, 3])
    for row, replicate in zip(run_weights(ASKED, [0, 4, 2], runs), (0, 4, 2), strict=True):
        drawn = np.bincount(stream(replicate).integers(4, size=4), minlength=4)
        assert row.tolist() == drawn[runs].tolist()
    more = run_weights(ASKED, [1], runs, count=6)
    assert more[0].tolist() == np.bincount(stream(1).integers(6, size=6), minlength=6)[runs].tolist()


def test_points_count_as_often_as_they_are_drawn_times_their_weight():
    fitted = line(weights=np.linspace(0.5, 1.5, 20))
    weights, target = Redrawn().draw(fitted.problem, ASKED, [2, 3])
    assert target is None
    assert weights == pytest.approx(run_weights(ASKED, [2, 3], fitted.problem.runs) * fitted.problem.weights)


@pytest.mark.parametrize("runs", [12, 11])
def test_residuals_are_turned_by_signs_or_of_few_runs_by_webbs_values_with_the_tails_of_student(runs):
    for row, replicate in zip(run_multipliers(ASKED, range(5), runs, 6.5), range(5), strict=True):
        generator = stream(replicate)
        factors = 2.0 * generator.integers(2, size=runs) - 1
        if runs < 12:
            factors *= np.sqrt([0.5, 1.0, 1.5])[generator.integers(3, size=runs)]
        assert row == pytest.approx(factors * np.sqrt(6.5 / generator.chisquare(6.5)))


def test_the_points_of_a_run_turn_together_about_the_prediction():
    fitted = line(runs=np.arange(20) // 2)
    scheme = wild_scheme(fitted, ASKED)
    assert isinstance(scheme, Turned)
    assert scheme.prediction == pytest.approx(np.log(fitted.problem.predictions(fitted.theta[None])[0]))
    assert scheme.residuals == pytest.approx(freed_residuals(fitted))
    assert scheme.freedom == freedom(fitted)
    weights, target = scheme.draw(fitted.problem, ASKED, [1, 2])
    factors = run_multipliers(ASKED, [1, 2], 10, scheme.freedom)
    assert weights is None
    assert target == pytest.approx(scheme.prediction + factors[:, np.arange(20) // 2] * scheme.residuals)


def test_noise_that_changes_with_scale_is_drawn_from_its_model_unless_runs_are_matched():
    fitted = line(growth=1 / 9)
    scheme, model = wild_scheme(fitted, ASKED), noise_model(fitted)
    assert isinstance(scheme, Modelled)
    assert scheme.model is model
    weights, target = scheme.draw(fitted.problem, ASKED, [0, 3])
    assert weights is None
    for row, replicate in zip(target, (0, 3), strict=True):
        generator = stream(replicate)
        normal = generator.standard_normal(21)
        noise = normal[1:] * model.deviations(normal[:1])[0] * np.sqrt(18 / generator.chisquare(18))
        assert row == pytest.approx(scheme.prediction + noise)
    assert isinstance(wild_scheme(fitted, replace(ASKED, is_matched=True)), Turned)
    assert isinstance(wild_scheme(line(), ASKED), Turned)


def ends(theta, value=None, is_settled=None):
    theta = np.asarray(theta, float)
    count = len(theta)
    value = np.ones(count) if value is None else np.asarray(value, float)
    is_settled = np.ones(count, dtype=bool) if is_settled is None else np.asarray(is_settled)
    return Solution(theta, value, np.ones(count), is_settled)


class TestSuspects:
    fitted = line()
    centre = fitted.theta

    def spread(self, *others):
        """Nineteen ends whose robust standard deviation is 1.4826 thousandths, and others further out."""
        steps = np.concatenate([np.linspace(-2e-3, 2e-3, 19), others])
        return self.centre + np.stack([np.zeros(len(steps)), steps], axis=1)

    def test_ends_beyond_six_robust_deviations_stand_out(self):
        theta = self.spread(8e-3, -8e-3, 12e-3, -12e-3)
        theta[:, 0] += 1e-3 * np.linspace(-1, 1, 23)
        middle = np.median(theta, axis=0)
        scale = 1.4826 * np.median(np.abs(theta - middle), axis=0)
        expected = (np.abs(theta - middle) > 6 * scale).any(axis=1)
        found = _is_suspect(self.fitted, ends(theta))
        assert found.tolist() == expected.tolist()
        assert np.flatnonzero(found).tolist() == [21, 22]

    def test_those_that_are_not_settled_or_have_no_value_are_suspect(self):
        theta = self.spread()
        value, is_settled = np.ones(19), np.ones(19, dtype=bool)
        value[[2, 3]], is_settled[5] = [np.inf, np.nan], False
        assert np.flatnonzero(_is_suspect(self.fitted, ends(theta, value, is_settled))).tolist() == [2, 3, 5]

    def test_those_at_a_bound_at_which_the_fit_is_not_are_suspect(self):
        theta = self.spread()
        low, high = self.centre - 1.9e-3, self.centre + 1.9e-3
        bounded = replace(self.fitted, problem=replace(self.fitted.problem, low=low, high=high))
        theta[:, 1] = np.clip(theta[:, 1], low[1], high[1])
        assert np.flatnonzero(_is_suspect(bounded, ends(theta))).tolist() == [0, 18]
        at_low = replace(self.fitted, problem=replace(self.fitted.problem, low=self.centre - np.array([1.0, 0.0])))
        assert not _is_suspect(at_low, ends(theta)).any()
        at_high = replace(self.fitted, problem=replace(self.fitted.problem, high=self.centre + np.array([1.0, 0.0])))
        assert not _is_suspect(at_high, ends(theta)).any()


def refitted(monkeypatch, first, *others):
    """Replicates whose ends are given, first from the fit and then from other starts, and what was asked."""
    fitted, asked, given = line(), [], iter((first, *others))

    def solved(_, __, ___, start, replicates, *____, near):
        asked.append((replicates.tolist(), near))
        return next(given)
        yield

    monkeypatch.setattr(module, "_solve", solved)
    monkeypatch.setattr(module, "starts", lambda _, count: np.arange(count))
    work = replicates_asking(fitted, Resampling(len(first.value), 0, 1), is_wild=True)
    with pytest.raises(StopIteration) as stop:
        next(work)
    return stop.value.value, asked


def of_values(values, is_settled=None, mark=0.0):
    count = len(values)
    theta = np.tile(line().theta, (count, 1)) + 1e-4 * np.linspace(-1, 1, count)[:, None]
    theta[:, 0] += mark
    return ends(theta, values, is_settled)


def test_replicates_that_come_to_rest_near_the_others_are_kept(monkeypatch):
    found, asked = refitted(monkeypatch, of_values([1.0] * 9))
    assert asked == [(list(range(9)), True)]
    assert (len(found.theta), found.failed, found.retried, found.moved) == (9, 0, 0, 0)


def test_a_suspect_is_fitted_again_until_a_start_confirms_its_end(monkeypatch):
    first = of_values([1.0] * 9, [True] * 6 + [False] * 3)
    again = [
        ends(np.full((3, 2), 7.0), [1.0 + 0.9e-6, 0.5, 3.0], [True, True, True]),  # confirmed, improved, worse
        ends(np.full((2, 2), 8.0), [0.5, 1.0], [True, True]),  # confirmed, and as good, but settled
        ends(np.full((1, 2), 9.0), [1.0], [True]),
    ]
    found, asked = refitted(monkeypatch, first, *again[:2])
    assert asked == [(list(range(9)), True), ([6, 7, 8], False), ([7, 8], False)]
    assert (found.failed, found.retried, found.moved) == (1, 3, 1)
    assert found.theta[6:].tolist() == [[7.0, 7.0], [8.0, 8.0]]


def test_at_most_three_starts_are_tried_and_what_never_settles_has_failed(monkeypatch):
    first = of_values([1.0] * 8 + [np.inf], [True] * 9)
    other = [ends([[5.0, 5.0]], [np.inf], [False])] * 3
    found, asked = refitted(monkeypatch, first, *other)
    assert [replicates for replicates, _ in asked] == [list(range(9)), [8], [8], [8]]
    assert (len(found.theta), found.failed, found.retried, found.moved) == (8, 1, 1, 0)


@pytest.mark.parametrize(("limit", "values", "sizes"), [
    (4, 1 << 15, [4, 4, 2]), (1024, 60, [3, 3, 3, 1]), (1024, 10, [1] * 10), (1024, 1 << 15, [10]),
])  # fmt: skip
def test_chunks_have_at_most_so_many_replicates_and_values(monkeypatch, limit, values, sizes):
    fitted, chunks, heard = line(), [], []

    def solved(_, __, ___, start, near, chunk):
        chunks.append(chunk)
        return ends(np.array(chunk, float)[:, None], chunk, [number % 2 == 0 for number in chunk])
        yield

    monkeypatch.setattr(module, "_chunk_asking", solved)
    monkeypatch.setattr(module, "CHUNK_REPLICATES", limit)
    monkeypatch.setattr(module, "CHUNK_VALUES", values)
    work = _solve(fitted, Redrawn(), ASKED, fitted.theta, np.arange(10), jobs.SERIAL, lambda *at: heard.append(at),
                  near=True)  # fmt: skip
    with pytest.raises(StopIteration) as stop:
        next(work)
    found = stop.value.value
    assert [len(chunk) for chunk in chunks] == sizes
    assert found.theta[:, 0].tolist() == found.value.tolist() == list(range(10))
    assert found.is_settled.tolist() == [True, False] * 5
    assert heard == [(place, len(sizes)) for place in range(1, len(sizes) + 1)]


@pytest.mark.parametrize(("backend", "chunk", "is_spread"), [("loky", 5, True), ("loky", 1024, False)])
def test_several_chunks_go_to_the_workers(monkeypatch, backend, chunk, is_spread):
    seen = []

    def each(task, chunks, *, workers, on_progress):
        seen.append(chunks)
        return map(task, chunks)

    monkeypatch.setattr(module.jobs, "each", each)
    monkeypatch.setattr(module, "CHUNK_REPLICATES", chunk)
    fitted = line()
    plain = module.bootstrap(fitted, Resampling(10, 0, 1))
    seen.clear()
    found = module.bootstrap(fitted, Resampling(10, 0, 1), workers=jobs.Workers(2, backend))
    assert (seen == [[list(range(5)), list(range(5, 10))]]) == is_spread
    assert found.theta == pytest.approx(plain.theta)


def test_a_refit_asks_for_the_objective_and_the_delta_of_the_fit():
    fitted = line(objective=Objective())
    start, weights, target = np.zeros((2, 2)), np.ones((2, 20)), np.full((2, 20), 3.0)
    ask = next(refit_asking(fitted, start, weights=weights, target=target))
    assert (ask.delta, ask.near) == (fitted.delta, True)
    assert ask.theta is start
    assert ask.weights is weights
    assert ask.target is target
    assert ask.strength == pytest.approx(fitted.scale * min(fitted.scale, fitted.delta / 1.345))
    assert next(refit_asking(fitted, start, near=False)).near is False
    lad = line(objective=Objective("lad"))
    first = next(refit_asking(lad, start, target=target))
    sizes = np.abs(lad.problem.residuals(lad.theta[None])[0][0])
    assert first.delta == pytest.approx(np.median(sizes))
    exact = replace(lad, problem=replace(lad.problem, target=lad.problem.target - lad.problem.residuals(
        lad.theta[None])[0][0]))  # fmt: skip
    assert next(refit_asking(exact, start)).delta == pytest.approx(1e-6)
