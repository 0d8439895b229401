"""Random designs and parameters on which a law is identified, for tests that run over all laws."""

from __future__ import annotations

import numpy as np

from scaling_cli.laws import LAWS, Law
from scaling_cli.laws.sums import SumLaw

DETERMINED = [law for law in LAWS if not law.undetermined]  # laws whose parameters random points determine
SIZES = {
    "params": (4e7, 2e10),
    "tokens": (5e8, 1e12),
    "x": (1e18, 1e23),
    "x1": (1e2, 1e5),
    "x2": (1.0, 1e3),
    "step": (1e3, 1e6),
    "unique_tokens": (5e7, 2e10),
    "experts": (1.0, 600.0),
    "granularity": (1.0, 64.0),
    "bits": (2.0, 16.0),
    "streams": (1.0, 8.0),
    "sparsity": (0.02, 0.98),
    "once_params": (1e7, 5e7),
    "recurrences": (1.0, 8.0),
    "recurrent_params": (3e7, 1e9),
    "exponent_bits": (1.0, 5.0),
    "mantissa_bits": (0.5, 7.0),
    "block": (16.0, 512.0),
    "encoder_params": (5e6, 5e8),
    "decoder_params": (5e6, 5e8),
    "share": (0.01, 0.5),
    "unique_samples": (1e6, 1e8),
    "epochs": (1.0, 20.0),
    "pretrained": (0.5, 1.5),
    "d": (0.1, 10.0),
    "batch_tokens": (1e4, 1e7),
    "lr": (1e-5, 1e-1),
    "teacher_loss": (1.9, 2.8),
    "supervised_loss": (2.0, 3.2),
}  # published runs lie in these ranges
OWN_SIZES = {
    "two-power": {"x": (1e2, 1e7)},
    "exponential": {"x": (1e3, 5e5)},
    "u-shaped": {"x": (1e8, 1e11)},
    "bump": {"x": (1e2, 1e5)},
    "rl-efficiency": {"x": (1e17, 1e21)},
    "rl-sigmoid": {"x": (1e2, 3e4)},
    "pass-until": {"x": (3e7, 3e9)},
    "bernoulli": {"x": (3e-3, 5e-2)},
    "observational": {"x1": (0.2, 3.0), "x2": (0.2, 3.0)},
}
LOSSES = ("sigmoid", "exponential-saturation", "loss-to-loss", "critical-batch")  # laws whose x is itself a loss


def draw_design(law: Law, generator: np.random.Generator, points: int) -> dict[str, np.ndarray]:
    """`points` values of each input, log-uniform and independent of each other; of curves, four runs."""
    if law.is_curve:
        return draw_schedules(generator, points)
    ranges = SIZES | ({"x": (1.8, 5.0)} if law.name in LOSSES else {}) | OWN_SIZES.get(law.name, {})
    if law.name.startswith("mixture-") and "w1" in law.inputs:
        shares = generator.dirichlet(np.ones(3), points)
        others = {name: np.exp(generator.uniform(*np.log(ranges[name]), points)) for name in law.inputs[:-3]}
        return others | dict(zip(("w1", "w2", "w3"), shares.T, strict=True))
    return {name: np.exp(generator.uniform(*np.log(ranges[name]), points)) for name in law.inputs}


def draw_schedules(generator: np.random.Generator, points: int) -> dict[str, np.ndarray]:
    """Runs with a constant, cosine, decaying and twice dropped rate: `points` checkpoints each."""
    step = np.linspace(1e3, 4e4, points)
    part, peak = (step - step[0]) / np.ptp(step), generator.uniform(2e-4, 1e-3)
    shapes = (
        np.ones(points),
        0.55 + 0.45 * np.cos(np.pi * part),
        np.where(part < 0.7, 1.0, 1.0 - 3.0 * (part - 0.7)),
        np.where(part < 0.3, 1.0, np.where(part < 0.6, 0.4, 0.1)),
    )
    rates = np.concatenate([peak * shape for shape in shapes])
    return {"step": np.tile(step, 4), "lr": rates, "run": np.repeat(np.arange(4.0), points)}


def draw_parameters(law: Law, generator: np.random.Generator) -> np.ndarray:
    """Parameters as published fits have them, such that every part of the law shows in the data."""
    if law.name in DRAWS:
        drawn = DRAWS[law.name](generator.uniform)
        return np.array([drawn[name] for name in law.names])
    assert isinstance(law, SumLaw), f"say in DRAWS how parameters of {law.name} are drawn"
    return draw_terms(law, generator)


