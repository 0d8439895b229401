"""The grid of starts: its nodes, the coefficients at each by scipy, its best ones, and the starts of groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls

from scaling_cli.fitting import starts as module
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.starts import (
    _best,
    _candidates,
    _fitted,
    _grid,
    _nodes,
    _recentred,
    find_starts,
    starts,
    with_coefficients,
)
from scaling_cli.laws import find_law
from scaling_cli.laws.grouped import grouped
from scaling_cli.record import replace

HOFFMANN = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


def surface(points=40, space="log", noise=0.01, **options):
    generator = np.random.default_rng(1)
    columns = {"params": np.exp(generator.uniform(np.log(1e7), np.log(1e10), points)),
               "tokens": np.exp(generator.uniform(np.log(1e9), np.log(1e12), points))}  # fmt: skip
    loss = find_law("chinchilla").predict(HOFFMANN, columns) * np.exp(noise * generator.standard_normal(points))
    return problem_from_arrays(find_law("chinchilla"), columns, loss, np.arange(points), space, **options)


def curve(law="power-constant", points=16, space="log"):
    x = np.geomspace(1e18, 1e22, points)
    loss = (600 * x**-0.15 + 1.8) * np.exp(0.01 * np.random.default_rng(0).standard_normal(points))
    return problem_from_arrays(find_law(law), {"x": x}, loss, np.arange(points), space)


def axes_of(problem):
    """The values of each axis that are inside the bounds of the coordinate, where it is an exponent."""
    law = problem.law
    found = {}
    for name, values in law.axes(problem.scene).items():
        place = law.names.index(name)
        is_bounded = law.parameters[place].is_signed
        found[name] = [
            value for value in sorted(set(values.tolist()))
            if not is_bounded or problem.low[place] <= value <= problem.high[place]
        ]  # fmt: skip
    return found


def test_nodes_are_every_combination_of_the_axes_and_zero_elsewhere():
    problem = surface()
    nodes, axes = _nodes(problem), axes_of(problem)
    found = {tuple(row[problem.law.names.index(name)] for name in axes) for row in nodes}
    assert found == set(itertools.product(*axes.values()))
    assert len(nodes) == len(found)
    others = [place for place, name in enumerate(problem.law.names) if name not in axes]
    assert not nodes[:, others].any()


def with_axes(problem, **axes):
    """The problem, with these axes in its law."""
    law = type("Law", (type(problem.law),), {"axes": lambda *_: {name: np.array(v) for name, v in axes.items()}})
    return replace(problem, law=law(**{name: getattr(problem.law, name) for name in problem.law.__struct_fields__}))


def test_an_axis_of_one_value_is_that_value_and_values_that_repeat_count_once():
    problem = with_axes(surface(), alpha=[0.3, 0.3], beta=[0.5, 0.1, 0.5])
    places = [problem.law.names.index(name) for name in ("alpha", "beta")]
    assert _nodes(problem)[:, places].tolist() == [[0.3, 0.1], [0.3, 0.5]]
    single = with_axes(surface(), alpha=[0.3])
    assert _nodes(single)[:, places].tolist() == [[0.3, 0.0]]


@pytest.mark.parametrize(
    ("sizes", "kept"), [((30, 50), (30, 50)), ((30, 51), (30, 38)), ((100, 100), (38, 38)), ((1600,), (1500,))]
)
def test_too_many_combinations_thin_each_axis_from_end_to_end(sizes, kept):
    axes = dict(zip(("alpha", "beta"), (np.linspace(0.1, 0.9, size) for size in sizes), strict=False))
    problem = with_axes(surface(), **axes)
    nodes = _nodes(problem)
    assert len(nodes) == np.prod(kept)
    for (name, values), size in zip(axes.items(), kept, strict=True):
        found = np.unique(nodes[:, problem.law.names.index(name)])
        assert len(found) == size
        assert (found[0], found[-1]) == (values[0], values[-1])
        assert np.isin(found, values).all()


def test_nodes_outside_the_bounds_of_an_exponent_are_left_out():
    problem = with_axes(surface(), alpha=[-1.0, 0.3, 99.0], beta=[0.2, 0.4])
    place = problem.law.names.index("alpha")
    signed = {each.name for each in problem.law.parameters if each.is_signed}
    expected = {0.3} if "alpha" in signed else {-1.0, 0.3, 99.0}
    assert set(_nodes(problem)[:, place]) == expected
    at_bound = with_axes(surface(), alpha=[problem.low[place], problem.high[place]])
    assert len(_nodes(at_bound)) == 2


@pytest.mark.parametrize("space", ["log", "linear"])
def test_the_coefficients_of_a_node_are_the_best_non_negative_ones_of_relative_residuals(space):
    problem = surface(space=space, weights=np.linspace(0.5, 1.5, 40))
    law, weights = problem.law, problem.weights
    nodes = _nodes(problem)[::17]
    theta, misfit = with_coefficients(problem, nodes)
    size = problem.observed if space == "log" else np.full(40, np.abs(problem.observed).max())
    for node, found, misses in zip(nodes, theta, misfit, strict=True):
        alpha, beta = (node[law.names.index(name)] for name in ("alpha", "beta"))
        logs = problem.inputs
        terms = np.column_stack([np.ones(40), np.exp(-alpha * logs["params"]), np.exp(-beta * logs["tokens"])])
        root = np.sqrt(weights)[:, None]
        exact, residual = nnls(terms / size[:, None] * root, problem.observed / size * root[:, 0])
        assert misses == pytest.approx(residual**2, rel=1e-5, abs=1e-9)
        for name, value, term in zip(("E", "A", "B"), exact, terms.T, strict=True):
            place = law.names.index(name)
            if law.is_logarithm[place]:
                least = np.exp(-4.0) / np.mean(term / size)
                assert found[place] == pytest.approx(node[place] + np.log(max(value, least)), abs=1e-3)
            else:
                assert found[place] == pytest.approx(value, abs=1e-3)


def test_the_best_are_those_of_the_lowest_misfit_and_never_of_none():
    nodes = np.arange(5.0)[:, None]
    assert _best(nodes, np.array([3.0, np.nan, 1.0, 1.0, np.inf]), 4)[:, 0].tolist() == [2, 3, 0, 1]


def test_blocks_of_nodes_give_what_all_nodes_give_at_once(monkeypatch):
    part, whole = _candidates(curve(), 10)
    assert part is None
    monkeypatch.setattr(module, "BLOCK_VALUES", 100)
    calls = []
    plain = with_coefficients
    monkeypatch.setattr(
        module, "with_coefficients", lambda problem, nodes: calls.append(nodes) or plain(problem, nodes)
    )
    blocks = _candidates(curve(), 10)[1]
    assert blocks == pytest.approx(whole)
    count = len(_nodes(curve()))
    assert len(calls) == -(-count * 16 // 100)
    assert sum(len(each) for each in calls) == count


def test_of_very_many_points_a_part_from_the_lowest_loss_to_the_highest_judges(monkeypatch):
    problem = curve(points=300)
    nodes = len(_nodes(problem))
    monkeypatch.setattr(module, "GRID_VALUES", 150 * nodes)
    part, candidates = _candidates(problem, 3)
    order = np.argsort(problem.observed, kind="stable")
    assert part.tolist() == order[np.linspace(0, 299, 150).astype(int)].tolist()
    expected = _candidates(problem.subset(part), 3)[1]
    assert candidates == pytest.approx(expected)
    monkeypatch.setattr(module, "GRID_VALUES", 1)
    assert len(_candidates(problem, 3)[0]) == 100  # points at least
    monkeypatch.setattr(module, "GRID_VALUES", 300 * nodes)
    assert _candidates(problem, 3)[0] is None


def test_more_starts_are_the_same_ones_and_further_ones():
    problem = curve()
    few, many = starts(problem, 3), starts(problem, 6)
    assert many[:3].tolist() == few.tolist()
    assert starts(curve(), 6).tolist() == many.tolist()
    assert starts(problem, 2).tolist() == few[:2].tolist()


def test_starts_at_which_a_law_has_no_logarithm_come_last():
    problem = curve()
    found = starts(problem, 12)
    problem = curve()
    worst = _candidates(problem, 96)[1].copy()
    worst[0] = np.nan
    vars(problem).update(most_starts=12, candidates=(None, worst))
    again = starts(problem, 12)
    assert np.isfinite(again).all()
    assert again[0] == pytest.approx(found[1])


def test_a_grid_of_several_problems_repeats_each_for_its_nodes():
    problems = [curve(), curve(space="log")]
    problems[1] = replace(problems[1], observed=2 * problems[1].observed, weights=np.linspace(0.5, 1.5, 16))
    found = _grid(problems, 3)
    assert found.observed.tolist() == [problems[place].observed.tolist() for place in (0, 0, 0, 1, 1, 1)]
    assert found.size.tolist() == found.observed.tolist()
    assert found.inputs["x"].shape == (6, 16)
    assert found.weights.tolist() == [problem.weights.tolist() for problem in problems]


def test_problems_of_very_many_points_or_of_groups_are_left_alone():
    large = curve(points=27)  # 27 points times 1,500 nodes are more than a block
    assert 27 * module.GRID_SIZE > module.BLOCK_VALUES >= 26 * module.GRID_SIZE
    small = curve(points=26)
    find_starts([large, small])
    assert "candidates" not in vars(large)
    assert ("candidates" in vars(small)) == (26 * len(_nodes(small)) <= module.BLOCK_VALUES)


TRUTH = {"a": 30.0, "b": -0.06, "c": 1.2}, {"a": 45.0, "b": -0.09, "c": 1.5}, {"a": 60.0, "b": -0.05, "c": 1.7}


def of_groups(shared, points=(10, 10, 10)):
    law = find_law("power-constant")
    labels = ("a", "b", "c")
    runs = [np.geomspace(1e18, 1e21, count) for count in points]
    loss = [law.predict(values, {"x": x}) for values, x in zip(TRUTH, runs, strict=True)]
    whole = grouped(law, "arch", labels, shared, tuple((float(each.min()), float(each.max())) for each in loss))
    columns = {"x": np.concatenate(runs), whole.column: np.repeat([0.0, 1.0, 2.0], points)}
    return problem_from_arrays(whole, columns, np.concatenate(loss), np.arange(sum(points)))


def test_shared_parameters_start_at_the_median_and_at_the_value_of_each_group():
    problem = of_groups(("b",))
    found = problem.uncentred(starts(problem))
    place = problem.law.names.index("b")
    assert found[:, place] == pytest.approx([-0.06, -0.06, -0.09, -0.05], rel=1e-3)
    floors = [index for index, name in enumerate(problem.law.names) if name.startswith("c")]
    assert found[:, floors] == pytest.approx(np.tile([1.2, 1.5, 1.7], (4, 1)), rel=1e-3)


def test_own_coefficients_keep_the_size_of_their_term_in_the_middle_of_the_data():
    problem = of_groups(("b",))
    found = starts(problem)
    coefficients = [index for index, name in enumerate(problem.law.names) if name.startswith("a")]
    assert np.ptp(found[:, coefficients], axis=0) == pytest.approx(np.zeros(3), abs=1e-6)
    sizes = np.exp(found[0, coefficients])
    assert sizes / sizes[0] == pytest.approx([1.0, 1.5, 2.0], rel=1e-3)  # at one exponent, as those of a itself


def test_each_group_is_fitted_alone_where_it_has_a_point_more_than_parameters():
    problem = of_groups(("b",), (10, 4, 3))
    law, codes = problem.law, problem.columns[problem.law.column]
    found = problem.uncentred(starts(problem))
    floors = [index for index, name in enumerate(law.names) if name.startswith("c")]
    pooled = _fitted(problem, law, np.ones(17, dtype=bool))
    inner = law.inner.names.index("c")
    assert found[0, floors] == pytest.approx([1.2, 1.5, max(pooled[inner], 0)], abs=0.02)
    assert _fitted(problem, law, codes == 0)[inner] == pytest.approx(1.2, rel=1e-3)


def test_where_no_group_can_be_fitted_starts_are_within_bounds():
    problem = of_groups(("b",))
    unknown = replace(problem, observed=np.full(30, np.nan))
    assert _fitted(unknown, problem.law, np.ones(30, dtype=bool)) is None
    found = starts(unknown)
    assert found.shape == (1, len(problem.law.names))
    assert (found >= problem.low).all()
    assert (found <= problem.high).all()


def test_recentred_coordinates_of_groups_are_those_of_their_own_fits():
    problem = of_groups(("b",))
    law = problem.law
    middle = np.array([3.0, -0.07, 1.4])
    alone = [np.array([3.4, -0.06, 1.2]), None, np.array([4.1, -0.05, 1.7])]
    rows = np.zeros((1, len(law.names)))
    for places, own in zip(law.index, alone, strict=True):
        rows[0, places] = middle if own is None else own
    rows[0, law.names.index("b")] = -0.08
    found = _recentred(problem, law, rows, alone, middle)
    shared = law.names.index("b")
    own = rows[0].copy()
    for places, each in zip(law.index, alone, strict=True):
        own[places] = middle if each is None else each
    centred = problem.shift @ own + problem.offset
    assert found[0, shared] == pytest.approx((problem.shift @ rows[0] + problem.offset)[shared])
    others = np.arange(len(law.names)) != shared
    assert found[0, others] == pytest.approx(centred[others])
