"""The best split together with the best values of further inputs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import scaling_cli as scaling
from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.joint import Joint
from scaling_cli.analysis.allocation.searched import solve
from scaling_cli.analysis.allocation.space import Axis, Space
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.flops import flops_rule
from scaling_cli.laws import find_law
from scaling_cli.laws.custom import law_from_formula
from tests.grids import one_in

GRAINS = {"c": 0.5, "g": 2.1, "gamma": 0.6, "a": 18.0, "alpha": 0.12, "b": 30.0, "beta": 0.15}
MIXTURE = {
    "E": 1.2, "A": 300.0, "alpha": 0.33, "B": 1500.0, "beta": 0.36, "C_web": 0.9, "C_code": 0.6, "C_math": 0.2,
    "g_web": 0.3, "g_code": 0.5, "g_math": 0.4,
}  # fmt: skip
BEST_SHARES = {"web": 0.489154, "code": 0.453668, "math": 0.057178}  # where C g h^(g - 1) are equal
ROUTING = "6 * params * tokens * (1 + 0.02 * granularity)"
BITS = "6 * params * tokens * bits / 16"


def grid(**further: np.ndarray) -> dict[str, np.ndarray]:
    axes = {"params": np.geomspace(1e7, 1e10, 6), "tokens": np.geomspace(1e9, 1e12, 6), **further}
    return dict(zip(axes, (each.ravel() for each in np.meshgrid(*axes.values(), indexing="ij")), strict=True))


def made(law: str, truth: dict[str, float], columns: dict[str, np.ndarray], noise: float = 0.0) -> pl.DataFrame:
    loss = find_law(law, tuple(columns)).predict(truth, columns)
    return pl.DataFrame({**columns, "loss": loss * np.exp(noise * np.random.default_rng(0).standard_normal(len(loss)))})


def grained(noise: float = 0.0) -> pl.DataFrame:
    return made("granularity", GRAINS, grid(granularity=np.array([1.0, 4.0, 16.0])), noise)


def mixed() -> pl.DataFrame:
    shares = np.random.default_rng(3).dirichlet([1.0, 1.0, 1.0], 12)
    places = np.arange(12)
    columns = grid(place=places)
    columns = {name: values[::5] for name, values in columns.items()}
    at = columns.pop("place").astype(int)
    for index, name in enumerate(BEST_SHARES):
        columns[name] = shares[at, index]
    law = find_law("mixture-additive", tuple(BEST_SHARES))
    return pl.DataFrame({**columns, "loss": law.predict(MIXTURE, columns)})


def split(table: pl.DataFrame, **options):
    fitted = {} if isinstance(table, str) else {"interval": "none"}  # a saved fit has its own
    report = scaling.optimal_allocation(table, **{**fitted, "budget": 1e22, **options})
    return report.results[0].allocations[0], {each.code for each in report.caveats}


@pytest.fixture(scope="module")
def exact(tmp_path_factory):
    """A fit of exact runs, for questions that do not depend on how it was made."""
    path = str(tmp_path_factory.mktemp("grained") / "fit.json")
    scaling.fit(grained(), law="granularity", interval="none").save(path)
    return path


def referee(loss, start, bounds):
    """The lowest loss by another solver, from several starts."""
    found = [
        minimize(loss, np.array(start) + move, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-12})
        for move in (0.0, -0.5, 0.5)
    ]
    return min(found, key=lambda each: each.fun)


@pytest.mark.parametrize("budget", one_in(2, [1e20, 1e24]))
def test_an_input_that_costs_compute_has_its_best_value_inside(exact, budget):
    best, codes = split(exact, search="granularity=1..4096", flops_rule=ROUTING, budget=budget)

    def loss(place):
        params, granularity = np.exp(place)
        tokens = budget / (6 * params * (1 + 0.02 * granularity))
        columns = {"params": np.array([params]), "tokens": np.array([tokens]), "granularity": np.array([granularity])}
        return float(np.log(find_law("granularity").predict(GRAINS, columns)[0]))

    start = [np.log(np.sqrt(budget / 6)), np.log(20.0)]
    judge = referee(loss, start, [(1, 50), (0, np.log(4096))])
    assert best.params.estimate == pytest.approx(np.exp(judge.x[0]), rel=5e-3)
    assert best.searched["granularity"].value.estimate == pytest.approx(np.exp(judge.x[1]), rel=5e-3)
    assert best.loss.estimate == pytest.approx(np.exp(judge.fun), rel=1e-6)
    low, high = best.searched["granularity"].within_waste["0.05"]
    assert low < best.searched["granularity"].value.estimate < high
    assert "search-end" not in codes


def joint_of(law, truth: dict[str, float], space: Space, **costs) -> Joint:
    theta = law.to_coordinates(np.array([[truth[name] for name in law.names]]))
    return Joint(law, theta, {}, Costs(**costs), space)


def bits_law(tensors: int):
    return law_from_formula(
        f"E + A/(params*(1 - exp(-bits/g))^{tensors})^alpha + B/tokens^beta", ("params", "tokens", "bits")
    )


BITS_TRUTH = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "g": 2.5}


@pytest.mark.parametrize(("tensors", "ratio"), [(1, 0.4), (2, 1.2564), (3, 1.9038)])
def test_the_best_precision_is_that_of_the_worked_oracle(tensors, ratio):
    """Where compute grows as bits, u = bits / gamma solves k u exp(-u) = 1 - exp(-u) for k tensors, at any budget.

    For one tensor there is no solution: fewer bits are always better, so the best ones are at the end, 1 / 2.5.
    """
    space = Space(True, (Axis("bits", 1.0, 16.0),))
    joint = joint_of(bits_law(tensors), BITS_TRUTH, space, rule=flops_rule(BITS), searched=("bits",))
    for budget in (1e20, 1e24):
        best = solve(joint, budget)
        assert best.chosen.further["bits"][0] == pytest.approx(2.5 * ratio, rel=3e-5)


def test_a_best_value_at_the_end_of_its_range_is_said_to_be_there(exact):
    best, codes = split(exact, search="granularity=1..64")
    assert best.searched["granularity"].value.estimate == pytest.approx(64.0)
    assert best.searched["granularity"].end == "highest"
    assert {"search-end", "search-beyond"} <= codes


def test_the_best_mixture_of_a_law_is_that_of_the_worked_oracle():
    """C g h^(g - 1) are equal for all shares, and the rest of the law is split by its closed form."""
    law = find_law("mixture-additive", tuple(BEST_SHARES))
    joint = joint_of(law, MIXTURE, Space(True, (), tuple(BEST_SHARES)))
    best = joint.at(joint.best(1e22).place, 1e22)
    for name, share in BEST_SHARES.items():
        assert best.further[name][0] == pytest.approx(share, abs=2e-6)
    scale = (0.33 * 300.0 / (0.36 * 1500.0)) ** (1 / 0.69)
    assert best.params[0] == pytest.approx(scale * (1e22 / 6) ** (0.36 / 0.69), rel=1e-5)


def test_the_best_mixture_of_runs_is_found_with_shares_held_or_not(tmp_path):
    known = {name: value for name, value in MIXTURE.items() if not name.startswith("C_")}
    asked = {"law": "mixture-additive", "map": {"mixture": ",".join(BEST_SHARES)}, "fix": known}
    best, codes = split(mixed(), **asked, search="mixture")
    for name, share in BEST_SHARES.items():
        assert best.searched[name].value.estimate == pytest.approx(share, abs=1e-4)
        low, high = best.searched[name].within_waste["0.05"]
        assert 0 <= low < share < high <= 1
    assert "mixture-corner" not in codes
    saved = str(tmp_path / "fit.json")
    scaling.fit(mixed(), **asked, interval="none").save(saved)
    held, _ = split(saved, search="mixture", hold="web=0.2")
    assert set(held.searched) == {"code", "math"}
    assert sum(one.value.estimate for one in held.searched.values()) == pytest.approx(0.8)
    assert held.loss.estimate > best.loss.estimate
    with pytest.raises(UsageError, match="no share of the mixture is left to search"):
        split(saved, search="mixture", hold="web=0.7,code=0.3")


@pytest.mark.thorough
def test_a_mixture_for_one_loss_may_leave_a_domain_out():
    law = "E + A/params^alpha + B/tokens^beta - k*web"
    shares = np.random.default_rng(1).uniform(0.1, 0.9, 36)
    columns = {**grid(), "web": shares, "code": 1 - shares}
    truth = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "k": 0.1}
    table = made(law, truth, columns)
    best, codes = split(table, law=law, map={"mixture": "web,code"}, search="mixture")
    assert best.searched["web"].value.estimate == pytest.approx(1.0)
    assert best.searched["code"].value.estimate == pytest.approx(0.0, abs=1e-9)
    assert "mixture-corner" in codes
    with pytest.raises(UsageError, match="takes none of them"):
        split(table, law="chinchilla", map={"mixture": "web,code"}, search="mixture")
    with pytest.raises(ScalingError, match="add up to"):
        split(table.with_columns(code=pl.lit(0.9)), law=law, map={"mixture": "web,code"}, search="mixture")


@pytest.mark.thorough
def test_the_least_budget_for_a_loss_reaches_that_loss():
    table = grained(0.002)
    asked = {"law": "granularity", "search": "granularity=1..4096", "flops_rule": ROUTING}
    asked |= {"interval": "wild", "replicates": 20}
    target = split(table, **asked)[0].loss.estimate
    report = scaling.optimal_allocation(table, **asked, target_loss=target)
    (least,) = report.results[0].allocations
    assert least.compute == pytest.approx(1e22, rel=1e-4)
    assert least.compute_interval[0] < 1e22 < least.compute_interval[1]


def test_each_replicate_has_its_own_best():
    """The interval is that of the replicates' laws, each optimised by another solver."""
    table = grained(0.003)
    fit = scaling.fit(table, law="granularity", replicates=20)
    law, saved = find_law("granularity"), fit.results[0]
    best = []
    for row in saved.draws:
        truth = dict(zip(saved.parameters, row, strict=True))

        def loss(place, truth=truth):
            params, granularity = np.exp(place)
            tokens = 1e22 / (6 * params * (1 + 0.02 * granularity))
            columns = {"params": params, "tokens": tokens, "granularity": granularity}
            return float(np.log(law.predict(truth, {key: np.array([each]) for key, each in columns.items()})[0]))

        best.append(np.exp(referee(loss, [np.log(3e10), 3.5], [(10, 40), (0, np.log(4096))]).x[1]))
    asked = {"law": "granularity", "search": "granularity=1..4096", "flops_rule": ROUTING}
    answer, _ = split(table, **asked, interval="wild", replicates=20)
    found = answer.searched["granularity"].value
    ends = np.quantile(best, [0.025, 0.975], method="weibull")
    assert (found.low, found.high) == pytest.approx(tuple(ends), rel=0.02)