def draw_terms(law: SumLaw, generator: np.random.Generator) -> np.ndarray:
    """Every term between a twentieth of the loss and all of it."""
    used = {power.exponent for term in law.terms for power in term.powers}
    exponents = {
        parameter.name: generator.uniform(0.1, 0.6) * (-1 if parameter.low < 0 else 1)
        for parameter in law.parameters
        if parameter.name in used
    }
    middle = {name: np.sqrt(low * high) for name, (low, high) in SIZES.items()}
    values = []
    for parameter in law.parameters:
        if parameter.name in exponents:
            values.append(exponents[parameter.name])
            continue
        powers = next((term.powers for term in law.terms if term.coefficient == parameter.name), ())
        scale = np.prod([middle[power.input] ** (power.sign * exponents[power.exponent]) for power in powers])
        values.append(generator.uniform(0.2, 2.0) / scale)
    return np.array(values)


def shifted_power(draw) -> dict[str, float]:
    shift, alpha = np.exp(draw(np.log(3e18), np.log(3e20))), draw(0.1, 0.6)
    return {"E": draw(0.2, 2.0), "A": draw(0.5, 2.0) * (3e20 + shift) ** alpha, "B": shift, "alpha": alpha}


def m3(draw) -> dict[str, float]:
    turn, c = np.exp(draw(np.log(3e20), np.log(3e22))), -draw(0.1, 0.6)
    return {"beta": draw(0.5, 4.0) * 3e20**-c, "gamma": 1 / turn, "c": c}


def m4(draw) -> dict[str, float]:
    floor, alpha, c = draw(0.2, 1.5), draw(0.2, 1.2), -draw(0.15, 0.6)
    level = floor + draw(2.0, 6.0)
    bend = np.exp(draw(np.log(1e19), np.log(3e20)))  # where the loss has fallen half of the way
    half = (level - floor) / 2
    return {"E": floor, "E0": level, "alpha": alpha, "beta": half ** (1 - alpha) * bend**-c, "c": c}


def broken(draw) -> dict[str, float]:
    early, late, sharp = draw(0.05, 0.3), draw(0.4, 1.0), draw(0.1, 1.0)
    turn = np.exp(draw(np.log(1e20), np.log(1e21)))
    size = draw(1.0, 4.0) * turn**early
    return {"a": draw(0.2, 1.0), "b": size, "c0": early, "c1": late - early, "d1": turn, "f1": sharp}


def general(draw) -> dict[str, float]:
    alpha, beta, gamma = draw(0.25, 0.6), draw(0.25, 0.6), draw(0.4, 1.6)
    return {
        "E": draw(0.3, 2.0), "A": draw(0.3, 2.0) * 9e8**alpha, "B": draw(0.3, 2.0) * 2e10**beta,
        "alpha": alpha, "beta": beta, "gamma": gamma,
    }  # fmt: skip


def sigmoid(draw) -> dict[str, float]:
    return {"a": draw(0.3, 0.7), "b": draw(0.1, 0.3), "k": -draw(1.5, 6.0), "x0": draw(2.5, 4.0)}


def hill(draw) -> dict[str, float]:
    return {"a": draw(0.3, 0.7), "b": draw(0.1, 0.3), "k": draw(0.4, 1.5), "x0": np.exp(draw(*np.log([1e20, 1e21])))}


def exponential_saturation(draw) -> dict[str, float]:
    level, rate = draw(0.7, 0.95), draw(0.6, 1.5)
    return {"epsilon": level, "k": draw(0.3, 0.9) * level * np.exp(1.8 * rate), "gamma": rate}


def saturating_power(draw) -> dict[str, float]:
    b, c = -draw(0.1, 0.6), draw(0.5, 1.0)
    return {"a": draw(0.3, 0.9) * c * 1e18**-b, "b": b, "c": c}


def logarithmic(draw) -> dict[str, float]:
    b = draw(-0.3, 0.3)
    return {"a": draw(2.0, 4.0) + b * np.log(3e20), "b": b}


def kaplan(draw) -> dict[str, float]:
    alpha, beta = draw(0.06, 0.3), draw(0.06, 0.3)
    return {
        "N_c": 9e8 * draw(1.0, 2.5) ** (1 / alpha), "D_c": 2e10 * draw(1.0, 2.5) ** (1 / beta),
        "alpha_N": alpha, "alpha_D": beta,
    }  # fmt: skip


