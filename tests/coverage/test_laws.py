import numpy as np
import pytest
from scipy import stats

from scaling_cli.coverage.beta_binomial import fit_beta_binomial, log_failure
from scaling_cli.coverage.counts import make_counts
from scaling_cli.coverage.curves import fit_exponentiated, fit_power_law, log_grid
from scaling_cli.coverage.distribution import log_minus_log
from scaling_cli.coverage.distributions import DISTRIBUTIONS, fit_distribution
from scaling_cli.coverage.estimate import mean, solve_rates
from scaling_cli.coverage.grid import beta_weights, make_grid
from scaling_cli.coverage.inflated import _inflated_failure
from scaling_cli.errors import FitError
from tests.coverage.conftest import PYTHIA
from tests.coverage.published import BETA_BINOMIAL, EXPONENTIATED, POWER_LAW


def curve(counts, points):
    k = log_grid(int(counts.n.max()), points)
    return k, mean(counts, solve_rates(counts, k))[None]


@pytest.mark.parametrize("model", PYTHIA)
def test_the_beta_binomial_fit_of_pythia_models_is_as_measured(pythia, model):
    law = fit_beta_binomial(pythia[model])
    alpha, error, beta, nll = BETA_BINOMIAL[model]
    assert (law.alpha, law.beta) == (pytest.approx(alpha, rel=1e-3), pytest.approx(beta, rel=1e-3))
    assert law.alpha * law.covariance[0, 0] ** 0.5 == pytest.approx(error, abs=6e-5)
    assert -law.log_likelihood == pytest.approx(nll, abs=1e-3)


def test_the_beta_binomial_likelihood_is_scipys(pythia):
    law, counts = fit_beta_binomial(pythia["12B"]), pythia["12B"]
    theirs = stats.betabinom.logpmf(counts.c, counts.n, law.alpha, law.beta).sum()
    assert law.log_likelihood == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("model", PYTHIA)
def test_curve_laws_of_pythia_models_are_as_measured(pythia, model):
    power = fit_power_law(*curve(pythia[model], 100))
    A, b = POWER_LAW[model]
    assert np.exp(power.log_coefficient[0]) == pytest.approx(A, abs=1e-3)
    assert power.exponent[0] == pytest.approx(b, abs=1e-4)
    brown = fit_exponentiated(*curve(pythia[model], 40))
    a, b = EXPONENTIATED[model]
    assert -np.exp(brown.log_coefficient[0]) == pytest.approx(a, abs=1e-3)
    assert -brown.exponent[0] == pytest.approx(b, abs=1e-4)


def test_the_curve_has_84_different_attempts_in_100_log_spaced_ones():
    assert len(log_grid(10_000)) == 84


def test_forecasts_of_the_largest_pythia_model_are_as_measured(pythia):
    law = fit_beta_binomial(pythia["12B"])
    assert -np.expm1(law.log_failure([1e5, 1e6])) == pytest.approx([0.930574, 0.964842], abs=2e-6)


def test_expected_attempts_are_the_sum_of_the_chances_to_go_on(pythia):
    law = fit_beta_binomial(pythia["12B"])
    assert law.expected_attempts(50.0) == pytest.approx(np.exp(law.log_failure(np.arange(50.0))).sum(), rel=1e-10)


def test_the_exponent_of_the_fit_is_reached_only_in_the_end(pythia):
    law = fit_beta_binomial(pythia["12B"])
    expected = {10: 0.379, 100: 0.388, 1e3: 0.343, 1e4: 0.318, 1e6: 0.3009, 1e9: 0.2962}
    for k, slope in expected.items():
        ends = log_minus_log(law.log_failure(np.array([k * 0.999, k * 1.001])))
        assert -(ends[1] - ends[0]) / np.log(1.001 / 0.999) == pytest.approx(slope, abs=6e-4)


@pytest.mark.parametrize("a", [2, 3])
def test_log_failure_keeps_its_digits_to_a_trillion_attempts(a):
    # For whole alpha the ratio of beta functions is a product of alpha factors.
    for k in (1.0, 1e3, 1e5, 1e8, 1e12):
        exact = sum(np.log(5.0 + i) - np.log(5.0 + k + i) for i in range(a))
        assert log_failure(float(a), 5.0, k) == pytest.approx(exact, rel=1e-12)


def test_scaled_laws_of_the_largest_pythia_model_are_as_measured(pythia):
    scaled = fit_distribution("scaled-beta", pythia["12B"], 0.95)
    found = {name: value[0] for name, value in scaled.parameters.items()}
    assert found["scale"] == pytest.approx(0.23461875, abs=1e-8)
    assert found["alpha"] == pytest.approx(0.24999, rel=1e-3)
    assert found["beta"] == pytest.approx(1.82123, rel=1e-3)
    assert -scaled.log_likelihood == pytest.approx(747.1168, abs=1e-3)
    assert scaled.coverage([1e4])[0][0] == pytest.approx(0.84175, abs=1e-5)
    other = fit_distribution("kumaraswamy", pythia["12B"], 0.95)
    assert other.parameters["alpha"][0] == pytest.approx(0.29793, rel=1e-3)
    assert other.parameters["beta"][0] == pytest.approx(1.71173, rel=1e-3)
    assert -other.log_likelihood == pytest.approx(744.9288, abs=1e-3)