def test_no_range_is_that_of_the_runs(exact):
    best, _ = split(grained(), law="granularity", search="granularity")
    assert best.searched["granularity"].range == (1.0, 16.0)
    again, _ = split(exact, search="granularity")
    assert again.searched == best.searched
    assert again.params.estimate == pytest.approx(best.params.estimate, rel=1e-6)
    held, _ = split(exact, hold="granularity=16")
    assert held.params.estimate == pytest.approx(best.params.estimate, rel=1e-4)
    with pytest.raises(UsageError, match="also depends on granularity"):
        split(exact)
    with pytest.raises(UsageError, match="--search names bits"):
        split(exact, search="granularity,bits=1..8")


def test_a_range_around_zero_is_even_in_the_value_itself():
    law = "E + A/params^alpha + B/tokens^beta + k*(shift - s0)^2"
    truth = {"E": 1.8, "A": 400.0, "alpha": 0.34, "B": 2000.0, "beta": 0.36, "k": 0.1, "s0": -0.5}
    table = made(law, truth, grid(shift=np.linspace(-2.0, 2.0, 5)))
    best, _ = split(table, law=law, search="shift=-2..2")
    assert best.searched["shift"].value.estimate == pytest.approx(-0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"law": "granularity", "search": "granularity=64..1"}, "runs from 64 down to 1"),
        ({"law": "granularity", "search": "granularity=8..8"}, "has one value"),
        ({"law": "granularity", "search": "granularity=1.."}, "does not have two ends"),
        ({"law": "granularity", "search": "granularity="}, "--search is"),
        ({"law": "granularity", "search": "granularity=0..8"}, "--search granularity=0..8 has a value that"),
        ({"law": "granularity", "hold": "granularity=0"}, "--hold granularity=0 has a value that granularity cannot"),
        ({"law": "E + A/(params*grains^g)^alpha + B/tokens^beta", "hold": "grains=0"}, "--hold grains=0 has a value"),
        ({"law": "E + A/(params*grains^g)^alpha + B/tokens^beta", "search": "grains=-1..8"}, "cannot take"),
        ({"law": "granularity", "search": "granularity=1..8,bits=2..8"}, "--search names bits"),
        ({"law": "granularity", "search": "params=1e6..1e9", "hold": "granularity=4"}, "--search names params"),
        ({"law": "granularity", "search": "mixture"}, "does not say which inputs are shares"),
        ({"law": "granularity", "search": "granularity=1..8", "hold": "granularity=4"}, "--hold and in --search"),
        ({"law": "granularity", "search": "granularity=1..8", "approach": "isoflop"}, "--search"),
        ({"law": "chinchilla", "search": "granularity=1..8"}, "--search names granularity"),
        ({"law": "granularity", "search": "granularity=1..8", "unique_tokens": 1e9}, "repeated tokens"),
        ({"law": "granularity", "search": {"granularity": (1, 8, 9)}}, "does not have two ends"),
    ],
)
def test_what_cannot_be_searched_is_a_usage_error(options, said):
    with pytest.raises(UsageError, match=said):
        split(grained(), **options)