def kaplan_steps(draw) -> dict[str, float]:
    alpha, beta = draw(0.06, 0.3), draw(0.3, 0.9)
    return {
        "N_c": 9e8 * draw(1.0, 2.5) ** (1 / alpha), "S_c": 3e4 * draw(0.2, 1.5) ** (1 / beta),
        "alpha_N": alpha, "alpha_S": beta,
    }  # fmt: skip


def critical_batch(draw) -> dict[str, float]:
    return {"B_star": draw(1e7, 1e9), "alpha_B": draw(0.1, 0.5)}


def data_constrained(draw) -> dict[str, float]:
    alpha, beta = draw(0.25, 0.5), draw(0.25, 0.5)
    return {
        "E": draw(0.5, 2.0), "A": draw(0.3, 1.5) * 9e8**alpha, "B": draw(0.3, 1.5) * 2e9**beta,
        "alpha": alpha, "beta": beta, "R_D": draw(3.0, 30.0), "R_N": draw(2.0, 12.0),
    }  # fmt: skip


def routed(draw) -> dict[str, float]:
    return {
        "a": -draw(0.06, 0.1), "b": -draw(0.1, 0.16), "c": draw(0.005, 0.015), "d": draw(1.0, 1.2),
        "E_start": draw(1.5, 6.0), "E_max": draw(150.0, 600.0),
    }  # fmt: skip


def precision(draw) -> dict[str, float]:
    return chinchilla_like(draw) | {"gamma_bits": draw(1.0, 4.0)}


def chinchilla_like(draw) -> dict[str, float]:
    alpha, beta = draw(0.2, 0.6), draw(0.2, 0.6)
    size = {"A": draw(0.2, 2.0) * 9e8**alpha, "B": draw(0.2, 2.0) * 2e10**beta}
    return {"E": draw(0.2, 2.0), "alpha": alpha, "beta": beta} | size


def granularity(draw) -> dict[str, float]:
    base = chinchilla_like(draw)
    return {
        "c": base["E"], "a": base["A"], "g": base["A"] * draw(0.3, 2.0), "b": base["B"],
        "alpha": base["alpha"], "beta": base["beta"], "gamma": draw(0.3, 1.0),
    }  # fmt: skip


def parallel(draw) -> dict[str, float]:
    alpha = draw(0.1, 0.4)
    return {"E": draw(0.3, 1.5), "A": 9e8 * draw(0.3, 1.5) ** (1 / alpha), "alpha": alpha, "k": draw(0.1, 0.8)}


def multi_power(draw) -> dict[str, float]:
    return {"K": draw(0.5, 50.0), "p_x1": draw(-0.7, 0.7), "p_x2": draw(-0.7, 0.7)}


def additive(draw) -> dict[str, float]:
    first, second = draw(0.3, 1.0), draw(0.3, 1.0)
    return {
        "E": draw(0.5, 2.0), "A_x1": draw(0.3, 2.0) * 3e3**first, "alpha_x1": first,
        "A_x2": draw(0.3, 2.0) * 30**second, "alpha_x2": second,
    }  # fmt: skip


def loss_to_loss(draw) -> dict[str, float]:
    return {"E1": draw(0.2, 1.0), "K": draw(0.5, 1.5), "kappa": draw(0.7, 1.6), "E0": draw(0.5, 1.5)}


def multi_power_schedule(draw) -> dict[str, float]:
    return {
        "L0": draw(1.5, 3.0), "A": draw(0.4, 0.8), "alpha": draw(0.3, 0.6), "B": draw(200.0, 500.0),
        "C": draw(1.0, 4.0), "beta": draw(0.4, 0.8), "gamma": draw(0.5, 0.8),
    }  # fmt: skip


def annealing(draw) -> dict[str, float]:
    curve = {"L0": draw(1.5, 3.0), "A": draw(0.4, 0.8), "alpha": draw(0.3, 0.6)}
    return curve | {"C": draw(0.1, 0.4), "memory": draw(500.0, 5000.0)}


def two_power(draw) -> dict[str, float]:
    fast, slow = draw(0.5, 0.9), draw(0.1, 0.25)
    cross = np.exp(draw(*np.log([1e4, 1e5])))
    return {"A": cross**fast, "alpha": fast, "B": cross**slow, "beta": slow}


