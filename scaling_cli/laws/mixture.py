"""Laws of what the data are made of: shares of domains, repetition of scarce data, and what a repeated sample is worth.

Shares of domains add up to one. So an intercept and a slope for every share are one parameter too many: slopes are
given relative to the last domain, whose share follows from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law
from scaling_cli.laws.named import About, exponent, floor, formula_law
from scaling_cli.record import replace

YE = "Ye et al. 2024 (Data Mixing Laws), arXiv:2403.16952"
SHUKOR = "Shukor et al. 2025, arXiv:2507.09404"


def mixture_exp(columns: Sequence[str]) -> Law:
    """A floor plus an exponential of the shares; the slope of each share is reported minus that of the last one."""
    if len(columns) < 2:
        raise UsageError("A mixture needs two columns or more.", hint="Name all of them: --map mixture=w1,w2,w3.")
    free = columns[:-1]
    slopes = " + ".join(f"t_{column}*{column}" for column in free)
    law = formula_law(
        "mixture-exp",
        f"c + k*exp({slopes})",
        inputs=tuple(free),
        source=YE,
        narrow=tuple(free),
        about={
            "c": floor(),
            "k": About(f"loss above the floor where {columns[-1]} has all weight", "loss"),
            **{f"t_{name}": About(f"slope of {name} minus that of {columns[-1]}", starts=SLOPES) for name in free},
        },
    )
    return replace(law, inputs=tuple(columns), unlogged=tuple(columns), narrow=tuple(columns), shares=tuple(columns))


def mixture_additive(columns: Sequence[str]) -> Law:
    """The Chinchilla law plus a term of the shares, whose best value depends neither on params nor on tokens."""
    columns = [column for column in columns if column not in ("params", "tokens")]
    term = " + ".join(f"C_{column}*{column}^g_{column}" for column in columns)
    names = [(f"C_{column}", f"g_{column}", column) for column in columns]
    about = {"E": floor()}
    for weight, power, column in names:
        about |= {
            weight: About(f"weight of {column}", "1/loss"),
            power: exponent(f"exponent of {column}", low=1e-2, high=2.0),
        }
    law = formula_law(
        "mixture-additive",
        f"E + 1/({term}) + A/params^alpha + B/tokens^beta",
        inputs=("params", "tokens", *columns),
        source=SHUKOR,
        narrow=tuple(columns),
        zeros=tuple(columns),
        derived=tuple(
            Derived(
                f"best_{column}",
                f"best share of {column}, which is the same for all params and tokens",
                _best_share(names, place),
            )
            for place, (_, _, column) in enumerate(names)
        ),
        about=about
        | {
            "A": About("loss from finite params, at 1 param", "loss"),
            "alpha": exponent("exponent of params"),
            "B": About("loss from finite tokens, at 1 token", "loss"),
            "beta": exponent("exponent of tokens"),
        },
    )
    return replace(law, shares=tuple(columns))


def _best_share(names: Sequence[tuple[str, str, str]], place: int) -> Callable[[Mapping[str, Array]], Array]:
    """One of the shares that maximise the sum of C h^g on the simplex."""

    def compute(parameters: Mapping[str, Array]) -> Array:
        weights = np.stack([parameters[weight] for weight, _, _ in names])
        powers = np.stack([parameters[power] for _, power, _ in names])
        return np.asarray(best_shares(weights, powers)[place])

    return compute


def best_shares(weights: Array, powers: Array) -> Array:
    """The shares `(domains, replicates)` that maximise sum C h^g, where all g are below 1; NaN elsewhere.

    There C g h^(g - 1) is equal for all domains, so the shares follow from that value, which bisection finds.
    """
    with np.errstate(all="ignore"):
        ends = np.log(np.stack([np.full(weights.shape[1], 1e-12), np.full(weights.shape[1], 1e12)]))
        for _ in range(200):
            middle = ends.mean(axis=0)
            shares = np.exp((np.log(weights * powers) - middle) / (1 - powers))
            is_much = np.nan_to_num(shares, nan=0.0).sum(axis=0) > 1
            ends = np.where(is_much, np.stack([middle, ends[1]]), np.stack([ends[0], middle]))
    return np.asarray(np.where((powers < 1).all(axis=0), shares, np.nan))


SLOPES = (-30.0, -10.0, -4.0, -1.5, -0.4, 0.4, 1.5, 4.0)
MIXTURE_EXP = mixture_exp(("w1", "w2", "w3"))
MIXTURE_ADDITIVE = mixture_additive(("w1", "w2", "w3"))
REPEATS = "share*tokens/unique_tokens"
MIXTURE_REPETITION = formula_law(
    "mixture-repetition",
    f"E + C/params^beta + B*params^delta/(unique_tokens*(min({REPEATS}, 1) + R*(1 - exp(-(max({REPEATS}, 1) - 1)/R))))"
    "^alpha + gamma*share",
    shown="E + C / params^beta + B * params^delta / D_eff^alpha + gamma * share, with "
    "r = share * tokens / unique_tokens, D_eff = unique_tokens * r if r <= 1, and "
    "D_eff = unique_tokens * (1 + R (1 - exp(-(r - 1) / R))) if r > 1",
    inputs=("params", "tokens", "share", "unique_tokens"),
    source="Sedova et al. 2026, arXiv:2605.12715: share and unique_tokens are those of the target data; repetition as "
    "in Muennighoff et al. 2023, arXiv:2305.16264",
    narrow=("share",),
    about={
        "E": floor(),
        "C": About("loss from finite params, at 1 param", "loss"),
        "beta": exponent("exponent of params"),
        "B": About("loss from finite target data, at 1 param and 1 token", "loss"),
        "delta": About("exponent of params: if positive, larger models need more target data", low=-1.0, high=1.0,
                       kind="exponent"),
        "alpha": exponent("exponent of effective target tokens"),
        "R": About("repetitions that give 63 % of the largest gain from repetition", low=0.1, high=1e3,
                   starts=(1.0, 5.0, 25.0)),
        "gamma": About("loss added when the share of target data rises from 0 to 1", "loss"),
    },
)  # fmt: skip
UTILITY_DECAY = formula_law(
    "utility-decay",
    "a*(unique_samples*min(epochs, 1))^b*exp(b*worn(epochs, tau)) + d",
    shown="a * (unique_samples * min(epochs, 1))^b * exp(b * w) + d, with w = sum of log((j + 1) / j) * 0.5^(j / tau) "
    "over epochs j",
    inputs=("unique_samples", "epochs"),
    source="Goyal et al. 2024, arXiv:2404.07177: error of a pool of data that is repeated",
    narrow=("epochs",),
    about={
        "a": About("error above the floor after 1 sample", "loss"),
        "b": About("utility of a sample: the exponent when the sample is seen for the first time", low=-3.0, high=-1e-3,
                   starts=(-0.6, -0.3, -0.15, -0.05), kind="exponent"),
        "tau": About("epochs after which a sample is worth half", "epochs", low=0.3, high=100.0,
                     starts=(1.0, 2.0, 5.0, 15.0, 50.0)),
        "d": floor("error that no number of samples removes"),
    },
    undetermined="a and b trade off unless pools of several sizes, or several pools that share a, are fitted together",
)  # fmt: skip
TRANSFER = formula_law(
    "transfer",
    "E + A/params^alpha + B/(tokens + pretrained*k*tokens^a*params^b)^beta",
    inputs=("params", "tokens", "pretrained"),
    source="Hernandez et al. 2021, arXiv:2102.01293, eq. 1.1, fitted together with runs that were trained from scratch",
    narrow=("pretrained",),
    flags={"pretrained": ("scratch", "from_scratch", "from scratch", "random", "none", "no", "false", "0")},
    about={
        "E": floor(),
        "A": About("loss from finite params, at 1 param", "loss"),
        "alpha": exponent("exponent of params"),
        "B": About("loss from finite tokens, at 1 token", "loss"),
        "beta": exponent("exponent of effective tokens"),
        "k": About("tokens that pre-training is worth, at 1 token and 1 param", "tokens"),
        "a": exponent("exponent of fine-tuning tokens in what pre-training is worth", low=-1.0, high=2.0),
        "b": exponent("exponent of params in what pre-training is worth", low=-1.0, high=2.0),
    },
)
TWO_POWER = formula_law(
    "two-power",
    "A*x^-alpha + B*x^-beta",
    inputs=("x",),
    source="the sum of a fast and a slow power law, for example for models that are trained on their own output",
    about={
        "A": About("size of the fast term at x = 1", "loss"),
        "alpha": exponent("exponent of the fast term"),
        "B": About("size of the slow term at x = 1", "loss"),
        "beta": exponent("exponent of the slow term"),
    },
    derived=(
        Derived(
            "x_cross",
            "x at which both terms are equal",
            lambda p: np.exp((np.log(p["A"]) - np.log(p["B"])) / (p["alpha"] - p["beta"])),
        ),
    ),
)
TWO_POWER = replace(TWO_POWER, exchanges=((("A", "alpha"), ("B", "beta")),))
MAKERS = {"mixture-exp": mixture_exp, "mixture-additive": mixture_additive}
