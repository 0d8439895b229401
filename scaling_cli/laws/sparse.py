"""Laws of models whose parts are not all used once at full precision: sparse, looped, quantised, two-tower models."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.laws.law import Derived, Published
from scaling_cli.laws.named import About, exponent, floor, formula_law

PARAMS_TERM = About("loss from finite params, at 1 param", "loss")
AT = 1e9  # params
FEW_BITS = 4.0
TOKENS_TERM = About("loss from finite tokens, at 1 token", "loss")

SPARSITY = formula_law(
    "sparsity",
    "a/params^alpha + b/tokens^beta + c/(1 - sparsity)^lam + d/((1 - sparsity)^delta*params^gamma) + e",
    inputs=("params", "tokens", "sparsity"),
    source="Abnar et al. 2025, arXiv:2501.12370: sparsity is the share of experts that a token does not use",
    narrow=("sparsity",),
    about={
        "a": PARAMS_TERM,
        "alpha": exponent("exponent of params"),
        "b": TOKENS_TERM,
        "beta": exponent("exponent of tokens"),
        "c": About("loss that depends on sparsity alone, at sparsity 0", "loss"),
        "lam": About("exponent of the active share of params, 1 - sparsity, in the term of c", low=-3.0, high=3.0,
                     kind="exponent"),
        "d": About("loss that depends on sparsity and params, at sparsity 0 and 1 param", "loss"),
        "delta": About("exponent of the active share of params in the term of d", low=-3.0, high=3.0, kind="exponent"),
        "gamma": exponent("exponent of params in the term of d"),
        "e": floor(),
    },
    published=(
        Published(
            "abnar",
            "mixtures of experts, params of all experts",
            "Abnar et al. 2025, arXiv:2501.12370",
            {
                "a": 16612.5, "alpha": 0.5962, "b": 5455.67, "beta": 0.3954, "c": 0.4598, "lam": -0.1666, "d": 17.26,
                "delta": 0.1603, "gamma": 0.1595, "e": 0.94,
            },
        ),
    ),
    undetermined="c and e trade off while the exponent lam is near zero",
)  # fmt: skip
PRUNING = formula_law(
    "pruning",
    "(a*(1 - sparsity)^s + c)/params^b + A/tokens^beta + E",
    inputs=("params", "tokens", "sparsity"),
    source="Frantar et al. 2023, arXiv:2309.08520: params are those that are not zero",
    narrow=("sparsity",),
    about={
        "a": About("loss from finite params that sparsity removes, at 1 param", "loss"),
        "s": exponent("exponent of the share of params that are not zero", low=1e-2),
        "c": About("loss from finite params at full sparsity, at 1 param", "loss"),
        "b": exponent("exponent of params that are not zero"),
        "A": TOKENS_TERM,
        "beta": exponent("exponent of tokens"),
        "E": floor(),
    },
)
LOOPED = formula_law(
    "looped",
    "E + A/(once_params + recurrences^phi*recurrent_params)^alpha + B/tokens^beta",
    inputs=("once_params", "recurrences", "recurrent_params", "tokens"),
    source="Schwethelm et al. 2026, arXiv:2604.21106: a token passes through recurrent_params as many times as "
    "recurrences says, and through once_params once",
    narrow=("recurrences", "once_params", "recurrent_params"),
    parts=("once_params", "recurrent_params"),
    flops_rule="6 * (once_params + recurrences * recurrent_params) * tokens",
    about={
        "E": floor(),
        "A": About("loss from finite params, at 1 effective param", "loss"),
        "phi": exponent("exponent by which recurrences multiply params", low=-1.0, high=2.0),
        "alpha": exponent("exponent of effective params"),
        "B": TOKENS_TERM,
        "beta": exponent("exponent of tokens"),
    },
    derived=(Derived("r4", "factor by which 4 recurrences multiply recurrent params", lambda p: 4.0 ** p["phi"]),),
)
FLOAT_FORMAT = formula_law(
    "float-format",
    "A/params^alpha + B/tokens^beta + E + tokens^beta/params^alpha*log(block)/log(2)"
    "/(gamma*(exponent_bits + 0.5)^delta*(mantissa_bits + 0.5)^nu)",
    inputs=("params", "tokens", "exponent_bits", "mantissa_bits", "block"),
    source="Sun et al. 2025, arXiv:2501.02423: bits of exponent and mantissa, and values that share a scale",
    narrow=("exponent_bits", "mantissa_bits", "block"),
    about={
        "A": PARAMS_TERM,
        "alpha": exponent("exponent of params"),
        "B": TOKENS_TERM,
        "beta": exponent("exponent of tokens"),
        "E": floor(),
        "gamma": About("scale that divides the loss added by few bits", "1/loss"),
        "delta": exponent("exponent of exponent bits", high=10.0),
        "nu": exponent("exponent of mantissa bits", high=10.0),
    },
    derived=(
        Derived("best_split",
                "(exponent bits + 0.5) / (mantissa bits + 0.5) at the lowest loss for a given number of bits",
                lambda p: p["delta"] / p["nu"]),
    ),
)  # fmt: skip
POST_TRAINING_QUANTISATION = formula_law(
    "post-training-quantisation",
    "C_T*tokens^gamma_D/params^gamma_N*exp(-bits/gamma_post)",
    inputs=("params", "tokens", "bits"),
    source="Kumar et al. 2024, arXiv:2411.04330, eq. 2: loss that quantisation after training adds",
    narrow=("bits",),
    about={
        "C_T": About("loss added at 0 bits, 1 param and 1 token", "loss"),
        "gamma_D": exponent("exponent of tokens: the longer the training, the more loss quantisation adds"),
        "gamma_N": exponent("exponent of params"),
        "gamma_post": About("bits that lower the added loss by a factor of e", "bits", low=0.05, high=30.0,
                            starts=(0.3, 0.6, 1.0, 2.0, 5.0)),
    },
)  # fmt: skip
QUANTISED = formula_law(
    "quantised",
    "E + A/params^alpha + B/tokens^beta + C_T*tokens^gamma_D/params^gamma_N*exp(-bits/gamma_post)",
    inputs=("params", "tokens", "bits"),
    source="Kumar et al. 2024, arXiv:2411.04330: loss of models that are quantised after training; bits are 16 where "
    "they are not",
    narrow=("bits",),
    about={
        "E": floor(),
        "A": PARAMS_TERM,
        "alpha": exponent("exponent of params"),
        "B": TOKENS_TERM,
        "beta": exponent("exponent of tokens"),
        "C_T": About("loss that quantisation adds at 0 bits, 1 param and 1 token", "loss"),
        "gamma_D": exponent("exponent of tokens in the loss that quantisation adds"),
        "gamma_N": exponent("exponent of params in the loss that quantisation adds"),
        "gamma_post": About("bits that lower the added loss by a factor of e", "bits", low=0.05, high=30.0,
                            starts=(0.3, 0.6, 1.0, 2.0, 5.0)),
    },
    derived=(
        Derived("critical_tokens",
                "tokens beyond which more training raises the loss of a model of 1e9 params at 4 bits",
                lambda p: critical_tokens(p, AT, FEW_BITS)),
    ),
)  # fmt: skip


def critical_tokens(parameters: Mapping[str, Array], params: float, bits: float) -> Array:
    """Tokens `(replicates,)` at which a quantised model has its lowest loss: both slopes in tokens are equal there."""
    beta, power = parameters["beta"], parameters["gamma_D"]
    falls = np.log(beta * parameters["B"]) + parameters["gamma_N"] * np.log(params) + bits / parameters["gamma_post"]
    return np.asarray(np.exp((falls - np.log(power * parameters["C_T"])) / (power + beta)))


ENCODER_DECODER = formula_law(
    "encoder-decoder",
    "A*encoder_params^-p_e*decoder_params^-p_d + E",
    inputs=("encoder_params", "decoder_params"),
    source="Ghorbani et al. 2021, arXiv:2109.07740",
    about={
        "A": About("loss above the floor at 1 param each", "loss"),
        "p_e": exponent("exponent of params of the encoder"),
        "p_d": exponent("exponent of params of the decoder"),
        "E": floor(),
    },
    derived=(
        Derived("encoder_share", "best share of all params in the encoder", lambda p: p["p_e"] / (p["p_e"] + p["p_d"])),
    ),
)


def _stretched(value: str, slope: str, exponent_name: str) -> str:
    """A function of params by its value and slope at `AT` params: a power that bends as the exponent says."""
    return f"{value} + {slope}*((params/{AT:g})^{exponent_name} - 1)/{exponent_name}"


def _as_printed(slope: str, exponent_name: str) -> Callable[[Mapping[str, Array]], Array]:
    return lambda p: p[slope] / (p[exponent_name] * AT ** p[exponent_name])


def _limit(value: str, slope: str, exponent_name: str) -> Callable[[Mapping[str, Array]], Array]:
    return lambda p: p[value] - p[slope] / p[exponent_name]


FARSEER = formula_law(
    "farseer",
    f"exp({_stretched('e', 'e1', 'alpha')}) + exp({_stretched('k', 'k1', 'beta')})"
    f"*tokens^(-exp({_stretched('r', 'r1', 'gamma')}))",
    shown="exp(a*params^alpha + c) + exp(b*params^beta + d)*tokens^(-exp(g*params^gamma + f)), where each of "
    "the three functions of params is fitted by its value and slope at params = 1e9",
    inputs=("params", "tokens"),
    source="Li et al. 2025 (Farseer), arXiv:2506.10972: the exponent of tokens changes with params",
    is_predictive=True,
    about={
        "e": About("log of the floor at 1e9 params", starts=(-2.0, -1.0, -0.3, 0.3, 0.8)),
        "e1": About("slope of the log of the floor in log params", starts=(-0.3, -0.1, -0.02, 0.02)),
        "alpha": About("power of params in the log of the floor", low=-2.0, high=2.0,
                       starts=(-0.4, -0.1, 0.1, 0.4),
                       kind="exponent"),
        "k": About("log of the coefficient of tokens at 1e9 params", starts=(0.0, 2.0, 4.0, 7.0, 10.0)),
        "k1": About("slope of the log of the coefficient of tokens in log params", starts=(-2.0, -1.0, -0.3, 0.0, 0.3)),
        "beta": About("power of params in the log of the coefficient of tokens", low=-2.0, high=2.0,
                       starts=(-0.4, -0.1, 0.1, 0.4),
                      kind="exponent"),
        "r": About("log of the exponent of tokens at 1e9 params", starts=(-2.0, -1.4, -1.0, -0.6)),
        "r1": About("slope of the log of the exponent of tokens in log params", starts=(-0.3, -0.1, -0.03, 0.03)),
        "gamma": About("power of params in the log of the exponent of tokens", low=-2.0, high=2.0,
                       starts=(-0.4, -0.1, 0.1, 0.4),
                       kind="exponent"),
    },
    derived=(
        Derived("a", "slope of the log of the floor in params^alpha", _as_printed("e1", "alpha")),
        Derived("c", "log of the floor where params^alpha vanishes", _limit("e", "e1", "alpha")),
        Derived("b", "slope of the log of the coefficient in params^beta", _as_printed("k1", "beta")),
        Derived("d", "log of the coefficient where params^beta vanishes", _limit("k", "k1", "beta")),
        Derived("g", "slope of the log of the exponent in params^gamma", _as_printed("r1", "gamma")),
        Derived("f", "log of the exponent where params^gamma vanishes", _limit("r", "r1", "gamma")),
    ),
    undetermined="each of its three functions of params is nearly a straight line in the log of params, so the data "
    "hardly determine how they bend; predictions are determined",
)  # fmt: skip
DISTILLATION = formula_law(
    "distillation",
    "teacher_loss + teacher_loss^-c0*exp(-q*(teacher_loss/supervised_loss)^w)*(A/params^alpha + B/tokens^beta)^gamma",
    inputs=("params", "tokens", "teacher_loss", "supervised_loss"),
    source="Busbridge et al. 2025, arXiv:2502.08606, with fewer parameters; supervised_loss is the loss of the "
    "student if it is trained without a teacher",
    narrow=("teacher_loss", "supervised_loss"),
    is_predictive=True,
    about={
        "c0": About("exponent of the teacher's loss", low=-10.0, high=20.0, starts=(0.0, 1.0, 3.0, 6.0)),
        "q": About("how fast a teacher that is weaker than the student stops helping", low=0.0, high=50.0,
                   starts=(0.3, 1.0, 2.5, 6.0)),
        "w": About("sharpness of the change from helping to not helping", low=0.0, high=60.0,
                   starts=(1.0, 4.0, 10.0, 20.0)),
        "A": About("weight of finite params, at 1 param"),
        "alpha": exponent("exponent of params"),
        "B": About("weight of finite tokens, at 1 token"),
        "beta": exponent("exponent of tokens"),
        "gamma": exponent("power of the sum"),
    },
    undetermined="A, B, gamma and the exponents trade off; predictions are determined",
)  # fmt: skip
