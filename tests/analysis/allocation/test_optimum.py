from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from scaling_cli.analysis.allocation.costs import Costs
from scaling_cli.analysis.allocation.optimum import best_split, least_split, waste_band
from scaling_cli.analysis.allocation.surface import Chinchilla, LawSurface, RepeatedSurface, surface
from scaling_cli.errors import FitError, UsageError
from scaling_cli.laws import find_law
from tests.analysis.allocation.surfaces import ASYMMETRIC, HOFFMANN, NAMES, SETS, SYMMETRIC

TEX = SETS["hoffmann-tex"]


def chinchilla(parameters: tuple[float, ...]) -> Chinchilla:
    return Chinchilla(*(np.array([value]) for value in parameters))


def numeric(parameters: tuple[float, ...]) -> LawSurface:
    law = find_law("chinchilla")
    return LawSurface(law, law.to_coordinates(np.array([parameters])), {})


@pytest.mark.parametrize("parameters", [*SETS.values(), SYMMETRIC, ASYMMETRIC])
@pytest.mark.parametrize("compute", [1e15, 1e20, 1e26])
def test_the_numeric_optimum_equals_the_closed_form(parameters, compute):
    closed, found = (best_split(each, Costs(), compute) for each in (chinchilla(parameters), numeric(parameters)))
    assert found.params[0] == pytest.approx(closed.params[0], rel=1e-9)
    assert found.loss[0] == pytest.approx(closed.loss[0], rel=1e-14)


# Sections 4.2 and 2.1 of Hoffmann et al.: share of compute wasted at 1/4, 1/2, 2 and 4 times the best params.
@pytest.mark.parametrize(
    ("name", "shares"),
    [("hoffmann-printed", (44.80, 13.92, 13.57, 43.07)), ("besiroglu", (48.02, 15.55, 15.67, 48.56))],
)
def test_waste_off_the_optimum_is_the_published_one(name, shares):
    law, compute = chinchilla(SETS[name]), 1e24
    best = best_split(law, Costs(), compute)
    for factor, share in zip((0.25, 0.5, 2.0, 4.0), shares, strict=True):
        params = best.params * factor
        loss = np.exp(law.log_loss(params, compute / 6 / params))[0, 0]
        needed = least_split(law, Costs(), float(loss))[0][0]
        assert 100 * (1 - needed / compute) == pytest.approx(share, abs=6e-3)


@pytest.mark.parametrize("parameters", [HOFFMANN, ASYMMETRIC, SETS["besiroglu"]])
@pytest.mark.parametrize("waste", [0.05, 0.10])
def test_the_ends_of_the_waste_band_waste_exactly_that_share(parameters, waste):
    law, compute = chinchilla(parameters), 1e23
    for end in waste_band(law, Costs(), compute, best_split(law, Costs(), compute), waste):
        loss = float(np.exp(law.log_loss(np.array([end]), np.array([compute / 6 / end])))[0, 0])
        assert 1 - least_split(law, Costs(), loss)[0][0] / compute == pytest.approx(waste, rel=1e-6)


# Best params, tokens and saving in per cent after starting from the compute-optimal model of the first column; the
# first row is 6B on 1.18 times the data in Sardana et al. 2024, arXiv:2401.00448.
SARDANA = (
    (7e9, 1e11, 6.055e9, 3.440e11, 0.75),
    (3e10, 1e13, 1.393e10, 4.576e12, 26.59),
    (1.3e10, 1e12, 8.482e9, 1.010e12, 7.79),
    (7e10, 2e12, 5.861e10, 5.529e12, 1.15),
)


@pytest.mark.parametrize(("start", "served", "params", "tokens", "saving"), SARDANA)
def test_inference_shrinks_models_as_published(start, served, params, tokens, saving):
    law = chinchilla(TEX)
    usual = 6 * (start / np.exp(law.log_scale)) ** (1 / law.params_exponent)
    trained = usual / 6 / start
    loss = float(np.exp(law.log_loss(np.array([start]), trained))[0, 0])
    total, split = least_split(law, Costs(inference_tokens=served), loss)
    assert split.params[0] == pytest.approx(params, rel=5e-4)
    assert split.tokens[0] == pytest.approx(tokens, rel=5e-4)
    assert 100 * (1 - total[0] / (usual[0] + 2 * start * served)) == pytest.approx(saving, abs=6e-3)