def test_one_value_in_the_runs_needs_a_range():
    table = grained().filter(pl.col("granularity") == 4.0)
    with pytest.raises(ScalingError):
        split(table, law="c + (1/granularity^gamma + a)/params^alpha + b/tokens^beta", search="granularity")


def test_training_and_inference_share_the_budget_of_a_searched_split():
    """A forward pass takes a third of the FLOPs of training on a token, routing included."""
    found, _ = split(grained(), law="granularity", flops_rule=ROUTING, search={"granularity": (1, 64)},
                     inference_tokens=3e12)  # fmt: skip
    params, tokens = found.params.estimate, found.tokens.estimate
    grains = found.searched["granularity"].value.estimate
    per_token = 6 * params * (1 + 0.02 * grains)
    assert found.training_compute == pytest.approx(per_token * tokens, rel=1e-6)
    assert found.inference_compute == pytest.approx(per_token / 3 * 3e12, rel=1e-6)
    assert found.training_compute + found.inference_compute == pytest.approx(1e22, rel=1e-6)
    largest = 6 * 1e10 * 1e12 * (1 + 0.02 * 16)
    assert found.reach == pytest.approx(found.training_compute / largest, rel=1e-6)


@pytest.mark.parametrize(("spread", "is_doubted"), [(0.3, False), (4.0, True)])
def test_columns_of_the_rule_that_params_hardly_decide_are_doubted_only_if_compute_depends_on_them(spread, is_doubted):
    """Layers are a power of params times a factor; the rule adds them to each token."""
    columns = grid(place=np.array([1.0, -1.0]))
    law = find_law("chinchilla")
    truth = {"E": 1.7, "A": 400.0, "B": 400.0, "alpha": 0.34, "beta": 0.28}
    loss = law.predict(truth, columns)
    layers = 0.01 * columns["params"] ** 0.5 * np.exp(spread * columns.pop("place"))
    runs = pl.DataFrame({**columns, "layers": layers, "loss": loss})
    report = scaling.optimal_allocation(
        runs, flops_rule="6 * params * tokens * (1 + layers / 5000)", budget=1e22, interval="none"
    )
    assert ("rule-column-varies" in {each.code for each in report.caveats}) is is_doubted


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"law": "granularity", "search": "bits=1..8"}, "Name one of granularity."),
        ({"law": "chinchilla", "hold": "bits=8"}, "It has none: leave this out, or choose a --law that has."),
        ({"law": "additive"}, "--law additive --x params,tokens,COLUMN -o FIT.json"),
        ({"law": "granularity", "hold": "granularity=0"}, "Give values above 0."),
    ],
)
def test_a_refusal_names_what_can_be_held_or_searched(options, hint):
    with pytest.raises(UsageError) as caught:
        split(grained(), **options)
    assert hint in caught.value.hint


