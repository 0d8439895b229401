"""Splits with further inputs that are searched: the lowest loss by brute force, budgets, bands and the result."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from scaling_cli.analysis.allocation import search_answer
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.fitted import FittedLaw
from scaling_cli.analysis.allocation.plan import AllocationPlan
from scaling_cli.analysis.allocation.search_answer import (
    _allocation,
    _axis,
    _doubts,
    _exponents,
    _frontier,
    _joint,
    searched_answer,
)
from scaling_cli.analysis.allocation.searched import _bands, _crossing, bands, least, solve
from scaling_cli.analysis.allocation.space import Axis, Space
from scaling_cli.errors import FitError, UsageError
from scaling_cli.flops import flops_rule
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from scaling_cli.record import replace
from scaling_cli.results.allocation import Allocation, Searched
from scaling_cli.results.fit import Estimate
from tests.analysis.allocation.test_joint import BITS, TRUTH, joint

TWO = law_from_formula("E + A/(params*(1 - exp(-bits/g))^2)^alpha + B/tokens^beta", ("params", "tokens", "bits"))
RATIO = 1.25643121  # of the best bits to g: 2 u exp(-u) = 1 - exp(-u)


def two(truth=TRUTH, **more):
    return joint(law=TWO, truth=truth, **more)


def lowest(compute, truth=TRUTH, bits=2.5 * RATIO):
    """The lowest loss of `TWO` at a budget, by its closed form in params at the best bits."""
    factor = (1 - np.exp(-bits / truth["g"])) ** 2

    def at(log_params):
        params = np.exp(log_params)
        return (
            truth["E"]
            + truth["A"] / (params * factor) ** truth["alpha"]
            + truth["B"] / (compute / (6 * params * bits / 16)) ** truth["beta"]
        )

    found = minimize_scalar(at, bounds=(5, 45), method="bounded", options={"xatol": 1e-10})
    return float(found.fun), float(np.exp(found.x))


def budget_for(loss, truth=TRUTH):
    """The budget whose lowest loss is this one."""
    return float(np.exp(brentq(lambda log: lowest(np.exp(log), truth)[0] - loss, np.log(1e14), np.log(1e32))))


@pytest.mark.parametrize("compute", [1e19, 1e23])
def test_the_best_choices_have_the_lowest_loss_of_all(compute):
    found = solve(two(), compute)
    value, params = lowest(compute)
    assert np.exp(found.chosen.log_loss[0]) == pytest.approx(value, rel=1e-9)
    assert found.chosen.params[0] == pytest.approx(params, rel=1e-4)
    assert found.chosen.further["bits"][0] == pytest.approx(2.5 * RATIO, rel=1e-4)
    assert (found.limit, found.valley, found.compute.tolist()) == (None, None, [compute])


def test_limits_decide_and_those_that_leave_nothing_are_refused():
    _, free = lowest(1e21)
    below = solve(two(max_params=free / 3), 1e21)
    assert (below.limit, below.chosen.params[0]) == ("max-params", pytest.approx(free / 3))
    assert solve(two(min_params=3 * free), 1e21).limit == "min-params"
    with pytest.raises(FitError, match="no params and tokens are within the limits"):
        solve(two(inference_budget=1e3, min_params=1e9), 1e21)


def test_a_law_that_keeps_falling_has_no_split():
    for formula, where in (("E + B/tokens^beta", "fewer"), ("E + A/params^alpha", "more")):
        law = law_from_formula(formula + " + 0*log(params*tokens)*h", ("params", "tokens"))
        truth = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "h": 1.0}
        with pytest.raises(FitError, match=f"keeps falling with {where} params"):
            solve(joint("6ND", Space(True, ()), law, truth), 1e21)


def test_a_law_that_falls_again_far_away_is_limited_to_its_valley():
    """Below a million params the loss of A/params^alpha times 1 - exp(-params/P) falls again."""
    law = law_from_formula("E + A/params^alpha*(1 - exp(-params/P)) + B/tokens^beta", ("params", "tokens"))
    truth = {**TRUTH, "A": 400.0, "P": 1e6}
    truth = {name: truth[name] for name in law.names}
    found = solve(joint("6ND", Space(True, ()), law, truth), 1e21)
    low, high = found.valley
    params = np.geomspace(1.0, 1e21 / 6, 200_001)
    losses = 1.8 + 400 / params**0.34 * (1 - np.exp(-params / 1e6)) + 2000 / (1e21 / 6 / params) ** 0.36
    inside = (params > 2e6) & (params < 1e12)
    assert found.chosen.params[0] == pytest.approx(params[inside][np.argmin(losses[inside])], rel=1e-3)
    top = params[params < 1e8][np.argmax(losses[params < 1e8])]
    assert low == pytest.approx(top, rel=0.8)  # by one step of the grid
    assert high > 1e15
    assert found.limit is None


@pytest.mark.parametrize("target", [3.0, 2.2])
def test_the_least_budget_has_that_lowest_loss(target):
    found = least(two(), target)
    wanted = budget_for(target)
    assert found.compute[0] == pytest.approx(wanted, rel=1e-4)
    assert np.exp(found.chosen.log_loss[0]) == pytest.approx(target, rel=1e-6)
    assert found.chosen.params[0] == pytest.approx(lowest(wanted)[1], rel=1e-3)


def test_each_replicate_has_its_own_least_budget_infinite_where_its_floor_is_higher():
    laws = [TRUTH, {**TRUTH, "A": 300.0}, {**TRUTH, "E": 2.5}]
    made = replace(two(), theta=np.concatenate([two(truth).theta for truth in laws]))
    found = least(made, 2.2)
    assert found.compute[:2] == pytest.approx([budget_for(2.2, truth) for truth in laws[:2]], rel=1e-5)
    assert found.compute[2] == np.inf
    with pytest.raises(FitError, match="No budget reaches a loss"):
        least(two(), 1.7)


def test_a_band_reaches_to_where_a_smaller_budget_does_as_well():
    compute = 1e21
    made = two()
    solution = solve(made, compute)
    found = bands(made, solution)
    _, best = lowest(compute)
    bits = 2.5 * RATIO
    for share, waste in (("0.05", 0.05), ("0.10", 0.1)):
        ceiling = lowest(compute * (1 - waste))[0]

        def off(log_params, ceiling=ceiling):
            """With bits at their best for these params."""
            params = np.exp(log_params)
            value = minimize_scalar(
                lambda b: 1.8 + 400 / (params * (1 - np.exp(-b / 2.5)) ** 2) ** 0.34
                + 2000 / (compute / (6 * params * b / 16)) ** 0.36,
                bounds=(1, 16), method="bounded", options={"xatol": 1e-9},
            ).fun  # fmt: skip
            return value - ceiling

        ends = [np.exp(brentq(off, np.log(best), np.log(best) + step)) for step in (-6, 6)]
        assert found["params"][share] == pytest.approx(ends, rel=1e-4)
        ends = [brentq(lambda b, c=ceiling: lowest(compute, bits=b)[0] - c, bits, end) for end in (1.0, 16.0)]
        assert found["bits"][share] == pytest.approx(ends, rel=1e-4)


def test_a_band_of_shares_keeps_the_others_at_their_best():
    """Loss is a sum of squares of the shares of three domains about their best, and the split does not matter."""
    best = {"web": 0.5, "code": 0.3, "math": 0.2}
    squares = " + ".join(f"k_{name}*({name} - m_{name})^2" for name in best)
    law = law_from_formula(f"E + A/params^alpha + B/tokens^beta + {squares}", ("params", "tokens", *best))
    truth = {
        **TRUTH,
        **{f"m_{name}": share for name, share in best.items()},
        "k_web": 0.3,
        "k_code": 0.2,
        "k_math": 0.4,
    }
    made = joint("6ND", Space(True, (), tuple(best)), law, {name: truth[name] for name in law.names})
    solution = solve(made, 1e21)
    for name, share in best.items():
        assert solution.chosen.further[name][0] == pytest.approx(share, abs=1e-5)
    log_ceiling = float(made.best(0.95e21).value[0])
    ceiling = np.exp(log_ceiling) - np.exp(solution.chosen.log_loss[0])
    for name, (one, other) in {"web": (0.2, 0.4), "math": (0.3, 0.2)}.items():
        found = _bands(made, solution, name, best[name], (0.0, 1.0), {"0.05": log_ceiling})
        # The others share what is left or missing so that their slopes are equal.
        half = np.sqrt(ceiling / (truth[f"k_{name}"] + one * other / (one + other)))
        assert found["0.05"] == pytest.approx((best[name] - half, best[name] + half), abs=2e-4)


@pytest.mark.parametrize("is_log", [False, True])
def test_a_crossing_is_found_by_halving_or_is_the_end(is_log):
    assert _crossing(lambda x: x, 1.0, 100.0, 7.0, is_log) == pytest.approx(7.0, rel=1e-5)
    assert _crossing(lambda x: -x, 50.0, 1.0, -7.0, is_log) == pytest.approx(7.0, rel=1e-5)
    assert _crossing(lambda x: x, 1.0, 100.0, 100.0, is_log) == 100.0


def plan(**more):
    options = {
        "budgets": (1e21,), "target_losses": (), "approach": "parametric", "profile": "quadratic",
        "costs": Costs(rule=flops_rule(BITS), searched=("bits",)), "unique_tokens": None, "held": {}, "hardware": None,
        "level": 0.8, "search": {"bits": (1.0, 16.0)}, **more,
    }  # fmt: skip
    return AllocationPlan(**options)


def fitted(laws=(TRUTH,), ranges=None, law=TWO):
    parameters = np.array([[truth[name] for name in law.names] for truth in laws])
    return FittedLaw(law, parameters, ranges or {"bits": (2.0, 8.0), "compute": (1e18, 1e20)})


LAWS = (TRUTH, *({**TRUTH, "A": A} for A in (300.0, 350.0, 500.0)))


@pytest.fixture
def allocated(monkeypatch):
    """An allocation without bands, which take longest."""
    monkeypatch.setattr(search_answer, "bands", lambda *_: {"params": {}, "bits": {}})

    def of(laws=(TRUTH,), compute=1e21, loss=None, **more):
        law, asked = fitted(laws), plan(**more)
        return _allocation(_joint(law, asked), law, asked, compute, loss)[0]

    return of


@pytest.fixture(scope="module")
def answer():
    return searched_answer(fitted(LAWS), plan(), {"lab": "ours"})


def test_the_result_has_the_best_choices_their_intervals_and_costs(answer):
    found = answer.allocations[0]
    value, params = lowest(1e21)
    bits = 2.5 * RATIO
    assert (found.compute, found.approach, found.target_loss, found.limit) == (1e21, "parametric", None, None)
    assert found.params.estimate == pytest.approx(params, rel=1e-4)
    assert found.tokens.estimate == pytest.approx(1e21 / (6 * params * bits / 16), rel=1e-4)
    assert found.tokens_per_param.estimate == pytest.approx(found.tokens.estimate / found.params.estimate)
    assert found.loss.estimate == pytest.approx(value)
    own = [lowest(1e21, truth) for truth in LAWS[1:]]
    for name, values in (("loss", [each[0] for each in own]), ("params", [each[1] for each in own])):
        ends = np.quantile(values, [0.1, 0.9], method="weibull")
        assert (getattr(found, name).low, getattr(found, name).high) == pytest.approx(tuple(ends), rel=1e-4)
    chosen = found.searched["bits"]
    assert (chosen.value.estimate, chosen.range, chosen.end) == (pytest.approx(bits, rel=1e-4), (1.0, 16.0), None)
    for share, waste in (("0.05", 0.05), ("0.10", 0.1)):
        ceiling = lowest(1e21 * (1 - waste))[0]
        assert [lowest(1e21, bits=end)[0] for end in chosen.within_waste[share]] == pytest.approx([ceiling] * 2)
        low, high = found.params_within_waste[share]
        assert low < params < high
    assert (found.training_compute, found.inference_compute) == (pytest.approx(1e21), None)
    assert found.reach == pytest.approx(10.0)
    assert found.compute_interval is None
    assert found.log_correlation == pytest.approx(-1.0, abs=1e-3)
    assert answer.caveats == ()


def test_the_frontier_is_the_best_params_from_the_least_to_the_largest_budget(answer):
    """From one budget it reaches ten times as far."""
    made = answer.frontier
    assert (len(made.x), made.x[0], made.x[-1]) == (12, pytest.approx(1e21), pytest.approx(1e22))
    assert made.y == pytest.approx([lowest(compute)[1] for compute in made.x], rel=1e-4)
    assert all(low < middle < high for low, middle, high in zip(made.low, made.y, made.high, strict=True))


def test_exponents_are_those_of_the_closed_form_whatever_the_limits(answer):
    limited = replace(two(), costs=Costs(rule=flops_rule(BITS), searched=("bits",), max_params=1e8))
    for made in (answer.exponents, _exponents(limited, plan(), (1e20, 1e22))):
        assert made["params"].estimate == pytest.approx(0.36 / 0.7, abs=1e-4)
        assert made["tokens"].estimate == pytest.approx(0.34 / 0.7, abs=1e-4)
    assert answer.exponents["params"].low == pytest.approx(0.36 / 0.7, abs=1e-4)


def test_the_frontier_of_several_budgets_spans_them():
    some = _frontier(two(), plan(), (3e20, 1e20, 2e20))
    assert (some.x[0], some.x[-1], some.low) == (pytest.approx(1e20), pytest.approx(3e20), None)


def test_a_target_loss_has_its_least_budget_and_interval(allocated):
    found = allocated(LAWS, compute=None, loss=2.2)
    own = [budget_for(2.2, truth) for truth in LAWS]
    assert found.compute == pytest.approx(own[0], rel=1e-5)
    assert found.compute_interval == pytest.approx(np.quantile(own[1:], [0.1, 0.9], method="weibull"), rel=1e-4)
    assert (found.target_loss, found.loss.estimate, found.loss.low) == (2.2, pytest.approx(2.2), pytest.approx(2.2))


def test_inference_takes_its_part_of_the_budget(allocated):
    costs = Costs(rule=flops_rule(BITS), searched=("bits",), inference_tokens=3e11)
    found = allocated(costs=costs)
    bits, params = found.searched["bits"].value.estimate, found.params.estimate
    per_token = 6 * params * bits / 16
    assert found.training_compute == pytest.approx(per_token * found.tokens.estimate)
    assert found.inference_compute == pytest.approx(per_token * 1e11)
    assert found.training_compute + found.inference_compute == pytest.approx(1e21)
    assert found.reach == pytest.approx(found.training_compute / 1e20)


def test_what_a_law_cannot_search_is_refused():
    with pytest.raises(UsageError, match="has no range, and the runs do not have several"):
        _axis("bits", None, fitted(ranges={"bits": (4.0, 4.0)}))
    with pytest.raises(UsageError, match="has no range, and the fit does not have one"):
        _axis("bits", None, fitted(ranges={"params": (1.0, 2.0)}))
    assert _axis("bits", None, fitted()) == Axis("bits", 2.0, 8.0)
    assert _axis("bits", (1.0, 32.0), fitted()) == Axis("bits", 1.0, 32.0)
    with pytest.raises(UsageError, match="does not describe the effect of repeated tokens"):
        searched_answer(fitted(), plan(unique_tokens=1e9), None)
    repeated = find_law("data-constrained")
    with pytest.raises(UsageError, match="needs the number of unique tokens"):
        searched_answer(FittedLaw(repeated, np.ones((1, len(repeated.names))), {}), plan(search={}), None)


@pytest.mark.parametrize(("web", "is_refused"), [(0.999, False), (1.0, True), (1.2, True), (-0.1, True)])
def test_shares_that_are_held_leave_a_part_of_the_mixture(web, is_refused):
    law = law_from_formula(
        "E + A/params^alpha + B/tokens^beta + k*(code - 0.4)^2 + 0*web*math",
        ("params", "tokens", "web", "code", "math"),
    )
    asked = plan(costs=Costs(), search={}, held={"web": web}, mixture=("web", "code", "math"))
    made = fitted((TRUTH | {"k": 1.0},), law=law)
    if is_refused:
        with pytest.raises(UsageError, match="--hold holds shares"):
            _joint(made, asked)
        return
    assert _joint(made, asked).space == Space(True, (), ("code", "math"), pytest.approx(1 - web))


def row(**searched):
    nothing = Estimate(None)
    return Allocation(
        "parametric", 1e21, nothing, nothing, nothing, nothing,
        searched={name: Searched(Estimate(value), (1.0, 16.0), {}, end) for name, (value, end) in searched.items()},
    )  # fmt: skip


def doubted(*rows, ranges=None, **more):
    found = _doubts(rows, fitted(ranges=ranges or {"bits": (2.0, 8.0)}), plan(**more), {"lab": "ours"})
    assert all(each.group == {"lab": "ours"} for each in found)
    return {each.code: each.message for each in found}


@pytest.mark.parametrize(
    ("value", "is_beyond"), [(2.0, False), (1.999, False), (1.99, True), (8.0, False), (8.007, False), (8.01, True)]
)
def test_a_best_value_outside_the_runs_is_noted(value, is_beyond):
    assert ("search-beyond" in doubted(row(bits=(value, None)))) is is_beyond
    assert doubted(row(bits=(value, None)), ranges={"other": (1.0, 2.0)}) == {}
    assert "search-beyond" in doubted(row(bits=(-3.0, None)), ranges={"bits": (-2.0, -1.0)})
    assert "search-beyond" not in doubted(row(bits=(-1.5, None)), ranges={"bits": (-2.0, -1.0)})
    for value, low, high in ((0.0, 0.0, 0.5), (0.0, -0.5, 0.0)):
        assert "search-beyond" not in doubted(row(bits=(value, None)), ranges={"bits": (low, high)})


def test_an_end_of_the_range_is_noted_once_of_the_last_budget():
    message = doubted(row(bits=(1.0, "lowest")), row(bits=(16.0, "highest")))["search-end"]
    assert "highest bits that --search allows, 16," in message
    assert "larger one" in message
    assert "smaller one" in doubted(row(bits=(1.0, "lowest")))["search-end"]
    assert doubted(row(bits=(4.0, None)), row()) == {}


def test_domains_without_a_share_are_named_and_have_no_other_doubt():
    mixture = ("web", "code", "math")
    some = row(web=(0.0, "lowest"), code=(1.1e-4, None), math=(0.9e-4, None))
    found = doubted(some, mixture=mixture, search={}, costs=Costs())
    assert list(found) == ["mixture-corner"]
    assert "web and no math" in found["mixture-corner"]
    assert doubted(row(web=(0.5, None), code=(0.5, None)), mixture=mixture, search={}, costs=Costs()) == {}


def test_unique_tokens_are_held_where_the_law_has_them():
    law = find_law("data-constrained")
    made = FittedLaw(law, np.ones((1, len(law.names))), {})
    assert _joint(made, plan(search={}, unique_tokens=3e9)).held == {"unique_tokens": 3e9}


def test_a_split_that_only_a_limit_makes_best_has_no_exponent():
    law = law_from_formula("E + B/tokens^beta + 0*log(params)*h", ("params", "tokens"))
    truth = {"E": 1.8, "B": 2000.0, "beta": 0.36, "h": 1.0}
    made = joint("6ND", Space(True, ()), law, truth, min_params=1e8)
    assert solve(made, 1e21).limit == "min-params"
    assert _exponents(made, plan(), (1e21,)) == {"params": Estimate(None), "tokens": Estimate(None)}
