"""Numbers that follow from published formulas, to their digits."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws import find_law
from scaling_cli.laws.mixture import best_shares
from scaling_cli.laws.outcomes import log_n


def derived(law: str, inputs: tuple[str, ...] = (), **parameters: float) -> dict[str, float]:
    """The derived quantities of a law."""
    found = find_law(law, inputs)
    values = {name: np.array([value]) for name, value in parameters.items()}
    return {quantity.name: float(quantity.compute(values)[0]) for quantity in found.derived}


def test_the_best_mixture_of_three_domains():
    """C = (.9, .6, .2) and g = (.3, .5, .4), in the form of Shukor et al. 2025.

    At the best shares C g h^(g - 1) is equal for all domains. The optimum is flat: an optimiser that stops at
    (.48972, .45325, .05703), where these differ by 0.2 %, has lost 2e-7 of the sum.
    """
    weights, powers = np.array([[0.9], [0.6], [0.2]]), np.array([[0.3], [0.5], [0.4]])
    shares = best_shares(weights, powers)[:, 0]
    weights, powers = weights[:, 0], powers[:, 0]
    np.testing.assert_allclose(shares, [0.48972, 0.45325, 0.05703], atol=6e-4)
    assert shares.sum() == pytest.approx(1, abs=1e-9)
    slopes = weights * powers * shares ** (powers - 1)
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-9)
    assert 1 / float((weights * shares**powers).sum()) == pytest.approx(0.8375, abs=1e-6)
    numbers = {f"C_w{i}": weight for i, weight in enumerate(weights, 1)} | {
        f"g_w{i}": g for i, g in enumerate(powers, 1)
    }
    found = derived("mixture-additive", **numbers, E=1.0, A=1.0, alpha=0.3, B=1.0, beta=0.3)
    assert [found[f"best_w{i}"] for i in (1, 2, 3)] == pytest.approx(shares.tolist())


def test_the_peak_of_best_of_n():
    """alpha 1 and beta .14 of Rafailov et al. 2024; the n of the peak is known only roughly."""
    found = derived("best-of-n-reward", alpha=1.0, beta=0.14)
    assert found["d_peak"] == pytest.approx(3.5714, abs=5e-5)
    assert found["kl_peak"] == pytest.approx(12.755, abs=5e-4)
    assert found["reward_peak"] == pytest.approx(1.7857, abs=5e-5)
    assert 10 ** found["log10_n_peak"] == pytest.approx(9.4e5, rel=0.01)
    assert found["log10_n_near_peak"] < found["log10_n_peak"]
    law = find_law("best-of-n-reward")
    rewards = law.predict({"alpha": 1.0, "beta": 0.14}, {"d": np.array([0.0, 2.0, 5.0])})
    np.testing.assert_allclose(rewards, [0.0, 1.44, 1.5], atol=1e-9)


def test_n_of_a_divergence_is_the_inverse_of_its_formula():
    n = np.array([1.0, 2.0, 10.0, 1e6])
    np.testing.assert_allclose(log_n(np.log(n) - (n - 1) / n), np.log(n), atol=1e-6)


def test_the_peak_of_reinforcement_learning():
    found = derived("reward-over-optimisation", alpha=0.75, beta=0.11)
    assert np.log(found["d_peak"]) == pytest.approx(0.75 / 0.11 - 1)
    assert found["reward_peak"] == pytest.approx(0.11 * found["d_peak"])
    assert find_law("reward-over-optimisation").predict({"alpha": 1.0, "beta": 0.2}, {"d": np.zeros(1)})[
        0
    ] == pytest.approx(0)


@pytest.mark.parametrize(("columns", "best"), [(("w", "a", "kv"), 1.9038), (("w", "a"), 1.2564)])
def test_the_best_bits_of_several_tensors(columns, best):
    """In units of gamma, of Kumar et al. 2024."""
    gammas = {f"gamma_{column}": 1.0 for column in columns}
    assert derived("precision", columns, **gammas)["best_bits"] == pytest.approx(best, abs=5e-5)


def test_a_sample_is_worth_less_each_time():
    """a = .02 per sample in units of 100,000, b = -.2, tau = 4 and d = .1, in the form of Goyal et al. 2024."""
    law, epochs = find_law("utility-decay"), np.array([1.0, 2.0, 5.0, 10.0])
    truth = {"a": (0.02 / 1e5) ** -0.2, "b": -0.2, "tau": 4.0, "d": 0.1}
    errors = law.predict(truth, {"unique_samples": np.full(4, 12.8e6), "epochs": epochs})
    np.testing.assert_allclose(errors, [0.928614, 0.837437, 0.758072, 0.729436], atol=5e-7)


def test_a_mixture_law_gives_what_its_authors_code_gives():
    """log c, log k and slopes that the notebook of Ye et al. 2024 prints for its fourth validation domain."""
    log_c, log_k, *slopes = 0.4750, -3.6546, 3.3289, 3.6705, 3.1127, -16.4217, 3.1591
    law = find_law("mixture-exp", ("w0", "w1", "w2", "w3", "w4"))
    truth = {"c": np.exp(log_c), "k": np.exp(log_k + slopes[4])}
    truth |= {f"t_w{place}": slope - slopes[4] for place, slope in enumerate(slopes[:4])}
    shares = np.array([[0.0, 0.0, 0.0, 0.25, 0.75], [0.0625, 0.09375, 0.03125, 0.0625, 0.75]])
    predicted = law.predict(truth, {f"w{place}": shares[:, place] for place in range(5)})
    np.testing.assert_allclose(predicted, [1.6126, 1.7977], atol=5e-5)


def test_more_training_harms_a_quantised_model_beyond_the_critical_tokens():
    law = find_law("quantised")
    truth = {"E": 2.76, "A": 4299.0, "alpha": 0.4965, "B": 18060.0, "beta": 0.3407, "C_T": 0.0598, "gamma_D": 0.5068,
             "gamma_N": 0.3439, "gamma_post": 0.5907}  # fmt: skip
    (critical,) = law.derived
    lowest = float(critical.compute({name: np.array([value]) for name, value in truth.items()})[0])
    tokens = np.geomspace(lowest / 30, lowest * 30, 20_001)
    columns = {"tokens": tokens, "params": np.full_like(tokens, 1e9), "bits": np.full_like(tokens, 4.0)}
    assert tokens[np.argmin(law.predict(truth, columns))] == pytest.approx(lowest, rel=1e-3)
