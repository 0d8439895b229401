"""What kinds of numbers the parameters and the inputs of each law are."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.laws import LAWS
from scaling_cli.laws.law import Scene
from tests.laws.designs import draw_design

# Exponents of inputs, and floors: priors and caveats refer to them.
KINDS = {
    "power": ("b", ""),
    "power-constant": ("b", "c"),
    "shifted-power": ("alpha", "E"),
    "logarithmic": ("", ""),
    "m3": ("c", ""),
    "m4": ("c", "E"),
    "bnsl": ("c0 c1", "a"),
    "bnsl-monotone": ("c0 c1", "a"),
    "sigmoid": ("", ""),
    "hill": ("", ""),
    "exponential-saturation": ("", ""),
    "saturating-power": ("b", ""),
    "chinchilla": ("alpha beta", "E"),
    "chinchilla-tied": ("alpha", "E"),
    "general": ("alpha beta", "E"),
    "kaplan": ("alpha_N alpha_D", ""),
    "kaplan-steps": ("alpha_N alpha_S", ""),
    "critical-batch": ("alpha_B", ""),
    "data-constrained": ("alpha beta", "E"),
    "routed": ("a b", ""),
    "granularity": ("alpha beta gamma", "c"),
    "precision": ("alpha beta", "E"),
    "parallel": ("alpha", "E"),
    "multi-power": ("p_x1 p_x2", ""),
    "additive": ("alpha_x1 alpha_x2", "E"),
    "loss-to-loss": ("kappa", "E1"),
    "two-power": ("alpha beta", ""),
    "exponential": ("", "c"),
    "u-shaped": ("", ""),
    "bump": ("alpha", "E"),
    "farseer": ("alpha beta r r1 gamma", ""),
    "mixture-exp": ("", "c"),
    "mixture-additive": ("g_w1 g_w2 g_w3 alpha beta", "E"),
    "mixture-repetition": ("beta delta alpha", "E"),
    "utility-decay": ("b", "d"),
    "transfer": ("alpha beta a b", "E"),
    "sparsity": ("alpha beta lam delta gamma", "e"),
    "pruning": ("s b beta", "E"),
    "looped": ("phi alpha beta", "E"),
    "float-format": ("alpha beta delta nu", "E"),
    "post-training-quantisation": ("gamma_D gamma_N", ""),
    "quantised": ("alpha beta gamma_D gamma_N", "E"),
    "encoder-decoder": ("p_e p_d", "E"),
    "distillation": ("c0 w alpha beta gamma", ""),
    "reward-over-optimisation": ("", ""),
    "best-of-n-reward": ("", ""),
    "rl-efficiency": ("E1 K_max", ""),
    "rl-sigmoid": ("B", ""),
    "pass-until": ("alpha", ""),
    "bernoulli": ("k", ""),
    "observational": ("", ""),
    "batch-tradeoff": ("", ""),
    "power-lines": ("m", ""),
    "sweep-optimum": ("alpha", "E"),
    "annealing": ("alpha", "L0"),
    "multi-power-schedule": ("alpha beta gamma", "L0"),
}
# Inputs that may be zero, and those that may be negative; all others are positive.
INPUTS = {
    "two-power": ("x", ""),
    "exponential": ("x", "x"),
    "u-shaped": ("x", ""),
    "bump": ("x", ""),
    "farseer": ("params tokens", ""),
    "mixture-exp": ("w1 w2 w3", "w3"),
    "mixture-additive": ("params tokens w1 w2 w3", ""),
    "mixture-repetition": ("params tokens share unique_tokens", ""),
    "utility-decay": ("unique_samples epochs", ""),
    "transfer": ("params tokens pretrained", ""),
    "sparsity": ("params tokens sparsity", ""),
    "pruning": ("params tokens sparsity", ""),
    "looped": ("once_params recurrences recurrent_params tokens", ""),
    "float-format": ("params tokens exponent_bits mantissa_bits block", ""),
    "post-training-quantisation": ("params tokens bits", ""),
    "quantised": ("params tokens bits", ""),
    "encoder-decoder": ("encoder_params decoder_params", ""),
    "distillation": ("params tokens teacher_loss supervised_loss", ""),
    "reward-over-optimisation": ("d", ""),
    "best-of-n-reward": ("d", ""),
    "rl-efficiency": ("params x", ""),
    "pass-until": ("x", ""),
    "observational": ("x1 x2", "x1 x2"),
    "batch-tradeoff": ("batch_tokens", ""),
    "power-lines": ("params tokens", ""),
    "sweep-optimum": ("params lr", ""),
    "annealing": ("step lr", ""),
    "multi-power-schedule": ("step lr", ""),
}
# Inputs that need not span decades.
NARROW = {
    "sigmoid": "x",
    "exponential-saturation": "x",
    "critical-batch": "x",
    "routed": "experts",
    "granularity": "granularity",
    "precision": "bits",
    "parallel": "streams",
    "loss-to-loss": "x",
    "mixture-exp": "w1 w2 w3",
    "mixture-additive": "w1 w2 w3",
    "mixture-repetition": "share",
    "utility-decay": "epochs",
    "transfer": "pretrained",
    "sparsity": "sparsity",
    "pruning": "sparsity",
    "looped": "recurrences once_params recurrent_params",
    "float-format": "exponent_bits mantissa_bits block",
    "post-training-quantisation": "bits",
    "quantised": "bits",
    "distillation": "teacher_loss supervised_loss",
    "reward-over-optimisation": "d",
    "best-of-n-reward": "d",
    "bernoulli": "x",
    "observational": "x1 x2",
    "sweep-optimum": "lr",
    "annealing": "lr step",
    "multi-power-schedule": "lr step",
}
# Limits that do not depend on the data, except those of most exponents, 0.001 and 3; of coefficients that are logs in
# the solver, of the coefficient.
LIMITS = {
    "power": {"b": (-3.0, 3.0)},
    "power-constant": {"b": (-3.0, 3.0)},
    "m3": {"c": (-3.0, 3.0)},
    "m4": {"alpha": (0.001, 5.0), "c": (-3.0, 3.0)},
    "bnsl": {"c0": (-3.0, 3.0), "c1": (-3.0, 10.0), "f1": (0.01, 3.0)},
    "bnsl-monotone": {"c0": (0.0, 3.0), "c1": (0.0, 10.0), "f1": (0.01, 3.0)},
    "hill": {"k": (-20.0, 20.0)},
    "saturating-power": {"b": (-3.0, -0.001)},
    "general": {
        "alpha": (0.001, 6.0),
        "beta": (0.001, 6.0),
        "gamma": (0.05, 5.0),
    },
    "kaplan": {
        "alpha_N": (0.005, 3.0),
        "alpha_D": (0.005, 3.0),
    },
    "kaplan-steps": {
        "alpha_N": (0.005, 3.0),
        "alpha_S": (0.005, 3.0),
    },
    "critical-batch": {"alpha_B": (0.02, 3.0)},
    "data-constrained": {"alpha": (0.01, 3.0), "beta": (0.01, 3.0), "R_D": (0.1, 1e3), "R_N": (0.1, 1e3)},
    "routed": {"a": (-3.0, 3.0), "b": (-3.0, 3.0), "c": (-1.0, 1.0), "E_start": (1.0, 50.0), "E_max": (20.0, 1e5)},
    "precision": {"gamma_bits": (0.05, 30.0)},
    "parallel": {"alpha": (0.005, 3.0), "k": (0.0, 20.0)},
    "multi-power": {"p_x1": (-6.0, 6.0), "p_x2": (-6.0, 6.0)},
    "loss-to-loss": {"kappa": (0.02, 10.0)},
    "exponential": {"scale": (0.0, 1e30)},
    "u-shaped": {"a": (-1e30, 1e30)},
    "bump": {"width": (0.02, 10.0)},
    "farseer": {"alpha": (-2.0, 2.0), "beta": (-2.0, 2.0), "gamma": (-2.0, 2.0)},
    "mixture-additive": {"g_w1": (0.01, 2.0), "g_w2": (0.01, 2.0), "g_w3": (0.01, 2.0)},
    "mixture-repetition": {"delta": (-1.0, 1.0), "R": (0.1, 1e3)},
    "utility-decay": {"b": (-3.0, -0.001), "tau": (0.3, 100.0)},
    "transfer": {"a": (-1.0, 2.0), "b": (-1.0, 2.0)},
    "sparsity": {"lam": (-3.0, 3.0), "delta": (-3.0, 3.0)},
    "pruning": {"s": (0.01, 3.0)},
    "looped": {"phi": (-1.0, 2.0)},
    "float-format": {"delta": (0.001, 10.0), "nu": (0.001, 10.0)},
    "post-training-quantisation": {"gamma_post": (0.05, 30.0)},
    "quantised": {"gamma_post": (0.05, 30.0)},
    "distillation": {"c0": (-10.0, 20.0), "q": (0.0, 50.0), "w": (0.0, 60.0)},
    "rl-efficiency": {"N_0": (0.0, 1e15), "X_0": (0.0, 1e30)},
    "rl-sigmoid": {"C_mid": (0.0, 1e30), "B": (0.05, 20.0)},
    "bernoulli": {"x0": (0.0, 1e30), "k": (-100.0, 100.0)},
    "power-lines": {"m": (-3.0, 3.0)},
    "sweep-optimum": {"p": (-3.0, 3.0)},
}
each_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)


@each_law
def test_exponents_and_floors_are_marked(law):
    told = (" ".join(each.name for each in law.parameters if each.kind == kind) for kind in ("exponent", "floor"))
    assert tuple(told) == KINDS[law.name]


@each_law
def test_inputs_are_positive_unless_the_law_allows_more(law):
    told = (" ".join(name for name in law.inputs if law.takes(name, np.array([value]))) for value in (0.0, -1.0))
    assert tuple(told) == INPUTS.get(law.name, ("", ""))
    assert all(law.takes(name, np.array([0.5, 1.0])) for name in law.inputs)


@each_law
def test_inputs_that_need_not_span_decades_are_marked(law):
    assert " ".join(law.narrow) == NARROW.get(law.name, "")


@pytest.mark.parametrize("law", [law for law in LAWS if not law.is_curve], ids=lambda law: law.name)
def test_limits_that_do_not_depend_on_the_data(law):
    inputs, _, _ = law.centre(law.prepare(draw_design(law, np.random.default_rng(0), 40)))
    ends = dict(zip(law.names, np.transpose(law.bounds(Scene(inputs, 2.0, 8.0))), strict=True))
    logs = {each.name for each in law.parameters if each.positive}
    for name, limits in LIMITS.get(law.name, {}).items():
        assert (np.exp(ends[name]) if name in logs else ends[name]) == pytest.approx(limits, rel=1e-5), name
    others = {each.name for each in law.parameters if each.kind == "exponent"} - set(LIMITS.get(law.name, {}))
    assert {tuple(ends[name]) for name in others} <= {(1e-3, 3.0), (-np.inf, np.inf)}


def test_words_that_mean_not_pretrained():
    (law,) = (law for law in LAWS if law.flags)
    assert (law.name, set(law.flags)) == ("transfer", {"pretrained"})
    assert {"scratch", "none", "0"} <= set(law.flags["pretrained"])


def test_laws_that_are_of_use_without_known_parameters():
    assert {law.name for law in LAWS if law.is_predictive} == {"farseer", "distillation"}