@settings(deadline=None, max_examples=40)
@given(
    alpha=st.floats(0.15, 0.6),
    beta=st.floats(0.15, 0.6),
    log_budget=st.floats(20.0, 26.0),
    log_served=st.floats(9.0, 13.0),
)
def test_at_every_optimum_elasticities_differ_by_the_inference_share(alpha, beta, log_budget, log_served):
    e, a, b, *_ = TEX
    law, served = chinchilla((e, a, b, alpha, beta)), 10**log_served
    split = best_split(law, Costs(inference_tokens=served), 10**log_budget)
    of_params = alpha * a * split.params[0] ** -alpha
    of_tokens = beta * b * split.tokens[0] ** -beta
    assert of_params / of_tokens == pytest.approx(1 + served / (3 * split.tokens[0]), rel=1e-6)


# Params, tokens, unique tokens, loss, effective params and tokens by Muennighoff et al.'s C4 parameters.
MUENNIGHOFF = (
    (1e9, 80e9, 20e9, 2.43602, 1e9, 7.45135e10),
    (1e9, 320e9, 20e9, 2.36890, 1e9, 2.11649e11),
    (8.7e9, 178e9, 25e9, 2.22685, 5.78334e9, 1.51237e11),
    (2.8e9, 55e9, 4e9, 2.47213, 1.18834e9, 3.86736e10),
    (1e10, 1e12, 1e11, 2.12155, 9.58192e9, 7.81412e11),
)


@pytest.mark.parametrize(("params", "tokens", "unique", "loss", "worth_params", "worth_tokens"), MUENNIGHOFF)
def test_repetition_is_worth_what_was_published(params, tokens, unique, loss, worth_params, worth_tokens):
    law = chinchilla(SETS["muennighoff"])
    limited = RepeatedSurface(law, unique)
    assert np.exp(limited.log_loss(np.array([params]), np.array([tokens])))[0, 0] == pytest.approx(loss, abs=6e-6)
    assert limited.effective_tokens(np.array([tokens]))[0] == pytest.approx(worth_tokens, rel=1e-5)
    same = law.log_loss(np.array([worth_params]), np.array([worth_tokens]))
    assert np.exp(same)[0, 0] == pytest.approx(loss, abs=6e-6)


@pytest.mark.parametrize("name", ["muennighoff", "besiroglu"])
@pytest.mark.parametrize("compute", [1e21, 1e23, 1e24])
def test_the_data_limited_optimum_equals_brute_force(name, compute):
    limited = RepeatedSurface(chinchilla(SETS[name]), 2e10)

    def loss(log_params):
        params = np.exp(np.atleast_1d(log_params))
        return limited.log_loss(params, compute / 6 / params)[0]

    grid = np.linspace(np.log(1e6), np.log(1e14), 200_001)
    around = grid[np.argmin(loss(grid))]
    brute = minimize_scalar(
        lambda x: loss(x)[0], bounds=(around - 1e-3, around + 1e-3), method="bounded", options={"xatol": 1e-10}
    )
    split = best_split(limited, Costs(), compute)
    # Where repetition begins, the loss bends without a kink: the quartic is good to this, and the loss to rounding.
    assert np.log(split.params[0]) == pytest.approx(brute.x, abs=1e-5)
    assert np.log(split.loss[0]) == pytest.approx(brute.fun, abs=1e-11)


def test_unique_tokens_that_suffice_change_nothing():
    law = chinchilla(SETS["muennighoff"])
    plain, ample = (best_split(each, Costs(), 1e21) for each in (law, RepeatedSurface(law, 1e13)))
    assert ample.params[0] == pytest.approx(plain.params[0], rel=1e-8)