def exponential(draw) -> dict[str, float]:
    return {"c": draw(0.1, 0.5), "A": draw(0.5, 2.0), "scale": draw(3e4, 1e5)}


def u_shaped(draw) -> dict[str, float]:
    return {"c": draw(0.2, 1.0), "a": draw(0.05, 0.3), "u": draw(*np.log([1e9, 1e10]))}


def bump(draw) -> dict[str, float]:
    alpha = draw(0.2, 0.5)
    return {
        "E": draw(0.1, 0.3), "A": draw(0.5, 1.5) * 1e2**alpha, "alpha": alpha, "H": draw(0.2, 0.6),
        "u": draw(*np.log([1e3, 1e4])), "width": draw(0.3, 0.8),
    }  # fmt: skip


def mixture_exp(draw) -> dict[str, float]:
    return {"c": draw(0.5, 2.0), "k": draw(0.5, 2.0), "t_w1": draw(-3.0, -1.0), "t_w2": draw(0.2, 1.0)}


def mixture_additive(draw) -> dict[str, float]:
    base = chinchilla_like(draw)
    weights = {f"C_w{i}": draw(0.2, 1.0) for i in (1, 2, 3)} | {f"g_w{i}": draw(0.25, 0.8) for i in (1, 2, 3)}
    return base | weights


def mixture_repetition(draw) -> dict[str, float]:
    beta, alpha = draw(0.25, 0.5), draw(0.25, 0.5)
    return {
        "E": draw(0.5, 2.0), "C": draw(0.3, 1.5) * 9e8**beta, "beta": beta,
        "B": draw(0.5, 2.0) * 1e9**alpha / 9e8**0.1, "delta": 0.1, "alpha": alpha, "R": draw(3.0, 20.0),
        "gamma": draw(0.5, 2.0),
    }  # fmt: skip


def transfer(draw) -> dict[str, float]:
    worth = {"k": draw(0.3, 3.0) * 2e10 / (2e10**0.2 * 9e8**0.4), "a": draw(0.15, 0.25), "b": draw(0.35, 0.45)}
    return chinchilla_like(draw) | worth


def pruning(draw) -> dict[str, float]:
    b, beta = draw(0.2, 0.5), draw(0.2, 0.5)
    return {
        "a": draw(0.5, 2.0) * 9e8**b, "s": draw(0.4, 1.0), "c": draw(0.5, 2.0) * 9e8**b, "b": b,
        "A": draw(0.3, 2.0) * 2e10**beta, "beta": beta, "E": draw(0.3, 1.5),
    }  # fmt: skip


def looped(draw) -> dict[str, float]:
    base = chinchilla_like(draw)
    return base | {"A": draw(0.3, 2.0) * 2e8 ** base["alpha"], "phi": draw(0.3, 0.7)}


def float_format(draw) -> dict[str, float]:
    return {
        "A": draw(40.0, 100.0), "alpha": 0.25, "B": draw(3e4, 1e5), "beta": 0.5, "E": draw(1.0, 2.0),
        "gamma": draw(3e3, 3e4), "delta": draw(2.0, 4.0), "nu": draw(2.0, 4.0),
    }  # fmt: skip


def post_training(draw) -> dict[str, float]:
    return {"C_T": draw(0.03, 0.1), "gamma_D": draw(0.3, 0.6), "gamma_N": draw(0.2, 0.5), "gamma_post": draw(0.5, 2.0)}


def encoder_decoder(draw) -> dict[str, float]:
    e, d = draw(0.1, 0.4), draw(0.1, 0.4)
    return {"A": draw(0.5, 2.0) * 5e7 ** (e + d), "p_e": e, "p_d": d, "E": draw(0.5, 1.5)}


def reward(draw) -> dict[str, float]:
    return {"alpha": draw(1.0, 1.5), "beta": draw(0.05, 0.1)}


def rl_efficiency(draw) -> dict[str, float]:
    return {"E0": draw(3.0, 4.0), "E1": draw(0.1, 0.2), "K_max": draw(0.05, 0.15), "N_0": draw(5e8, 4e9), "X_0": 1e18}


def rl_sigmoid(draw) -> dict[str, float]:
    return {"R_0": draw(0.2, 0.4), "A": draw(0.6, 0.8), "C_mid": draw(1e3, 3e3), "B": draw(1.0, 2.0)}


def pass_until(draw) -> dict[str, float]:
    alpha = draw(0.25, 0.4)
    return {"c": draw(1.0, 3.0) * 3e8**alpha, "alpha": alpha}