FLAT = "E + A / (params * tokens)^0.3"


@pytest.mark.parametrize(
    ("law", "options"),
    [
        (FLAT, {}),
        ("E + A / params^0.3 / tokens^0.3", {"budget": 3e20}),
        (FLAT, {"min_params": 1e8, "max_params": 1e10}),
        (FLAT, {"budget": (), "target_loss": 2.4}),
        (f"{FLAT} + g * (heavy - u)^2", {"search": "heavy=1..3"}),
    ],
)
def test_a_law_that_gives_every_split_the_same_loss_has_no_best_one(law, options):
    columns = grid(heavy=np.array([1.0, 2.0, 3.0]))
    loss = 1.8 + 3e5 / (columns["params"] * columns["tokens"]) ** 0.3 + 0.1 * (columns["heavy"] - 2.0) ** 2
    table = pl.DataFrame({**columns, "loss": loss})
    table = table if "search" in options else table.filter(pl.col("heavy") == 2.0).drop("heavy")
    with pytest.raises(FitError, match="gives every split the same loss") as caught:
        split(table, law=law, **{"budget": 1e21, **options})
    assert caught.value.hint


def test_a_law_is_not_called_flat_between_limits_that_leave_no_choice():
    row, codes = split(grained(), law="granularity", hold="granularity=8", min_params=1e9, max_params=1e9 * (1 + 1e-9))
    assert row.params.estimate == pytest.approx(1e9)
    assert "limited" in codes