def test_replicates_are_each_optimised():
    rng = np.random.default_rng(3)
    parameters = np.array(TEX) * np.exp(0.02 * rng.normal(size=(50, 5)))
    law = find_law("chinchilla")
    many = surface(law, parameters, None, {})
    assert isinstance(many, Chinchilla)
    served = Costs(inference_tokens=1e12)
    together = best_split(many, served, 1e24)
    for i in (0, 7, 49):
        alone = best_split(surface(law, parameters[i : i + 1], None, {}), served, 1e24)
        assert together.params[i] == pytest.approx(alone.params[0], rel=1e-8)
        assert together.loss[i] == pytest.approx(alone.loss[0], rel=1e-12)


def test_least_budgets_of_replicates_are_those_of_each_alone():
    rng = np.random.default_rng(4)
    parameters = np.array(TEX) * np.exp(0.01 * rng.normal(size=(20, 5)))
    law = find_law("chinchilla")
    budgets, split = least_split(surface(law, parameters, None, {}), Costs(), 2.1)
    for i in range(20):
        alone, alone_split = least_split(surface(law, parameters[i : i + 1], None, {}), Costs(), 2.1)
        assert budgets[i] == pytest.approx(alone[0], rel=1e-3)
        assert split.params[i] == pytest.approx(alone_split.params[0], rel=1e-3)


def test_a_loss_below_the_floor_has_no_budget():
    with pytest.raises(FitError, match="No budget reaches"):
        least_split(chinchilla(TEX), Costs(), 1.5)


@pytest.mark.parametrize(
    ("limits", "params", "tokens", "limit"),
    [
        ({"max_params": 1e9}, 1e9, 1e24 / 6 / 1e9, "max-params"),
        ({"min_params": 1e12}, 1e12, 1e24 / 6 / 1e12, "min-params"),
        ({"max_tokens": 1e12}, 1e24 / 6 / 1e12, 1e12, "max-tokens"),
        ({"max_tokens": 1e12, "max_params": 1e9}, 1e9, 1e12, "max-params and max-tokens"),
        ({"max_params": 1e12}, 5.192e10, 3.210e12, None),
    ],
)
def test_limits_hold_and_are_named_where_they_decide(limits, params, tokens, limit):
    for each in (chinchilla(TEX), numeric(TEX)):
        split = best_split(each, Costs(**limits), 1e24)
        assert split.params[0] == pytest.approx(params, rel=5e-4)
        assert split.tokens[0] == pytest.approx(tokens, rel=5e-4)
        assert split.limit == limit


def test_limits_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError):
        Costs(min_params=2e9, max_params=1e9)


def test_a_law_without_an_optimum_is_refused():
    # Loss that only falls with params: more of them are always better.
    e, a, _, alpha, _ = TEX
    with pytest.raises(FitError, match="more params"):
        best_split(numeric((e, a, 1e-290, alpha, 0.3)), Costs(), 1e21)


def test_parameters_follow_the_names_of_the_law():
    assert find_law("chinchilla").names == NAMES


class Broken:
    """A Chinchilla surface that gives no loss for models within a factor of ten of `at` params."""

    replicates = 1

    def __init__(self, at):
        self.law, self.at = numeric(SETS["besiroglu"]), at

    def log_loss(self, params, tokens):
        return np.where(np.abs(np.log10(params / self.at)) < 1, np.nan, self.law.log_loss(params, tokens))

    def own_log_loss(self, params, tokens):
        return self.law.own_log_loss(params, tokens)

    def first(self):
        return self


@pytest.mark.parametrize("at", [1e2, 1e6, 1e13, 1e18])
def test_splits_for_which_a_law_gives_no_loss_are_not_the_best(at):
    whole = best_split(numeric(SETS["besiroglu"]), Costs(), 1e21)
    found = best_split(Broken(at), Costs(), 1e21)
    assert found.params == pytest.approx(whole.params, rel=1e-9)
    band = waste_band(Broken(at), Costs(), 1e21, found, 0.05)
    assert band == pytest.approx(waste_band(numeric(SETS["besiroglu"]), Costs(), 1e21, whole, 0.05))