def batch_tradeoff(draw) -> dict[str, float]:
    return {"S_min": draw(1e3, 1e4), "B_crit": draw(1e5, 1e6)}


def power_lines(draw) -> dict[str, float]:
    return {"c": draw(0.5, 2.0), "m": -draw(0.4, 0.6)}


def sweep_optimum(draw) -> dict[str, float]:
    alpha, p = draw(0.2, 0.5), -draw(0.1, 0.5)
    return {
        "E": draw(1.0, 2.0), "A": draw(0.5, 1.5) * 9e8**alpha, "alpha": alpha, "curvature": draw(0.03, 0.1),
        "u": np.log(1e-3) - p * np.log(9e8), "p": p,
    }  # fmt: skip


def utility_decay(draw) -> dict[str, float]:
    return {"a": draw(3.0, 6.0), "b": -draw(0.15, 0.3), "tau": draw(3.0, 8.0), "d": draw(0.1, 0.2)}


def sparsity(draw) -> dict[str, float]:
    base = chinchilla_like(draw)
    return {
        "a": base["A"], "alpha": base["alpha"], "b": base["B"], "beta": base["beta"], "c": draw(0.3, 0.6),
        "lam": -draw(0.1, 0.3), "d": draw(5.0, 20.0), "delta": draw(0.1, 0.2), "gamma": draw(0.1, 0.2), "e": 0.9,
    }  # fmt: skip


def farseer(draw) -> dict[str, float]:
    return {
        "e": -draw(0.6, 0.8), "e1": -draw(0.08, 0.15), "alpha": 0.17, "k": draw(4.0, 5.0), "k1": -draw(1.0, 1.2),
        "beta": -0.1, "r": -draw(1.0, 1.2), "r1": -draw(0.15, 0.2), "gamma": 0.12,
    }  # fmt: skip


def distillation(draw) -> dict[str, float]:
    alpha, beta = draw(0.3, 0.35), draw(0.3, 0.5)
    return {
        "c0": draw(2.0, 3.0), "q": draw(1.5, 2.5), "w": draw(8.0, 12.0), "A": 9e8**alpha, "alpha": alpha,
        "B": 2e10**beta, "beta": beta, "gamma": draw(0.6, 0.9),
    }  # fmt: skip


DRAWS = {
    "utility-decay": utility_decay,
    "sparsity": sparsity,
    "farseer": farseer,
    "distillation": distillation,
    "two-power": two_power,
    "exponential": exponential,
    "u-shaped": u_shaped,
    "bump": bump,
    "mixture-exp": mixture_exp,
    "mixture-additive": mixture_additive,
    "mixture-repetition": mixture_repetition,
    "transfer": transfer,
    "pruning": pruning,
    "looped": looped,
    "float-format": float_format,
    "post-training-quantisation": post_training,
    "quantised": lambda draw: chinchilla_like(draw) | post_training(draw),
    "encoder-decoder": encoder_decoder,
    "reward-over-optimisation": reward,
    "best-of-n-reward": reward,
    "rl-efficiency": rl_efficiency,
    "rl-sigmoid": rl_sigmoid,
    "pass-until": pass_until,
    "bernoulli": lambda draw: {"x0": draw(0.01, 0.02), "k": draw(2.0, 5.0)},
    "observational": lambda draw: {"a": draw(-3.0, -1.0), "w_x1": draw(0.5, 1.0), "w_x2": draw(0.3, 1.0)},
    "batch-tradeoff": batch_tradeoff,
    "power-lines": power_lines,
    "sweep-optimum": sweep_optimum,
    "multi-power-schedule": multi_power_schedule,
    "annealing": annealing,
    "kaplan": kaplan,
    "kaplan-steps": kaplan_steps,
    "critical-batch": critical_batch,
    "data-constrained": data_constrained,
    "routed": routed,
    "precision": precision,
    "granularity": granularity,
    "parallel": parallel,
    "multi-power": multi_power,
    "additive": additive,
    "loss-to-loss": loss_to_loss,
    "shifted-power": shifted_power,
    "m3": m3,
    "m4": m4,
    "bnsl": broken,
    "bnsl-monotone": broken,
    "general": general,
    "sigmoid": sigmoid,
    "hill": hill,
    "exponential-saturation": exponential_saturation,
    "saturating-power": saturating_power,
    "logarithmic": logarithmic,
}