def test_unsolvable_problems_are_told_with_how_little_is_known_of_them(pythia):
    law = fit_distribution("zero-inflated", pythia["160M"], 0.95)
    assert law.parameters["unsolvable"][0] == pytest.approx(0.29473, abs=1e-4)
    assert law.parameters["alpha"][0] == pytest.approx(0.35219, rel=1e-3)
    assert law.parameters["beta"][0] == pytest.approx(92.547, rel=1e-3)
    assert law.likelihood_ratio == pytest.approx(2.9736, abs=1e-3)
    assert law.p_value == pytest.approx(0.042, abs=1e-3)


@pytest.mark.parametrize(("model", "high"), [("70M", 0.55), ("160M", 0.43), ("410M", 0.24), ("12B", 0.08)])
def test_no_unsolvable_problem_is_compatible_with_every_pythia_model(pythia, model, high):
    share = fit_distribution("zero-inflated", pythia[model], 0.95).parameters["unsolvable"]
    assert share[1:] == (0.0, pytest.approx(high, abs=5e-3))


def test_the_grid_agrees_with_the_closed_form(pythia):
    # Without the atom at zero, alpha = 0.065 would be 3 nats off.
    for model in ("70M", "12B"):
        law, counts = fit_beta_binomial(pythia[model]), pythia[model]
        grid = make_grid(counts)
        weights, ends = beta_weights(grid, np.log([law.alpha, law.beta]))
        assert grid.log_likelihood(weights, ends) == pytest.approx(law.log_likelihood, abs=1e-6)
        found = grid.log_failure(weights, ends, [1.0, 1e3, 1e6])
        assert found == pytest.approx(law.log_failure([1.0, 1e3, 1e6]), abs=1e-6)  # the trapezoid ends at e^-60
        assert weights.sum() + sum(ends) == pytest.approx(1, abs=1e-7)


def test_a_ceiling_stops_coverage():
    failed = _inflated_failure(0.2, np.log([0.5, 5.0]), np.array([1e12]))
    assert np.exp(failed)[0] == pytest.approx(0.2, abs=1e-5)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_laws_find_the_beta_that_made_the_counts(name):
    rng = np.random.default_rng(1)
    n = np.full(1500, 400)
    law = fit_distribution(name, make_counts(n, rng.binomial(n, rng.beta(0.5, 4.0, 1500))), 0.95)
    if name not in ("kumaraswamy", "mixture"):  # whose parameters are other quantities
        _, low, high = law.parameters["alpha"]
        assert low < 0.5 < high
    middle, low, high = law.coverage([10.0])
    truth = -np.expm1(log_failure(0.5, 4.0, 10.0))
    assert low[0] < middle[0] < high[0]
    assert middle[0] == pytest.approx(truth, abs=0.03)


def test_stopping_at_a_success_leaves_the_likelihood_as_it_is(stopped):
    law = fit_beta_binomial(stopped[0])
    assert (law.alpha, law.beta) == (pytest.approx(0.76482, rel=1e-4), pytest.approx(17.30168, rel=1e-4))
    assert -np.expm1(law.log_failure([1.0, 60.0, 120.0])) == pytest.approx([0.0423, 0.683, 0.7958], abs=5e-5)


def test_counts_without_spread_are_refused():
    with pytest.raises(FitError, match="spread of difficulty"):
        fit_beta_binomial(make_counts(np.full(40, 32), np.tile([3, 4], 20)))


@pytest.mark.parametrize(("c", "what"), [(0, "No attempt"), (10, "Every attempt")])
def test_counts_all_alike_are_refused(c, what):
    with pytest.raises(FitError, match=what):
        fit_beta_binomial(make_counts(np.full(20, 10), np.full(20, c)))


def test_copies_of_one_answer_are_refused():
    with pytest.raises(FitError, match="by all of its attempts or by none"):
        fit_beta_binomial(make_counts(np.full(20, 10), np.tile([0, 10], 10)))


def test_points_at_zero_and_one_are_left_out_of_a_curve_and_counted():
    k = np.array([1, 2, 4, 8, 16, 32])
    whole = np.exp(-2 * k**-0.5)
    cut = np.where(k > 8, 1.0, whole)
    law = fit_power_law(k, cut[None])
    assert law.dropped == 2
    assert law.exponent[0] == pytest.approx(0.5, rel=1e-12)
    with pytest.raises(FitError, match="between 0 and 1"):
        fit_power_law(k, np.ones((1, 6)))


def test_exact_curves_return_their_parameters():
    k = log_grid(1000)
    curves = np.stack([np.exp(-A * k**-b) for A, b in ((4.0, 0.35), (7.5, 0.2), (1.5, 0.8))])
    for fit in (fit_power_law, fit_exponentiated):
        law = fit(k, curves)
        assert np.exp(law.log_coefficient) == pytest.approx([4.0, 7.5, 1.5], rel=1e-8)
        assert law.exponent == pytest.approx([0.35, 0.2, 0.8], rel=1e-8)
