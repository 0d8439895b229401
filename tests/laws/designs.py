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
}  # published runs lie in these ranges
LOSSES = ("sigmoid", "exponential-saturation", "loss-to-loss", "critical-batch")  # laws whose x is itself a loss


def draw_design(law: Law, generator: np.random.Generator, points: int) -> dict[str, np.ndarray]:
    """`points` values of each input, log-uniform and independent of each other; of curves, four runs."""
    if law.is_curve:
        return draw_schedules(generator, points)
    ranges = SIZES | ({"x": (1.8, 5.0)} if law.name in LOSSES else {})
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


DRAWS = {
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
